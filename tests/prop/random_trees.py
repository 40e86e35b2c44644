#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs random trees with random options and judges what comes of it.

For each seed: a tree of every type of object, names of any bytes, sparse
files, xattrs, hard links, deep and big folders, sizes around the borders of
blocks; options of every geometry.  Then
  - e2fsck finds nothing to say,
  - the image holds the tree exactly (the tests' own reader, and the kernel
    where it can mount),
  - a second run gives the same bytes,
  - folders over a block are indexed,
  - es and frag agree with the reader, and no extent could be avoided,
  - what is extracted from it is the tree again, and so is what GNU tar reads
    from the extracted archive; both give the same image,
  - the numbers of --json are those of the superblock,
  - with a size of "min", one block less fails.
Prints TAP; a failure names the seed, to be repeated with --seed S --count 1.
"""
import argparse
import json
import os
import random
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
import ext4read  # noqa: E402

TREECMP = os.path.join(TOP, "lib", "treecmp.py")
REPORTS = os.path.join(TOP, "lib", "check_reports.py")
ROOT = os.getuid() == 0
DIR_INDEX = 0x20


class Wrong(Exception):
    pass


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, **more)


class Trees:
    """Makes one random tree below @top."""

    def __init__(self, rng, top, block_size):
        self.rng = rng
        self.top = os.fsencode(top)
        self.bs = block_size
        self.files = []
        self.folders = [self.top]
        self.budget = 24 << 20
        self.used_xattrs = False

    def name(self):
        r = self.rng
        kind = r.random()
        if kind < 0.5:
            return b"n%d" % r.randrange(10**6)
        if kind < 0.8:
            return bytes(r.choice(b"abcdefgh.-_ ") for _ in
                         range(r.randrange(1, 40))).strip(b".") or b"dot"
        length = r.choice((1, 2, 5, 31, 127, 250, 254, 255))
        out = bytearray(r.randrange(1, 256) for _ in range(length))
        return bytes(b if b != 0x2F else 0x5F for b in out)

    def fresh(self):
        """A path that is not there yet."""
        while True:
            name = self.name()
            folder = self.rng.choice(self.folders)
            path = folder + b"/" + name
            if name not in (b".", b"..", b"lost+found") and \
                    len(path) < 3000 and not os.path.lexists(path):
                return path

    def size(self):
        r, bs = self.rng, self.bs
        kind = r.random()
        if kind < 0.15:
            return 0
        if kind < 0.25:
            return r.randrange(1, 200)
        if kind < 0.6:
            return max(0, r.choice((1, 2, 3, 12, 13, 300)) * bs +
                       r.choice((-1, 0, 1)))
        if kind < 0.95:
            return r.randrange(1, 200000)
        return r.randrange(1, 6 << 20)

    def data(self, length):
        r = self.rng
        if r.random() < 0.2:
            return bytes(length)
        return r.randbytes(length)

    def plain(self, path):
        size = min(self.size(), self.budget)
        self.budget -= size
        with open(path, "wb") as f:
            f.write(self.data(size))

    def sparse(self, path):
        r = self.rng
        unit = r.choice((self.bs, 4096, 65536))
        fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
        span = r.choice((20, 1000, 10**6))
        for _ in range(r.randrange(1, 40)):
            length = min(r.choice((1, unit, 3 * unit)), self.budget)
            self.budget -= length
            os.pwrite(fd, self.data(length), r.randrange(span) * unit +
                      r.choice((0, 0, 0, 17)))
        if r.random() < 0.5:
            os.ftruncate(fd, span * unit + r.choice((0, 1, unit)))
        os.close(fd)

    def alternating(self, path):
        fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
        unit = max(self.bs, 4096)
        count = min(self.rng.randrange(10, 1500), self.budget // unit)
        for i in range(count):
            os.pwrite(fd, b"x" * unit, 2 * i * unit)
        self.budget -= count * unit
        os.close(fd)

    def folder(self, path):
        os.mkdir(path)
        self.folders.append(path)
        self.folders = self.folders[-30:]

    def crowd(self, path):
        """A folder of many names."""
        os.mkdir(path)
        stem = self.name()[:200]
        for i in range(self.rng.choice((5, 60, 400, 3000))):
            os.close(os.open(path + b"/%s%d" % (stem, i),
                             os.O_CREAT | os.O_WRONLY, 0o644))

    def chain(self, path):
        for _ in range(self.rng.randrange(2, 12)):
            os.mkdir(path)
            self.folders.append(path)
            path += b"/d"

    def symlink(self, path):
        length = self.rng.choice((1, 10, 58, 59, 60, 61, 200,
                                  min(self.bs - 1, 4000)))
        os.symlink(bytes(self.rng.choice(b"abc/.") for _ in range(length)),
                   path)

    def link(self, path):
        if self.files:
            os.link(self.rng.choice(self.files), path, follow_symlinks=False)
        else:
            self.plain(path)

    def special(self, path):
        r = self.rng
        kind = r.randrange(4 if ROOT else 2)
        if kind == 0:
            os.mkfifo(path)
        elif kind == 1:
            here = os.getcwd()
            os.chdir(os.path.dirname(path))
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.bind(os.path.basename(path)[:60] + b"s")
            except OSError:
                pass
            os.chdir(here)
        else:
            number = r.choice((os.makedev(1, 3), os.makedev(255, 255),
                               os.makedev(256, 0),
                               os.makedev(4095, 1048575)))
            try:
                os.mknod(path, (0o20600 if kind == 2 else 0o60600), number)
            except OSError:
                os.mkfifo(path)

    def xattrs(self, path):
        r = self.rng
        room = self.bs // 2
        for _ in range(r.randrange(1, 4)):
            length = min(r.choice((0, 1, 20, 60, 200, 900)), room)
            room -= length + 60
            if room < 0:
                break
            name = b"user." + bytes(r.choice(b"abcdef") for _ in
                                    range(r.choice((1, 2, 8, 30))))
            try:
                os.setxattr(path, name, r.randbytes(length))
                self.used_xattrs = True
            except OSError:
                return

    def attributes(self, path):
        r = self.rng
        link = os.path.islink(path)
        if ROOT and r.random() < 0.3:
            os.lchown(path, r.choice((0, 1, 1000, 65535, 65536, 4294967294)),
                      r.choice((0, 5, 70000)))
        if not link and r.random() < 0.5:
            mode = r.choice((0o644, 0o755, 0o700, 0o4755, 0o2755, 0o1777,
                             0o600, 0o6711))
            if not ROOT:
                mode |= 0o500 if os.path.isdir(path) else 0o400
            os.chmod(path, mode)
        # Past 2310 e2fsck of this generation "repairs" what is right.
        when = r.choice((r.randrange(0, 2 * 10**9), -1, 0, -2**31, 2**31 - 1,
                         2**31, 2**32, 10**10))
        ns = r.choice((0, 1, 999999999, r.randrange(10**9)))
        os.utime(path, ns=(when * 10**9 + ns,) * 2, follow_symlinks=False)

    def make(self):
        r = self.rng
        os.mkdir(self.top)
        kinds = ((self.plain, 30), (self.sparse, 6), (self.alternating, 1),
                 (self.folder, 12), (self.crowd, 2), (self.chain, 2),
                 (self.symlink, 8), (self.link, 6), (self.special, 5))
        makers = [k for k, _ in kinds]
        weights = [w for _, w in kinds]
        for _ in range(r.choice((0, 1, 5, 20, 40, 80, 120))):
            path = self.fresh()
            make = r.choices(makers, weights)[0]
            make(path)
            if not os.path.lexists(path):
                continue
            if make in (self.plain, self.sparse, self.alternating,
                        self.symlink):
                self.files.append(path)
            if r.random() < 0.25 and os.path.isfile(path) and \
                    not os.path.islink(path):
                self.xattrs(path)
        # The deepest first, since each new name dates its folder.
        for folder, _dirs, names in os.walk(self.top, topdown=False):
            for name in names:
                if r.random() < 0.5 or len(names) < 100:
                    self.attributes(folder + b"/" + name)
            self.attributes(folder)


def has_sockets(top):
    return any(stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode)
               for folder, _dirs, names in os.walk(os.fsencode(top))
               for name in names)


def random_options(rng):
    bs = rng.choice((1024, 1024, 2048, 4096, 4096, 4096, 8192, 16384, 65536))
    words = ["-b", str(bs)]
    inode_size = 256
    if rng.random() < 0.3:
        inode_size = rng.choice([s for s in (128, 256, 512, 1024)
                                 if s <= bs])
        words += ["-I", str(inode_size)]
    off = [f for f in ("has_journal", "resize_inode", "64bit", "flex_bg",
                       "metadata_csum", "huge_file", "dir_nlink",
                       "sparse_super", "dir_index")
           if rng.random() < 0.12]
    if "sparse_super" in off and "resize_inode" not in off:
        off.append("resize_inode")
    features = ["^" + f for f in off]
    if inode_size > 128 and rng.random() < 0.3:
        features.append("inline_data")
    if features:
        words += ["-O", ",".join(features)]
    size = rng.choice((None, "min", "min", "min+25%", "min+3M", "200M"))
    if size:
        words += ["-s", size]
    if rng.random() < 0.2:
        # More than one group of the usual size has inodes for.
        many = "60000" if bs <= 4096 else "20000"
        words += ["-N", rng.choice((many, "20000", "min+100%"))]
    if rng.random() < 0.2:
        words += ["-m", "5"]
    if rng.random() < 0.2:
        words += ["--threads", rng.choice(("1", "4"))]
    if rng.random() < 0.25:
        words = use_bigalloc(rng, words, bs)
    return words, bs, inode_size, size


def use_bigalloc(rng, words, bs):
    """The same options with clusters, which hold fewer inodes a group."""
    if "-N" in words:
        words[words.index("-N") + 1] = "min+100%"
    if "-O" in words:
        words[words.index("-O") + 1] += ",bigalloc"
    else:
        words += ["-O", "bigalloc"]
    if rng.random() < 0.8:
        words += ["-C", str(bs * rng.choice([
            r for r in (2, 4, 16, 64) if r == 2 or bs * r <= 128 << 10]))]
    elif "200M" in words and bs > 8192:
        words[words.index("200M")] = "min+25%"
    return words


class Judge:
    def __init__(self, program, work):
        self.program = program
        self.work = work
        self.can_mount = self.probe()

    def probe(self):
        """Whether a good image can be mounted here at all."""
        image = os.path.join(self.work, "probe.ext4")
        mount = os.path.join(self.work, "mnt")
        os.mkdir(mount)
        if not ROOT or run("mke2fs", "-q", "-F", "-t", "ext4", image,
                           "4M").returncode:
            return False
        try:
            ok = run("mount", "-o", "ro,loop", image, mount).returncode == 0
        except FileNotFoundError:
            return False
        if ok:
            run("umount", mount)
        return ok

    def create(self, image, tree, words):
        done = run(self.program, "create", "--json", *words, image, tree)
        if done.returncode:
            raise Wrong("create %s: status %d: %s" % (
                " ".join(words), done.returncode,
                done.stderr.decode(errors="replace")[-2000:]))
        return json.loads(done.stdout)

    def clean(self, image):
        done = run("e2fsck", "-fn", image,
                   env=dict(os.environ, LC_ALL="C"))
        said = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode or any(w in said for w in
                                  ("Fix?", "wrong", "WARNING")):
            raise Wrong("e2fsck: " + said[-2000:])

    def compare(self, tree, found, inode_size, *how):
        done = run(sys.executable, TREECMP, "--inode-size", str(inode_size),
                   *how, tree, found)
        if done.returncode:
            raise Wrong("%s differs:\n%s%s" % (
                os.path.basename(found), done.stdout.decode()[-3000:],
                done.stderr.decode()[-2000:]))

    def kernel(self, tree, image, inode_size):
        mount = os.path.join(self.work, "mnt")
        done = run("mount", "-o", "ro,loop,noatime", image, mount)
        if done.returncode:
            raise Wrong("mount: " + done.stderr.decode())
        try:
            self.compare(tree, mount, inode_size)
        finally:
            run("umount", mount)

    def reports(self, image):
        done = run(sys.executable, REPORTS, self.program, image)
        if done.returncode:
            raise Wrong("reports: " + (done.stdout + done.stderr).decode())
        frag = json.loads(run(self.program, "frag", "--json", image).stdout)
        if frag["extents"] != frag["ideal_extents"] + \
                frag["unavoidable_extents"]:
            raise Wrong("fragments: %s" % frag)

    def extracted(self, here, tree, image, words, inode_size):
        """The way back, as a folder and as an archive."""
        out, tar = os.path.join(here, "out"), os.path.join(here, "out.tar")
        again = os.path.join(here, "again.img")
        for where in ("-C", out), ("-o", tar):
            done = run(self.program, "extract", *where, image)
            said = done.stderr.decode(errors="replace")
            if ROOT and (done.returncode or "could not" in said):
                raise Wrong("extract %s: status %d: %s" % (
                    where[0], done.returncode, said[-2000:]))
        if not ROOT:
            return
        bs = words[words.index("-b") + 1]
        self.compare(tree, out, inode_size, "--times", "ignore",
                     "--block-size", bs)
        self.same_image(out, image, again, words)
        if has_sockets(out):
            return
        self.same_image(tar, image, again, words)
        shutil.rmtree(out)
        os.mkdir(out)
        done = run("tar", "--xattrs", "--xattrs-include=*", "--acls", "-xpf",
                   tar, "-C", out)
        if done.returncode:
            raise Wrong("tar: " + done.stderr.decode(errors="replace"))
        self.compare(tree, out, inode_size, "--times", "ignore",
                     "--no-holes")

    def same_image(self, source, image, again, words):
        self.create(again, source, words)
        if run("cmp", image, again).returncode:
            raise Wrong("%s gave another image" % os.path.basename(source))
        os.unlink(again)

    def numbers(self, image, said):
        if said["blocks"] != said["data_blocks"] + said["metadata_blocks"] \
                + said["journal_blocks"] + said["free_blocks"] or \
                said["reserved_blocks"] != said["allocated_blocks"]:
            raise Wrong("the numbers do not add up: %s" % said)
        e = ext4read.Image(image)
        if (e.blocks, e.inodes, e.block_size) != (
                said["blocks"], said["inodes"], said["block_size"]):
            raise Wrong("the superblock has other numbers: %s" % said)
        if os.path.getsize(image) != said["bytes"]:
            raise Wrong("the length is not %d" % said["bytes"])
        self.indexed(e)
        e.close()

    def indexed(self, image):
        """Every folder over a block has an index, where there may be one."""
        if not image.compat & DIR_INDEX:
            return
        for path, inode in image.walk():
            if stat.S_ISDIR(inode.mode) and path != b"lost+found" and \
                    inode.size > image.block_size and \
                    not inode.flags & ext4read.INDEX_FL:
                raise Wrong("the folder %r has no index" % path)

    def least(self, tree, words, said):
        """Less than min must fail, and leave nothing."""
        image = os.path.join(self.work, "less.img")
        i = words.index("-s")
        if os.path.exists(image):
            os.unlink(image)
        for blocks in said["blocks"] - 1, said["blocks"] // 2:
            less = blocks * said["block_size"]
            done = run(self.program, "create", *words[:i], "-s", str(less),
                       *words[i + 2:], image, tree)
            if done.returncode != 1 or os.path.exists(image):
                raise Wrong("%d blocks, less than min: status %d, %s" % (
                    blocks, done.returncode, done.stderr.decode()))

    def judge(self, seed):
        rng = random.Random(seed)
        words, bs, inode_size, size = random_options(rng)
        here = os.path.join(self.work, "seed-%d" % seed)
        os.mkdir(here)
        tree = os.path.join(here, "tree")
        Trees(rng, tree, bs).make()
        first = os.path.join(here, "a.img")
        second = os.path.join(here, "b.img")
        said = self.create(first, tree, words)
        self.clean(first)
        self.numbers(first, said)
        self.compare(tree, first, inode_size)
        self.create(second, tree, words)
        if run("cmp", first, second).returncode:
            raise Wrong("the second run gave other bytes")
        self.reports(first)
        if self.can_mount and bs <= resource.getpagesize():
            self.kernel(tree, first, inode_size)
        self.extracted(here, tree, first, words, inode_size)
        if size == "min":
            self.least(tree, words, said)
        shutil.rmtree(here, ignore_errors=True)
        return " ".join(words)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--e4pack", default="src/e4pack")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=60)
    p.add_argument("--seconds", type=float,
                   help="begin no further tree after that time")
    p.add_argument("--keep", action="store_true",
                   help="keep the work folder of failures")
    o = p.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    program = os.path.realpath(o.e4pack)
    work = tempfile.mkdtemp(prefix="e4pack-trees.")
    judge = Judge(program, work)
    if not judge.can_mount:
        print("# no loop mounts here: read without the kernel")
    begun = time.monotonic()
    failed = count = 0
    for seed in range(o.seed, o.seed + o.count):
        if o.seconds and time.monotonic() - begun > o.seconds:
            print("# %d trees left out for lack of time" %
                  (o.count - count))
            break
        count += 1
        try:
            print("ok %d - seed %d: %s" % (count, seed, judge.judge(seed)))
        except (Wrong, subprocess.SubprocessError, ext4read.Damaged,
                OSError, ValueError, KeyError) as e:
            failed += 1
            print("not ok %d - seed %d" % (count, seed))
            for line in str(e).splitlines() or [repr(e)]:
                print("#   " + line)
        sys.stdout.flush()
    print("1..%d" % count)
    if o.keep and failed:
        print("# kept: " + work)
    else:
        subprocess.run(["chmod", "-R", "u+rwX", work], check=False,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
