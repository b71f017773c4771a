"""Right every time: sets × seeds with default settings, and what the half-sets say against what the reference says."""

import lab

def row(title, name, particles, reference, good, *options, poses=None, starts=10):
    """One line a set: all seeds."""
    seeds = range(1, 3 if lab.QUICK else starts + 1)
    runs = [lab.reconstruct(f"{name}-{seed}", particles, "--seed", seed, *options, halves=True) for seed in seeds]
    reports = [
        lab.compare(run.map, reference, *(["--poses", run.particles, "--true-poses", poses] if poses else []))
        for run in runs]
    right = sum(report["resolution05"] <= good for report in reports)

    def span(values, unit):
        return f"{min(values):.1f}–{max(values):.1f}{unit}"

    return [title, f"{right} of {len(runs)}", f"{good:.1f} Å", span([r["resolution05"] for r in reports], " Å"),
            span([run.record["resolution"]["fsc0143"] for run in runs], " Å"),
            span([r["medianAngleDegrees"] for r in reports], "°") if poses else "–",
            span([run.record["seconds"] for run in runs], " s")]


page = lab.Page("robustness", "Right every time?",
                "Default settings, nothing set but diameter and symmetry; a seed decides the start and every later draw. *Right* is"
                " FSC 0.5 with the reference or the truth at the resolution asked for. Half-sets learn apart from the end of the"
                " anneal; a run ends by itself where they disagree, at 2.5 pixels at the latest.")
rows = []
real = lab.betagal()
if real:
    rows.append(row("β-galactosidase, C1", "random-starts/betagal", *real, 14, "--diameter", 180))
    rows.append(row("β-galactosidase, D2", "robustness/betagal-D2", *real, 11, "--diameter", 180, "--symmetry", "D2"))
source, title = lab.synthetic()
rows.append(row(f"{title}, SNR {0.2 if lab.QUICK else 0.05}", "random-starts/synthetic", source / "particles.star",
                source / "truth.mrc", 2.5 * 2 * (8 if lab.QUICK else 5.078), poses=source / "truth.star",
                starts=5))
page.table(["set", "right", "asked", "FSC 0.5", "half-sets, FSC 0.143", "median pose error", "wall time"], rows)
page.write()
