# SPDX-License-Identifier: GPL-2.0-or-later
"""What a disk may hold after a crash.

A run under strace gives its steps: what was written where, and the waits for
the disk.  The writes between two waits, an epoch, may have reached the disk in
any selection; those before are there.  A write is cut into blocks, and each
may be torn at a sector, but for the primary superblock, which the kernel and
e2fsck do not survive either.
"""
import os
import re
import struct
import subprocess

MAGIC = 0xC03B3998
SECTOR = 512
SUPER = range(1024, 2048)

CALLS = "lseek,pwrite64,pwritev,pwritev2,write,fsync,fdatasync," \
    "sync_file_range,ftruncate,fallocate,copy_file_range,sendfile"
CALL = re.compile(rb'^(?:\d+ +)?(\w+)\((\d+)(?:, "((?:\\x[0-9a-f]{2})*)", '
                  rb'\d+(?:, (\d+))?)?')
SEEK = re.compile(rb'^(?:\d+ +)?lseek\((\d+), (\d+), SEEK_SET')
COPY = re.compile(rb'copy_file_range\(\d+, \S+ (\d+), \[(\d+)\][^)]*\) = '
                  rb'(\d+)')


class Wrong(Exception):
    """A test failed."""


class Refused(Exception):
    """The program does not do this, and says so."""


def run(words, **more):
    more.setdefault("stdin", subprocess.DEVNULL)
    if "input" in more:
        more.pop("stdin")
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


class Recording:
    """steps: (position, bytes), or None for a wait for the disk."""

    def __init__(self, steps, final, block_size):
        self.steps = steps
        self.final = final
        self.block_size = block_size

    def epochs(self):
        """Lists of (position, bytes) of one block at most, one list for
        what lies between two waits; the last one was never waited for."""
        out = [[]]
        for step in self.steps:
            if step is None:
                out.append([])
                continue
            at, data = step
            while data:
                n = self.block_size - at % self.block_size
                out[-1].append((at, data[:n]))
                at, data = at + n, data[n:]
        return out


def read_log(log, final):
    steps, places = [], {}
    with open(log, "rb") as f:
        for line in f:
            m = SEEK.match(line)
            if m:
                places[m.group(1)] = int(m.group(2))
            m = CALL.match(line)
            if not m or b" = -1 " in line:
                continue
            name = m.group(1)
            if name == b"pwrite64":
                data = bytes.fromhex(m.group(3).replace(b"\\x", b"").decode())
                steps.append((int(m.group(4)), data))
            elif name in (b"fsync", b"fdatasync"):
                steps.append(None)
            elif name == b"copy_file_range":
                at, n = (int(x) for x in COPY.search(line).groups()[1:])
                steps.append((at, final[at:at + n]))
            elif name == b"write":
                if m.group(2) in places:
                    data = bytes.fromhex(m.group(3).replace(b"\\x", b"")
                                         .decode())
                    steps.append((places[m.group(2)], data))
                    places[m.group(2)] += len(data)
            elif name != b"lseek" and not name.startswith(b"syscall_"):
                raise Wrong("it calls " + name.decode())
    return steps


def record(words, image, base, block_size, script=None, env=None):
    """Run @words, which change the file @image.  Refused, if they do not and
    the image is as it was; Wrong, if it is not."""
    log = image + ".strace"
    done = run(["strace", "-f", "-o", log, "-xx", "-s", "16777216", "-e",
                "trace=" + CALLS, *words], input=script or b"",
               env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0",
                        **(env or {})))
    with open(image, "rb") as f:
        final = f.read()
    if done.returncode not in (0, 1) or b"ERROR: AddressSanitizer" in \
            done.stderr:
        raise Wrong("it ended with %d: %s" % (
            done.returncode, done.stderr.decode(errors="replace")))
    if done.returncode:
        if final != base:
            raise Wrong("it failed and changed the image")
        raise Refused(done.stderr.decode(errors="replace").strip())
    steps = read_log(log, final)
    os.unlink(log)
    image = bytearray(base)
    for step in steps:
        if step:
            image[step[0]:step[0] + len(step[1])] = step[1]
    if image != final:
        raise Wrong("not all that was written was recorded")
    return Recording(steps, final, block_size)


def is_commit(data):
    return len(data) >= 12 and \
        struct.unpack_from(">II", data) == (MAGIC, 2)


def tags(epochs):
    """Blocks in the log of the last commit."""
    number, _ = commit_epoch(epochs)
    log = epochs[number - 1]
    return sum(struct.unpack_from(">II", data) != (MAGIC, 1)
               for _, data in log) - 1


class Placed:
    """One state: the writes that it has, and what it may recover to.
    @old, @new: which trees are right.  @torn: the commit block is."""

    def __init__(self, epoch, writes, old, new, torn):
        self.epoch = epoch
        self.writes = writes	# of the epoch; those before are all there
        self.old = old
        self.new = new
        self.torn = torn


def commit_epoch(epochs):
    """The number of the epoch with the last commit block, and where in it; if
    there is none, it was durable before."""
    for number in range(len(epochs) - 1, -1, -1):
        for i, (_, data) in enumerate(epochs[number]):
            if is_commit(data):
                return number, i
    return -1, -1


def torn(rng, at, data):
    """The first sectors of a write, or None where it is not torn."""
    if len(data) <= SECTOR or at < SUPER.stop and at + len(data) > SUPER.start:
        return None
    return (at, data[:rng.randrange(1, -(-len(data) // SECTOR)) * SECTOR])


def choose(rng, n, most):
    """Numbers from 0 to n, the first and last few of them, @most or so."""
    if n + 1 <= most:
        return list(range(n + 1))
    edge = max(1, most // 4)
    some = set(range(edge)) | set(range(n + 1 - edge, n + 1))
    some.update(rng.sample(range(n + 1), min(n + 1, most - 2 * edge)))
    return sorted(some)


def states(epochs, rng, most):
    """Placed, about @most of them.  All prefixes, if these are no more than
    half of that, the rest of the states being random selections and torn
    writes; never the same selection of an epoch twice in a row."""
    commit_at, index = commit_epoch(epochs)
    share = sum(len(e) + 1 for e in epochs)

    def placed(number, chosen, cut=None):
        epoch = epochs[number]
        writes = [epoch[i] for i in chosen]
        both = number == commit_at and (len(epoch) > 1 or cut == index)
        new = number > commit_at or number == commit_at and index in chosen
        if cut is not None:
            part = torn(rng, *epoch[cut])
            if part is None:
                return None
            writes.append(part)
        return Placed(number, writes, both or not new, both or new,
                      number == commit_at and cut == index)

    for number, epoch in enumerate(epochs):
        n = len(epoch)
        few = max(3, most * (n + 1) // (2 * share))
        for k in choose(rng, n, few):
            yield placed(number, range(k))
            if k < n and rng.random() < 0.3:
                yield placed(number, range(k), k)
        if n < 2:
            continue
        for _ in range(max(2, min(few, 2 ** min(n, 20)))):
            p = rng.choice((0.1, 0.5, 0.9))
            chosen = [i for i in range(n) if rng.random() < p]
            rest = [i for i in range(n) if i not in chosen]
            cut = rng.choice(rest) if rest and rng.random() < 0.3 else None
            yield placed(number, chosen, cut)
