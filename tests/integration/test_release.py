"""tests/release-check, for `make release`: what it lets pass, and what it does not.

Its long steps are those of tests/run and tests/releases; here are the others, in a
repository of git that is made from the source.
"""

import os
import re
import shutil
import subprocess
import tarfile

import pytest
from lab.gateway import ROOT

WHO = ["-c", "user.name=lab", "-c", "user.email=lab@chaos-wg.net"]


def git(where, *args):
    return subprocess.run(["git", *WHO, *args], cwd=where, check=True, text=True,
                          capture_output=True).stdout


@pytest.fixture(scope="module")
def archive():
    path = os.environ.get("DDNSGATE_ARCHIVE")
    if not path:
        pytest.skip("DDNSGATE_ARCHIVE is not set: tests/run makes it")
    return path


@pytest.fixture(scope="module")
def version(archive):
    return re.search(r"ddnsgate-([^/]*)\.tar\.gz$", archive)[1]


@pytest.fixture(scope="module")
def committed(folder):
    """The source, committed; what is built in it is not."""
    to = f"{folder}/release/clean"
    shutil.copytree(ROOT, to, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "autom4te.cache", "__pycache__", "*.o", "*.a"))
    git(to, "init", "-q")
    git(to, "add", "-A")
    git(to, "commit", "-q", "-m", "release")
    return to


@pytest.fixture
def clone(committed, folder, archive, tmp_path):
    """One of it for each test, with the archive beside it."""
    git(tmp_path, "clone", "-q", committed, "clone")
    shutil.copy(archive, tmp_path)
    return tmp_path / "clone"


def checked(clone, version, *steps):
    return subprocess.run([f"{clone}/tests/release-check", version, *steps], check=False,
                          cwd=clone.parent, text=True, capture_output=True)


def changed(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_release(clone, version, archive):
    told = checked(clone, version, "committed", "version", "archive")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.findall(r"^(\w+) +good$", told.stdout, re.M) == [
        "committed", "version", "archive"]
    # The sum is what a person compares.
    assert re.search(rf"^[0-9a-f]{{64}}  .*/{os.path.basename(archive)}$", told.stdout, re.M)


@pytest.mark.parametrize("file", ["NEWS", "README.md", "debian/changelog"])
def test_another_version_somewhere(clone, version, file):
    changed(clone / file, version, "9.9.9")
    told = checked(clone, version, "version")
    assert told.returncode == 1 and file in told.stdout
    assert told.stderr == "not to be released: version\n"


def test_a_tag_that_is_another_commit(clone, version):
    git(clone, "tag", f"v{version}")
    assert checked(clone, version, "version").returncode == 0
    git(clone, "commit", "-q", "--allow-empty", "-m", "more")
    told = checked(clone, version, "version")
    assert told.returncode == 1 and f"the tag v{version} is another commit" in told.stdout


@pytest.mark.parametrize("change", [
    lambda clone: changed(clone / "NEWS", "first", "second"),
    lambda clone: (clone / "src" / "new.c").touch(),
    lambda clone: shutil.rmtree(clone / ".git")])
def test_what_is_not_committed(clone, version, change):
    change(clone)
    told = checked(clone, version, "committed", "version")
    assert told.returncode == 1 and re.search(r"^committed +FAILED$", told.stdout, re.M)
    # One step that fails keeps no other from being tried.
    assert re.search(r"^version +good$", told.stdout, re.M)


def repacked(archive, leave_out, add):
    with tarfile.open(archive) as tar:
        top = tar.getnames()[0]
        tar.extractall(archive.parent, filter="data") if hasattr(tarfile, "data_filter") \
            else tar.extractall(archive.parent)
    for name in leave_out:
        (archive.parent / top / name).unlink()
    for name in add:
        (archive.parent / top / name).parent.mkdir(exist_ok=True)
        (archive.parent / top / name).touch()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(archive.parent / top, top)


@pytest.mark.parametrize("leave_out, add", [
    (["providers/desec.json"], []), ([], ["tests/lab/.deps/coverage.Po"]),
    (["configure"], [])])
def test_an_archive_with_other_files(clone, version, archive, leave_out, add):
    here = clone.parent / os.path.basename(archive)
    repacked(here, leave_out, add)
    told = checked(clone, version, "archive")
    assert told.returncode == 1
    assert all(name in told.stdout for name in leave_out + add)
