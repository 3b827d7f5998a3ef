# For the scripts beside it: `begin VARIANT RUNS` makes a folder to work in, `measure NAME BYTES COMMAND…` times a command.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dcae=${DCAE:-$root/.build/release/dcae}

begin() {
    variant=$1 runs=$2
    work=$(mktemp -d "${TMPDIR:-/tmp}/dcae-bench.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cd "$work"
}

header() { printf '%s: %s bytes, %d runs each, medians\n' "$variant" "$(stat -c %s "$1")" "$runs"; }

# Times a command RUNS times, after one run that does not count; out and copy, where it may write, are removed before each.
# That files differ, exit code 1, is no failure. With BYTES above 0 the rate is printed, and how many times the first takes.
measure() {
    local name=$1 bytes=$2 times=() memory=0 median
    shift 2
    for i in $(seq 0 "$runs"); do
        rm -rf out copy
        # No run pays for what another left to be written to the disk.
        sync
        local begin end peak
        begin=$(date +%s%N)
        peak=$( { /usr/bin/time -q -f '%M' "$@" >/dev/null || [ $? -eq 1 ]; } 2>&1 | tail -1)
        end=$(date +%s%N)
        [ "$i" -eq 0 ] || times+=($(((end - begin) / 1000)))
        [ "$peak" -gt "$memory" ] && memory=$peak
    done
    median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
    : "${first:=$median}"
    awk -v name="$name" -v us="$median" -v first="$first" -v bytes="$bytes" -v kb="$memory" 'BEGIN {
        rate = bytes > 0 ? sprintf("%5.1f GB/s", bytes / us / 1000) : ""
        printf "%-44s %6.3f s  %6.2f of the first  %10s  peak %4d MB\n", name, us / 1e6, us / first, rate, kb / 1024 }'
}
