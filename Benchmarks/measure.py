"""What the benchmarks share: the program under test, its environment, and what a process costs."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("DAYBREAK_BIN", ROOT / ".build" / "release")) / "daybreak"
# Such variables make OpenBLAS choose kernels for another processor.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "NVPL_", "MKL_"))}


class Cost:
    """What one process cost; `watch`, if given, is asked every second whether it may end, and ends it by saying so."""

    def __init__(self, *command, watch=None):
        start = time.perf_counter()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=errors, env=ENVIRONMENT)
            is_stopped = False
            while watch and not is_stopped and os.waitid(
                    os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                time.sleep(1)
                if watch():
                    process.terminate()
                    is_stopped = True
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0 and not is_stopped:
                errors.seek(0)
                sys.exit(f"{' '.join(map(str, command))}: {errors.read().strip()}")
        self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024  # MiB


def resolution(path, reference):
    """Where a map's FSC with a reference falls below 0.5, after alignment, in Å; infinite if nowhere above."""
    done = subprocess.run([BIN, "compare", path, reference, "--json"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["resolution05"]
    return float("inf") if found is None else found
