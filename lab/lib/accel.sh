# shellcheck shell=bash
# KVM where it works, emulation otherwise. That /dev/kvm opens proves nothing: a guest has to run.

# Boot sector: print "K" on the serial port, then end QEMU with exit status 33 (isa-debug-exit of 0x10).
#   mov dx,0x3f8; mov al,'K'; out dx,al; mov dx,0xf4; mov al,0x10; out dx,al; hlt
PROBE_CODE='\xba\xf8\x03\xb0K\xee\xba\xf4\x00\xb0\x10\xee\xf4'

# probe_accel ACCEL CPU SECONDS: runs that guest for a moment on the CPU that nova will ask for; says what came of it.
# PROBE_MS: how long it took.
probe_accel() {
    local disk rc=0 begun=${EPOCHREALTIME/./}
    disk=$(mktemp "$LAB_RUN/probe.XXXXXX")
    printf '%b' "$PROBE_CODE" >"$disk"
    truncate -s 510 "$disk"
    printf '\x55\xaa' >>"$disk"
    truncate -s 1440K "$disk"
    timeout -s KILL "$3" qemu-system-x86_64 -nodefaults -display none -machine pc -accel "$1" -cpu "$2" -m 16 -serial "file:$disk.out" \
        -device isa-debug-exit,iobase=0xf4,iosize=4 -drive "file=$disk,format=raw,if=floppy" >"$disk.err" 2>&1 || rc=$?
    PROBE_MS=$(((${EPOCHREALTIME/./} - begun) / 1000))
    if [ "$rc" = 33 ] && [ "$(cat "$disk.out")" = K ]; then
        echo "a guest ran with $1 in $PROBE_MS ms"
    else
        echo "no guest ran with $1 (exit $rc): $(tail -n 1 "$disk.err")"
        rm -f "$disk"*
        return 1
    fi
    rm -f "$disk"*
}

# A KVM without hardware behind it may run this guest, but slower than emulation does, and fail with a larger one.
kvm_works() {
    local emulated=$PROBE_MS
    [ -c /dev/kvm ] && probe_accel kvm host 20 || return
    [ "$PROBE_MS" -le "$emulated" ] || { echo "KVM is slower than emulation, which took $emulated ms"; return 1; }
}

# Answers are kept until the machine boots again (LAB_RUN is emptied then).
decide_accel() {
    local kept=$LAB_RUN/accel
    case $LAB_ACCEL in
        kvm) probe_accel kvm host 20 || die "LAB_ACCEL=kvm, but KVM does not work here"
             echo kvm >"$kept" ;;
        tcg) echo tcg >"$kept" ;;
        auto)
            [ -s "$kept" ] && [ "$(cat "$kept.asked" 2>/dev/null)" = auto ] && return
            probe_accel tcg qemu64 60 || die "not even emulation runs the probe's guest; see the lines above"
            if kvm_works; then echo kvm >"$kept"; else echo tcg >"$kept"; fi ;;
        *) die "LAB_ACCEL: \"$LAB_ACCEL\" is unknown; allowed: auto, kvm, tcg" ;;
    esac
    echo "$LAB_ACCEL" >"$kept.asked"
}

# What nova is told: emulation boots quickest on the plainest CPU (qemu64: a quarter faster than Nehalem).
cpu_settings() {
    if [ "$(cat "$LAB_RUN/accel")" = kvm ]; then
        printf 'virt_type = kvm\ncpu_mode = host-passthrough'
    else
        printf 'virt_type = qemu\ncpu_mode = custom\ncpu_models = qemu64'
    fi
}
