# shellcheck shell=bash
# Helpers of every verb: messages, timed steps, waiting, the lock. Sourced, never run.
set -Eeuo pipefail
export CALLER_PATH=$PATH                # where the images' build finds Go
# /usr/bin first: a host's /usr/bin is laid over by host/bin
export PATH=/usr/bin:/usr/sbin:/bin:/sbin LC_ALL=C.UTF-8
# shellcheck source=../lab.env
. "$LAB_HOME/lab.env"

say() { echo "$*" >&2; }
bullets() { local line; while read -r line; do say "  - $line"; done; }
die() { say "lab: $*"; exit 1; }
usage_error() { say "lab: $*"; say "Run \`lab help\` for the verbs."; exit 2; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
seconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }   # of milliseconds

declare -A STEP_PID=() STEP_START=()

# step NAME CMD...: run CMD with its output in a log of its own; print the time; on failure print the log's tail and stop.
step() {
    start_step "$@"
    finish_step "$1"
}

# start_step NAME CMD...: the same, beside what follows; finish_step NAME waits for it.
start_step() {
    local name=$1
    shift
    mkdir -p "$LAB_LOG"
    STEP_START[$name]=$(now_ms)
    # In the background and waited for: `set -e` would be off inside "cmd || ...". In a process group of its own, so that
    # an interruption ends all of the step.
    set -m
    ( set +m; trap - EXIT INT TERM; self=$BASHPID; ( watch_step "$self" & ); "$@" ) >"$LAB_LOG/$name.log" 2>&1 </dev/null &
    STEP_PID[$name]=$!
    set +m
}

# A step goes with its command even where that was killed without a chance to say so. So the step begins with this, which is of
# its group, but not its child: what the step waits for is its own.
watch_step() {
    exec >/dev/null 2>&1 9>&-
    while sleep 1; do
        kill -0 "$1" || return 0
        kill -0 $$ || kill 0
    done
}

finish_step() {
    local name=$1 log=$LAB_LOG/$1.log rc=0 ticker
    set -m
    ( set +m; exec 9>&-; trap - EXIT INT TERM; show_progress "$name" "$log" ) &
    ticker=$!
    disown "$ticker"
    set +m
    wait "${STEP_PID[$name]}" || rc=$?
    kill -- "-$ticker" 2>/dev/null || true
    unset "STEP_PID[$name]"
    local ms=$(($(now_ms) - STEP_START[$name]))
    if [ "$rc" != 0 ]; then
        say "lab: step \"$name\" failed (exit $rc) after $(seconds $ms) s; the end of $log:"
        tail -n 30 "$log" >&2
        exit 1
    fi
    say "$(printf '  %-20s %7s s' "$name" "$(seconds $ms)")"
}

# A line every 20 seconds, until the command that waits for the step is gone.
show_progress() {
    local second=0
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        second=$((second + 1))
        [ $((second % 20)) != 0 ] || progress "$1" "$2"
    done
}

progress() {
    local last
    last=$(tail -n 1 "$2" 2>/dev/null | tr -d '\r' | cut -c1-90)
    say "$(printf '  %-20s %7s s so far: %s' "$1" "$((($(now_ms) - STEP_START[$1]) / 1000))" "$last")"
}

end_steps() {
    local name
    for name in "${!STEP_PID[@]}"; do kill -- "-${STEP_PID[$name]}" 2>/dev/null || true; done
}

interrupted() {
    say "lab: interrupted; the same command again goes on from here"
    exit 130
}

# parallel CMD...: run functions at once, fail if one fails; each writes a log of its own.
parallel() {
    local f pids=() failed=
    for f in "$@"; do ( "$f" ) >"$LAB_LOG/$f.log" 2>&1 & pids+=("$!:$f"); done
    for f in "${pids[@]}"; do wait "${f%%:*}" || failed+=" ${f#*:}"; done
    for f in $failed; do echo "== $f ($LAB_LOG/$f.log)"; tail -n 20 "$LAB_LOG/$f.log"; done
    [ -z "$failed" ]
}

# wait_for SECONDS WHAT CMD...: poll CMD until it succeeds.
wait_for() {
    local end=$((SECONDS + $1)) limit=$1 what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "waited $limit s in vain for $what"; return 1; }
        sleep 0.2
    done
}

port_open() { timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2"; }

# place SOURCE TARGET [MODE]: copy when the content differs; an unchanged file keeps its time.
place() {
    if ! cmp -s "$1" "$2"; then
        install -D -p -m "${3:-644}" "$1" "$2.new"
        mv -f "$2.new" "$2"
    fi
}

need_root() { [ "$(id -u)" = 0 ] || { say "lab: \`lab $1\` needs root: it works with namespaces and network links"; exit 2; }; }

# What stands in LAB_RUN speaks of this boot only; on some machines /run is on a disk.
fresh_run_dir() {
    local boot
    boot=$(cat /proc/sys/kernel/random/boot_id)
    mkdir -p "$LAB_RUN"
    if [ "$(cat "$LAB_RUN/boot" 2>/dev/null)" != "$boot" ]; then
        rm -rf "${LAB_RUN:?}"/*
        echo "$boot" >"$LAB_RUN/boot"
    fi
}

# One command at a time changes the lab. Steps inherit the lock: what a killed command left running is found by it.
lab_lock() {
    fresh_run_dir
    exec 9>>"$LAB_RUN/lock"
    if ! flock -w 2 9; then
        local pid
        pid=$(sed -n 's/^pid=//p' "$LAB_RUN/lock.holder" 2>/dev/null || true)
        if [ -n "$pid" ] && [ -e "/proc/$pid" ]; then
            say "lab: busy: $(lock_holder)"
            exit 75
        fi
        end_orphans
        flock -w 20 9 || { say "lab: busy: $LAB_RUN/lock is held and its holder is not known"; exit 75; }
    fi
    printf 'pid=%s\ncommand=%s\nsince=%s\n' "$$" "$LAB_COMMAND" "$(date +%FT%T)" >"$LAB_RUN/lock.holder"
}

lock_holder() {
    local pid='' command='' since='' key value
    while IFS='=' read -r key value; do printf -v "$key" %s "$value"; done <"$LAB_RUN/lock.holder"
    echo "\`$command\` (process $pid) works on the lab since $since"
}

# Steps of a command that was killed: whoever holds the lock's file open while its owner is gone.
end_orphans() {
    local fd pid
    for fd in /proc/[0-9]*/fd/9; do
        pid=${fd#/proc/}; pid=${pid%%/*}
        if [ "$pid" != "$$" ] && [ "$pid" != "$BASHPID" ] && [ "$fd" -ef "$LAB_RUN/lock" ]; then
            kill -9 "$pid" 2>/dev/null || true
        fi
    done
}
