"""The servers' image with its kernel and initrd, uploaded when their files have changed."""
import hashlib
import json
import os

CMDLINE = "root=/dev/vda console=ttyS0 net.ifnames=0 mitigations=off audit=0 quiet"


def upload(cloud, folder, state, say):
    disk = f"{folder}/node.qcow2"
    if not os.path.exists(disk):
        say(f"no {disk}: the cloud has no image until `lab image build` has made one")
        return
    hashes = Hashes(f"{state}/image-hashes.json")
    kernel = image(cloud, hashes, say, "swarm-node-kernel", f"{folder}/node.vmlinuz", disk_format="aki", container_format="aki")
    initrd = image(cloud, hashes, say, "swarm-node-initrd", f"{folder}/node.initrd", disk_format="ari", container_format="ari")
    image(cloud, hashes, say, "swarm-node", disk, disk_format="qcow2", container_format="bare", min_disk=4,
          kernel_id=kernel.id, ramdisk_id=initrd.id, os_command_line=command_line(folder), hw_rng_model="virtio")
    hashes.keep()


def command_line(folder):
    try:
        with open(f"{folder}/node.cmdline", encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return CMDLINE


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
