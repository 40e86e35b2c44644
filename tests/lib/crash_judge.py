# SPDX-License-Identifier: GPL-2.0-or-later
"""What recovery makes of an image after a crash.

A state is recovered by each of the replayers, in a file that is otherwise the
base it came from.  e2fsck -fn must have nothing to say of what they leave, and
their trees must be the same.

Most states are not worth three processes.  What a replayer does depends on
the superblocks and on the part of the log that it reads (crash_log.py), and of
what it leaves only some bytes can be seen: not those in the log, which is
empty then, nor those of blocks that the bitmaps call free.  States that are
the same in both are recovered once; and now and then one is recovered again,
to see that this holds.
"""
import hashlib
import os
import re
import stat
import struct

import crash_log
import ext4read
from crash_states import Wrong, run

CHUNK = 1 << 16
# The counts of the superblock are a hint, which the log has not.
HINT = re.compile(r"^Free (blocks|inodes) count wrong \(")
ENV = dict(os.environ, LC_ALL="C", E2FSCK_TIME="1700000000",
           ASAN_OPTIONS="detect_leaks=0")


def complaints(said):
    return [line for line in said.split("\n")
            if re.search("Fix\\?|wrong|WARNING", line) and
            not HINT.match(line) and not line.startswith("Fix? no")]


def row(inode):
    """Everything that a user sees of an inode, and where its blocks are."""
    kind = stat.S_IFMT(inode.mode)
    out = [inode.number, inode.mode, inode.uid, inode.gid, inode.nlink,
           inode.size, inode.flags, inode.blocks, inode.mtime, inode.ctime,
           inode.crtime, sorted(inode.xattrs().items())]
    if kind == stat.S_IFREG:
        out.append(hashlib.sha256(inode.content()).digest())
        out.append([(e.lblk, e.len, e.written) for e in inode.extents()])
    elif kind == stat.S_IFLNK:
        out.append(inode.target())
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        out.append(inode.rdev())
    return out


def seen_by_kernel(inode):
    kind = stat.S_IFMT(inode.mode)
    out = [inode.number, inode.mode, inode.uid, inode.gid, inode.nlink,
           inode.mtime]
    if kind == stat.S_IFREG:
        out.append(hashlib.sha256(inode.content()).digest())
    elif kind == stat.S_IFLNK:
        out.append(inode.target())
    return out


def seen_at(path):
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    out = [s.st_ino, s.st_mode, s.st_uid, s.st_gid, s.st_nlink,
           s.st_mtime_ns]
    if kind == stat.S_IFREG:
        with open(path, "rb") as f:
            out.append(hashlib.sha256(f.read()).digest())
    elif kind == stat.S_IFLNK:
        out.append(os.readlink(path))
    return out


def walk_mounted(root):
    out = {b"": seen_at(root)}
    todo = [b""]
    while todo:
        path = todo.pop()
        for e in os.scandir(os.path.join(root, path)):
            name = os.path.join(path, e.name)
            out[name] = seen_at(e.path)
            if e.is_dir(follow_symlinks=False):
                todo.append(name)
    return out


def as_digest(rows):
    return hashlib.sha256(repr(sorted(rows.items())).encode()).digest()


def difference(a, b):
    """The first few rows that two trees do not share."""
    return "; ".join("%s: %.200s and %.200s" % (
        name.decode(errors="replace"), a.get(name), b.get(name))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name))[:1000]


class Tree:
    """What an image holds, for us and for the kernel, as digests."""

    def __init__(self, path):
        image = ext4read.Image(path)
        try:
            inodes = dict(image.walk())
            self.rows = {name: row(i) for name, i in inodes.items()}
            self.digest = as_digest(self.rows)
            self.kernel = as_digest({name: seen_by_kernel(i)
                                     for name, i in inodes.items()})
        finally:
            image.close()


class Judge:
    """Of the states that begin with @base, bytes of a sound image."""

    def __init__(self, program, folder, base):
        self.program = program
        self.base = base
        self.chunks = [base[i:i + CHUNK] for i in range(0, len(base), CHUNK)]
        self.path = os.path.join(folder, "state")
        with open(self.path, "wb") as f:
            f.write(base)
        self.fd = os.open(self.path, os.O_RDWR)
        self.mount = os.path.join(folder, "mnt")
        self.sound = set()	# what e2fsck has nothing to say of
        self.trees = {}		# Trees of what was left
        self.found = {}		# digests of trees, see judge()
        self.mounts = 0
        self.recovered = 0
        image = ext4read.Image(self.path)
        self.size = image.block_size
        self.first = image.first_block
        self.per_group = image.per_group
        self.groups = image.groups
        # A bit of the bitmap is a cluster; the first one lies at 0 then.
        bits = struct.unpack_from("<I", base, 1024 + 0x1C)[0]
        self.cluster = self.size << (bits - struct.unpack_from(
            "<I", base, 1024 + 0x18)[0])
        self.descriptors = [image.descriptor_at(g)
                            for g in range(self.groups)]
        self.wide = image.desc_size >= 64
        log = [b for e in image.inode(8).extents()
               for b in range(e.pblk, e.pblk + e.len)]
        self.log = log
        self.in_log = set(log)
        self.log_super = log[0] * self.size
        image.close()

    def read(self, length, at):
        return os.pread(self.fd, length, at)

    def close(self):
        os.close(self.fd)

    def differences(self):
        """{position: bytes} of the blocks that are not as in the base."""
        out = {}
        for n, was in enumerate(self.chunks):
            now = os.pread(self.fd, CHUNK, n * CHUNK)
            if now == was:
                continue
            for i in range(0, len(was), self.size):
                if now[i:i + self.size] != was[i:i + self.size]:
                    out[n * CHUNK + i] = now[i:i + self.size]
        return out

    def restore(self, positions):
        for at in positions:
            os.pwrite(self.fd, self.base[at:at + self.size], at)

    def is_free(self, read):
        """A function of positions, as the bitmaps have it.  @read returns
        bytes of the image: read(length, position)."""
        maps = []
        for at in self.descriptors:
            d = read(64 if self.wide else 32, at)
            block = struct.unpack_from("<I", d)[0]
            if self.wide:
                block |= struct.unpack_from("<I", d, 0x20)[0] << 32
            # A bitmap that is not there, or not yet, has nothing free here.
            bits = read(self.size, block * self.size)
            maps.append(None if struct.unpack_from("<H", d, 0x12)[0] & 2 or
                        len(bits) < self.size else bits)

        per = self.per_group * self.size

        def free(at):
            at -= self.first * self.size
            if at < 0 or at // per >= len(maps) or maps[at // per] is None:
                return False
            bit = at % per // self.cluster
            return not maps[at // per][bit >> 3] >> (bit & 7) & 1
        return free

    def visible(self, changed, read):
        """A digest of the bytes of @changed that can be seen; the superblock
        is left out."""
        free = self.is_free(read)
        h = hashlib.blake2b(digest_size=16)
        for at in sorted(changed):
            data = changed[at]
            if at <= 1024 < at + self.size:
                data = data[:1024 - at] + data[2048 - at:]
                same = self.base[at:1024] + self.base[2048:at + self.size]
            else:
                same = self.base[at:at + self.size]
            if data != same and at // self.size not in self.in_log and \
                    not free(at):
                h.update(at.to_bytes(8, "little") + data)
        return h.digest()

    def merge(self, done, writes):
        """@done, {position: bytes} of whole blocks, with @writes over it."""
        out = dict(done)
        for at, data in writes:
            head = at % self.size
            block = out.get(at - head, self.base[at - head:
                                                 at - head + self.size])
            out[at - head] = block[:head] + data + block[head + len(data):]
        return out

    def key(self, blocks):
        """What tells states of one base apart: their bytes."""
        h = hashlib.blake2b(digest_size=12)
        for at in sorted(blocks):
            if blocks[at] != self.base[at:at + self.size]:
                h.update(at.to_bytes(8, "little") + blocks[at])
        return h.digest()

    def verdict(self, changed, mask=False):
        """The tree of the file, which was recovered."""
        if struct.unpack_from(">I", os.pread(self.fd, 4, self.log_super +
                                             28))[0]:
            raise Wrong("its log is not empty")
        if struct.unpack_from("<I", os.pread(self.fd, 4, 1024 + 0x60))[0] & 4:
            raise Wrong("it still needs recovery")
        # The superblock apart, as its times differ.
        key = self.visible(changed, self.read)
        at = 1024 // self.size * self.size
        whole = key if mask else key + changed.get(at, b"")
        if whole not in self.sound:
            done = run(["e2fsck", "-fn", self.path], env=ENV)
            said = (done.stdout + done.stderr).decode(errors="replace")
            if done.returncode or complaints(said):
                raise Wrong("e2fsck -fn: " + said[-1500:])
            self.sound.add(whole)
        if key not in self.trees:
            self.trees[key] = Tree(self.path)
        return self.trees[key]

    def run(self, words, most):
        done = run([*words, self.path], env=ENV)
        if done.returncode > most:
            raise Wrong("%s: %d: %s" % (" ".join(words), done.returncode, (
                done.stdout + done.stderr).decode(errors="replace")[-1500:]))

    def see(self):
        """What the kernel shows of the file.  It recovers it as well."""
        os.makedirs(self.mount, exist_ok=True)
        done = run(["mount", "-t", "ext4", "-o", "loop,noatime,noinit_itable",
                    self.path, self.mount])
        if done.returncode:
            raise Wrong(done.stderr.decode(errors="replace"))
        try:
            return as_digest(walk_mounted(os.fsencode(self.mount)))
        finally:
            done = run(["umount", self.mount])
            if done.returncode:
                raise Wrong(done.stderr.decode(errors="replace"))

    def one_way(self, words, most, blocks):
        """The tree after recovery by @words, or by a mount."""
        changed = None
        for at, data in blocks.items():
            os.pwrite(self.fd, data, at)
        try:
            if words:
                self.run(words, most)
            else:
                seen = self.see()
                self.mounts += 1
            changed = self.differences()
            tree = self.verdict(changed, not words)
            if not words and seen != tree.kernel:
                raise Wrong("the kernel shows another tree than it leaves")
            return tree
        except (Wrong, ext4read.Damaged) as e:
            raise Wrong("%s: %s" % (" ".join(words or ["mount"]), e)) from e
        finally:
            self.restore(self.differences() if changed is None else changed)

    def recover_all(self, blocks, kernel):
        """The trees that the replayers find in the base with @blocks."""
        ways = [(["e2fsck", "-E", "journal_only", "-y"], 1),
                (["e2fsck", "-p"], 1),
                ([self.program, "journal", "--replay"], 0)]
        if kernel:
            ways.append((None, 0))
        self.recovered += 1
        return {" ".join(way[0] or ["mount"]): self.one_way(*way, blocks)
                for way in ways}

    def judge_torn(self, blocks, kernel):
        """Digests of the trees that the replayers find, when the commit block
        is torn.  The kernel may take it for whole, by its first bytes; the
        others do not, as its checksum is wrong."""
        return {t.digest for t in self.recover_all(blocks, kernel).values()}

    def recover(self, blocks, kernel):
        """A digest of the tree that all replayers find."""
        found = self.recover_all(blocks, kernel)
        first, *_ = found
        for way, tree in found.items():
            if tree.digest != found[first].digest:
                raise Wrong("%s leaves another tree than %s: %s" % (
                    way, first, difference(found[first].rows, tree.rows)))
        return found[first].digest

    def judge(self, blocks, again=False, kernel=False):
        """As recover(), for what was never seen before; @again: for
        anything."""
        key, left = crash_log.replay(self, blocks)

        def read(length, at):
            head = at % self.size
            block = left.get(at - head)
            if block is None:
                return self.base[at:at + length]
            return block[head:head + length]

        key += self.visible(left, read)
        if again or key not in self.found:
            found = self.recover(blocks, kernel)
            if self.found.setdefault(key, found) != found:
                raise Wrong("states that should be alike are not")
        return self.found[key]
