#!/bin/sh
# Runs RELION's InitialModel (the command of its GUI, version 3.1) on the β-galactosidase set; hours on two cores.
#
#   Experiments/relion.sh PARTICLES.star OUTPUT
#
# RELION 3.1 reads no 16-bit floats: PARTICLES.star must name a stack of 32-bit ones (float32.py converts). Whatever it
# has reached when it is stopped can be scored by projection_matching.py; cost.json holds its CPU seconds so far.
set -eu
[ $# -eq 2 ] || { sed -n '2,7p' "$0" >&2; exit 64; }
command -v relion_refine >/dev/null || { echo "relion.sh: relion_refine is not on the PATH; apt-get install relion" >&2; exit 2; }
mkdir -p "$2"
relion_refine --o "$2/run" --sgd --denovo_3dref --i "$1" --ctf --K 1 --sym C1 --sgd_ini_iter 50 --sgd_inbetween_iter 200 \
    --sgd_fin_iter 50 --sgd_write_iter 10 --sgd_ini_resol 35 --sgd_fin_resol 15 --sgd_ini_subset 100 --sgd_fin_subset 500 \
    --flatten_solvent --zero_mask --dont_combine_weights_via_disc --preread_images --pool 3 --pad 1 \
    --particle_diameter 180 --oversampling 1 --healpix_order 1 --offset_range 6 --offset_step 2 --j 1 --random_seed 1 &
relion=$!
ticks=$(getconf CLK_TCK)
while kill -0 $relion 2>/dev/null; do
    cut -d' ' -f14,15 "/proc/$relion/stat" 2>/dev/null | awk -v t="$ticks" '{print "{\"cpu\": " ($1+$2)/t "}"}' \
        >"$2/cost.new" && [ -s "$2/cost.new" ] && mv "$2/cost.new" "$2/cost.json"
    sleep 10
done
wait $relion
