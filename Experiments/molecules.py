"""Molecules made from the chains of others: cages under the turns of a polyhedral group, and pieces."""

import gzip

import numpy

GOLDEN = (1 + 5**0.5) / 2
# Each group by turns that generate it: axis and order.
GENERATORS = {
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


def cage(path, chain, group, radius):
    """A PDB file of a chain, `radius` Å off the centre in a direction that lies on no axis, under all of a group's turns."""
    own = atoms(path, chain)
    places = numpy.array([[float(line[30:38]), float(line[38:46]), float(line[46:54])] for line in own])
    off = numpy.array([0.53, 0.31, 0.79])
    places += radius * off / numpy.linalg.norm(off) - places.mean(0)
    lines = []
    for operation in operations(group):
        for line, (x, y, z) in zip(own, places @ operation.T):
            lines.append(f"{line[:6]}{len(lines) % 99999 + 1:5d}{line[11:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:].rstrip()}\n")
    return "".join(lines) + "END\n"
