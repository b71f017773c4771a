"""Molecules made from the chains of others: assemblies under the turns of a group, a channel in its micelle, and pieces."""

import gzip

import numpy

GOLDEN = (1 + 5**0.5) / 2
# Each group by turns that generate it: axis and order.
GENERATORS = {
    "C4": [((0, 0, 1), 4)],
    "D7": [((0, 0, 1), 7), ((1, 0, 0), 2)],
    "T": [((0, 0, 1), 2), ((1, 1, 1), 3)],
    "O": [((0, 0, 1), 4), ((1, 1, 1), 3)],
    "I": [((0, 0, 1), 2), ((1, 1, 1), 3), ((0, 1, GOLDEN), 5)],
}


def turn(axis, order):
    x, y, z = numpy.array(axis) / numpy.linalg.norm(axis)
    cross = numpy.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = 2 * numpy.pi / order
    return numpy.eye(3) + numpy.sin(angle) * cross + (1 - numpy.cos(angle)) * cross @ cross


def operations(group):
    generators = [turn(*generator) for generator in GENERATORS[group]]
    found = [numpy.eye(3)]
    for known in found:
        for generator in generators:
            product = generator @ known
            if not any(numpy.allclose(product, other, atol=1e-6) for other in found):
                found.append(product)
    return found


def atoms(path, chains):
    """The lines of the atoms of some chains."""
    with gzip.open(path, "rt") as file:
        return [line for line in file if line.startswith("ATOM") and line[21] in chains]


def piece(path, chains):
    """A PDB file of some chains."""
    return "".join(atoms(path, chains)) + "END\n"


def domain(path, first, last):
    """An mmCIF file of some residues of a gzipped one with a single chain."""
    with gzip.open(path, "rt") as file:
        lines = file.readlines()
    columns = [line.split(".")[1].strip() for line in lines if line.startswith("_atom_site.")]
    residue = columns.index("auth_seq_id")
    return "".join(line for line in lines if not line.startswith(("ATOM", "HETATM")) or first <= int(line.split()[residue]) <= last)


def assembly(path, chain, group, radius):
    """The atoms of a chain, `radius` Å off the centre in a direction that lies on no axis, under all of a group's turns."""
    own = atoms(path, chain)
    places = numpy.array([[float(line[30:38]), float(line[38:46]), float(line[46:54])] for line in own])
    off = numpy.array([0.53, 0.31, 0.79])
    places += radius * off / numpy.linalg.norm(off) - places.mean(0)
    return [(line, place) for operation in operations(group) for line, place in zip(own, places @ operation.T)]


def pdb(placed):
    """A PDB file of atoms given as a line and a place in Å."""
    return "".join(f"{line[:6]}{number % 99999 + 1:5d}{line[11:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:].rstrip()}\n"
                   for number, (line, (x, y, z)) in enumerate(placed)) + "END\n"


def cage(path, chain, group, radius):
    """A PDB file of an assembly."""
    return pdb(assembly(path, chain, group, radius))


def channel(path, chain, radius, belt):
    """A PDB file of four chains about an axis, the lower end of which sits in a belt of detergent.

    `belt` is its inner and outer radius, its least and greatest height, in Å. It holds half as many atoms a volume as protein, 0.03 an Å³.
    """
    protein = assembly(path, chain, "C4", radius)
    inner, outer, low, high = belt
    count = round(0.03 * numpy.pi * (outer**2 - inner**2) * (high - low))
    random = numpy.random.default_rng(1)
    distance, angle = numpy.sqrt(random.uniform(inner**2, outer**2, count)), random.uniform(0, 2 * numpy.pi, count)
    places = numpy.stack([distance * numpy.cos(angle), distance * numpy.sin(angle), random.uniform(low, high, count)], axis=1)
    carbon = next(line for line, _ in protein if line[76:78].strip() == "C")
    return pdb([*protein, *((carbon, place) for place in places)])
