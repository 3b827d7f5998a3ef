#!/usr/bin/env bash
# Statistics and digests against cat and sha256sum of the same file (and NumPy, where PYTHON has it): medians, page cache warm.
#   Benchmarks/inspect.sh [VARIANT] [RUNS]
set -euo pipefail
variant=${1:-sana-1.0} runs=${2:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
dcae=${DCAE:-$root/.build/release/dcae}
work=$(mktemp -d "${TMPDIR:-/tmp}/dcae-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$dcae" synthesize "$variant" -o fp32 -q >/dev/null
"$dcae" synthesize "$variant" -o bf16 --dtype bf16 -q >/dev/null
"$dcae" convert fp32 -o shards --max-shard-size 200MB -q >/dev/null
file=fp32/model.safetensors
size=$(stat -c %s $file)
printf '%s: %s bytes, %d runs each, medians\n' "$variant" "$size" "$runs"

# Times a command RUNS times, after one run that does not count.
measure() {
    local name=$1 bytes=$2 times=() memory=0
    shift 2
    for i in $(seq 0 "$runs"); do
        local begin end peak
        begin=$(date +%s%N)
        peak=$( { /usr/bin/time -f '%M' "$@" >/dev/null; } 2>&1 | tail -1)
        end=$(date +%s%N)
        [ "$i" -eq 0 ] || times+=($(((end - begin) / 1000)))
        [ "$peak" -gt "$memory" ] && memory=$peak
    done
    local median
    median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
    awk -v name="$name" -v us="$median" -v bytes="$bytes" -v kb="$memory" 'BEGIN {
        rate = bytes > 0 ? sprintf("%5.1f GB/s", bytes / us / 1000) : ""
        printf "%-44s %6.3f s  %10s  peak %4d MB\n", name, us / 1e6, rate, kb / 1024 }'
}

half=$(stat -c %s bf16/model.safetensors)
measure "cat" "$size" cat $file
measure "dcae inspect --stats" "$size" "$dcae" inspect fp32 --stats
measure "dcae inspect --stats, bf16" "$half" "$dcae" inspect bf16 --stats
measure "dcae inspect --stats, shards" "$size" "$dcae" inspect shards --stats
[ -z "${PYTHON:-}" ] || measure "NumPy, the same in float64" "$size" "$PYTHON" "$root/Benchmarks/peers/value_statistics.py" $file
measure "sha256sum" "$size" sha256sum $file
measure "dcae hash" "$size" "$dcae" hash fp32
measure "dcae hash --as bf16" "$size" "$dcae" hash fp32 --as bf16
measure "dcae inspect" 0 "$dcae" inspect fp32
measure "dcae inspect, shards" 0 "$dcae" inspect shards
measure "dcae inspect --tensors, shards" 0 "$dcae" inspect shards --tensors
