#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fills a mounted ext2, ext3 or ext4 with a little of everything it takes.

fill_kernel.py FOLDER

What a file system refuses (attributes, preallocation, encryption) is left
out; the words on standard output say what there is: "acl", "caps", "encrypt"
and so on.  Needs root.
"""
import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys

FS_IOC_ADD_ENCRYPTION_KEY = 0xC0506617
FS_IOC_SET_ENCRYPTION_POLICY = 0x800C6613
FS_IOC_ENABLE_VERITY = 0x40806685
FS_IOC_SETFLAGS = 0x40086602
FLAGS = {"append": 0x20, "nodump": 0x40, "noatime": 0x80, "sync": 0x8}


def attempt(what, work):
    """Do what may be refused; say so where it was not."""
    try:
        work()
    except (OSError, subprocess.CalledProcessError):
        return False
    print(what)
    return True


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def sparse(path):
    """Blocks behind direct, indirect and double indirect ones."""
    with open(path, "wb") as f:
        for at in (0, 30000, 300000, 5000000, 70000000):
            f.seek(at)
            f.write(b"at %d\n" % at)
        f.truncate(70001234)


def fragmented(a, b):
    with open(a, "wb") as f, open(b, "wb") as g:
        for i in range(12):
            for h in f, g:
                h.write(bytes([65 + i]) * 1024)
                h.flush()
                os.fsync(h.fileno())


def preallocate(path):
    with open(path, "wb") as f:
        f.write(b"begin")
        f.flush()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.fallocate(f.fileno(), 1, ctypes.c_long(0),
                          ctypes.c_long(300000)):
            raise OSError(ctypes.get_errno(), "fallocate")
        if libc.fallocate(f.fileno(), 0, ctypes.c_long(8192),
                          ctypes.c_long(100000)):
            raise OSError(ctypes.get_errno(), "fallocate")


def set_flags(path, flags):
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("<L", flags))
    finally:
        os.close(fd)


def encrypt(folder):
    os.mkdir(folder)
    fd = os.open(folder, os.O_RDONLY)
    try:
        # FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER is 2; the kernel fills it in.
        arg = bytearray(struct.pack("<II32xII32x", 2, 0, 64, 0) + b"k" * 64)
        fcntl.ioctl(fd, FS_IOC_ADD_ENCRYPTION_KEY, arg)
        ident = bytes(arg[8:24])
        # Version 2, AES-256-XTS and AES-256-CTS, names padded to 32.
        policy = struct.pack("<BBBB4x16s", 2, 1, 4, 3, ident)
        fcntl.ioctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, policy)
        put(folder + "/secret", b"nobody knows")
        os.symlink("hidden", folder + "/link")
    except OSError:
        os.close(fd)
        os.system("rm -rf '%s'" % folder)
        raise
    os.close(fd)


def verity(path):
    put(path, b"unchangeable\n" * 999)
    fd = os.open(path, os.O_RDONLY)
    try:
        # Version 1, SHA-256, blocks of 4096 or of the page.
        fcntl.ioctl(fd, FS_IOC_ENABLE_VERITY,
                    struct.pack("<IIIIQIIQ88x", 1, 1, 4096, 0, 0, 0, 0, 0))
    except OSError:
        os.close(fd)
        os.unlink(path)
        raise
    os.close(fd)


def files(root):
    os.mkdir(root + "/sizes")
    for size in (0, 1, 59, 60, 61, 100, 128, 129, 160, 1023, 1024, 1025,
                 4095, 4096, 4097, 300000):
        put("%s/sizes/%d" % (root, size), bytes(
            (i * 7 + size) & 255 for i in range(size)))
    sparse(root + "/sparse")
    fragmented(root + "/frag-a", root + "/frag-b")
    attempt("unwritten", lambda: preallocate(root + "/unwritten"))


def names(root):
    raw = os.fsencode(root)
    os.mkdir(raw + b"/names")
    for name in (b"new\nline", b"\xff\xfe", b"-dash", b" ", b"back\\slash",
                 b"tab\t", b"x" * 255, b".dot", b"a", b"a-b", b"[1]", b"*",
                 "ä".encode()):
        put(raw + b"/names/" + name, name)
    os.mkdir(root + "/many")
    for i in range(400):
        put("%s/many/a-rather-long-name-%06d" % (root, i), b"%d" % i)
    for i in range(0, 400, 7):
        os.unlink("%s/many/a-rather-long-name-%06d" % (root, i))
    os.makedirs(root + "/deep/er/and/deep/er")


def specials(root):
    os.mkdir(root + "/special")
    for name, kind, major, minor in (
            ("null", 0o020000, 1, 3), ("big", 0o020000, 500, 70000),
            ("disk", 0o060000, 8, 1), ("wide", 0o060000, 259, 0)):
        os.mknod(root + "/special/" + name, kind | 0o640,
                 os.makedev(major, minor))
    os.mkfifo(root + "/special/fifo")
    s = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(root + "/special")
    s.bind("socket")
    os.chdir(here)
    for n in (1, 59, 60, 61, 500, 1000):
        os.symlink("t" * n, "%s/special/link-%d" % (root, n))
    os.symlink("../sizes/61", root + "/special/way")
    os.link(root + "/sizes/1", root + "/special/again")
    os.chmod(root + "/special/again", 0o6751)
    os.chown(root + "/special/again", 70000, 4000000000)
    os.chmod(root + "/deep/er", 0o1777)


def attributes(root):
    d = root + "/attr"
    os.mkdir(d)
    for name in ("a", "b", "c", "d", "e", "f"):
        put(d + "/" + name, name.encode())

    def xattrs():
        os.setxattr(d + "/a", "user.text", b"some \"text\"")
        os.setxattr(d + "/a", "user.bytes", b"\0\1\xff\n")
        os.setxattr(d + "/a", "user.empty", b"")
        os.setxattr(d + "/a", "trusted.t", b"t" * 700)
        os.setxattr(d + "/b", "security.selinux", b"system_u:o:t\0")
    attempt("xattr", xattrs)
    attempt("ea_inode", lambda: os.setxattr(d + "/c", "user.large",
                                            b"0123456789" * 2500))
    attempt("acl", lambda: (
        subprocess.run(["setfacl", "-m", "u:1000:r,g:5:rwx", d + "/d"],
                       check=True, stderr=subprocess.DEVNULL),
        subprocess.run(["setfacl", "-d", "-m", "u:7:rwx", d], check=True,
                       stderr=subprocess.DEVNULL)))
    attempt("caps", lambda: [
        subprocess.run(["setcap"] + words, check=True,
                       stderr=subprocess.DEVNULL) for words in (
            ["cap_net_raw=ep", d + "/e"],
            ["-n", "1000", "cap_chown,cap_fowner=ip cap_kill=i", d + "/f"])])
    for name, flag in FLAGS.items():
        path = d + "/flag-" + name
        put(path, b"f")
        attempt("flag", lambda: set_flags(path, flag))


def times(root):
    for i, t in enumerate((-2**31, -1, 0, 2**31 - 1, 2**31, 4000000000,
                           15032385535)):
        path = "%s/time-%d" % (root, i)
        put(path, b"")
        os.utime(path, ns=(t * 10**9 + 5, t * 10**9 + 999999999))


def main():
    root = sys.argv[1]
    try:
        files(root)
        names(root)
        specials(root)
        attributes(root)
        times(root)
    except OSError as e:
        if e.errno == errno.ENOSPC:
            print("the file system is too small", file=sys.stderr)
        raise
    if attempt("encrypt", lambda: encrypt(root + "/locked")):
        os.system("sync")
    attempt("verity", lambda: verity(root + "/sealed"))


if __name__ == "__main__":
    main()
