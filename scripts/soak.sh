#!/usr/bin/env bash
# A run of many iterations: is its resident memory flat?
# Compares the peak of a run of N iterations with that of N / 10; fails above 2 %. What a run keeps of each iteration (a line of its log
# and a row of statistics, some 0.8 kB) is within that.
# Usage: [EVERY=SECONDS between checkpoints] scripts/soak.sh DAYBREAK [N]
set -euo pipefail
program=$(realpath "$1")
iterations=${2:-2000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" simulate --output data --particles 300 --box 64 --pixel-size 5 --snr 0.5 >/dev/null

# The peak of a run, in kB.
peak() {
    "$program" reconstruct data/particles.star --output "run$1" --max-resolution 25 --set annealResolution=40 \
        --set annealIterations="$1" --set annealBatch=10 --set shiftExtent=16 --set marchEpochs=0.2 \
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

short=$(peak $((iterations / 10)))
long=$(peak "$iterations")
awk -v n="$iterations" -v a="$short" -v b="$long" 'BEGIN {
    growth = 100 * (b / a - 1)
    printf "%d iterations: peak %.1f MB; %d: %.1f MB; %+.1f %%\n", n / 10, a / 1024, n, b / 1024, growth
    exit growth > 2
}'
