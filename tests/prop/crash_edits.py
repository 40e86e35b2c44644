#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits that lose power at any instant.

Each edit of a list runs once under strace.  From what it wrote and when it
waited, states are made that the disk may be in after a crash
(tests/lib/crash_states.py).  Each is recovered by e2fsck -E journal_only, by
e2fsck -p, by e4pack journal --replay and now and then by the kernel, all of
which must leave a clean image with the same tree (tests/lib/crash_judge.py):
exactly the old one before the commit block is written, exactly the new one
afterwards.  The images and edits are in tests/lib/crash_work.py.

A state counts once, by its bytes.  Prints TAP and the number of states.
"""
import argparse
import hashlib
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
import crash_states  # noqa: E402
import crash_work  # noqa: E402
from crash_judge import Judge  # noqa: E402
from crash_states import Refused, Wrong, run  # noqa: E402
from ext4read import Damaged  # noqa: E402

PIECE = 24	# jobs that share a base
AGAIN = 50	# one of so many states is recovered whatever it is
STOP = multiprocessing.Event()	# enough is known


class Bench:
    """Images, and the states of edits to them."""

    def __init__(self, program, folder, rng, kernel, env=None):
        self.program = program
        self.folder = folder
        self.rng = rng
        self.kernel = kernel
        self.env = env		# of the edit
        self.base_env = None	# of those before
        self.host = crash_work.host_files(folder)
        self.bases = {}
        self.seen = set()
        self.tags = set()
        self.mounts = self.recovered = 0

    def base(self, job):
        key = job.base()
        if key not in self.bases:
            self.bases[key] = crash_work.make_base(
                self.program, self.folder, *key, env=self.base_env)
        return self.bases[key]

    def record(self, job, base, words, script=""):
        image = os.path.join(self.folder, "image")
        with open(image, "wb") as f:
            f.write(base)
        return crash_states.record(
            [*words, image], image, base, crash_work.block_size(job.kind),
            script.encode(), self.env)

    def fill_log(self, job, base, batch):
        """The edit that takes most of the log and is not refused."""
        for n in crash_work.FULL:
            job.script = crash_work.in_place(job.kind, n)
            try:
                return self.record(job, base, batch, job.script)
            except Refused as e:
                if "blocks of journal" not in str(e):
                    raise
        raise Wrong("%s: %d blocks do not fit into its log" % (job, n))

    def edit(self, job):
        """Return: the image before, and what happened to it."""
        base, script = self.base(job), job.script % self.host
        batch = [self.program, "batch", "-q"]
        if job.way == "full":
            return base, self.fill_log(job, base, batch)
        if job.way in ("", "virgin"):
            return base, self.record(job, base, batch, script)
        left = self.record(job, base, [*batch, "--journal-only"], script)
        if job.way == "journal-only":
            return base, left
        base = left.final
        if job.way == "replay":
            return base, self.record(job, base,
                                     [self.program, "journal", "--replay"])
        return base, self.record(job, base, batch, "put random:1:3000 /zz\n")

    def attempt(self, job):
        """Return: how many states of @job were judged, never before."""
        base, did = self.edit(job)
        epochs = did.epochs()
        if epochs[-1]:
            raise Wrong("it ended well with writes that nobody waited for")
        name = hashlib.blake2b(base, digest_size=12).digest()
        judge = Judge(self.program, self.folder, base)
        try:
            if crash_states.commit_epoch(epochs)[0] > 0:
                self.tags.add(crash_states.tags(epochs))
            return self.states(job, judge, epochs, name)
        finally:
            self.mounts += judge.mounts
            self.recovered += judge.recovered
            judge.close()

    def states(self, job, judge, epochs, name):
        ends, done = [{}], {}
        for epoch in epochs:
            done = judge.merge(done, epoch)
            ends.append(done)
        old, new = judge.judge({}), judge.judge(done)
        if old == new and job.way != "replay":
            raise Refused("it changed nothing")
        n = 0
        for s in crash_states.states(epochs, self.rng, job.most):
            if STOP.is_set():
                break
            if s is None:
                continue
            blocks = judge.merge(ends[s.epoch], s.writes)
            key = name + judge.key(blocks)
            if key in self.seen:
                continue
            self.seen.add(key)
            n += 1
            dice = self.rng.randrange(AGAIN)
            kernel = self.kernel and dice < 2
            right = {old} if s.old else set()
            right |= {new} if s.new else set()
            if s.torn:
                found = judge.judge_torn(blocks, kernel)
            else:
                found = {judge.judge(blocks, dice == 0, kernel)}
            if not found <= right:
                raise Wrong("epoch %d, %d of its writes: %s" % (
                    s.epoch, len(s.writes), "the old tree" if old in found
                    else "the new tree" if new in found else
                    "neither the old tree nor the new one"))
        return n


def can_mount(folder):
    """Whether this user may mount images of this kernel."""
    image, root = os.path.join(folder, "try"), os.path.join(folder, "mnt")
    os.makedirs(root, exist_ok=True)
    run(["mke2fs", "-q", "-F", "-t", "ext4", image, "4M"])
    done = run(["mount", "-t", "ext4", "-o", "loop", image, root])
    if not done.returncode:
        run(["umount", root])
    os.unlink(image)
    return done.returncode == 0


def work_folder(parent=None):
    if not parent and os.access("/dev/shm", os.W_OK):
        parent = "/dev/shm"
    return tempfile.mkdtemp(prefix="e4pack-crash.", dir=parent)


def do_piece(arguments):
    """Return: keys of states; numbers of mounts, recoveries and edits; tags;
    refusals; failures."""
    o, kernel, number, jobs = arguments
    folder = work_folder(o.folder)
    refused, wrong, n = [], [], 0
    bench = Bench(o.e4pack, folder, random.Random(o.seed * 10**6 + number),
                  kernel)
    try:
        for job in jobs:
            if STOP.is_set():
                break
            n += 1
            try:
                bench.attempt(job)
            except Refused as e:
                refused.append("%s: %s" % (job, e))
            except (Wrong, Damaged) as e:
                wrong.append("%s: %s\n%s" % (job, e, job.script[:500]))
    except (Wrong, Damaged) as e:
        wrong.append("%s: %s" % (jobs[0].kind, e))
    finally:
        shutil.rmtree(folder)
    counts = Counter(mounts=bench.mounts, recovered=bench.recovered, edits=n)
    return bench.seen, counts, bench.tags, refused, wrong


def pieces(jobs, rng, size):
    """Lists of jobs with the same base, in random order."""
    by_base, out = {}, []
    for job in jobs:
        by_base.setdefault(job.base(), []).append(job)
    for group in by_base.values():
        rng.shuffle(group)
        out += [group[i:i + size] for i in range(0, len(group), size)]
    rng.shuffle(out)
    return out


def long_run(o, kernel):
    rng = random.Random(o.seed)
    few = 0 < o.states < 20000
    jobs = [job for job in crash_work.all_jobs(rng)
            if not o.only or re.search(o.only, str(job))]
    work = pieces(jobs, rng, 2 if few else PIECE)
    for piece in work:
        for job in piece:
            job.most = 25 if few else o.per_edit
    until = time.time() + o.seconds
    seen, tags, refused, wrong = set(), set(), [], []
    counts = Counter()
    tasks = [(o, kernel, n, piece) for n, piece in enumerate(work)]
    with multiprocessing.Pool(o.jobs or os.cpu_count()) as pool:
        for keys, c, t, r, w in pool.imap_unordered(do_piece, tasks):
            seen |= keys
            tags |= t
            counts += c
            refused += r
            wrong += w
            if o.progress:
                print("# %d states, %d wrong" % (len(seen), len(wrong)),
                      file=sys.stderr, flush=True)
            if 0 < o.states <= len(seen) or time.time() > until or \
                    len(wrong) > 9:
                STOP.set()
    if o.verbose:
        for text in sorted(refused):
            print("# refused: " + text.replace("\n", "\n# "))
    print("# tags in a transaction: " + " ".join(map(str, sorted(tags))))
    return ["%d states after a crash are the old tree or the new one "
            "(of %d edits of %d, %d of them refused; %d recovered thrice, "
            "%d mounted)" % (
                len(seen), counts["edits"], len(jobs), len(refused),
                counts["recovered"], counts["mounts"])], [wrong]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--states", type=int, default=500,
                   help="stop after so many; 0: when all edits are done")
    p.add_argument("--per-edit", type=int, default=60)
    p.add_argument("--seconds", type=int, default=3600)
    p.add_argument("--jobs", type=int, default=0,
                   help="processes; 0: as many as there are processors")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", help="of the edits that are named so")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--progress", action="store_true")
    o = p.parse_args()
    o.e4pack = os.path.abspath(o.e4pack)
    print("TAP version 13")
    if not shutil.which("strace"):
        print("1..0 # SKIP strace is not there")
        return 0
    o.folder = work_folder()
    try:
        kernel = os.geteuid() == 0 and can_mount(o.folder)
        names, wrong = long_run(o, kernel)
    finally:
        shutil.rmtree(o.folder)
    print("1..%d" % len(names))
    for n, (name, texts) in enumerate(zip(names, wrong), 1):
        print("%sok %d - %s" % ("not " if texts else "", n, name))
        for text in texts:
            print("\n".join("# " + line for line in text.split("\n")))
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
