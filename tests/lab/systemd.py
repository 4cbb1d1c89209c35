"""A real systemd with a tree of its own, in namespaces, for the shipped units.

The tree is a tmpfs: /usr is the machine's, read-only; /etc, /var and /dev are
its own, with device nodes made for it; what was installed below the prefix is
copied to the same place.  Or it is a layer over a whole tree, say of another
release.  Only what the units need is started.  When the lab
ends its first process, all others of the tree end, and the tree with them.
"""

import os
import subprocess

from . import waiting
from .process import Process, children

INIT = "/lib/systemd/systemd"

# What would touch the machine itself, or wait for hardware that is not there.
MASKED = """console-getty.service dev-hugepages.mount dev-mqueue.mount getty.target
    ldconfig.service proc-sys-fs-binfmt_misc.automount
    sys-fs-fuse-connections.mount sys-kernel-config.mount
    sys-kernel-debug.mount sys-kernel-tracing.mount systemd-binfmt.service
    systemd-firstboot.service systemd-hwdb-update.service systemd-logind.service
    systemd-modules-load.service systemd-networkd.service
    systemd-networkd.socket systemd-pstore.service systemd-random-seed.service
    systemd-remount-fs.service systemd-sysctl.service
    systemd-tmpfiles-setup-dev.service systemd-udevd.service
    systemd-update-utmp.service tmp.mount""".split()

# The tree, at "$root", with the machine's programs and a copy of the prefix.
OWN = r"""
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
for d in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$d" ]; then cp -a "/$d" "$d"; fi
done
mkdir -p etc usr ".$from"
mount --bind -o ro /usr usr
mount -o remount,bind,ro usr
for f in passwd group nsswitch.conf ld.so.cache ld.so.conf ssl alternatives; do
    if [ -e "/etc/$f" ]; then cp -a "/etc/$f" etc/; fi
done
cp -a "$from/." ".$from"
"""

# The same with all of another tree, which is not changed.
BARE = r"""
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/tree"
mount -t overlay -o "lowerdir=$from,upperdir=$root/upper,workdir=$root/work" \
    overlay "$root/tree"
cd "$root/tree"
"""

# $1: where the tree is made; $2: the prefix or the tree that it is made from;
# $3...: units to mask
BOOT = r"""
set -eu
root=$1 from=$2
shift 2
FURNISH
mkdir -p dev etc/systemd/system etc/tmpfiles.d old proc root run sys tmp usr var/log \
    var/lib var/tmp
chmod 1777 tmp var/tmp
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mount -t tmpfs -o mode=755 tmpfs run
mkdir dev/shm dev/pts
chmod 1777 dev/shm
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"
done
mknod -m 666 dev/tty c 5 0
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
echo lab >etc/hostname
echo 00000000000000000000000000000001 >etc/machine-id
for unit; do ln -sf /dev/null "etc/systemd/system/$unit"; done
ln -sf /dev/null etc/tmpfiles.d/tmp.conf     # it empties /tmp, where a prefix may be
pivot_root . old
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_COLORS=0 \
    /bin/sh -c 'umount -l /old && exec INIT --log-target=journal \
    --show-status=no --unit=multi-user.target'
""".replace("INIT", INIT)

UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup",
           "--uts", "--ipc", "--propagation", "private"]


def refused():
    """Why no systemd can be started here; None: one can."""
    if not os.path.exists(INIT):
        return "systemd is not installed"
    tried = subprocess.run(
        [*UNSHARE, "--net", "--", "sh", "-c",
         "mount -t tmpfs tmpfs /mnt && mknod /mnt/null c 1 3 &&"
         " mount -t cgroup2 cgroup2 /mnt"], check=False, text=True, capture_output=True)
    return None if tried.returncode == 0 else \
        f"no systemd can be started here: {tried.stderr.strip()}"


class Systemd:
    """The machine that it runs; `with` it, or stop() it."""

    def __init__(self, folder, prefix, furnish=OWN, host=None):
        """On a host of the lab, or with a network of its own in which nobody is."""
        os.makedirs(f"{folder}/tree", exist_ok=True)
        self.process = Process(host or self, [
            *UNSHARE, *([] if host else ["--net"]), "--", "sh", "-c",
            BOOT.replace("FURNISH", furnish), "boot", f"{folder}/tree", prefix, *MASKED],
            f"{folder}/systemd.log")
        self.init = None
        self.process.ready(self.booted, "systemd", 60)

    def command(self, args):
        return args

    def booted(self):
        below = children(self.process.pid)
        if not below:
            return False
        self.init = below[0]
        return self.run("systemctl", "is-system-running").stdout.strip() in (
            "running", "degraded")

    def entering(self, *args):
        """What runs a command in the tree."""
        return ["nsenter", f"--target={self.init}", "--mount", "--pid", "--net", "--uts",
                "--ipc", "--cgroup", "--root", "--wd", "--", *args]

    def run(self, *args):
        """A command in the tree: its status, and what it printed."""
        return subprocess.run(
            self.entering(*args), check=False, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=120)

    def path(self, name):
        """A file of the tree, as the lab itself can open it."""
        return f"/proc/{self.init}/root{name}"

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def shown(self, unit, *properties):
        """The values of some properties of a unit, as systemctl shows them."""
        told = self.run("systemctl", "show", "-p", ",".join(properties), unit).stdout
        values = dict(line.split("=", 1) for line in told.splitlines())
        return tuple(values[p] for p in properties)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def until(self, unit, **properties):
        """Waits until the properties of a unit have these values."""
        want = tuple(properties.values())
        try:
            waiting.until(lambda: self.shown(unit, *properties) == want,
                          f"{unit}: {properties}", 60, step=0.1)
        except TimeoutError as late:
            raise TimeoutError(f"{late}\n{self.run('systemctl', 'status', unit).stdout}"
                               f"\n{self.journal(unit)}") from None

    def stop(self):
        """The first process dies, and all others of its namespace with it."""
        self.process.popen.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Bare(Systemd):
    """A machine of its own release: a copy of a whole tree, on a host of the lab."""

    def __init__(self, folder, tree, host):
        super().__init__(folder, tree, BARE, host)
