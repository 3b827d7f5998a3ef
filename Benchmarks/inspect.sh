#!/usr/bin/env bash
# Statistics and digests against cat and sha256sum of the same file (and NumPy, where PYTHON has it): medians, page cache warm.
#   Benchmarks/inspect.sh [VARIANT] [RUNS]
set -euo pipefail
. "$(dirname "$0")/measure.bash"
begin "${1:-sana-1.0}" "${2:-5}"
"$dcae" synthesize "$variant" -o fp32 -q >/dev/null
"$dcae" synthesize "$variant" -o bf16 --dtype bf16 -q >/dev/null
"$dcae" convert fp32 -o shards --max-shard-size 200MB -q >/dev/null
file=fp32/model.safetensors
header $file

size=$(stat -c %s $file)
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
