#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command on a kernel that does not know a system call.

deny.py NUMBER COMMAND...

For calls that are too new for strace to have a name for them.
"""
import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
RET_ERRNO, RET_ALLOW = 0x00050000, 0x7FFF0000
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06


def main():
    rules = b"".join(struct.pack("=HBBI", *rule) for rule in (
        (LOAD_WORD, 0, 0, 0),  # the number
        (JUMP_EQUAL, 0, 1, int(sys.argv[1])),
        (RETURN, 0, 0, RET_ERRNO | errno.ENOSYS),
        (RETURN, 0, 0, RET_ALLOW)))
    held = ctypes.create_string_buffer(rules, len(rules))
    program = ctypes.create_string_buffer(
        struct.pack("@HP", len(rules) // 8, ctypes.addressof(held)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
        sys.exit("deny.py: " + os.strerror(ctypes.get_errno()))
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
