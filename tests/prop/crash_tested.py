#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether crash_edits.py would notice.

The program, which must be built with --enable-verify, breaks one rule of an
edit at a time (src/base/broken.h); the states after a crash have to show each.
With no rule broken they must show nothing.  Prints TAP.
"""
import argparse
import os
import random
import shutil
import struct
import sys

sys.dont_write_bytecode = True
import crash_edits  # noqa: E402
import crash_work  # noqa: E402
import ext4read  # noqa: E402
from crash_judge import Judge  # noqa: E402
from crash_log import (COMMIT, DESCRIPTOR, LAST, MAGIC,  # noqa: E402
                       SAME_UUID, WIDE)
from crash_states import Wrong  # noqa: E402

KINDS = "e4pack 1K", "mke2fs 4K ^metadata_csum ^64bit"
PLAIN = "e4pack 1K ^metadata_csum ^64bit"

# What is broken, and edits whose states show it.
RULES = {
    "sync-announce": ["chmod"], "sync-log": ["put", "chmod"],
    "sync-commit": ["put", "chmod"], "sync-home": ["put"],
    "sync-empty": ["put"], "sync-super": ["chmod"],
    "commit-first": ["put"], "home-first": ["put"],
    "sequence": ["chmod"], "freed": ["freed and needed"], "escape": [],
}


class Forged(crash_edits.Bench):
    """Its images have a file whose blocks, written in place, say that they
    are transactions with the number that comes after the next edit.  Their
    copies lie in the log right behind where that edit ends."""

    shift = 0

    def base(self, job):
        base = super().base(job)
        with open(self.host["forged"], "wb") as f:
            f.write(self.forge(base))
        path = os.path.join(self.folder, "image")
        with open(path, "wb") as f:
            f.write(base)
        crash_work.batch(self.program, path, "write /d/h 0 part:0:8192:%s\n"
                         % self.host["forged"], env=self.env)
        with open(path, "rb") as f:
            return f.read()

    def forge(self, base):
        judge = Judge(self.program, self.folder, base)
        judge.close()
        head = base[judge.log_super:judge.log_super + 1024]
        number = struct.unpack_from(">I", head, 24)[0] + 4
        wide = struct.unpack_from(">I", head, 40)[0] & WIDE
        image = ext4read.Image(judge.path)
        home = image.table(0)
        image.close()
        block = struct.pack(">III", MAGIC, DESCRIPTOR, number)
        for i, flags in enumerate((SAME_UUID, SAME_UUID | LAST)):
            block += struct.pack(">IHH", home + i, 0, flags)
            block += bytes(4 if wide else 0)
        pair = (block.ljust(judge.size, b"\0") +
                struct.pack(">III", MAGIC, COMMIT, number)
                .ljust(judge.size, b"\0"))
        return (pair * 9)[self.shift * judge.size:]


def bench_jobs(kind, names):
    every = {**crash_work.VERBS, **crash_work.EDGES}
    return [crash_work.Job(kind, name, every[name]) for name in names]


def attempt(o, make, jobs, rule, rng):
    """Return: what the states of @jobs showed, or None."""
    folder = crash_edits.work_folder(o.folder)
    bench = make(o.e4pack, folder, rng, False,
                 {"E4PACK_BROKEN": rule} if rule else None)
    if rule == "sequence":
        bench.base_env = bench.env
    bench.host["forged"] = os.path.join(folder, "forged")
    try:
        for job in jobs:
            job.most = 100
            bench.attempt(job)
    except (Wrong, ext4read.Damaged) as e:
        return "%s: %s" % (job, e)
    finally:
        shutil.rmtree(folder)
    return None


def show(o, rule, rng):
    names = RULES[rule] if rule else sorted(set(sum(RULES.values(), [])))
    for kind in KINDS if names else ():
        said = attempt(o, crash_edits.Bench, bench_jobs(kind, names), rule,
                       rng)
        if said:
            return said
    for shift in (0, 1) if not rule or rule == "escape" else ():
        Forged.shift = shift
        said = attempt(o, Forged, bench_jobs(PLAIN, ["chmod"]), rule, rng)
        if said:
            return said
    return None


def show_in_time(o, rule, rng):
    """The states are a sample, and times differ between runs: what is broken
    may hide from one of them, but not from three."""
    said = None
    for _ in range(3 if rule else 1):
        said = said or show(o, rule, rng)
    return said


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--verbose", action="store_true")
    o = p.parse_args()
    o.e4pack = os.path.abspath(o.e4pack)
    print("TAP version 13")
    with open(o.e4pack, "rb") as f:
        can = b"E4PACK_BROKEN" in f.read()
    if not can or not shutil.which("strace"):
        print("1..0 # SKIP " + ("strace is not there" if can else
                                "the program is not of a --enable-verify "
                                "build"))
        return 0
    o.folder = crash_edits.work_folder()
    failed = 0
    try:
        print("1..%d" % (1 + len(RULES)))
        for n, rule in enumerate([None, *RULES], 1):
            said = show_in_time(o, rule, random.Random(o.seed))
            wrong = bool(said) == (rule is None)
            failed += wrong
            print("%sok %d - %s" % ("not " if wrong else "", n,
                                    rule or "nothing is broken"))
            if said and (wrong or o.verbose):
                print("# " + said.replace("\n", "\n# "))
            sys.stdout.flush()
    finally:
        shutil.rmtree(o.folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
