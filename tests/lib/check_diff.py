#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds diff --json against the tests' own reader.

check_diff.py E4PACK IMAGE IMAGE
"""
import base64
import json
import os
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

USER_FLAGS = 0x6213C8FF


def tree(image):
    out = {}
    for name, inode in image.walk():
        out[b"/" + name.strip(b"/")] = inode
    return out


def groups(names):
    """The names of each file that has several, by each of them."""
    found = {}
    for path, inode in names.items():
        if inode.nlink > 1 and not stat.S_ISDIR(inode.mode):
            found.setdefault(inode.number, set()).add(path)
    return {path: paths for paths in found.values() for path in paths}


def layout(inode):
    return [(e.lblk, e.len, e.pblk, e.written) for e in inode.extents()]


def ways(a, b, same_size):
    """What differs, without links."""
    if stat.S_IFMT(a.mode) != stat.S_IFMT(b.mode):
        return {"type"}
    out = set()
    for key in "mode", "uid", "gid", "mtime":
        if getattr(a, key) != getattr(b, key):
            out.add(key)
    if a.xattrs() != b.xattrs():
        out.add("xattrs")
    if (a.flags ^ b.flags) & USER_FLAGS:
        out.add("flags")
    kind = stat.S_IFMT(a.mode)
    if kind == stat.S_IFREG and (a.size != b.size or
                                 a.content() != b.content()):
        out.add("content")
    if kind == stat.S_IFLNK and a.target() != b.target():
        out.add("content")
    if kind in (stat.S_IFCHR, stat.S_IFBLK) and a.rdev() != b.rdev():
        out.add("device")
    if kind in (stat.S_IFREG, stat.S_IFDIR) and same_size and \
            layout(a) != layout(b):
        out.add("layout")
    return out


def change(found):
    if found & {"type", "content", "device"}:
        return "content"
    if found - {"layout"}:
        return "attributes"
    return "layout" if found else "same"


def blocks_that_differ(a, b):
    size, out = a.block_size, set()
    n = min(a.blocks, b.blocks)
    step = max(1, (1 << 20) // size)
    for at in range(0, n, step):
        count = min(step, n - at)
        x = a.bytes(at * size, count * size)
        y = b.bytes(at * size, count * size)
        if x != y:
            out.update(at + i for i in range(count) if
                       x[i * size:(i + 1) * size] !=
                       y[i * size:(i + 1) * size])
    return out


def free_blocks(path):
    """Free blocks as dumpe2fs lists them."""
    out = set()
    text = subprocess.run(["dumpe2fs", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()
    for line in text.splitlines():
        # Groups are indented; the superblock has a figure of that name.
        if not line.startswith("  Free blocks: "):
            continue
        for part in line[15:].replace(",", " ").split():
            first, _, last = part.partition("-")
            out.update(range(int(first), int(last or first) + 1))
    return out


def main():
    program, first, second = sys.argv[1:4]
    a, b = ext4read.Image(first), ext4read.Image(second)
    same_size = a.block_size == b.block_size
    names_a, names_b = tree(a), tree(b)
    linked_a, linked_b = groups(names_a), groups(names_b)
    want, sums = {}, dict.fromkeys(
        ("added", "removed", "content", "attributes", "layout", "same"), 0)
    regrouped = set()
    for path in sorted(set(names_a) | set(names_b)):
        if path not in names_a:
            kind, found = "added", set()
        elif path not in names_b:
            kind, found = "removed", set()
        else:
            found = ways(names_a[path], names_b[path], same_size)
            p, q = names_a[path], names_b[path]
            if not stat.S_ISDIR(p.mode) and "type" not in found and \
                    p.nlink != q.nlink:
                found.add("links")
            if linked_a.get(path) != linked_b.get(path):
                regrouped.add(path)
            kind = change(found)
        sums[kind] += 1
        want[path] = (kind, found)
    run = subprocess.run([program, "diff", "--json", first, second],
                         stdout=subprocess.PIPE)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    wrong, got, order = [], {}, []
    for row in rows[:-1]:
        path = base64.b64decode(row["path_b64"]) if "path_b64" in row \
            else row["path"].encode()
        order.append(path)
        got[path] = (row["change"], set(row.get("differs", ())))
    if order != sorted(order):
        wrong.append("not in the order of paths")
    for path, (kind, found) in want.items():
        said = got.pop(path, ("same", set()))
        # Which of two files is the one that left a group is a matter of
        # the order; that someone left it is not.
        if path in regrouped and said[1] - found == {"links"}:
            continue
        if said != (kind, found):
            wrong.append("%r: said %r, is %r" % (path, said, (kind, found)))
    for path in got:
        wrong.append("%r is in no image" % path)
    last = rows[-1]
    if not regrouped:
        for key, value in sums.items():
            if last[key] != value:
                wrong.append("%s: %r, not %r" % (key, last[key], value))
    differ = None
    if same_size:
        differ = blocks_that_differ(a, b)
        common = min(a.blocks, b.blocks)
        expected = {
            "block_size": a.block_size, "compared": common,
            "differ": len(differ),
            "differ_in_use": len(differ - free_blocks(second)),
            "only_first": a.blocks - common,
            "only_second": b.blocks - common}
        if last["blocks"] != expected:
            wrong.append("blocks: %r, not %r" % (last["blocks"], expected))
    elif last["blocks"] is not None:
        wrong.append("blocks of other sizes: %r" % last["blocks"])
    same = len(rows) == 1 and not differ and (
        not same_size or a.blocks == b.blocks)
    if run.returncode != (0 if same else 3):
        wrong.append("exit status %d" % run.returncode)
    for line in wrong[:20]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
