"""Experiment 2: what importance sampling saves, and what it costs in accuracy."""

import json

import lab

CASES = {
    "joint": ["--preset", "default"],
    "hot": ["--preset", "default", "--temperature", 8],
    "paper": ["--preset", "paper"],
}
NAMES = {"joint": "ours", "hot": "ours, T = 8", "paper": "paper's"}


def measure(name, particles, run, diameter, symmetry, last):
    """One line a frequency limit for our sampler, the same with hotter memories, and the paper's."""
    results = {}
    for kind, options in CASES.items():
        output = lab.cached(f"importance-sampling/{name}-{kind}.jsonl", [
            lab.BIN / "sampling-study", particles, "--map", run.map, "--diameter", diameter, "--symmetry", symmetry,
            "--images", 16 if lab.QUICK else 48, "--from", 32, "--to", last, *options])
        results[kind] = [json.loads(line) for line in output.splitlines()]
    return results


def study(page, name, title, results):
    ours, papers = results["joint"], results["paper"]
    chosen = sorted({0, len(ours) // 4, len(ours) // 2, 3 * len(ours) // 4, len(ours) - 1})
    page.text(f"## {title}")
    rows = []
    for index in chosen:
        for kind, sampler in NAMES.items():
            row = results[kind][index]
            rows.append([
                f"{row['resolution']:.1f} Å", sampler, f"{row['points']:.1e}", f"{row['nodeFraction']:.1e}",
                f"{row['angleFraction']:.2f}", f"{row['pointFraction']:.1e}",
                f"{row['effectiveDirections']:.1f} · {row['effectiveAngles']:.1f} · {row['effectiveShifts']:.1f}",
                f"{1e3 * row['exactSecondsPerImage']:.1f}", f"{1e3 * row['secondsPerImage']:.2f}",
                f"{row['evidenceError']:.3f} ({row['evidenceError90']:.2f})", f"{row['firstEvidenceError']:.3f}",
                f"{row['gradientError']:.2f}"])
    page.table(["limit", "sampler", "points of the product", "(direction, shift) evaluated", "angles", "points evaluated",
                "effective directions · angles · shifts", "exact, ms an image", "sampled, ms an image",
                "evidence error, median (90 %), nats", "the same, first visit", "gradient error"], rows)
    last = ours[-1]
    hot = results["hot"][-1]
    page.text(f"At {last['resolution']:.1f} Å our sampler evaluates {last['nodeFraction']:.1e} of the (direction, shift)"
              f" pairs with a median evidence error of {last['evidenceError']:.3f} nats, in"
              f" {last['exactSecondsPerImage'] / last['secondsPerImage']:.3g} times less time than our own exact sum over"
              f" the same quadrature; with memories at T = 8 {hot['nodeFraction']:.1e}, {hot['evidenceError']:.3f} nats and"
              f" {hot['exactSecondsPerImage'] / hot['secondsPerImage']:.3g} times less; the paper's factorised"
              f" sampler lets {papers[-1]['pointFraction']:.1e} of all points into its sum, with an error of {papers[-1]['evidenceError']:.3f} nats, in"
              f" {papers[-1]['exactSecondsPerImage'] / papers[-1]['secondsPerImage']:.3g} times less.")
    figure, (left, right) = lab.plt.subplots(1, 2, figsize=(8, 3.2))
    frequency = [1 / row["resolution"] for row in ours]
    left.semilogy(frequency, [row["points"] for row in ours], color="k", label="all points")
    for index, (kind, label) in enumerate(NAMES.items()):
        left.semilogy(frequency, [row["points"] * row["pointFraction"] for row in results[kind]], color=lab.COLOURS[index],
                      label=label)
        right.semilogy(frequency, [1e3 * row["secondsPerImage"] for row in results[kind]], color=lab.COLOURS[index],
                       label=label)
    right.semilogy(frequency, [1e3 * row["exactSecondsPerImage"] for row in ours], color="k", label="our exact sum")
    left.set_ylabel("points evaluated an image")
    right.set_ylabel("ms an image")
    for axis in (left, right):
        axis.set_xlabel("frequency limit / Å⁻¹")
        axis.legend(fontsize=7)
    page.figure(figure, f"importance-sampling-{name}", f"{title}: points and time an image against the frequency limit")


page = lab.Page(
    "importance_sampling", "Importance sampling",
    "The paper claims that importance sampling reduces the poses evaluated by 10⁵ and more. At each frequency limit the"
    " images are visited four times on drawn nodes, the first time from what they remember of the limit before; the last"
    " visit is compared with the exact sum over all directions, in-plane angles and shifts (to 30 Å) at the same density."
    " The density is a map that the program found, to its own limit. The time includes draws, evidence and gradient. *Ours* draws (direction, shift) pairs and sums all in-plane angles;"
    " *the paper's* draws each factor (s₀ = 10, floor 0.05, T = 1.25) and evaluates the product.")
source, title = lab.synthetic()
run = lab.reconstruct("importance-sampling/synthetic-map", source / "particles.star", "--seed", 1)
study(page, "synthetic", f"{title}, asymmetric",
      measure("synthetic", source / "particles.star", run, run.record["diameter"], "C1", 32 if lab.QUICK else 20.4))
groel = lab.shared("models/1aon.pdb.gz")
if groel and not lab.QUICK:
    from groel import PARTICLES, reconstruct_default, simulate_groel

    source = simulate_groel(PARTICLES)
    run = reconstruct_default(source, PARTICLES)
    for symmetry in ("C7", "C1"):
        results = measure(f"groel-{symmetry}", source / "particles.star", run, 230, symmetry, 10)
        study(page, f"groel-{symmetry}", f"GroEL–GroES, directions of {symmetry}", results)
real = lab.betagal()
if real:
    particles, reference = real
    page.text("## The same map with and without it: β-galactosidase, C1, seed 1")
    runs = {"joint (default)": lab.reconstruct(
        "importance-sampling/betagal-joint", particles, "--seed", 1, "--diameter", 180)}
    for kind in ("none", "factorised"):
        runs[kind] = lab.reconstruct(f"importance-sampling/betagal-{kind}", particles, "--seed", 1, "--diameter", 180,
                                     "--set", f"sampling={kind}")
    rows = []
    for kind, run in runs.items():
        own = lab.compare(run.map, reference)
        between = lab.compare(run.map, runs["none"].map)["fsc"]
        within = [c for shell, c in enumerate(between["correlations"]) if 0 < shell / between["boxLength"] <= 1 / own["resolution05"]]
        rows.append([kind, f"{own['resolution05']:.1f} Å", f"{min(within):.3f}", f"{run.iterations[-1]['logEvidence']:.2f}",
                     f"{run.cost['cpu']:.0f}"])
    page.table(["sampling", "FSC 0.5 with the reference", "least FSC with the map of exact sums, up to there",
                "log-evidence an image", "CPU s"], rows)
page.write()
