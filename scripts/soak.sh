#!/usr/bin/env bash
# A run of many iterations: is its resident memory flat?
# Compares the mean over the last tenth of an anneal of N iterations with that over the second tenth; fails above 2 %. What a run
# keeps of each iteration (a line of its log and a row of statistics) is within that. All iterations are on one quadrature, since the fine
# one of an anneal's end takes some MB more than the coarse one before it.
# Usage: [EVERY=SECONDS between checkpoints] scripts/soak.sh DAYBREAK [N]
set -euo pipefail
program=$(realpath "$1")
iterations=${2:-2000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" simulate --output data --particles 300 --box 64 --pixel-size 5 --snr 0.5 >/dev/null
"$program" reconstruct data/particles.star --output run --max-resolution 25 \
    --set annealIterations="$iterations" --set annealBatch=10 --set annealCoarseShare=0 --set annealRetries=0 --set marchEpochs=0.2 \
    --checkpoint-every "${EVERY:-10000}" --quiet --json >events &
process=$!
# Iterations done and kilobytes; the process may end between the test and the reading.
while kill -0 $process 2>/dev/null; do
    awk -v n="$(wc -l <events)" '/^VmRSS:/ { print n, $2 }' /proc/$process/status 2>/dev/null >>memory || true
    sleep 0.05
done
wait $process
awk -v n="$iterations" '
    $1 > n / 10 && $1 <= n / 5 { early += $2; earlyCount++ }
    $1 > 0.9 * n && $1 <= n { late += $2; lateCount++ }
    END {
        early /= earlyCount * 1024
        late /= lateCount * 1024
        growth = 100 * (late / early - 1)
        printf "%d iterations: %.1f MB from %d to %d, %.1f MB from %d to %d: %+.1f %%\n", \
            n, early, n / 10, n / 5, late, 0.9 * n, n, growth
        exit growth > 2
    }' memory
