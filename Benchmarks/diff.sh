#!/usr/bin/env bash
# Diffs with values against cmp of two equal files: medians, page cache warm.
#   Benchmarks/diff.sh [VARIANT] [RUNS]
set -euo pipefail
variant=${1:-sana-1.0} runs=${2:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
dcae=${DCAE:-$root/.build/release/dcae}
work=$(mktemp -d "${TMPDIR:-/tmp}/dcae-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$dcae" synthesize "$variant" -o original -q >/dev/null
cp -r original equal
"$dcae" convert original -o diffusers -q >/dev/null
"$dcae" convert original -o bf16 --dtype bf16 -q >/dev/null
# Back in the first layout as fp32: every value is a little off.
"$dcae" convert bf16 -o rounded --dtype fp32 -q >/dev/null
file=model.safetensors
printf '%s: %s bytes, %d runs each, medians\n' "$variant" "$(stat -c %s original/$file)" "$runs"

# Times a command RUNS times, after one run that does not count. That the files differ is no failure.
measure() {
    local name=$1 times=() memory=0
    shift
    for i in $(seq 0 "$runs"); do
        local result
        result=$( { /usr/bin/time -f '%e %M' "$@" >/dev/null || [ $? -eq 1 ]; } 2>&1 | tail -1)
        [ "$i" -eq 0 ] || times+=("${result% *}")
        [ "${result#* }" -gt "$memory" ] && memory=${result#* }
    done
    local median
    median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
    : "${first:=$median}"
    printf '%-44s %7s s   %5s of cmp   peak %5d MB\n' "$name" "$median" \
        "$(awk "BEGIN { printf \"%.2f\", $median / $first }")" $((memory / 1024))
}

measure "cmp, equal files" cmp original/$file equal/$file
measure "dcae diff, equal files" "$dcae" diff original equal
measure "dcae diff, original against diffusers" "$dcae" diff original diffusers
measure "dcae diff, nearly every value differs" "$dcae" diff original rounded
measure "the same with --rtol" "$dcae" diff original rounded --rtol 0.01
measure "dcae diff, fp32 against bf16" "$dcae" diff original bf16
