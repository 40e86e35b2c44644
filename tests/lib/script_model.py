#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts of e4pack batch, and a model of what they do.

A command is a tuple, the verb first; data is a tuple, too: ("text", BYTES),
("zero", LEN), ("random", SEED, LEN) or ("part", OFFSET, LEN) of the file
given as "host".  The model keeps the bytes of each file and one letter for
each of its blocks: h hole, u unwritten, w written.
"""
import os
import stat
import struct

MASK = 2**64 - 1
HOST_BYTES = 4 << 20


def splitmix(seed, length):
    out = bytearray()
    while len(out) < length:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        out += struct.pack("<Q", z ^ z >> 31)
    return bytes(out[:length])


class Host:
    """The file that parts are of: no two blocks of it are alike."""

    def __init__(self, path):
        self.path = path
        self.bytes = b"".join(struct.pack("<QQ", i * 0x9E3779B97F4A7C15 & MASK,
                                          i) for i in range(HOST_BYTES // 16))
        with open(path, "wb") as f:
            f.write(self.bytes)


def data_bytes(data, host):
    kind = data[0]
    if kind == "text":
        return data[1]
    if kind == "zero":
        return bytes(data[1])
    if kind == "random":
        return splitmix(data[1], data[2])
    return host.bytes[data[1]:data[1] + data[2]]


def data_word(data, host):
    kind = data[0]
    if kind == "text":
        return "=" + data[1].decode()
    if kind == "zero":
        return "zero:%d" % data[1]
    if kind == "random":
        return "random:%d:%d" % data[1:]
    return "part:%d:%d:%s" % (data[1], data[2], host.path)


def line(command, host):
    """The command as a line of a script."""
    words = [command[0]]
    for word in command[1:]:
        if isinstance(word, tuple):
            word = data_word(word, host)
        words.append('"%s"' % word if " " in str(word) else str(word))
    return " ".join(words)


def script(commands, host):
    return "".join(line(c, host) + "\n" for c in commands).encode()


class File:
    def __init__(self):
        self.kind = stat.S_IFREG
        self.mode = 0o644
        self.owner = (0, 0)
        self.xattrs = {}
        self.bytes = bytearray()
        self.blocks = []

    def letter(self, lblk):
        return self.blocks[lblk] if lblk < len(self.blocks) else "h"

    def reach(self, size):
        self.bytes.extend(bytes(max(0, size - len(self.bytes))))

    def mark(self, first, end, was, letter):
        """Say @letter of the blocks from @first to @end that are one of
        @was."""
        self.blocks.extend("h" * max(0, end - len(self.blocks)))
        for i in range(first, end):
            if self.blocks[i] in was:
                self.blocks[i] = letter


class Other:
    """A folder (children), symlink (target) or special file."""

    def __init__(self, kind, mode, **more):
        self.kind = kind
        self.mode = mode
        self.owner = (0, 0)
        self.xattrs = {}
        self.children = {}
        self.target = more.get("target")
        self.rdev = more.get("rdev", 0)


class Model:
    def __init__(self, block_size, host):
        self.bs = block_size
        self.host = host
        self.root = Other(stat.S_IFDIR, 0o755)

    def walk(self, node=None, path=""):
        """(path, node) of everything below the root."""
        node = node or self.root
        for name, child in node.children.items():
            yield path + "/" + name, child
            if child.kind == stat.S_IFDIR:
                yield from self.walk(child, path + "/" + name)

    def parent(self, path):
        *parts, name = path.strip("/").split("/")
        node = self.root
        for part in parts:
            node = node.children[part]
        return node.children, name

    def get(self, path):
        children, name = self.parent(path)
        return children.get(name)

    def make(self, path, node):
        children, name = self.parent(path)
        children[name] = node

    def file(self, path):
        node = self.get(path)
        if node is None:
            node = File()
            self.make(path, node)
        return node

    def span(self, pos, length):
        return pos // self.bs, -(-(pos + length) // self.bs)

    def run(self, command):
        getattr(self, "run_" + command[0].replace("-", "_"))(*command[1:])

    def run_write(self, path, pos, data):
        f, data = self.file(path), data_bytes(data, self.host)
        if data:
            f.reach(pos + len(data))
            f.bytes[pos:pos + len(data)] = data
            f.mark(*self.span(pos, len(data)), "hu", "w")

    def run_append(self, path, data):
        self.run_write(path, len(self.file(path).bytes), data)

    def run_put(self, data, path):
        f = self.file(path)
        self.run_truncate(path, 0)
        self.run_write(path, 0, data)
        f.mode, f.owner, f.xattrs = 0o644, (0, 0), {}

    def run_truncate(self, path, size):
        f = self.file(path)
        if size <= len(f.bytes):
            del f.bytes[size:]
            del f.blocks[-(-size // self.bs):]
        f.reach(size)

    def run_fallocate(self, path, pos, length):
        f = self.file(path)
        f.reach(pos + length)
        f.mark(*self.span(pos, length), "h", "u")

    def run_punch(self, path, pos, length):
        f = self.get(path)
        size = len(f.bytes)
        if pos >= size:
            return
        end = min(pos + length, size)
        f.bytes[pos:end] = bytes(end - pos)
        if pos + length > size:
            end = -(-size // self.bs) * self.bs
        first, last = -(-pos // self.bs), end // self.bs
        for i in range(first, min(last, len(f.blocks))):
            f.blocks[i] = "h"

    def run_mkdir(self, path):
        self.make(path, Other(stat.S_IFDIR, 0o755))

    def run_ln(self, old, new):
        self.make(new, self.get(old))

    def run_symlink(self, target, path):
        self.make(path, Other(stat.S_IFLNK, 0o777, target=target))

    def run_mkfifo(self, path):
        self.make(path, Other(stat.S_IFIFO, 0o644))

    def run_mknod(self, path, _type, major, minor):
        self.make(path, Other(stat.S_IFCHR, 0o644,
                              rdev=os.makedev(major, minor)))

    def run_mv(self, old, new):
        node = self.get(old)
        if node is self.get(new):
            return
        self.run_rm(old)
        self.make(new, node)

    def run_rm(self, *words):
        children, name = self.parent(words[-1])
        del children[name]

    run_rmdir = run_rm

    def run_chmod(self, mode, path):
        self.get(path).mode = int(mode, 8)

    def run_chown(self, owner, path):
        node = self.get(path)
        node.owner = tuple(map(int, owner.split(":")))
        if node.kind != stat.S_IFDIR:
            node.mode &= ~0o4000

    def run_touch(self, _option, _time, path):
        pass

    def run_setxattr(self, path, name, data):
        self.get(path).xattrs[name.encode()] = data_bytes(data, self.host)

    def run_rmxattr(self, path, name):
        del self.get(path).xattrs[name.encode()]

    def run_nothing(self, *_words):
        pass

    run_sync = run_fsync = run_df = run_es = run_stat = run_ls = run_nothing

    def used(self):
        """Blocks of all files, and how many names there are."""
        files = {id(n): n for _, n in self.walk() if n.kind == stat.S_IFREG}
        return sum(len(f.blocks) - f.blocks.count("h")
                   for f in files.values())
