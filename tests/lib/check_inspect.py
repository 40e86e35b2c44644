#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds ls, stat, cat and info against the kernel's view of an image.

check_inspect.py E4PACK IMAGE MOUNT

MOUNT is where IMAGE is mounted, read-only.  Below a folder "locked", which is
encrypted, names cannot be compared.
"""
import base64
import json
import os
import re
import stat
import struct
import subprocess
import sys

wrong = []


def say(fmt, *words):
    wrong.append(fmt % words)


def run(*words):
    out = subprocess.run(words, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if out.returncode or out.stderr:
        say("%r ended with %d: %r", words[:6], out.returncode,
            out.stderr[:500])
    return out.stdout


def exact(row, key):
    """The bytes of a name in JSON."""
    if key + "_b64" in row:
        return base64.b64decode(row[key + "_b64"])
    return row[key].encode()


def time_of(ns):
    return "%d.%09d" % (ns // 10**9, ns % 10**9)


KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory",
         stat.S_IFLNK: "symlink", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket"}


def walk(mount):
    """Every path, as from the root of the image, and its lstat."""
    out = {}
    todo = [b""]
    while todo:
        folder = todo.pop()
        for name in os.listdir(mount + folder + b"/"):
            path = folder + b"/" + name
            out[path] = os.lstat(mount + path)
            if stat.S_ISDIR(out[path].st_mode) and name != b"locked":
                todo.append(path)
    return out


def compare(path, row, st, keys):
    for key, value in keys:
        if row.get(key) != value:
            say("%r: %s is %r, the kernel says %r", path, key,
                row.get(key), value)


def common(st):
    return (("inode", st.st_ino), ("type", KINDS[stat.S_IFMT(st.st_mode)]),
            ("mode", "%04o" % stat.S_IMODE(st.st_mode)),
            ("uid", st.st_uid), ("gid", st.st_gid), ("nlink", st.st_nlink),
            ("size", st.st_size), ("mtime", time_of(st.st_mtime_ns)))


def check_ls(program, image, mount, tree):
    rows = {}
    folder = None
    last = None
    for line in run(program, "ls", "-R", "--json", image).splitlines():
        row = json.loads(line)
        path = exact(row, "path")
        if path.startswith(b"/locked/"):
            continue
        if path in rows:
            say("%r is listed twice", path)
        rows[path] = row
        if os.path.dirname(path) == folder and path <= last:
            say("%r comes after %r", path, last)
        folder, last = os.path.dirname(path), path
    for path in set(rows) ^ set(tree):
        say("%r is in %s only", path, "ls" if path in rows else "the tree")
    for path in set(rows) & set(tree):
        st = tree[path]
        compare(path, rows[path], st, common(st))
        if stat.S_ISLNK(st.st_mode) and \
                exact(rows[path], "target") != os.readlink(mount + path):
            say("%r: target %r", path, rows[path])
    listed = run(program, "ls", "-R0", image).split(b"\0")[:-1]
    # An encrypted name may have a NUL in it, and is then cut here.
    extra = set(listed) - set(tree)
    if not set(tree) <= set(listed) or \
            (extra and b"/locked" not in tree):
        say("ls -0 has other paths than the tree")


def acl_text(value):
    words = []
    for at in range(4, len(value), 8):
        tag, perm, who = struct.unpack_from("<HHI", value, at)
        words.append("%s:%s:%s%s%s" % (
            {1: "u", 2: "u", 4: "g", 8: "g", 16: "m", 32: "o"}[tag],
            who if tag in (2, 8) else "", "r" if perm & 4 else "-",
            "w" if perm & 2 else "-", "x" if perm & 1 else "-"))
    return ",".join(words)


def check_xattrs(path, found, mount):
    said = {exact(x, "name"): x for x in found
            if not re.match(r"\d+:", x["name"])}
    names = [os.fsencode(n) for n in
             os.listxattr(mount + path, follow_symlinks=False)]
    if sorted(said) != sorted(names):
        say("%r: attributes %r, the kernel has %r", path, sorted(said),
            sorted(names))
        return
    for name in names:
        value = os.getxattr(mount + path, name, follow_symlinks=False)
        if name.startswith(b"system.posix_acl_"):
            if said[name].get("acl") != acl_text(value):
                say("%r: ACL %r", path, said[name])
        elif exact(said[name], "value") != value:
            say("%r: %r has another value", path, name)
        if name == b"security.capability":
            text = run("getcap", "-n", mount + path).decode().strip()
            text = text.split(" ", 1)[1]
            if said[name].get("capabilities") != text:
                say("%r: %r, getcap says %r", path,
                    said[name].get("capabilities"), text)


def check_stat(program, image, mount, tree):
    paths = sorted(tree)
    for at in range(0, len(paths), 200):
        part = paths[at:at + 200]
        lines = run(program, "stat", "--json", image, *part).splitlines()
        if len(lines) != len(part):
            say("stat: %d lines for %d paths", len(lines), len(part))
        for path, line in zip(part, lines):
            row, st = json.loads(line), tree[path]
            compare(path, row, st, common(st) + (
                ("blocks", st.st_blocks), ("atime", time_of(st.st_atime_ns)),
                ("ctime", time_of(st.st_ctime_ns))))
            if exact(row, "path") != path:
                say("%r is told as %r", path, row["path"])
            if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
                compare(path, row, st, (("major", os.major(st.st_rdev)),
                                        ("minor", os.minor(st.st_rdev))))
            if "checksum_good" in row and not row["checksum_good"]:
                say("%r: a wrong checksum", path)
            check_xattrs(path, row["xattrs"], mount)


def check_cat(program, image, mount, tree):
    paths = sorted(p for p, st in tree.items() if stat.S_ISREG(st.st_mode))
    for at in range(0, len(paths), 50):
        part = paths[at:at + 50]
        data = memoryview(run(program, "cat", image, *part))
        done = 0
        for path in part:
            with open(mount + path, "rb") as f:
                want = f.read()
            if data[done:done + len(want)] != want:
                say("%r has another content", path)
                break
            done += len(want)
        else:
            if done != len(data):
                say("cat says more than there is")


# dumpe2fs's words, and how the value is found in ours.
FIGURES = {
    "Filesystem UUID": lambda i: i["uuid"],
    "Filesystem volume name": lambda i: i["label"] or "<none>",
    "Filesystem features": lambda i: sorted(i["features"]),
    "Filesystem state": lambda i: " ".join(i["state"]),
    "Inode count": lambda i: i["inodes"],
    "Block count": lambda i: i["blocks"],
    "Reserved block count": lambda i: i["reserved_blocks"],
    "Free blocks": lambda i: i["free_blocks"],
    "Free inodes": lambda i: i["free_inodes"],
    "First block": lambda i: i["first_block"],
    "Block size": lambda i: i["block_size"],
    "Cluster size": lambda i: i["cluster_size"],
    "Group descriptor size": lambda i: i["group_descriptor_size"],
    "Reserved GDT blocks": lambda i: i["reserved_gdt_blocks"],
    "Blocks per group": lambda i: i["blocks_per_group"],
    "Clusters per group": lambda i: i["clusters_per_group"],
    "Inodes per group": lambda i: i["inodes_per_group"],
    "Inode blocks per group": lambda i: i["inode_blocks_per_group"],
    "Flex block group size": lambda i: i["flex_bg_size"],
    "First meta block group": lambda i: i["first_meta_block_group"],
    "Backup block groups": lambda i: i["backup_groups"]["first"],
    "RAID stride": lambda i: i["raid_stride"],
    "RAID stripe width": lambda i: i["raid_stripe_width"],
    "Overhead clusters": lambda i: i["overhead_clusters"],
    "Mount count": lambda i: i["mount_count"],
    "Maximum mount count": lambda i: i["max_mount_count"],
    "First inode": lambda i: i["first_inode"],
    "Inode size": lambda i: i["inode_size"],
    "Required extra isize": lambda i: i["required_extra_isize"],
    "Desired extra isize": lambda i: i["desired_extra_isize"],
    "Journal inode": lambda i: i["journal"]["inode"],
    "Default directory hash": lambda i: i["directory_hash"],
    "Directory Hash Seed": lambda i: i["hash_seed"],
    "Checksum type": lambda i: i["checksum_type"],
    "Checksum": lambda i: i["checksum"],
    "Checksum seed": lambda i: i["checksum_seed"],
    "Orphan file inode": lambda i: i["orphan_file_inode"],
    "User quota inode": lambda i: i["user_quota_inode"],
    "Group quota inode": lambda i: i["group_quota_inode"],
    "Project quota inode": lambda i: i["project_quota_inode"],
    "MMP block number": lambda i: i["mmp"]["block"],
    "MMP update interval": lambda i: i["mmp"]["update_interval"],
    "Filesystem created": lambda i: i["created"],
    "Last mount time": lambda i: i["mounted"],
    "Last write time": lambda i: i["written"],
    "Last checked": lambda i: i["checked"],
    "Last mounted on": lambda i: i["last_mounted_on"],
    "Errors behavior": lambda i: i["errors_behavior"],
    "Filesystem OS type": lambda i: i["creator_os"],
    "Filesystem revision #": lambda i: i["revision"],
    "Check interval": lambda i: i["check_interval"],
    "Lifetime writes": lambda i: i["lifetime_kib_written"],
    "Reserved blocks uid": lambda i: i["reserved_uid"],
    "Reserved blocks gid": lambda i: i["reserved_gid"],
    "Journal backup": lambda i: i["journal"]["backup"],
    "Filesystem flags": lambda i: sorted(i["flags"]),
    "Default mount options": lambda i: sorted(i["default_mount_options"]),
    "Journal features": lambda i: sorted(i["journal"]["features"]),
    "Total journal size": lambda i: i["journal"]["size"],
    "Total journal blocks": lambda i: i["journal"]["log_blocks"],
    "Max transaction length": lambda i: i["journal"]["log_blocks"],
    "Fast commit length": lambda i: i["journal"]["fast_commit_blocks"],
    "Journal sequence": lambda i: i["journal"]["sequence"],
    "Journal start": lambda i: i["journal"]["start"],
    "Journal checksum type": lambda i: i["journal"]["checksum_type"],
    "Journal checksum": lambda i: i["journal"]["checksum"],
    "Character encoding": lambda i: i["encoding"],
}
# These are worded in another way: that they are there is all that is looked at.
LOOSE = {"Lifetime writes", "Filesystem created", "Last mount time",
         "Last write time", "Last checked", "Errors behavior",
         "Last mounted on", "Character encoding", "Filesystem revision #",
         "Check interval", "Total journal size", "Journal features",
         "Filesystem OS type", "Total journal blocks",
         "Max transaction length", "Filesystem flags",
         "Default mount options"}
PASSED_OVER = ("Filesystem magic number", "Fragment", "MMP",
               "Reserved blocks", "FS Error", "First error", "Last error",
               "Mount options", "Journal UUID", "Journal device",
               "    mmp_")
LISTS = ("Filesystem features", "Journal features", "Filesystem flags",
         "Default mount options")


def plain(name, text):
    """dumpe2fs's value in our form."""
    if name in LISTS:
        return sorted(w for w in text.split()
                      if w not in ("(none)", "journal_incompat_revoke"))
    if name in ("Checksum", "Checksum seed", "Journal checksum"):
        return "0x%08x" % int(text, 16)
    if name == "Journal sequence":
        return int(text, 16)
    if name in ("Filesystem UUID", "Directory Hash Seed"):
        return text
    m = re.match(r"-?\d+", text)
    return int(m.group()) if m else text


def check_info(program, image):
    info = json.loads(run(program, "info", "--json", image))
    text = run(program, "info", image).decode()
    said = subprocess.run(["dumpe2fs", "-h", image], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    for line in said.decode(errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if not colon or name not in FIGURES:
            if colon and not name.startswith(PASSED_OVER):
                say("dumpe2fs has %r, which nobody looks at", name)
            continue
        try:
            ours = FIGURES[name](info)
        except KeyError as e:
            say("info lacks %s (%s)", e, name)
            continue
        theirs = plain(name, value.strip())
        if name not in LOOSE and ours != theirs:
            say("%s: info says %r, dumpe2fs %r", name, ours, theirs)
    for key in info:
        if not re.search(r"^%s:" % re.escape(key.replace("_", " ")), text,
                         re.M):
            say("the text form lacks %s", key)
    if info.get("checksum_good") is False or \
            info.get("journal", {}).get("checksum_good") is False:
        say("info finds a wrong checksum")
    check_groups(program, image, info)


def check_groups(program, image, info):
    lines = run(program, "info", "--json", "--groups", image).splitlines()
    groups = [json.loads(line) for line in lines[1:]]
    if len(groups) != info["groups"]:
        say("%d groups are told of %d", len(groups), info["groups"])
    said = subprocess.run(["dumpe2fs", image], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    theirs = re.findall(
        r"^Group (\d+): \(Blocks (\d+)-(\d+)\)(.*?)(?=^Group |\Z)",
        said.decode(errors="replace"), re.M | re.S)
    for row, (n, first, last, rest) in zip(groups, theirs):
        want = [int(n), int(first), int(last)]
        have = [row["group"], row["range"]["first"],
                row["range"]["first"] + row["range"]["blocks"] - 1]
        for pattern, keys in (
                (r"Block bitmap at (\d+)", ("block_bitmap",)),
                (r"Inode bitmap at (\d+)", ("inode_bitmap",)),
                (r"Inode table at (\d+)-", ("inode_table", "first")),
                (r"(\d+) free (?:blocks|clusters)", ("free_blocks",)),
                (r"(\d+) free inodes", ("free_inodes",)),
                (r"(\d+) directories", ("directories",)),
                (r"superblock at (\d+)", ("superblock",)),
                (r"Group descriptors? at (\d+)", ("descriptors", "first")),
                (r"Reserved GDT blocks at (\d+)",
                 ("reserved_descriptors", "first"))):
            m = re.search(pattern, rest)
            value = row
            for key in keys:
                value = value.get(key) if value else None
            want.append(int(m.group(1)) if m else None)
            have.append(value)
        if want != have:
            say("group %s: %r, dumpe2fs has %r", n, have, want)


def main():
    program, image = sys.argv[1:3]
    check_info(program, image)
    if len(sys.argv) > 3:
        mount = os.fsencode(sys.argv[3])
        tree = walk(mount)
        check_ls(program, image, mount, tree)
        check_stat(program, image, mount, tree)
        check_cat(program, image, mount, {
            p: st for p, st in tree.items()
            if not p.startswith(b"/locked/")})
    for line in wrong[:30]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
