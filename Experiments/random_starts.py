"""Experiment 1: does the map depend on the random start?"""

import lab


def pairwise(maps):
    """The resolution at which each pair of maps agrees to 0.5, after alignment."""
    return [lab.compare(a, b)["resolution05"] for i, a in enumerate(maps) for b in maps[i + 1:]]


def study(page, name, title, particles, reference, good, options, poses=None, starts=10):
    seeds = range(1, 4 if lab.QUICK else starts + 1)
    runs = [
        lab.reconstruct(f"random-starts/{name}-{seed}", particles, "--seed", seed, *options, halves=True) for seed in seeds]
    extra = ["--poses", None, "--true-poses", poses] if poses else []
    reports, rows, aligned = [], [], []
    for seed, run in zip(seeds, runs):
        if poses:
            extra[1] = run.particles
        moved = run.folder / "aligned.mrc"
        report = lab.compare(run.map, reference, "--aligned", moved, *extra)
        reports.append(report)
        aligned.append(moved)
        rows.append([
            seed, f"{report['resolution05']:.1f} Å", f"{report['resolution0143']:.1f} Å",
            f"{run.record['resolution']['fsc0143']:.1f} Å",
            "mirrored" if report["isMirrored"] else "same",
            f"{report['medianAngleDegrees']:.1f}°" if poses else "–",
            f"{run.iterations[-1]['logEvidence']:.1f}", f"{run.cost['cpu']:.0f}"])
    right = sum(r["resolution05"] <= good for r in reports)
    between = pairwise([run.map for run in runs])
    page.text(f"## {title}")
    page.table(["seed", "FSC 0.5", "FSC 0.143", "half-sets, 0.143", "hand", "median pose error", "log-evidence an image", "CPU s"], rows)
    page.text(f"**{right} of {len(rows)} right** (FSC 0.5 at {good:g} Å or better). Between any two starts the FSC falls"
              f" below 0.5 at {min(between):.1f} to {max(between):.1f} Å ({len(between)} pairs).")
    figure, axis = lab.plt.subplots(figsize=(6, 3.2))
    for index, report in enumerate(reports):
        lab.plot_fsc(axis, report, color=lab.COLOURS[index % len(lab.COLOURS)], lw=1, label=f"seed {index + 1}")
    lab.finish_fsc(axis)
    axis.legend(fontsize=6, ncol=2)
    page.figure(figure, f"random-starts-{name}-fsc", f"{title}: every start against the reference")
    figure, axes = lab.plt.subplots(2, (len(aligned) + 2) // 2, figsize=(8, 3.4))
    panels = axes.ravel()
    for axis in panels:
        axis.axis("off")
    for axis, path, seed in zip(panels, aligned, seeds):
        lab.show_map(axis, lab.volume(path), f"seed {seed}", projection=True)
    lab.show_map(panels[len(aligned)], lab.volume(reference), "reference", projection=True)
    page.figure(figure, f"random-starts-{name}-maps", f"{title}: projections of the maps, laid on the reference")


page = lab.Page("random_starts", "Insensitive to initialisation?",
                "The paper claims that the method finds the structure from random starts. Here each set is reconstructed"
                " from ten, the larger one from five, with default settings; a seed decides the start and every later draw.")
source, title = lab.synthetic()
truth = source / "truth.mrc"
limit = 2.5 * 2 * (8 if lab.QUICK else 5.078)
study(page, "synthetic", f"Synthetic: {title}", source / "particles.star", truth, limit, [], source / "truth.star", starts=5)
real = lab.betagal()
if real:
    study(page, "betagal", "β-galactosidase, experimental, C1", *real, 20, ["--diameter", 180])
else:
    page.text("β-galactosidase: skipped, the images are not here or this is a quick run.")
page.write()
