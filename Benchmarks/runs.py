"""Whole runs of the program: time, threads, growth with the number of particles, memory, start-up.

    Benchmarks/runs.py [--runs N] [--only NAME,…]     (or: make bench)

Simulated data are kept in runs/bench/. β-galactosidase is measured where the shared data are. Each section
is written to Benchmarks/Results/runs.md as soon as it is done; every figure is a median, with the range of the runs behind it.
"""

import argparse
import os
import statistics
from datetime import date
from pathlib import Path

from measure import BIN, ROOT, Cost, resolution

DATA = ROOT / "runs" / "bench"
SHARED = Path(os.environ.get("DAYBREAK_SHARED", ROOT.parent / "shared"))


def median(values, digits=1):
    """The median, and the range it comes from."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def reconstruct(particles, *options):
    return Cost(BIN, "reconstruct", particles, "--output", DATA / "out", "--overwrite", "--quiet", *options)


def simulate(name, *options):
    folder = DATA / name
    if not (folder / "particles.star").exists():
        Cost(BIN, "simulate", "--output", folder, "--overwrite", *options)
    return folder


def repeated(folder, count):
    """A STAR file of `count` rows over the images of a smaller stack: sparse on disk, not for the program."""
    lines = (folder / "particles.star").read_text().splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if ".mrcs" in line)
    rows = [line for line in lines[first:] if ".mrcs" in line]
    path = folder / f"repeated-{count}.star"
    path.write_text("".join(lines[:first]) + "".join(rows[i % len(rows)] for i in range(count)))
    return path


HEAD = ["| set | FSC 0.5 | wall s, 2 threads | CPU s | wall s, 1 thread | 2 threads against 1 | peak MiB |", "|---|---|---|---|---|---|---|"]


def simulated(runs):
    """Random start to map, one thread and two, of simulated sets."""
    cases = [("built-in phantom, 2,000 × 64 px", simulate("phantom", "--particles", 2000))]
    ribosome = SHARED / "data/maps/aspire_clean70SRibosome_65.mrc"
    if ribosome.exists():
        cases.append(("70S ribosome, 5,000 × 64 px, SNR 0.05", simulate(
            "ribosome", "--model", ribosome, "--model-pixel-size", 5, "--particles", 5000, "--box", 64, "--snr", 0.05,
            "--seed", 3)))
    rows = [timed(title, folder / "particles.star", folder / "truth.mrc", [], runs) for title, folder in cases]
    return ["## From a random start, simulated", "", *HEAD, *rows]


def betagal(runs):
    """The same of β-galactosidase, where its images are."""
    real = SHARED / "data/betagal/particles_noedge.star"
    if not real.exists():
        return None
    reference = SHARED / "data/betagal/reference/ngl_betaGal_64.mrc"
    rows = [timed(f"2,173 × 64 px, to {title}", real, reference, ["--diameter", 180, *options], runs)
            for title, options in (("20 Å", ["--max-resolution", 20]), ("its limit", []))]
    return ["## From a random start, β-galactosidase", "", *HEAD, *rows]


def timed(title, particles, reference, options, runs):
    two, one = [], []
    # In turns, so that whatever else the machine does meets both.
    for _ in range(runs):
        two.append(reconstruct(particles, "--threads", 2, *options))
        one.append(reconstruct(particles, "--threads", 1, *options))
    ratio = statistics.median(a.wall / b.wall for a, b in zip(one, two))
    return (f"| {title} | {resolution(DATA / 'out' / 'map.mrc', reference):.1f} Å | {median([c.wall for c in two])} | {median([c.cpu for c in two], 0)} |"
            f" {median([c.wall for c in one])} | {ratio:.2f} × | {max(c.memory for c in two):.0f} |")


def growth(runs):
    """Ten times the particles at the same number of epochs."""
    walls = {}
    for count in (4000, 40000):
        folder = simulate(f"growth-{count}", "--particles", count)
        walls[count] = [reconstruct(folder / "particles.star", "--max-resolution", 20).wall for _ in range(runs)]
    ratio = statistics.median(walls[40000]) / statistics.median(walls[4000])
    return ["## Ten times the particles", "",
            f"64 px to 20 Å: 4,000 particles {median(walls[4000])} s, 40,000 particles {median(walls[40000])} s:"
            f" {ratio:.1f} × (the anneal costs the same for any number)."]


def memory(_):
    """Peak memory for ten thousand and a hundred thousand particles of 128 px."""
    folder = simulate("memory", "--particles", 1000, "--box", 128, "--pixel-size", 3)
    options = ["--max-resolution", 40, "--set", "annealIterations=10", "--set", "annealBatch=40"]
    few, many = (reconstruct(repeated(folder, count), *options) for count in (10_000, 100_000))
    return ["## Memory", "",
            f"128 px to 40 Å, every particle visited: 10,000 particles {few.memory:.0f} MiB, 100,000 particles"
            f" {many.memory:.0f} MiB ({many.memory / few.memory:.2f} ×)."]


def startup(runs):
    """Start-up and metadata."""
    helps = [Cost(BIN, "--help").wall * 1e3 for _ in range(max(20, runs))]
    folder = simulate("memory", "--particles", 1000, "--box", 128, "--pixel-size", 3)
    star = repeated(folder, 100_000)
    reads = [Cost(BIN, "inspect", star).wall for _ in range(runs)]
    return ["## Start-up", "", f"`daybreak --help`: {median(helps)} ms. `daybreak inspect` of a STAR file of 100,000 rows:"
            f" {median(reads, 2)} s."]


SECTIONS = {"startup": startup, "memory": memory, "betagal": betagal, "simulated": simulated, "growth": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections to measure; the others stay in the file as they are")
    arguments = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")
    path = ROOT / "Benchmarks" / "Results" / "runs.md"
    known = {part.splitlines()[0]: part.rstrip() for part in path.read_text().split("\n## ")[1:]} if path.exists() else {}
    for name in arguments.only.split(","):
        lines = SECTIONS[name](arguments.runs)
        if lines is None:
            continue
        made = f"`Benchmarks/runs.py --only {name} --runs {arguments.runs}`, {date.today()}, {os.cpu_count()} cores, {model}."
        title = lines[0].removeprefix("## ")
        known[title] = "\n".join([title, *lines[1:], "", made])
        print("## " + known[title], flush=True)
        path.write_text("\n\n## ".join(["# Whole runs\n\nMedians, with the range in brackets.", *known.values()]) + "\n")


main()
