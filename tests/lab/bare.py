"""Bare trees of Debian (DDNSGATE_BARE, made by tests/releases), and copies of them.

A tree stays as debootstrap made it.  What a test needs in one is put into a copy,
which is kept for the next run; and what a test then does is done in a layer over
that, so that the copy stays as it is, too.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess

import pytest

# Set it where trees of several releases share a machine.
KEPT = os.environ.get("DDNSGATE_FURNISHED", "/var/cache/ddnsgate-furnished")

# $1: the tree; $2: what is changed in it, or nothing; $3...: the command
ENTER = r"""
set -eu
tree=$1 layer=$2
shift 2
if [ -n "$layer" ]; then
    mkdir -p "$layer/upper" "$layer/work" "$layer/tree"
    mount -t overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work" \
        overlay "$layer/tree"
    tree=$layer/tree
fi
mount -t proc proc "$tree/proc"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"
"""


def given(variable):
    """What tests/releases says in the variable; without it the test is skipped."""
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} is not set: tests/releases makes bare trees")
    return path


def entered(tree, *command, layer=None, seconds=1200):
    """Runs a command in a tree; what it changes is in layer/upper, if that is given."""
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "enter",
         tree, layer or "", *command], check=False, text=True, capture_output=True,
        stdin=subprocess.DEVNULL, timeout=seconds)


def prepared(tree):
    """Lets apt in a tree find its mirror, and no daemon start."""
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", f"{tree}/etc/{name}")
    with open(f"{tree}/usr/sbin/policy-rc.d", "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(f"{tree}/usr/sbin/policy-rc.d", 0o755)


def furnished(tree, name, script, files=()):
    """A copy of a tree in which a script of bash was run, once for all runs.

    files are in its /furnish.  The copy of an earlier script of that name goes.
    """
    key = hashlib.sha256(script.encode())
    with open(f"{tree}/etc/debian_version", encoding="ascii") as f:
        key.update(f.read().encode())
    for file in files:
        with open(file, "rb") as f:
            key.update(f.read())
    kept = f"{KEPT}/{name}-{key.hexdigest()[:16]}"
    os.makedirs(KEPT, exist_ok=True)
    with open(f"{KEPT}/{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(kept):
            for old in os.listdir(KEPT):
                if old.startswith(f"{name}-"):
                    shutil.rmtree(f"{KEPT}/{old}")
            make(tree, f"{KEPT}/{name}-new", script, files)
            os.rename(f"{KEPT}/{name}-new", kept)
    return kept


def make(tree, new, script, files):
    subprocess.run(["cp", "-a", "--one-file-system", tree, new], check=True)
    os.makedirs(f"{new}/furnish")
    for file in files:
        shutil.copy(file, f"{new}/furnish/")
    prepared(new)
    told = entered(new, "bash", "-exc", script)
    os.unlink(f"{new}/usr/sbin/policy-rc.d")
    assert told.returncode == 0, told.stderr[-3000:] + told.stdout[-2000:]
