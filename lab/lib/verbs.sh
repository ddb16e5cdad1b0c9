# shellcheck shell=bash
# The small verbs: zones' power, a server's console, logs, commands in the client's namespace.

require_up() { booted controller >/dev/null 2>&1 || die "the lab is not up; run \`lab up\`"; }

lab_zone() {
    local action=${1:-} zone=${2:-} start
    start=$(now_ms)
    [[ $action == up || $action == down ]] || usage_error "zone: \"$action\" is unknown; allowed: zone up AZ, zone down AZ"
    [[ -n $zone && " ${ZONES[*]} " == *" $zone "* ]] || usage_error "zone: there is no zone \"$zone\"; there are: ${ZONES[*]}"
    [ $# = 2 ] || usage_error "zone: one zone at a time"
    require_up
    lab_lock
    if [ "$action" = up ]; then host_start "$zone"; else host_stop "$zone"; fi
    say "$zone is $action after $(seconds $(($(now_ms) - start))) s"
    [ "$action" = up ] || say "  a pulled plug: Nova and Neutron see it some 15 s later"
}

lab_console() {
    local node=${1:-} lines=100
    [[ -n $node && $node != -* ]] || usage_error "console: which server? console NODE [--tail LINES]"
    if [ $# = 3 ] && [[ $2 == --tail && $3 =~ ^[0-9]+$ ]]; then lines=$3
    elif [ $# != 1 ]; then usage_error "console: unknown arguments \"${*:2}\"; allowed: --tail LINES"
    fi
    require_up
    env OS_CLIENT_CONFIG_FILE="$LAB_CLOUDS" OS_CLOUD=lab-admin PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 "$LAB_HOME/cloud/console.py" "$node" "$lines"
}

# logs: which there are. logs NAME [--follow]: the end of each log of that name (nova-compute, az2/nova-compute, packages).
lab_logs() {
    local name=${1:-} how=(-n 100) files
    [ -d "$LAB_LOG" ] || die "there are no logs yet ($LAB_LOG)"
    if [ -z "$name" ]; then
        (cd "$LAB_LOG" && find . -name '*.log' -printf '%P %k KiB\n' | sort | sed 's/\.log / /' | column -t)
        say "in $LAB_LOG"
        return
    fi
    case ${2:-} in '') ;; -f | --follow) how=(-n 20 -F) ;; *) usage_error "logs: unknown argument \"$2\"; allowed: --follow" ;; esac
    [[ $name =~ ^[a-z0-9_/-]+$ ]] || usage_error "logs: \"$name\" is no log's name"
    mapfile -t files < <(find "$LAB_LOG" -path "*/$name.log" | sort)
    [ "${#files[@]}" != 0 ] || die "there is no log \"$name\"; \`lab logs\` lists them"
    tail "${how[@]}" "${files[@]}"
}

lab_client() {
    [ $# != 0 ] || usage_error "client: which command? client CMD..."
    require_up
    exec ip netns exec lab-client "$@"
}

lab_image() {
    [ "${1:-}" = build ] || usage_error "image: \"${1:-}\" is unknown; allowed: image build [--engine NAME|debian] [--stock] [--autoscaler]"
    shift
    exec env PATH="$CALLER_PATH" "$LAB_HOME/images/build" --engine "$LAB_ENGINE" "$@"
}

lab_clouds() {
    [ -s "$LAB_CLOUDS" ] || die "there is no $LAB_CLOUDS yet; run \`lab up\`"
    echo "$LAB_CLOUDS"
}

lab_status() {
    case ${1:-} in '' | --json) ;; *) usage_error "status: unknown argument \"$1\"; allowed: --json" ;; esac
    if [ ! -x /usr/bin/python3 ] || ! command -v nsenter >/dev/null; then die "the lab was never up on this machine"; fi
    status "$@"
}

status() {
    env LAB_RUN="$LAB_RUN" LAB_STATE="$LAB_STATE" LAB_CLOUDS="$LAB_CLOUDS" HOSTS="${HOSTS[*]}" PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 "$LAB_HOME/lib/status.py" "$@"
}

cloud_memory_mb() { status --memory; }
