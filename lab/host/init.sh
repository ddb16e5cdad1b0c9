#!/bin/bash
# First process of a host, already in namespaces of its own: give it its disks and /run, then supervise its services.
set -euo pipefail
read -r outer _ </proc/self/stat          # /proc is still the machine's: this is our pid as the machine sees it
hostname "$LAB_HOST"
exec 8<"$LAB_MACHINE_NET"                 # the machine's own network, which is named below

mount -t proc proc /proc
mount -t sysfs sysfs /sys                 # of this network namespace; no cgroups in it
# kvm is there only where it works: libvirt would question it at length, and a broken one again at every call
mount -t tmpfs -o mode=755 tmpfs /dev
mkdir -p /dev/{pts,shm,net}
nodes=(null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200)
[ "$LAB_ACCEL" != kvm ] || nodes+=(kvm:10:232)
for n in "${nodes[@]}"; do
    IFS=: read -r node major minor <<<"$n"
    mknod -m 666 "/dev/$node" c "$major" "$minor"
done
ln -s /proc/self/fd /dev/fd
ln -s pts/ptmx /dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind "$LAB_SHARED" /srv
if [ "$LAB_ROLE" = controller ]; then
    # for the package cache (bin/package-cache); resolv.conf may be a link to what is hidden here
    cp -L /etc/hosts "$LAB_DISK/etc/hosts.machine"
    [ ! -r /etc/resolv.conf ] || cp -L --remove-destination /etc/resolv.conf "$LAB_DISK/etc/resolv.conf"
    mkdir -p "$LAB_DISK/var/cache/packages"
    mount --bind "$LAB_PACKAGES" "$LAB_DISK/var/cache/packages"
fi
mount -t overlay -o "lowerdir=/etc,upperdir=$LAB_DISK/etc,workdir=$LAB_DISK/etc.work" lab-etc /etc
mount -t overlay -o lowerdir=/srv/bin:/usr/bin lab-bin /usr/bin
mkdir -p "$LAB_DISK/var/log/lab"
mount --bind "$LAB_LOGS" "$LAB_DISK/var/log/lab"
echo "$outer" >"$LAB_RUN/$LAB_HOST.pid"   # before /run is hidden
mount --rbind "$LAB_DISK/var" /var
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
# libvirtd looks its built-in user up before it reads qemu.conf; the package that would create it is not installed
for f in passwd:libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin group:libvirt-qemu:x:64055: ; do
    grep -q ^libvirt-qemu: "/etc/${f%%:*}" || echo "${f#*:}" >>"/etc/${f%%:*}"
done
mkdir -p /run/lock /run/netns /run/sv
if [ "$LAB_ROLE" = controller ]; then
    touch /run/netns/machine
    mount --bind /proc/self/fd/8 /run/netns/machine
fi
exec 8<&-
if [ "$LAB_ROLE" = compute ]; then
    mount --bind /srv/libvirt /var/cache/libvirt     # what QEMU can do, asked once for all hosts
    for d in _base locks; do
        mkdir -p "/srv/nova/$d" "/var/lib/nova/instances/$d"
        mount --bind "/srv/nova/$d" "/var/lib/nova/instances/$d"
    done
fi

while read -r role _ name command; do
    [ "$role" = "$LAB_ROLE" ] || continue
    d=/run/sv/$name log=/var/log/lab/$name.log
    mkdir -p "$d"
    [ "$role" = compute ] || touch "$d/down"      # the controller's stages are started by `lab up`
    # a log is cut at a start when it has grown past 16 MiB; the starts are counted for `lab status`
    cat >"$d/run" <<RUN
#!/bin/sh
[ "\$(stat -c %s $log 2>/dev/null || echo 0)" -lt 16777216 ] || mv -f $log $log.1
exec >>$log 2>&1 </dev/null
echo "== $name starts \$(date +%FT%T)" | tee -a $d/starts
$command
RUN
    # restarted for ever, with a pause: a daemon that cannot start must not eat the machine
    # shellcheck disable=SC2016  # $1 and $2 are the finish script's
    printf '#!/bin/sh\necho "== %s ended, code $1 signal $2" >>%s\nsleep 3\n' "$name" "$log" >"$d/finish"
    chmod +x "$d/run" "$d/finish"
done </srv/services.txt

# The kernel weighs sessions: the cloud goes before the servers' emulators (10 and 0, bin/server-priority) and before compilers.
[ ! -w /proc/self/autogroup ] || echo -10 >/proc/self/autogroup
touch /run/booted
exec env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/run HOST="$LAB_HOST" IP="$LAB_IP" runsvdir -P /run/sv
