#!/usr/bin/env bash
# Diffs with values against cmp of two equal files: medians, page cache warm.
#   Benchmarks/diff.sh [VARIANT] [RUNS]
set -euo pipefail
. "$(dirname "$0")/measure.bash"
begin "${1:-sana-1.0}" "${2:-5}"
"$dcae" synthesize "$variant" -o original -q >/dev/null
cp -r original equal
"$dcae" convert original -o diffusers -q >/dev/null
"$dcae" convert original -o bf16 --dtype bf16 -q >/dev/null
# Back in the first layout as fp32: every value is a little off.
"$dcae" convert bf16 -o rounded --to original --dtype fp32 -q >/dev/null
file=model.safetensors
header original/$file

measure "cmp, equal files" 0 cmp original/$file equal/$file
measure "dcae diff, equal files" 0 "$dcae" diff original equal
measure "dcae diff, original against diffusers" 0 "$dcae" diff original diffusers
measure "dcae diff, nearly every value differs" 0 "$dcae" diff original rounded
measure "the same with --rtol" 0 "$dcae" diff original rounded --rtol 0.01
measure "dcae diff, fp32 against bf16" 0 "$dcae" diff original bf16
