#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes a file in the middle of another program's work.

change.py CALLS FILE CHANGE COMMAND...

Runs COMMAND under ptrace, and when it has made a system call of CALLS (names
joined by "|") that concerns FILE or, for getdents64, its folder, runs
"CHANGE FILE" once and lets it go on.  Prints the exit status of COMMAND, then
what it wrote.  Fails where the change found no moment.
"""
import os
import re
import subprocess
import sys
import tempfile


def main():
    calls, path, change = sys.argv[1:4]
    watched = os.path.realpath(path)
    if calls == "getdents64":
        watched = os.path.dirname(watched)
    fifo = os.path.join(tempfile.mkdtemp(), "trace")
    os.mkfifo(fifo)
    # strace holds the program at each call until its line is taken.
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(
            ["strace", "-f", "-y", "-qq", "-s", "0", "-o", fifo,
             "-P", watched, "-e",
             "trace=" + calls.replace("|", ","),
             "-e", "inject=%s:delay_exit=50000" % calls.replace("|", ","),
             "--"] + sys.argv[4:], stdout=said, stderr=said)
        changed = False
        with open(fifo) as trace:
            for line in trace:
                if not changed and re.search(
                        r"<%s>" % re.escape(watched), line):
                    subprocess.run(change.split() + [path], check=True)
                    changed = True
        status = program.wait()
        said.seek(0)
        print(status)
        print(said.read().decode(errors="replace"))
    os.unlink(fifo)
    os.rmdir(os.path.dirname(fifo))
    return 0 if changed else 1


if __name__ == "__main__":
    sys.exit(main())
