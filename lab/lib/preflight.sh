# shellcheck shell=bash
# What must be true of the machine before `lab up` changes anything: all faults in one message. The facts are gathered
# apart from the verdict, so that a test can give its own.

declare -A FACT=()

gather_facts() {
    FACT[uid]=$(id -u)
    FACT[os]=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-unknown}")
    FACT[arch]=$(uname -m)
    FACT[memory_mb]=$(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
    FACT[available_mb]=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
    FACT[disk_mb]=$(disk_free_mb "$LAB_STATE")
    FACT[cache_disk_mb]=$(disk_free_mb "$LAB_CACHE_ROOT")
    FACT[tun]=$(tun_state)
    FACT[kernel]=$(kernel_lacks)
    FACT[taken]=$(taken_addresses)
    FACT[running]=$([ -e "$LAB_RUN/owned" ] && echo yes || echo no)
    FACT[installed]=$([ -e "$LAB_STATE_DIR" ] && echo yes || echo no)
    FACT[foreign]=$([ "${FACT[running]}" = yes ] || foreign_names)
}

# preflight_faults: one line per fault, from FACT alone.
preflight_faults() {
    local line
    [ "${FACT[uid]}" = 0 ] || echo "user: uid ${FACT[uid]} is not root; run it with sudo"
    [ "${FACT[os]}" = "debian 12" ] || echo "distribution: \"${FACT[os]}\" is not \"debian 12\", whose packages the lab is made of"
    [ "${FACT[arch]}" = x86_64 ] || echo "processor: \"${FACT[arch]}\" is not x86_64"
    if [ "${FACT[memory_mb]}" -lt "$LAB_MIN_MEMORY_MB" ]; then
        echo "memory: ${FACT[memory_mb]} MiB are too little; the cloud and six servers need $LAB_MIN_MEMORY_MB (LAB_MIN_MEMORY_MB sets another bound)"
    elif [ "${FACT[running]}" = no ] && [ "${FACT[available_mb]}" -lt $((LAB_MIN_MEMORY_MB * 3 / 4)) ]; then
        echo "memory: of ${FACT[memory_mb]} MiB only ${FACT[available_mb]} are free; $((LAB_MIN_MEMORY_MB * 3 / 4)) are needed (LAB_MIN_MEMORY_MB sets another bound)"
    fi
    # what an installed lab has taken already is not asked for again
    local need=$LAB_MIN_DISK_MB
    [ "${FACT[installed]}" = no ] || need=$((need / 4))
    [ "${FACT[disk_mb]}" -ge "$need" ] || echo "disk: ${FACT[disk_mb]} MiB free for $LAB_STATE are too little; $need are needed (LAB_MIN_DISK_MB sets another bound)"
    [ "${FACT[cache_disk_mb]}" -ge $((need / 2)) ] ||
        echo "disk: ${FACT[cache_disk_mb]} MiB free for $LAB_CACHE_ROOT are too little; $((need / 2)) are needed (SWARM_CACHE_DIR names another place)"
    [ "${FACT[tun]}" = yes ] || echo "/dev/net/tun: ${FACT[tun]}; the servers' network devices are made with it"
    while read -r line; do [ -z "$line" ] || echo "kernel: $line"; done <<<"${FACT[kernel]}"
    while read -r line; do [ -z "$line" ] || echo "network: $line"; done <<<"${FACT[taken]}"
    while read -r line; do [ -z "$line" ] || echo "name: $line"; done <<<"${FACT[foreign]}"
}

preflight() {
    local faults
    gather_facts
    faults=$(preflight_faults)
    [ -n "$faults" ] || return 0
    say "lab: this machine cannot run the lab; nothing was changed:"
    bullets <<<"$faults"
    exit 2
}

disk_free_mb() {
    local d=$1
    until [ -d "$d" ]; do d=$(dirname "$d"); done
    df -Pk "$d" | awk 'NR == 2 {print int($4 / 1024)}'
}

tun_state() {
    if [ ! -c /dev/net/tun ]; then echo "there is none"
    elif (exec 3<>/dev/net/tun) 2>/dev/null; then echo yes
    else echo "it cannot be opened"
    fi
}

# Tried in namespaces that vanish with the trial. Without iproute2, which `lab up` installs, only the namespaces are tried.
kernel_lacks() {
    [ "$(id -u)" = 0 ] || return 0
    if ! unshare --net --mount --pid --ipc --uts --fork true 2>/dev/null; then
        echo "namespaces are refused (a container needs CAP_SYS_ADMIN)"
        return
    fi
    # shellcheck disable=SC2016  # expanded inside
    unshare --net --mount bash -c '
        if command -v ip >/dev/null; then
            for kind in bridge "veth peer name lab-try1" "vxlan id 1 dstport 4789"; do
                ip link add lab-try type $kind 2>/dev/null || echo "it makes no ${kind%% *} device"
                ip link del lab-try 2>/dev/null
            done
        fi
        mount -t tmpfs tmpfs /mnt && mkdir /mnt/{a,b,c} &&
            mount -t overlay -o lowerdir=/etc,upperdir=/mnt/a,workdir=/mnt/b overlay /mnt/c 2>/dev/null || echo "it mounts no overlay"
    ' || true
}

# Routes and addresses of the machine, the lab's own aside, that meet the lab's ranges.
taken_addresses() {
    awk -v ranges="$MGMT_NET $EXT_NET" '
        function number(text,  p) { split(text, p, "."); return ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4] }
        # /proc/net/route writes addresses in hexadecimal, last byte first
        function digit(c) { return index("0123456789ABCDEF", c) - 1 }
        function hexed(h,  i, v) { for (i = 7; i >= 1; i -= 2) v = v * 256 + digit(substr(h, i, 1)) * 16 + digit(substr(h, i + 1, 1)); return v }
        function dotted(n) { return int(n / 16777216) % 256 "." int(n / 65536) % 256 "." int(n / 256) % 256 "." n % 256 }
        function bits(mask,  n) { for (n = 0; mask > 0; n++) mask = (mask * 2) % 4294967296; return n }
        BEGIN { count = split(ranges, range, " ") }
        FNR > 1 && $1 !~ /^lab-/ && $8 != "00000000" {
            from = hexed($2); size = 4294967296 - hexed($8)
            for (i = 1; i <= count; i++) {
                split(range[i], r, "/"); low = number(r[1]); high = low + 2 ^ (32 - r[2])
                if (from < high && low < from + size)
                    print range[i] " meets the route " dotted(from) "/" bits(hexed($8)) " of " $1 "; the lab needs the range for itself"
            }
        }' "${ROUTES_FILE:-/proc/net/route}"
}

# Namespaces and links that bear the lab's names although no lab runs.
foreign_names() {
    local n
    for n in "${NAMESPACES[@]}"; do
        [ ! -e "/run/netns/$n" ] || echo "the namespace $n exists and is not this lab's; \`ip netns del $n\` removes it"
    done
    for n in lab-mgmt lab-ext; do
        [ ! -e "/sys/class/net/$n" ] || echo "the link $n exists and is not this lab's; \`ip link del $n\` removes it"
    done
}
