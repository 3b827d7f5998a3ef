#!/usr/bin/env bash
# Pulling from a Hub on this machine (peers/fake_hub.py, which huggingface_hub accepts as the Hub): the cache that dcae leaves
# against Python's, file by file; each reading the other's; kill -9 at random moments; two at once; what looking from afar
# costs; times against curl and `hf download`.
#   PYTHON=venv/bin/python Benchmarks/hub.sh [VARIANT] [KILLS] [RUNS]
# PYTHON has huggingface_hub 2.4.0. Exit code 1 where something is not as promised.
set -euo pipefail
. "$(dirname "$0")/measure.bash"
begin "${1:-sana-1.1}" "${3:-5}"
kills=${2:-20}
python=${PYTHON:-python3}
"$python" -c 'import huggingface_hub' 2>/dev/null || { echo "huggingface_hub is missing: set PYTHON" >&2; exit 77; }
unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HUB_OFFLINE TRANSFORMERS_OFFLINE HF_TOKEN HF_HOME
export HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_XET=1
failures=0
expect() { # what, condition already evaluated to 0 or 1
    if [ "$2" -eq 0 ]; then echo "ok    $1"; else echo "FAIL  $1"; failures=$((failures + 1)); fi
}

repository=mit-han-lab/$("$dcae" show "$variant" --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["result"]["repositories"]["diffusers"][0].split("/")[1])')
mkdir -p "hub/$repository"
"$dcae" synthesize "$variant" -o original -q >/dev/null
"$dcae" convert original -o diffusers -q
mv diffusers/* "hub/$repository/"
rm -r original diffusers
echo "# A model" >"hub/$repository/README.md"
weights=diffusion_pytorch_model.safetensors
size=$(stat -c %s "hub/$repository/$weights")

server=
serve() { # options of fake_hub.py
    stop
    "$python" "$root/Benchmarks/peers/fake_hub.py" hub --log log "$@" >address 2>/dev/null & server=$!
    while [ ! -s address ]; do sleep 0.05; done
    HF_ENDPOINT=$(cat address)
    export HF_ENDPOINT
    # The first list hashes all files; that is the server's time, not a client's.
    curl -s "$HF_ENDPOINT/api/models/$repository/tree/main?recursive=true" >/dev/null
    : >log
}
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; server=; }; : >address; }
trap 'stop; rm -rf "$work"' EXIT
ours() { HF_HOME=$work/ours "$dcae" pull "$repository" -q "$@"; }
theirs() {
    HF_HOME=$work/theirs "$python" - "$repository" <<'PY'
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], allow_patterns=["config.json", "diffusion_pytorch_model.safetensors"], max_workers=1)
PY
}
# Everything below a cache but what 2.x keeps for itself: files with their digests, links with their targets.
tree() { (cd "$1/hub" && find . -mindepth 1 -not -path '*/trees*' -printf '%y %m %p %l\n' | sort && find . -type f -not -path '*/trees*' -exec sha256sum {} + | sort -k2); }

serve
ours >path
theirs
tree ours >ours.tree
tree theirs >theirs.tree
diff ours.tree theirs.tree >difference && status=0 || { status=1; head -5 difference; }
expect "the two caches are equal, file by file ($(wc -l <ours.tree) entries)" $status

: >log
HF_HUB_OFFLINE=1 HF_HOME=$work/ours "$python" - "$repository" <<'PY' && status=0 || status=1
import sys
from huggingface_hub import hf_hub_download, snapshot_download
for name in ["config.json", "diffusion_pytorch_model.safetensors"]: open(hf_hub_download(sys.argv[1], name), "rb").close()
assert snapshot_download(sys.argv[1], local_files_only=True)
PY
expect "Python reads what dcae pulled, offline" $status
found=$(HF_HUB_OFFLINE=1 HF_HOME=$work/theirs "$dcae" pull "$repository" -q) && [ -s "$found/$weights" ] && status=0 || status=1
expect "dcae reads what Python pulled, offline" $status
HF_HOME=$work/theirs "$dcae" cache verify -q && status=0 || status=1
expect "dcae cache verify finds nothing wrong with it" $status
expect "without a request" "$(wc -l <log)"

# --- Killed at random moments ---
serve --rate 60000000
rm -rf ours
for i in $(seq "$kills"); do
    ours >/dev/null 2>&1 & pid=$!
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
done
sleep 0.5
ours >path
cmp -s "$(cat path)/$weights" "hub/$repository/$weights" && status=0 || status=1
expect "kill -9 at $kills random moments, then once more: the right bytes" $status
sent=$(awk '$1 == "SENT" && $2 ~ /^\/cdn/ { sum += $4 } END { printf "%d", sum }' log)
expect "  $sent bytes sent of a file of $size: $(awk "BEGIN { printf \"%.3f\", $sent / $size }") times" $((sent * 10 > size * 11))
expect "  nothing is left but the file" "$(find ours -name '*.incomplete' | wc -l)"

# --- Two at once ---
serve
rm -rf ours
ours >first & one=$!
ours >second; wait $one
sent=$(awk '$1 == "SENT" && $2 ~ /^\/cdn/ { sum += $4 } END { printf "%d", sum }' log)
cmp -s first second && [ "$sent" -eq "$size" ] && status=0 || status=1
expect "two pulls at once: one fetches, the other finds it" $status
rm -rf ours theirs both
: >log
(HF_HOME=$work/both; export HF_HOME; "$dcae" pull "$repository" -q >/dev/null & sleep 0.3
    "$python" -c 'import sys; from huggingface_hub import hf_hub_download; hf_hub_download(sys.argv[1], sys.argv[2])' "$repository" $weights; wait)
sent=$(awk '$1 == "SENT" && $2 ~ /^\/cdn/ { sum += $4 } END { printf "%d", sum }' log)
expect "a pull beside Python's: one fetches, the other finds it" $((sent != size))
rm -rf both

# --- Times ---
echo "$variant: $size bytes from loopback, $runs runs each, alternately"
commit=$(curl -s "$HF_ENDPOINT/api/models/$repository/revision/main" | "$python" -c 'import json, sys; print(json.load(sys.stdin)["sha"])')
url=$(curl -s -o /dev/null -w '%{redirect_url}' "$HF_ENDPOINT/$repository/resolve/$commit/$weights")
clock() { # name, command…: a line of seconds and kilobytes in times.NAME
    local name=$1; shift
    rm -rf ours theirs copy; sync
    /usr/bin/time -q -f '%e %M' -a -o "times.$name" "$@" >/dev/null 2>&1
}
export -f theirs
export repository work python
for i in $(seq "$runs"); do
    clock curl curl -s -o copy "$url"
    clock dcae env HF_HOME="$work/ours" "$dcae" pull "$repository" -q
    clock dcae-local env HF_HOME="$work/ours" "$dcae" pull "$repository" -q --local-dir copy
    clock hf bash -c theirs
done
for name in curl dcae dcae-local hf; do
    sort -n "times.$name" | awk -v name="$name" 'NR == FNR { s[NR] = $1; if ($2 > kb) kb = $2 } END { printf "%-14s median %6.2f s, least %6.2f s, peak %4d MB\n", name, s[int((NR + 1) / 2)], s[1], kb / 1024 }'
done

stop
[ $failures -eq 0 ] && echo "all as promised" || { echo "$failures broken"; exit 1; }
