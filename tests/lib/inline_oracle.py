#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small files written by the kernel and by a script, compared.

inline_oracle.py E4PACK MOUNT BLOCK_SIZE INODE_SIZE SEED COUNT

For COUNT files a random row of writes, truncates, preallocations and punches
around the size that an inode holds is made: as system calls on an image of
mke2fs -O inline_data mounted at MOUNT, and as a script for batch --new.  Then
each file must be in its inode in both images or in none, with the same size
and the same blocks.  The bytes are held against a model: Linux 6.18 loses what
is written to block 0 after fallocate(2) or truncate(2) gave the file one.
"""
import ctypes
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
PUNCH, KEEP_SIZE = 2, 1


def fallocate(fd, mode, offset, length):
    if LIBC.fallocate(fd, mode, ctypes.c_int64(offset),
                      ctypes.c_int64(length)):
        raise OSError(ctypes.get_errno(), "fallocate")


def row(rng, most, bs):
    """A list of (verb, offset or size, length)."""
    near = [0, 1, 10, 59, 60, 61, most - 1, most, most + 1, bs, 3 * bs + 5]
    out = []
    size, written = 0, False
    reach = rng.choice((5, 6, len(near)))
    for _ in range(rng.randrange(1, 6)):
        verb = rng.choice(("write", "write", "append", "append", "truncate",
                           "truncate", "fallocate", "punch"))
        at, length = rng.choice(near[:reach]), rng.choice(near[1:reach])
        if verb == "append":
            at = size
        # What truncate made larger than an inode holds, the kernel may
        # begin to keep there: see da_inline.c.
        if verb in ("write", "append") and not written and size > most:
            continue
        # A hole up to the very end leaves the kernel the last block.
        if verb == "punch" and at + length == size:
            length += 1
        if verb == "truncate":
            size = at
        elif verb != "punch":
            size = max(size, at + length)
        written = written or verb != "truncate"
        out.append((verb, at, length))
    return out


def play(path, todo):
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    for verb, at, length in todo:
        if verb in ("write", "append"):
            os.pwrite(fd, b"x" * length, at)
        elif verb == "truncate":
            os.ftruncate(fd, at)
        elif verb == "fallocate":
            fallocate(fd, 0, at, length)
        else:
            fallocate(fd, PUNCH | KEEP_SIZE, at, length)
        # Until then a truncate could take back what a write began.
        os.fsync(fd)
    os.close(fd)


def script(name, todo):
    lines = ["truncate /%s 0" % name]
    for verb, at, length in todo:
        if verb in ("write", "append"):
            lines.append("write /%s %d =%s" % (name, at, "x" * length))
        elif verb == "truncate":
            lines.append("truncate /%s %d" % (name, at))
        else:
            lines.append("%s /%s %d %d" % (verb, name, at, length))
    return "\n".join(lines) + "\n"


def expected(todo):
    """What the file holds in the end."""
    data = bytearray()
    for verb, at, length in todo:
        if verb == "truncate":
            data = data[:at].ljust(at, b"\0")
        elif verb == "punch":
            end = min(at + length, len(data))
            data[at:end] = bytes(max(0, end - at))
        else:
            data = data.ljust(at + length, b"\0")
            if verb != "fallocate":
                data[at:at + length] = b"x" * length
    return bytes(data)


def layout(inode):
    if inode.is_inline():
        return "inline"
    blocks = []
    for e in inode.extents():
        blocks += [(e.lblk + i, e.written) for i in range(e.len)]
    return blocks


def main():
    program, mount = sys.argv[1:3]
    bs, inode_size, seed, count = map(int, sys.argv[3:])
    rng = random.Random(seed)
    most = inode_size - 128
    rows = {"f%d" % i: row(rng, most, bs) for i in range(count)}
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", str(bs), "-I",
                    str(inode_size), "-O", "inline_data", "kernel.img",
                    "64M"], check=True)
    subprocess.run(["mount", "-o", "loop", "kernel.img", mount], check=True)
    try:
        for name, todo in rows.items():
            play(os.path.join(mount, name), todo)
    finally:
        subprocess.run(["umount", mount], check=True)
    text = "".join(script(name, todo) for name, todo in rows.items())
    subprocess.run([program, "batch", "--new", "-q", "-O", "inline_data",
                    "-b", str(bs), "-I", str(inode_size), "ours.img"],
                   input=text.encode(), check=True)
    theirs, ours = ext4read.Image("kernel.img"), ext4read.Image("ours.img")
    wrong = inline = 0
    for name, todo in rows.items():
        a, b = (i.find(os.fsencode(name)) for i in (theirs, ours))
        inline += a.is_inline()
        if (a.size, layout(a), expected(todo)) != (
                b.size, layout(b), b.content()):
            wrong += 1
            print(todo, "kernel", a.size, layout(a), "here", b.size,
                  layout(b), "" if b.content() == expected(todo) else "bytes")
    print("# %d files, %d inline, %d differ" % (count, inline, wrong))
    return 1 if wrong or not 0 < inline < count else 0


if __name__ == "__main__":
    sys.exit(main())
