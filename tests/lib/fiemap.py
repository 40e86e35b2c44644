#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks the kernel where files are: fiemap.py MOUNTED-FOLDER [IMAGE-LISTING]

Prints the number of physically separate pieces of every regular file and
their sum; with the output of "e4pack es --json IMAGE" as the second argument
compares the two, file by file.
"""
import fcntl
import json
import os
import stat
import struct
import sys

FS_IOC_FIEMAP = 0xC020660B
LAST, DELAYED, INLINE, UNWRITTEN = 0x1, 0x4, 0x200, 0x800
HEAD = struct.Struct("=QQIIII")
EXTENT = struct.Struct("=QQQQQIIII")


def extents(path):
    """(logical, physical, length, flags) in bytes, as the kernel tells."""
    out = []
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    start = 0
    try:
        while True:
            room = 500
            buf = bytearray(HEAD.pack(start, 2**64 - 1 - start, 0, 0, room, 0)
                            + bytes(room * EXTENT.size))
            fcntl.ioctl(fd, FS_IOC_FIEMAP, buf)
            count = HEAD.unpack_from(buf)[3]
            flags = LAST
            for i in range(count):
                logical, physical, length, _, _, flags, *_ = \
                    EXTENT.unpack_from(buf, HEAD.size + i * EXTENT.size)
                out.append((logical, physical, length, flags))
                start = logical + length
            if not count or flags & LAST:
                return out
    finally:
        os.close(fd)


def pieces(path):
    """(logical, physical, length) in bytes, neighbours joined."""
    out = []
    for logical, physical, length, _flags in extents(path):
        add(out, logical, physical, length)
    return out


def add(out, logical, physical, length):
    if out and out[-1][0] + out[-1][2] == logical and \
            out[-1][1] + out[-1][2] == physical:
        out[-1][2] += length
    else:
        out.append([logical, physical, length])


def listed(path, block_size):
    """The same for each inode, as es tells it."""
    said = {}
    with open(path, "rb") as f:
        for line in f:
            row = json.loads(line)
            out = []
            for e in row["extents"]:
                if "pblk" in e:
                    add(out, e["lblk"] * block_size, e["pblk"] * block_size,
                        e["len"] * block_size)
            said[row["inode"]] = out
    return said


def main():
    root = os.fsencode(sys.argv[1])
    size = os.statvfs(root).f_bsize
    said = listed(sys.argv[2], size) if len(sys.argv) > 2 else None
    total = wrong = 0
    for folder, _dirs, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            if not stat.S_ISREG(st.st_mode):
                continue
            found = pieces(path)
            total += len(found)
            if said is not None:
                there = said.get(st.st_ino)
                if there != found:
                    wrong += 1
                    print("%r: kernel %r, es %r" % (path, found, there))
    print(total)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
