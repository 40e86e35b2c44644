#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes unusual and malformed archives, byte by byte: mkarchive.py CASE.

Each case is a function; its doc string says what is in the archive.  Without
a case all of them are listed; "--small FOLDER" writes all that are small into
a new folder, each under the name of its case.
"""
import gzip
import hashlib
import io
import os
import struct
import sys
import zlib

END = bytes(1024)
TIME = 1600000000


def noise(length):
    """Bytes that do not compress, the same each time."""
    out = b"".join(hashlib.sha256(b"%d" % i).digest()
                   for i in range(-(-length // 32)))
    return out[:length]


def pad(data):
    return data + bytes(-len(data) % 512)


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def base256(value, width):
    raw = value.to_bytes(width, "big", signed=True)
    return bytes([raw[0] | 0x80]) + raw[1:] if value >= 0 else raw


def header(name, kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=TIME,
           link=b"", magic=b"ustar\00000", major=0, minor=0, prefix=b"",
           csum=None):
    """One header block; numbers may be given as the bytes of the field."""
    def field(value, width):
        return value.ljust(width, b"\0") if isinstance(value, bytes) \
            else octal(value, width)
    block = b"".join((
        name.ljust(100, b"\0"), field(mode, 8), field(uid, 8), field(gid, 8),
        field(size, 12), field(mtime, 12), b" " * 8, kind,
        link.ljust(100, b"\0"), magic.ljust(8, b"\0"), bytes(64),
        field(major, 8), field(minor, 8), prefix.ljust(155, b"\0"))
    ).ljust(512, b"\0")
    total = sum(block) if csum is None else csum
    return block[:148] + b"%06o\0 " % total + block[156:]


def file(name, data=b"data\n", **kw):
    return header(name, size=kw.pop("size", len(data)), **kw) + pad(data)


def folder(name, mode=0o755, **kw):
    return header(name, b"5", mode=mode, **kw)


def symlink(name, to):
    return header(name, b"2", mode=0o777, link=to)


def link(name, to, **kw):
    return header(name, b"1", link=to, **kw)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


def pax(records, kind=b"x"):
    data = b"".join(record(k, v) for k, v in records)
    return header(b"PaxHeaders/x", kind, size=len(data)) + pad(data)


def newc(name, data=b"", mode=0o100644, ino=1, nlink=1, magic=b"070701",
         namesize=None, filesize=None, check=0, uid=0, gid=0, major=0,
         minor=0, mtime=TIME):
    size = len(data) if filesize is None else filesize
    length = len(name) + 1 if namesize is None else namesize
    head = magic + b"".join(b"%08X" % v for v in (
        ino, mode, uid, gid, nlink, mtime, size, 0, 0, major, minor, length,
        check))
    out = head + name + b"\0"
    out += bytes(-len(out) % 4) + data
    return out + bytes(-len(data) % 4)


TRAILER = newc(b"TRAILER!!!", mode=0, ino=0)
CASES = {}
LARGE = set()  # names of cases that take long or much room


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def large_case(function):
    LARGE.add(function.__name__.replace("_", "-"))
    return case(function)


def simple(name, doc, *parts):
    def function():
        return b"".join(parts)
    function.__name__ = name
    function.__doc__ = doc
    CASES[name.replace("_", "-")] = function


# Names (39)
simple("dotdot", "a name that begins with ..", file(b"../x"), END)
simple("dotdot_inside", ".. in the middle", file(b"a/../../x"), END)
simple("dotdot_end", ".. at the end", folder(b"a/.."), END)
simple("dotdot_link", "a hard link to a name with ..",
       file(b"x"), link(b"y", b"../x"), END)
simple("absolute", "a leading slash", file(b"/abs/x"), END)
simple("dot_slash", "leading ./ as tar writes it",
       folder(b"./"), file(b"./x"), END)
simple("slashes", "doubled and trailing slashes",
       folder(b"x/"), file(b"x//y"), folder(b"z///"), END)
simple("name_empty", "an entry without a name", file(b""), END)
simple("name_256", "a component of 256 bytes",
       pax([(b"path", b"n" * 256)]), file(b"n"), END)
simple("name_255", "a component of 255 bytes",
       pax([(b"path", b"n" * 255)]), file(b"n"), END)

# Links in paths (40)
simple("through_symlink", "an entry below a symlink",
       symlink(b"d", b"/tmp"), file(b"d/f"), END)
simple("merged_usr", "a layer on a merged /usr",
       folder(b"usr/"), folder(b"usr/lib/"), symlink(b"lib", b"usr/lib"),
       file(b"lib/f"), END)
simple("symlink_then_folder", "a folder entry on a symlink",
       folder(b"usr/"), symlink(b"lib", b"usr"), folder(b"lib/"),
       file(b"lib/f"), END)
simple("symlink_loop", "an entry below a link to itself",
       symlink(b"d", b"d"), file(b"d/f"), END)
simple("symlink_outside", "an entry below a link out of the tree",
       symlink(b"d", b"../../../tmp"), file(b"d/f"), END)
simple("plain_symlinks", "dangling, looping and absolute links",
       symlink(b"dangling", b"nowhere"), symlink(b"loop", b"loop"),
       symlink(b"root", b"/"), END)

# The same name again (41 to 44)
simple("duplicate", "a name twice, the last wins",
       file(b"f", b"first\n" * 2000), file(b"f", b"second\n"), END)
simple("file_then_folder", "", file(b"n"), folder(b"n/"), END)
simple("folder_then_file", "", folder(b"n/"), file(b"n"), END)
simple("folder_late", "a folder after what is in it",
       file(b"d/f"), folder(b"d/", mode=0o2750, uid=7, gid=8, mtime=5), END)
simple("no_parents", "an entry without its folders", file(b"a/b/c"), END)
simple("one_file", "one file", folder(b"./"), file(b"./f"), END)
simple("lost_found_file", "lost+found that is no folder",
       file(b"lost+found"), END)

# Hard links (45, 46)
simple("link_missing", "", link(b"l", b"nowhere"), END)
simple("link_self", "", link(b"l", b"l"), END)
simple("link_folder", "", folder(b"d/"), link(b"l", b"d"), END)
simple("link_early", "before its target", link(b"l", b"f"), file(b"f"), END)
simple("link_good", "", file(b"f"), link(b"l", b"f"), END)
simple("link_symlink", "a hard link to a symlink",
       symlink(b"s", b"to"), link(b"l", b"s"), END)
simple("link_data", "a link with a size and content",
       file(b"f"), link(b"l", b"f", size=5) + pad(b"evil\n"), END)
simple("link_data_through", "a link through a symlink, then content",
       symlink(b"s", b"/etc/passwd"), link(b"l", b"s", size=5),
       pad(b"evil\n"), END)


@large_case
def links_65001():
    """65,001 names of one file."""
    return file(b"f") + b"".join(
        link(b"d/l%05d" % i, b"f") for i in range(65000)) + END


# Sparse files (48)
def gnu_sparse(pieces, size, more=()):
    """An old GNU sparse file; each piece is (offset, bytes)."""
    head = bytearray(header(b"s", b"S", size=sum(len(d) for _, d in pieces),
                            magic=b"ustar  "))
    at = 386
    for offset, data in pieces[:4]:
        head[at:at + 24] = octal(offset, 12) + octal(len(data), 12)
        at += 24
    rest = pieces[4:]
    head[482] = 1 if rest else 0
    head[483:495] = octal(size, 12)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    out = bytes(head)
    while rest:
        block = b"".join(octal(o, 12) + octal(len(d), 12)
                         for o, d in rest[:21]).ljust(504, b"\0")
        rest = rest[21:]
        out += block + bytes([1 if rest else 0]) + bytes(7)
    return out + pad(b"".join(d for _, d in pieces)) + END


@case
def sparse_gnu():
    """Old GNU sparse, 1000 pieces of 512 bytes, one in each 8192."""
    return gnu_sparse([(i * 8192, b"%-512d" % i) for i in range(1000)],
                      1000 * 8192)


@case
def sparse_gnu_overlap():
    return gnu_sparse([(0, b"a" * 1024), (512, b"b" * 512)], 8192)


@case
def sparse_gnu_unsorted():
    return gnu_sparse([(4096, b"a" * 512), (0, b"b" * 512)], 8192)


@case
def sparse_gnu_past_end():
    return gnu_sparse([(0, b"a" * 512), (8192, b"b" * 512)], 4096)


def pax_sparse_10(entries, size, data):
    table = pad(b"%d\n" % len(entries) +
                b"".join(b"%d\n%d\n" % e for e in entries))
    return pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.name", b"s"),
                (b"GNU.sparse.realsize", b"%d" % size)]) + \
        file(b"GNUSparseFile.0/s", table + data) + END


@case
def sparse_10():
    """Sparse format 1.0: data, hole, data, hole."""
    return pax_sparse_10([(0, 512), (65536, 512), (1 << 20, 0)], 1 << 20,
                         b"a" * 512 + b"b" * 512)


@case
def sparse_10_overlap():
    return pax_sparse_10([(0, 1024), (512, 512)], 8192, b"a" * 1536)


@case
def sparse_10_overflow():
    return pax_sparse_10([(2**63 - 256, 512)], 8192, b"a" * 512)


@case
def sparse_10_count():
    """A map that says it has 2^40 entries."""
    table = pad(b"%d\n0\n512\n" % (1 << 40))
    return pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.name", b"s"),
                (b"GNU.sparse.realsize", b"8192")]) + \
        file(b"GNUSparseFile.0/s", table + b"a" * 512) + END


@case
def sparse_01():
    return pax([(b"GNU.sparse.size", b"131072"),
                (b"GNU.sparse.numblocks", b"2"),
                (b"GNU.sparse.name", b"s"),
                (b"GNU.sparse.map", b"0,512,65536,512")]) + \
        file(b"GNUSparseFile.0/s", b"a" * 512 + b"b" * 512) + END


@case
def sparse_01_overlap():
    return pax([(b"GNU.sparse.size", b"131072"),
                (b"GNU.sparse.numblocks", b"2"),
                (b"GNU.sparse.name", b"s"),
                (b"GNU.sparse.map", b"0,1024,512,512")]) + \
        file(b"GNUSparseFile.0/s", b"a" * 1536) + END


@case
def sparse_00():
    return pax([(b"GNU.sparse.size", b"131072"),
                (b"GNU.sparse.numblocks", b"2"),
                (b"GNU.sparse.offset", b"0"),
                (b"GNU.sparse.numbytes", b"512"),
                (b"GNU.sparse.offset", b"65536"),
                (b"GNU.sparse.numbytes", b"512")]) + \
        file(b"s", b"a" * 512 + b"b" * 512) + END


# Sizes (49)
simple("size_pax", "the pax size stands, the header says 0",
       pax([(b"size", b"5")]), file(b"f", b"data\n", size=0), END)
simple("size_base256", "", file(b"f", b"data\n", size=base256(5, 12)), END)
simple("size_negative", "",
       file(b"f", b"data\n", size=base256(-5, 12)), END)
simple("size_huge", "2^64 bytes",
       file(b"f", b"data\n", size=base256(1 << 64, 12)), END)
simple("size_pax_huge", "",
       pax([(b"size", b"99999999999999999999")]), file(b"f"), END)
simple("size_8g", "8 GiB that are not there",
       file(b"f", b"data\n", size=base256(8 << 30, 12)), END)

# pax records (50 to 53)
simple("pax_nul", "NUL in a path",
       pax([(b"path", b"a\0b")]), file(b"x"), END)
simple("pax_newline", "a newline and a tab in a path",
       pax([(b"path", b"a\nb\tc")]), file(b"x"), END)
simple("pax_long", "a path of 70,000 bytes",
       pax([(b"path", b"/".join([b"a" * 100] * 700))]), file(b"x"), END)
simple("pax_raw", "a path that is not UTF-8",
       pax([(b"hdrcharset", b"BINARY"), (b"path", b"\xff\xfe\x80")]),
       file(b"x"), END)
simple("ustar_raw", "a plain name that is not UTF-8",
       file(b"\xff\xfe\x80"), END)
simple("pax_raw_unsaid", "not UTF-8, and hdrcharset does not say so",
       pax([(b"path", b"\xff\xfe\x80")]), file(b"x"), END)
simple("pax_bad_length", "a record longer than the header",
       header(b"PaxHeaders/x", b"x", size=20), pad(b"99 path=abcdefghijk\n"),
       file(b"x"), END)


def dated(text):
    return pax([(b"mtime", text)]) + file(b"f") + END


simple("time_ns", "12 digits after the point",
       dated(b"1600000000.123456789999"))
simple("time_far", "a year after 2446", dated(b"100000000000"))
simple("time_overflow", "", dated(b"99999999999999999999"))
simple("time_before", "before 1901", dated(b"-9999999999"))
simple("time_minus_one", "", dated(b"-1"))
simple("xattrs", "binary values and a duplicate",
       pax([(b"SCHILY.xattr.user.a", b"old"),
            (b"SCHILY.xattr.user.b", b"\0\xff\n=\x80"),
            (b"SCHILY.xattr.user.a", b"new")]), file(b"f"), END)
simple("xattr_selinux", "",
       pax([(b"RHT.security.selinux", b"system_u:object_r:etc_t:s0")]),
       file(b"f"), END)
simple("xattr_mebibyte", "a value of 1 MiB",
       pax([(b"SCHILY.xattr.user.a", b"v" * (1 << 20))]), file(b"f"), END)
simple("xattr_8000", "a value of 8000 bytes",
       pax([(b"SCHILY.xattr.user.a", b"v" * 8000)]), file(b"f"), END)
simple("xattr_name_256", "a name of 256 bytes after the prefix",
       pax([(b"SCHILY.xattr.user." + b"n" * 256, b"v")]), file(b"f"), END)
simple("uid_huge", "uid 2^40",
       file(b"f", uid=base256(1 << 40, 8)), END)
simple("uid_minus_one", "uid 4294967295",
       file(b"f", uid=base256(0xFFFFFFFF, 8)), END)
simple("uid_most", "uid 4294967294",
       file(b"f", uid=base256(0xFFFFFFFE, 8), gid=0o177777), END)

# Devices and types (54, 55)
simple("device_major", "major 4096",
       header(b"n", b"3", major=4096, minor=0), END)
simple("device_minor", "minor 2^20",
       header(b"n", b"4", major=1, minor=1 << 20), END)
simple("devices", "the old and the new encoding",
       header(b"a", b"3", major=255, minor=255, mode=0o600),
       header(b"b", b"3", major=256, minor=0, mode=0o600),
       header(b"c", b"4", major=4095, minor=(1 << 20) - 1, mode=0o600),
       header(b"f", b"6", mode=0o600), END)
simple("type_unknown", "typeflag Z: a file", file(b"f", kind=b"Z"), END)
simple("type_volume", "a volume header", header(b"VOLUME", b"V"),
       file(b"f"), END)
simple("type_dumpdir", "a GNU dumpdir", file(b"d/", b"Yf\0\0", kind=b"D"),
       file(b"f"), END)
simple("type_continued", "the rest of a file of another volume",
       file(b"f", b"rest\n", kind=b"M"), file(b"g"), END)

# Damage (56, 57, 60)
simple("bad_checksum", "", file(b"f"), file(b"g", csum=1), END)
simple("one_zero_block", "a zero block in the middle",
       file(b"f"), bytes(512), file(b"g"), END)
simple("concatenated", "two archives", file(b"f"), END, file(b"g"), END)
simple("garbage_after", "bytes after the end", file(b"f"), END, END,
       b"garbage" * 100)
simple("cut_in_data", "", file(b"f", b"d" * 10000)[:5000])
simple("cut_in_header", "", file(b"f"), file(b"g")[:300])
simple("no_end", "no zero blocks at the end", file(b"f"))
simple("empty", "nothing at all")
simple("zeros", "only the end mark", END)

# Old formats (61)
simple("v7", "without any magic", file(b"f", magic=b""), END)
simple("ustar_full", "prefix and name without NUL",
       file(b"n" * 100, prefix=b"p" * 155), END)


@case
def star_old():
    """The mark of star in the last bytes of the header."""
    head = bytearray(header(b"f", size=5, magic=b""))
    head[508:512] = b"tar\0"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + pad(b"data\n") + END


simple("deep", "a path of 4000 bytes",
       pax([(b"path", b"/".join([b"d" * 99] * 40))]), file(b"x"), END)
simple("nsec", "a pax time with 10^9 nanoseconds", dated(b"1.1000000000"))
simple("symlink_long", "targets around the size of i_block",
       symlink(b"s1", b"t"), symlink(b"s59", b"t" * 59),
       symlink(b"s60", b"t" * 60), symlink(b"s61", b"t" * 61),
       pax([(b"linkpath", b"t" * 1023)]), symlink(b"s1023", b"t"),
       pax([(b"linkpath", b"t" * 4095)]), symlink(b"s4095", b"t"), END)
simple("symlink_empty", "", symlink(b"s", b""), END)
simple("two", "two plain files", file(b"f"), file(b"g"), END)


# gzip (58, 59)
@case
def gz():
    return gzip.compress(file(b"f") + END, mtime=0)


@case
def gz_cut():
    return gzip.compress(file(b"f", noise(20000)) + END, mtime=0)[:9000]


@case
def gz_cut_trailer():
    return gzip.compress(file(b"f") + END, mtime=0)[:-4]


@case
def gz_bad_crc():
    data = bytearray(gzip.compress(file(b"f") + END, mtime=0))
    data[-8] ^= 1
    return bytes(data)


@case
def gz_bad_length():
    data = bytearray(gzip.compress(file(b"f") + END, mtime=0))
    data[-4] ^= 1
    return bytes(data)


@case
def gz_members():
    """One archive in two members."""
    whole = file(b"f") + file(b"g") + END
    return gzip.compress(whole[:700], mtime=0) + \
        gzip.compress(whole[700:], mtime=0)


@case
def gz_garbage():
    return gzip.compress(file(b"f") + END, mtime=0) + b"garbage" * 10


@large_case
def gz_bomb():
    """256 MiB of zeros in a file; the deflate data repeats, too."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    head, zeros, count = header(b"f", size=256 << 20), bytes(1 << 20), 256
    begun = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    ended = packer.compress(END) + packer.flush()
    crc = zlib.crc32(head)
    for _ in range(count):
        crc = zlib.crc32(zeros, crc)
    crc = zlib.crc32(END, crc)
    return b"\x1f\x8b\x08" + bytes(6) + b"\x03" + begun + piece * count + \
        ended + struct.pack("<II", crc, len(head) + (256 << 20) + len(END))


# cpio (62)
simple("cpio", "newc with a folder and a file",
       newc(b"d", mode=0o40755, ino=2, nlink=2),
       newc(b"d/f", b"data\n", ino=3), TRAILER)
simple("cpio_odd", "names and data of odd lengths",
       newc(b"a", b"1"), newc(b"bb", b"22", ino=2),
       newc(b"ccc", b"333", ino=3), newc(b"dddd", b"4444", ino=4), TRAILER)
simple("cpio_namesize_0", "", newc(b"f", b"data\n", namesize=0), TRAILER)
simple("cpio_namesize_huge", "",
       newc(b"f", b"data\n", namesize=0xFFFFFFFF), TRAILER)
simple("cpio_filesize_huge", "",
       newc(b"f", b"data\n", filesize=0xFFFFFFFF), TRAILER)
simple("cpio_links", "the data is with the last name",
       newc(b"a", ino=9, nlink=3), newc(b"b", ino=9, nlink=3),
       newc(b"c", b"data\n", ino=9, nlink=3), TRAILER)
simple("cpio_twice", "an archive after the end of the first",
       newc(b"f", b"data\n"), TRAILER, bytes(512 - 4),
       newc(b"g", b"more\n", ino=2), TRAILER)
simple("cpio_trailer_file", "a file called TRAILER!!! after another",
       newc(b"f", b"data\n"), newc(b"TRAILER!!!", b"data\n", ino=2),
       newc(b"g", b"data\n", ino=3), TRAILER)
simple("cpio_cut", "", newc(b"f", b"data\n" * 100)[:200])
simple("cpio_dotdot", "", newc(b"../f", b"data\n"), TRAILER)
simple("cpio_devices", "",
       newc(b"n", mode=0o20600, major=5, minor=1), TRAILER)
simple("cpio_crc", "the format with sums, right ones",
       newc(b"f", b"data\n", magic=b"070702", check=sum(b"data\n")), TRAILER)


# What is no supported archive (64)
@case
def zip():
    import zipfile  # slow to load
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("f", "data\n")
    return out.getvalue()


simple("sevenzip", "", b"7z\xbc\xaf\x27\x1c\0\4", bytes(100))
simple("rar", "", b"Rar!\x1a\x07\x01\0", bytes(100))
simple("ar", "", b"!<arch>\n",
       b"f/              0           0     0     100644  4         `\n",
       b"data")
simple("mtree", "", b"#mtree\n. type=dir mode=0755\n    f type=file\n..\n")
simple("iso", "", bytes(32768), b"\1CD001\1", bytes(2041), bytes(8192))
simple("text", "", b"this is no archive\n" * 100)
simple("elf", "", b"\x7fELF", bytes(1000))


def write_small(folder):
    os.mkdir(folder)
    for name in set(CASES) - LARGE:
        with open(os.path.join(folder, name), "wb") as f:
            f.write(CASES[name]())


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--small":
        write_small(sys.argv[2])
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        for name, function in sorted(CASES.items()):
            print("%-22s %s" % (name, function.__doc__ or ""))
        return 2
    sys.stdout.buffer.write(CASES[sys.argv[1]]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
