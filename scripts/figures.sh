#!/bin/sh
# The README's pictures, from the demonstration's data, the program and Chromium: docs/images.
#
#   scripts/figures.sh PROGRAM DEMO
#
# `make demo` has been run: its run is shown as it is. A second run, with another seed, is photographed while it works and then
# laid upon the first. Nothing is retouched; the live picture depends on how far the run is when it is taken.
set -eu
program=$1
demo=$2
images=docs/images
browser=$(command -v chromium || command -v chromium-browser) || {
    echo "figures: chromium is missing; install it, or scripts/setup.sh chromium" >&2
    exit 2
}
profile=$(mktemp -d)
serving=""
trap 'rm -rf "$profile"; [ -z "$serving" ] || kill "$serving" 2>/dev/null || true' EXIT

# shot ADDRESS FILE WIDTH HEIGHT [browser flags …]
shot() {
    address=$1 file=$2 width=$3 height=$4
    shift 4
    "$browser" --headless --no-sandbox --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader \
        --hide-scrollbars --timeout=${wait:-6000} --user-data-dir="$profile" --window-size="$width,$height" \
        --screenshot="$file" "$@" "$address" >/dev/null 2>&1
    echo "wrote $file"
}

# address FILE: waits for the address of a page that the program says in a file.
address() {
    until grep -o 'http://127[^ "]*' "$1"; do sleep 0.2; done | head -1
}

"$program" inspect "$demo/data/particles.star" --picture $images/particles.png >/dev/null
cp "$demo/map-and-truth.png" $images/demo.png
report="file://$(cd "$demo" && pwd)/run/report.html"
shot "$report" $images/report.png 1200 1000
shot "$report" $images/report-dark.png 1200 1000 --force-dark-mode --blink-settings=preferredColorScheme=0
shot "$report" $images/report-narrow.png 500 1000

# The address is the program's word, not a file of the run's.
said=$profile/said
"$program" reconstruct "$demo/data/particles.star" --output "$demo/second" --overwrite --seed 2 --web 2>"$said" &
run=$!
live=$(address "$said")
sleep 25
# Figures are drawn once somebody looks; a page that is opened then comes with them.
curl -s -N --max-time 6 "${live}run/0/events" >/dev/null || true
shot "${live}run/0/" $images/live.png 1200 1000
wait $run
"$program" view "$demo/run" "$demo/second" >"$said" &
serving=$!
view=$(address "$said")
# The maps are laid upon each other once; the page then comes with the result.
curl -s "${view}compare/0/1/result" >/dev/null
shot "${view}compare/0/1/" $images/compare.png 1200 1000
