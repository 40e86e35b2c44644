# SPDX-License-Identifier: GPL-2.0-or-later
"""The trees that the benchmark packs, each made anew from nothing but its name.

A maker takes a folder that is not there yet and fills it; the content of files
is cheap to make but is no zeros, so that nothing can be left out."""

import os
import shutil
import subprocess

MIB = 1 << 20
PATTERN = bytes(range(1, 256)) * 4200       # 1 MiB and a bit, no zero byte


def put(path, size, at=0):
    with open(path, "wb") as out:
        out.write(PATTERN[at % 255:at % 255 + size])


def many_files(folder, folders, files, size_of):
    for i in range(folders):
        sub = f"{folder}/folder-{i:04d}"
        os.makedirs(sub)
        for j in range(files):
            put(f"{sub}/file-{j:04d}", size_of(i * files + j), j)


def small(folder):
    """200,000 files of 0 to 4 KiB in 1,000 folders."""
    many_files(folder, 1000, 200, lambda i: i * 37 % 4097)


def kibs(folder):
    """200,000 files of 1 KiB in 1,000 folders."""
    many_files(folder, 1000, 200, lambda i: 1024)


def million(folder):
    """1,000,000 files of 1 KiB in 5,000 folders."""
    many_files(folder, 5000, 200, lambda i: 1024)


def names(folder):
    """100,000 names in one folder."""
    os.makedirs(folder)
    for i in range(100000):
        os.close(os.open(f"{folder}/name-{i:06d}", os.O_CREAT | os.O_WRONLY))


def big(folder):
    """2 files of 1 GiB."""
    os.makedirs(folder)
    for name in "one", "two":
        with open(f"{folder}/{name}", "wb") as out:
            for i in range(1024):
                out.write(PATTERN[i % 255:i % 255 + MIB])


def sparse(folder):
    """10 GiB sparse with 100 MiB of data."""
    os.makedirs(folder)
    with open(f"{folder}/disk", "wb") as out:
        for i in range(100):
            out.seek(i * 102 * MIB)
            out.write(PATTERN[i:i + MIB])
        out.truncate(10 << 30)


def holes(folder):
    """A file of 100,000 blocks of data, each behind a hole."""
    os.makedirs(folder)
    fd = os.open(f"{folder}/file", os.O_CREAT | os.O_WRONLY)
    for i in range(100000):
        os.pwrite(fd, PATTERN[:4096], (2 * i + 1) * 4096)
    os.close(fd)


def debian(folder):
    """A Debian system, as mmdebstrap makes it."""
    if not shutil.which("mmdebstrap"):
        raise RuntimeError("needs mmdebstrap, or --debian TREE")
    subprocess.run(["mmdebstrap", "--quiet", "--variant=standard", "bookworm",
                    folder], check=True)
