#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a script as system calls on a mounted file system."""
import ctypes
import os
import stat

from script_model import data_bytes

PUNCH_HOLE = 3
libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Player:
    """Plays commands below a folder as system calls."""

    def __init__(self, root, host):
        self.root = root
        self.host = host

    def at(self, path):
        return self.root + "/" + path.strip("/")

    def run(self, command):
        getattr(self, "run_" + command[0])(*command[1:])

    def open(self, path, flags=os.O_CREAT):
        return os.open(self.at(path), os.O_RDWR | flags, 0o644)

    def put_bytes(self, fd, pos, data):
        try:
            while data:
                n = os.pwrite(fd, data, pos)
                data, pos = data[n:], pos + n
        finally:
            os.close(fd)

    def run_write(self, path, pos, data):
        self.put_bytes(self.open(path), pos, data_bytes(data, self.host))

    def run_append(self, path, data):
        fd = self.open(path)
        self.put_bytes(fd, os.fstat(fd).st_size, data_bytes(data, self.host))

    def run_put(self, data, path):
        self.put_bytes(self.open(path, os.O_CREAT | os.O_TRUNC), 0,
                       data_bytes(data, self.host))
        os.chown(self.at(path), 0, 0)
        os.chmod(self.at(path), 0o644)
        for name in os.listxattr(self.at(path)):
            os.removexattr(self.at(path), name)

    def run_truncate(self, path, size):
        fd = self.open(path)
        os.ftruncate(fd, size)
        os.close(fd)

    def allocate(self, fd, mode, pos, length):
        try:
            checked(libc.fallocate(fd, mode, ctypes.c_long(pos),
                                   ctypes.c_long(length)))
        finally:
            os.close(fd)

    def run_fallocate(self, path, pos, length):
        self.allocate(self.open(path), 0, pos, length)

    def run_punch(self, path, pos, length):
        self.allocate(self.open(path, 0), PUNCH_HOLE, pos, length)

    def run_fsync(self, path):
        fd = self.open(path, 0)
        os.fsync(fd)
        os.close(fd)

    def run_sync(self):
        fd = os.open(self.root, os.O_RDONLY)
        try:
            checked(libc.syncfs(fd))
        finally:
            os.close(fd)

    def run_mkdir(self, path):
        os.mkdir(self.at(path), 0o755)

    def run_ln(self, old, new):
        os.link(self.at(old), self.at(new))

    def run_symlink(self, target, path):
        os.symlink(target, self.at(path))

    def run_mkfifo(self, path):
        os.mkfifo(self.at(path), 0o644)

    def run_mknod(self, path, _type, major, minor):
        os.mknod(self.at(path), stat.S_IFCHR | 0o644,
                 os.makedev(major, minor))

    def run_mv(self, old, new):
        os.rename(self.at(old), self.at(new))

    def run_rm(self, *words):
        top = self.at(words[-1])
        if words[0] != "-r":
            os.unlink(top)
            return
        for folder, folders, names in os.walk(top, topdown=False):
            for name in names:
                os.unlink(os.path.join(folder, name))
            for name in folders:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    os.unlink(path)
                else:
                    os.rmdir(path)
        os.rmdir(top)

    def run_rmdir(self, path):
        os.rmdir(self.at(path))

    def run_chmod(self, mode, path):
        os.chmod(self.at(path), int(mode, 8))

    def run_chown(self, owner, path):
        os.chown(self.at(path), *map(int, owner.split(":")))

    def run_touch(self, _option, seconds, path):
        os.utime(self.at(path), (int(seconds), int(seconds)))

    def run_setxattr(self, path, name, data):
        os.setxattr(self.at(path), name, data_bytes(data, self.host))

    def run_rmxattr(self, path, name):
        os.removexattr(self.at(path), name)
