#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One pending log, and all who replay it.

On each kind of image an edit is left in the log (--journal-only).  e2fsck -E
journal_only, e2fsck -p, e4pack journal --replay and a mount by the kernel each
leave the same tree, clean, and not the one before the edit.  Prints TAP, one
line for each kind.
"""
import argparse
import multiprocessing
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
import crash_edits  # noqa: E402
import crash_work  # noqa: E402
from crash_judge import Judge  # noqa: E402
from crash_states import Refused, Wrong  # noqa: E402
from ext4read import Damaged  # noqa: E402


def jobs_of(kind, rng, few):
    every = {**crash_work.VERBS, **crash_work.EDGES}
    names = sorted(every)
    jobs = [crash_work.Job(kind, name, every[name], "journal-only")
            for name in (rng.sample(names, few) if few else names)]
    return jobs + [crash_work.Job(kind, name, crash_work.in_place(kind, n),
                                  "journal-only", 256)
                   for name, n in crash_work.LARGE.items() if not few]


def recovered(bench, image, kernel):
    judge = Judge(bench.program, bench.folder, image)
    try:
        return judge.recover({}, kernel)
    finally:
        judge.close()


def replay_all(bench, job):
    base, left = bench.edit(job)
    if recovered(bench, base, False) == recovered(bench, left.final,
                                                  bench.kernel):
        raise Wrong("the tree is the one before the edit")


def attempt(arguments):
    """Return: number of edits replayed and refused, failures."""
    o, kind, number, kernel = arguments
    rng = random.Random(o.seed * 1000 + number)
    folder = crash_edits.work_folder(o.folder)
    done, refused, wrong = 0, 0, []
    try:
        bench = crash_edits.Bench(o.e4pack, folder, rng, kernel)
        for job in jobs_of(kind, rng, o.few):
            try:
                replay_all(bench, job)
                done += 1
            except Refused:
                refused += 1
            except (Wrong, Damaged) as e:
                wrong.append("%s: %s\n%s" % (job, e, job.script[:500]))
    except (Wrong, Damaged) as e:
        wrong.append(str(e))
    finally:
        shutil.rmtree(folder)
    return kind, done, refused, wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--few", type=int, default=3,
                   help="edits on each kind of image; 0: all")
    p.add_argument("--jobs", type=int, default=0,
                   help="processes; 0: as many as there are processors")
    o = p.parse_args()
    o.e4pack = os.path.abspath(o.e4pack)
    print("TAP version 13")
    if not shutil.which("strace"):
        print("1..0 # SKIP strace is not there")
        return 0
    print("1..%d" % len(crash_work.KINDS))
    o.folder = crash_edits.work_folder()
    failed = 0
    try:
        kernel = os.geteuid() == 0 and crash_edits.can_mount(o.folder)
        tasks = [(o, kind, n, kernel)
                 for n, kind in enumerate(crash_work.KINDS)]
        with multiprocessing.Pool(o.jobs or os.cpu_count()) as pool:
            for n, (kind, done, refused, wrong) in enumerate(
                    pool.imap(attempt, tasks), 1):
                failed += bool(wrong)
                print("%sok %d - %s: %d edits replayed by %s, %d refused" % (
                    "not " if wrong else "", n, kind, done, "all with the "
                    "kernel" if kernel else "all but the kernel", refused))
                for text in wrong:
                    print("# " + text.replace("\n", "\n# "))
                sys.stdout.flush()
    finally:
        shutil.rmtree(o.folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
