# shellcheck shell=bash
# A server's disk booted under plain emulation, as the lab boots it; shared by check and check-stock. They set `images_dir`
# (where the disks lie), `memory` and `cpu`, stand in their work folder, and are in a network namespace of their own.

make_keys() { # NAME...: key pairs
  local name
  for name; do ssh-keygen -q -t ed25519 -N '' -C check -f "$name"; done
}

pin() { echo "[127.0.0.1]:2222 $1" > known_hosts; } # PUBLIC_KEY

# make_seed < USER_DATA: seed.iso, a config drive as Nova makes it.
make_seed() {
  local meta
  mkdir -p seed/openstack/latest
  meta=$(jq -n --rawfile key user.pub '{uuid: "11111111-1111-1111-1111-111111111111", name: "check", hostname: "check", availability_zone: "az1", public_keys: {check: $key}}')
  echo "$meta" > seed/openstack/latest/meta_data.json
  jq -n '{links: [{id: "tap0", type: "phy", ethernet_mac_address: "52:54:00:12:34:56", mtu: 1450}],
    networks: [{id: "network0", type: "ipv4", link: "tap0", ip_address: "10.0.2.15", netmask: "255.255.255.0",
      routes: [{network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.0.2.2"}], network_id: "check"}],
    services: [{type: "dns", address: "10.0.2.3"}]}' > seed/openstack/latest/network_data.json
  cat > seed/openstack/latest/user_data
  genisoimage -quiet -output seed.iso -volid config-2 -joliet -rock seed
}

# start_guest NAME RESTRICT: boots NAME.qcow2 with seed.iso; RESTRICT is on where it shall reach nothing, off where it may
# reach what the network namespace does. It ends with the script.
start_guest() {
  qemu-img create -q -f qcow2 -b "$images_dir/$1.qcow2" -F qcow2 disk.qcow2 8G
  started=$(date +%s.%N)
  GLIBC_TUNABLES=glibc.malloc.hugetlb=1 qemu-system-x86_64 -machine pc -accel tcg,tb-size=256 -cpu "$cpu" -smp 1 -m "$memory" -display none -serial file:console.log \
    -kernel "$images_dir/$1.vmlinux" -initrd "$images_dir/$1.initrd" -append "$(cat "$images_dir/$1.cmdline" "$here/../cloud/emulated.cmdline" | paste -sd' ')" \
    -drive file=disk.qcow2,if=virtio,cache=unsafe -drive file=seed.iso,if=ide,media=cdrom,format=raw \
    -netdev "user,id=n,restrict=$2,hostfwd=tcp:127.0.0.1:2222-:22" -device virtio-net-pci,netdev=n,mac=52:54:00:12:34:56 \
    -object rng-random,id=r,filename=/dev/urandom -device virtio-rng-pci,rng=r &
  pid=$!
  trap 'kill $pid 2> /dev/null || true' EXIT
}

processor() { awk -v tick="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print ($12 + $13) / tick}' "/proc/$pid/stat"; }
since() { awk -v from="$1" -v to="$(date +%s.%N)" 'BEGIN {printf "%.1f", to - from}'; }
report() { printf '%-28s %6.1f s clock %6.1f s processor\n' "$1" "$(since "$started")" "$(processor)"; }
until_done() { # what, deadline in seconds, command...
  local what=$1 allowed=$2 deadline=$((SECONDS + $2))
  shift 2
  until "$@" > /dev/null 2>&1; do
    kill -0 "$pid" 2> /dev/null || fail "$what: QEMU ended; its console is $work/console.log."
    if ((SECONDS >= deadline)); then
      tail -n 30 console.log >&2
      fail "$what: not within $allowed s; the console is $work/console.log."
    fi
    sleep 0.2
  done
}

# on USER COMMAND...: by SSH, to the pinned host key.
on() { ssh -q -i user -p 2222 -o UserKnownHostsFile=known_hosts -o StrictHostKeyChecking=yes -o ConnectTimeout=30 -o BatchMode=yes "$1@127.0.0.1" "${@:2}"; }

failures=0
expect() { # what, wanted, got
  if [[ $2 == "$3" ]]; then
    echo "ok      $1"
  else
    failures=$((failures + 1))
    printf 'NOT OK  %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
  fi
}
