#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds a picture of frag --svg against the tests' own reader.

check_picture.py IMAGE PICTURE

Every shape of the map is where its words say, has the colour that goes with
what the image holds there, and a path that has blocks there.
"""
import os
import re
import stat
import sys
import xml.etree.ElementTree as tree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ext4read  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 900 * 1000


def owners(image):
    """What lies in each block: (class, paths), of what has a name."""
    blocks, names = {}, {}
    for name, inode in image.walk():
        if not inode.has_map():
            continue
        paths = names.setdefault(inode.number, set())
        paths.add(b"/" + name.strip(b"/"))
        if len(paths) > 1:
            continue
        extents = inode.extents()
        kind = "d" if stat.S_ISDIR(inode.mode) else "f"
        broken = any(a.lblk + a.len == b.lblk and a.written == b.written and
                     a.pblk + a.len != b.pblk
                     for a, b in zip(extents, extents[1:]))
        if broken and stat.S_ISREG(inode.mode):
            kind = "x"
        for e in extents:
            for b in range(e.pblk, e.pblk + e.len):
                blocks[b] = (kind, paths)
    for e in image.inode(8).extents():
        for b in range(e.pblk, e.pblk + e.len):
            blocks[b] = ("j", ())
    return blocks


def shown(path):
    """The beginning and the end of a path as a picture may shorten it."""
    text = path.decode(errors="replace")
    if len(path) <= 72:
        return text, text
    return text[:4], text[-10:]


class Check:
    def __init__(self, image, picture):
        self.image = ext4read.Image(image)
        self.blocks = owners(self.image)
        self.root = tree.parse(picture).getroot()
        self.wrong = []
        self.per_unit = self.scale()
        self.shapes = 0

    def say(self, *words):
        self.wrong.append(" ".join(str(w) for w in words))

    def shape(self, path, first, per_unit):
        """One shape of a row whose first block is FIRST."""
        kind = path.get("class")
        x, height = (int(n) for n in re.match(
            r"M(\d+) \d+h\d+v(\d+)", path.get("d")).groups())
        title = path.find(SVG + "title").text
        a, b = (int(n) for n in re.match(
            r"blocks (\d+) to (\d+)", title).groups())
        if abs(a - (first + x * per_unit)) > 0.5:
            self.say(title, "is drawn at block", first + x * per_unit)
        counts, paths = {}, set()
        for n in range(a, b + 1):
            name, owner = self.blocks.get(n, ("m", ()))
            counts[name] = counts.get(name, 0) + 1
            paths.update(shown(path) for path in owner)
        free = int((re.search(r", (\d+) free", title) or [0, 0])[1])
        counts["m"] = counts.get("m", 0) - free
        if counts["m"] < 0:
            self.say(title, "has fewer free blocks")
        used = b + 1 - a - free
        if counts.get(kind, 0) < max(counts.values()):
            self.say(title, "is", kind, "of", counts)
        if not used:
            self.say(title, "is drawn and free")
        if b - a > 8 and abs(height / 9 - used / (b + 1 - a)) > 0.15:
            self.say(title, "is filled up to", height)
        words = title.split(": ", 1)[1]
        words = re.sub("^fragmented ", "", words)
        words = re.sub(r" and \d+ more$", "", words)
        if words.startswith("/"):
            if not any(words.startswith(p) and words.endswith(q)
                       for p, q in paths):
                self.say(title, "names none of", sorted(paths)[:5])
        elif kind not in "jm":
            self.say(title, "has no path")
        self.shapes += 1

    def row(self, group):
        paths = group.findall(SVG + "path")
        first, last = (int(n) for n in re.match(
            r"blocks (\d+) to (\d+)",
            paths[0].find(SVG + "title").text).groups())
        for path in paths[1:]:
            if path.get("class") != "w":
                self.shape(path, first, self.per_unit)
        return first, last

    def scale(self):
        """Blocks for each unit of width, from the words below the map."""
        words = "".join(self.root.itertext())
        cells, blocks = (int(n) for n in re.search(
            r"Each of the (\d+) cells is (\d+) block", words).groups())
        columns = 16
        while cells > 32 * columns:
            columns *= 2
        return blocks * columns / 1024

    def run(self):
        at = 0
        for group in self.root.findall(SVG + "g"):
            first, last = self.row(group)
            if first != at:
                self.say("row from", first, "after", at)
            at = last + 1
        if at != self.image.blocks:
            self.say("the map ends at", at, "of", self.image.blocks)
        if not self.shapes:
            self.say("the map is empty")
        return self.wrong


def main():
    image, picture = sys.argv[1:3]
    wrong = Check(image, picture).run()
    if os.path.getsize(picture) > MOST_BYTES:
        wrong.append("the picture has %d bytes" % os.path.getsize(picture))
    for line in wrong[:20]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
