#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits whose Nth call of a kind fails.

For each edit of a list, each kind of call (memory, open, read, write, fsync,
truncate, rename, copy, close) and each N, the Nth call fails: once or from
there on, with EIO, ENOSPC, ENOMEM and EINTR, or it does half of what was asked
for.  The edit has either to succeed with the exact result, or to fail with one
clear message, nothing left behind, and the tree that the message names; what
only has to be done again has to succeed, and a failed fsync must not.  Prints
TAP and the number of runs.
"""
import argparse
import errno
import os
import random
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "lib"))
import edit_cases  # noqa: E402
from edit_cases import Wrong  # noqa: E402

EVER = 1000000
AGAIN = 200  # EINTR that never ends is to be waited for, for ever
ACTIONS = {
    "memory": ((errno.ENOMEM, 1), (errno.ENOMEM, EVER)),
    "open": ((errno.EIO, 1), (errno.EMFILE, EVER), (errno.EINTR, AGAIN)),
    "read": ((errno.EIO, 1), (errno.EIO, EVER), (errno.EINTR, AGAIN),
             ("short", 1), ("short", EVER)),
    "write": ((errno.EIO, 1), (errno.EIO, EVER), (errno.ENOSPC, 1),
              (errno.ENOSPC, EVER), (errno.EINTR, AGAIN), ("short", 1),
              ("short", EVER)),
    "sync": ((errno.EIO, 1), (errno.EIO, EVER), (errno.ENOSPC, 1),
             (errno.EINTR, AGAIN)),
    "truncate": ((errno.EIO, 1), (errno.ENOSPC, EVER), (errno.EINTR, AGAIN)),
    "rename": ((errno.EIO, 1), (errno.ENOSPC, 1), (errno.EINTR, 1)),
    "copy": ((errno.EIO, 1), (errno.ENOSPC, EVER), (errno.EINTR, AGAIN),
             ("short", EVER), (errno.EXDEV, EVER)),
    "close": ((errno.EIO, 1), (errno.EINTR, 1)),
}


class Create(edit_cases.Case):
    """A new image: whole, or not there."""

    def prepare(self, bench):
        self.bench = bench
        self.folder = os.path.join(bench.here, self.name)
        os.mkdir(self.folder)
        self.image = os.path.join(self.folder, "image")
        done = self.run({})
        if done.returncode:
            raise Wrong("create fails undisturbed")
        self.said = done.stderr
        with open(self.image, "rb") as f:
            self.base = f.read()

    def reset(self):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))

    def check_killed(self):
        if os.path.exists(self.image):
            raise Wrong("it ended early, and there is an image")

    def check(self, done):
        said = done.stderr
        if done.returncode not in (0, 1):
            raise Wrong("it ended with %d: %s" % (done.returncode, said))
        if self.left_behind():
            raise Wrong("it left %s" % self.left_behind())
        there = os.path.exists(self.image)
        if done.returncode == 0:
            with open(self.image, "rb") as f:
                if f.read() != self.base:
                    raise Wrong("another image")
        elif not said.startswith(b"e4pack: create: "):
            raise Wrong("it fails and says %r" % said)
        elif there and b"is whole, but" not in said:
            raise Wrong("it fails and leaves an image: %r" % said)


def counted(case, library):
    """How many calls of each kind the undisturbed run makes."""
    path = os.path.join(case.bench.here, "counts")
    done = case.run({"LD_PRELOAD": library, "FAILNTH_COUNT": path,
                     "FAILNTH_TIME": edit_cases.NOW})
    if done.returncode:
        raise Wrong("it fails when only counted: %r" % done.stderr)
    with open(path) as f:
        return {k: int(n) for k, n in (line.split() for line in f)}


def given_up(done):
    """Whether a library has ended the program, as some do without memory:
    libarchive says so and exits, the loader does while it loads that, and
    libext2fs aborts."""
    return (done.stderr.startswith(b"Fatal Internal Error in libarchive: ") or
            done.returncode == 127 and done.stderr == b"out of memory\n" or
            done.returncode == -signal.SIGABRT and not done.stderr)


def attempt(case, library, kind, n, action, times):
    try:
        done = case.run({"LD_PRELOAD": library,
                         "FAILNTH_TIME": edit_cases.NOW,
                         "FAILNTH": "%s:%d:%d:%s" % (kind, n, times, action)})
    except subprocess.TimeoutExpired:
        raise Wrong("it hangs")
    if kind == "memory" and given_up(done):
        case.check_killed()
        return
    case.check(done)
    if done.returncode and (action == "short" or action == errno.EINTR and
                            kind != "rename"):
        raise Wrong("it fails: %r" % done.stderr)
    if not done.returncode and kind == "sync" and action != errno.EINTR:
        raise Wrong("it succeeds")


def plan(case, library, rng, most):
    """What to do to @case: everything, or @most of it, as much of each kind
    and action."""
    counts = counted(case, library)
    todo = []
    for kind, actions in ACTIONS.items():
        for action, times in actions:
            ns = list(range(1, counts[kind] + 1))
            rng.shuffle(ns)
            todo += [(i, kind, n, action, times) for i, n in enumerate(ns)]
    todo.sort(key=lambda x: x[0])
    return [x[1:] for x in (todo[:most] if most else todo)]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--count", type=int, default=400,
                   help="runs in all; 0: every call of every kind")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", help="the name of a case")
    o = p.parse_args()
    program = os.path.abspath(o.e4pack)
    if edit_cases.is_sanitized(program):
        print("TAP version 13\n1..0 # SKIP the sanitizer has the memory")
        return 0
    here = edit_cases.workplace("e4pack-fail.")
    try:
        library = edit_cases.build_library(here)
        if not library:
            print("TAP version 13\n1..0 # SKIP no shared object can be built")
            return 0
        bench = edit_cases.Bench(program, here)
        rng = random.Random(o.seed)
        todo = edit_cases.cases() + [
            Create("create", ["create", "-q", "--threads", "1", "-b", "1024",
                              "-s", "4M", "IMAGE", "tree", "more.tar.gz"])]
        todo = [c for c in todo if o.only in (None, c.name)]
        print("TAP version 13\n1..%d" % len(todo))
        failed = 0
        for number, case in enumerate(todo):
            wrong, runs = [], 0
            try:
                case.prepare(bench)
                for what in plan(case, library, rng,
                                 o.count // len(todo)):
                    runs += 1
                    try:
                        attempt(case, library, *what)
                    except (Wrong, edit_cases.ext4read.Damaged) as e:
                        wrong.append("%s %d: %s x%d: %s" % (*what, e))
            except Wrong as e:
                wrong.append(str(e))
            print("%sok %d - %s, %d runs" % ("not " if wrong else "",
                                             number + 1, case.name, runs))
            for text in wrong[:40]:
                print("\n".join("# " + t for t in text.split("\n")))
            sys.stdout.flush()
            failed += bool(wrong)
    finally:
        edit_cases.remove(here)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
