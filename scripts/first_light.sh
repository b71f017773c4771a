#!/bin/sh
# Reconstructs one set of particles from several random starts and scores each map against a reference.
#
#   scripts/first_light.sh OUTPUT PARTICLES.star REFERENCE.mrc "SEEDS" [reconstruct options …]
#
# Prints one line a seed; run folders stay in OUTPUT. `TRUTH=truth.star` adds pose errors.
set -eu
[ $# -ge 4 ] || { sed -n '2,6p' "$0" >&2; exit 64; }
output=$1 particles=$2 reference=$3 seeds=$4
shift 4
daybreak=${DAYBREAK:-.build/release/daybreak}
for seed in $seeds; do
    run="$output/seed$seed"
    start=$(date +%s)
    "$daybreak" reconstruct "$particles" --output "$run" --overwrite --seed "$seed" --quiet "$@"
    seconds=$(($(date +%s) - start))
    if [ -n "${TRUTH:-}" ]; then
        score=$("$daybreak" compare "$run/map.mrc" "$reference" --picture "$run/compare.png" \
            --poses "$run/particles.star" --true-poses "$TRUTH" | tr '\n' ' ')
    else
        score=$("$daybreak" compare "$run/map.mrc" "$reference" --picture "$run/compare.png")
    fi
    echo "seed $seed · $seconds s · $score"
done
