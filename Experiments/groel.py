"""Experiment 6: the paper's synthetic case, GroEL–GroES of PDB 1AON."""

import lab

PARTICLES = 20000
OPTICS = ["--box", 128, "--pixel-size", 2.8, "--snr", 0.05, "--voltage", 200, "--cs", 2.0, "--amplitude-contrast", 0.07,
          "--shift-sigma", 8.4]


def simulate_groel(count):
    return lab.simulate(f"groel-{count}", "--model", lab.shared("models/1aon.pdb.gz"), "--particles", count, *OPTICS)


def reconstruct_default(source, count):
    return lab.reconstruct("groel/default", source / "particles.star", "--diameter", 230, "--max-resolution", 9,
                           "--set", f"marchBatch={max(200, count // 20)}")


def error_near(iterations, resolution):
    """The evidence error measured at, or next after, a limit."""
    errors = [e["sampling"]["evidenceError"] for e in iterations
              if e["resolution"] <= resolution + 1e-6 and (e.get("sampling") or {}).get("evidenceError") is not None]
    return f"{errors[0]:.2f}" if errors else "–"


def add_milestones(page, source, count, run, report):
    """Maps of runs that stop at coarser limits: when a resolution is reached, by FSC with the truth."""
    rows = []
    for limit, name in ((22, "to-22"), (9, None)):
        if name:
            other = lab.reconstruct(f"groel/{name}", source / "particles.star", "--diameter", 230, "--max-resolution", limit,
                                    "--set", f"marchBatch={max(200, count // 20)}")
            score = lab.compare(other.map, source / "truth.mrc")
        else:
            other, score = run, report
        marches = [e for e in other.iterations if e["phase"] == "march"]
        steps = max(1, round(count / marches[-1]["batchSize"]))
        epoch = (marches[-1]["seconds"] - marches[-min(steps, len(marches))]["seconds"]) * steps / max(1, min(steps, len(marches)) - 1)
        rows.append([f"{limit} Å", f"{score['resolution05']:.1f} Å", f"{other.cost['wall']:.0f}", f"{other.cost['cpu']:.0f}",
                     f"{epoch:.0f}"])
    page.text("Whole runs to two limits, each with its final pass over all images:")
    page.table(["limit", "FSC 0.5", "wall s", "CPU s", "wall s an epoch at the limit"], rows)


def main():
    if lab.shared("models/1aon.pdb.gz") is None:
        lab.skip("the model 1aon.pdb.gz is not here")
    count = 500 if lab.QUICK else PARTICLES
    source = simulate_groel(count)
    if lab.QUICK:
        run = lab.reconstruct("groel/default", source / "particles.star", "--diameter", 230, "--max-resolution", 24,
                              "--set", "annealIterations=40")
    else:
        run = reconstruct_default(source, count)
    report = lab.compare(run.map, source / "truth.mrc", "--poses", run.particles, "--true-poses", source / "truth.star",
                         "--symmetry", "C7", "--aligned", run.folder / "aligned.mrc")
    page = lab.Page("groel", "The paper's synthetic case: GroEL–GroES",
                    f"PDB 1AON as in the paper: 128² pixels of 2.8 Å, 200 kV, SNR 0.05, shifts of 3 px. {count} images"
                    " where the paper has 40,000, a random start, no symmetry imposed, our default method with its limit"
                    " set to 9 Å (`--diameter 230 --max-resolution 9`, minibatches of a twentieth of the set).")
    if not lab.QUICK:
        add_milestones(page, source, count, run, report)
    rows, seen = [], set()
    for entry in run.iterations:
        sampling = entry.get("sampling")
        for mark in (32, 25, 20, 15, 12, 10, 9):
            if entry["resolution"] <= mark * 1.02 and mark not in seen:
                seen.add(mark)
                rows.append([
                    f"{entry['resolution']:.1f} Å", entry["iteration"], f"{entry['seconds']:.0f}", f"{entry['poseCount']:.1e}",
                    "exact" if not sampling else f"{sampling['pointFraction']:.1e}",
                    "–" if not sampling else f"{sampling['fullPointFraction']:.1e}",
                    "–" if not sampling else f"{1e3 * sampling['secondsPerImage']:.2f}",
                    error_near(run.iterations, entry["resolution"])])
    page.table(["limit reached", "iteration", "wall s since the start", "points of an image's quadrature",
                "evaluated", "evaluated of the product with all shifts", "ms an image",
                "evidence error of 8 images, median, nats"], rows)
    last = run.iterations[-1]
    sampling = last.get("sampling") or {}
    at_ten = [e["sampling"] for e in run.iterations if e.get("sampling") and e["resolution"] <= 10.2]
    page.text(f"**FSC 0.5 at {report['resolution05']:.1f} Å**, 0.143 at {report['resolution0143']:.1f} Å; median pose error"
              f" {report['medianAngleDegrees']:.1f}°, shift error {report['medianShiftPixels']:.2f} px;"
              f" {run.cost['cpu']:.0f} CPU s, {run.cost['wall']:.0f} s wall on two threads.")
    if at_ten:
        fraction = at_ten[0]["fullPointFraction"]
        page.text(f"At 1/10 Å⁻¹ {fraction:.1e} of the full product of directions, in-plane angles and shifts (to 30 Å) is"
                  f" evaluated. The last pass over all images took {1e3 * sampling.get('secondsPerImage', 0):.2f} ms an image"
                  f" for evidence and gradient, {count * sampling.get('secondsPerImage', 0):.0f} s an epoch.")
    figure, (axis, time_axis) = lab.plt.subplots(1, 2, figsize=(8, 3.2))
    lab.plot_fsc(axis, report, color=lab.COLOURS[0])
    axis.set_xlim(0, 1 / 6.5)
    lab.finish_fsc(axis)
    time_axis.plot([e["seconds"] for e in run.iterations], [e["resolution"] for e in run.iterations], color=lab.COLOURS[0])
    time_axis.set_xlabel("wall s")
    time_axis.set_ylabel("frequency limit / Å")
    page.figure(figure, "groel-fsc", "FSC with the truth, and the frequency limit over time")
    figure, axes = lab.plt.subplots(1, 4, figsize=(8, 2.3))
    for axis, voxels, title, projected in (
            (axes[0], lab.volume(run.folder / "aligned.mrc"), "ours, central slice", False),
            (axes[1], lab.volume(source / "truth.mrc"), "truth, central slice", False),
            (axes[2], lab.volume(run.folder / "aligned.mrc"), "ours, projection", True),
            (axes[3], lab.volume(source / "truth.mrc"), "truth, projection", True)):
        lab.show_map(axis, voxels, title, projected)
    page.figure(figure, "groel-maps", "The map, laid on the truth")
    page.write()


if __name__ == "__main__":
    main()
