#!/usr/bin/env bash
# 2,000 iterations of a tiny problem, with a checkpoint every second; says whether the resident memory stays flat.
# Usage: [EVERY=SECONDS] scripts/soak.sh DAYBREAK [ITERATIONS]
set -euo pipefail
program=$(realpath "$1")
iterations=${2:-2000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" simulate --output data --particles 60 --box 24 --pixel-size 8 --snr 0.5 >/dev/null
"$program" reconstruct data/particles.star --output run --max-resolution 40 --set annealResolution=48 \
    --set annealIterations="$iterations" --set annealBatch=20 --set shiftExtent=12 --checkpoint-every "${EVERY:-1}" --quiet &
process=$!
while kill -0 $process 2>/dev/null; do
    # Resident kilobytes; the process may end between the test and the reading.
    awk '/^VmRSS:/ { print $2 }' /proc/$process/status 2>/dev/null >>memory || true
    sleep 0.2
done
wait $process
done=$(grep -c '"relativeChange"' run/run.json)
# The first fifth is warm-up: every particle has been met and the first checkpoints were written.
awk -v iterations="$done" '
    { value[NR] = $1 }
    END {
        first = int(NR / 5) + 1
        low = high = value[first]
        for (i = first; i <= NR; i++) { if (value[i] < low) low = value[i]; if (value[i] > high) high = value[i] }
        # The end against the beginning: a leak grows, a spread does not.
        span = int((NR - first + 1) / 4); a = b = 0
        for (i = 0; i < span; i++) { a += value[first + i]; b += value[NR - i] }
        growth = 100 * (b - a) / a
        printf "%d iterations, %d samples: %.1f to %.1f MB after warm-up, last quarter against first %+.2f %%\n",
            iterations, NR, low / 1024, high / 1024, growth
        exit growth > 2
    }' memory
