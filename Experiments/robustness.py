"""Right every time: sets × seeds with default settings, and what the half-sets say against what the reference says."""

import os
import shutil

import dirt
import lab
import molecules

# At most so many seeds a set; runs that are there are kept, so a later call with more goes on.
SEEDS = 2 if lab.QUICK else int(os.environ.get("SEEDS", "10"))
# SETS=70S-128,1aon-0.1 makes runs of these alone, for several machines or cores at once; the page shows all that is known.
WANTED = [name for name in os.environ.get("SETS", "").split(",") if name]
# Simulated images of a set with junk whose row does not say how many.
USUAL_COUNT = 5000
# After Ctrl-C the page is written with the runs that are done; a later call goes on.
interrupted = False


def is_wanted(name):
    """Whether runs of a set are to be made now."""
    return not WANTED or name.split("/")[-1].removesuffix("-run") in WANTED


def with_true_poses(name, source, symmetry="C1"):
    """The resolution that the true poses give, by relion_reconstruct; None where RELION is not installed."""
    if not shutil.which("relion_reconstruct"):
        return None
    output = lab.RUNS / f"{name}.mrc"
    output.parent.mkdir(parents=True, exist_ok=True)
    if not output.exists():
        lab.measured(["sh", "-c", f"cd {source} && relion_reconstruct --i truth.star --o {output} --ctf --sym {symmetry}"])
    return lab.compare(output, source / "truth.mrc")["resolution05"]


def measure(name, seed, images, options, symmetry):
    """Reconstructs from one seed, compares with the truth and keeps what came out."""
    particles, reference, good, poses = images
    run = lab.reconstruct(f"{name}-{seed}", particles, "--seed", seed, *options, halves=True)
    truth = ["--poses", run.particles, "--true-poses", poses, "--symmetry", symmetry] if poses else []
    report = lab.compare(run.map, reference, *truth)
    lab.keep("robustness", {
        "set": name, "seeds": [seed, seed], "build": lab.binary_hash(), "asked": good,
        "right": int(report["resolution05"] <= good) if good else 0,
        "spans": [[value and round(value, 3)] * 2 for value in (
            report["resolution05"], run.record["resolution"]["fsc0143"],
            *((report["medianAngleDegrees"], report["medianShiftPixels"]) if poses else (None, None)),
            100 * run.record["particles"]["junkShare"], run.cost["wall"], run.cost["cpu"])]})


def seeds_of(record):
    """The seeds that a record sums up: one, or a run of them."""
    first, last = record["seeds"]
    return range(first, last + 1)


def records(name):
    """What is known of a set's seeds: the latest record of each, those of earlier builds only with KEEP=1."""
    found, covered = [], set()
    for record in reversed(lab.kept("robustness")):
        if record["set"] != name or not (lab.KEEPS or record["build"] == lab.binary_hash()):
            continue
        # A span of an earlier build goes once all its seeds were run again.
        if not set(seeds_of(record)) <= covered:
            found.insert(0, record)
            covered |= set(seeds_of(record))
    return found


def row(title, name, prepare, *options, symmetry="C1", truth_symmetry=None):
    """One line a set: all seeds.

    `prepare` makes what a run needs, once one is needed: particles, reference, the resolution asked for (None if there is nothing
    to ask by) and the true poses (None if they are not known).
    """
    global interrupted
    seeds, images = range(1, SEEDS + 1), None
    options = [*options, *(["--symmetry", symmetry] if symmetry != "C1" else [])]
    known = {seed for record in records(name) for seed in seeds_of(record)}
    for seed in seeds:
        if seed in known or interrupted or not is_wanted(name):
            continue
        try:
            images = images or prepare()
            measure(name, seed, images, options, truth_symmetry or symmetry)
        except KeyboardInterrupt:
            interrupted = True
    runs = records(name)
    if not runs:
        return None
    # A seed that a span of an earlier build has too counts once.
    total = len({seed for run in runs for seed in seeds_of(run)})
    wrong = sum(len(seeds_of(run)) - run["right"] for run in runs)
    older = total - len({seed for run in runs if run["build"] == lab.binary_hash() for seed in seeds_of(run)})
    dagger = "" if not older else "†" if older == total else f" ({older}†)"
    good = runs[-1]["asked"]

    def span(column, unit):
        # CPU seconds were not recorded at first.
        spans = [run["spans"][column] for run in runs if column < len(run["spans"])]
        if not spans or spans[0][0] is None:
            return "–"
        low, high = f"{min(s[0] for s in spans):.1f}", f"{max(s[1] for s in spans):.1f}"
        return f"{low}{unit}" if low == high else f"{low}–{high}{unit}"

    return [title, f"{total - wrong} of {total}{dagger}" if good else "–", f"{good:.1f} Å" if good else "–",
            *(span(column, unit) for column, unit in enumerate([" Å", " Å", "°", " px", " %", " s", " s"]))]


page = lab.Page("robustness", "Right every time?",
                "Default settings, nothing set but diameter and symmetry; a seed decides the start and every later draw. *Right* is"
                " FSC 0.5 with the reference or the truth at the resolution asked for. Half-sets learn apart from the end of the"
                " anneal; a run learns to where they disagree, or to 3.5 pixels (6 Å) where they agree"
                " well or images fit one pose, and images are back-projected at their poses beyond. † marks seeds run by earlier"
                " builds of the program, of which the first learnt to 2.5 pixels.")


def experimental(title, name, good, symmetry="C1"):
    """β-galactosidase, where its images are."""
    real = lab.betagal()
    return real and row(f"β-galactosidase, {title}", name, lambda: (*real, good, None), "--diameter", 180, symmetry=symmetry)


def clean():
    """The simulated set of several experiments, without junk."""
    def prepare():
        source, _ = lab.synthetic()
        return source / "particles.star", source / "truth.mrc", 2.5 * 2 * (8 if lab.QUICK else 5.078), source / "truth.star"

    title = "built-in phantom" if lab.QUICK or lab.shared(RIBOSOME) is None else "70S ribosome"
    return row(f"{title}, SNR {0.2 if lab.QUICK else 0.05}", "random-starts/synthetic", prepare)


def available(path):
    """A model that was given; None where it is missing, and in the small version, which has one set of each kind."""
    return None if lab.QUICK else lab.shared(path)


def made(name, text):
    """A file that a set is simulated with."""
    path = lab.RUNS / "robustness" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def defoci():
    """The mean defoci of six thousand real particles (an 80S ribosome's) in a text file; nothing where they are missing."""
    table = lab.shared("ctf/empiar10028_ctf_sample6000.tsv")
    if table is None:
        return []
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return ["--defoci", made("defoci.txt", "".join(f"{(float(row[2]) + float(row[3])) / 2:.1f}\n" for row in rows))]


def simulated(name, symmetry, *options):
    """Simulated images, of which 1.3 times the resolution that their true poses give is asked."""
    folder = lab.simulate(f"robustness/{name}", *options)
    true = with_true_poses(f"robustness/{name}-true", folder, symmetry)
    return folder / "particles.star", folder / "truth.mrc", true and 1.3 * true, folder / "truth.star"


def with_junk(name, model, snr, *options, symmetry="C1", pixel_size=4.0, junk=0.2, particles=USUAL_COUNT, seed=11):
    """Images of a model with junk and shifts of three pixels."""
    return simulated(name, symmetry, "--model", model, "--particles", particles, "--shift-sigma", 3 * pixel_size, "--junk", junk,
                     "--snr", snr, "--seed", seed, *options)


def junked(title, name, model, snr, diameter, *options, pixel_size=4.0, symmetry="C1", truth_symmetry=None,
           junk=0.2, particles=USUAL_COUNT):
    """Images of a model with junk and shifts of three pixels; asked is 1.3 times what true poses give."""
    path = available(model)
    if path is None:
        return None
    count = ""
    if particles != USUAL_COUNT:
        name, count = f"{name}-{particles // 1000}k", f", {particles:,} images"

    def prepare():
        return with_junk(name, path, snr, *options, symmetry=symmetry, pixel_size=pixel_size, junk=junk, particles=particles)

    return row(f"{title}, SNR {snr}, {100 * junk:.0f} % junk{count}", f"robustness/{name}-run", prepare,
               *(["--diameter", diameter] if diameter else []), symmetry=symmetry, truth_symmetry=truth_symmetry)


def dirty():
    """Images with dirt on them."""
    path = available(S30)
    if path is None:
        return None

    def prepare():
        particles, truth, asked, poses = with_junk("1xnr-0.1", path, 0.1)
        folder = particles.parent.with_name("dirty")
        dirt.soil(particles.parent, folder)
        return folder / "particles.star", truth, asked, poses

    return row("30S (1xnr), 64 px, neighbours, ice, gradients, gains, hot pixels, SNR 0.1, 20 % junk", "robustness/dirty-run", prepare,
               "--diameter", 230)


def preferred():
    """Four fifths of the views gather about two axes."""
    path = available(S30)
    if path is None:
        return None

    def prepare():
        return simulated("preferred", "C1", "--model", path, "--particles", 5000, "--snr", 0.05, "--seed", 21,
                         "--orientations", "preferred")

    return row("30S (1xnr), 64 px, views about two axes, SNR 0.05", "robustness/preferred-run", prepare, "--diameter", 230)


def cage(group, radius, diameter):
    """Images of a made-up cage: GroES, one of the chaperonin's chains, under all turns of a group."""
    path = available(CHAPERONIN)
    if path is None:
        return None

    def prepare():
        model = made(f"cage-{group}.pdb", molecules.cage(path, "O", group, radius))
        folder = lab.simulate(f"robustness/cage-{group}", "--model", model, "--particles", 3000, "--snr", 0.05, "--seed", 5)
        return folder / "particles.star", folder / "truth.mrc", 13, None

    return row(f"a cage of GroES, {group}, 64 px, SNR 0.05", f"robustness/cage-{group}-run", prepare, "--diameter", diameter,
               symmetry=group)


def piece(title, name, model, kept, box, snr, symmetry="C1", truth_symmetry="C1"):
    """Images of some chains or residues of a model: other shapes and sizes, with neither diameter nor contrast told."""
    path = available(model)
    if path is None:
        return None

    def prepare():
        cut = (made(f"{name}.pdb", molecules.piece(path, kept)) if isinstance(kept, str)
               else made(f"{name}.cif", molecules.domain(path, *kept)))
        return with_junk(name, cut, snr, "--box", box, "--pixel-size", 3, symmetry=symmetry, pixel_size=3, seed=31)

    return row(f"{title}, {box} px of 3 Å, SNR {snr}, 20 % junk", f"robustness/{name}-run", prepare, symmetry=symmetry,
               truth_symmetry=truth_symmetry)


def made_up(title, name, images, make, snr, box, pixel_size, *options, symmetry, truth_symmetry):
    """Images of a made-up molecule with a fifth of junk; several rows may share them."""
    path = available(CHAPERONIN)
    if path is None:
        return None

    def prepare():
        return with_junk(images, made(f"{images}.pdb", make(path)), snr, "--box", box, "--pixel-size", pixel_size,
                         symmetry=truth_symmetry, pixel_size=pixel_size, seed=41)

    return row(f"{title}, SNR {snr}, {box} px of {pixel_size} Å, 20 % junk", f"robustness/{name}-run", prepare, *options,
               symmetry=symmetry, truth_symmetry=truth_symmetry)


def barrel(title, name, symmetry):
    """A barrel of two rings of seven, 750 kDa."""
    return made_up(f"a barrel of two rings, {title}", name, "barrel", lambda path: molecules.cage(path, "H", "D7", 75), 0.05, 80, 4,
                   "--diameter", 240, symmetry=symmetry, truth_symmetry="D7")


def channel(title, name, symmetry, snr):
    """A channel of four chains, 230 kDa, in a belt of detergent."""
    return made_up(f"a channel in its micelle, {title}", name, f"channel-{snr}",
                   lambda path: molecules.channel(path, "H", 50, (25, 62, -14, 26)), snr, 64, 3,
                   symmetry=symmetry, truth_symmetry="C4")


S30, CHAPERONIN, RIBOSOME = "models/1xnr.cif.gz", "models/1aon.pdb.gz", "maps/aspire_clean70SRibosome_65.mrc"
GALACTOSIDASE = "models/5a1a.pdb.gz"


def ribosome(snr, particles=USUAL_COUNT):
    """The 70S in boxes of 64 pixels."""
    return junked("70S, 64 px", f"70S-{snr}", RIBOSOME, snr, 290, "--model-pixel-size", 5, "--box", 64, pixel_size=5.078,
                  particles=particles)


def chaperonin(snr):
    """GroEL–GroES in boxes of 64 pixels."""
    return junked("GroEL–GroES (1aon), C7, 64 px", "1aon-C7" if snr == 0.05 else f"1aon-{snr}", CHAPERONIN, snr, 230, symmetry="C7")


def large(snr):
    """The sets in boxes of 128 pixels."""
    suffix = "" if snr == 0.05 else f"-{snr}"
    fine = ["--box", 128, "--pixel-size", 2]
    return [
        lambda: junked("30S (1xnr), 128 px of 2 Å", f"1xnr-128{suffix}", S30, snr, 230, *fine, pixel_size=2.0),
        lambda: junked("70S, 128 px of 2.5 Å", f"70S-128{suffix}", RIBOSOME, snr, 290, "--model-pixel-size", 5, "--box", 128,
                       "--pixel-size", 2.539, pixel_size=2.539),
        lambda: junked("GroEL–GroES (1aon), C7, 128 px of 2 Å", f"1aon-128{suffix}", CHAPERONIN, snr, 230, *fine, pixel_size=2.0,
                       symmetry="C7")]


GROUPS = {
    "Experimental images": [
        lambda: experimental("C1", "random-starts/betagal", 14),
        lambda: experimental("D2", "robustness/betagal-D2", 11, symmetry="D2"),
        lambda: experimental("symmetry found by itself", "robustness/betagal-auto", 11, symmetry="auto"),
    ],
    "Boxes of 64 pixels": [
        *(lambda snr=snr: junked("30S (1xnr), 64 px", f"1xnr-{snr}", S30, snr, 230) for snr in (0.1, 0.05, 0.03, 0.02)),
        lambda: junked("30S (1xnr), 64 px", "1xnr-0.02", S30, 0.02, 230, particles=20000),
        *(lambda snr=snr: ribosome(snr) for snr in (0.1, 0.05, 0.03, 0.02)),
        lambda: ribosome(0.02, particles=10000),
        *(lambda snr=snr: chaperonin(snr) for snr in (0.1, 0.05, 0.02)),
        lambda: junked("GroEL–GroES (1aon), C1, 64 px", "1aon-C1", CHAPERONIN, 0.05, 230, truth_symmetry="C7"),
    ],
    "Boxes of 128 pixels": [measured for snr in (0.1, 0.05, 0.02) for measured in large(snr)],
    "Images of other kinds": [
        clean,
        lambda: junked("30S (1xnr), 64 px, real defoci", "1xnr-real", S30, 0.05, 230, *defoci()),
        lambda: junked("30S (1xnr), 64 px, strengths of 40 % sd", "1xnr-scales", S30, 0.1, 230, "--scale-sigma", 0.4),
        lambda: junked("30S (1xnr), 64 px", "1xnr-junk", S30, 0.05, 230, junk=0.5),
        dirty,
        preferred,
        lambda: junked("EMD-1977, contrast and diameter not told, 80 px of 3.5 Å", "1977", "maps/emd_1977.map", 0.05, None,
                       "--model-pixel-size", 3.5, "--box", 80, "--pixel-size", 3.5, pixel_size=3.5, truth_symmetry="C2"),
    ],
    "Symmetric molecules": [
        lambda: cage("T", 48, 150),
        lambda: cage("O", 55, 160),
        lambda: cage("I", 88, 220),
        lambda: piece("a ring of GroEL, C7", "ring", CHAPERONIN, "ABCDEFG", 72, 0.05, symmetry="C7", truth_symmetry="C7"),
        lambda: barrel("D7", "barrel-D7", "D7"),
        lambda: barrel("C1", "barrel-C1", "C1"),
        lambda: barrel("its symmetry found by itself", "barrel-auto", "auto"),
        lambda: channel("C4", "channel-C4", "C4", 0.05),
        lambda: channel("C1", "channel-C1", "C1", 0.05),
        lambda: channel("C4", "channel-C4-0.1", "C4", 0.1),
    ],
    "Pieces of molecules, neither diameter nor contrast told": [
        lambda: piece("a chain of β-galactosidase, 118 kDa", "chain", GALACTOSIDASE, "A", 64, 0.05),
        lambda: piece("two chains of GroEL, 115 kDa", "pair", CHAPERONIN, "AB", 64, 0.05),
        lambda: piece("a domain of the 30S's RNA, the head", "head", S30, (921, 1396), 64, 0.05),
        lambda: piece("a domain of the 30S's RNA, the body", "body", S30, (5, 560), 72, 0.05),
        lambda: piece("two chains of β-galactosidase", "dimer", GALACTOSIDASE, "AB", 80, 0.05, truth_symmetry="C2"),
        lambda: piece("two chains of GroEL and one of GroES, 118 kDa, 180 Å long", "three", CHAPERONIN, "ABO", 80, 0.05),
        lambda: piece("GroES, 71 kDa, C1", "groes", CHAPERONIN, "OPQRSTU", 56, 0.1, truth_symmetry="C7"),
    ],
}
for group, sets in GROUPS.items():
    rows = [found for found in (measured() for measured in sets) if found]
    if rows:
        page.lines += [f"## {group}", ""]
        page.table(["set", "right", "asked", "FSC 0.5", "half-sets, FSC 0.143", "median pose error", "median shift error", "junk found",
                    "wall time", "CPU time"], rows)
page.write()
