# shellcheck shell=bash
# Switches of the lab, in a namespace away from the machine's firewall; the machine holds one cable to each. And the
# namespace from which tests send their requests: the lab is all that it can reach.

make_fabric() {
    if [ ! -e /run/netns ]; then touch "$LAB_RUN/netns-is-ours"; fi
    touch "$LAB_RUN/owned"                # from here on names that begin with lab- are ours
    if [ ! -e /run/netns/lab-fabric ]; then ip netns add lab-fabric; fi
    ip netns exec lab-fabric sysctl -qw net.ipv6.conf.default.disable_ipv6=1
    local b
    for b in mgmt ext; do
        ip -n lab-fabric link show "br-$b" >/dev/null 2>&1 || ip -n lab-fabric link add "br-$b" type bridge
        ip -n lab-fabric link set "br-$b" up
        ip link show "lab-$b" >/dev/null 2>&1 || ip link add "lab-$b" type veth peer name "$b-machine" netns lab-fabric
        ip -n lab-fabric link set "$b-machine" master "br-$b" up
        # nothing of the lab passes through the machine to anywhere else
        sysctl -qw "net.ipv4.conf.lab-$b.forwarding=0" "net.ipv6.conf.lab-$b.disable_ipv6=1"
    done
    # frames between hosts pass no firewall; the switches exist only where bridge netfilter does
    if ip netns exec lab-fabric test -e /proc/sys/net/bridge; then
        ip netns exec lab-fabric sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 \
            net.bridge.bridge-nf-call-arptables=0
    fi
    ip addr replace "$MGMT_MACHINE" dev lab-mgmt
    ip addr replace "$EXT_MACHINE" dev lab-ext
    ip link set lab-mgmt up
    ip link set lab-ext up
    make_client
}

make_client() {
    if [ ! -e /run/netns/lab-client ]; then ip netns add lab-client; fi
    ip -n lab-client link set lo up
    ip -n lab-client link show eth0 >/dev/null 2>&1 ||
        ip -n lab-fabric link add ext-client type veth peer name eth0 netns lab-client
    ip -n lab-fabric link set ext-client master br-ext up
    ip -n lab-client addr replace "$EXT_CLIENT" dev eth0
    ip -n lab-client link set eth0 up
}

# Ends what still runs in the client's namespace, then takes all of it away.
remove_fabric() {
    local pid b ns
    for ns in lab-client lab-fabric; do
        for pid in $(ip netns pids "$ns" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
        [ ! -e "/run/netns/$ns" ] || ip netns del "$ns"
    done
    for b in mgmt ext; do ip link del "lab-$b" 2>/dev/null || true; done
    # `ip netns` made this mount point when the lab ran first, if it was not there before
    if [ -e "$LAB_RUN/netns-is-ours" ] && [ -z "$(ls -A /run/netns)" ]; then
        while umount /run/netns 2>/dev/null; do :; done
        rmdir /run/netns
    fi
}
