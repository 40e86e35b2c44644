#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the inputs that the fuzz targets begin with.

seeds.py E4PACK FOLDER: FOLDER/image, archive, script and journal get one file
for each input.  Images are tiny ones of e4pack and of mke2fs, in the short
form that tests/fuzz/image.c has; "seeds.py --pack IMAGE INPUT" and "seeds.py
--unpack INPUT IMAGE" go from an image to an input and back.
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import mkarchive  # noqa: E402

KIB = 1024


def pack(image):
    with open(image, "rb") as f:
        data = f.read()
    out = [struct.pack("<I", len(data) // KIB)]
    for n in range(len(data) // KIB):
        piece = data[n * KIB:(n + 1) * KIB]
        if any(piece):
            out.append(struct.pack("<I", n) + piece)
    return b"".join(out)


def unpack(data, image):
    with open(image, "wb") as f:
        kib = struct.unpack_from("<I", data)[0] % ((1 << 18) + 1)
        f.truncate(kib * KIB)
        for at in range(4, len(data) - KIB - 3, 4 + KIB):
            n = struct.unpack_from("<I", data, at)[0]
            if n < kib:
                f.seek(n * KIB)
                f.write(data[at + 4:at + 4 + KIB])


def run(words, **kw):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **kw)


SCRIPT = """mkdir d
mkdir lost
put =hello f
put =g d/g
write holes 0 =a
write holes 2048 =b
write holes 4096 =c
write holes 6144 =d
write holes 8192 =e
write holes 10240 =f
truncate holes 20000
fallocate big 0 9000
write big 3000 =data
put =t tiny
symlink f fast
symlink {long} slow
mknod dev c 1 3
mkfifo fifo
ln f hard
setxattr f user.in =inode
setxattr f user.block ={value}
setxattr d user.in =inode
chmod 2755 d
chattr +i tiny
"""


def script(names):
    out = SCRIPT.format(long="l" * 80, value="v" * 300)
    if names:
        out += "mkdir many\n"
        out += "".join("mkfifo many/a-long-name-%d-%s\n" % (i, "x" * 40)
                       for i in range(names))
    return out


class Images:
    def __init__(self, program, out):
        self.program, self.out = program, out

    def keep(self, name, image):
        with open(os.path.join(self.out, name), "wb") as f:
            f.write(pack(image))

    def own(self, name, features, names=12, size="384K", more=()):
        text = script(names).encode()
        run([self.program, "batch", "--new", "-b", "1024", "-s", size, "-O",
             features, *more, "image", "-"], input=text)
        self.keep(name, "image")
        os.unlink("image")

    def foreign(self, name, words, tree="tree", size="384K"):
        run(["mke2fs", "-q", "-F", "-b", "1024", "-U",
             "5d6e7f80-0102-0304-0506-0708090a0b0c", "-d", tree] + words +
            ["image", size], stderr=subprocess.DEVNULL)
        self.keep(name, "image")

    def logged(self, name, options, size, jo, *blocks, revoked=0):
        """A log with copies of these blocks, as they are."""
        run(["mke2fs", "-q", "-F", "-b", "1024", "-J", "size=1", "-d",
             "tree", "-O", "^resize_inode" + options, "image", size],
            stderr=subprocess.DEVNULL)
        with open("image", "rb") as f:
            data = bytearray(f.read())
        data[KIB + 96] |= 4  # of the superblock: recovery is needed
        with open("blocks", "wb") as f:
            for n in blocks:
                f.write(data[n * KIB:(n + 1) * KIB])
        lines = ["jo" + jo, "jw -b %s blocks" % ",".join(map(str, blocks))]
        if revoked:
            lines.append("jw -r %d" % revoked)
        with open("commands", "w", encoding="ascii") as f:
            f.write("\n".join(lines + ["jc"]) + "\n")
        run(["debugfs", "-w", "-f", "commands", "image"],
            stderr=subprocess.DEVNULL)
        said = subprocess.run([self.program, "journal", "image"], check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
        if b"recovery replays" not in said:
            sys.exit("debugfs left no log in " + name)
        self.keep(name, "image")


def make_tree():
    os.makedirs("tree/d")
    os.makedirs("tree/many")
    for name, data in (("f", b"hello"), ("d/g", b"g"), ("tiny", b"t"),
                       ("big", b"big" * 5000)):
        with open("tree/" + name, "wb") as f:
            f.write(data)
    with open("tree/holes", "wb") as f:
        for at in range(0, 12288, 2048):
            f.seek(at)
            f.write(b"x")
    os.symlink("f", "tree/fast")
    os.symlink("l" * 80, "tree/slow")
    for i in range(10):
        os.mkfifo("tree/many/fifo-%d" % i)


def images(program, out):
    i = Images(program, out)
    plain = "^metadata_csum,^resize_inode"
    bare = plain + ",^has_journal"
    i.own("ext4", bare)
    i.own("ext4-csum", "^has_journal,^resize_inode")
    i.own("ext4-indexed", bare, names=60)
    i.own("ext4-large-dir", bare + ",large_dir", names=60)
    i.own("ext4-inline", bare + ",inline_data")
    i.own("ext4-bigalloc", bare + ",bigalloc", more=("-C", "4096"), size="1M")
    i.own("ext4-meta-bg", bare + ",meta_bg,^64bit")
    i.own("ext4-journal", plain, size="2M", more=("-J", "size=1"))
    text = "put =f f\nsetxattr f user.large %s\n" % ("=" + "v" * 3000)
    run([program, "batch", "--new", "-b", "1024", "-s", "256K", "-O",
         bare + ",ea_inode", "image", "-"], input=text.encode())
    i.keep("ext4-ea-inode", "image")
    os.unlink("image")
    make_tree()
    i.foreign("ext2", ["-t", "ext2", "-O", "^resize_inode"])
    i.foreign("ext2-resize", ["-t", "ext2", "-O", "resize_inode"])
    i.foreign("ext2-untyped", ["-t", "ext2", "-O", "^filetype,^dir_index"])
    i.foreign("ext2-old", ["-t", "ext2", "-r", "0"])
    i.foreign("ext4-foreign", ["-t", "ext4", "-O",
                               "^has_journal,inline_data,^metadata_csum"])
    i.foreign("ext4-quota", ["-t", "ext4", "-O", "^has_journal,quota,project,"
                             "^metadata_csum", "-I", "256"], size="512K")
    i.foreign("ext4-casefold", ["-t", "ext4", "-O", "casefold,encrypt,verity,"
                                "^has_journal,^metadata_csum"], size="512K")
    i.foreign("ext3", ["-t", "ext3", "-J", "size=1", "-O", "^resize_inode"],
              size="4M")
    i.foreign("ext4-orphan-file", ["-t", "ext4", "-J", "size=1", "-O",
                                   "^resize_inode,orphan_file"], size="4M")
    i.logged("ext3-log", ",^extent,^64bit,^metadata_csum", "4M", "",
             1, 2, 3, 4, 5, 6, 30, revoked=30)
    i.logged("ext4-log", ",extent,64bit,^metadata_csum", "4M", "",
             1, 2, 5, 6, 7, 40, 41)
    i.logged("ext4-log-csum", ",extent,64bit,metadata_csum", "4M", " -c -v 3",
             2, 5, 6, 7, 40, 41)


def archives(out):
    for name, function in mkarchive.CASES.items():
        if name not in mkarchive.LARGE:
            data = function()
            if len(data) <= 65536:
                with open(os.path.join(out, name), "wb") as f:
                    f.write(data)
    for name in "xz", "zstd", "bzip2", "lz4":
        if shutil.which(name):
            with open(os.path.join(out, "tar." + name), "wb") as f:
                run_filter([name, "-c"], mkarchive.file(b"f") +
                           mkarchive.END, f)


def run_filter(words, data, out):
    subprocess.run(words, check=True, input=data, stdout=out)


def scripts(out):
    texts = {"all": script(3), "live": """write f 0 random:1:5000
fsync f
write f 9000 =x
df
sync
punch f 1024 2048
truncate f 100
es f
stat f
ls /
""", "names": """mkdir -p "a b/c\\"d/'x'"
mv "a b" 'e f'
append 'e f/g' zero:3K
touch -t -5.000000001 'e f/g'
chown 1:2 'e f/g'
rm -r 'e f'
mknod s s 0 0
mknod b b 7 255
setxattr b trusted.x =y
rmxattr b trusted.x
rmdir none # no such
echo done
""", "wrong": "mkdir\nnone x\nput ' f\nchmod 9999 f\nfallocate f -1 5\n"}
    for name, text in texts.items():
        with open(os.path.join(out, name), "w", encoding="ascii") as f:
            f.write(text)


def header(kind, tid):
    return struct.pack(">III", 0xC03B3998, kind, tid)


def log(size, incompat, seal):
    """Two transactions with revokes, round the end of the log."""
    wide, v3 = incompat & 2, incompat & 16
    blocks = [bytearray(size) for _ in range(16)]
    blocks[0][:80] = header(4, 0) + struct.pack(
        ">IIIIIIIII", size, 16, 1, 9, 11, 0, 0, incompat, 0) + b"U" * 16 + \
        bytes(16)
    blocks[0][64:68] = struct.pack(">I", 1)
    blocks[0][80] = 4

    def tags(*homes):
        out = b""
        for n, home in enumerate(homes):
            flags = (2 if n else 0) | (8 if n == len(homes) - 1 else 0)
            if v3:
                out += struct.pack(">IIII", home, flags, 0, 0)
            else:
                out += struct.pack(">IHH", home, 0, flags)
                out += bytes(4) if wide else b""
            out += b"" if n else b"U" * 16
        return out

    def put(at, data):
        blocks[at][:len(data)] = data
    put(11, header(1, 9) + tags(3, 4))
    put(12, b"three")
    put(13, b"four")
    put(14, header(2, 9) + bytes(48))
    put(15, header(5, 10) + struct.pack(">I", 24 if wide else 20) +
        (struct.pack(">Q", 4) if wide else struct.pack(">I", 4)))
    put(1, header(1, 10) + tags(5))
    put(2, b"five")
    put(3, header(2, 10) + bytes(48))
    flags = (1 if size == 4096 else 0) | (2 if seal else 0)
    return bytes([flags, 40]) + b"".join(blocks)


def journals(out):
    for size in 1024, 4096:
        for incompat in 0, 1, 3, 9, 0x11, 0x13, 0x37:
            name = "log-%d-%x" % (size, incompat)
            with open(os.path.join(out, name), "wb") as f:
                f.write(log(size, incompat, True))


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--pack":
        with open(sys.argv[3], "wb") as f:
            f.write(pack(sys.argv[2]))
        return 0
    if len(sys.argv) == 4 and sys.argv[1] == "--unpack":
        with open(sys.argv[2], "rb") as f:
            unpack(f.read(), sys.argv[3])
        return 0
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    program, out = map(os.path.abspath, sys.argv[1:])
    folders = {}
    for kind in "image", "archive", "script", "journal":
        folders[kind] = os.path.join(out, kind)
        os.makedirs(folders[kind], exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        images(program, folders["image"])
        os.chdir(out)
    archives(folders["archive"])
    scripts(folders["script"])
    journals(folders["journal"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
