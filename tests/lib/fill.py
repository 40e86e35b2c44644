#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fills a mounted ext4 folder with something of every structure it has.

fill.py FOLDER [FILES]: indexed and plain folders, fragmented, sparse, inline
and preallocated files, links of every length, special files, attributes that
share a block, fill one, or need an inode of their own.  What the file system
refuses is left out.
"""
import errno
import os
import stat
import sys

REFUSED = (errno.EOPNOTSUPP, errno.ENOSPC, errno.ERANGE, errno.ENAMETOOLONG,
           errno.EPERM, errno.EINVAL, errno.E2BIG)


def attempt(call, *arguments):
    try:
        call(*arguments)
    except OSError as e:
        if e.errno not in REFUSED:
            raise


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def folders(top, files):
    many = os.path.join(top, "many")
    os.mkdir(many)
    for i in range(files):
        name = os.path.join(many, "file-%05d-%s" % (i, "x" * (i % 40)))
        write(name, b"%d\n" % i * (i % 50))
    for i in range(0, files, 7):
        os.unlink(os.path.join(many, "file-%05d-%s" % (i, "x" * (i % 40))))
    for i in range(40):
        os.makedirs(os.path.join(top, "deep", "d%d" % (i % 5), "e%d" % i))
    os.mkdir(os.path.join(top, "empty"))
    os.mkdir(os.path.join(top, "few"))
    write(os.path.join(top, "few", "a"), b"a")
    write(os.path.join(top, "few", "long" * 60), b"b" * 100)


def scattered(top, blocks):
    """Two files, block about, with a sync between: many extents each."""
    block = os.statvfs(top).f_bsize
    with open(os.path.join(top, "odd"), "wb", 0) as a, \
            open(os.path.join(top, "even"), "wb", 0) as b:
        for i in range(blocks):
            for f in (a, b):
                f.seek(2 * i * block)
                f.write(bytes([i % 255 + 1]) * block)
                os.fdatasync(f.fileno())


def files(top):
    write(os.path.join(top, "nothing"), b"")
    write(os.path.join(top, "tiny"), b"tiny")
    write(os.path.join(top, "page"), b"p" * 4096)
    write(os.path.join(top, "big"), os.urandom(65536) * 20)
    with open(os.path.join(top, "hole"), "wb") as f:
        f.seek(5000000)
        f.write(b"end")
    with open(os.path.join(top, "unwritten"), "wb") as f:
        attempt(os.posix_fallocate, f.fileno(), 0, 300000)
        f.write(b"begin")
    for i in range(3):
        os.link(os.path.join(top, "tiny"), os.path.join(top, "tiny%d" % i))


def links(top):
    for length in (1, 59, 60, 61, 100, 200, 1000, 4000):
        attempt(os.symlink, "l" * length,
                os.path.join(top, "link%d" % length))
    attempt(os.mkfifo, os.path.join(top, "fifo"))
    attempt(os.mknod, os.path.join(top, "null"), stat.S_IFCHR | 0o666,
            os.makedev(1, 3))
    attempt(os.mknod, os.path.join(top, "disk"), stat.S_IFBLK | 0o600,
            os.makedev(259, 300000))
    attempt(os.mknod, os.path.join(top, "sock"), stat.S_IFSOCK | 0o600, 0)


def attributes(top):
    where = os.path.join(top, "attributes")
    os.mkdir(where)
    for i in range(12):
        name = os.path.join(where, "shared%d" % i)
        write(name, b"s" * i * 300)
        attempt(os.setxattr, name, "user.small", b"v" * 10)
        attempt(os.setxattr, name, "user.block", b"w" * 500)
    for size in (0, 1, 100, 900, 3000, 20000, 60000):
        name = os.path.join(where, "value%d" % size)
        write(name, b"x")
        attempt(os.setxattr, name, "user.value", b"v" * size)
        attempt(os.setxattr, name, "trusted.more", b"m")
    name = os.path.join(where, "value20000-too")
    write(name, b"x")
    attempt(os.setxattr, name, "user.value", b"v" * 20000)
    name = os.path.join(where, "folder")
    os.mkdir(name)
    attempt(os.setxattr, name, "system.posix_acl_default", bytes.fromhex(
        "0200000001000700ffffffff04000500ffffffff"
        "20000500ffffffff"))
    write(os.path.join(name, "inherits"), b"")


def main():
    top = sys.argv[1]
    folders(top, int(sys.argv[2]) if len(sys.argv) > 2 else 600)
    scattered(top, 40)
    files(top)
    links(top)
    attributes(top)


if __name__ == "__main__":
    main()
