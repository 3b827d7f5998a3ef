#!/usr/bin/env bash
# Conversion against cp and cmp of the same file (and diffusers, where PYTHON has it): medians, page cache warm.
#   Benchmarks/convert.sh [VARIANT] [RUNS]
set -euo pipefail
. "$(dirname "$0")/measure.bash"
begin "${1:-sana-1.0}" "${2:-5}"
"$dcae" synthesize "$variant" -o original -q >/dev/null
file=original/model.safetensors
header $file
# DC-AE 1.5 has no published factor, and nearly all of its weights are permuted for MLX: ask for f32c128-1.5 to see that.
factor=
if "$dcae" show "$variant" --json | grep '"scaling_factor": null' >/dev/null; then factor="--scaling-factor 1"; fi

measure "cp" 0 cp $file copy
measure "cp, then sync of the copy" 0 bash -c "cp $file copy && sync copy"
cp $file reference
measure "cp, then cmp" 0 bash -c "cp $file copy && cmp $file copy"
measure "dcae convert --check structure" 0 "$dcae" convert original -o out -q --check structure $factor
measure "dcae convert (content checked)" 0 "$dcae" convert original -o out -q $factor
measure "dcae convert --check structure --no-sync" 0 "$dcae" convert original -o out -q --check structure --no-sync $factor
measure "dcae convert --no-sync (content checked)" 0 "$dcae" convert original -o out -q --no-sync $factor
measure "dcae convert --dtype bf16 (content checked)" 0 "$dcae" convert original -o out -q --dtype bf16 $factor
measure "dcae convert --to mlx --check structure --no-sync" 0 "$dcae" convert original -o out -q --to mlx --check structure --no-sync $factor
measure "dcae convert --to mlx --no-sync (content checked)" 0 "$dcae" convert original -o out -q --to mlx --no-sync $factor
measure "dcae verify" 0 "$dcae" verify original -q
measure "dcae inspect" 0 "$dcae" inspect original
measure "dcae list" 0 "$dcae" list
if [ -n "${PYTHON:-}" ]; then
    mkdir config
    "$dcae" show "$variant" --config >config/config.json
    runs=3
    measure "diffusers from_single_file, save_pretrained" 0 "$PYTHON" "$root/Benchmarks/peers/convert.py" $file config out
fi
