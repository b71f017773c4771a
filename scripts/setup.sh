#!/bin/sh
# Installs the Debian packages that the build needs, if any is missing; with sudo when not root.
#
#   scripts/setup.sh [more packages …]
set -eu
command -v swift >/dev/null || {
    echo "setup: swift is not on the PATH; install Swift 6.2 or later first" >&2
    exit 2
}
packages="libfftw3-dev libopenblas-dev libpng-dev libssl-dev zlib1g-dev pkg-config $*"
missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
run=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup: please install as root: apt-get install$missing" >&2
        exit 2
    }
    run="sudo"
fi
echo "setup: installing$missing"
$run apt-get update -q
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -q --no-install-recommends $missing
