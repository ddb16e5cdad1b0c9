# shellcheck shell=bash
# Debian's packages of the lab: installed when one is missing; nothing is started by them, now or at the next boot.

POLICY=/usr/sbin/policy-rc.d

wanted_packages() { sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$LAB_HOME/packages.txt"; }

missing_packages() {
    local have
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    comm -23 <(wanted_packages | LC_ALL=C sort -u) <(LC_ALL=C sort -u <<<"$have")
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" != 0 ] || return 0
    echo "${#missing[@]} packages are missing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "$POLICY" memcached start >/dev/null 2>&1 && die "$POLICY lets packages start their daemons; remove it for the installation"
    persist "apt-get update" apt-get update
    persist "apt-get install" install_named "${missing[@]}"
    keep_off "${missing[@]}"
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" = 0 ] || die "still missing after the installation: ${missing[*]}"
}

install_named() {
    # other programs, the images' build among them, may hold dpkg's lock for a while
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold "$@" && return
    # apt refuses while an installation that was killed is half done
    dpkg --force-confold --configure -a
    return 1
}

# persist WHAT CMD...: registries hiccup and other programs hold apt's locks: five tries over a minute.
persist() {
    local what=$1 try pause=4
    shift
    for try in 1 2 3 4 5; do
        if "$@" </dev/null; then return 0; fi
        echo "$what: try $try of 5 failed"
        [ "$try" = 5 ] || sleep "$pause"
        pause=$((pause * 2))
    done
    die "$what failed five times; the lines above say why"
}

# Maintainer scripts ask this file whether they may start their daemon. It stands as long as the images' build, which
# installs packages too, may run beside.
hold_policy() {
    [ -e "$POLICY" ] || printf '#!/bin/sh\n# of the lab, while it installs packages\nexit 101\n' | install -m 755 /dev/stdin "$POLICY"
}
forget_policy() { if grep -qs '^# of the lab' "$POLICY"; then rm -f "$POLICY"; fi; }

# The lab runs these daemons itself, inside its namespaces; the machine's init must not start them at its next boot.
keep_off() {
    command -v systemctl >/dev/null || return 0
    local units
    mapfile -t units < <(dpkg -L "$@" 2>/dev/null | sed -n 's|^\(/usr\)\?/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$|\2|p' | sort -u)
    [ "${#units[@]}" = 0 ] || systemctl disable "${units[@]}" 2>&1 || true
}
