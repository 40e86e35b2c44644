#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts of e4pack batch, with random options, on small images.

For each seed: e2fsck finds nothing to say, and the image holds what the
model of the script holds: names, types, modes, owners, xattrs, links, content
byte by byte, and of each block whether it is a hole, unwritten or written; a
second run gives the same bytes.  Some images are too small for their script:
it may be refused then, with the reason, and leaves nothing.
Then all short words over a few operations, drawn from their exhaustive list,
each on a file of its own.
Prints TAP; a failure names the seed, to be repeated with --seed S --count 1.
"""
import argparse
import multiprocessing
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
import ext4read  # noqa: E402
import script_model  # noqa: E402
from random_script import Generator, Style  # noqa: E402


class Wrong(Exception):
    pass


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, **more)


def clean(image):
    done = run("e2fsck", "-fn", image, env=dict(os.environ, LC_ALL="C"))
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode or any(w in said for w in ("Fix?", "wrong",
                                                  "WARNING")):
        raise Wrong("e2fsck: " + said[-2000:])


WRITE_PATH = ([], ["--allocator", "kernel"], ["--nodelalloc"],
              ["--dirty-limit", "64K"],
              ["--allocator", "kernel", "--nodelalloc"])


class Program:
    """The program under test and what it can do."""

    def __init__(self, path, work):
        self.path = path
        self.work = work
        self.features = [o for o in (
            ["-O", "bigalloc", "-C", "8192"], ["-O", "inline_data"])
            if self.takes(["-b", "1024"] + o)]

    def batch(self, words, text, image):
        return run(self.path, "batch", "--new", *words, image, input=text)

    def takes(self, words):
        image = os.path.join(self.work, "probe.img")
        ok = self.batch(["-q", *words], b"", image).returncode == 0
        if ok:
            os.unlink(image)
        return ok


def random_options(rng, program):
    bs = rng.choice((1024, 1024, 1024, 2048, 4096))
    words = ["-b", str(bs)]
    off = [f for f in ("has_journal", "resize_inode", "64bit", "flex_bg",
                       "metadata_csum", "huge_file", "dir_nlink", "dir_index")
           if rng.random() < (0.6 if f == "has_journal" else 0.1)]
    if off:
        words += ["-O", ",".join("^" + f for f in off)]
    inode = rng.choice(("128", "512")) if rng.random() < 0.2 else "256"
    if inode != "256":
        words += ["-I", inode]
    if program.features and rng.random() < 0.3:
        feature = rng.choice(program.features)
        # Inodes of 128 bytes have no room for data, which is refused.
        if inode != "128" or "inline_data" not in feature:
            words += feature
    live = rng.random() < 0.7
    if live:
        tight = rng.random() < 0.15 and "-C" not in words
        words += ["-s", "5M" if tight and bs == 4096 else
                  "2M" if tight else "12M" if bs == 4096 else "8M"]
        words += rng.choice(WRITE_PATH)
    else:
        size = rng.choice((None, "min", "min+512K", "12M"))
        words += ["-s", size] if size else []
    return words, bs, live


class Comparison:
    """An image against the model."""

    def __init__(self, image, model):
        self.image = image
        self.model = model

    def want(self, path, what, want, got):
        if want != got:
            raise Wrong("%s: %s: expected %r, found %r" % (path, what, want,
                                                           got))

    def run(self):
        there = {"/" + os.fsdecode(p): i for p, i in self.image.walk()
                 if p and p != b"lost+found"}
        wanted = dict(self.model.walk())
        self.want("/", "names", sorted(wanted), sorted(there))
        numbers = {}
        for path, node in wanted.items():
            self.entry(path, node, there[path])
            number = numbers.setdefault(id(node), there[path].number)
            self.want(path, "inode", number, there[path].number)
        self.want("/", "inodes", len(numbers), len(set(numbers.values())))

    def entry(self, path, node, inode):
        self.want(path, "mode", node.kind | node.mode, inode.mode)
        self.want(path, "owner", node.owner, (inode.uid, inode.gid))
        xattrs = {k: v for k, v in inode.xattrs().items()
                  if k != b"system.data"}
        self.want(path, "xattrs", node.xattrs, xattrs)
        if node.kind == stat.S_IFREG:
            self.want(path, "size", len(node.bytes), inode.size)
            if inode.content() != node.bytes:
                raise Wrong("%s: other content" % path)
            if not inode.flags & ext4read.INLINE_FL:
                self.blocks(path, node, inode)
        elif node.kind == stat.S_IFLNK:
            self.want(path, "target", node.target.encode(), inode.target())
        elif node.kind == stat.S_IFCHR:
            self.want(path, "device", node.rdev, inode.rdev())

    def blocks(self, path, node, inode):
        found = []
        for e in inode.extents():
            found.extend("h" * (e.lblk - len(found)))
            found.extend(("w" if e.written else "u") * e.len)
        self.want(path, "blocks", "".join(node.blocks).rstrip("h"),
                  "".join(found))


def is_tight(words):
    return "2M" in words or "5M" in words


def judge(program, words, text, model, image):
    done = program.batch(["-q", *words], text, image)
    if done.returncode == 1 and is_tight(words) and \
            re.search(rb"No space|the image has|too small", done.stderr):
        if os.path.exists(image):
            raise Wrong("a target was left")
        return
    if done.returncode:
        raise Wrong("batch: status %d: %s" % (
            done.returncode, done.stderr.decode(errors="replace")[-2000:]))
    again = program.batch(["-q", "--threads", "3", *words], text,
                          image + ".2")
    if again.returncode or run("cmp", image, image + ".2").returncode:
        raise Wrong("a second run gave other bytes")
    clean(image)
    e = ext4read.Image(image)
    try:
        Comparison(e, model).run()
    finally:
        e.close()


def random_script(program, host, here, seed):
    """Return: what is wrong with this seed, or None."""
    rng = random.Random(seed)
    words, bs, live = random_options(rng, program)
    model = script_model.Model(bs, host)
    style = Style(commands=rng.choice((5, 20, 40, 80)), live=live,
                  large=100 * bs)
    if is_tight(words):
        style.large, style.large_share = 700 * bs, 0.3
        style.most_bytes = 5 << 20
    commands = Generator(rng, model, style).commands()
    text = script_model.script(commands, host)
    return attempt(program, words, text, model, here, "seed %d" % seed)


def attempt(program, words, text, model, here, name):
    image = os.path.join(here, "image")
    try:
        judge(program, words, text, model, image)
        return None
    except (Wrong, ext4read.Damaged, subprocess.TimeoutExpired) as e:
        return "%s: %s\nbatch --new %s\n%s" % (name, e, " ".join(words),
                                              text.decode()[-4000:])
    finally:
        for name in (image, image + ".2"):
            if os.path.exists(name):
                os.unlink(name)


def alphabet(path, bs):
    part = lambda pos, n: ("part", pos, n)  # noqa: E731
    return [
        ("write", path, 0, part(1000, bs)),
        ("write", path, 3 * bs, part(90000, 2 * bs)),
        ("write", path, 0, part(200000, 8 * bs)),
        ("write", path, 5 * bs + 17, part(300000, bs // 2)),
        ("write", path, bs + 100, ("zero", 4 * bs)),
        ("append", path, ("text", b"tail")),
        ("append", path, part(400000, bs + 9)),
        ("truncate", path, 0),
        ("truncate", path, 3 * bs - 5),
        ("truncate", path, 8 * bs),
        ("fallocate", path, 0, 8 * bs),
        ("fallocate", path, 5 * bs + 7, bs),
        ("punch", path, bs, 2 * bs),
        ("punch", path, 2 * bs + 3, 4 * bs),
        ("punch", path, 4 * bs, 8 * bs),
        ("fsync", path),
    ]


def words_on_files(program, host, here, seed):
    """Words of four operations, each on a file of its own, all in one
    image."""
    rng = random.Random(seed)
    bs = rng.choice((1024, 4096))
    words = ["-b", str(bs), "-s", "40M", *rng.choice(WRITE_PATH)]
    model = script_model.Model(bs, host)
    commands = []
    for i in range(200):
        letters = alphabet("/w%d" % i, bs)
        commands.append(("truncate", "/w%d" % i, 0))
        commands += rng.choices(letters, k=4)
    for command in commands:
        model.run(command)
    return attempt(program, words, script_model.script(commands, host), model,
                   here, "words of seed %d" % seed)


def worker(job):
    program, host, kind, seeds, until = job
    here = tempfile.mkdtemp(dir=program.work)
    done, wrong = 0, []
    for seed in seeds:
        if time.monotonic() > until:
            break
        said = kind(program, host, here, seed)
        done += 1
        if said:
            wrong.append(said)
    shutil.rmtree(here)
    return done, wrong


def in_parallel(program, host, kind, seeds, o):
    """Pieces of the list of seeds, for as many workers as asked for."""
    until = time.monotonic() + o.seconds
    jobs = [(program, host, kind, seeds[i:i + 25], until)
            for i in range(0, len(seeds), 25)]
    with multiprocessing.Pool(o.jobs) as pool:
        results = pool.map(worker, jobs, chunksize=1)
    return sum(n for n, _ in results), [w for _, ws in results for w in ws]


def tell(number, name, done, asked, wrong):
    if wrong:
        print("not ok %d %s" % (number, name))
        for said in wrong[:5]:
            for line in said.splitlines():
                print("# " + line)
        print("# %d of %d failed" % (len(wrong), done))
    elif not done:
        print("ok %d %s # SKIP no time" % (number, name))
    else:
        print("ok %d %s: %d of %d" % (number, name, done, asked))
    return not wrong


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--e4pack", default="src/e4pack")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--seconds", type=float, default=120, help="for each kind")
    p.add_argument("--jobs", type=int, default=2)
    o = p.parse_args()
    work = tempfile.mkdtemp(prefix="e4pack-scripts.")
    ok = True
    try:
        program = Program(os.path.abspath(o.e4pack), work)
        host = script_model.Host(os.path.join(work, "host"))
        print("1..2")
        seeds = range(o.seed, o.seed + o.count)
        done, wrong = in_parallel(program, host, random_script, seeds, o)
        ok = tell(1, "random scripts", done, len(seeds), wrong)
        seeds = range(o.seed, o.seed + -(-o.count // 50))
        done, wrong = in_parallel(program, host, words_on_files, seeds, o)
        ok = tell(2, "words on 200 files each", done, len(seeds), wrong) and ok
    finally:
        shutil.rmtree(work)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
