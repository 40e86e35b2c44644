#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes folders that are awkward to make in a shell: mktree.py CASE FOLDER."""
import os
import sys


def many(folder, count):
    for i in range(count):
        os.close(os.open("%s/name-%07d" % (folder, i),
                         os.O_CREAT | os.O_WRONLY, 0o644))


def subfolders(folder, count):
    for i in range(count):
        os.mkdir("%s/d%05d" % (folder, i))


def links(folder, count):
    with open(folder + "/f", "w") as f:
        f.write("data\n")
    os.mkdir(folder + "/l")
    for i in range(count - 1):
        os.link(folder + "/f", "%s/l/%05d" % (folder, i))


def deep(folder, depth):
    fd = os.open(folder, os.O_RDONLY)
    name = b"deep-folder-name"
    for _ in range(depth):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open(b"bottom", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=fd))
    os.close(fd)


def names(folder, _count):
    """Every byte a name may hold, and names that look like options."""
    raw = os.fsencode(folder) + b"/"
    every = [bytes([b]) for b in range(1, 256) if b not in (0x2E, 0x2F)]
    every += [b"n" * 255, b"\xff" * 255, b"-", b"-rf", b"--help", b" ",
              b"   ", b"\\n", b"%s%n", b"...", b".hidden", b"a b", b"a\nb",
              b"*", b"$(x)", b"TRAILER!!!", "\u00fc\u4e2d".encode()]
    for name in every:
        with open(raw + name, "wb") as f:
            f.write(name)


def alternating(folder, count):
    """A file of count blocks of 4 KiB, each with a hole before it."""
    fd = os.open(folder + "/alternating", os.O_CREAT | os.O_WRONLY, 0o644)
    for i in range(count):
        os.pwrite(fd, b"%-4096d" % i, (2 * i + 1) * 4096)
    os.close(fd)


def sparse(folder, size):
    """One byte at the very end."""
    fd = os.open(folder + "/sparse", os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.pwrite(fd, b"x", size - 1)
    except OSError:
        sys.exit(3)
    finally:
        os.close(fd)


def symlinks(folder, most):
    for length in (1, 58, 59, 60, 61, 255, 1023, 1024, 4095):
        if length <= most:
            os.symlink("t" * length, "%s/s%d" % (folder, length))


def sizes(folder, bs):
    for n in (0, 1, bs - 1, bs, bs + 1, 2 * bs - 1, 2 * bs, 12 * bs,
              13 * bs + 1):
        with open("%s/s%d" % (folder, n), "wb") as f:
            f.write(bytes(i % 251 + 1 for i in range(n)))


def xattrs(folder, _count):
    for n in (0, 1, 40, 100, 500, 2000, 3000):
        path = "%s/x%d" % (folder, n)
        with open(path, "w"):
            pass
        try:
            os.setxattr(path, "user.a", os.urandom(n))
            os.setxattr(path, "user.bb", b"\0\n=\xff")
        except OSError:
            sys.exit(3)


def main():
    os.makedirs(sys.argv[2], exist_ok=True)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    globals()[sys.argv[1].replace("-", "_")](sys.argv[2], count)


if __name__ == "__main__":
    main()
