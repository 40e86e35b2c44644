#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command, signals it and prints its status as a shell would see it.

interrupt.py SIGNAL SECONDS COMMAND...

What comes on standard input is handed on, and the command's input is then
held open, so that one that reads it waits until the signal comes.
"""
import signal
import subprocess
import sys
import threading


def main():
    number = getattr(signal, "SIG" + sys.argv[1])

    def fresh():
        # A shell starts what runs behind it with some signals ignored.
        for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                  signal.SIGPIPE, signal.SIGQUIT):
            signal.signal(s, signal.SIG_DFL)

    head = sys.stdin.buffer.read()
    command = subprocess.Popen(sys.argv[3:], stdin=subprocess.PIPE,
                               stdout=sys.stderr, preexec_fn=fresh)

    def feed():
        try:
            command.stdin.write(head)
            command.stdin.flush()
        except OSError:
            pass
    threading.Thread(target=feed, daemon=True).start()
    try:
        status = command.wait(timeout=float(sys.argv[2]))
    except subprocess.TimeoutExpired:
        command.send_signal(number)
        try:
            status = command.wait(timeout=10)
        except subprocess.TimeoutExpired:
            command.kill()
            print("hangs")
            return 1
    print(128 - status if status < 0 else status)
    return 0


if __name__ == "__main__":
    sys.exit(main())
