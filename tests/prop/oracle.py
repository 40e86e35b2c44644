#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The running kernel as the judge of e4pack batch.

Random scripts run twice: through e4pack batch --new, with both allocators,
and as system calls on a mounted copy of an equal empty image.  Compared are
  - at each df: blocks delayed, against delayed_allocation_blocks in sysfs;
    free blocks, against statfs; the map of each file with its delayed blocks,
    against FIEMAP,
  - at the end, after a sync: names, types, modes, owners, xattrs, links,
    content, the map of holes, unwritten and written blocks, st_blocks, the
    free blocks,
  - what the kernel sees in e4pack's image, against what is in it,
  - in kernel mode: extents, over all scripts, at most a tenth more or less,
  - where tracefs can be had and e4pack traces: blocks reserved, released,
    claimed, inserted as delayed, and allocated.
A difference that is right is in RULES, with its reason.
Prints TAP; a failure names the seed, to be repeated with --seed S --count 1.
"""
import argparse
import json
import multiprocessing
import os
import random
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
import ext4read  # noqa: E402
import fiemap  # noqa: E402
import inline_model  # noqa: E402
import script_model  # noqa: E402
import treecmp  # noqa: E402
from play_script import Player  # noqa: E402
from random_script import Generator, Style  # noqa: E402

KINDS = {
    "1K": ["-b", "1024", "-s", "16M"],
    "4K": ["-b", "4096", "-s", "48M"],
    "bigalloc": ["-b", "1024", "-O", "bigalloc", "-C", "4096", "-s", "64M"],
    "inline_data": ["-b", "4096", "-O", "inline_data", "-s", "48M"],
}
ALLOCATORS = (["--allocator", "kernel"], ["--allocator", "best-fit"])
# The kernel writes a file early that replaces another; a script does not.
MOUNT = "loop,noatime,noauto_da_alloc"
ATTEMPTS = 4

RULES = {
    "written over unwritten":
        "A preallocated block that is written to stays unwritten in the "
        "kernel until its page was written back.  A script has no such time: "
        "it is written at once.  After a sync both say written.",
    "zeroed beside written":
        "Without delayed allocation the kernel does not split a preallocated "
        "extent of up to 32 KiB around a write: it zeroes the rest, which is "
        "written then.  A script splits it, as the kernel does with delayed "
        "allocation.",
    "tree blocks":
        "The blocks of a mapping follow the extents that each side has, and "
        "the kernel's tree keeps the depth that it once had.  They are "
        "counted on both sides and left out of free space and st_blocks.",
    "still in its inode":
        "A file that a delayed write took out of its inode has its bytes "
        "there until it is written back, and FIEMAP tells of nothing else.  "
        "Its blocks are among the delayed ones that are counted.",
    "folders come back":
        "A folder that no longer fits into its inode stays in blocks in the "
        "kernel, and what fits depends on the order of the names' coming and "
        "going.  A script looks at the names that there are, in their order. "
        "Such blocks are left out, too; which folders have some is held "
        "against a model.",
}


class Wrong(Exception):
    pass


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, **more)


class Kind:
    """A sort of image, and how to count in it."""

    def __init__(self, name):
        self.name = name
        self.words = KINDS[name]
        self.bs = int(self.words[1])
        self.ratio = 1
        if "-C" in self.words:
            size = self.words[self.words.index("-C") + 1]
            self.ratio = int(size) // self.bs
        self.inline = name == "inline_data"

    def model(self, host):
        make = inline_model.InlineModel if self.inline else script_model.Model
        return make(self.bs, host)

    def generator(self, rng, model):
        make = inline_model.InlineGenerator if self.inline else Generator
        return make(rng, model, self.style(rng))

    def blocks(self, rows):
        """Blocks that belong to a file with this map: whole clusters."""
        clusters = set()
        for lblk, length, *_ in rows:
            clusters.update(range(lblk // self.ratio,
                                  (lblk + length - 1) // self.ratio + 1))
        return len(clusters) * self.ratio

    def tree_blocks(self, extents):
        """Blocks of the least tree over so many extents."""
        total, level = 0, extents
        while level > 4:
            level = -(-level // ((self.bs - 16) // 12))
            total += level
        return total * self.ratio

    def style(self, rng):
        # Half of what is free stays so: with less the kernel writes back by
        # itself.  All attributes have room in the inode.
        return Style(commands=rng.choice((20, 40, 60)),
                     large=rng.choice((30, 60, 1000)) * self.bs,
                     most_bytes=4000 * self.bs, xattr_lengths=(0, 1, 8))


class FileSeen:
    """A file as one side shows it."""

    def __init__(self, kind, rows, blocks, inline=False):
        """@rows: (lblk, len, status, pblk); @blocks: all that belong to it,
        or None where only the least is known; @inline: has its bytes in its
        inode, too."""
        self.inline = inline
        self.map = []
        self.extents = 0
        end = None
        for lblk, length, status, pblk in rows:
            last = self.map[-1] if self.map else None
            touches = last and last[0] + last[1] == lblk and \
                last[2] == status
            if status != "delayed" and not (touches and end == pblk):
                self.extents += 1
            end = pblk + length
            if touches:
                last[1] += length
            else:
                self.map.append([lblk, length, status])
        self.data = kind.blocks(self.map)
        self.least_tree = kind.tree_blocks(self.extents)
        self.tree = self.least_tree if blocks is None or inline else \
            blocks - self.data

    def letters(self):
        out = []
        for lblk, length, status in self.map:
            out.extend("h" * (lblk - len(out)))
            out.extend(status[0] * length)
        return out


class Shot:
    """Everything at one moment."""

    def __init__(self, free, dirty, files, folders):
        """@folders: blocks of each that may have none."""
        self.free = free
        self.dirty = dirty
        self.files = files
        self.folders = folders

    def space(self):
        """Free blocks if mappings needed none, nor folders that need not."""
        seen = {id(f): f for f in self.files.values()}
        return self.free + sum(f.tree for f in seen.values()) + \
            sum(self.folders.values())


class Trace:
    """Sums over the events of a trace in the kernel's format."""

    EVENTS = {
        "ext4_da_reserve_space": r"reserve_blocks (\d+)",
        "ext4_da_release_space": r"freed_blocks (\d+)",
        "ext4_da_update_reserve_space": r"used_blocks (\d+)",
        "ext4_es_insert_delayed_extent": r"es \[\d+/(\d+)\)",
        "ext4_allocate_blocks": r"flags \S*HINT_DATA\S* len (\d+)",
    }

    def __init__(self, lines):
        self.sums = dict.fromkeys(self.EVENTS, 0)
        for line in lines:
            found = re.search(r"\b(ext4_\w+): ", line)
            if found and found.group(1) in self.EVENTS:
                number = re.search(self.EVENTS[found.group(1)], line)
                if number:
                    self.sums[found.group(1)] += int(number.group(1))


class Tracer:
    """An instance of tracefs for one worker, or nothing."""

    def __init__(self, work):
        self.top = None
        fs = "/sys/kernel/tracing"
        if not os.path.exists(fs + "/instances"):
            fs = os.path.join(work, "tracefs")
            os.mkdir(fs)
            if run("mount", "-t", "tracefs", "none", fs).returncode:
                return
        top = os.path.join(fs, "instances", os.path.basename(work))
        try:
            os.mkdir(top)
        except OSError:
            return
        self.top = top
        self.put("buffer_size_kb", "4096")

    def put(self, name, text):
        with open(os.path.join(self.top, name), "w") as f:
            f.write(text)

    def start(self, device):
        if not self.top:
            return
        number = os.major(device) << 20 | os.minor(device)
        for event in Trace.EVENTS:
            self.put("events/ext4/%s/filter" % event, "dev == %d" % number)
            self.put("events/ext4/%s/enable" % event, "1")
        self.put("trace", "")

    def stop(self):
        """Return: the trace, or None."""
        if not self.top:
            return None
        for event in Trace.EVENTS:
            self.put("events/ext4/%s/enable" % event, "0")
        with open(os.path.join(self.top, "trace")) as f:
            return Trace(f)

    def close(self, work):
        if self.top:
            os.rmdir(self.top)
        if os.path.ismount(os.path.join(work, "tracefs")):
            run("umount", os.path.join(work, "tracefs"))


class Seen:
    """What one side shows of one script."""

    def __init__(self):
        self.shots = []		# one for each df, and one for the end
        self.tree = None	# of treecmp
        self.trace = None	# or None


class Kernel:
    """Plays scripts on mounts."""

    def __init__(self, work):
        self.mount = os.path.join(work, "mnt")
        os.mkdir(self.mount)
        self.tracer = Tracer(work)

    def play(self, kind, options, image, commands, host):
        done = run("mount", "-o", MOUNT + options, image, self.mount)
        if done.returncode:
            raise Wrong("mount: " + done.stderr.decode())
        try:
            return self.steps(kind, commands, host)
        finally:
            run("umount", self.mount)

    def look(self, kind, image):
        """The maps and the tree of an image as it is."""
        done = run("mount", "-o", "ro,loop,noatime", image, self.mount)
        if done.returncode:
            raise Wrong("mount of the image: " + done.stderr.decode())
        try:
            device = os.stat(self.mount).st_dev
            return self.shot(kind, device), treecmp.load_dir(self.mount)
        finally:
            run("umount", self.mount)

    def delayed(self, device):
        name = os.path.basename(os.readlink("/sys/dev/block/%d:%d" % (
            os.major(device), os.minor(device))))
        with open("/sys/fs/ext4/%s/delayed_allocation_blocks" % name) as f:
            return int(f.read())

    def file(self, kind, path):
        rows, bs, inline = [], kind.bs, False
        for logical, physical, length, flags in fiemap.extents(path):
            if flags & fiemap.INLINE:
                inline = True
                continue
            status = "delayed" if flags & fiemap.DELAYED else \
                "unwritten" if flags & fiemap.UNWRITTEN else "written"
            rows.append((logical // bs, length // bs, status,
                         physical // bs))
        return FileSeen(kind, rows, os.stat(path).st_blocks * 512 // bs,
                        inline)

    def shot(self, kind, device):
        s = os.statvfs(self.mount)
        dirty = self.delayed(device)
        files, inodes, folders = {}, {}, {}
        for folder, below, names in os.walk(self.mount):
            for name in below if kind.inline else ():
                path = os.path.join(folder, name)
                if path != self.mount + "/lost+found":
                    folders[path[len(self.mount):]] = \
                        os.lstat(path).st_blocks * 512 // kind.bs
            for name in names:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                if stat.S_ISREG(st.st_mode):
                    if st.st_ino not in inodes:
                        inodes[st.st_ino] = self.file(kind, path)
                    files[path[len(self.mount):]] = inodes[st.st_ino]
        return Shot(s.f_bfree * s.f_frsize // kind.bs, dirty, files, folders)

    def steps(self, kind, commands, host):
        seen, player = Seen(), Player(self.mount, host)
        device = os.stat(self.mount).st_dev
        self.tracer.start(device)
        for command in commands:
            if command[0] == "df":
                seen.shots.append(self.shot(kind, device))
            elif command[0] != "es":
                player.run(command)
        player.run_sync()
        seen.trace = self.tracer.stop()
        seen.shots.append(self.shot(kind, device))
        seen.tree = treecmp.load_dir(self.mount)
        return seen


class Program:
    def __init__(self, path):
        self.path = path
        self.traces = b"--trace" in run(path, "batch", "--help").stdout

    def batch(self, words, image, text=b""):
        done = run(self.path, "batch", "--new", "-q", "-F", "--json", *words,
                   image, input=text)
        if done.returncode:
            raise Wrong("batch: status %d: %s" % (
                done.returncode, done.stderr.decode(errors="replace")[-2000:]))
        return [json.loads(row) for row in done.stdout.splitlines()]

    def play(self, kind, words, image, commands, host):
        """The script with an es of every file after each df and, after a
        sync, at the end."""
        words, text = kind.words + words, b""
        model = kind.model(host)
        asked, folders = [], []
        for command in [*commands, ("sync",), ("df",)]:
            text += script_model.script([command], host)
            model.run(command)
            asked.append(None)
            if command[0] == "df":
                files = [p for p, n in model.walk()
                         if n.kind == stat.S_IFREG]
                text += script_model.script([("es", p) for p in files], host)
                asked.extend(files)
                folders.append(model.folders() if kind.inline else {})
        trace = image + ".trace"
        if self.traces:
            words = words + ["--trace", trace, "--trace-format", "kernel"]
        seen = Seen()
        for row, path in zip(self.batch(words, image, text), asked):
            if row["command"] == "df":
                # As statfs counts: what is promised is not free.
                seen.shots.append(Shot(row["free"] - row["dirty"],
                                       row["dirty"], {},
                                       folders.pop(0)))
                inodes = {}
            elif path:
                if row["inode"] not in inodes:
                    inodes[row["inode"]] = FileSeen(kind, [
                        (e["lblk"], e["len"], e["status"], e.get("pblk", 0))
                        for e in row["extents"] if e["status"] != "hole"],
                        None)
                seen.shots[-1].files[path] = inodes[row["inode"]]
        if self.traces:
            with open(trace) as f:
                seen.trace = Trace(f)
        self.end(kind, image, seen)
        return seen

    def end(self, kind, image, seen):
        """One more shot: what is in the image."""
        e = ext4read.Image(image)
        free, = struct.unpack("<I", e.bytes(1024 + 0x0C, 4))
        inodes, files, folders = {}, {}, {}
        for path, inode in e.walk():
            if kind.inline and stat.S_ISDIR(inode.mode) and \
                    path not in (b"", b"lost+found"):
                folders["/" + os.fsdecode(path)] = \
                    inode.blocks * 512 // kind.bs
            if not stat.S_ISREG(inode.mode):
                continue
            if inode.number not in inodes:
                rows = [] if inode.flags & ext4read.INLINE_FL else [
                    (x.lblk, x.len, "written" if x.written else "unwritten",
                     x.pblk) for x in inode.extents()]
                inodes[inode.number] = FileSeen(
                    kind, rows, inode.blocks * 512 // kind.bs)
            files["/" + os.fsdecode(path)] = inodes[inode.number]
        e.close()
        seen.shots.append(Shot(free, 0, files, folders))
        seen.tree = treecmp.load_image(image, 0)


def compare_mounted(kernel, kind, image, seen):
    """The kernel sees in the image what is in it."""
    shot, tree = kernel.look(kind, image)
    yield from tree_differences(seen.tree, tree)
    for path, f in seen.shots[-1].files.items():
        there = shot.files.get(path)
        if there and (there.map, there.data, there.tree) != (f.map, f.data,
                                                             f.tree):
            yield "the kernel in the image: %s: %s, in it %s" % (
                path, vars(there), vars(f))


class Untimed(treecmp.Comparison):
    """Trees without times, which a script counts in another way."""

    def times(self, path, want, got):
        pass


def tree_differences(one, other):
    options = argparse.Namespace(
        owner=None, clamp=None, times="ignore", no_xattrs=False,
        skip_xattr=["system.data"], no_holes=True, no_root=True,
        block_size=None, inode_size=None)
    return Untimed(options, one, other).run()


def excused(kernel, ours, model, nodelalloc):
    """Whether the status of one block may differ as it does, by the rules."""
    if (kernel, ours) == ("u", "w"):
        return model == "w"		# "written over unwritten"
    if (kernel, ours) == ("w", "u"):
        return model == "u" and nodelalloc	# "zeroed beside written"
    return False


def compare_maps(where, kernel, ours, model, nodelalloc):
    """Maps of one moment."""
    for path in sorted(set(kernel) | set(ours)):
        if path not in kernel or path not in ours:
            yield "%s: %s is on one side only" % (where, path)
            continue
        k, o = kernel[path].letters(), ours[path].letters()
        if kernel[path].inline and model.get(path).moving:
            k = [x if x == "h" else "d" for x in o]	# "still in its inode"
        blocks = model.get(path).blocks
        if len(k) != len(o) or any(
                a != b and not excused(a, b, c, nodelalloc)
                for a, b, c in zip(k, o, blocks)):
            yield "%s: map of %s:\n  kernel %s\n  e4pack %s" % (
                where, path, "".join(k), "".join(o))


def compare_shot(where, kernel, ours, model, nodelalloc):
    if kernel.dirty != ours.dirty:
        yield "%s: dirty: kernel %d, e4pack %d" % (where, kernel.dirty,
                                                   ours.dirty)
    if kernel.space() != ours.space():
        yield "%s: free and tree blocks: kernel %d + %d, e4pack %d + %d" % (
            where, kernel.free, kernel.space() - kernel.free, ours.free,
            ours.space() - ours.free)
    yield from compare_maps(where, kernel.files, ours.files, model,
                            nodelalloc)


def compare_trees(kernel, ours):
    yield from tree_differences(kernel.tree, ours.tree)
    for path, k in kernel.shots[-1].files.items():
        o = ours.shots[-1].files.get(path)
        if o and (k.data != o.data or o.tree != o.least_tree or
                  k.tree < k.least_tree):
            yield "%s: blocks: kernel %d + %d (%d), e4pack %d + %d (%d)" % (
                path, k.data, k.tree, k.least_tree, o.data, o.tree,
                o.least_tree)


def compare(kind, kernel, ours, commands, host, nodelalloc):
    model = kind.model(host)
    shots = iter(zip(kernel.shots, ours.shots))
    out = []
    for i, command in enumerate(commands):
        model.run(command)
        if command[0] == "df":
            out += compare_shot("line %d" % (i + 1), *next(shots), model,
                                nodelalloc)
    out += compare_shot("after the last sync", *next(shots), model,
                        nodelalloc)
    out += compare_shot("the image", kernel.shots[-1], ours.shots[-1], model,
                        nodelalloc)
    out += compare_trees(kernel, ours)
    if kind.inline and ours.shots[-1].folders != model.folders():
        out.append("folders: %s, expected %s" % (ours.shots[-1].folders,
                                                 model.folders()))
    if kernel.trace and ours.trace:
        out += compare_traces(kernel.trace.sums, ours.trace.sums)
    return out


def compare_traces(kernel, ours):
    for event, k in kernel.items():
        if k != ours[event]:
            yield "trace: %s: kernel %d, e4pack %d" % (event, k, ours[event])


class Total:
    """Extents of all scripts."""

    def __init__(self):
        self.scripts = 0
        self.kernel = 0
        self.ours = 0
        self.wrong = []

    def add(self, other):
        self.scripts += other.scripts
        self.kernel += other.kernel
        self.ours += other.ours
        self.wrong += other.wrong


def extents(shot):
    seen = {id(f): f for f in shot.files.values()}
    return sum(f.extents for f in seen.values())


class Oracle:
    def __init__(self, program, host, work):
        self.program = program
        self.host = host
        self.work = work
        self.kernel = Kernel(work)

    def script(self, kind, seed, total):
        rng = random.Random("%s %d" % (kind.name, seed))
        model = kind.model(self.host)
        commands = kind.generator(rng, model).commands()
        # One in five without delay on either side.
        words = ["--nodelalloc"] if seed % 5 == 4 else []
        options = ",nodelalloc" if words else ""
        ours = []
        made = os.path.join(self.work, "made")
        image = os.path.join(self.work, "image")
        for allocator in ALLOCATORS:
            ours.append(self.program.play(kind, allocator + words, made,
                                          commands, self.host))
        for _ in range(ATTEMPTS):
            # The kernel may have written back before it was asked to.
            self.program.batch(kind.words + ALLOCATORS[0], image)
            kernel = self.kernel.play(kind, options, image, commands,
                                      self.host)
            out = []
            for allocator, side in zip(ALLOCATORS, ours):
                out += [(" ".join(allocator + words), d) for d in compare(
                    kind, kernel, side, commands, self.host, bool(words))]
            if not out:
                break
        out += [("image", d) for d in compare_mounted(
            self.kernel, kind, made, ours[-1])]
        total.kernel += extents(kernel.shots[-1])
        total.ours += extents(ours[0].shots[-1])
        if out:
            raise Wrong("\n".join("%s: %s" % d for d in out[:20]))

    def run(self, name, seeds, until):
        kind, total = Kind(name), Total()
        for seed in seeds:
            if time.monotonic() > until:
                break
            total.scripts += 1
            try:
                self.script(kind, seed, total)
            except (Wrong, OSError, ext4read.Damaged,
                    subprocess.TimeoutExpired) as e:
                total.wrong.append("seed %d: %s" % (seed, e))
        return total

    def close(self):
        if os.path.ismount(self.kernel.mount):
            run("umount", "-l", self.kernel.mount)
        self.kernel.tracer.close(self.work)


def worker(job):
    program, host, name, seeds, until = job
    work = tempfile.mkdtemp(prefix="e4pack-oracle.",
                            dir=os.path.dirname(host.path))
    oracle = Oracle(program, host, work)
    try:
        return oracle.run(name, seeds, until)
    finally:
        oracle.close()


def can_mount(program, work):
    image, mount = os.path.join(work, "probe"), os.path.join(work, "probed")
    os.mkdir(mount)
    program.batch(KINDS["1K"], image)
    try:
        ok = run("mount", "-o", MOUNT, image, mount).returncode == 0
    except OSError:
        return False
    if ok:
        run("umount", mount)
    return ok


def judge(program, host, name, o):
    """Return: a Total of all seeds of this kind."""
    seeds = range(o.seed, o.seed + o.count)
    until = time.monotonic() + o.seconds
    step = max(1, min(25, -(-o.count // o.jobs)))
    jobs = [(program, host, name, seeds[i:i + step], until)
            for i in range(0, len(seeds), step)]
    total = Total()
    with multiprocessing.Pool(o.jobs) as pool:
        for part in pool.imap(worker, jobs):
            total.add(part)
    if not total.scripts:
        total.wrong.append("no time for a script")
    if total.scripts >= 20 and \
            abs(total.ours - total.kernel) * 10 > total.kernel:
        total.wrong.append("extents: kernel %d, e4pack %d" % (total.kernel,
                                                              total.ours))
    return total


def tell(number, name, total):
    print("%sok %d %s: %d scripts, %d failed; extents: kernel %d, "
          "e4pack %d" % ("not " if total.wrong else "", number, name,
                         total.scripts, len(total.wrong), total.kernel,
                         total.ours))
    for said in total.wrong[:10]:
        print("\n".join("# " + row for row in said.splitlines()))
    sys.stdout.flush()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--e4pack", default="src/e4pack")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=50, help="for each kind")
    p.add_argument("--seconds", type=float, default=60, help="for each kind")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--kind", choices=KINDS, action="append")
    o = p.parse_args()
    work = tempfile.mkdtemp(prefix="e4pack-oracle.")
    ok = True
    try:
        program = Program(os.path.abspath(o.e4pack))
        host = script_model.Host(os.path.join(work, "host"))
        kinds = o.kind or list(KINDS)
        if not can_mount(program, work):
            print("1..0 # SKIP no loop mounts of ext4 here")
            return 0
        print("1..%d" % len(kinds))
        for number, name in enumerate(kinds, 1):
            total = judge(program, host, name, o)
            tell(number, name, total)
            ok = ok and not total.wrong
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
