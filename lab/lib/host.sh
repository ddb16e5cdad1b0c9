# shellcheck shell=bash
# Hosts of the cloud: namespaces whose first process supervises daemons. Power on, power off, commands inside.

role_of() { [ "$1" = controller ] && echo controller || echo compute; }
host_disk() { echo "$LAB_STATE_DIR/hosts/$1"; }

# Pid of a host's first process as the machine sees it; fails when the host is off. The namespace's inode guards against
# a pid that was given to another process since.
host_pid() {
    local pid
    pid=$(cat "$LAB_RUN/$1.pid" 2>/dev/null) || return 1
    [ -e "/run/netns/lab-$1" ] && [ "/proc/$pid/ns/net" -ef "/run/netns/lab-$1" ] && echo "$pid"
}

in_host() {
    local host=$1 pid
    shift
    pid=$(host_pid "$host") || { echo "host $host is off"; return 1; }
    nsenter -t "$pid" -m -u -i -n -p -- env -i PATH="$PATH" LC_ALL="$LC_ALL" SVDIR=/run/sv HOME=/run "$@"
}

booted() { in_host "$1" test -e /run/booted; }

# host_start NAME: plug the host into the fabric and boot its init. All it uses lies in the state folder.
host_start() {
    local host=$1 ns=lab-$1
    booted "$host" >/dev/null 2>&1 && return
    host_stop "$host"                     # what an unclean end may have left
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    plug "$host" eth0 br-mgmt "mgmt-$host"
    ip -n "$ns" addr add "${HOST_IP[$host]}/24" dev eth0
    [ "$host" != controller ] || plug_controller
    mkdir -p "$LAB_LOG/$host" "$LAB_CACHE/packages"
    setsid nsenter --net="/run/netns/$ns" \
        unshare --pid --fork --mount --uts --ipc --propagation private \
        env LAB_HOST="$host" LAB_ROLE="$(role_of "$host")" LAB_IP="${HOST_IP[$host]}" LAB_RUN="$LAB_RUN" \
            LAB_DISK="$(host_disk "$host")" LAB_SHARED="$LAB_SHARED" LAB_LOGS="$LAB_LOG/$host" LAB_PACKAGES="$LAB_CACHE/packages" \
            LAB_MACHINE_NET="/proc/$$/ns/net" LAB_ACCEL="$(cat "$LAB_RUN/accel")" \
        bash "$LAB_SHARED/init.sh" >"$LAB_LOG/$host/init.log" 2>&1 </dev/null 9>&- &
    disown
    wait_for 15 "init of $host ($LAB_LOG/$host/init.log)" booted "$host"
    cp "$(host_disk "$host").recipe" "$LAB_RUN/$host.recipe"
}

plug() { # HOST DEVICE BRIDGE PORT
    ip -n lab-fabric link add "$4" type veth peer name "$2" netns "lab-$1"
    ip -n lab-fabric link set "$4" master "$3" up
    ip -n "lab-$1" link set "$2" up
}

# eth1 is neutron's; eth2 holds the address of the container registry, which is the external network's gateway too: what a
# server sends anywhere else than the lab ends here, with an answer at once instead of a silence.
plug_controller() {
    local ns=lab-controller
    plug controller eth1 br-ext ext-controller
    plug controller eth2 br-ext svc-controller
    ip -n "$ns" addr add "$EXT_SERVICES/24" dev eth2
    ip -n "$ns" rule add pref 100 iif eth2 prohibit
    # both cables lead to one switch: each answers for its own addresses only
    ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
        net.ipv4.conf.eth2.forwarding=1 net.ipv4.icmp_ratelimit=0
}

# host_stop NAME: power off. Cable first, then init; all of the host's processes, servers included, end with it.
host_stop() {
    local host=$1 port pid
    for port in mgmt ext svc; do ip -n lab-fabric link del "$port-$host" 2>/dev/null || true; done
    if pid=$(host_pid "$host"); then
        kill -9 "$pid"
        wait_for 20 "end of $host" not_running "$pid"
    fi
    # a boot that broke off early has no pid file yet
    for pid in $(ip netns pids "lab-$host" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
    [ ! -e "/run/netns/lab-$host" ] || ip netns del "lab-$host"
    rm -f "$LAB_RUN/$host.pid" "$LAB_RUN/$host.recipe"
}

not_running() { [ ! -e "/proc/$1" ]; }

# The database is the only service that must end in order; the rest goes first, lest it complains.
controller_stop() {
    if host_pid controller >/dev/null; then
        # shellcheck disable=SC2016  # expanded inside the host
        in_host controller sh -c 'cd /run/sv && for s in *; do [ $s = mariadb ] || { sv down $s; sv kill $s; }; done
            sv -w 30 stop mariadb' >/dev/null 2>&1 || true
    fi
    host_stop controller
}

# start_stage HOST STAGE: let runsv start the stage's services (they wait with a "down" file).
start_stage() {
    local name
    while read -r _ _ name _; do
        wait_for 15 "runsv of $name" in_host "$1" test -p "/run/sv/$name/supervise/ok"
        in_host "$1" rm -f "/run/sv/$name/down"
        in_host "$1" sv up "$name"
    done < <(awk -v r="$(role_of "$1")" -v s="$2" '!/^#/ && $1 == r && $2 == s' "$LAB_SHARED/services.txt")
}
