#!/usr/bin/env bash
# A tiny problem for N iterations and again for 2 N: what the peak of the resident memory grows by, an iteration.
# A run keeps a line of its log and a row of statistics of each iteration; anything beyond 2 kB is a leak.
# Usage: [EVERY=SECONDS between checkpoints] scripts/soak.sh DAYBREAK [N]
set -euo pipefail
program=$(realpath "$1")
iterations=${2:-2000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" simulate --output data --particles 60 --box 24 --pixel-size 8 --snr 0.5 >/dev/null

# The peak of a run, in kB.
peak() {
    "$program" reconstruct data/particles.star --output "run$1" --max-resolution 40 --set annealResolution=48 \
        --set annealIterations="$1" --set annealBatch=20 --set shiftExtent=12 \
        --checkpoint-every "${EVERY:-10000}" --quiet &
    process=$!
    while kill -0 $process 2>/dev/null; do
        # The process may end between the test and the reading.
        awk '/^VmHWM:/ { print $2 }' /proc/$process/status 2>/dev/null >>"memory$1" || true
        sleep 0.05
    done
    wait $process
    tail -n 1 "memory$1"
}

first=$(peak "$iterations")
second=$(peak $((2 * iterations)))
awk -v n="$iterations" -v a="$first" -v b="$second" 'BEGIN {
    growth = (b - a) / n
    printf "%d iterations: peak %.1f MB; %d: %.1f MB; %.2f kB an iteration\n", n, a / 1024, 2 * n, b / 1024, growth
    exit growth > 2
}'
