#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small reader of ext4 images that shares no line with the program.

It judges what the kernel of this machine cannot mount: block sizes over the
page size, and everything where there is no loop device.  It believes what it
reads (e2fsck judges the structure) and knows extents, the block maps of file
systems without them, inline data, linear scans of folders, extended attributes
in inodes, blocks and inodes of their own.
"""
import bisect
import os
import stat
import struct
import sys

MAGIC = 0xEF53
META_BG = 0x10
EXTENTS = 0x40
BIT64 = 0x80
GDT_CSUM_SPARSE = 0x1
EXTENTS_FL = 0x80000
INLINE_FL = 0x10000000
EA_INODE_FL = 0x200000
INDEX_FL = 0x1000

XATTR_PREFIX = {
    0: b"", 1: b"user.", 2: b"system.posix_acl_access",
    3: b"system.posix_acl_default", 4: b"trusted.", 6: b"security.",
    7: b"system.", 8: b"system.richacl",
}


class Damaged(Exception):
    pass


def acl_from_disk(value):
    """The form of getxattr(2) for an ACL in its shorter form on disk."""
    if len(value) < 4 or struct.unpack_from("<I", value)[0] != 1:
        raise Damaged("ACL version")
    out = [struct.pack("<I", 2)]
    at = 4
    while at < len(value):
        tag, perm = struct.unpack_from("<HH", value, at)
        at += 4
        who = 0xFFFFFFFF
        if tag in (2, 8):
            who = struct.unpack_from("<I", value, at)[0]
            at += 4
        out.append(struct.pack("<HHI", tag, perm, who))
    return b"".join(out)


class Extent:
    __slots__ = ("lblk", "len", "pblk", "written")

    def __init__(self, lblk, length, pblk, written):
        self.lblk = lblk
        self.len = length
        self.pblk = pblk
        self.written = written


class Inode:
    def __init__(self, image, number, raw):
        self.image = image
        self.number = number
        self.raw = raw
        (self.mode, uid, size, atime, ctime, mtime, _dtime, gid,
         self.nlink, self.blocks, self.flags) = struct.unpack_from(
             "<HHIIIIIHHII", raw, 0)
        self.iblock = raw[0x28:0x64]
        acl, size_hi = struct.unpack_from("<II", raw, 0x68)
        acl_hi, uid_hi, gid_hi = struct.unpack_from("<HHH", raw, 0x76)
        self.uid = uid | uid_hi << 16
        self.gid = gid | gid_hi << 16
        self.size = size | size_hi << 32
        self.acl_block = acl | acl_hi << 32
        self.extra = 0
        extra = [0, 0, 0]
        self.crtime = None
        if image.inode_size > 128:
            self.extra = struct.unpack_from("<H", raw, 0x80)[0]
            if self.extra >= 24:
                extra = struct.unpack_from("<III", raw, 0x84)
                self.crtime = self.time(*struct.unpack_from("<II", raw, 0x90))
        self.ctime = self.time(ctime, extra[0])
        self.mtime = self.time(mtime, extra[1])
        self.atime = self.time(atime, extra[2])

    @staticmethod
    def time(low, extra):
        """Nanoseconds since 1970."""
        seconds = low - (low >> 31 << 32) + ((extra & 3) << 32)
        return seconds * 10**9 + (extra >> 2)

    def has_map(self):
        kind = stat.S_IFMT(self.mode)
        if kind == stat.S_IFLNK:
            return self.size >= 60
        return kind in (stat.S_IFREG, stat.S_IFDIR)

    def is_inline(self):
        return bool(self.flags & INLINE_FL)

    def inline_data(self):
        """All bytes that lie in the inode; may be more than the size."""
        if self.flags & EXTENTS_FL or self.blocks and not self.acl_block:
            raise Damaged("inode %d is inline and has blocks" % self.number)
        return self.iblock + self.all_xattrs()[b"system.data"]

    def extents(self):
        if not self.has_map() or self.is_inline():
            return []
        if not self.flags & EXTENTS_FL:
            if self.image.incompat & EXTENTS:
                raise Damaged("inode %d has no extents" % self.number)
            return self.runs()
        out = []
        todo = [(self.iblock, None)]
        while todo:
            node, _ = todo.pop()
            magic, entries, _max, depth = struct.unpack_from("<HHHH", node)
            if magic != 0xF30A:
                raise Damaged("extent magic in inode %d" % self.number)
            below = []
            for i in range(entries):
                at = 12 + 12 * i
                if depth:
                    _lblk, low, high = struct.unpack_from("<IIH", node, at)
                    below.append(low | high << 32)
                    continue
                lblk, length, high, low = struct.unpack_from(
                    "<IHHI", node, at)
                written = length <= 32768
                out.append(Extent(lblk, length if written else length - 32768,
                                  low | high << 32, written))
            for block in reversed(below):
                todo.append((self.image.block(block), None))
        for a, b in zip(out, out[1:]):
            if a.lblk + a.len > b.lblk:
                raise Damaged("extents out of order in inode %d" % self.number)
        return out

    def runs(self):
        """A block map, as extents."""
        per = self.image.block_size // 4
        out = []

        def walk(pblk, lblk, depth):
            if not pblk:
                return
            if depth:
                block = self.image.block(pblk)
                for i, below in enumerate(struct.unpack("<%dI" % per, block)):
                    walk(below, lblk + i * per ** (depth - 1), depth - 1)
            elif out and out[-1].lblk + out[-1].len == lblk and \
                    out[-1].pblk + out[-1].len == pblk:
                out[-1].len += 1
            else:
                out.append(Extent(lblk, 1, pblk, True))

        lblk = 0
        for i, pblk in enumerate(struct.unpack("<15I", self.iblock)):
            depth = max(0, i - 11)
            walk(pblk, lblk, depth)
            lblk += per ** depth
        return out

    def data_ranges(self):
        """Byte ranges that are mapped and written, joined, within the size."""
        bs = self.image.block_size
        out = []
        if self.is_inline() and self.size:
            return [(0, self.size)]
        for e in self.extents():
            if not e.written:
                continue
            start, end = e.lblk * bs, min((e.lblk + e.len) * bs, self.size)
            if start >= end:
                continue
            if out and out[-1][1] == start:
                out[-1][1] = end
            else:
                out.append([start, end])
        return [tuple(r) for r in out]

    def reader(self):
        """A function read(offset, length) -> bytes; holes are zeros."""
        if self.is_inline():
            # Where a hole comes behind it, the kernel keeps less.
            data = self.inline_data().ljust(self.size, b"\0")
            return lambda at, n: data[at:min(at + n, self.size)]
        bs = self.image.block_size
        exts = [e for e in self.extents() if e.written]
        starts = [e.lblk * bs for e in exts]

        def read(offset, length):
            end = min(offset + length, self.size)
            out = bytearray(max(0, end - offset))
            i = max(0, bisect.bisect_right(starts, offset) - 1)
            while i < len(exts) and starts[i] < end:
                e = exts[i]
                first = max(offset, starts[i])
                last = min(end, starts[i] + e.len * bs)
                if first < last:
                    piece = self.image.bytes(
                        e.pblk * bs + first - starts[i], last - first)
                    out[first - offset:last - offset] = piece
                i += 1
            return bytes(out)
        return read

    def content(self):
        return self.reader()(0, self.size)

    def target(self):
        if self.size < 60 and not self.flags & EXTENTS_FL:
            return self.iblock[:self.size]
        return self.content()

    def rdev(self):
        old, new = struct.unpack_from("<II", self.iblock)
        if old:
            return os.makedev(old >> 8 & 255, old & 255)
        return os.makedev(new >> 8 & 0xFFF, new & 0xFF | new >> 12 & 0xFFF00)

    def xattrs(self):
        out = self.all_xattrs()
        out.pop(b"system.data", None)
        return out

    def all_xattrs(self):
        out = {}
        start = 128 + self.extra
        if self.image.inode_size > 128 and start + 4 < len(self.raw) and \
                struct.unpack_from("<I", self.raw, start)[0] == 0xEA020000:
            self.image.read_xattrs(self.raw[start + 4:], 0, out)
        if self.acl_block:
            block = self.image.block(self.acl_block)
            if struct.unpack_from("<I", block)[0] != 0xEA020000:
                raise Damaged("xattr block of inode %d" % self.number)
            self.image.read_xattrs(block, 32, out)
        return out


class Image:
    def __init__(self, path, offset=0):
        self.fd = os.open(path, os.O_RDONLY)
        self.offset = offset
        sb = self.bytes(1024, 1024)
        if struct.unpack_from("<H", sb, 0x38)[0] != MAGIC:
            raise Damaged("%s: no ext4 superblock" % os.fsdecode(path))
        u32 = lambda at: struct.unpack_from("<I", sb, at)[0]
        self.inodes = u32(0)
        self.blocks = u32(4) | u32(0x150) << 32
        self.first_block = u32(0x14)
        self.block_size = 1024 << u32(0x18)
        self.per_group = u32(0x20)
        self.inodes_per_group = u32(0x28)
        self.inode_size = struct.unpack_from("<H", sb, 0x58)[0]
        self.compat, self.incompat, self.ro_compat = u32(0x5C), u32(0x60), \
            u32(0x64)
        self.label = sb[0x78:0x88].rstrip(b"\0")
        self.desc_size = struct.unpack_from("<H", sb, 0xFE)[0] \
            if self.incompat & BIT64 else 32
        self.first_meta_bg = u32(0x104)
        self.backup_bgs = struct.unpack_from("<II", sb, 0x24C)
        self.groups = -(-(self.blocks - self.first_block) // self.per_group)
        self._tables = {}

    def close(self):
        os.close(self.fd)

    def bytes(self, offset, length):
        data = os.pread(self.fd, length, self.offset + offset)
        # A hole at the end of the file may not be there at all.
        return data.ljust(length, b"\0")

    def block(self, number):
        if number >= self.blocks:
            raise Damaged("block %d past the end" % number)
        return self.bytes(number * self.block_size, self.block_size)

    def has_super(self, group):
        if group == 0:
            return True
        if self.compat & 0x200:  # sparse_super2
            return group in self.backup_bgs
        if not self.ro_compat & 1 or group == 1:
            return True
        for base in (3, 5, 7):
            power = base
            while power < group:
                power *= base
            if power == group:
                return True
        return False

    def descriptor_at(self, group):
        per_block = self.block_size // self.desc_size
        index = group // per_block
        # Where the superblock is, which bigalloc leaves in block 1.
        zero = max(self.first_block, 1024 // self.block_size)
        if self.incompat & META_BG and index >= self.first_meta_bg:
            first = index * per_block
            block = self.first_block + first * self.per_group + \
                self.has_super(first)
            if not first:
                block = zero + 1
        else:
            block = zero + 1 + index
        return block * self.block_size + group % per_block * self.desc_size

    def descriptor(self, group):
        return self.bytes(self.descriptor_at(group), self.desc_size)

    def table(self, group):
        if group not in self._tables:
            d = self.descriptor(group)
            block = struct.unpack_from("<I", d, 8)[0]
            if self.desc_size >= 64:
                block |= struct.unpack_from("<I", d, 0x28)[0] << 32
            self._tables[group] = block
        return self._tables[group]

    def inode(self, number):
        if not 0 < number <= self.inodes:
            raise Damaged("inode number %d" % number)
        group, index = divmod(number - 1, self.inodes_per_group)
        at = self.table(group) * self.block_size + index * self.inode_size
        return Inode(self, number, self.bytes(at, self.inode_size))

    def read_xattrs(self, area, at, out):
        # Four zero bytes end the list; the values may follow at once.
        while at + 16 <= len(area) and any(area[at:at + 4]):
            (name_len, index, offset, inum, size, _hash) = struct.unpack_from(
                "<BBHIII", area, at)
            name = XATTR_PREFIX[index] + area[at + 16:at + 16 + name_len]
            if inum:
                holder = self.inode(inum)
                if not holder.flags & EA_INODE_FL:
                    raise Damaged("inode %d holds no xattr" % inum)
                value = holder.content()[:size]
            else:
                value = area[offset:offset + size]
            if index in (2, 3):
                value = acl_from_disk(value)
            if name in out:
                raise Damaged("xattr %r twice" % name)
            out[name] = bytes(value)
            at += 16 + (name_len + 3) // 4 * 4

    def entries(self, folder):
        """(name, inode number) of a folder, "." and ".." left out."""
        data = folder.content()
        ends = list(range(self.block_size, len(data) + 1, self.block_size))
        at = 0
        if folder.is_inline():
            ends = [60] + [len(data)] * (len(data) > 60)
            at = 4
        for end in ends:
            while at < end:
                number, rec, name_len, _type = struct.unpack_from(
                    "<IHBB", data, at)
                if self.block_size > 32768:
                    rec = 65536 if rec in (0, 65535) else \
                        rec & 65532 | (rec & 3) << 16
                if rec < 8 or rec % 4 or at + rec > end:
                    raise Damaged("entry in folder %d" % folder.number)
                name = data[at + 8:at + 8 + name_len]
                if number and name not in (b".", b".."):
                    yield name, number
                at += rec

    def walk(self):
        """(path, inode) of everything, the root first as b""."""
        todo = [(b"", 2)]
        while todo:
            path, number = todo.pop()
            inode = self.inode(number)
            yield path, inode
            if stat.S_ISDIR(inode.mode):
                prefix = path + b"/" if path else b""
                todo.extend((prefix + name, child) for name, child
                            in self.entries(inode))

    def find(self, path):
        inode = self.inode(2)
        for part in path.strip(b"/").split(b"/"):
            if part:
                inode = self.inode(dict(self.entries(inode))[part])
        return inode


def main():
    """ext4read.py IMAGE [PATH]: for looking at an image by hand."""
    image = Image(sys.argv[1])
    for path, inode in image.walk():
        if len(sys.argv) > 2 and path != os.fsencode(sys.argv[2]).strip(b"/"):
            continue
        print(os.fsdecode(path) or "/", inode.number, oct(inode.mode),
              inode.uid, inode.gid, inode.nlink, inode.size, inode.mtime,
              hex(inode.flags), [(e.lblk, e.len, e.pblk, e.written)
                                 for e in inode.extents()],
              inode.xattrs())


if __name__ == "__main__":
    main()
