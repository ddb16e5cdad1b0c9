# shellcheck shell=bash
# `lab down`: nothing of the lab runs or remains on the machine's networks; what it wrote stays, unless told otherwise.

lab_down() {
    local start zone what=${1:-}
    start=$(now_ms)
    case $what in '' | --wipe | --purge) ;; *) usage_error "down: unknown argument \"$what\"; allowed: --wipe, --purge" ;; esac
    [ $# -le 1 ] || usage_error "down: one argument at most, not \"$*\""
    lab_lock
    trap interrupted INT TERM
    if command -v ip >/dev/null && [ -e "$LAB_RUN/owned" ]; then
        lab_inodes >"$LAB_RUN/inodes"
        for zone in "${ZONES[@]}"; do host_stop "$zone"; done
        controller_stop
        remove_fabric
    fi
    # of an installation that was killed
    if grep -qs '^# of swarm-openstack' /usr/sbin/policy-rc.d && flock --nonblock /run/lock/swarm-openstack-packages true; then rm -f /usr/sbin/policy-rc.d; fi
    case $what in
        --wipe) rm -rf "${LAB_STATE_DIR:?}" "$LAB_SHARED/nova" "${LAB_LOG:?}" ;;
        --purge) rm -rf "${LAB_STATE:?}" "${LAB_CACHE:?}" ;;
    esac
    left
    rm -rf "${LAB_RUN:?}"
    say "lab is down after $(seconds $(($(now_ms) - start))) s$(down_text "$what")"
}

down_text() {
    case $1 in
        --wipe) echo "; the cloud is forgotten, caches are kept" ;;
        --purge) echo "; all is removed but the images in $LAB_CACHE_ROOT" ;;
    esac
}

# Numbers of the lab's network namespaces: a process that outlives a namespace's name still bears its number.
lab_inodes() {
    local n
    for n in "${NAMESPACES[@]}"; do [ ! -e "/run/netns/$n" ] || stat -L -c %i "/run/netns/$n"; done
}

# Nothing of ours may remain; fails with a list of what does.
left() {
    local found
    found=$(left_behind)
    [ -z "$found" ] || { say "lab: down, but left behind:"; bullets <<<"$found"; exit 1; }
}

left_behind() {
    local n
    for n in "${NAMESPACES[@]}"; do [ ! -e "/run/netns/$n" ] || echo "namespace $n"; done
    for n in lab-mgmt lab-ext; do [ ! -e "/sys/class/net/$n" ] || echo "link $n"; done
    grep -F " $LAB_STATE/" /proc/self/mountinfo | awk '{print "mount " $5}' || true
    grep -lF "$LAB_STATE/" /proc/[0-9]*/mountinfo 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|process \1 in a host of the lab|' | head -n 5 || true
    [ ! -s "$LAB_RUN/inodes" ] ||
        find /proc/[0-9]*/ns/net -maxdepth 0 -printf '%p %l\n' 2>/dev/null | grep -F -f <(sed 's/.*/net:[&]/' "$LAB_RUN/inodes") |
        sed 's|/proc/\([0-9]*\)/.*|process \1 in a namespace of the lab|' | head -n 5 || true
}
