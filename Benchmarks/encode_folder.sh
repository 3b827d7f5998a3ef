#!/usr/bin/env bash
# How much of the network's own speed is left when a whole folder is encoded: pictures are read, decoded, resized and written
# beside it. The ratio counts opening the checkpoint and the first run, which prepares the weights, as losses.
#   Benchmarks/encode_folder.sh MODEL PICTURES [SIZE] [path of dcae]
set -euo pipefail
model=$(realpath "$1") pictures=$(realpath "$2") size=${3:-512}
dcae=$(realpath "${4:-$(dirname "$0")/../.build/release/dcae}")
work=$(mktemp -d "${TMPDIR:-/tmp}/dcae-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
median() { "$dcae" bench "$model" --only encode --size "$size" --repeat 5 --json | sed -n 's/.*"median_seconds": \([0-9.]*\).*/\1/p' | head -1; }
timed() { # name, command…
    local name=$1 start end
    shift
    start=$(date +%s.%N)
    "$@" >/dev/null
    end=$(date +%s.%N)
    echo "$name $start $end"
}
"$dcae" encode "$model" "$pictures" -o "$work/warm" --size "$size" -q >/dev/null
count=$(find "$work/warm" -name '*.safetensors' | wc -l)
before=$(median)
{
    timed "encode" "$dcae" encode "$model" "$pictures" -o "$work/latents" --size "$size" -q
    timed "scale" "$dcae" scale "$model" --images "$pictures" --size "$size" -q
} >"$work/times"
after=$(median)
awk -v count="$count" -v before="$before" -v after="$after" 'BEGIN {
    median = (before + after) / 2
    printf "the network alone: %.3f s a picture (medians of 5, before and after: %.3f, %.3f)\n", median, before, after
} { printf "%-6s %d pictures in %.2f s: %.3f s each, %.2f of the network'"'"'s own speed\n", $1, count, $3 - $2, ($3 - $2) / count, count * median / ($3 - $2) }' "$work/times"
