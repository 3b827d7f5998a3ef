#!/usr/bin/env bash
# Conversion against cp and cmp of the same file (and diffusers, where PYTHON has it): medians, page cache warm.
#   Benchmarks/convert.sh [VARIANT] [RUNS]
set -euo pipefail
variant=${1:-sana-1.0} runs=${2:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
dcae=${DCAE:-$root/.build/release/dcae}
work=$(mktemp -d "${TMPDIR:-/tmp}/dcae-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$dcae" synthesize "$variant" -o original -q >/dev/null
file=original/model.safetensors
printf '%s: %s bytes, %d runs each, medians\n' "$variant" "$(stat -c %s $file)" "$runs"

# Times a command RUNS times, after one run that does not count; each run writes to a place that is removed first.
measure() {
    local name=$1 times=() memory=0
    shift
    for i in $(seq 0 "$runs"); do
        rm -rf out copy
        local result
        result=$( { /usr/bin/time -f '%e %M' "$@" >/dev/null; } 2>&1 | tail -1)
        [ "$i" -eq 0 ] || times+=("${result% *}")
        [ "${result#* }" -gt "$memory" ] && memory=${result#* }
    done
    local median
    median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
    printf '%-44s %7s s   peak %5d MB\n' "$name" "$median" $((memory / 1024))
}

measure "cp" cp $file copy
cp $file reference
measure "cp, then cmp" bash -c "cp $file copy && cmp $file copy"
measure "dcae convert --check structure" "$dcae" convert original -o out -q --check structure
measure "dcae convert (content checked)" "$dcae" convert original -o out -q
measure "dcae convert --dtype bf16 (content checked)" "$dcae" convert original -o out -q --dtype bf16
measure "dcae verify" "$dcae" verify original -q
measure "dcae inspect" "$dcae" inspect original
measure "dcae list" "$dcae" list
if [ -n "${PYTHON:-}" ]; then
    mkdir config
    "$dcae" show "$variant" --config >config/config.json
    runs=3
    measure "diffusers from_single_file, save_pretrained" "$PYTHON" "$root/Benchmarks/peers/convert.py" $file config out
fi
