#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares two trees exactly: treecmp.py [OPTIONS] EXPECTED FOUND...

Each FOUND is compared with EXPECTED.  They are folders (a mounted image, say),
tar archives or ext4 images.
Compared are names, types, modes, owners, times to the nanosecond, extended
attributes, groups of hard links, link targets, device numbers, sizes, content
and the map of holes in blocks of FOUND.  An empty lost+found at the root of
FOUND is passed over.  Exit status 0: nothing differs.
"""
import argparse
import grp
import hashlib
import os
import pwd
import resource
import stat
import struct
import sys
import tarfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

PIECE = 4096
CHUNK = 1 << 20
ZERO = bytes(PIECE)
NS = 10**9


class Entry:
    __slots__ = ("mode", "uid", "gid", "mtime", "atime", "ctime", "crtime",
                 "size", "target", "rdev", "xattrs", "digest", "ranges",
                 "group", "flags")

    def __init__(self):
        self.atime = self.ctime = self.crtime = self.target = None
        self.digest = self.ranges = self.group = self.flags = None
        self.rdev = self.size = 0
        self.xattrs = {}


class Tree:
    def __init__(self):
        self.entries = {}
        self.block_size = None
        self.inode_size = None
        self.has_times = False  # ctime and atime are those of the image

    def set_groups(self, keys):
        """Give each file with several names in the tree the first of them.
        On a host it may have more, which lie elsewhere."""
        names = {}
        for path in sorted(keys):
            names.setdefault(keys[path], []).append(path)
        for group in names.values():
            if len(group) > 1:
                for path in group:
                    self.entries[path].group = group[0]


def digest(ranges, read, size):
    """A hash of content that does not depend on where the holes are."""
    h = hashlib.blake2b(digest_size=16)
    done = 0
    for start, end in ranges:
        at = max(done, start // PIECE * PIECE)
        while at < end:
            want = min(CHUNK, (end - at + PIECE - 1) // PIECE * PIECE)
            data = read(at, min(want, size - at))
            if len(data) != min(want, size - at):
                raise OSError("short read at %d" % at)
            for i in range(0, len(data), PIECE):
                piece = data[i:i + PIECE].ljust(PIECE, b"\0")
                if piece != ZERO:
                    h.update(struct.pack("<Q", (at + i) // PIECE))
                    h.update(piece)
            at += want
            done = at
    return h.hexdigest()


def file_ranges(fd, size):
    out = []
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        if start >= size:
            # What the kernel says of cached pages with an unwritten end.
            break
        try:
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        except FileNotFoundError:
            # So Linux says in a file with less inline data than its size.
            end = size
        out.append((start, end))
        at = end
    return out


def read_xattrs(path):
    out = {}
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return out
    for name in names:
        out[os.fsencode(name)] = os.getxattr(path, name,
                                             follow_symlinks=False)
    return out


def load_file(entry, dirfd, name):
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME
                 if os.getuid() == 0 else os.O_RDONLY | os.O_NOFOLLOW,
                 dir_fd=dirfd)
    try:
        entry.ranges = file_ranges(fd, entry.size)
        entry.digest = digest(entry.ranges, lambda at, n: os.pread(fd, n, at),
                              entry.size)
    finally:
        os.close(fd)


def from_stat(st):
    e = Entry()
    e.mode, e.uid, e.gid = st.st_mode, st.st_uid, st.st_gid
    e.mtime, e.atime, e.ctime = st.st_mtime_ns, st.st_atime_ns, st.st_ctime_ns
    if stat.S_ISREG(e.mode):
        e.size = st.st_size
    if stat.S_ISCHR(e.mode) or stat.S_ISBLK(e.mode):
        e.rdev = st.st_rdev
    return e


def load_dir(root):
    """Walks by descriptors, so that depth and path length have no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tree = Tree()
    links = {}
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    top = from_stat(os.fstat(fd))
    top.xattrs = read_xattrs(root)
    tree.entries[b""] = top
    tree.block_size = os.fstatvfs(fd).f_bsize
    stack = [(b"", fd, None)]
    while stack:
        path, fd, below = stack.pop()
        if below is None:
            below = []
            for name in map(os.fsencode, os.listdir(fd)):
                st = os.stat(name, dir_fd=fd, follow_symlinks=False)
                e = from_stat(st)
                full = path + b"/" + name if path else name
                here = b"/proc/self/fd/%d/" % fd + name
                if not os.path.isdir("/proc/self/fd"):
                    here = os.path.join(os.fsencode(root), full)
                e.xattrs = read_xattrs(here)
                if stat.S_ISLNK(e.mode):
                    e.target = os.fsencode(os.readlink(name, dir_fd=fd))
                elif stat.S_ISREG(e.mode):
                    load_file(e, fd, name)
                elif stat.S_ISDIR(e.mode):
                    below.append(name)
                if not stat.S_ISDIR(e.mode) and st.st_nlink > 1:
                    links[full] = (st.st_dev, st.st_ino)
                tree.entries[full] = e
        if below:
            name = below.pop()
            stack.append((path, fd, below))
            child = os.open(name, os.O_RDONLY | os.O_DIRECTORY
                            | os.O_NOFOLLOW, dir_fd=fd)
            stack.append((path + b"/" + name if path else name, child, None))
        else:
            os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    tree.set_groups(links)
    return tree


def pax_time(text):
    """Nanoseconds of "SEC.FRACTION", cut, counted forward."""
    whole, _, frac = text.partition(".")
    ns = int(frac[:9].ljust(9, "0")) if frac else 0
    if whole.startswith("-"):
        return int(whole) * NS - ns
    return int(whole or 0) * NS + ns


def number_of(kind, who):
    if who.isdigit():
        return int(who)
    if kind == "user":
        return pwd.getpwnam(who).pw_uid
    return grp.getgrnam(who).gr_gid


def acl_from_text(text):
    """The form of getxattr(2) for "user::rwx,user:1000:r--,..."."""
    tags = {("user", False): 1, ("user", True): 2, ("group", False): 4,
            ("group", True): 8, ("mask", False): 16, ("other", False): 32}
    rows = []
    for line in text.replace("\n", ",").split(","):
        line = line.split("#")[0].strip()
        if not line:
            continue
        kind, who, perms = line.split(":")[:3]
        tail = line.split(":")[3:]
        kind = {"u": "user", "g": "group", "m": "mask",
                "o": "other"}.get(kind, kind)
        ident = 0xFFFFFFFF
        if who:
            ident = int(tail[0]) if tail else number_of(kind, who)
        perm = sum(bit for c, bit in (("r", 4), ("w", 2), ("x", 1))
                   if c in perms)
        rows.append((tags[kind, bool(who)], perm, ident))
    rows.sort(key=lambda r: (r[0], r[2]))
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *row) for row in rows)


TAR_MODES = {
    tarfile.REGTYPE: stat.S_IFREG, tarfile.AREGTYPE: stat.S_IFREG,
    tarfile.CONTTYPE: stat.S_IFREG, tarfile.GNUTYPE_SPARSE: stat.S_IFREG,
    tarfile.SYMTYPE: stat.S_IFLNK, tarfile.CHRTYPE: stat.S_IFCHR,
    tarfile.BLKTYPE: stat.S_IFBLK, tarfile.FIFOTYPE: stat.S_IFIFO,
    tarfile.DIRTYPE: stat.S_IFDIR,
}


def tar_entry(tar, member):
    e = Entry()
    pax = member.pax_headers
    e.mode = TAR_MODES[member.type] | member.mode & 0o7777
    e.uid, e.gid = member.uid, member.gid
    e.mtime = pax_time(pax["mtime"]) if "mtime" in pax else \
        int(member.mtime) * NS
    for key in ("atime", "ctime"):
        if key in pax:
            setattr(e, key, pax_time(pax[key]))
    if stat.S_ISLNK(e.mode):
        e.target = os.fsencode(member.linkname)
        e.mode = stat.S_IFLNK | 0o777
    if stat.S_ISCHR(e.mode) or stat.S_ISBLK(e.mode):
        e.rdev = os.makedev(member.devmajor, member.devminor)
    for key, value in pax.items():
        raw = value.encode("utf-8", "surrogateescape")
        if key.startswith("SCHILY.xattr."):
            e.xattrs[os.fsencode(key[13:])] = raw
        elif key == "SCHILY.acl.access":
            e.xattrs[b"system.posix_acl_access"] = acl_from_text(value)
        elif key == "SCHILY.acl.default":
            e.xattrs[b"system.posix_acl_default"] = acl_from_text(value)
    if stat.S_ISREG(e.mode):
        e.size = member.size
        stream = tar.extractfile(member)

        def read(at, length):
            stream.seek(at)
            return stream.read(length)
        e.ranges = [(0, e.size)] if e.size else []
        e.digest = digest(e.ranges, read, e.size)
        if member.sparse is not None:
            e.ranges = [(at, at + n) for at, n in member.sparse if n]
    return e


def load_tar(path, epoch):
    tree = Tree()
    keys = {}
    with tarfile.open(path, errors="surrogateescape") as tar:
        for member in tar:
            name = os.fsencode(member.name)
            parts = [p for p in name.split(b"/") if p not in (b"", b".")]
            name = b"/".join(parts)
            for i in range(len(parts)):
                parent = b"/".join(parts[:i])
                if parent not in tree.entries:
                    e = Entry()
                    e.mode, e.uid, e.gid = stat.S_IFDIR | 0o755, 0, 0
                    e.mtime = epoch * NS
                    tree.entries[parent] = e
            if member.type == tarfile.LNKTYPE:
                to = os.fsencode(member.linkname)
                to = b"/".join(p for p in to.split(b"/")
                               if p not in (b"", b"."))
                tree.entries[name] = tree.entries[to]
                keys.setdefault(to, to)
                keys[name] = keys[to]
            else:
                tree.entries[name] = tar_entry(tar, member)
    copies = {}
    for name, key in keys.items():
        e = Entry()
        for slot in Entry.__slots__:
            setattr(e, slot, getattr(tree.entries[name], slot))
        copies[name] = e
    tree.entries.update(copies)
    tree.set_groups(keys)
    return tree


def load_image(path, offset):
    tree = Tree()
    image = ext4read.Image(path, offset)
    tree.block_size, tree.inode_size = image.block_size, image.inode_size
    names = {}
    for name, inode in image.walk():
        e = Entry()
        e.mode, e.uid, e.gid = inode.mode, inode.uid, inode.gid
        e.mtime, e.atime, e.ctime = inode.mtime, inode.atime, inode.ctime
        e.crtime, e.flags = inode.crtime, inode.flags
        e.xattrs = inode.xattrs()
        if stat.S_ISLNK(e.mode):
            e.target = inode.target()
        elif stat.S_ISREG(e.mode):
            e.size = inode.size
            e.ranges = inode.data_ranges()
            e.digest = digest(e.ranges, inode.reader(), e.size)
        elif stat.S_ISCHR(e.mode) or stat.S_ISBLK(e.mode):
            e.rdev = inode.rdev()
        if not stat.S_ISDIR(e.mode) and inode.nlink > 1:
            names[name] = inode.number
        tree.entries[name] = e
    image.close()
    tree.set_groups(names)
    tree.has_times = True
    return tree


def load(path, epoch, offset=0):
    if os.path.isdir(path):
        return load_dir(path)
    with open(path, "rb") as f:
        f.seek(offset + 1024 + 0x38)
        if f.read(2) == b"\x53\xef":
            return load_image(path, offset)
    return load_tar(path, epoch)


def blocks_of(ranges, bs, size):
    """Block ranges that hold at least one byte of data, joined."""
    out = []
    for start, end in ranges:
        first, last = start // bs, -(-min(end, size) // bs)
        if first >= last:
            continue
        if out and first <= out[-1][1]:
            out[-1][1] = max(out[-1][1], last)
        else:
            out.append([first, last])
    return out


def stored_time(ns, inode_size):
    """What an inode of this size can hold of a time."""
    low, high = -2**31, (2**31 if inode_size == 128 else 2**34 - 2**31) - 1
    sec, frac = divmod(ns, NS)
    if sec < low:
        return low * NS
    if sec > high:
        return high * NS
    return sec * NS + (0 if inode_size == 128 else frac)


class Comparison:
    def __init__(self, options, expected, found):
        self.o = options
        self.expected, self.found = expected, found
        self.bs = options.block_size or found.block_size or 512
        self.inode_size = options.inode_size or found.inode_size or 256
        self.differences = []

    def differs(self, path, what, want, got):
        self.differences.append("%s: %s: expected %s, found %s" % (
            os.fsdecode(path).encode("unicode_escape", "backslashreplace")
            .decode() or "/", what, want, got))

    def owner(self, e):
        if self.o.owner:
            uid, gid = self.o.owner.split(":")
            return int(uid), int(gid)
        return e.uid, e.gid

    def times(self, path, want, got):
        mtime = want.mtime
        if self.o.clamp is not None:
            mtime = min(mtime, self.o.clamp * NS)
        mtime = stored_time(mtime, self.inode_size)
        if got.mtime != mtime:
            self.differs(path, "mtime", mtime, got.mtime)
        rule = self.o.times
        if rule == "ignore":
            return
        for name in ("atime", "ctime", "crtime"):
            value = getattr(got, name)
            if rule == "mtime":
                ruled = mtime
            elif rule == "source":
                ruled = want.ctime if name == "ctime" else None
                if ruled is not None:
                    ruled = stored_time(ruled, self.inode_size)
            else:
                ruled = stored_time(int(rule) * NS, self.inode_size)
            if value is not None and ruled is not None and value != ruled:
                self.differs(path, name, ruled, value)

    def xattrs(self, path, want, got):
        if self.o.no_xattrs:
            return
        skip = set(os.fsencode(n) for n in self.o.skip_xattr)
        for name in sorted((set(want.xattrs) | set(got.xattrs)) - skip):
            a, b = want.xattrs.get(name), got.xattrs.get(name)
            if a != b:
                self.differs(path, "xattr " + os.fsdecode(name), a, b)

    def entry(self, path, want, got):
        if oct(want.mode) != oct(got.mode):
            self.differs(path, "mode", oct(want.mode), oct(got.mode))
            if stat.S_IFMT(want.mode) != stat.S_IFMT(got.mode):
                return
        if self.owner(want) != (got.uid, got.gid):
            self.differs(path, "owner", self.owner(want), (got.uid, got.gid))
        for name in ("size", "target", "rdev", "group"):
            a, b = getattr(want, name), getattr(got, name)
            if a != b:
                self.differs(path, name, a, b)
        self.times(path, want, got)
        self.xattrs(path, want, got)
        if stat.S_ISREG(want.mode):
            if want.digest != got.digest:
                self.differs(path, "content", want.digest, got.digest)
            a = blocks_of(want.ranges, self.bs, want.size)
            b = blocks_of(got.ranges, self.bs, got.size)
            if a != b and not self.o.no_holes:
                self.differs(path, "blocks with data", a[:20], b[:20])

    def run(self):
        want, got = self.expected.entries, self.found.entries
        for path in sorted(set(want) | set(got)):
            if path not in got:
                self.differs(path, "name", "it", "nothing")
            elif path in want:
                if path or not self.o.no_root:
                    self.entry(path, want[path], got[path])
            elif path == b"lost+found" and stat.S_ISDIR(got[path].mode):
                continue
            else:
                self.differs(path, "name", "nothing", "it")
        return self.differences


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--times", default="mtime",
                   help="where atime, ctime and crtime of FOUND come from: "
                   "mtime, source, seconds, or ignore")
    p.add_argument("--clamp", type=int, help="the latest mtime, in seconds")
    p.add_argument("--owner", help="UID:GID of every entry")
    p.add_argument("--block-size", type=int)
    p.add_argument("--inode-size", type=int)
    p.add_argument("--offset", type=int, default=0, help="of FOUND, an image")
    p.add_argument("--epoch", type=int, default=0,
                   help="time of parents that a tar does not name")
    p.add_argument("--no-holes", action="store_true")
    p.add_argument("--no-xattrs", action="store_true")
    p.add_argument("--no-root", action="store_true",
                   help="do not compare the attributes of the root")
    p.add_argument("--skip-xattr", action="append", default=[])
    p.add_argument("expected")
    p.add_argument("found", nargs="+")
    o = p.parse_args()
    expected = load(o.expected, o.epoch)
    differ = False
    for path in o.found:
        out = Comparison(o, expected, load(path, o.epoch, o.offset)).run()
        for line in out[:50]:
            print("%s: %s" % (path, line))
        if len(out) > 50:
            print("%s: and %d more" % (path, len(out) - 50))
        differ = differ or bool(out)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
