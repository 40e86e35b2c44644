# SPDX-License-Identifier: GPL-2.0-or-later
"""The edits that lose power, and the images they are made to."""
import itertools
import os
import re

from crash_states import Wrong, run

# What every image holds.  /edge is a folder whose only block is nearly full,
# /four has as many extents as its inode holds, /six two more.
TREE = """mkdir -p /d/sub
mkdir /d/none
put random:1:5000 /d/f
put =small /d/g
put random:4:9000 /d/h
write /sparse 20000 random:2:3000
fallocate /pre 0 20000
ln /d/f /d/link
symlink target /l
setxattr /d/g user.k =value
setxattr /d/h user.long random:8:300
mkdir /edge
""" + "".join("put =%d /d/name-%040d\n" % (i, i) for i in range(30)) + \
    "".join("write /four %d random:%d:4096\n" % (i << 14, i)
            for i in range(4)) + \
    "".join("write /six %d random:%d:2000\n" % (i << 15, i)
            for i in range(6))

VERBS = {
    "put": "put random:9:10000 /new\n",
    "put with attributes": "put -m 640 -o 7:8 =text /d/sub/new\n",
    "put over a file": "put random:9:3000 /d/f\n",
    "put nothing": "put = /d/g\n",
    "append": "append /d/f random:3:100\n",
    "append a lot": "append /d/h random:3:30000\n",
    "write in the middle": "write /d/f 100 random:3:2000\n",
    "write a whole block": "write /d/h 4096 random:5:4096\n",
    "write into a hole": "write /sparse 5000 random:3:3000\n",
    "write to preallocated": "write /pre 3000 random:5:5000\n",
    "write far behind": "write /d/g 90000 =end\n",
    "truncate": "truncate /d/f 700\n",
    "truncate to nothing": "truncate /d/h 0\n",
    "extend": "truncate /d/g 50000\n",
    "fallocate": "fallocate /d/g 0 30000\n",
    "fallocate a new file": "fallocate /pre2 4096 8192\n",
    "punch": "punch /d/h 1024 6000\n",
    "punch all": "punch /pre 0 20480\n",
    "rm": "rm /d/g\n",
    "rm a link": "rm /d/link\n",
    "rm -r": "rm -r /d\n",
    "mkdir": "mkdir /a\n",
    "mkdir -p": "mkdir -p /d/sub/x/y\n",
    "rmdir": "rmdir /d/none\n",
    "mv": "mv /d/h /d/i\n",
    "mv over": "mv /sparse /d/f\n",
    "mv a folder": "mv /d/sub /moved\n",
    "mv a folder over": "mv /d/none /d/sub\n",
    "ln": "ln /d/h /h2\n",
    "symlink": "symlink short /s1\n",
    "symlink of a block": "symlink %s /s2\n" % ("x" * 200),
    "mknod": "mknod /null c 1 3\n",
    "mkfifo": "mkfifo /pipe\n",
    "chmod": "chmod 600 /d/f\n",
    "chown": "chown 5:70000 /d/h\n",
    "touch": "touch -t 99.5 /sparse\n",
    "setxattr": "setxattr /d/f user.a =b\n",
    "setxattr of a block": "setxattr /edge user.big random:7:700\n",
    "setxattr replaces": "setxattr /d/h user.long random:9:200\n",
    "rmxattr": "rmxattr /d/h user.long\n",
    "chattr": "chattr +d /pre\n",
    "tree": "tree %(tree)s /t\n",
    "untar": "untar %(tar)s /u\n",
    "sync between": "put random:3:5000 /n1\nsync\nwrite /n1 2000 =x\n",
}

# Where something turns into something else.
EDGES = dict(
    [("names %d" % n, "".join("put =x /edge/name-%08d\n" % i
                              for i in range(n)))
     for n in (20, 28, 29, 30, 31, 40, 60, 120, 122, 124, 240)] +
    [("names go %d" % n, "".join("rm /d/name-%040d\n" % i for i in range(n)))
     for n in (1, 12, 30)] +
    [("extents %d" % n, "".join("write /four %d random:%d:1\n"
                                % ((n0 + 4) << 14, n0) for n0 in range(n)))
     for n in (1, 2, 80, 81, 85, 333)] +
    [("extents go %d" % n, "truncate /four %d\n" % (n << 14))
     for n in (3, 1)] +
    [("extents of six go %d" % n, "truncate /six %d\n" % (n << 15))
     for n in (5, 4, 0)] +
    [("a hole before six", "punch /six 0 70000\n"),
     ("a hole between six", "punch /six 60000 40000\n")] +
    [("a block that begins like the log's",
      "write /d/h 4096 part:0:4096:%(magic)s\n"),
     ("all blocks begin like the log's",
      "write /d/h 0 part:0:8192:%(magic)s\n"),
     ("freed and needed", "rm /d/h\nput random:3:9000 /n9\n"
      "put random:4:5000 /n5\n")])

# On images with /large: in place, through the log.  The rest of a
# transaction is a few blocks, so that both sides of each number are there.
LARGE = {"in place %d" % n: n for n in
         (57, 58, 59, 60, 61, 121, 122, 249, 250, 251, 252, 253, 254, 255)}
FULL = range(1019, 980, -1)

KINDS = {
    "e4pack 1K": "new -b 1024 -N 200 -s 3M",
    "e4pack 4K": "new -b 4096 -N 200 -s 6M",
    "e4pack 1K ^metadata_csum ^64bit":
        "new -b 1024 -N 200 -s 3M -O ^metadata_csum,^64bit",
    "e4pack 1K ^flex_bg": "new -b 1024 -N 200 -s 3M -O ^flex_bg,^resize_inode",
    "e4pack 4K ^64bit": "new -b 4096 -N 200 -s 6M -O ^64bit",
    "e4pack 1K bigalloc": "new -b 1024 -C 4096 -N 200 -s 3M -O bigalloc",
    "e4pack 4K inline_data": "new -b 4096 -N 200 -s 6M -O inline_data",
    "mke2fs 1K": "mke2fs -b 1024 -J size=1 3M",
    "mke2fs 4K": "mke2fs -b 4096 -J size=4 9M",
    "mke2fs 1K ^metadata_csum": "mke2fs -b 1024 -J size=1 -O ^metadata_csum 3M",
    "mke2fs 4K ^metadata_csum ^64bit":
        "mke2fs -b 4096 -J size=4 -O ^metadata_csum,^64bit 9M",
    "mke2fs 1K uninit_bg":
        "mke2fs -b 1024 -J size=1 -O ^metadata_csum,uninit_bg 3M",
    "mke2fs 4K bigalloc": "mke2fs -b 4096 -J size=4 -C 16384 -O bigalloc 12M",
    "mke2fs 1K inline_data": "mke2fs -b 1024 -J size=1 -O inline_data 3M",
    "mke2fs 4K orphan_file": "mke2fs -b 4096 -J size=4 -O orphan_file 9M",
    "mke2fs 1K orphan_file": "mke2fs -b 1024 -J size=1 -O orphan_file 3M",
    "mke2fs 1K ^flex_bg, many groups":
        "mke2fs -b 1024 -J size=1 -g 1024 -O ^flex_bg,^resize_inode 4M",
    "mke2fs 1K ^extent": "mke2fs -b 1024 -J size=1 -O ^extent,^64bit 3M",
    "kernel 1K": "kernel -b 1024 -J size=1 3M",
    "kernel 4K orphan_file": "kernel -b 4096 -J size=4 -O orphan_file 9M",
    "kernel 1K ^metadata_csum": "kernel -b 1024 -J size=1 -O ^metadata_csum 3M",
}

# Edits before, one after the other: the log has been used, by transactions
# longer than what comes and just as long, and what they left lies in it.
TAILS = ("".join("touch -t %d.5 /d/name-%040d\n" % (i, i)
                 for i in range(30)),
         "write /d/h 0 random:77:8000\nput =x /tail\n",
         "rm /tail\n", "chmod 604 /d/f\n")


def host_files(folder):
    """What the scripts name of the host."""
    names = {"magic": "magic", "tree": "tree", "tar": "tree.tar"}
    names = {k: os.path.join(folder, v) for k, v in names.items()}
    with open(names["magic"], "wb") as f:
        f.write((bytes.fromhex("c03b3998") + b"log" * 340) * 8)
    os.makedirs(names["tree"] + "/sub")
    for name, n in (("one", 100), ("sub/two", 6000)):
        with open(os.path.join(names["tree"], name), "wb") as f:
            f.write(bytes(n))
    run(["tar", "-cf", names["tar"], "-C", names["tree"], "."])
    return names


def batch(program, image, script, *words, env=None):
    done = run([program, "batch", "-q", *words, image],
               input=script.encode(),
               env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0",
                        **(env or {})))
    if done.returncode:
        raise Wrong("%s: no image: %s" % (
            " ".join(words), done.stderr.decode(errors="replace")))


def use_by_kernel(image, folder):
    """Let the kernel fill its log."""
    root = os.path.join(folder, "mnt")
    os.makedirs(root, exist_ok=True)
    if run(["mount", "-t", "ext4", "-o", "loop", image, root]).returncode:
        return
    try:
        for n in range(20):
            name = os.path.join(root, "k%d" % (n % 7))
            if os.path.exists(name):
                os.unlink(name)
            with open(name, "wb") as f:
                f.write(bytes([n]) * 700)
                os.fsync(f.fileno())
    finally:
        run(["umount", root])


def block_size(kind):
    return 4096 if "-b 4096" in KINDS[kind] else 1024


def grown(words, more):
    """@words with the size, the word that is nothing else, larger by @more
    MiB."""
    return ["%dM" % (int(w[:-1]) + more) if re.fullmatch("[0-9]+M", w) else w
            for w in words]


def make_base(program, folder, kind, large=0, used=True, env=None):
    """Bytes of an image.  @large: blocks of a file for edits in place.
    @used: its log has been.  @env is for the edits before."""
    path = os.path.join(folder, "base")
    how, *words = KINDS[kind].split()
    if os.path.exists(path):
        os.unlink(path)
    size = large * block_size(kind)
    text = TREE + ("put random:6:%d /large\n" % size if large else "")
    words = grown(words, -(-size // 2**20) + 1 if large else 0)
    if how == "new":
        batch(program, path, text, "--new", "-F", "--no-sync", *words)
    else:
        done = run(["mke2fs", "-q", "-F", "-t", "ext4", "-N", "200",
                    *words[:-1], path, words[-1]])
        if done.returncode:
            raise Wrong("mke2fs: " + done.stderr.decode(errors="replace"))
        if how == "kernel":
            use_by_kernel(path, folder)
        if "^extent" in KINDS[kind]:
            text = text.replace("fallocate /pre 0", "truncate /pre")
        batch(program, path, text)
    for tail in TAILS if used else ():
        batch(program, path, tail, env=env)
    with open(path, "rb") as f:
        return f.read()


class Job:
    """One edit.  @way: "" for a plain one, "virgin" in a log that was not
    used, "full" for as much of /large as fits into it, "journal-only";
    "replay" of what that left, "apply" for an edit of an image with a log that
    waits."""

    def __init__(self, kind, name, script, way="", large=0):
        self.kind = kind
        self.name = name
        self.script = script
        self.way = way
        self.large = large	# blocks of /large
        self.most = 0

    def base(self):
        return self.kind, self.large, self.way != "virgin"

    def __str__(self):
        return "%s: %s%s" % (self.kind, self.name,
                             " (%s)" % self.way if self.way else "")


def in_place(kind, n):
    """A script that writes @n blocks of /large."""
    return "write /large 0 random:8:%d\n" % (n * block_size(kind))


def all_jobs(rng):
    """Every verb and every edge on every kind of image, every pair of verbs
    on two kinds, triples that chance picks."""
    kinds, out = list(KINDS), []
    for kind in kinds:
        out += [Job(kind, *item) for item in {**VERBS, **EDGES}.items()]
        for way in ("journal-only", "replay", "apply", "virgin"):
            out += [Job(kind, name, VERBS[name], way)
                    for name in rng.sample(sorted(VERBS), 5)]
        out += [Job(kind, name, in_place(kind, n), large=256)
                for name, n in LARGE.items()]
        out.append(Job(kind, "as much as the log holds", "", "full",
                       large=FULL[0]))
    for i, (a, b) in enumerate(itertools.combinations(sorted(VERBS), 2)):
        for k in (0, 1):
            out.append(Job(kinds[(2 * i + k + i // 7) % len(kinds)],
                           a + " + " + b, VERBS[a] + VERBS[b]))
    for _ in range(600):
        some = rng.sample(sorted(VERBS), 3)
        out.append(Job(rng.choice(kinds), " + ".join(some),
                       "".join(VERBS[v] for v in some)))
    return out
