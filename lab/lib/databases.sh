# shellcheck shell=bash
# The five services' databases: created once, then kept in the cache under a key of all that made them.

CTL=$(host_disk controller)
DB_MARK=$CTL/var/lib/lab-databases      # holds the key of the packages that last synced the databases, and of the catalogue

package_versions() {
    dpkg-query -W -f '${Package} ${Version}\n' python3-{keystone,glance,placement,nova,neutron} mariadb-server-core
}

schema_key() { { package_versions; cat "$LAB_HOME/cloud/identity.py"; } | sha256sum | cut -c1-16; }

# What decides the content of the kept databases.
database_key() {
    { package_versions
      cat "$LAB_SECRETS" "$LAB_HOME"/lib/databases.sh "$LAB_HOME"/cloud/identity.py "$LAB_HOME/lab.env" \
        "$LAB_HOME"/host/etc/{keystone/*,nova/*,mysql/*,neutron/plugins/ml2/ml2_conf.ini}
    } | sha256sum | cut -c1-16
}

kept_databases() { echo "$LAB_CACHE/databases-$(database_key).tar.zst"; }

databases_ready() { [ "$(cat "$DB_MARK" 2>/dev/null)" = "$(schema_key)" ]; }

# Before MariaDB runs: files of an earlier start, of the cache, or none.
restore_databases() {
    [ ! -e "$DB_MARK" ] || return 0
    local kept
    kept=$(kept_databases)
    in_host controller sv -w 30 force-stop mariadb || true
    rm -rf "$CTL"/var/lib/{mysql,keystone}
    mkdir -p "$CTL"/var/lib/{mysql,keystone}
    if [ -e "$kept" ] && tar -C "$CTL/var/lib" --zstd -xf "$kept"; then
        schema_key >"$DB_MARK"
        echo "from $kept"
        return
    fi
    rm -rf "$CTL"/var/lib/{mysql,keystone}
    mkdir -p "$CTL"/var/lib/{mysql,keystone}
    in_host controller mariadb-install-db --no-defaults --user=root --datadir=/var/lib/mysql \
        --auth-root-authentication-method=socket --skip-test-db
}

sql() { in_host controller mariadb --no-defaults --socket=/run/mysqld.sock; }
answers_sql() { sql <<<'select 1'; }

create_databases() {
    local d
    { echo "create user if not exists lab@'%' identified by '$DB_PASS';"
      for d in keystone glance placement nova_api nova_cell0 nova neutron; do
        echo "create database if not exists $d character set utf8; grant all on $d.* to lab@'%';"
      done; } | sql
}

sync_keystone() {
    in_host controller keystone-manage db_sync
    in_host controller keystone-manage fernet_setup --keystone-user root --keystone-group root
    in_host controller keystone-manage credential_setup --keystone-user root --keystone-group root
    # by standard input: arguments and environments can be read by others
    in_host controller sh -c 'read -r OS_BOOTSTRAP_PASSWORD; export OS_BOOTSTRAP_PASSWORD; exec "$@"' sh \
        keystone-manage bootstrap --bootstrap-region-id "$REGION" \
        --bootstrap-public-url "$AUTH_URL" --bootstrap-internal-url "$AUTH_URL" <<<"$ADMIN_PASS"
}
sync_glance() { in_host controller glance-manage db_sync; }
sync_placement() { in_host controller placement-manage db sync; }
sync_nova() {
    in_host controller nova-manage api_db sync
    in_host controller nova-manage cell_v2 map_cell0
    in_host controller nova-manage db sync
    in_host controller nova-manage cell_v2 list_cells | grep -q cell1 || in_host controller nova-manage cell_v2 create_cell --name cell1
}
sync_neutron() {
    in_host controller neutron-db-manage --config-file /etc/neutron/neutron.conf \
        --config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade head
}

# Once the catalogue is in: an archive for the next start from nothing. Newly made databases only: those of a cloud in use
# that packages' new versions have synced again hold its servers.
keep_databases() {
    local kept
    kept=$(kept_databases)
    if [ -e "$DB_MARK" ]; then schema_key >"$DB_MARK"; return; fi
    in_host controller sv -w 60 stop mariadb
    rm -f "$LAB_CACHE"/databases-*
    (umask 077; tar -C "$CTL/var/lib" --zstd -cf "$kept.new" mysql keystone)
    mv "$kept.new" "$kept"
    schema_key >"$DB_MARK"
    in_host controller rm -f /run/sv/mariadb/starts     # this end was ours
    in_host controller sv up mariadb
    wait_for 60 mariadb answers_sql
}
