"""RELION 3.1.3's InitialModel and Daybreak on the same particles and threads: seconds, memory, FSC.

    Benchmarks/peers/relion.py PARTICLES.star REFERENCE.mrc --diameter 180 [--to 20] [--iterations 300] [--symmetry C1]

RELION comes from Debian (`apt-get install relion`) and takes an hour or more on two cores. With --to it is ended as soon as one of
its maps, scored every ten iterations, has FSC 0.5 at that resolution in Å, and Daybreak is asked for no finer. With fewer
--iterations RELION's schedule is shortened in proportion, which is said in the output. It looks for images from the folder that
it is started in, here --project or else the STAR file's, and reads no 16-bit floats: particles stored so are converted first
(Experiments/float32.py).
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import BIN, ROOT, Cost, resolution  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("particles", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--diameter", type=float, required=True)
    parser.add_argument("--symmetry", default="C1")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--to", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--output", type=Path, default=ROOT / "runs" / "peers")
    arguments = parser.parse_args()
    if not shutil.which("relion_refine"):
        sys.exit("relion_refine is not on the PATH: apt-get install relion")
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in ("particles", "reference", "output"):
        setattr(arguments, name, getattr(arguments, name).resolve())
    os.chdir(arguments.project or arguments.particles.parent)
    initial, final = arguments.iterations // 6, arguments.iterations // 6
    between = arguments.iterations - initial - final
    for old in arguments.output.glob("relion_it*"):
        old.unlink()
    reached = {}

    def watch():
        """Scores maps as they appear."""
        for path in arguments.output.glob("relion_it*0_class001.mrc"):
            # A second after it appeared it is whole.
            if path in reached or time.time() - path.stat().st_mtime < 1:
                continue
            reached[path] = resolution(path, arguments.reference)
            print(f"RELION {path.stem[7:12]}: {reached[path]:.1f} Å", file=sys.stderr, flush=True)
        return min(reached.values(), default=1e9) <= arguments.to

    relion = Cost(
        "relion_refine", "--o", arguments.output / "relion", "--sgd", "--denovo_3dref", "--i", arguments.particles, "--ctf",
        "--K", 1, "--sym", arguments.symmetry, "--sgd_ini_iter", initial, "--sgd_inbetween_iter", between, "--sgd_fin_iter",
        final, "--sgd_write_iter", 10 if arguments.to else arguments.iterations, "--sgd_ini_resol", 35, "--sgd_fin_resol", 15,
        "--sgd_ini_subset", 100, "--sgd_fin_subset", 500, "--flatten_solvent", "--zero_mask",
        "--dont_combine_weights_via_disc", "--preread_images", "--pool", 3, "--pad", 1,
        "--particle_diameter", arguments.diameter, "--oversampling", 1, "--healpix_order", 1, "--offset_range", 6,
        "--offset_step", 2, "--j", arguments.threads, "--random_seed", 1, watch=watch if arguments.to else None)
    ours = Cost(
        BIN, "reconstruct", arguments.particles, "--output", arguments.output / "daybreak", "--overwrite", "--quiet",
        "--diameter", arguments.diameter, "--symmetry", arguments.symmetry, "--threads", arguments.threads,
        *(["--max-resolution", arguments.to] if arguments.to else []))
    model = sorted(arguments.output.glob("relion_it*_class001.mrc"))[-1]
    until = f", ended at {model.stem[7:12]}" if arguments.to else ""
    print(f"{arguments.threads} threads; RELION with {arguments.iterations} of its 300 iterations{until}\n")
    print("| program | FSC 0.5 | CPU s | wall s | peak MiB |\n|---|---|---|---|---|")
    for name, path, cost in (
            ("RELION 3.1.3 InitialModel", model, relion), ("Daybreak", arguments.output / "daybreak" / "map.mrc", ours)):
        print(f"| {name} | {resolution(path, arguments.reference):.1f} Å | {cost.cpu:.0f} | {cost.wall:.0f} | {cost.memory:.0f} |")
    print(f"\nCPU seconds: {relion.cpu / ours.cpu:.0f} ×")


main()
