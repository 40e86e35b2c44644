#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds es --json and frag --json against the tests' own reader.

check_reports.py E4PACK IMAGE
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


def wanted(inode, bs):
    """The extents es is to list: joined, holes between, to the end."""
    runs = []
    for e in inode.extents():
        status = "written" if e.written else "unwritten"
        last = runs[-1] if runs else None
        if last and last[3] == status and last[0] + last[1] == e.lblk and \
                last[2] + last[1] == e.pblk:
            last[1] += e.len
        else:
            runs.append([e.lblk, e.len, e.pblk, status])
    end = 0 if inode.is_inline() else -(-inode.size // bs)
    if runs:
        end = max(end, runs[-1][0] + runs[-1][1])
    out, at = [], 0
    for lblk, length, pblk, status in runs:
        if lblk > at:
            out.append((at, lblk - at, None, "hole"))
        out.append((lblk, length, pblk, status))
        at = lblk + length
    if at < end:
        out.append((at, end - at, None, "hole"))
    return out


def joined(extents):
    """What es listed, adjacent pieces of one run joined."""
    out = []
    for e in extents:
        row = [e["lblk"], e["len"], e.get("pblk"), e["status"]]
        last = out[-1] if out else None
        if last and last[3] == row[3] and last[0] + last[1] == row[0] and (
                row[2] is None or last[2] + last[1] == row[2]):
            last[1] += row[1]
        else:
            out.append(row)
    return [tuple(row) for row in out]


def ideal(inode):
    """Sum over runs of adjacent blocks of one status, by extent length."""
    total, run, status, end = 0, 0, None, -1
    for e in inode.extents() + [None]:
        if e is None or e.lblk != end or e.written != status:
            most = 32768 if status else 32767
            total += -(-run // most)
            run = 0
        if e is not None:
            run += e.len
            status, end = e.written, e.lblk + e.len
    return total


def main():
    program, path = sys.argv[1:3]
    image = ext4read.Image(path)
    bs = image.block_size
    said = {}
    out = subprocess.run([program, "es", "--json", path], check=True,
                         stdout=subprocess.PIPE).stdout
    for line in out.splitlines():
        row = json.loads(line)
        name = base64.b64decode(row["path_b64"]) if "path_b64" in row \
            else os.fsencode(row["path"])
        said[name.strip(b"/")] = row
    listed = {row["inode"] for row in said.values()}
    wrong = []
    if len(listed) != len(said):
        wrong.append("a file is listed more than once")
    seen = set()
    files = blocks = extents = best = fragmented = folders = 0
    for name, inode in image.walk():
        folders += stat.S_ISDIR(inode.mode)
        if not stat.S_ISREG(inode.mode):
            continue
        # A file with several names is listed once, under one of them.
        if name not in said and inode.number in listed:
            continue
        if name not in said:
            wrong.append("%r is not listed" % name)
            continue
        row = said[name]
        if row["inode"] != inode.number or row["size"] != inode.size:
            wrong.append("%r: inode or size" % name)
        if row["inline"] != inode.is_inline():
            wrong.append("%r: inline" % name)
        if joined(row["extents"]) != wanted(inode, bs):
            wrong.append("%r: es says %r, the image %r" % (
                name, joined(row["extents"])[:9], wanted(inode, bs)[:9]))
        if inode.number in seen or not inode.extents():
            continue
        seen.add(inode.number)
        files += 1
        blocks += sum(e.len for e in inode.extents())
        extents += len(inode.extents())
        best += ideal(inode)
    frag = json.loads(subprocess.run(
        [program, "frag", "--json", path], check=True,
        stdout=subprocess.PIPE).stdout)
    for key, value in (("files", files), ("blocks", blocks),
                       ("extents", extents), ("ideal_extents", best),
                       ("directories", folders), ("block_size", bs)):
        if frag[key] != value:
            wrong.append("frag says %s %r, the image %r" % (
                key, frag[key], value))
    score = 100 * (1 - (extents - best - frag["unavoidable_extents"])
                   / max(1, blocks - best))
    if abs(frag["score"] - score) > 0.01:
        wrong.append("score %r, expected %r" % (frag["score"], score))
    for line in wrong[:30]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
