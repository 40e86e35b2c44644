#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Verify and e2fsck have to agree on images that were damaged on purpose.

mutate.py --e4pack PROGRAM --count N [--seed S] IMAGE...

Each mutant is one of the images with a field or two of one structure changed
and all checksums made right again, so that the structure itself is wrong.
`e4pack verify` has to end with 0 or 3, and with 0 exactly when e2fsck -fn
finds nothing to say.  Where they differ on purpose, RULES says why.
"""
import argparse
import os
import random
import re
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import ext4read  # noqa: E402

# Who tells what the other does not: "verify" or "e2fsck", a pattern that each
# line of it has to match, and the reason.
RULES = [
    ("verify", "extents: a node has a wrong depth",
     "the kernel refuses such a tree, libext2fs does not compare the depths"),
    ("verify", "its inline data has no attribute",
     "libext2fs compares names of attributes as strings, the kernel with "
     "their length: a longer name that begins with \"data\" and NUL"),
    ("verify", "^inode \\d+: its attributes are to be in block",
     "e2fsck tells of a block out of range only when a name leads to the "
     "inode, which reserved ones have not"),
    ("verify", "attributes in its block: entries are out of order",
     "the kernel's search ends where the order says; libext2fs reads all"),
    ("verify", "the link's target is in a block that reads as zero",
     "e2fsck does not look whether the one extent of a link is unwritten"),
    ("verify", "a special file or link is immutable or append-only",
     "e2fsck offers to clear the flag, but ends as if it were content"),
]

# One of them that brings others with it: what lies below such a node is not
# read, so that a folder seems to have lost names.
CUTS_OFF = "extents: a node has a wrong depth"

METADATA_CSUM, GDT_CSUM = 0x400, 0x10


def table_of(polynomial):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    return table


CRC32C, CRC16 = table_of(0x82F63B78), table_of(0xA001)


def crc(table, value, data):
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    return value


def crc32c(value, data):
    return crc(CRC32C, value, data)


def u16(data, at):
    return struct.unpack_from("<H", data, at)[0]


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


class Mutant:
    """An image in memory; changes are noted, so that they can be undone."""

    def __init__(self, path):
        self.path = path
        self.image = ext4read.Image(path)
        with open(path, "rb") as f:
            self.data = bytearray(f.read())
        self.changed = {}
        i = self.image
        self.bs = i.block_size
        sb = self.data[1024:2048]
        self.uuid = bytes(sb[0x68:0x78])
        self.csums = bool(i.ro_compat & METADATA_CSUM)
        self.gdt_csums = bool(i.ro_compat & (METADATA_CSUM | GDT_CSUM))
        self.seed = u32(sb, 0x270) if i.incompat & 0x2000 else \
            crc32c(0xFFFFFFFF, self.uuid)
        self.survey()

    def survey(self):
        """What there is to be changed, by kind."""
        i = self.image
        self.used, self.nodes, self.maps, self.dirs, self.xattrs = \
            [], [], [], [], []
        for ino in range(1, i.inodes + 1):
            inode = i.inode(ino)
            if not inode.nlink and ino != 8:
                continue
            self.used.append(ino)
            generation = u32(inode.raw, 0x64)
            if inode.acl_block:
                self.xattrs.append(inode.acl_block)
            if not inode.has_map() or inode.flags & ext4read.INLINE_FL:
                continue
            if inode.flags & ext4read.EXTENTS_FL:
                self.find_nodes(ino, generation, inode.iblock)
            else:
                self.find_maps(inode)
            if inode.mode & 0o170000 == 0o040000:
                for block in self.blocks_of(inode):
                    self.dirs.append((ino, generation, inode.flags) + block)

    def find_nodes(self, ino, generation, node):
        entries, depth = u16(node, 2), u16(node, 6)
        for k in range(entries if depth else 0):
            at = 12 + 12 * k
            block = u32(node, at + 4) | u16(node, at + 8) << 32
            self.nodes.append((ino, generation, block))
            self.find_nodes(ino, generation, self.image.block(block))

    def find_maps(self, inode):
        if inode.number != 7:
            self.maps += [b for b in struct.unpack_from(
                "<II", inode.iblock, 48) if b]

    def blocks_of(self, inode):
        """(logical, physical) blocks of a folder."""
        if inode.flags & ext4read.EXTENTS_FL:
            return [(e.lblk + n, e.pblk + n) for e in inode.extents()
                    for n in range(e.len)]
        return [(k, u32(inode.iblock, 4 * k)) for k in range(12)
                if u32(inode.iblock, 4 * k)]

    def put(self, at, data):
        for k, byte in enumerate(data):
            if self.data[at + k] != byte:
                self.changed.setdefault(at + k, self.data[at + k])
                self.data[at + k] = byte

    def put32(self, at, value):
        self.put(at, (value & 0xFFFFFFFF).to_bytes(4, "little"))

    def put16(self, at, value):
        self.put(at, (value & 0xFFFF).to_bytes(2, "little"))

    def write(self):
        with open(self.path, "r+b") as f:
            for at in sorted(self.changed):
                f.seek(at)
                f.write(self.data[at:at + 1])

    def undo(self):
        for at, byte in self.changed.items():
            self.data[at] = byte
        self.write()
        self.changed = {}

    # Where things lie, and their checksums.
    def inode_at(self, ino):
        group, index = divmod(ino - 1, self.image.inodes_per_group)
        return self.image.table(group) * self.bs + \
            index * self.image.inode_size

    def owner_seed(self, ino):
        at = self.inode_at(ino)
        return crc32c(self.seed, struct.pack("<I", ino) +
                      self.data[at + 0x64:at + 0x68])

    def seal_inode(self, ino):
        if not self.csums:
            return
        at, size = self.inode_at(ino), self.image.inode_size
        raw = bytearray(self.data[at:at + size])
        high = size > 128 and u16(raw, 0x80) >= 4
        raw[0x7C:0x7E] = b"\0\0"
        if high:
            raw[0x82:0x84] = b"\0\0"
        value = crc32c(self.owner_seed(ino), raw)
        self.put16(at + 0x7C, value)
        if high:
            self.put16(at + 0x82, value >> 16)

    def seal_node(self, ino, block):
        at = block * self.bs
        end = 12 + 12 * u16(self.data, at + 4)
        if self.csums and end + 4 <= self.bs:
            self.put32(at + end, crc32c(self.owner_seed(ino),
                                        self.data[at:at + end]))

    def seal_dir(self, ino, lblk, block, flags):
        if not self.csums:
            return
        at, bs = block * self.bs, self.bs
        indexed = flags & ext4read.INDEX_FL
        node = indexed and (lblk == 0 or (
            u32(self.data, at) == 0 and u16(self.data, at + 4) == bs))
        seed = self.owner_seed(ino)
        if not node:
            self.put32(at + bs - 4, crc32c(seed, self.data[at:at + bs - 12]))
            return
        entries = at + (8 if lblk else 32)
        limit, count = u16(self.data, entries), u16(self.data, entries + 2)
        tail = entries + 8 * limit
        end = entries + 8 * count
        if tail + 8 > at + bs or end > at + bs:
            return
        value = crc32c(seed, self.data[at:end])
        value = crc32c(value, self.data[tail:tail + 4] + b"\0\0\0\0")
        self.put32(tail + 4, value)

    def seal_xattr(self, block):
        if not self.csums:
            return
        at = block * self.bs
        raw = bytearray(self.data[at:at + self.bs])
        raw[16:20] = b"\0\0\0\0"
        value = crc32c(self.seed, struct.pack("<Q", block))
        self.put32(at + 16, crc32c(value, raw))

    def seal_group(self, group):
        if not self.gdt_csums:
            return
        at, size = self.image.descriptor_at(group), self.image.desc_size
        raw = bytearray(self.data[at:at + size])
        number = struct.pack("<I", group)
        if self.csums:
            raw[0x1E:0x20] = b"\0\0"
            value = crc32c(crc32c(self.seed, number), raw)
        else:
            value = crc(CRC16, 0xFFFF, self.uuid + number + raw[:0x1E] +
                        raw[0x20:])
        self.put16(at + 0x1E, value)

    def seal_bitmap(self, group, of_inodes):
        at = self.image.descriptor_at(group)
        block = u32(self.data, at + (4 if of_inodes else 0)) * self.bs
        if self.csums:
            n = self.image.inodes_per_group if of_inodes else \
                u32(self.data, 1024 + 0x24)
            value = crc32c(self.seed, self.data[block:block + n // 8])
            self.put16(at + (0x1A if of_inodes else 0x18), value)
            if self.image.desc_size >= 64:
                self.put16(at + (0x3A if of_inodes else 0x38), value >> 16)
        self.seal_group(group)

    def seal_super(self):
        if self.csums:
            self.put32(1024 + 0x3FC, crc32c(0xFFFFFFFF,
                                            self.data[1024:1024 + 0x3FC]))


def other(r, old, bits):
    """Another value for a field of so many bits."""
    top = (1 << bits) - 1
    choices = [0, 1, top, old + 1, old - 1, old ^ 1 << r.randrange(bits),
               r.randrange(top + 1), r.randrange(min(top, 4096) + 1)]
    while True:
        value = r.choice(choices) & top
        if value != old:
            return value
        choices.append(r.randrange(top + 1))


def change(m, r, at, width):
    old = int.from_bytes(m.data[at:at + width], "little")
    m.put(at, other(r, old, 8 * width).to_bytes(width, "little"))


INODE_FIELDS = [
    (0x00, 2, 4), (0x04, 4, 4), (0x14, 4, 1), (0x1A, 2, 4), (0x1C, 4, 4),
    (0x20, 4, 4), (0x28, 4, 6), (0x2C, 4, 6), (0x30, 4, 3), (0x34, 4, 3),
    (0x38, 4, 3), (0x3C, 4, 6), (0x40, 4, 2), (0x58, 4, 1), (0x5C, 4, 1),
    (0x68, 4, 3), (0x6C, 4, 2), (0x70, 4, 1), (0x74, 2, 1), (0x76, 2, 1),
    (0x80, 2, 2), (0xA0, 4, 1), (0xA4, 4, 2), (0xA8, 4, 1), (0xAC, 4, 1),
    (0xB0, 4, 1),
]


def mutate_inode(m, r):
    fields = [f for f in INODE_FIELDS if f[0] < m.image.inode_size]
    at, width, _ = r.choices(fields, [f[2] for f in fields])[0]
    ino = r.choice(m.used)
    change(m, r, m.inode_at(ino) + at, width)
    m.seal_inode(ino)
    return "inode %d, byte 0x%x" % (ino, at)


def mutate_inode_of_kind(m, r):
    """As mutate_inode(), but rare kinds as often as plain files."""
    kinds = {}
    for ino in m.used:
        kinds.setdefault(m.image.inode(ino).mode & 0o170000, []).append(ino)
    ino = r.choice(kinds[r.choice(sorted(kinds))])
    at, width, _ = r.choices(INODE_FIELDS[:14],
                             [f[2] for f in INODE_FIELDS[:14]])[0]
    change(m, r, m.inode_at(ino) + at, width)
    m.seal_inode(ino)
    return "inode %d, byte 0x%x" % (ino, at)


def mutate_node(m, r):
    if not m.nodes:
        return None
    ino, _, block = r.choice(m.nodes)
    entries = u16(m.data, block * m.bs + 2)
    at, width = r.choice([(0, 2), (2, 2), (4, 2), (6, 2)] + [
        (12 + 12 * r.randrange(entries) + a, w)
        for a, w in ((0, 4), (4, 2), (6, 2), (8, 4)) for _ in range(3)])
    change(m, r, block * m.bs + at, width)
    m.seal_node(ino, block)
    return "extent node %d, byte %d" % (block, at)


def mutate_map(m, r):
    if not m.maps:
        return None
    block = r.choice(m.maps)
    at = 4 * r.randrange(m.bs // 4 if r.randrange(4) == 0 else 20)
    change(m, r, block * m.bs + at, 4)
    return "block map %d, byte %d" % (block, at)


def records(m, block, end):
    at = 0
    while at + 8 <= end:
        yield at
        at += max(8, u16(m.data, block * m.bs + at + 4))


def mutate_dir(m, r):
    if not m.dirs:
        return None
    ino, _, flags, lblk, block = r.choice(m.dirs)
    at = r.choice(list(records(m, block, m.bs - (12 if m.csums else 0))))
    name = m.data[block * m.bs + at + 6]
    field, width = r.choice([(0, 4), (0, 4), (4, 2), (6, 1), (7, 1),
                             (8 + r.randrange(max(1, name)), 1)])
    if field == 0 and r.randrange(2):
        m.put32(block * m.bs + at, r.choice(m.used))
    else:
        change(m, r, block * m.bs + at + field, width)
    m.seal_dir(ino, lblk, block, flags)
    return "folder %d, block %d, record %d, byte %d" % (ino, lblk, at, field)


def mutate_index(m, r):
    indexed = [d for d in m.dirs if d[2] & ext4read.INDEX_FL and d[3] == 0]
    if not indexed:
        return None
    ino, _, flags, lblk, block = r.choice(indexed)
    base = block * m.bs
    count = u16(m.data, base + 34)
    at, width = r.choice([(24, 4), (28, 1), (29, 1), (30, 1), (31, 1),
                          (32, 2), (34, 2), (36, 4)] + [
        (32 + 8 * r.randrange(1, max(2, count)) + a, 4)
        for a in (0, 4) for _ in range(4)])
    change(m, r, base + at, width)
    m.seal_dir(ino, lblk, block, flags)
    return "index of folder %d, byte %d" % (ino, at)


def mutate_xattr(m, r):
    if not m.xattrs:
        return None
    block = r.choice(m.xattrs)
    at, width = r.choice([(0, 4), (4, 4), (4, 4), (8, 4), (32, 1), (33, 1),
                          (34, 2), (36, 4), (40, 4), (44, 4), (48, 1)])
    change(m, r, block * m.bs + at, width)
    m.seal_xattr(block)
    return "attribute block %d, byte %d" % (block, at)


def mutate_group(m, r):
    group = r.randrange(m.image.groups)
    at, width = r.choice([(0, 4), (4, 4), (8, 4), (0x0C, 2), (0x0E, 2),
                          (0x10, 2), (0x12, 2), (0x1C, 2)])
    base = m.image.descriptor_at(group)
    if at == 0x12:
        m.put16(base + at, u16(m.data, base + at) ^ 1 << r.randrange(3))
    else:
        change(m, r, base + at, width)
    m.seal_group(group)
    return "descriptor %d, byte 0x%x" % (group, at)


def mutate_bitmap(m, r):
    group, of_inodes = r.randrange(m.image.groups), r.randrange(2)
    base = m.image.descriptor_at(group)
    if m.gdt_csums and u16(m.data, base + 0x12) & (1 if of_inodes else 2):
        return None
    block = u32(m.data, base + (4 if of_inodes else 0))
    most = m.image.inodes_per_group // 8 if of_inodes else m.bs
    at = r.randrange(m.bs if r.randrange(8) == 0 else most)
    m.put(block * m.bs + at,
          bytes([m.data[block * m.bs + at] ^ 1 << r.randrange(8)]))
    m.seal_bitmap(group, of_inodes)
    return "%s bitmap of group %d, byte %d" % (
        "inode" if of_inodes else "block", group, at)


def mutate_super(m, r):
    at, width = r.choice([(0x0C, 4), (0x10, 4), (0x08, 4), (0xE0, 4),
                          (0xCE, 2), (0x15C, 2), (0x15E, 2), (0x3A, 2)])
    change(m, r, 1024 + at, width)
    m.seal_super()
    return "superblock, byte 0x%x" % at


KINDS = [
    (mutate_inode, 6), (mutate_inode_of_kind, 6), (mutate_node, 3),
    (mutate_map, 3), (mutate_dir, 6), (mutate_index, 4), (mutate_xattr, 3),
    (mutate_group, 2), (mutate_bitmap, 3), (mutate_super, 1),
]


def ask_e2fsck(path):
    """The lines with which e2fsck finds fault."""
    p = subprocess.run(["e2fsck", "-fn", path], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=120,
                       env=dict(os.environ, LC_ALL="C"))
    text = p.stdout.decode("utf-8", "replace")
    if p.returncode == 0 and not re.search(r"Fix\?|wrong|WARNING", text):
        return []
    lines = [line for line in text.splitlines()
             if line.strip() and not re.match(
                 r"Pass \d|e2fsck |.*files \(|.*\*\*\*|Fix\? no", line)]
    return lines or ["status %d" % p.returncode]


def ask_verify(program, path):
    p = subprocess.run([program, "verify", path], timeout=120,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = p.stdout.decode("utf-8", "replace").splitlines()
    if p.returncode == 0:
        return []
    if p.returncode == 3 and lines:
        return lines[:-1]
    raise AssertionError("verify ended with %d: %r" % (
        p.returncode, p.stderr[-2000:]))


def excused(who, lines):
    rules = [rule for rule in RULES if rule[0] == who]
    if any(re.search(CUTS_OFF, line) for line in lines):
        return True
    return all(any(re.search(rule[1], line) for rule in rules)
               for line in lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--e4pack", required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one kind of damage")
    parser.add_argument("images", nargs="+")
    o = parser.parse_args()
    mutants = [Mutant(path) for path in o.images]
    for m in mutants:
        for said in (ask_e2fsck(m.path), ask_verify(o.e4pack, m.path)):
            assert not said, "%s is not clean: %r" % (m.path, said)
    kinds = [k for k in KINDS if not o.only or o.only in k[0].__name__]
    differ = clean = both = 0
    for n in range(o.count):
        r = random.Random("%d/%d" % (o.seed, n))
        m = mutants[n % len(mutants)]
        what = None
        while not what or not m.changed:
            what = r.choices([k[0] for k in kinds],
                             [k[1] for k in kinds])[0](m, r)
        m.write()
        try:
            theirs = ask_e2fsck(m.path)
            ours = ask_verify(o.e4pack, m.path)
        except AssertionError as e:
            print("%s, mutant %d: %s: %s" % (m.path, n, what, e))
            return 1
        finally:
            m.undo()
        both += bool(theirs and ours)
        clean += not theirs and not ours
        if bool(theirs) == bool(ours) or \
                excused("verify" if ours else "e2fsck", ours or theirs):
            continue
        differ += 1
        print("%s, mutant %d: %s" % (m.path, n, what))
        for line in (theirs or ["(clean)"])[:6]:
            print("  e2fsck: " + line)
        for line in (ours or ["(clean)"])[:6]:
            print("  verify: " + line)
    print("%d mutants: %d faulty to both, %d clean to both, %d differ" % (
        o.count, both, clean, differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
