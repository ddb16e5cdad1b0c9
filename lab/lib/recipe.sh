# shellcheck shell=bash
# From the checkout into the state folder: secrets, programs, each host's configuration. The running lab uses these
# copies alone, so that its checkout may go, and another may take the lab over.

make_secrets() {
    mkdir -p "$LAB_CACHE"
    chmod 700 "$LAB_CACHE"
    umask 077
    if [ ! -s "$LAB_SECRETS" ]; then
        # the kept databases hold these very passwords
        if [ -s "$LAB_CACHE/secrets.env" ]; then cp "$LAB_CACHE/secrets.env" "$LAB_SECRETS.new"; else new_secrets >"$LAB_SECRETS.new"; fi
        mv "$LAB_SECRETS.new" "$LAB_SECRETS"
    fi
    if ! cmp -s "$LAB_SECRETS" "$LAB_CACHE/secrets.env"; then
        cp "$LAB_SECRETS" "$LAB_CACHE/secrets.env.new"
        mv "$LAB_CACHE/secrets.env.new" "$LAB_CACHE/secrets.env"
    fi
}

new_secrets() {
    local n
    for n in DB_PASS RABBIT_PASS SERVICE_PASS ADMIN_PASS USER_PASS METADATA_SECRET; do
        echo "export $n=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
    done
}

# Hash of the lab's files in this checkout; images have recipes of their own.
recipe_hash() {
    (cd "$LAB_HOME" && find lab lab.env install-packages packages.txt lib cloud host -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16
}

zone_memory_mb() {
    [ "$LAB_ZONE_MB" = auto ] || { echo "$LAB_ZONE_MB"; return; }
    awk '/^MemTotal/ {mb = int(($2 / 1024 - 5120) / 3); print (mb > 6144 ? 6144 : mb)}' /proc/meminfo
}

# libvirt sums the NUMA nodes, which may be less than MemTotal; more reserved than there is makes placement refuse the
# host. On machines whose memory is added as it is used the sum grows, so it is asked for once: hosts must not start
# again because of it.
reserved_memory_mb() {
    local kept=$LAB_RUN/reserved-mb
    [ -s "$kept" ] || awk -v zone="$(zone_memory_mb)" '/MemTotal/ {kb += $4} END {mb = int(kb / 1024) - zone; print (mb > 0 ? mb : 0)}' \
        "${NODES:-/sys/devices/system/node}"/node*/meminfo >"$kept"
    cat "$kept"
}

# What the templates of the package cache name.
package_settings() {
    export DEBIAN_MIRROR DEBIAN_SECURITY_MIRROR UPSTREAM_PROXY
    { read -r DEBIAN_MIRROR; read -r DEBIAN_SECURITY_MIRROR; } < <(package_mirrors)
    UPSTREAM_PROXY=$(upstream_proxy)
}

# Two lines: where the package cache gets Debian's packages and their security updates, as apt of this machine does.
package_mirrors() {
    # shellcheck source-path=SCRIPTDIR/.. disable=SC2016
    bash -c '. "$1"
        echo "${DEBIAN_MIRROR:-$(mirror_of /debian)}"
        echo "${DEBIAN_SECURITY_MIRROR:-$(mirror_of /debian-security)}"' mirrors "$LAB_HOME/images/lib.sh" |
        sed -e '1s|^$|http://deb.debian.org/debian|' -e '2s|^$|http://deb.debian.org/debian-security|'
}

# The package cache's setting for the proxy that apt of this machine goes through; empty where there is none.
upstream_proxy() {
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [[ $proxy != http*://* ]] || echo "Proxy: $proxy"
}

# Each host's /etc is the machine's with these files laid over it; its /var is its own. A host whose files have changed
# is powered off first: its servers come back with it.
render_hosts() {
    local host new disk
    export CONTROLLER_IP AUTH_URL REGION EXT_SERVICES HOST IP HOST_UUID BRIDGE_MAPPINGS RESERVED_MB CPU_SETTINGS
    RESERVED_MB=$(reserved_memory_mb)
    CPU_SETTINGS=$(cpu_settings)
    package_settings
    mkdir -p "$LAB_STATE_DIR/hosts"
    chmod 700 "$LAB_STATE_DIR"
    # shellcheck disable=SC2153  # HOSTS are all, HOST is the template's
    for host in "${HOSTS[@]}"; do
        disk=$(host_disk "$host") new=$(host_disk "$host").new
        HOST=$host IP=${HOST_IP[$host]} BRIDGE_MAPPINGS=
        HOST_UUID=$(printf '7a0e1c00-51ab-4000-8000-%012d' "${IP##*.}")
        [ "$host" != controller ] || BRIDGE_MAPPINGS=external:eth1
        rm -rf "$new"
        render_etc "$new"
        host_recipe "$new" >"$disk.recipe"
        if host_pid "$host" >/dev/null && ! cmp -s "$disk.recipe" "$LAB_RUN/$host.recipe"; then
            echo "$host: its files have changed; it starts again"
            if [ "$host" = controller ]; then controller_stop; else host_stop "$host"; fi
        fi
        host_pid "$host" >/dev/null || lay_disk "$new" "$disk"
        rm -rf "$new"
    done
    lay_programs
    write_clouds
}

render_etc() {
    local f h
    while read -r f; do
        mkdir -p "$1/$(dirname "$f")"
        (umask 077; envsubst <"$LAB_HOME/host/etc/$f" >"$1/$f")
    done < <(cd "$LAB_HOME/host/etc" && find . -type f)
    { echo "127.0.0.1 localhost"; for h in "${HOSTS[@]}"; do echo "${HOST_IP[$h]} $h"; done; } >"$1/hosts"
}

host_recipe() { # the hash of what a host is started from
    { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
      cat "$LAB_HOME"/lib/host.sh "$LAB_HOME"/host/{init.sh,services.txt} "$LAB_HOME"/host/bin/* "$LAB_RUN/accel"
      dpkg-query -W -f '${Package} ${Version}\n' qemu-system-x86 python3-nova python3-neutron
    } | sha256sum | cut -c1-16
}

lay_disk() {
    mkdir -p "$2"/{etc,etc.work,var/{cache/libvirt,log,tmp,lib/{nova/{instances,tmp},neutron/lock,keystone,swift,glance/images,libvirt,mysql}}}
    ln -sfn /run "$2/var/run"
    ln -sfn /run/lock "$2/var/lock"
    cp -a "$1/." "$2/etc/"
    find "$2/etc" -type d -exec chmod 755 {} +
}

lay_programs() {
    local f
    mkdir -p "$LAB_SHARED"/{bin,nova,libvirt,registry}
    place "$LAB_HOME/host/services.txt" "$LAB_SHARED/services.txt"
    place "$LAB_HOME/host/init.sh" "$LAB_SHARED/init.sh" 755
    for f in "$LAB_HOME"/host/bin/*; do place "$f" "$LAB_SHARED/bin/$(basename "$f")" 755; done
    # libvirt's cache of QEMU's abilities goes by the programs' times, which `place` keeps
    place /usr/bin/qemu-system-x86_64 "$LAB_SHARED/bin/qemu-system-x86_64.real" 755
    # an overlay's mark for "not there": one emulator less for libvirt to question
    [ -e "$LAB_SHARED/bin/qemu-system-i386" ] || mknod "$LAB_SHARED/bin/qemu-system-i386" c 0 0
    launcher nova-api-os-compute nova.cmd.api_os_compute
    launcher nova-api-metadata nova.cmd.api_metadata
    launcher nova-conductor nova.cmd.conductor
    launcher nova-scheduler nova.cmd.scheduler
    launcher nova-compute nova.cmd.compute
    launcher glance-api glance.cmd.api
}

# The service packages, which are not installed, hold only this.
launcher() {
    printf '#!/usr/bin/python3\nimport sys\nfrom %s import main\nsys.exit(main())\n' "$2" >"$LAB_RUN/launcher"
    place "$LAB_RUN/launcher" "$LAB_SHARED/bin/$1" 755
}

write_clouds() {
    local name user project pass
    umask 077
    { echo "clouds:"
      for name in lab:swarm:swarm:"$USER_PASS" lab-admin:admin:admin:"$ADMIN_PASS"; do
        IFS=: read -r name user project pass <<<"$name"
        printf '  %s:\n    region_name: %s\n    identity_api_version: 3\n    auth:\n' "$name" "$REGION"
        printf '      auth_url: %s\n      username: %s\n      password: %s\n      project_name: %s\n' "$AUTH_URL" "$user" "$pass" "$project"
        printf '      user_domain_name: Default\n      project_domain_name: Default\n'
      done; } >"$LAB_CLOUDS.new"
    mv "$LAB_CLOUDS.new" "$LAB_CLOUDS"
}

# One lab a machine: it belongs to the checkout that last ran `lab up`. Another takes it over, unless that would restart
# hosts under servers that are in use.
take_lab() {
    local path='' recipe='' since='' key value
    if [ -s "$LAB_HOLDER" ]; then
        while IFS='=' read -r key value; do printf -v "$key" %s "$value"; done <"$LAB_HOLDER"
        if [ "$path" != "$LAB_HOME" ]; then
            if [ "$recipe" != "$(recipe_hash)" ] && [ "${TAKE:-no}" = no ] && [ -e "$path" ] && servers_run; then
                say "lab: held by $path since $since, with another recipe, and servers run on it."
                say "Its hosts would start again under them: run \`lab down\` in that checkout, or \`lab up --take\` here."
                exit 75
            fi
            say "  taken over from $path, which had it since $since"
        fi
    fi
    printf 'path=%s\nrecipe=%s\nsince=%s\n' "$LAB_HOME" "$(recipe_hash)" "$(date +%FT%T)" >"$LAB_HOLDER.new"
    mv "$LAB_HOLDER.new" "$LAB_HOLDER"
}

servers_run() {
    local z
    for z in "${ZONES[@]}"; do
        if in_host "$z" pgrep -f qemu-system-x86_64.real >/dev/null 2>&1; then return 0; fi
    done
    return 1
}
