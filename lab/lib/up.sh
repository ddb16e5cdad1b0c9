# shellcheck shell=bash
# `lab up`: from any state to a running cloud. Nothing that is done is repeated.

lab_up() {
    local start
    start=$(now_ms)
    preflight
    mkdir -p "$LAB_STATE" "$LAB_LOG"
    lab_lock
    trap interrupted INT TERM
    trap end_steps EXIT
    # beside the rest: compilers use the time in which packages are unpacked and daemons waited for
    [ "$LAB_BUILDS_IMAGES" = no ] || start_step images env PATH="$CALLER_PATH" "$LAB_HOME/images/build" --engine "$LAB_ENGINE"
    step packages install_packages
    step accel decide_accel
    take_lab
    step secrets make_secrets
    # shellcheck source=/dev/null
    . "$LAB_SECRETS"
    step config render_hosts
    step fabric make_fabric
    # databases that were not finished are made anew, and daemons that have seen them start again
    [ -e "$DB_MARK" ] || controller_stop
    step controller host_start controller
    step database-files restore_databases
    step base start_base
    databases_ready || step databases-create create_databases
    databases_ready || step databases-sync parallel sync_keystone sync_glance sync_placement sync_nova sync_neutron
    step keystone start_keystone
    databases_ready || step identity cloud identity
    databases_ready || step databases-keep keep_databases
    step services start_services
    step agents start_stage controller agents
    start_step bucket cloud bucket
    step zones start_zones
    step ready cloud ready
    finish_step bucket
    [ "$LAB_BUILDS_IMAGES" = no ] || finish_step images
    step registry lay_registry
    step contents cloud contents
    say "lab is up after $(seconds $(($(now_ms) - start))) s; $(accel_text), the cloud itself uses $(cloud_memory_mb) MiB"
    say "  export OS_CLIENT_CONFIG_FILE=$LAB_CLOUDS OS_CLOUD=lab"
}

install_packages() {
    local wanted
    mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$LAB_HOME/packages.txt")
    "$LAB_HOME/install-packages" "${wanted[@]}"
}

accel_text() {
    if [ "$(cat "$LAB_RUN/accel")" = kvm ]; then echo "servers run with KVM"; else echo "servers are emulated (no KVM that works)"; fi
}

# The registry's content lies beside the hosts' programs, so that a new build in the cache does not pull it away.
lay_registry() {
    local from=$LAB_IMAGES/registry to=$LAB_SHARED/registry stamp
    [ -d "$from" ] || { echo "there is no $from"; return 0; }
    stamp=$(cd "$from" && find . -type f -printf '%P %s %T@\n' | sort | sha256sum)
    [ "$stamp" != "$(cat "$to.stamp" 2>/dev/null)" ] || return 0
    rm -rf "$to.new" "$to.old"
    cp -aL --link "$from/." "$to.new" 2>/dev/null || { rm -rf "$to.new"; cp -aL "$from/." "$to.new"; }
    mv "$to" "$to.old"
    mv "$to.new" "$to"
    echo "$stamp" >"$to.stamp"
    rm -rf "$to.old"
}

start_base() {
    start_stage controller base
    wait_for 60 mariadb answers_sql
    wait_for 60 rabbitmq port_open "$CONTROLLER_IP" 5672
    wait_for 20 memcached port_open "$CONTROLLER_IP" 11211
    wait_for 20 registry ip netns exec lab-client curl -sf -m 2 "http://$EXT_SERVICES:5000/v2/"
    wait_for 20 package-proxy ip netns exec lab-client curl -sf -m 2 "http://$EXT_SERVICES:3142/style.css"
}

# An answer, not the port: uwsgi opens that before it has loaded the application, and callers of a broken one hang.
start_keystone() {
    start_stage controller identity
    wait_for 90 keystone curl -sf -m 5 "$AUTH_URL"
}

start_services() {
    in_host controller swift-rings /var/lib/swift "$CONTROLLER_IP"
    start_stage controller cloud
    local p
    for p in 8778 9292 8774 9696 6200 6201 6202 8080; do wait_for 180 "port $p" port_open "$CONTROLLER_IP" "$p"; done
    cloud listening
}

start_zones() { parallel start_az1 start_az2 start_az3; }
start_az1() { host_start az1; }
start_az2() { host_start az2; }
start_az3() { host_start az3; }

# cloud VERB: the cloud's contents, by openstacksdk of Debian (another python3 may come first on PATH).
cloud() {
    env OS_CLIENT_CONFIG_FILE="$LAB_CLOUDS" OS_CLOUD=lab-admin CONTROLLER_IP="$CONTROLLER_IP" REGION="$REGION" \
        ZONES="${ZONES[*]}" EXT_NET="$EXT_NET" EXT_SERVICES="$EXT_SERVICES" EXT_POOL="$EXT_POOL" \
        ACCEL="$(cat "$LAB_RUN/accel")" LAB_IMAGES="$LAB_IMAGES" LAB_STATE="$LAB_STATE" BUCKET="$BUCKET" S3_CREDENTIALS="$S3_CREDENTIALS" \
        PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 "$LAB_HOME/cloud/$1.py"
}
