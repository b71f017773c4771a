#!/usr/bin/env python3
"""What Daybreak takes of memory: readers of large files, runs against their own estimate, a million rows of one image.

Usage: memory.py DAYBREAK. Prints Markdown; fails if a reader takes more than ten times its input and 100 MB, or a run more than
its estimate and a tenth. The peak is the resident one that the kernel counts (`ru_maxrss`).
"""
import gzip
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

program = os.path.realpath(sys.argv[1])
failures = []


def peak(*arguments, interrupt=None):
    """Runs the program, for so many seconds at most; its status, its output, and its peak of resident memory in MB."""
    process = subprocess.Popen(
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if interrupt:
        time.sleep(interrupt)
        process.send_signal(signal.SIGINT)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), text, usage.ru_maxrss * 1024 / 1e6


def inputs():
    """Writes large files of every text format, some of them odd."""
    row = "%06d@images.mrcs 12000.0 12100.0 30.0 1\n"
    head = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n" \
        "_rlnAmplitudeContrast #4\n_rlnImagePixelSize #5\n_rlnImageSize #6\n1 300 2.7 0.1 4.0 24\n\ndata_particles\n\nloop_\n" \
        "_rlnImageName #1\n_rlnDefocusU #2\n_rlnDefocusV #3\n_rlnDefocusAngle #4\n_rlnOpticsGroup #5\n"
    with open("rows.star", "w") as file:
        file.write(head)
        file.writelines(row % (1 + index % 8) for index in range(1_000_000))
    with open("one.star", "w") as file:
        file.write(head + row % 1)
    with open("one-line.star", "w") as file:
        file.write("data_\n_a '" + "x" * 20_000_000 + "'\n")
    with open("labels.star", "w") as file:
        file.write("data_\nloop_\n" + "".join(f"_label{index}\n" for index in range(500_000)))
    atom = "ATOM  %5d  CA  ALA A%4d    %8.3f%8.3f%8.3f  1.00 20.00           C  \n"
    with open("atoms.pdb", "w") as file:
        file.writelines(atom % (i % 100000, i % 10000, i % 97, i % 89, i % 83) for i in range(300_000))
    with open("atoms.cif", "w") as file:
        file.write("data_x\nloop_\n" + "".join(
            f"_atom_site.{n}\n" for n in ("group_PDB", "type_symbol", "Cartn_x", "Cartn_y", "Cartn_z")))
        file.writelines(f"ATOM C {i % 97}.5 {i % 89}.25 {i % 83}.0\n" for i in range(800_000))
    with open("atoms.pdb", "rb") as plain, gzip.open("atoms.pdb.gz", "wb", 1) as packed:
        packed.write(plain.read())
    with open("settings.yaml", "w") as file:
        file.writelines(f"key{index}: {index}\n" for index in range(3_800))


def readers():
    print("| input | MB | status | peak MB | times the input |")
    print("|---|---|---|---|---|")
    inputs()
    subprocess.run([program, "simulate", "--output", "map", "--particles", "1", "--box", "192", "--pixel-size", "2"],
                   check=True, capture_output=True)
    os.rename("map/truth.mrc", "map.mrc")
    cases = [
        ("rows.star", ["inspect", "rows.star"]), ("one-line.star", ["inspect", "one-line.star"]),
        ("labels.star", ["inspect", "labels.star"]), ("atoms.pdb", ["inspect", "atoms.pdb"]),
        ("atoms.cif", ["inspect", "atoms.cif"]), ("atoms.pdb.gz", ["inspect", "atoms.pdb.gz"]),
        ("map.mrc", ["inspect", "map.mrc"]),
        ("settings.yaml", ["reconstruct", "one.star", "--output", "none", "--settings-file", "settings.yaml"]),
    ]
    for name, arguments in cases:
        status, text, memory = peak(*arguments)
        # What is unpacked is what a reader must hold.
        size = os.path.getsize(name[:-3] if name.endswith(".gz") else name) / 1e6
        print(f"| `{name}` | {size:.1f} | {status} | {memory:.0f} | {memory / size:.1f} |", flush=True)
        if status not in (0, 2) or memory > 10 * size + 100:
            failures.append(f"{name}: status {status}, {memory:.0f} MB: {text[-300:]}")


def runs():
    print("\n| run | said MB | peak MB |")
    print("|---|---|---|")
    short = ["--set", "annealIterations=4", "--set", "annealBatch=10", "--set", "marchEpochs=0.02", "--threads", "2"]
    for particles, box, pixel, limit in (
            (10_000, 32, 8, 30), (300, 64, 5, 12.5), (300, 96, 3.5, 12), (200, 128, 3, 12)):
        folder = f"sim{box}"
        subprocess.run(
            [program, "simulate", "--output", folder, "--particles", str(particles), "--box", str(box),
             "--pixel-size", str(pixel), "--snr", "1"], check=True, capture_output=True)
        status, text, memory = peak(
            "reconstruct", f"{folder}/particles.star", "--output", f"run{box}", "--max-resolution", str(limit), *short)
        said = re.search(r"memory needed is about ([0-9.]+) (MB|GB)", text)
        estimate = float(said[1]) * (1000 if said[2] == "GB" else 1) if said else float("nan")
        print(f"| {particles} particles of {box} px to {limit} Å | {estimate:.0f} | {memory:.0f} |", flush=True)
        if status != 0 or not memory <= 1.1 * estimate:
            failures.append(f"{box} px: status {status}, {memory:.0f} MB of {estimate:.0f}: {text[-300:]}")
    print("\nA million rows that name eight images, stopped after a minute:", flush=True)
    subprocess.run([program, "simulate", "--output", "eight", "--particles", "8", "--box", "24", "--pixel-size", "4",
                    "--snr", "1"], check=True, capture_output=True)
    os.rename("eight/particles.mrcs", "images.mrcs")
    status, text, memory = peak(
        "reconstruct", "rows.star", "--output", "million", "--diameter", "80", "--max-resolution", "20", *short,
        interrupt=60)
    print(f"status {status}, peak {memory:.0f} MB")
    if status != 130:
        failures.append(f"a million rows: status {status}: {text[-300:]}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    readers()
    runs()
for failure in failures:
    print("FAILED", failure)
sys.exit(bool(failures))
