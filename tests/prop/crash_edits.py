#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits that lose power at any instant.

Each edit of a list runs once under strace, which records what it writes and
when it waits for the disk.  From that, states are made that the disk may be
in after a crash: every prefix of the writes; of the writes since the last
wait, random subsets, as nothing orders them; and a last write that is torn at
a sector.  Each state is recovered by e2fsck as a mount would, and has then to
be clean and to be exactly the old tree or the new one; once the commit is on
disk, the new one.  An edit with a broken order (see --break) has to fail.
Prints TAP and the number of states.
"""
import argparse
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
import ext4read  # noqa: E402

BASE = """mkdir -p /d/sub
put random:1:5000 /d/f
put =small /d/g
write /sparse 20000 random:2:3000
fallocate /pre 0 20000
ln /d/f /d/link
symlink target /l
setxattr /d/g user.k =value
""" + "".join("put =%d /d/name-%040d\n" % (i, i) for i in range(60))

EDITS = {
    "put a file": "put random:9:40000 /new\n",
    "replace": "put random:9:3000 /d/f\n",
    "append": "append /d/f random:3:9000\n",
    "write in the middle": "write /d/f 100 random:3:2000\n",
    "truncate": "truncate /d/f 700\n",
    "preallocate": "fallocate /d/g 0 30000\n",
    "write to what was preallocated": "write /pre 3000 random:5:5000\n",
    "punch": "punch /d/f 1024 2048\n",
    "remove": "rm /d/g\n",
    "remove all": "rm -r /d\n",
    "make folders": "mkdir /a\nmkdir /a/b\n",
    "remove a folder": "rmdir /d/sub\n",
    "move a folder": "mv /d/sub /moved\n",
    "move over": "mv /d/g /d/f\n",
    "link": "ln /d/g /g2\n",
    "symlinks": "symlink short /s1\nsymlink %s /s2\n" % ("x" * 200),
    "attributes": "chmod 600 /d/f\nchown 5:6 /d/g\n"
                  "touch -t 99.5 /d/f\nsetxattr /d/f user.a =b\n"
                  "setxattr /d/g user.big random:7:700\n",
    "node": "mknod /null c 1 3\nmkfifo /pipe\n",
    "names until the folder is built anew":
        "".join("put =x /d/more-%060d\n" % i for i in range(120)),
    "a block that begins like the log's": "write /d/f 1024 part:0:1024:%s\n",
    "many": "put random:1:9000 /m1\nrm /d/f\nmkdir /m\nmv /d/g /m/g\n"
            "append /sparse =tail\nrm /d/link\n",
}


class Wrong(Exception):
    pass


def run(words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


CALL = re.compile(rb'^(?:\d+ +)?(\w+)\((\d+)(?:, "((?:\\x[0-9a-f]{2})*)", '
                  rb'\d+, (\d+))?')


def record(program, image, script):
    """Run the edit.  Return: its steps, (offset, bytes) or None for a wait."""
    log = image + ".strace"
    done = run(["strace", "-f", "-o", log, "-xx", "-s", "16777216", "-e",
                "trace=pwrite64,fsync,fdatasync,ftruncate,write,pwritev",
                program, "batch", "-q", image], input=script,
               env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    if done.returncode:
        raise Wrong("the edit failed: " +
                    done.stderr.decode(errors="replace"))
    steps = []
    with open(log, "rb") as f:
        for line in f:
            m = CALL.match(line)
            if not m:
                continue
            if m.group(1) == b"pwrite64":
                data = bytes.fromhex(m.group(3).replace(b"\\x", b"").decode())
                steps.append((int(m.group(4)), data))
            elif m.group(1) in (b"fsync", b"fdatasync"):
                steps.append(None)
            elif m.group(1) != b"write":
                raise Wrong("an edit calls " + m.group(1).decode())
    os.unlink(log)
    return steps


def describe(path):
    """What the tree of an image is, as a digest."""
    image = ext4read.Image(path)
    h = hashlib.sha256()
    try:
        for name, i in sorted(image.walk(), key=lambda x: x[0]):
            row = [name, i.number, i.mode, i.uid, i.gid, i.size, i.nlink,
                   sorted(i.xattrs().items())]
            if i.mode & 0o170000 == 0o100000:
                row.append(hashlib.sha256(i.content()).digest())
                row.append([(e.lblk, e.len, e.written) for e in i.extents()])
            elif i.mode & 0o170000 == 0o120000:
                row.append(i.target())
            h.update(repr(row).encode())
    finally:
        image.close()
    return h.hexdigest()


def states(steps, rng, subsets):
    """Make (writes, committed) of the states that a crash may leave."""
    epochs = [[]]
    for step in steps:
        if step is None:
            epochs.append([])
        else:
            epochs[-1].append(step)
    # Waits: data, log, commit, home, log empty, superblock.
    done = []
    for number, epoch in enumerate(epochs):
        for n in range(len(epoch) + 1):
            yield done + epoch[:n], number
        for _ in range(subsets):
            keep = [w for w in epoch if rng.random() < rng.random()]
            rng.shuffle(keep)
            if keep and rng.random() < 0.3:
                at, data = keep[-1]
                if len(data) > 4096:
                    cut = rng.randrange(1, len(data) // 4096 + 1) * 4096
                    keep[-1] = (at, data[:cut])
            yield done + keep, number
        done = done + epoch


def check(here, base, writes, old, new):
    """Return: "old" or "new"."""
    path = os.path.join(here, "state")
    image = bytearray(base)
    for at, data in writes:
        image[at:at + len(data)] = data
    with open(path, "wb") as f:
        f.write(image)
    env = dict(os.environ, LC_ALL="C")
    done = run(["e2fsck", "-E", "journal_only", "-y", path], env=env)
    if done.returncode > 1:
        raise Wrong("recovery: " + done.stdout.decode(errors="replace"))
    done = run(["e2fsck", "-fn", path], env=env)
    said = (done.stdout + done.stderr).decode(errors="replace")
    # The counts in the superblock may be those of before, when the crash came
    # between the log becoming empty and the superblock.
    if done.returncode or "Fix?" in said.replace(
            "Free blocks count wrong", "").replace(
            "Free inodes count wrong", "") and "differences" in said:
        raise Wrong("e2fsck: " + said[-1500:])
    now = describe(path)
    if now == old:
        return "old"
    if now == new:
        return "new"
    raise Wrong("neither the old tree nor the new one")


def attempt(program, here, base, name, script, rng, subsets, seen):
    image = os.path.join(here, "image")
    with open(image, "wb") as f:
        f.write(base)
    old = describe(image)
    steps = record(program, image, script)
    new = describe(image)
    if old == new:
        raise Wrong("the edit changed nothing")
    waits = sum(s is None for s in steps)
    if waits != 6:
        raise Wrong("%d waits for the disk, not 6" % waits)
    for writes, number in states(steps, rng, subsets):
        key = hashlib.sha256(repr([(a, hash(d)) for a, d in writes])
                             .encode() + name.encode()).digest()
        if key in seen:
            continue
        seen.add(key)
        result = check(here, base, writes, old, new)
        if number < 2 and result == "new":
            raise Wrong("new before the commit was written")
        if number > 2 and result == "old":
            raise Wrong("old after the commit was on disk")


def make_base(program, here, words):
    path = os.path.join(here, "base")
    done = run([program, "batch", "--new", "-q", "-F", "--no-sync", *words,
                path], input=BASE.encode())
    if done.returncode:
        raise Wrong("no image: " + done.stderr.decode(errors="replace"))
    with open(path, "rb") as f:
        return f.read()


KINDS = (["-b", "1024", "-s", "6M", "-N", "400"],
         ["-b", "4096", "-s", "8M", "-N", "400"],
         ["-b", "1024", "-s", "6M", "-N", "400", "-O",
          "^metadata_csum,^64bit"],
         ["-b", "1024", "-s", "6M", "-N", "400", "-O",
          "^flex_bg,^resize_inode"])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--states", type=int, default=500)
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    program = os.path.abspath(o.e4pack)
    if not shutil.which("strace"):
        print("TAP version 13\n1..0 # SKIP strace is not there")
        return 0
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    here = tempfile.mkdtemp(prefix="e4pack-crash.", dir=folder)
    rng = random.Random(o.seed)
    magic = os.path.join(here, "magic")
    with open(magic, "wb") as f:
        f.write(bytes.fromhex("c03b3998") + b"log" * 400)
    seen, wrong, rounds = set(), [], 0
    try:
        while len(seen) < o.states and not wrong:
            words = KINDS[rounds % len(KINDS)]
            base = make_base(program, here, words)
            subsets = max(2, o.states // (8 * len(EDITS)))
            for name in rng.sample(sorted(EDITS), len(EDITS)):
                script = EDITS[name]
                if "%s" in script:
                    script %= magic
                try:
                    attempt(program, here, base, name + str(words),
                            script.encode(), rng, subsets, seen)
                except (Wrong, ext4read.Damaged) as e:
                    wrong.append("%s, %s: %s" % (name, " ".join(words), e))
                if len(seen) >= o.states:
                    break
            rounds += 1
    finally:
        shutil.rmtree(here)
    print("TAP version 13\n1..1")
    print("%sok 1 - %d states after a crash are the old tree or the new one"
          % ("not " if wrong else "", len(seen)))
    for text in wrong:
        print("\n".join("# " + line for line in text.split("\n")))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
