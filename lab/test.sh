#!/bin/bash
# Tests of the lab's scripts that need no lab, no root and no network: verdicts, argument errors, the lock, steps;
# and every shell script of lab/, toolchain/, tests/ and .ci/ goes through shellcheck. Takes some seconds.
# shellcheck disable=SC2015,SC2016  # `ok` never fails; code in single quotes is run by `with`
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LAB_STATE=$work/state LAB_RUN=$work/run SWARM_CACHE_DIR=$work/cache
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $1"; shift; printf '     %s\n' "$@"; }
is() { if [ "$2" = "$3" ]; then ok; else bad "$1" "expected: $2" "got:      $3"; fi; }          # NAME EXPECTED GOT
has() { if [[ $3 == *"$2"* ]]; then ok; else bad "$1" "expected: ... $2 ..." "got:      $3"; fi; }  # NAME PART GOT

# with CODE: run it in a shell that has the lab's functions.
with() {
    LAB_HOME=$here LAB_COMMAND="lab test" bash -c '
        for p in common preflight accel host fabric recipe databases up down verbs; do . "$LAB_HOME/lib/$p.sh"; done
        '"$1" 2>&1
}

good='declare -A FACT=([uid]=0 [os]="debian 12" [arch]=x86_64 [memory_mb]=24000 [available_mb]=22000 [disk_mb]=90000
    [cache_disk_mb]=90000 [tun]=yes [kernel]= [taken]= [running]=no [installed]=no [foreign]=);'

test_preflight() {
    is "preflight: a good machine has no fault" "" "$(with "$good preflight_faults")"
    local row fact expected
    while IFS='|' read -r fact expected; do
        has "preflight: $fact" "$expected" "$(with "$good FACT+=($fact); preflight_faults")"
        is "preflight: $fact alone" 1 "$(with "$good FACT+=($fact); preflight_faults" | wc -l)"
    done <<'ROWS'
[uid]=1000|user: uid 1000 is not root
[os]="debian 13"|distribution: "debian 13" is not "debian 12"
[arch]=aarch64|processor: "aarch64" is not x86_64
[memory_mb]=8000|memory: 8000 MiB are too little; the cloud and six servers need 11264
[available_mb]=3000|memory: of 24000 MiB only 3000 are free; 8448 are needed
[disk_mb]=500|disk: 500 MiB free
[cache_disk_mb]=10|disk: 10 MiB free
[tun]="there is none"|/dev/net/tun: there is none
[kernel]="it makes no vxlan device"|kernel: it makes no vxlan device
[taken]="172.24.4.0/24 meets"|network: 172.24.4.0/24 meets
[foreign]="the link lab-ext exists"|name: the link lab-ext exists
ROWS
    row=$(with "$good FACT+=([uid]=1 [tun]='there is none' [memory_mb]=1 [arch]=arm); preflight_faults" | wc -l)
    is "preflight: all faults at once" 4 "$row"
    is "preflight: a lab that runs asks for no free memory" "" "$(with "$good FACT+=([available_mb]=10 [running]=yes); preflight_faults")"
    is "preflight: an installed lab asks for less disk" "" "$(with "$good FACT+=([disk_mb]=4000 [installed]=yes); preflight_faults")"
    row=$(with "gather_facts() { eval \"\${good}\"; }; good='$good'; gather_facts() { FACT=([uid]=5 [os]='debian 12' [arch]=x86_64
        [memory_mb]=24000 [available_mb]=22000 [disk_mb]=90000 [cache_disk_mb]=90000 [tun]=yes [running]=no [installed]=no
        [kernel]= [taken]= [foreign]=); }; preflight"; echo "exit $?") || true
    has "preflight: says that nothing was changed" "nothing was changed" "$row"
    has "preflight: exits with 2" "exit 2" "$row"
}

test_routes() {
    # as /proc/net/route has them: interface, destination, gateway, ..., mask in the eighth column
    local head="Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT"
    routes() { printf '%s\n' "$head" "$@" >"$work/routes"; ROUTES_FILE=$work/routes with taken_addresses; }
    is "routes: the default route is no fault" "" "$(routes "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0")"
    is "routes: the lab's own are no fault" "" "$(routes "lab-ext 000418AC 00000000 0001 0 0 0 00FFFFFF 0 0 0")"
    is "routes: another range is no fault" "" "$(routes "eth0 000518AC 00000000 0001 0 0 0 00FFFFFF 0 0 0")"
    has "routes: the same range" "172.24.4.0/24 meets the route 172.24.4.0/24 of br0" "$(routes "br0 000418AC 00000000 0001 0 0 0 00FFFFFF 0 0 0")"
    has "routes: a range around it" "172.30.255.0/24 meets the route 172.16.0.0/12 of tun0" "$(routes "tun0 000010AC 00000000 0001 0 0 0 0000F0FF 0 0 0")"
    has "routes: an address in it" "172.24.4.0/24 meets the route 172.24.4.9/32 of eth1" "$(routes "eth1 090418AC 00000000 0001 0 0 0 FFFFFFFF 0 0 0")"
}

test_arguments() {
    local arguments expected got rc
    while IFS='|' read -r arguments expected; do
        rc=0
        # shellcheck disable=SC2086  # a list of words
        got=$("$here/lab" $arguments 2>&1) || rc=$?
        is "lab $arguments: exit code" 2 "$rc"
        [ "$(id -u)" != 0 ] || has "lab $arguments" "$expected" "$got"
    done <<'ROWS'
frob|"frob" is no verb
up --fast|up: unknown argument "--fast"; allowed: --take
up --take az1|up: takes no arguments
down --all|down: unknown argument "--all"; allowed: --wipe, --purge
down --wipe now|down: one argument at most
status -v|status: unknown argument "-v"; allowed: --json
zone|zone: "" is unknown; allowed: zone up AZ, zone down AZ
zone off az1|zone: "off" is unknown
zone down az9|zone: there is no zone "az9"; there are: az1 az2 az3
zone down az1 az2|zone: one zone at a time
console|console: which server?
console a --tail x|console: unknown arguments "--tail x"
client|client: which command?
image|image: "" is unknown; allowed: image build [--engine NAME|debian] [--stock] [--autoscaler]
clouds now|clouds: takes no arguments
ROWS
    has "lab help" "lab zone down|up AZ" "$("$here/lab" help)"
    rc=0; "$here/lab" clouds >/dev/null 2>&1 || rc=$?
    is "lab clouds before there is one" 1 "$rc"
}

# group_members PGID: its processes, zombies aside.
group_members() {
    # awk would end at the first process that is gone when its turn comes
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v g="$1" '{pid = $1; sub(/^.*\) /, ""); split($0, f, " "); if (f[3] == g && f[1] !~ /[ZX]/) print pid}'
}

test_packages() {
    local got
    got=$(DEBIAN_MIRROR=http://mirror.example/debian with 'package_mirrors')
    has "packages: the mirror that is named" "http://mirror.example/debian" "$got"
    is "packages: an archive and its security updates" 2 "$(wc -l <<<"$got")"
    is "packages: without a mirror in apt's sources, Debian's own" "http://deb.debian.org/debian http://deb.debian.org/debian-security" \
        "$(with 'bash() { printf "\n\n"; }; package_mirrors' | paste -sd' ')"
    command -v apt-config >/dev/null || return 0
    echo 'Acquire::http::Proxy "http://proxy.example:3128";' >"$work/apt.conf"
    is "packages: apt's proxy is handed on" "Proxy: http://proxy.example:3128" "$(APT_CONFIG=$work/apt.conf with upstream_proxy)"
    echo 'Acquire::http::Proxy "DIRECT";' >"$work/apt.conf"
    is "packages: no proxy" "" "$(APT_CONFIG=$work/apt.conf with upstream_proxy)"
}

test_steps() {
    local got
    got=$(with 'step fine true; echo "rc $?"')
    has "step: a line with its time" "fine" "$got"
    got=$(with 'f() { echo the reason; false; echo never; }; step broken f; echo never') && bad "step: a failure ends the run" "$got" || ok
    has "step: names the failed step" 'step "broken" failed (exit 1)' "$got"
    has "step: shows the log's tail" "the reason" "$got"
    if [[ $got == *never* ]]; then bad "step: stops at the first failure" "$got"; else ok; fi
    # a command that is killed: nothing of it, neither the step nor what shows its progress, outlives it for long
    with 'f() { echo $BASHPID >$LAB_RUN/step; kill -9 $$; sleep 61.5; }; mkdir -p $LAB_RUN; step long f' >/dev/null 2>&1 || true
    for _ in $(seq 60); do [ -n "$(group_members "$(cat "$work/run/step")")" ] || break; sleep 0.1; done
    is "step: ends with its killed command" "" "$(group_members "$(cat "$work/run/step")")"
    is "parallel: fails when one fails" "no" "$(with 'mkdir -p $LAB_LOG; a() { true; }; b() { false; }; parallel a b >/dev/null && echo yes || echo no')"
    has "wait_for: says what it waited for" "waited 1 s in vain for rain" "$(with 'wait_for 1 rain false' || true)"
}

test_lock() {
    local got rc=0 first
    # a command that holds the lock and lives
    with 'lab_lock; sleep 30 9>&- & echo $! >$LAB_RUN/sleeper; wait' >/dev/null &
    first=$!
    for _ in $(seq 50); do [ ! -s "$work/run/sleeper" ] || break; sleep 0.1; done
    got=$(with 'lab_lock') || rc=$?
    is "lock: busy is exit 75" 75 "$rc"
    has "lock: says who holds it" 'busy: `lab test` (process ' "$got"
    kill "$(cat "$work/run/sleeper")"
    wait "$first" || true
    # one that was killed, whose step lives on and holds the lock's file
    with 'lab_lock; sleep 30 & echo $! >$LAB_RUN/sleeper; kill -9 $$' >/dev/null 2>&1 || true
    is "lock: what a killed command left is ended" "taken" "$(with 'lab_lock; echo taken')"
    # a process that has ended stays a zombie until its parent looks
    if grep -qs '^State:[[:space:]]*[A-WYa-z]' "/proc/$(cat "$work/run/sleeper")/status"; then bad "lock: the orphan is gone"; else ok; fi
    has "lock: the record of another boot is forgotten" "gone" "$(with 'mkdir -p $LAB_RUN; touch $LAB_RUN/az1.pid; echo other >$LAB_RUN/boot
        fresh_run_dir; [ -e $LAB_RUN/az1.pid ] || echo gone')"
}

test_holder() {
    local setup='mkdir -p $LAB_STATE /tmp; servers_run() { true; }; printf "path=%s\nrecipe=%s\nsince=then\n" "'$work'" "$R" >$LAB_HOLDER; take_lab; cat $LAB_HOLDER'
    has "holder: the same recipe is taken over" "path=$here" "$(with "R=\$(recipe_hash); $setup")"
    local got rc=0
    got=$(with "R=other; $setup") || rc=$?
    is "holder: another recipe and servers: busy" 75 "$rc"
    has "holder: says who" "held by $work since then" "$got"
    has "holder: --take takes it" "path=$here" "$(with "TAKE=yes; R=other; $setup")"
    has "holder: without servers it is taken" "path=$here" "$(with "R=other; ${setup/true/false}")"
}

test_memory() {
    mkdir -p "$work/nodes/node0"
    echo "Node 0 MemTotal: 9437184 kB" >"$work/nodes/node0/meminfo"
    is "memory: what a zone does not offer is reserved" 3216 "$(with "NODES=$work/nodes LAB_ZONE_MB=6000; mkdir -p \$LAB_RUN; reserved_memory_mb")"
    echo "Node 0 MemTotal: 19437184 kB" >"$work/nodes/node0/meminfo"
    is "memory: that does not change when the machine's memory grows" 3216 "$(with "NODES=$work/nodes LAB_ZONE_MB=6000; reserved_memory_mb")"
}

test_shellcheck() {
    if ! command -v shellcheck >/dev/null; then bad "shellcheck is missing" "install Debian's package shellcheck"; return; fi
    local scripts got
    got=$(cd "$here" && shellcheck lab 2>&1) && ok || bad "shellcheck of lab/lab, with all that it sources" "$got"
    # the settings of lab.env are used elsewhere
    mapfile -t scripts < <(cd "$here/.." && find lab toolchain tests .ci -type f ! -path '*/node_modules/*' ! -path '*/out/*' ! -path lab/lab -print0 2>/dev/null |
        xargs -0 grep -lE -m1 '^#!/(usr/)?bin/(env )?(ba)?sh|^# shellcheck shell=' | sort)
    got=$(cd "$here/.." && printf '%s\n' "${scripts[@]}" | xargs -P 2 -n 8 shellcheck -x -e SC2034,SC2154 2>&1) && ok ||
        bad "shellcheck of ${#scripts[@]} scripts" "$got"
}

test_python() {
    [ -x /usr/bin/python3 ] || return 0
    local f
    for f in "$here"/cloud/*.py "$here"/lib/*.py; do
        if /usr/bin/python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$f"; then ok; else bad "$f does not parse"; fi
    done
}

for t in preflight routes arguments packages steps lock holder memory python shellcheck; do "test_$t"; done
echo "lab/test.sh: $passed passed, $failed failed"
[ "$failed" = 0 ]
