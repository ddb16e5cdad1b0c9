"""The servers' images with their kernels and initrds, uploaded when their files have changed."""
import ctypes
import hashlib
import json
import mmap
import os
import statistics
import time

CMDLINE = "root=/dev/vda console=ttyS0 net.ifnames=0 mitigations=off audit=0 quiet"


def upload(cloud, folder, state, say):
    if not os.path.exists(f"{folder}/node.qcow2"):
        say(f"no {folder}/node.qcow2: the cloud has no image until `lab image build` has made one")
        return
    hashes = Hashes(f"{state}/image-hashes.json")
    server_image(cloud, hashes, say, "swarm-node", f"{folder}/node")
    if os.path.exists(f"{folder}/stock.qcow2"):  # of `lab image build --stock`
        server_image(cloud, hashes, say, "debian-stock", f"{folder}/stock")
    hashes.keep()


def server_image(cloud, hashes, say, name, files):
    kernel = image(cloud, hashes, say, f"{name}-kernel", f"{files}.vmlinuz", disk_format="aki", container_format="aki")
    initrd = image(cloud, hashes, say, f"{name}-initrd", f"{files}.initrd", disk_format="ari", container_format="ari")
    image(cloud, hashes, say, name, f"{files}.qcow2", disk_format="qcow2", container_format="bare", min_disk=4,
          kernel_id=kernel.id, ramdisk_id=initrd.id, os_command_line=command_line(f"{files}.cmdline"), hw_rng_model="virtio")


def command_line(path):
    try:
        with open(path, encoding="utf-8") as f:
            line = f.read().strip()
    except FileNotFoundError:
        line = CMDLINE
    if os.environ["ACCEL"] != "tcg":
        return line
    with open(f"{os.path.dirname(os.path.abspath(__file__))}/emulated.cmdline", encoding="utf-8") as f:
        return f"{line} tsc_early_khz={host_tsc_khz()} {f.read().strip()}"


def host_tsc_khz():
    """Frequency of this machine's time stamp counter, to a MHz.

    An emulated server has the same counter. It measures the frequency itself when it boots, and where its processor is
    taken away in that moment it measures wrongly: one in some 40 boots had a clock that ran six times too fast.
    """
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("0f3148c1e2204809d0c3"))  # rdtsc; shl rdx, 32; or rax, rdx; ret
    counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def once():
        ticks, begun = counter(), time.monotonic_ns()
        time.sleep(0.1)
        return (counter() - ticks) * 1e6 / (time.monotonic_ns() - begun)

    return round(statistics.median(once() for _ in range(5)) / 1000) * 1000


def image(cloud, hashes, say, name, path, **properties):
    """Upload unless the image of this name came from this very content; older ones give way."""
    wanted = {"lab_sha256": hashes.of(path), **{k: v for k, v in properties.items() if k.endswith("_id") or k == "os_command_line"}}
    older = []
    for old in cloud.image.images(name=name):
        if old.status == "active" and all(old.properties.get(k) == v or getattr(old, k, None) == v for k, v in wanted.items()):
            return old
        older.append(old)
    new = cloud.image.create_image(name, filename=path, visibility="public", allow_duplicates=True, wait=True,
                                   disable_vendor_agent=True, lab_sha256=wanted["lab_sha256"], **properties)
    for old in older:
        cloud.image.delete_image(old)
    say(f"uploaded {name}, {os.path.getsize(path) >> 20} MiB")
    return new


class Hashes:
    """Hashes of files, remembered by size and time: hundreds of MiB are not read again at every start."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path, encoding="utf-8") as f:
                self.known = json.load(f)
        except (FileNotFoundError, ValueError):
            self.known = {}
        self.used = {}

    def of(self, path):
        path = os.path.realpath(path)
        stat = os.stat(path)
        key = f"{path} {stat.st_size} {stat.st_mtime_ns}"
        if key not in self.known:
            with open(path, "rb") as f:
                digest = hashlib.sha256()
                while block := f.read(1 << 20):
                    digest.update(block)
            self.known[key] = digest.hexdigest()
        self.used[key] = self.known[key]
        return self.used[key]

    def keep(self):
        with open(f"{self.path}.new", "w", encoding="utf-8") as f:
            json.dump(self.used, f)
        os.replace(f"{self.path}.new", self.path)
