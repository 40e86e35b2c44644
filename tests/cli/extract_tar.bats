#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2012
# extract: tar streams, as GNU tar, bsdtar and create read them.

load helper

# extract ARGUMENTS: the command succeeds.
extract() {
	run --separate-stderr e4pack extract "$@"
	[[ $status = 0 ]] || fail "extract $* ended with $status"
}

same_tree() {
	python3 -S "$LIB/treecmp.py" --times ignore "${@:3}" "$1" "$2" ||
		fail "$2 differs from $1"
}

# gnu_tar FILE DIR, bsd_tar FILE DIR: read it back with all it has.
gnu_tar() {
	mkdir "$2"
	tar --xattrs --xattrs-include='*' --acls -xpf "$1" -C "$2"
}

bsd_tar() {
	need bsdtar
	mkdir "$2"
	LC_ALL=C.UTF-8 bsdtar --xattrs --acls -xpf "$1" -C "$2"
}

# again TAR IMAGE OPTIONS: create makes the same image of it.
again() {
	e4pack create again.img "$1" -F "${@:3}" || return 1
	same_bytes "$2" again.img
}

# odd_names DIR: long names and targets, names of any bytes.
odd_names() {
	python3 - "$1" <<'END'
import os, sys
os.makedirs(sys.argv[1])
os.chdir(os.fsencode(sys.argv[1]))
for n in (99, 100, 101, 154, 155, 156, 200, 255):
    name = b"n" * n
    open(name, "w").close()
    os.mkdir(b"d" * n if n < 255 else b"D" * n)
    os.symlink(b"t" * n, b"s%d" % n)
for n in (54, 55, 56, 99, 100, 101, 155):
    path = b"p%d" % n + b"/" + b"q" * n + b"/" + b"r" * n
    os.makedirs(path)
    open(path + b"/file", "w").close()
    os.link(path + b"/file", b"link%d" % n)
    os.symlink(b"/".join([b"x" * n] * 10), b"far%d" % n)
for name in (b"\xff\xfe", b"\xff" * 120, "\u00e4".encode() * 80, b"new\nline",
             b"\n" * 130, b"tab\t", b"\x7f\x1b[31m", b"-dash", b"*?[",
             b"back\\slash", b" blank ", b"a=b", b"%41",
             b"combined-a\xcc\x88" + b"x" * 100):
    open(name, "w").close()
    os.symlink(name, b"to-" + name[:200])
    os.link(name, b"hard-" + name[:200])
END
	find "$1" -depth -exec touch -h -d '@1600000000' {} +
}

@test "tar: an unprivileged tree, read by all three" {
	small_tree t
	create new.img t
	extract new.img -o new.tar
	[ -z "$stderr" ]
	gnu_tar new.tar gnu
	same_tree t gnu
	again new.tar new.img
	bsd_tar new.tar bsd
	same_tree t bsd --no-root
	same_tree t new.tar
}

@test "tar: standard output has the same bytes as a file" {
	small_tree t
	create new.img t
	extract new.img -o new.tar
	"$E4PACK" extract new.img -o - >out.tar
	same_bytes new.tar out.tar
	"$E4PACK" extract new.img -o - | cat >out.tar
	same_bytes new.tar out.tar
	[ $(($(stat -c %s new.tar) % 10240)) = 0 ]
	"$E4PACK" extract -o - new.img | "$E4PACK" create again.img -
	same_bytes new.img again.img
}

@test "tar: long names, names of any bytes, links to them" {
	odd_names t
	create new.img t
	extract new.img -o new.tar
	[ -z "$stderr" ]
	gnu_tar new.tar gnu 2>said
	same_tree t gnu
	again new.tar new.img
	bsd_tar new.tar bsd
	same_tree t bsd --no-root
}

@test "tar: times before 1970 and after 2242, with fractions" {
	mkdir t
	touch t/now
	for sec in -2147483648 -2 -1 0 1 2147483648 8589934591 8589934592 \
		10737418239; do
		touch -d "@$sec" "t/whole$sec"
		touch -d "@$sec.000000001" "t/first$sec"
		touch -d "@$sec.999999999" "t/last$sec"
		touch -d "@$sec.5" "t/half$sec"
	done
	create new.img t
	extract new.img -o new.tar
	again new.tar new.img
	gnu_tar new.tar gnu
	same_tree t gnu
}

@test "tar: atime and ctime are kept for create --times source" {
	mkdir t
	echo x >t/one
	touch -a -d '@-1500000000.25' t/one
	touch -m -d '@1500000001.25' t/one
	create new.img t --times source
	extract new.img -o new.tar
	e4pack create again.img new.tar --times source
	for name in atime ctime mtime; do
		[ "$(stat_of new.img one | grep "$name")" = \
			"$(stat_of again.img one | grep "$name")" ]
	done
}

@test "tar: holes everywhere, and no data" {
	mkdir t
	truncate -s 5M t/all-hole
	for n in front middle end many; do
		truncate -s 3M "t/$n"
	done
	printf x | dd of=t/front bs=1 seek=3145727 conv=notrunc status=none
	printf x | dd of=t/middle bs=1 seek=1500000 conv=notrunc status=none
	printf x | dd of=t/end bs=1 conv=notrunc status=none
	for i in $(seq 0 2 700); do
		printf x | dd of=t/many bs=4096 seek="$i" conv=notrunc \
			status=none
	done
	truncate -s 12345678901 t/large
	printf x | dd of=t/large bs=1 seek=9999999999 conv=notrunc status=none
	create new.img t
	extract new.img -o new.tar
	[ "$(stat -c %s new.tar)" -lt 4000000 ]
	again new.tar new.img
	gnu_tar new.tar gnu
	same_tree t gnu
	bsd_tar new.tar bsd
	same_tree t bsd --no-root --no-holes
}

@test "tar: owners, devices, attributes, ACLs, capabilities" {
	need_root
	small_tree t
	mknod t/null c 1 3
	mknod t/disk b 4095 1048575
	python3 - <<'END'
import os, struct
os.chdir("t")
def acl(*rows):
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, who) for tag, perm, who in rows)
NOBODY = 0xFFFFFFFF
base = [(1, 7, NOBODY), (2, 4, 1000), (4, 5, NOBODY), (8, 1, 70000),
        (16, 7, NOBODY), (32, 4, NOBODY)]
os.setxattr("block", "system.posix_acl_access", acl(*base))
os.setxattr("empty", "system.posix_acl_default", acl(*base))
os.setxattr("empty", "system.posix_acl_access",
            acl((1, 7, NOBODY), (4, 5, NOBODY), (16, 4, NOBODY),
                (32, 7, NOBODY)))
os.setxattr("one", "user.bytes", bytes(range(256)) + b"\n\0\n")
os.setxattr("one", "user.empty", b"")
os.setxattr("one", "trusted.t", b"x" * 900)
os.setxattr("one", "security.selinux", b"system_u:object_r:etc_t:s0\0")
os.setxattr("etc/link", "trusted.l", b"of a link", follow_symlinks=False)
os.chown("block", 70000, 4294967294)
os.chown("block-1", 2097151, 2097152)
os.lchown("dangling", 2097152, 34)
os.setxattr("bin/numbers", "security.capability",
            struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
END
	find t -depth -exec touch -h -d '@1600000000.123456789' {} +
	create new.img t
	extract new.img -o new.tar
	[ -z "$stderr" ]
	again new.tar new.img
	gnu_tar new.tar gnu
	same_tree t gnu
	bsd_tar new.tar bsd
	same_tree t bsd --no-root
}

@test "tar: what one of the tools reads otherwise, create reads exactly" {
	need_root
	mkdir t
	echo x >t/one
	python3 - <<'END'
import os, struct
NOBODY = 0xFFFFFFFF
os.setxattr("t/one", b"user.p%25c=q", b"percent")
os.setxattr("t/one", b"user.\xff\xe4", b"bytes")
os.setxattr("t/one", "system.posix_acl_access", struct.pack("<I", 2) +
            b"".join(struct.pack("<HHI", *row) for row in (
                (1, 7, NOBODY), (2, 4, 3000000000), (4, 5, NOBODY),
                (16, 7, NOBODY), (32, 4, NOBODY))))
END
	chattr +d t/one 2>/dev/null || true
	touch -d '@1600000000' t/one t
	create new.img t
	extract new.img -o new.tar
	again new.tar new.img
}

@test "tar: sockets are left out and counted" {
	mkdir t
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("t/s")'
	echo x >t/one
	create new.img t
	extract new.img -o new.tar
	warned '1 socket left out: an archive has none'
	run tar tf new.tar
	[ "$output" = "$(printf './\none')" ]
	run --separate-stderr e4pack extract new.img -o strict.tar --strict
	[ "$status" -eq 1 ]
	[ ! -e strict.tar ]
}

@test "tar: each folder is followed by what is in it, names sorted" {
	mkdir -p t/a t/a-b t/a.b t/b
	touch t/a/x t/a-b/y t/a.b/z t/Z t/b/-
	create new.img t
	extract new.img -o new.tar
	[ "$(tar tf new.tar | tr '\n' ' ')" = \
		'./ Z a/ a/x a-b/ a-b/y a.b/ a.b/z b/ b/- ' ]
}

@test "tar: chosen paths bring the folders above them" {
	small_tree t
	create new.img t
	extract new.img /etc/deep /one -o new.tar
	[ "$(tar tf new.tar | tr '\n' ' ')" = 'etc/ etc/deep/ etc/deep/er/ one ' ]
}

@test "tar: existing files, pipes that close, full disks" {
	small_tree t
	head -c 3000000 /dev/urandom >t/random
	create new.img t
	echo mine >new.tar
	run --separate-stderr e4pack extract new.img -o new.tar
	[ "$status" -eq 1 ]
	mentions 'exists already: use -F'
	[ "$(cat new.tar)" = mine ]
	extract new.img -F -o new.tar
	tar tf new.tar >/dev/null
	run bash -c "'$E4PACK' extract new.img -o - | head -c 1000 >/dev/null
		exit \${PIPESTATUS[0]}"
	[ "$status" -eq 141 ]
	run bash -c "'$E4PACK' extract new.img -o - >/dev/full"
	[ "$status" -eq 1 ]
	[[ $output = *'No space left'* ]]
	tidy
}

@test "tar: a signal leaves no archive" {
	mkdir t
	head -c 9000000 /dev/urandom >t/random
	create new.img t
	need strace
	strace -o /dev/null -e trace=write -e inject=write:signal=TERM:when=999 \
		true 2>/dev/null || skip 'strace cannot be used here'
	# Who is traced cannot look for leaks.
	ASAN_OPTIONS=detect_leaks=0 run --separate-stderr strace -o /dev/null -e trace=write \
		-e inject=write:signal=TERM:when=3 \
		"$E4PACK" extract new.img -o new.tar
	[ "$status" -eq 143 ]
	[ ! -e new.tar ]
	tidy
}
