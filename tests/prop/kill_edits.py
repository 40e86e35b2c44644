#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits that are killed at any system call.

For each edit of a list and each system call that it makes, strace delivers a
signal on entering the call.  After SIGKILL the image has to be exactly the
old tree or the new one, by e2fsck's recovery and by our own; and the new one
at every later call, once it is.  After SIGTERM it is the old one and nothing
is left behind, or the edit goes on to its end.  A last write is also torn
between two pages, which needs no strace; and the system calls that
fail_edits.py does not reach fail.  Prints TAP and the number of runs.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "lib"))
import edit_cases  # noqa: E402
from edit_cases import Wrong  # noqa: E402

CALL = re.compile(rb"^(\d+) +(\w+)\(")
TEMPORARY = re.compile(r"\.image\.\d+\.\d+\.tmp$")
TERM_STATUS = 128 + signal.SIGTERM
# They end it, cannot fail, or are reached by fail_edits.py.
NEVER_FAIL = set("""execve exit exit_group brk mmap munmap mprotect futex
    rt_sigaction rt_sigprocmask rt_sigreturn clock_gettime clone clone3 rseq
    set_robust_list getpid gettid geteuid getuid openat open read pread64
    write pwrite64 fsync ftruncate rename renameat renameat2 copy_file_range
    close madvise""".split())


def can_trace():
    if not shutil.which("strace"):
        return False
    return edit_cases.run(["strace", "-f", "-o", "/dev/null",
                           "true"]).returncode == 0


def trace(case):
    """The calls of an undisturbed run, in order: (name, the how manyth of
    its thread, whether the program itself runs already)."""
    log = os.path.join(case.bench.here, "calls")
    done = case.run({}, before=["strace", "-f", "-qq", "-o", log])
    if done.returncode:
        raise Wrong("it fails when only traced: %r" % done.stderr)
    calls, counts, started = [], {}, False
    with open(log, "rb") as f:
        for line in f:
            m = CALL.match(line)
            # Not what strace has no name for: it cannot be chosen.
            if not m or m.group(2).startswith(b"syscall_"):
                continue
            counts[m.groups()] = counts.get(m.groups(), 0) + 1
            name = m.group(2).decode()
            # Catching signals is the first that it does.
            started = started or name == "rt_sigaction"
            calls.append((name, counts[m.groups()], started))
    return calls[1:]


def inject(case, name, n, what):
    try:
        return case.run({}, before=[
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + name,
            "-e", "inject=%s:%s:when=%d" % (name, what, n)])
    except subprocess.TimeoutExpired:
        raise Wrong("it hangs")


def check_left(case):
    """What cannot clean up leaves nothing but a copy under its own name."""
    for name in case.left_behind():
        if not TEMPORARY.match(name):
            raise Wrong("it left %s" % name)


def check_kill(case, call):
    """Return: what the image is, or None where the call did not come."""
    done = inject(case, *call[:2], "signal=KILL")
    if done.returncode != -signal.SIGKILL:
        case.check(done)
        return None
    check_left(case)
    return case.check_killed()


def check_term(case, call):
    done = inject(case, *call[:2], "signal=TERM")
    if done.returncode not in (TERM_STATUS, -signal.SIGTERM):
        case.check(done)
        return
    if case.left_behind():
        raise Wrong("it left %s" % case.left_behind())
    if case.judge() == "new":
        raise Wrong("ended by SIGTERM it is the new tree")


def check_error(case, call):
    case.check(inject(case, *call[:2], "error=EIO"))


def check_torn(case, library, n, what):
    done = case.run({"LD_PRELOAD": library,
                     "FAILNTH": "write:%d:1:%s" % (n, what)})
    if done.returncode != -signal.SIGKILL:
        raise Wrong("it ended with %d" % done.returncode)
    check_left(case)
    return case.check_killed()


def in_order(found):
    """@found: what the image was, by when it was killed."""
    seen = None
    for what, place in found:
        if what == "old" and seen:
            raise Wrong("new when killed at %s, old at %s" % (seen, place))
        if what == "new" and not seen:
            seen = place


class Runs:
    """A series of runs that all have to come out right."""

    def __init__(self):
        self.count, self.wrong = 0, []

    def one(self, what, check, *args):
        self.count += 1
        try:
            return check(*args)
        except (Wrong, edit_cases.ext4read.Damaged) as e:
            self.wrong.append("%s: %s" % (what, e))


def sample(rng, things, most):
    """@most of them (0: all), in their order, the last of all among them."""
    if not most or most >= len(things):
        return list(things)
    some = sorted(rng.sample(range(len(things) - 1), most - 1))
    return [things[i] for i in some] + things[-1:]


def kill(case, runs, rng, most):
    found = []
    for call in sample(rng, trace(case), most):
        place = "%s %d" % call[:2]
        what = runs.one("killed at " + place, check_kill, case, call)
        # Others come more or less often from run to run: a loop device that
        # somebody else makes is looked at, too.
        if what and call[0] in ("pwrite64", "fsync"):
            found.append((what, place))
    runs.one("the order", in_order, found)


def end(case, runs, rng, most):
    for call in sample(rng, trace(case), most):
        runs.one("ended at %s %d" % call[:2], check_term, case, call)


def fail(case, runs, rng, most):
    calls = [c for c in trace(case) if c[2] and c[0] not in NEVER_FAIL]
    for call in sample(rng, calls, most):
        runs.one("%s %d fails" % call[:2], check_error, case, call)


def tear(case, runs, rng, most, library):
    path = os.path.join(case.bench.here, "counts")
    case.run({"LD_PRELOAD": library, "FAILNTH_COUNT": path})
    with open(path) as f:
        counts = dict(line.split() for line in f)
    found = []
    todo = [(n, what) for n in range(1, int(counts["write"]) + 1)
            for what in ("kill", "torn")]
    for n, what in sample(rng, todo, most):
        place = "write %d, %s" % (n, what)
        left = runs.one(place, check_torn, case, library, n, what)
        if left:
            found.append((left, place))
    runs.one("the order", in_order, found)


def series(traced, library):
    """(name, share of the runs, function) or (name, reason to skip)."""
    reason = None if traced else "strace cannot trace here"
    for name, share, how in (("SIGKILL", 5, kill), ("SIGTERM", 2, end),
                             ("errors", 2, fail)):
        yield name, share, how, reason
    yield ("torn writes", 3, lambda *args: tear(*args, library),
           None if library else "no shared object can be built")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--count", type=int, default=300,
                   help="runs in all; 0: every call")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", help="the name of a case")
    o = p.parse_args()
    program = os.path.abspath(o.e4pack)
    if edit_cases.is_sanitized(program):
        print("TAP version 13\n1..0 # SKIP a sanitizer is not to be traced")
        return 0
    here = edit_cases.workplace("e4pack-kill.")
    number = failed = 0
    try:
        todo = list(series(can_trace(), edit_cases.build_library(here)))
        bench = edit_cases.Bench(program, here)
        rng = random.Random(o.seed)
        cases = [c for c in edit_cases.cases() if o.only in (None, c.name)]
        print("TAP version 13\n1..%d" % (len(cases) * len(todo)))
        unit = o.count / len(cases) / sum(s[1] for s in todo)
        for case in cases:
            case.prepare(bench)
            case.both = True
            for name, share, how, skipped in todo:
                number += 1
                runs = Runs()
                if skipped:
                    print("ok %d # SKIP %s" % (number, skipped))
                    continue
                try:
                    how(case, runs, rng, o.count and
                        max(2, round(unit * share)))
                except Wrong as e:
                    runs.wrong.append(str(e))
                print("%sok %d - %s, %s, %d runs" % (
                    "not " if runs.wrong else "", number, case.name, name,
                    runs.count))
                for text in runs.wrong[:40]:
                    print("\n".join("# " + t for t in text.split("\n")))
                sys.stdout.flush()
                failed += bool(runs.wrong)
    finally:
        edit_cases.remove(here)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
