# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits to be disturbed, and what may be left of them.

A Case is a command on a copy of an image whose old and new trees are known.
Its judge() tells which of the two a disturbed run has left: the image is
recovered by e2fsck, as a mount would do it, and has to be clean and exactly
one of them.
"""
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
NOW = "1700000000"
ENV = dict(os.environ, LC_ALL="C")

BASE = """mkdir -p /d/sub
mkdir -p /gone/a/b
put random:1:5000 /d/f
put =small /d/g
put random:2:9000 /d/h
put random:3:20000 /d/t
write /sparse 20000 random:2:3000
write /sparse 200000 random:2:3000
fallocate /pre 0 20000
ln /d/f /d/link
symlink target /l
setxattr /d/g user.k =value
setxattr /d/h user.big random:5:600
put random:7:8000 /gone/a/x
put =y /gone/a/b/y
""" + "".join("put =%d /d/name-%040d\n" % (i, i) for i in range(30))

SCRIPT = """put random:9:30000 /new
put random:3:3000 /d/f
write /sparse 21000 random:6:2500
write /d/h 5000 =middle
truncate /d/t 700
append /d/link =tail
rm /d/g
mv /d/sub /moved
mv /d/name-%040d /d/name-%040d
mkdir -p /m/n
rm -r /gone
symlink %s /m/long
ln /d/h /m/n/h
mknod /m/null c 1 3
setxattr /d/h user.big random:8:700
setxattr /d/t user.small =v
punch /d/h 1024 2048
write /pre 3000 random:4:5000
put part:100:3000:./host /m/part
chmod 600 /d/t
chown 5:6 /d/t
""" % (1, 2, "x" * 100)

SAID = ((b": warning: the image is as it was\n", ("old",)),
        (b"outcome unknown, exactly the old or the new tree", ("old", "new")),
        (b"committed: the new tree\n", ("new",)),
        (b"committed, recovery pending: the new tree\n", ("new",)),
        (b": warning: the new tree; the old one may be back", ("new",)))


class Wrong(Exception):
    pass


def run(words, limit=60, **more):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=limit, **more)


def describe(path):
    """What the tree of an image is, as a digest."""
    image = ext4read.Image(path)
    h = hashlib.sha256()
    try:
        for name, i in sorted(image.walk(), key=lambda x: x[0]):
            row = [name, i.number, i.mode, i.uid, i.gid, i.size, i.nlink,
                   i.mtime, i.ctime, i.atime, sorted(i.xattrs().items())]
            kind = stat.S_IFMT(i.mode)
            if kind == stat.S_IFREG:
                row.append(hashlib.sha256(i.content()).digest())
                row.append([(e.lblk, e.len, e.written) for e in i.extents()])
            elif kind == stat.S_IFLNK:
                row.append(i.target())
            elif kind in (stat.S_IFCHR, stat.S_IFBLK):
                row.append(i.rdev())
            h.update(repr(row).encode())
    finally:
        image.close()
    return h.hexdigest()


def build_library(here):
    """tests/lib/failnth.c, as a shared object; None where it cannot be."""
    path = os.path.join(here, "failnth.so")
    words = os.environ.get("CC", "cc").split()
    done = run(words + ["-shared", "-fPIC", "-O1", "-o", path,
                        os.path.join(TOP, "tests/lib/failnth.c"), "-ldl"])
    return path if done.returncode == 0 else None


def is_sanitized(program):
    return b"libasan" in run(["ldd", program]).stdout


class Case:
    """One command.  @words: with IMAGE for the image.  @pending: a script
    that was committed to the log of the image before, and nothing more."""

    def __init__(self, name, words, script=b"", pending=None, waits=False):
        self.name, self.words, self.script = name, words, script
        self.pending = pending  # the log waits before
        self.waits = waits      # and it does after success
        self.both = False       # recover it by ourselves as well
        self.known = {}

    def prepare(self, bench):
        self.bench = bench
        self.folder = os.path.join(bench.here, self.name.replace(" ", "-"))
        os.mkdir(self.folder)
        self.image = os.path.join(self.folder, "image")
        base = bench.base
        if self.pending:
            base = bench.commit(base, self.pending)
        self.base = base
        self.reset()
        self.old = self.tree_of(base)
        done = self.run({})
        if done.returncode:
            raise Wrong("%s fails undisturbed: %s" % (
                self.name, done.stderr.decode(errors="replace")))
        self.said = done.stderr
        with open(self.image, "rb") as f:
            self.new = self.tree_of(f.read(), whole=not self.waits)

    def reset(self):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        with open(self.image, "wb") as f:
            f.write(self.base)

    def command(self):
        return [self.bench.program] + [self.image if w == "IMAGE" else w
                                       for w in self.words]

    def run(self, env, before=()):
        """Run it on a fresh image."""
        self.reset()
        return run(list(before) + self.command(), input=self.script,
                   cwd=self.bench.sources, env=dict(
                       os.environ, LC_ALL="C", SOURCE_DATE_EPOCH=NOW,
                       MALLOC_PERTURB_="165", **env))

    def tree_of(self, data, whole=False):
        """The digest of the tree in @data, recovered.  @whole: that must not
        be needed."""
        path = os.path.join(self.bench.here, "state")
        with open(path, "wb") as f:
            f.write(data)
        if whole:
            return self.described(path, True)
        other = path + ".other"
        if self.both:
            shutil.copyfile(path, other)
        done = run(["e2fsck", "-E", "journal_only", "-y", path], env=ENV)
        if done.returncode > 1:
            raise Wrong("recovery: " + done.stdout.decode())
        tree = self.described(path, False)
        if self.both:
            done = run([self.bench.program, "journal", "--replay", other])
            if done.returncode:
                raise Wrong("our recovery: %r" % done.stderr)
            if self.described(other, False) != tree:
                raise Wrong("our recovery gives another tree than e2fsck's")
        return tree

    @staticmethod
    def described(path, whole):
        """The digest of a clean image."""
        done = run(["e2fsck", "-fn", path], env=ENV)
        said = (done.stdout + done.stderr).decode(errors="replace")
        # Until the last step the superblock counts as before.
        lines = [t for t in said.split("\n")
                 if ("Fix?" in t or "wrong" in t or "WARNING" in t) and
                 (whole or not t.startswith(("Free blocks count wrong (",
                                             "Free inodes count wrong (",
                                             "Fix? no")))]
        if done.returncode or lines:
            raise Wrong("e2fsck: " + said[-1500:])
        return describe(path)

    def judge(self, whole=False):
        """What is left: "old" or "new"; "both" where they are the same."""
        with open(self.image, "rb") as f:
            data = f.read()
        key = (hashlib.sha1(data).digest(), whole)
        if key not in self.known:
            self.known[key] = self.tree_of(data, whole)
        tree = self.known[key]
        if tree not in (self.old, self.new):
            raise Wrong("neither the old tree nor the new one")
        if self.old == self.new:
            return "both"
        return "old" if tree == self.old else "new"

    def left_behind(self):
        return sorted(set(os.listdir(self.folder)) - {"image"})

    def check_killed(self):
        """A run that was ended by force, and could not clean up."""
        return self.judge()

    def check(self, done):
        """A run that was disturbed and ended by itself."""
        said = done.stderr
        if done.returncode not in (0, 1):
            raise Wrong("it ended with %d: %s" % (done.returncode, said))
        if self.left_behind():
            raise Wrong("it left %s" % self.left_behind())
        if done.returncode == 0:
            if said != self.said:
                raise Wrong("it says %r, and succeeds" % said)
            if self.judge(not self.waits) == "old":
                raise Wrong("it says that it is done, and nothing is")
            return
        name = b"e4pack: " + self.words[0].encode() + b": "
        lines = said.splitlines()
        if not lines or not all(t.startswith(name) for t in lines):
            raise Wrong("it fails and says %r" % said)
        trees = [t for words, t in SAID if words in said]
        if len(trees) > 1:
            raise Wrong("it says two things: %r" % said)
        found = self.judge()
        if found not in (trees[0] if trees else ("old",)) + ("both",):
            raise Wrong("it is the %s tree, and it says %r" % (found, said))


class Bench:
    """What the cases share: a folder, sources, a base image."""

    def __init__(self, program, here, words=("-b", "1024", "-s", "4M", "-N",
                                             "128")):
        self.program, self.here = program, here
        self.sources = os.path.join(here, "sources")
        self.make_sources()
        self.base = self.make_base(words)

    def make_sources(self):
        tree = os.path.join(self.sources, "tree")
        os.makedirs(os.path.join(tree, "d"))
        os.makedirs(os.path.join(tree, "added/deep"))
        host = b"".join(hashlib.sha256(b"%d" % i).digest()
                        for i in range(600))
        for name, data in (("host", host), ("tree/d/f", host[:7000]),
                           ("tree/added/one", host[50:1200]),
                           ("tree/added/deep/two", host),
                           ("tree/empty", b"")):
            with open(os.path.join(self.sources, name), "wb") as f:
                f.write(data)
        os.symlink("y" * 80, os.path.join(tree, "added/link"))
        os.link(os.path.join(tree, "added/one"), os.path.join(tree, "again"))
        for folder, dirs, files in os.walk(tree, topdown=False):
            for name in dirs + files:
                os.utime(os.path.join(folder, name), (NOW_I, NOW_I),
                         follow_symlinks=False)
        os.utime(tree, (NOW_I, NOW_I))
        with tarfile.open(os.path.join(self.sources, "more.tar.gz"), "w:gz",
                          format=tarfile.PAX_FORMAT) as t:
            t.add(os.path.join(tree, "added"), "from-tar")

    def make_base(self, words):
        path = os.path.join(self.here, "base")
        done = run([self.program, "batch", "--new", "-q", "-F", "--no-sync",
                    *words, path], input=BASE.encode(),
                   env=dict(os.environ, SOURCE_DATE_EPOCH=NOW))
        if done.returncode:
            raise Wrong("no image: " + done.stderr.decode(errors="replace"))
        with open(path, "rb") as f:
            return f.read()

    def commit(self, base, script):
        """@base with @script in its log."""
        path = os.path.join(self.here, "pending")
        with open(path, "wb") as f:
            f.write(base)
        done = run([self.program, "batch", "-q", "--journal-only", path],
                   input=script, cwd=self.sources,
                   env=dict(os.environ, SOURCE_DATE_EPOCH=NOW))
        if done.returncode:
            raise Wrong("nothing pending: " + done.stderr.decode())
        with open(path, "rb") as f:
            return f.read()


NOW_I = int(NOW)


def cases():
    mixed = SCRIPT.encode()
    return [
        Case("batch", ["batch", "-q", "IMAGE"], mixed),
        Case("add", ["add", "-q", "IMAGE", "tree", "more.tar.gz"]),
        Case("whole copy", ["batch", "-q", "--whole-copy", "IMAGE"], mixed),
        Case("journal only", ["batch", "-q", "--journal-only", "IMAGE"],
             mixed, waits=True),
        Case("replay", ["journal", "--replay", "IMAGE"], pending=mixed),
        Case("edit behind a log", ["batch", "-q", "IMAGE"], b"put =z /z\n",
             pending=mixed),
    ]


def workplace(prefix):
    import tempfile
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.mkdtemp(prefix=prefix, dir=folder)


def remove(here):
    shutil.rmtree(here, ignore_errors=True)
