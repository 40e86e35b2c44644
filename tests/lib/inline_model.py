#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts for images with inline data, and a model that knows what is in an
inode.

A file is "new" until it has bytes, "in" its inode, or "out" of it for good:
the rules are those of the kernel, see src/delay/da_inline.c.
"""
import stat

import script_model
from random_script import Generator

MAX = 128		# bytes that an inode of 256 holds
HEAD = 60		# of them in i_block
PARTS = (56, 68)	# for names: i_block without the parent, the rest


def folder_fits(names):
    """Whether a folder of these names has a place in its inode."""
    used = [0, 0]
    for name in sorted(names):
        record = 8 + len(name) + 3 & ~3
        for i, room in enumerate(PARTS):
            if used[i] + record <= room:
                used[i] += record
                break
        else:
            return False
    return True


class InlineModel(script_model.Model):
    def file(self, path):
        f = super().file(path)
        if not hasattr(f, "place"):
            f.place = "new"
            f.torn = False
            f.moving = False
        return f

    def leave(self, f, by_write=False):
        """The bytes of a file get a block."""
        if f.place == "in":
            f.mark(0, 1, "hu", "w")
            f.torn = not by_write
            f.moving = by_write
        f.place = "out"

    def run_write(self, path, pos, data):
        f = self.file(path)
        data = script_model.data_bytes(data, self.host)
        if not data:
            return
        if f.place != "out" and max(len(f.bytes), pos + len(data)) <= MAX:
            f.place = "in"
            f.reach(pos + len(data))
            f.bytes[pos:pos + len(data)] = data
            return
        self.leave(f, True)
        super().run_write(path, pos, ("text", data))

    def run_truncate(self, path, size):
        f = self.file(path)
        if f.place == "in" and size > max(HEAD, len(f.bytes)):
            self.leave(f)
        super().run_truncate(path, size)

    def run_fsync(self, path):
        self.file(path).moving = False

    def run_sync(self):
        for _, f in self.walk():
            f.moving = False

    def run_fallocate(self, path, pos, length):
        self.leave(self.file(path))
        super().run_fallocate(path, pos, length)

    def run_punch(self, path, pos, length):
        self.leave(self.file(path))
        super().run_punch(path, pos, length)

    def folders(self):
        """Path and blocks of each folder below the root."""
        return {path: int(not folder_fits(n.children))
                for path, n in self.walk() if n.kind == stat.S_IFDIR}


class InlineGenerator(Generator):
    """Many of the files are small.

    Left out is what Linux 6.18 is known to do wrong, or otherwise:
      - After fallocate, punch or truncate has given an inline file its block
        0, the kernel may lose what is written to that block later: it put
        the bytes there as those of a block of its own, through the journal,
        which may write them over what the page cache wrote meanwhile.  Such
        a file gets no more writes to block 0, nor has bytes of it zeroed.
      - A file that truncate made larger than an inode holds, the kernel may
        begin to keep there: see da_inline.c.
      - A file that a delayed write took out of its inode has its bytes there,
        too, until they are written back.  Asked to change its blocks in this
        time the kernel writes it back first, which no script does.
    Attributes are none: the room that they take is shared by another rule,
    see da_inline.c, too.
    """

    def length(self):
        if self.rng.random() < 0.6:
            return self.rng.choice((1, 20, 59, 60, 61, 100, 127, 128, 129,
                                    self.rng.randrange(1, 200)))
        return super().length()

    def offset(self, path):
        r = self.rng
        if self.size_of(path) <= 2 * MAX and r.random() < 0.8:
            return r.choice((0, 0, 1, 10, 60, self.size_of(path),
                             r.randrange(MAX + 10)))
        return super().offset(path)

    def path(self):
        if self.rng.random() < 0.25:
            return self.new_path()
        return super().path()

    def commands(self):
        out = []
        while len(out) < self.style.commands:
            verb = self.rng.choices(self.verbs, self.weights)[0]
            command = getattr(self, "make_" + verb)()
            if command and self.allowed(*command):
                self.model.run(command)
                out.append(command)
        return out

    def allowed(self, verb, *words):
        if verb not in ("write", "append", "put", "truncate", "punch",
                        "fallocate"):
            return True
        f = self.model.get(words[verb == "put"])
        if f is None:
            return True
        if verb in ("truncate", "punch", "fallocate") and f.moving:
            return False
        size, bs = len(f.bytes), self.model.bs
        if verb == "put":
            return not f.torn and not f.moving
        if verb == "fallocate":
            return True
        if verb == "punch":
            return not f.torn or words[1] >= bs
        if verb == "truncate":
            # The last block that stays is zeroed behind the end.
            return not f.torn or words[1] >= bs or words[1] == size
        pos = size if verb == "append" else words[1]
        end = pos + len(script_model.data_bytes(words[-1], self.model.host))
        if f.place == "new" and size > MAX >= end:
            return False
        return not f.torn or pos >= bs

    def make_setxattr(self):
        return None
