#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damages an image field by field and lets the inspecting commands read it.

damage.py E4PACK IMAGE EVERY [SEED]

IMAGE is one that tests/cli/inspect_damage.bats made.  Each byte of the
superblock, of descriptors, of inodes with what lies in them, of blocks of
folders, extents and attributes is set to other values, and each field of two
or four bytes to its extremes; every EVERY-th of these cases is run, beginning
with number SEED.  No command may end but with 0 or 1, be slow, use more than
its memory, or be told off by a sanitizer; and the image stays as it is.
"""
import json
import os
import resource
import struct
import subprocess
import sys

SECONDS = 20
MEMORY = 1 << 30
OUTPUT = 1 << 24  # a size of many TiB is read no further than this

program, image, every = sys.argv[1], sys.argv[2], int(sys.argv[3])
seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
with open(image, "rb") as f:
    good = f.read()
with open(program, "rb") as f:
    sanitized = b"__asan_init" in f.read()
block_size = 1024 << struct.unpack_from("<I", good, 1048)[0]


def limit():
    if not sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(words):
    """The exit status, None for one that was cut off, and the messages."""
    env = dict(os.environ, ASAN_OPTIONS="exitcode=99:allocator_may_return_null=1")
    with open("messages", "w+b") as said:
        p = subprocess.Popen([program] + words, stdout=subprocess.PIPE,
                             stderr=said, preexec_fn=limit, env=env)
        left = OUTPUT
        while left > 0:
            data = p.stdout.read1(1 << 20)
            if not data:
                break
            left -= len(data)
        p.stdout.close()
        status = p.wait(SECONDS)
        said.seek(0)
        return (None if left <= 0 else status), said.read()


def stat_of(path):
    out = subprocess.run([program, "stat", "--json", image, path],
                         stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)


def inode_place(path):
    row = stat_of(path)
    return row["table_block"] * block_size + row["table_offset"]


def first_block(path):
    """Of a folder or a slow link: the block that its first extent maps; of a
    file with many extents: the block of the tree.  0: it has none."""
    raw = inode_place(path) + 40
    if stat_of(path)["mapping"] != "extents":
        return 0
    depth = struct.unpack_from("<H", good, raw + 6)[0]
    at = raw + (16 if depth else 20)
    return struct.unpack_from("<I", good, at)[0] * block_size


def journal_place():
    """Of the superblock of the log: inode 8 lies in the first table."""
    gdt = block_size if block_size > 1024 else 2048
    table = struct.unpack_from("<I", good, gdt + 8)[0]
    raw = table * block_size + 7 * 256 + 40
    return struct.unpack_from("<I", good, raw + 20)[0] * block_size


def regions():
    """(name, first byte, bytes, commands)"""
    read = [["ls", "-lR", image], ["stat", image, "f", "d", "fast", "slow",
                                   "dev", "many", "holes", "."],
            ["cat", image, "f"], ["cat", image, "holes"]]
    info = [["info", "--groups", image], ["ls", image]]
    yield "superblock", 1024, 0x284, info + [["stat", image, "f"]]
    yield "journal", journal_place(), 256, info[:1]
    gdt = block_size if block_size > 1024 else 2048
    yield "descriptor", gdt, 64, info + read[:2]
    for path in "f", "d", "fast", "slow", "dev", "many", "holes", ".":
        yield "inode of " + path, inode_place(path), 256, read
    yield "root folder", first_block("."), 128, read[:3]
    yield "large folder", first_block("many"), 96, read[:1]
    yield "link", first_block("slow"), 8, read[:2]
    yield "extents", first_block("holes"), 84, read[1:]
    yield ("attributes", stat_of("f").get("xattr_block", 0) * block_size, 128,
           read[1:2])


def values(at, length):
    """What the bytes from @at on become, one change after the other."""
    for i in range(at, at + length):
        for b in {0, 1, 0x7f, 0xff, good[i] ^ 0x80, good[i] ^ 1} - {good[i]}:
            yield i, bytes([b])
        if i % 2 == 0:
            yield i, b"\xff\xff"
        if i % 4 == 0:
            yield i, b"\xff\xff\xff\xff"
            yield i, b"\xff\xff\xff\x7f"
            yield i, b"\0\0\0\0"


def judge(name, at, new, words):
    status, said = run(words)
    if status in (0, 1, None) and b"Sanitizer" not in said and \
            b"runtime error" not in said:
        if status != 1 or said:
            return 0
    print("%s, byte %d = %r: %s ended with %s: %s" % (
        name, at, new, " ".join(words), status,
        said.decode(errors="replace")[:3000]))
    return 1


def main():
    wrong = count = number = 0
    f = os.open(image, os.O_RDWR)
    for name, first, length, commands in regions():
        if not first:
            continue
        for at, new in values(first, length):
            number += 1
            if (number + seed) % every:
                continue
            os.pwrite(f, new, at)
            for words in commands:
                count += 1
                wrong += judge(name, at, new, words)
            os.pwrite(f, good[at:at + len(new)], at)
            if wrong > 20:
                return 1
        with open(image, "rb") as now:
            if now.read() != good:
                print("%s: the image was changed" % name)
                wrong += 1
    os.close(f)
    print("%d runs, %d of %d cases" % (count, number // every, number))
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
