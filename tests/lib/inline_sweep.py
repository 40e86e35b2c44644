#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small files and folders of every size, with attributes of many lengths.

inline_sweep.py make TREE		a tree to pack
inline_sweep.py check TREE IMAGE	what lies in its inode, by the rules
inline_sweep.py change TREE MOUNT	grow, shrink, delete, in both alike
inline_sweep.py compare TREE MOUNT	names, bytes and attributes are the same
"""
import os
import stat
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

USER = [None, 0, 1, 20, 40, 43, 44, 45, 47, 48, 49, 52, 64, 68, 100, 300]
ACL = struct.pack("<IHHIHHIHHIHHIHHI", 2, 1, 6, 0xFFFFFFFF, 2, 7, 5,
                  4, 5, 0xFFFFFFFF, 16, 7, 0xFFFFFFFF, 32, 5, 0xFFFFFFFF)
CAPABILITY = struct.pack("<IIIII", 0x02000001, 0x400, 0, 0, 0)
NAME_LENGTHS = (1, 4, 5, 12, 16, 17, 48, 49, 60, 61, 100, 255)


def data(n):
    return bytes((i * 7 + n) % 251 + 1 for i in range(n))


def attributes():
    """(label, attributes) of the files."""
    out = [("u%s" % n, {} if n is None else {"user.k": data(n)})
           for n in USER]
    if os.getuid() == 0:
        out += [("acl", {"system.posix_acl_access": ACL}),
                ("cap", {"security.capability": CAPABILITY}),
                ("all", {"system.posix_acl_access": ACL,
                         "security.capability": CAPABILITY,
                         "user.k": data(9)})]
    return out


def make(top):
    os.mkdir(top)
    for label, xattrs in attributes():
        folder = os.path.join(top, label)
        os.mkdir(folder)
        for size in range(201):
            path = os.path.join(folder, "%d" % size)
            with open(path, "wb") as f:
                f.write(data(size))
            for name, value in xattrs.items():
                os.setxattr(path, name, value)
        os.link(os.path.join(folder, "100"), os.path.join(folder, "link"))
    for length in NAME_LENGTHS:
        for count in range(12):
            folder = os.path.join(top, "d%d-%d" % (length, count))
            os.mkdir(folder)
            if count % 3 == 2 and os.getuid() == 0:
                os.setxattr(folder, "system.posix_acl_default", ACL)
            for i in range(count):
                name = (b"%x" % i).rjust(length, b"n").decode()
                if i % 2:
                    os.mkdir(os.path.join(folder, name))
                else:
                    os.symlink("x", os.path.join(folder, name))


def pad(n):
    return (n + 3) & ~3


def folder_size(names, most):
    """The size of a folder in its inode, or None."""
    used, room = [0, 0], [56, most - 60]
    for name in sorted(names):
        record = pad(8 + len(name))
        part = next((i for i in (0, 1) if used[i] + record <= room[i]), None)
        if part is None:
            return None
        used[part] += record
    return 60 + used[1]


def disk_bytes(xattrs):
    """What attributes take, their entries included."""
    total = 0
    for name, value in xattrs.items():
        acl = name.startswith(b"system.posix_acl")
        rest = 0 if acl else len(name.split(b".", 1)[1])
        length = 28 if acl else len(value)
        total += pad(16 + rest) + pad(length)
    return total


def check(top, path):
    image = ext4read.Image(path)
    most = image.inode_size - 128
    room = image.inode_size - 160 - 8
    seen = {False: 0, True: 0}
    for name, inode in image.walk():
        if name in (b"", b"lost+found") or stat.S_ISLNK(inode.mode):
            continue
        size = inode.size
        if stat.S_ISDIR(inode.mode):
            size = folder_size([n for n, _ in image.entries(inode)], most)
            want = size is not None
            if want and size != inode.size:
                sys.exit("%r has size %d, not %d" % (name, inode.size, size))
        else:
            want = 0 < size <= most
        if inode.is_inline() != want:
            sys.exit("%r, %d bytes: inline is not %s" % (
                name, inode.size, want))
        seen[want] += 1
        need = disk_bytes(inode.xattrs())
        if want:
            need += 20 + pad(max(0, size - 60))
        if bool(inode.acl_block) != (need > room):
            sys.exit("%r: %d bytes of attributes, block %d" % (
                name, need, inode.acl_block))
    print("# %d in inodes, %d not" % (seen[True], seen[False]))
    if not all(seen.values()):
        sys.exit("all alike")


def change_file(path, turn):
    if turn == 0:
        os.unlink(path)
    elif turn == 1:
        with open(path, "ab") as f:
            f.write(b"more")
    elif turn == 2:
        with open(path, "ab") as f:
            f.write(b"m" * 150)
    elif turn == 3:
        os.truncate(path, os.stat(path).st_size // 2)
    elif turn == 4:
        os.setxattr(path, "user.further", b"v" * 33)
    elif turn == 5:
        with open(path, "r+b") as f:
            f.write(b"first")
    elif turn == 6:
        os.rename(path, path + "-moved")


def change_folder(path, turn):
    names = sorted(os.listdir(path))
    if turn == 0:
        for name in names[::2]:
            os.unlink(os.path.join(path, name))
    for i in range(turn):
        open(os.path.join(path, "new%d" % i), "wb").close()


def change(*tops):
    for top in tops:
        for name in sorted(os.listdir(top)):
            folder = os.path.join(top, name)
            if name == "lost+found":
                continue
            if name[0] == "d":
                change_folder(folder, sum(map(ord, name)) % 5)
                continue
            for i, file in enumerate(sorted(os.listdir(folder))):
                change_file(os.path.join(folder, file), i % 8)


def tell(top):
    out = {}
    for folder, dirs, files in os.walk(top):
        if folder == top:
            dirs[:] = [d for d in dirs if d != "lost+found"]
        for name in dirs + files:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            content = b""
            if stat.S_ISREG(s.st_mode):
                with open(path, "rb") as f:
                    content = f.read()
            out[path[len(top):]] = (
                s.st_mode, s.st_nlink, content,
                {n: os.getxattr(path, n, follow_symlinks=False) for n in
                 os.listxattr(path, follow_symlinks=False)})
    return out


def compare(top, mount):
    want, found = tell(top), tell(mount)
    for path in sorted(set(want) | set(found)):
        a, b = want.get(path), found.get(path)
        # Not every host counts the folders in a folder.
        if a and b and stat.S_ISDIR(a[0]):
            a, b = a[0::2], b[0::2]
        if a != b:
            sys.exit("%s: %r, expected %r" % (path, b, a))


if __name__ == "__main__":
    {"make": make, "check": check, "change": change,
     "compare": compare}[sys.argv[1]](*sys.argv[2:])
