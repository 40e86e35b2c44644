#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ages an image: fills it with files, deletes some of them, and again.

age.py [--seed N] [--holes] PROGRAM IMAGE

Each round is one edit of PROGRAM (e4pack).  What is left is an image whose
free space lies in hundreds of runs: of every length, or with --holes a few
blocks each but for one long one at the end, as on a disk of which only the
beginning was ever used.  Prints nothing.
"""
import argparse
import random
import subprocess

BLOCK = 4096


class Ager:
    def __init__(self, program, image, seed):
        self.program, self.image = program, image
        self.rng = random.Random(seed)
        self.files, self.made, self.script = {}, 0, []

    def put(self, blocks):
        self.made += 1
        name = "/d%d/f%d" % (self.made % 7, self.made)
        self.script.append("put random:%d:%d %s" % (
            self.made, blocks * BLOCK - self.rng.randrange(BLOCK), name))
        self.files[name] = blocks

    def remove(self, name):
        self.script.append("rm " + name)
        return self.files.pop(name)

    def run(self):
        subprocess.run([self.program, "batch", "-q", self.image], check=True,
                       input="\n".join(self.script + [""]).encode())
        self.script = []

    def fill(self, blocks, sizes):
        while blocks > 0:
            n = min(self.rng.choice(sizes), blocks)
            self.put(n)
            blocks -= n
        self.run()

    def thin(self, share):
        """Delete so much of what is there; return how many blocks."""
        names = sorted(self.files)
        gone = sum(self.remove(n) for n in
                   self.rng.sample(names, int(len(names) * share)))
        self.run()
        return gone


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--holes", action="store_true")
    p.add_argument("program")
    p.add_argument("image")
    o = p.parse_args()
    a = Ager(o.program, o.image, o.seed)
    a.script = ["mkdir /d%d" % i for i in range(7)]
    if o.holes:
        a.fill(5000, (1, 2, 3, 4))
        for name in sorted(a.files, key=lambda n: int(n.split("f")[1]))[::2]:
            a.remove(name)
        a.run()
        return
    gone = 20000
    for _ in range(6):
        a.fill(gone, (1, 2) * 10 + (3, 5, 8) * 6 + (700,))
        gone = a.thin(0.5)


if __name__ == "__main__":
    main()
