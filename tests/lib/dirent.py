#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes the one directory entry of a name in an image without checksums.

dirent.py IMAGE NAME name NEW       another name of the same length
dirent.py IMAGE NAME inode NUMBER   another inode
"""
import os
import struct
import sys


def main():
    path, name, what, value = sys.argv[1:]
    name = os.fsencode(name)
    with open(path, "rb") as f:
        image = f.read()
    places = []
    at = image.find(name)
    while at >= 0:
        ino, rec_len, name_len, kind = struct.unpack_from("<IHBB", image,
                                                          at - 8)
        if ino and name_len == len(name) and kind < 8 and rec_len % 4 == 0:
            places.append(at)
        at = image.find(name, at + 1)
    if len(places) != 1:
        sys.exit("%d entries are called %r" % (len(places), name))
    if what == "name":
        at, new = places[0], os.fsencode(value)
        if len(new) != len(name):
            sys.exit("the new name has another length")
    else:
        at, new = places[0] - 8, struct.pack("<I", int(value))
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(new)


if __name__ == "__main__":
    main()
