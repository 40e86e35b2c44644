#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts as edits of an image that is there.

For each seed an image is made, by e4pack or by mke2fs, and a random script is
cut into pieces, each of which is one edit.  After each edit e2fsck finds
nothing to say; in the end the image holds what the model of the whole script
holds.  Prints TAP; a failure names the seed, to be repeated with --seed S
--count 1.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "lib"))
sys.path.insert(0, os.path.join(TOP, "prop"))
import ext4read  # noqa: E402
import script_model  # noqa: E402
from random_script import Generator, Style  # noqa: E402
from random_scripts import Comparison, Wrong, clean, run  # noqa: E402


FEATURES = ("^metadata_csum", "^64bit", "^flex_bg", "^resize_inode",
            "^dir_index", "^huge_file", "uninit_bg",
            "^has_journal,has_journal", "inline_data", "inline_data",
            "ea_inode", "bigalloc", "^filetype", "^dir_nlink",
            "^large_file", "sparse_super2", "metadata_csum_seed",
            "large_dir")
# What cannot be with one of these.
NEEDS = {"large_dir": ("^dir_index",),
         "metadata_csum_seed": ("^metadata_csum", "uninit_bg")}


def make_image(rng, program, image, bs):
    words = ["-b", str(bs)]
    features = [f for f in FEATURES if rng.random() < 0.12]
    features = [f for f in features if f not in NEEDS or
                not any(n in features for n in NEEDS[f])]
    if rng.random() < 0.5:
        if features:
            words += ["-O", ",".join(features)]
        done = run(program, "batch", "--new", "-q", *words, "-s", "24M",
                   image, input=b"")
        words.insert(0, "e4pack")
    else:
        if "uninit_bg" in features:
            features.append("^metadata_csum")
        if features:
            words += ["-O", ",".join(features)]
        sizes = ("256", "512") if "inline_data" in features else (
            "128", "256", "512")
        done = run("mke2fs", "-q", "-F", "-t", "ext4", "-I",
                   rng.choice(sizes), *words, image, "24M")
        words.insert(0, "mke2fs")
    if done.returncode:
        raise Wrong("no image: %s: %s" % (" ".join(words),
                    done.stderr.decode(errors="replace")))
    return words


def edit(program, image, text):
    done = run(program, "batch", "-q", image, input=text)
    if done.returncode:
        raise Wrong("batch: status %d: %s" % (
            done.returncode, done.stderr.decode(errors="replace")[-2000:]))


def attempt(program, host, here, seed):
    rng = random.Random(seed)
    bs = rng.choice((1024, 1024, 4096))
    image = os.path.join(here, "image")
    said, text = [], b""
    try:
        said = make_image(rng, program, image, bs)
        model = script_model.Model(bs, host)
        style = Style(commands=rng.choice((10, 30, 60)), large=100 * bs,
                      fallocate="^extent" not in " ".join(said))
        commands = Generator(rng, model, style).commands()
        while commands:
            n = rng.choice((1, 2, 5, 10, 40))
            text = script_model.script(commands[:n], host)
            edit(program, image, text)
            clean(image)
            commands = commands[n:]
        e = ext4read.Image(image)
        try:
            Comparison(e, model).run()
        finally:
            e.close()
        return None
    except (Wrong, ext4read.Damaged, subprocess.TimeoutExpired) as e:
        return "seed %d: %s\n%s\n%s" % (seed, e, " ".join(said),
                                       text.decode()[-3000:])
    finally:
        if os.path.exists(image):
            os.unlink(image)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--e4pack", default=os.environ.get("E4PACK",
                                                      "src/e4pack"))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=60)
    o = p.parse_args()
    work = tempfile.mkdtemp(prefix="e4pack-edits.")
    wrong = []
    try:
        host = script_model.Host(os.path.join(work, "host"))
        for seed in range(o.seed, o.seed + o.count):
            said = attempt(os.path.abspath(o.e4pack), host, work, seed)
            if said:
                wrong.append(said)
                if len(wrong) == 3:
                    break
    finally:
        shutil.rmtree(work)
    print("TAP version 13\n1..1")
    print("%sok 1 - %d seeds of random edits" % ("not " if wrong else "",
                                                o.count))
    for said in wrong:
        print("\n".join("# " + line for line in said.split("\n")))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
