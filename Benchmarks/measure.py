"""What the benchmarks share: the program under test, its environment, and what a process costs."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("DAYBREAK_BIN", ROOT / ".build" / "release")) / "daybreak"
# Such variables make OpenBLAS choose kernels for another processor.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "NVPL_", "MKL_"))}


class Cost:
    """What one process cost."""

    def __init__(self, *command):
        start = time.perf_counter()
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True, env=ENVIRONMENT)
        problem = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: {problem.strip()}")
        self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024  # MiB


def resolution(path, reference):
    """Where a map's FSC with a reference falls below 0.5, after alignment, in Å."""
    done = subprocess.run([BIN, "compare", path, reference, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["resolution05"]
