"""Experiment 5: a best-match refinement, and RELION, from random starts."""

import json
import os
import re
from pathlib import Path

import lab

page = lab.Page(
    "projection_matching", "Against projection matching, and RELION",
    "The paper claims that refinement by best matches fails from a random start where the probabilistic method succeeds."
    " `--optimizer projection-matching` assigns each image to its one best pose over the same quadrature and solves for the"
    " density, four times at each ring from 1/50 Å⁻¹ upward; start, mask and positivity are those of our method.")
source, title = lab.synthetic()
rows, panels = [], []


def add(label, run, reference):
    moved = run.folder / "aligned.mrc"
    report = lab.compare(run.map, reference, "--aligned", moved)
    rows.append([label, f"{report['resolution05']:.1f} Å", f"{report['resolution0143']:.1f} Å", f"{run.cost['cpu']:.0f}"])
    panels.append((label, moved, report))


seeds = (1,) if lab.QUICK else (1, 2, 3)
last = 40 if lab.QUICK else 32
for seed in seeds[:2]:
    add(f"{title}: best match, seed {seed}",
        lab.reconstruct(f"projection-matching/synthetic-{seed}", source / "particles.star", "--optimizer",
                        "projection-matching", "--max-resolution", last, "--seed", seed), source / "truth.mrc")
add(f"{title}: ours, seed 1, the same limit",
    lab.reconstruct("projection-matching/synthetic-ours", source / "particles.star", "--max-resolution", last, "--seed", 1),
    source / "truth.mrc")
real = lab.betagal()
if real:
    particles, reference = real
    for seed in seeds:
        add(f"β-galactosidase: best match, seed {seed}",
            lab.reconstruct(f"projection-matching/betagal-{seed}", particles, "--optimizer", "projection-matching",
                            "--diameter", 180, "--max-resolution", 20, "--seed", seed), reference)
    add("β-galactosidase: ours, seed 1, the same limit",
        lab.reconstruct("projection-matching/betagal-ours", particles, "--seed", 1, "--diameter", 180, "--max-resolution",
                        20), reference)
    # RELION takes hours here, so it is run by relion.sh, and what it reached is scored.
    relion = Path(os.environ.get("RELION_RUN", lab.RUNS / "relion"))
    maps = sorted(relion.glob("run_it*_class001.mrc"))
    if maps:
        done = int(re.search(r"it(\d+)", maps[-1].name).group(1))
        cpu = json.loads((relion / "cost.json").read_text())["cpu"] if (relion / "cost.json").exists() else None
        for path in [m for m in maps if int(re.search(r"it(\d+)", m.name).group(1)) in (50, 100, done)]:
            number = int(re.search(r"it(\d+)", path.name).group(1))
            report = lab.compare(path, reference)
            spent = f"{cpu:.0f}" if cpu and number == done else "–"
            rows.append([f"β-galactosidase: RELION 3.1.3 SGD, iteration {number} of 300", f"{report['resolution05']:.1f} Å",
                         f"{report['resolution0143']:.1f} Å", spent])
            if number == done:
                panels.append((f"RELION 3.1.3, iteration {number}", path, report))
    else:
        page.text("RELION was not run: see `Experiments/relion.sh`.")
page.table(["run", "FSC 0.5", "FSC 0.143", "CPU s"], rows)
figure, axis = lab.plt.subplots(figsize=(6.5, 3.4))
for index, (label, _, report) in enumerate(panels):
    lab.plot_fsc(axis, report, color=lab.COLOURS[index % len(lab.COLOURS)], lw=1, label=label,
                 ls="-" if "ours" in label else ":" if "RELION" in label else "--")
lab.finish_fsc(axis)
axis.legend(fontsize=6)
page.figure(figure, "projection-matching-fsc", "FSC with the truth or the reference")
figure, axes = lab.plt.subplots(1, len(panels), figsize=(1.35 * len(panels), 1.7))
for axis, (label, path, _) in zip(lab.np.atleast_1d(axes), panels):
    lab.show_map(axis, lab.volume(path), label.replace(": ", "\n"), projection=True)
    axis.title.set_fontsize(5)
page.figure(figure, "projection-matching-maps", "Projections of the maps")
page.write()
