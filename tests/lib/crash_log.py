# SPDX-License-Identifier: GPL-2.0-or-later
"""What replaying a log will write: a reader of jbd2 logs.

It checks no checksums and no revokes: crash_judge.py only asks it which states
are alike, and the replayers say what becomes of one of these.
"""
import hashlib
import struct

MAGIC = 0xC03B3998
DESCRIPTOR, COMMIT, REVOKE = 1, 2, 5
ESCAPE, SAME_UUID, LAST = 1, 2, 8
WIDE, CSUM_V2, CSUM_V3 = 2, 8, 0x10


def tags(block, incompat):
    """(home, flags) of the tags of a descriptor."""
    size = 16 if incompat & CSUM_V3 else 8 + (4 if incompat & WIDE else 0) + \
        (2 if incompat & CSUM_V2 else 0)
    end = len(block) - (4 if incompat & (CSUM_V2 | CSUM_V3) else 0)
    at = 12
    while at + size <= end:
        if incompat & CSUM_V3:
            home, flags, high = struct.unpack_from(">III", block, at)
        else:
            home, _, flags = struct.unpack_from(">IHH", block, at)
            high = struct.unpack_from(">I", block, at + 8)[0] \
                if incompat & WIDE else 0
        yield home | (high << 32 if incompat & WIDE else 0), flags
        if flags & LAST:
            return
        at += size + (0 if flags & SAME_UUID else 16)


def replay(image, blocks):
    """@image: has base, size and log, the numbers of the blocks of its log;
    @blocks: what is not as in the base.  Return: a digest of all that a
    replayer reads, and @blocks as it leaves them."""
    size = image.size

    def read(number):
        at = number * size
        return blocks.get(at) or image.base[at:at + size]

    at = 1024 % size
    super_block = read(1024 // size)[at:at + 1024]
    head = read(image.log[0])[:1024]
    h = hashlib.blake2b(super_block + head, digest_size=16)
    first, sequence, start = struct.unpack_from(">III", head, 20)
    incompat = struct.unpack_from(">I", head, 40)[0]
    left, waiting, n = dict(blocks), {}, 0

    def step(place):
        return place + 1 if place + 1 < len(image.log) else first

    while start and n < len(image.log):
        block = read(image.log[start])
        n, start = n + 1, step(start)
        magic, kind, number = struct.unpack_from(">III", block)
        if magic != MAGIC or number != sequence:
            h.update(block[:12])
            break
        h.update(block)
        if kind == DESCRIPTOR:
            for home, flags in tags(block, incompat):
                data = read(image.log[start])
                if flags & ESCAPE:
                    data = MAGIC.to_bytes(4, "big") + data[4:]
                waiting[home * size] = data
                n, start = n + 1, step(start)
        elif kind == COMMIT:
            for data in waiting.values():
                h.update(data)
            left.update(waiting)
            waiting, sequence = {}, sequence + 1
    return h.digest(), left
