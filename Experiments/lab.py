"""What the experiments share: running the program, scoring maps, drawing figures, writing pages.

Runs are kept in runs/ and not repeated; delete a folder there to repeat its run. Those of another build are repeated, unless KEEP=1
keeps them too; pages mark them. What came out of sets × seeds is in Experiments/records too, so that it goes on where runs/ is empty.
QUICK=1 makes small variants, whose pages go to runs/quick/ instead of docs/experiments/.
"""

import functools
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
QUICK = os.environ.get("QUICK", "") not in ("", "0")
KEEPS = os.environ.get("KEEP", "") not in ("", "0")
RUNS = ROOT / "runs" / ("quick" if QUICK else "full")
PAGES = RUNS if QUICK else ROOT / "docs" / "experiments"
RECORDS = RUNS / "records" if QUICK else ROOT / "Experiments" / "records"
SHARED = Path(os.environ.get("DAYBREAK_SHARED", ROOT.parent / "shared"))
BIN = Path(os.environ.get("DAYBREAK_BIN", ROOT / ".build" / "release"))
# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]

plt.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})


def keep(name, record):
    """Adds what came out of a run to the records of an experiment; runs may then be deleted, or made on another machine."""
    path = RECORDS / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


def kept(name):
    """The records of an experiment, the oldest first."""
    path = RECORDS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def shared(path):
    """A file of the shared data, or None where there is none."""
    found = SHARED / "data" / path
    return found if found.exists() else None


def skip(reason):
    """Ends an experiment that cannot be run here, and says so."""
    print(f"skipped: {reason}")
    sys.exit(0)


def measured(command, log=None):
    """Runs a command; returns its output and what it cost."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if log:
        Path(log).write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, {"cpu": cpu, "wall": time.time() - start}


class Run:
    """A finished reconstruction."""

    def __init__(self, folder):
        self.folder = folder
        self.map = folder / "map.mrc"
        self.particles = folder / "particles.star"
        self.record = numbers((folder / "run.json").read_text())
        self.cost = json.loads((folder / "cost.json").read_text())

    @property
    def is_of_this_build(self):
        return self.cost["options"][-1] == binary_hash()

    @property
    def iterations(self):
        return self.record["iterations"]


@functools.cache
def binary_hash():
    """What the programs were when a run was made; runs of others are repeated."""
    digest = hashlib.sha256()
    for program in ("daybreak", "sampling-study"):
        digest.update((BIN / program).read_bytes())
    return digest.hexdigest()[:16]


def cached(name, command):
    """The output of a command, kept under a name as long as command and programs are the same."""
    path = RUNS / name
    key = path.with_suffix(".key")
    wanted = json.dumps([*map(str, command), binary_hash()])
    if not (path.exists() and key.exists() and key.read_text() == wanted):
        print(f"  {name}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        output, _ = measured(command)
        path.write_text(output)
        key.write_text(wanted)
    return path.read_text()


def reconstruct(name, particles, *options, halves=False):
    """Reconstructs, unless that was done before with the same options by the same program.

    Methods are compared on one map of all particles at a limit set beforehand; `halves` lets half-sets decide.
    """
    folder = RUNS / name
    options = [*options, *([] if halves else ["--no-halves"])]
    wanted = [*(str(o) for o in (particles, *options)), binary_hash()]
    done = folder / "cost.json"
    if done.exists():
        known = json.loads(done.read_text())["options"]
        if known == wanted or KEEPS and known[:-1] == wanted[:-1]:
            return Run(folder)
    print(f"  {name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _, cost = measured([BIN / "daybreak", "reconstruct", particles, "--output", folder, "--quiet", *options])
    done.write_text(json.dumps({**cost, "options": wanted}))
    return Run(folder)


def simulate(name, *options):
    """Simulated particles: the folder with particles.star, truth.star and truth.mrc."""
    folder = RUNS / name
    key, wanted = folder / "options.json", json.dumps([str(o) for o in options])
    if not (key.exists() and key.read_text() == wanted):
        print(f"  {name}", flush=True)
        measured([BIN / "daybreak", "simulate", "--output", folder, "--overwrite", *options])
        key.write_text(wanted)
    return folder


def numbers(text):
    """Reads JSON of the program, in which an infinite resolution is a text: JSON has no such number."""
    def number(fields):
        return {key: float(value) if value in ("inf", "-inf", "nan") else value for key, value in fields.items()}

    return json.loads(text, object_hook=number)


def compare(run_map, reference, *options):
    """How well a map agrees with a reference, after alignment."""
    output, _ = measured([BIN / "daybreak", "compare", run_map, reference, "--json", *options])
    report = numbers(output)
    # Of a curve that reaches no threshold there is no resolution: no map is worse.
    return {key: float("inf") if value is None and key.startswith("resolution") else value for key, value in report.items()}


def synthetic():
    """The simulated set of several experiments: a 70S ribosome, or the built-in phantom where its map is missing."""
    ribosome = shared("maps/aspire_clean70SRibosome_65.mrc")
    if QUICK:
        return simulate("phantom", "--particles", 500, "--box", 32, "--pixel-size", 8, "--snr", 0.2), "built-in phantom"
    if ribosome is None:
        return simulate("phantom", "--particles", 2000), "built-in phantom"
    options = ["--model", ribosome, "--model-pixel-size", 5, "--particles", 5000, "--box", 64, "--snr", 0.05, "--seed", 3]
    return simulate("ribosome", *options), "70S ribosome"


def betagal():
    """The experimental set and its reference; None where they are missing or too large for a quick run."""
    particles = shared("betagal/particles_noedge.star")
    if QUICK or particles is None:
        return None
    return particles, shared("betagal/reference/ngl_betaGal_64.mrc")


def volume(path):
    """The voxels of an MRC map of mode 2, shape [z, y, x]."""
    raw = Path(path).read_bytes()
    header = np.frombuffer(raw[:1024], "<i4")
    start = 1024 + header[23]
    return np.frombuffer(raw[start:], "<f4")[: header[0] * header[1] * header[2]].reshape(header[2], header[1], header[0])


def show_map(axis, voxels, title, projection=False):
    """A central slice or a projection along z, on its own grey scale."""
    plane = voxels.sum(axis=0) if projection else voxels[voxels.shape[0] // 2]
    axis.imshow(plane, cmap="gray", origin="lower", vmin=0 if not projection else None)
    axis.set_title(title, fontsize=8)
    axis.set_xticks([])
    axis.set_yticks([])


def plot_fsc(axis, report, **style):
    """A Fourier shell correlation as the field draws it: at 1/Å spacing, labelled in Å."""
    fsc = report["fsc"]
    axis.plot([shell / fsc["boxLength"] for shell in range(len(fsc["correlations"]))], fsc["correlations"], **style)


def finish_fsc(axis):
    axis.axhline(0.5, color="0.7", lw=0.8)
    axis.axhline(0.143, color="0.7", lw=0.8, ls="--")
    resolutions = [50, 30, 20, 15, 12, 10, 8, 7, 6]
    axis.set_xticks([1 / r for r in resolutions if 1 / r <= axis.get_xlim()[1]])
    axis.set_xticklabels([str(r) for r in resolutions if 1 / r <= axis.get_xlim()[1]])
    axis.set_xlim(left=0)
    axis.set_ylim(-0.05, 1.02)
    axis.set_xlabel("resolution / Å")
    axis.set_ylabel("Fourier shell correlation")


def machine():
    """The processor and what else a reader must know to judge times."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{os.cpu_count()} cores, {line.split(':', 1)[1].strip()}"
    return f"{os.cpu_count()} cores"


class Page:
    """A page of docs/experiments: question, table, figure, and remarks from Experiments/remarks."""

    def __init__(self, name, title, question):
        self.name = name
        self.lines = [f"# {title}", "", question, "",
                      f"Made by `make experiments EXPERIMENTS={name}` on {date.today()}, {machine()}"
                      " (shared, so CPU seconds count; wall time is an upper bound).", ""]

    def text(self, *lines):
        self.lines += [*lines, ""]

    def table(self, header, rows):
        self.lines += ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
        self.lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
        self.lines.append("")

    def figure(self, figure, name, caption):
        folder = PAGES / "figures"
        folder.mkdir(parents=True, exist_ok=True)
        figure.tight_layout()
        figure.savefig(folder / f"{name}.png")
        plt.close(figure)
        self.lines += [f"![{caption}](figures/{name}.png)", "", f"*{caption}*", ""]

    def write(self):
        remarks = ROOT / "Experiments" / "remarks" / f"{self.name}.md"
        if remarks.exists() and not QUICK:
            self.lines += ["## What it says", "", remarks.read_text().strip(), ""]
        PAGES.mkdir(parents=True, exist_ok=True)
        path = PAGES / f"{self.name.replace('_', '-')}.md"
        path.write_text("\n".join(self.lines).rstrip() + "\n")
        print(f"wrote {path.relative_to(ROOT)}")
