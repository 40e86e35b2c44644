#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts: commands as script_model.py has them, which succeed."""
import stat

from script_model import HOST_BYTES


class Style:
    """What a kind of script is like; sizes in bytes."""

    def __init__(self, **more):
        self.commands = 40
        self.most_bytes = 1 << 20	# of all files together
        self.large = 200000
        self.large_share = 0.05
        self.live = True		# sync, fsync and df are there
        self.attributes = True
        self.fallocate = True
        self.xattr_lengths = (0, 1, 10, 30)
        self.__dict__.update(more)


class Generator:
    """Makes commands that succeed, as far as space goes."""

    def __init__(self, rng, model, style):
        self.rng = rng
        self.model = model
        self.style = style
        self.names = 0
        verbs = {
            "write": 30, "append": 16, "truncate": 8, "fallocate": 8,
            "punch": 8, "put": 3, "mkdir": 3, "ln": 2, "symlink": 2, "mv": 4,
            "rm": 4, "es": 2,
        }
        if style.live:
            verbs.update(sync=3, fsync=5, df=8)
        if style.attributes:
            verbs.update(chmod=2, chown=2, setxattr=3, rmxattr=1, mkfifo=1,
                         mknod=1, rmdir=1, touch=1)
        if not style.fallocate:
            del verbs["fallocate"]
        self.verbs, self.weights = zip(*verbs.items())

    def commands(self):
        out = []
        while len(out) < self.style.commands:
            verb = self.rng.choices(self.verbs, self.weights)[0]
            command = getattr(self, "make_" + verb)()
            if command:
                self.model.run(command)
                out.append(command)
        return out

    def pick(self, *kinds):
        found = [p for p, n in self.model.walk() if n.kind in kinds]
        return self.rng.choice(found) if found else None

    def new_path(self):
        folders = [""] + [p for p, n in self.model.walk()
                          if n.kind == stat.S_IFDIR]
        self.names += 1
        name = "n%d" % self.names
        if self.rng.random() < 0.1:
            name += "-" + "x" * self.rng.randrange(1, 120)
        return self.rng.choice(folders[-4:]) + "/" + name

    def path(self):
        """A file that is there, most often; else a new name."""
        old = self.pick(stat.S_IFREG)
        if old is None or self.rng.random() < 0.15:
            return self.new_path()
        return old

    def size_of(self, path):
        node = self.model.get(path)
        return len(node.bytes) if node else 0

    def length(self):
        r, bs = self.rng, self.model.bs
        kind = r.random()
        if r.random() < self.style.large_share:
            length = r.randrange(1, self.style.large)
        elif kind < 0.3:
            length = r.randrange(1, bs)
        elif kind < 0.6:
            length = max(1, r.randrange(1, 12) * bs + r.choice((-1, 0, 0, 1)))
        else:
            length = r.randrange(1, 16 * bs)
        room = self.style.most_bytes - self.model.used() * bs
        return min(length, room)

    def offset(self, path):
        r, bs = self.rng, self.model.bs
        size = self.size_of(path)
        kind = r.random()
        if kind < 0.25:
            return size
        if kind < 0.5:
            return r.randrange(size // bs + 3) * bs
        if kind < 0.9:
            return r.randrange(size + 2 * bs)
        return size + r.randrange(40) * bs + r.choice((0, 0, 1, bs - 1))

    def data(self, length):
        r = self.rng
        kind = r.random()
        if kind < 0.1:
            return ("text", b"t" * min(length, 60))
        if kind < 0.2:
            return ("zero", length)
        if kind < 0.3 and length < 5000:
            return ("random", r.randrange(1000), length)
        return ("part", r.randrange(HOST_BYTES - length), length)

    def make_write(self):
        path, length = self.path(), self.length()
        if length <= 0:
            return None
        return ("write", path, self.offset(path), self.data(length))

    def make_append(self):
        path, length = self.path(), self.length()
        if length <= 0:
            return None
        return ("append", path, self.data(length))

    def make_put(self):
        length = self.length()
        if length <= 0:
            return None
        return ("put", self.data(length), self.path())

    def make_truncate(self):
        path = self.path()
        size = self.size_of(path)
        if self.rng.random() < 0.3:
            size = self.offset(path)
        else:
            size = self.rng.choice((0, size // 2, max(0, size - 1),
                                    size // self.model.bs * self.model.bs))
        return ("truncate", path, size)

    def make_fallocate(self):
        path, length = self.path(), self.length()
        if length <= 0:
            return None
        return ("fallocate", path, self.offset(path), length)

    def make_punch(self):
        path = self.pick(stat.S_IFREG)
        if not path:
            return None
        bs = self.model.bs
        pos = self.rng.randrange(self.size_of(path) + bs)
        length = self.rng.choice((1, bs // 2, bs, 3 * bs, 10 * bs))
        if self.rng.random() < 0.5:
            pos -= pos % bs
        return ("punch", path, pos, length)

    def make_fsync(self):
        path = self.pick(stat.S_IFREG)
        return path and ("fsync", path)

    def make_sync(self):
        return ("sync",)

    def make_df(self):
        return ("df",)

    def make_es(self):
        path = self.pick(stat.S_IFREG)
        return path and ("es", path)

    def make_mkdir(self):
        return ("mkdir", self.new_path())

    def make_ln(self):
        path = self.pick(stat.S_IFREG)
        return path and ("ln", path, self.new_path())

    def make_symlink(self):
        length = self.rng.choice((1, 30, 59, 60, 61, 300))
        return ("symlink", "a/" * (length // 2) + "b", self.new_path())

    def make_mkfifo(self):
        return ("mkfifo", self.new_path())

    def make_mknod(self):
        return ("mknod", self.new_path(), "c", self.rng.randrange(300),
                self.rng.randrange(300))

    def make_mv(self):
        old = self.pick(stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
        if not old:
            return None
        new = self.new_path()
        if self.model.get(old).kind == stat.S_IFREG and \
                self.rng.random() < 0.3:
            new = self.pick(stat.S_IFREG)
        if new == old or new.startswith(old + "/"):
            return None
        return ("mv", old, new)

    def make_rm(self):
        path = self.pick(stat.S_IFREG, stat.S_IFLNK)
        if self.rng.random() < 0.2:
            path = self.pick(stat.S_IFDIR) or path
        if not path:
            return None
        if self.model.get(path).kind == stat.S_IFDIR:
            return ("rm", "-r", path)
        return ("rm", path)

    def make_rmdir(self):
        path = self.pick(stat.S_IFDIR)
        if path and not self.model.get(path).children:
            return ("rmdir", path)
        return None

    def any(self):
        return self.pick(stat.S_IFREG, stat.S_IFDIR)

    def make_chmod(self):
        path = self.any()
        mode = self.rng.choice(("600", "755", "4711", "1777", "640"))
        return path and ("chmod", mode, path)

    def make_chown(self):
        path = self.any()
        owner = self.rng.choice(("0:0", "1000:100", "70000:5"))
        return path and ("chown", owner, path)

    def make_touch(self):
        path = self.any()
        return path and ("touch", "-t", str(self.rng.randrange(10**9)), path)

    def make_setxattr(self):
        path = self.any()
        name = "user." + self.rng.choice("abc")
        length = self.rng.choice(self.style.xattr_lengths)
        return path and ("setxattr", path, name, ("text", b"v" * length))

    def make_rmxattr(self):
        found = [(p, n) for p, n in self.model.walk() if n.xattrs]
        if not found:
            return None
        path, node = self.rng.choice(found)
        return ("rmxattr", path,
                self.rng.choice(sorted(node.xattrs)).decode())
