"""The paper's own settings, whole: SAGD, its clock, its sampler, white noise, exponential prior."""

import lab

page = lab.Page(
    "paper_preset", "The paper's settings",
    "`--preset paper`: SAGD with ε = max(1/16, 2^(1 − ⌊τ/150⌋)), 1/50 Å⁻¹ at first and 0.005 more every 150 iterations,"
    " directions, in-plane angles and shifts sampled each by itself, white noise, exponential prior of λ = 0.9, positivity,"
    " minibatches of 200, 200 images held out (at most a tenth). From random starts of our own amplitude.")
iterations, last = (40, 40) if lab.QUICK else (600, 27)
source, title = lab.synthetic()
sets = {title: (source / "particles.star", source / "truth.mrc", [])}
real = lab.betagal()
if real:
    sets["β-galactosidase"] = (*real, ["--diameter", 180])
rows, panels = [], []
for name, (particles, reference, options) in sets.items():
    for seed in (1,):
        run = lab.reconstruct(
            f"paper-preset/{name.replace(' ', '-')}-{seed}", particles, "--preset", "paper", "--seed", seed, *options,
            "--max-iterations", iterations, "--max-resolution", last)
        report = lab.compare(run.map, reference)
        panels.append((f"{name}, seed {seed}", run, report))
        steps = [e for e in run.iterations if e["phase"] != "final"]
        held = [e["heldOutLogEvidence"] for e in steps if e.get("heldOutLogEvidence") is not None]
        sampling = [e["sampling"] for e in steps if e.get("sampling")]
        rows.append([name, seed, f"{steps[-1]['resolution']:.1f} Å", f"{report['resolution05']:.1f} Å",
                     f"{held[0]:.2f} → {held[-1]:.2f}" if held else "–", f"{sampling[-1]['pointFraction']:.1e}",
                     f"{sampling[-1]['directionFraction']:.2f} · {sampling[-1]['angleFraction']:.2f} ·"
                     f" {sampling[-1]['shiftFraction']:.2f}", f"{run.cost['cpu']:.0f}"])
page.table(["set", "seed", "limit", "FSC 0.5", "held-out log-evidence, first → last", "points evaluated at last",
            "directions · angles · shifts", "CPU s"], rows)
figure, axes = lab.plt.subplots(1, 3, figsize=(9, 3.2))
for index, (label, run, report) in enumerate(panels):
    style = {"color": lab.COLOURS[index % len(lab.COLOURS)], "lw": 1, "label": label}
    lab.plot_fsc(axes[0], report, **style)
    steps = [e for e in run.iterations if e.get("sampling")]
    axes[1].semilogy([e["iteration"] for e in steps], [e["sampling"]["pointFraction"] for e in steps], **style)
    held = [e for e in run.iterations if e.get("heldOutLogEvidence") is not None and e["phase"] != "final"]
    axes[2].plot([e["iteration"] for e in held], [e["heldOutLogEvidence"] for e in held], **style)
lab.finish_fsc(axes[0])
axes[0].legend(fontsize=5)
axes[1].set_xlabel("iteration")
axes[1].set_ylabel("part of the points evaluated")
axes[2].set_xlabel("iteration")
axes[2].set_ylabel("held-out log-evidence / nats")
page.figure(figure, "paper-preset", "FSC with the reference, points evaluated, and the evidence of images held out")
page.write()
