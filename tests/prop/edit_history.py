#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A long history of random edits of one image.

A random script is cut into pieces, each of which is an edit of the image that
the one before left.  After each edit e2fsck has nothing to say, and the kernel,
where it can be asked, mounts the image, shows the tree that is in it, and
leaves it so; now and then it replays the edit from the log itself.  In the end
the image holds what the model of the whole script holds.  Prints TAP.
"""
import argparse
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
import crash_edits  # noqa: E402
import ext4read  # noqa: E402
import script_model  # noqa: E402
from crash_judge import Tree, as_digest, walk_mounted  # noqa: E402
from random_script import Generator, Style  # noqa: E402
from random_scripts import Comparison, Wrong, clean, run  # noqa: E402

KINDS = (["-b", "1024"], ["-b", "4096"],
         ["-b", "1024", "-O", "^metadata_csum,^64bit"])


def need(done):
    if done.returncode:
        raise Wrong("%d: %s" % (done.returncode, done.stderr.decode(
            errors="replace")[-2000:]))


def check_mount(image, root):
    """The kernel shows the tree of @image."""
    need(run("mount", "-t", "ext4", "-o", "loop,noatime,noinit_itable", image,
             root))
    try:
        seen = as_digest(walk_mounted(os.fsencode(root)))
    finally:
        need(run("umount", root))
    if seen != Tree(image).kernel:
        raise Wrong("the kernel shows another tree")
    clean(image)


def attempt(o, folder, kernel, rng):
    """Return: how many edits and mounts there were."""
    kind = KINDS[o.seed % len(KINDS)]
    image, root = os.path.join(folder, "image"), os.path.join(folder, "mnt")
    os.makedirs(root, exist_ok=True)
    block_size = int(kind[1])
    need(run("mke2fs", "-q", "-F", "-t", "ext4", "-N", "20000", *kind, image,
             "256M"))
    host = script_model.Host(os.path.join(folder, "host"))
    model = script_model.Model(block_size, host)
    commands, edits, mounts = [], 0, 0
    style = Style(commands=3 * o.edits, large=20 * block_size)
    commands = Generator(rng, model, style).commands()
    while commands:
        n = max(1, len(commands) // (o.edits - edits))
        n = rng.randrange(1, 2 * n) if edits + 1 < o.edits else len(commands)
        text = script_model.script(commands[:n], host)
        waits = kernel and rng.random() < 0.2
        try:
            need(run(o.e4pack, "batch", "-q",
                     *(["--journal-only"] if waits else []), image,
                     input=text))
            if not waits:
                clean(image)
            if kernel:
                check_mount(image, root)
                mounts += 1
        except Wrong as e:
            raise Wrong("edit %d: %s\n%s" % (edits, e, text.decode(
                errors="replace")[-3000:])) from e
        edits += 1
        commands = commands[n:]
    e = ext4read.Image(image)
    try:
        Comparison(e, model).run()
    finally:
        e.close()
    return edits, mounts


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--edits", type=int, default=40)
    o = p.parse_args()
    o.e4pack = os.path.abspath(o.e4pack)
    folder = crash_edits.work_folder()
    said, text = None, "nothing"
    try:
        kernel = os.geteuid() == 0 and crash_edits.can_mount(folder)
        text = "%d edits of one image, %d mounts" % attempt(
            o, folder, kernel, random.Random(o.seed))
    except (Wrong, ext4read.Damaged) as e:
        said = str(e)
    finally:
        shutil.rmtree(folder)
    print("TAP version 13\n1..1\n%sok 1 - %s" % ("not " if said else "", text))
    if said:
        print("# " + said.replace("\n", "\n# "))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
