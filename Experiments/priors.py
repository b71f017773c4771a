"""Experiment 3: priors on the density."""

import lab

PRIORS = {
    "uniform": ("uniform", 0),
    "exponential 0.9": ("exponential", 0.9),
    "exponential 0.09": ("exponential", 0.09),
    "neighbourhood 75": ("neighbourhood", 75),
    "gaussian 1": ("gaussian", 1.0),
}

page = lab.Page(
    "priors", "Priors on the density",
    "The paper compares three priors. Here the same images are reconstructed from the same start with each, at the"
    " strengths that the paper's program ships (exponential λ = 0.9; CAR, our *neighbourhood*, 75; Gaussian of one density"
    " scale) and a weaker exponential, twice: with"
    " our default optimizer, which has a prior on the power of each shell of its own, and with the paper's SAGD, which has"
    " no other.")
source, title = lab.synthetic()
real = None if lab.QUICK else lab.betagal()
particles, reference = real if real else (source / "particles.star", source / "truth.mrc")
shown = "β-galactosidase, C1" if real else title
base = ["--diameter", 180] if real else []
methods = {
    "default": ["--set", "annealIterations=20"] if lab.QUICK else [],
    "SAGD": ["--preset", "paper", "--set", "sampling=none", "--set", "hasColouredNoise=true", "--set", "shiftExtent=30",
             "--max-resolution", 34, "--max-iterations", 40 if lab.QUICK else 400],
}
results = {}
for method, options in methods.items():
    for prior, (kind, strength) in PRIORS.items():
        try:
            run = lab.reconstruct(f"priors/{method}-{prior.replace(' ', '-')}", particles, *base, *options, "--set",
                                  f"prior={kind}", "--set", f"priorStrength={strength}")
        except RuntimeError as error:
            if "has vanished" not in str(error):
                raise
            results[method, prior] = None
            continue
        moved = run.folder / "aligned.mrc"
        results[method, prior] = (run, lab.compare(run.map, reference, "--aligned", moved))
rows = []
for (method, prior), result in results.items():
    if result is None:
        rows.append([method, prior, "empty map", "–", "–", "100%", "0", "–"])
        continue
    run, report = result
    voxels = lab.volume(run.map)
    rows.append([method, prior, f"{report['resolution05']:.1f} Å", f"{report['resolution0143']:.1f} Å",
                 f"{run.iterations[-1]['logEvidence']:.1f}", f"{(voxels <= 0).mean():.0%}",
                 f"{voxels.sum():.3g}", f"{run.cost['cpu']:.0f}"])
page.text(f"{shown}, seed 1.")
page.table(["optimizer", "prior", "FSC 0.5", "FSC 0.143", "log-evidence an image", "voxels at zero", "sum of the density",
            "CPU s"], rows)
figure, axes = lab.plt.subplots(2, len(PRIORS), figsize=(9, 4))
for row, method in enumerate(methods):
    for column, prior in enumerate(PRIORS):
        result = results[method, prior]
        axes[row, column].axis("off")
        if result:
            lab.show_map(axes[row, column], lab.volume(result[0].folder / "aligned.mrc"), f"{method}, {prior}")
page.figure(figure, "priors-slices", "Central slices, laid on the reference, from zero to each map's largest value")
figure, (left, right) = lab.plt.subplots(1, 2, figsize=(8, 3.2))
for index, prior in enumerate(PRIORS):
    for method, style in (("default", "-"), ("SAGD", "--")):
        if results[method, prior] is None:
            continue
        run, report = results[method, prior]
        lab.plot_fsc(left, report, color=lab.COLOURS[index], ls=style, lw=1, label=f"{method}, {prior}")
        voxels = lab.volume(run.map).ravel()
        counts, edges = lab.np.histogram(voxels[voxels > 0] / voxels.std(), bins=60, range=(0, 12), density=True)
        right.semilogy((edges[1:] + edges[:-1]) / 2, lab.np.maximum(counts, 1e-6), color=lab.COLOURS[index], ls=style, lw=1)
lab.finish_fsc(left)
left.legend(fontsize=5)
right.set_xlabel("voxel / standard deviation of the map")
right.set_ylabel("density of positive voxels")
page.figure(figure, "priors-curves", "FSC with the reference, and histograms of the voxels")
page.write()
