#!/usr/bin/env bash
# Fuzzes every reader, or those that are named, with libFuzzer; what crashed or hung stays in .build-fuzz/found.
#   RUNS       executions of each reader
#   SECONDS_EACH  at most so long for each; 0 for no limit
#   SEED       of the mutations
set -uo pipefail
cd "$(dirname "$0")/.."
RUNS=${RUNS:-1000000}
SECONDS_EACH=${SECONDS_EACH:-0}
READERS=${*:-mrc star particles pdb cif gzip checkpoint settings plan}
shared=${DAYBREAK_SHARED:-../shared}
mkdir -p .build-fuzz/found
status=0
printf '%-11s %11s %8s %9s %10s %8s\n' reader executions crashes slowest_s peak_MB corpus
for reader in $READERS; do
    corpus=.build-fuzz/corpus/$reader
    mkdir -p "$corpus"
    # Real files, cut to what is fuzzed at a useful speed.
    case $reader in
    mrc) samples=$(ls "$shared"/data/readers/*.mrc* "$shared"/data/maps/* 2>/dev/null) ;;
    star | particles) samples=$(find "$shared/data" -name '*.star' 2>/dev/null) ;;
    gzip) samples=$(ls "$shared"/data/models/*.gz 2>/dev/null) ;;
    *) samples= ;;
    esac
    for sample in $samples; do
        cut=$corpus/sample-$(basename "$sample")
        [ -e "$cut" ] || head -c 4096 "$sample" >"$cut"
    done
    # A second for one input is a hang; 512 MB are far above what the fuzzer itself takes.
    SWIFT_BACKTRACE=enable=no DAYBREAK_FUZZ=$reader .build-fuzz/release/daybreak-fuzz \
        -runs="$RUNS" -max_total_time="$SECONDS_EACH" -timeout=1 -rss_limit_mb=512 -max_len=$([ "$reader" = checkpoint ] && echo 32768 || echo 8192) -seed="${SEED:-1}" \
        -len_control=0 -print_final_stats=1 -artifact_prefix=.build-fuzz/found/$reader- -dict=Fuzzing/readers.dict \
        "$corpus" "Fuzzing/Corpus/$reader" >".build-fuzz/$reader.log" 2>&1
    result=$?
    rm -rf /dev/shm/daybreak-fuzz-*-"$reader"
    [ $result -eq 0 ] || status=1
    stat() { sed -n "s/^stat::$1: *//p" ".build-fuzz/$reader.log" | tail -1; }
    printf '%-11s %11s %8s %9s %10s %8s\n' "$reader" "$(stat number_of_executed_units)" \
        "$([ $result -eq 0 ] && echo 0 || echo 1)" "$(stat slowest_unit_time_sec)" "$(stat peak_rss_mb)" \
        "$(ls "$corpus" | wc -l)"
done
exit $status
