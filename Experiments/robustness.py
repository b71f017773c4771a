"""Right every time: sets × seeds with default settings, and what the half-sets say against what the reference says."""

import os
import shutil

import cages
import lab

# At most so many seeds a set; runs that are there are kept, so a later call with more goes on.
SEEDS = 2 if lab.QUICK else int(os.environ.get("SEEDS", "10"))


def with_true_poses(name, source, symmetry="C1"):
    """The resolution that the true poses give, by relion_reconstruct; None where RELION is not installed."""
    if not shutil.which("relion_reconstruct"):
        return None
    output = lab.RUNS / f"{name}.mrc"
    output.parent.mkdir(parents=True, exist_ok=True)
    if not output.exists():
        lab.measured(["sh", "-c", f"cd {source} && relion_reconstruct --i truth.star --o {output} --ctf --sym {symmetry}"])
    return lab.compare(output, source / "truth.mrc")["resolution05"]


def row(title, name, particles, reference, good, *options, poses=None, starts=10, symmetry="C1", truth_symmetry=None):
    """One line a set: all seeds; `good` is the resolution asked for, None if there is nothing to ask by."""
    seeds = range(1, min(starts, SEEDS) + 1)
    options = [*options, *(["--symmetry", symmetry] if symmetry != "C1" else [])]
    runs = [lab.reconstruct(f"{name}-{seed}", particles, "--seed", seed, *options, halves=True, is_new=not interrupted) for seed in seeds]
    runs = [run for run in runs if run]
    if not runs:
        return None
    reports = [
        lab.compare(run.map, reference, *(["--poses", run.particles, "--true-poses", poses, "--symmetry", truth_symmetry or symmetry] if poses else []))
        for run in runs]
    right = sum(report["resolution05"] <= good for report in reports) if good else 0

    def span(values, unit):
        low, high = f"{min(values):.1f}", f"{max(values):.1f}"
        return f"{low}{unit}" if low == high else f"{low}–{high}{unit}"

    older = sum(not run.is_of_this_build for run in runs)
    if older:
        title += f" ({older} of an earlier build)"
    return [title, f"{right} of {len(runs)}" if good else "–", f"{good:.1f} Å" if good else "–",
            span([r["resolution05"] for r in reports], " Å"),
            span([run.record["resolution"]["fsc0143"] for run in runs], " Å"),
            span([r["medianAngleDegrees"] for r in reports], "°") if poses else "–",
            span([r["medianShiftPixels"] for r in reports], " px") if poses else "–",
            span([100 * run.record["particles"]["junkShare"] for run in runs], " %"),
            span([run.record["seconds"] for run in runs], " s")]


page = lab.Page("robustness", "Right every time?",
                "Default settings, nothing set but diameter and symmetry; a seed decides the start and every later draw. *Right* is"
                " FSC 0.5 with the reference or the truth at the resolution asked for. Half-sets learn apart from the end of the"
                " anneal; a run ends by itself where they disagree, at 2.5 pixels at the latest.")
def experimental(title, name, good, symmetry="C1", starts=10):
    """β-galactosidase, where its images are."""
    real = lab.betagal()
    return real and row(f"β-galactosidase, {title}", name, *real, good, "--diameter", 180, symmetry=symmetry, starts=starts)


def clean():
    """The simulated set of several experiments, without junk."""
    source, title = lab.synthetic()
    return row(f"{title}, SNR {0.2 if lab.QUICK else 0.05}", "random-starts/synthetic", source / "particles.star",
               source / "truth.mrc", 2.5 * 2 * (8 if lab.QUICK else 5.078), poses=source / "truth.star")


def defoci():
    """The mean defoci of six thousand real particles (an 80S ribosome's) in a text file; nothing where they are missing."""
    table = lab.shared("ctf/empiar10028_ctf_sample6000.tsv")
    if table is None:
        return []
    path = lab.RUNS / "robustness" / "defoci.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    path.write_text("".join(f"{(float(row[2]) + float(row[3])) / 2:.1f}\n" for row in rows))
    return ["--defoci", path]


def junked(title, name, model, snr, diameter, *options, pixel_size=4.0, symmetry="C1", truth_symmetry=None, starts=10):
    """Images of a model with a fifth of junk and shifts of three pixels; asked is 1.3 times what true poses give."""
    path = lab.shared(model)
    if path is None or lab.QUICK:
        return None
    folder = lab.simulate(f"robustness/{name}", "--model", path, "--particles", 5000, "--shift-sigma", 3 * pixel_size,
                          "--junk", 0.2, "--snr", snr, "--seed", 11, *options)
    true = with_true_poses(f"robustness/{name}-true", folder, symmetry)
    return row(f"{title}, SNR {snr}, 20 % junk", f"robustness/{name}-run", folder / "particles.star", folder / "truth.mrc",
               true and 1.3 * true, "--diameter", diameter, poses=folder / "truth.star", starts=starts, symmetry=symmetry,
               truth_symmetry=truth_symmetry)


def preferred():
    """Four fifths of the views gather about two axes."""
    path = lab.shared(S30)
    if path is None or lab.QUICK:
        return None
    folder = lab.simulate("robustness/preferred", "--model", path, "--particles", 5000, "--snr", 0.05, "--seed", 21,
                          "--orientations", "preferred")
    true = with_true_poses("robustness/preferred-true", folder)
    return row("30S (1xnr), 64 px, views about two axes, SNR 0.05", "robustness/preferred-run", folder / "particles.star",
               folder / "truth.mrc", true and 1.3 * true, "--diameter", 230, poses=folder / "truth.star")


def cage(group, radius, diameter, starts=10):
    """Images of a made-up cage: GroES, one of the chaperonin's chains, under all turns of a group."""
    path = lab.shared(CHAPERONIN)
    if path is None or lab.QUICK:
        return None
    model = lab.RUNS / "robustness" / f"cage-{group}.pdb"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_text(cages.pdb(path, "O", group, radius))
    folder = lab.simulate(f"robustness/cage-{group}", "--model", model, "--particles", 3000, "--snr", 0.05, "--seed", 5)
    return row(f"a cage of GroES, {group}, 64 px, SNR 0.05", f"robustness/cage-{group}-run", folder / "particles.star",
               folder / "truth.mrc", 13, "--diameter", diameter, starts=starts, symmetry=group)


S30, CHAPERONIN, RIBOSOME = "models/1xnr.cif.gz", "models/1aon.pdb.gz", "maps/aspire_clean70SRibosome_65.mrc"
SETS = [
    lambda: experimental("C1", "random-starts/betagal", 14),
    lambda: experimental("D2", "robustness/betagal-D2", 11, symmetry="D2"),
    lambda: experimental("symmetry found by itself", "robustness/betagal-auto", 11, symmetry="auto"),
    clean,
    lambda: junked("30S (1xnr), 64 px", "1xnr-0.1", S30, 0.1, 230),
    lambda: junked("30S (1xnr), 64 px", "1xnr-0.05", S30, 0.05, 230),
    lambda: junked("30S (1xnr), 64 px, real defoci", "1xnr-real", S30, 0.05, 230, *defoci()),
    lambda: junked("30S (1xnr), 64 px, strengths of 40 % sd", "1xnr-scales", S30, 0.1, 230, "--scale-sigma", 0.4),
    preferred,
    lambda: junked("70S, 64 px", "70S-0.05", RIBOSOME, 0.05, 290, "--model-pixel-size", 5, "--box", 64, pixel_size=5.078),
    lambda: junked("GroEL–GroES (1aon), C7, 64 px", "1aon-C7", CHAPERONIN, 0.05, 230, symmetry="C7"),
    lambda: junked("GroEL–GroES (1aon), C1, 64 px", "1aon-C1", CHAPERONIN, 0.05, 230, truth_symmetry="C7"),
    lambda: cage("T", 48, 150),
    lambda: cage("O", 55, 160),
    lambda: cage("I", 88, 220),
    lambda: junked("30S (1xnr), 128 px of 2 Å", "1xnr-128", S30, 0.05, 230, "--box", 128, "--pixel-size", 2, pixel_size=2.0,
                   starts=2),
    lambda: junked("70S, 128 px of 2.5 Å", "70S-128", RIBOSOME, 0.05, 290, "--model-pixel-size", 5, "--box", 128, "--pixel-size", 2.539,
                   pixel_size=2.539, starts=2),
    lambda: junked("GroEL–GroES (1aon), C7, 128 px of 2 Å", "1aon-128", CHAPERONIN, 0.05, 230, "--box", 128, "--pixel-size", 2,
                   pixel_size=2.0, symmetry="C7", starts=2),
    lambda: junked("70S, 64 px", "70S-0.1", RIBOSOME, 0.1, 290, "--model-pixel-size", 5, "--box", 64, pixel_size=5.078, starts=2),
    lambda: junked("GroEL–GroES (1aon), C7, 64 px", "1aon-0.1", CHAPERONIN, 0.1, 230, symmetry="C7", starts=2),
    lambda: junked("30S (1xnr), 128 px of 2 Å", "1xnr-128-0.02", S30, 0.02, 230, "--box", 128, "--pixel-size", 2, pixel_size=2.0,
                   starts=1),
    lambda: junked("70S, 64 px", "70S-0.02", RIBOSOME, 0.02, 290, "--model-pixel-size", 5, "--box", 64, pixel_size=5.078, starts=2),
    lambda: junked("GroEL–GroES (1aon), C7, 64 px", "1aon-0.02", CHAPERONIN, 0.02, 230, symmetry="C7", starts=2),
    lambda: junked("30S (1xnr), 64 px", "1xnr-0.02", S30, 0.02, 230, starts=1),
]
rows = []
# After Ctrl-C the page is written with the runs that are done; a later call goes on.
interrupted = False
for measured in SETS:
    try:
        found = measured()
    except KeyboardInterrupt:
        interrupted = True
        found = measured()
    rows += [found] if found else []
page.table(["set", "right", "asked", "FSC 0.5", "half-sets, FSC 0.143", "median pose error", "median shift error", "junk found",
            "wall time"], rows)
page.write()
