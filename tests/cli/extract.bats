#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2012
# extract: into folders.

load helper

# extract ARGUMENTS: the command succeeds.
extract() {
	run --separate-stderr e4pack extract "$@"
	[[ $status = 0 ]] || fail "extract $* ended with $status"
}

# same_tree EXPECTED FOUND [OPTIONS]: times but those of contents apart.
same_tree() {
	python3 -S "$LIB/treecmp.py" --times ignore "${@:3}" "$1" "$2" ||
		fail "$2 differs from $1"
}

# rich_tree DIR: attributes that only root can give.
rich_tree() {
	small_tree "$1"
	mkdir "$1/default"
	cp "$1/one" "$1/caps"
	cp "$1/one" "$1/acl"
	mknod "$1/null" c 1 3
	mknod "$1/disk" b 259 1048575
	python3 - "$1" <<'END'
import os, socket, struct, sys
os.chdir(sys.argv[1])
def acl(*rows):
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, who) for tag, perm, who in rows)
NOBODY = 0xFFFFFFFF
base = ((1, 7, NOBODY), (2, 4, 1000), (2, 6, 3000000000), (4, 5, NOBODY),
        (8, 1, 70000), (16, 7, NOBODY), (32, 4, NOBODY))
os.setxattr("acl", "system.posix_acl_access", acl(*base))
os.setxattr("default", "system.posix_acl_access", acl(*base))
os.setxattr("default", "system.posix_acl_default", acl(*base))
os.setxattr("one", "user.bytes", bytes(range(256)))
os.setxattr("one", "user.empty", b"")
os.setxattr("one", "trusted.t", b"x" * 900)
os.setxattr("etc/link", "trusted.l", b"of a link", follow_symlinks=False)
os.setxattr("fifo", "trusted.f", b"of a FIFO")
os.setxattr("null", "security.other", b"of a device")
os.setxattr("empty", "user.folder", b"1")
socket.socket(socket.AF_UNIX).bind("socket")
os.chown("block", 70000, 4294967294)
os.lchown("dangling", 12, 34)
os.chown("bin/numbers", 5, 6)
os.chmod("bin/numbers", 0o6755)
os.setxattr("caps", "security.capability",
            struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
END
	chmod 2750 "$1/etc"
	find "$1" -depth -exec touch -h -d '@1600000000.123456789' {} +
	touch -h -d '@-2000000000.5' "$1/dangling"
	touch -a -d '@1500000000.25' "$1/one"
}

@test "extract: an unprivileged tree comes out as it went in" {
	small_tree t
	create new.img t
	extract new.img -C out
	[ -z "$stderr" ]
	same_tree t out
	[ ! -e out/lost+found ]
}

@test "extract: every attribute that root can give" {
	need_root
	rich_tree t
	create new.img t -O ea_inode
	extract new.img -C out
	[ -z "$stderr" ]
	same_tree t out
	[ "$(stat -c '%a %u %g' out/bin/numbers)" = '6755 5 6' ]
	create again.img out -O ea_inode
	same_bytes new.img again.img
}

@test "extract: atime is that of the image" {
	small_tree t
	touch -a -d '@1500000000.25' t/one
	create new.img t --times source
	extract new.img -C out
	[ "$(stat -c %.9X out/one)" = 1500000000.250000000 ]
}

@test "extract: the ideal of a kernel's image, over the kernel's own view" {
	need_root
	mke2fs -q -F -t ext4 -O ea_inode ref.img 64M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop ref.img mnt
	rich_tree mnt/t
	fallocate -l 3M mnt/unwritten
	truncate -s 9M mnt/hole
	for i in 1 900000 8000000; do
		printf x | dd of=mnt/hole bs=1 seek=$i conv=notrunc status=none
	done
	for i in $(seq 1 300); do
		seq 1 "$i" >"mnt/t/f$i"
		[ $((i % 3)) -ne 0 ] || rm "mnt/t/f$((i - 1))"
	done
	rmdir mnt/lost+found
	umount mnt
	extract ref.img -C out
	mounted ref.img mnt
	same_tree mnt out --no-holes
	[ "$(stat -c %b out/hole)" -le 24 ]
	[ "$(stat -c %b out/unwritten)" -le 8 ]
}

@test "extract: every form of mapping and folder that mke2fs offers" {
	need_root
	local features words
	while read -r features; do
		read -ra words <<<"$features"
		rm -rf out ref.img
		mke2fs -q -F "${words[@]}" ref.img 64M 2>/dev/null || continue
		mkdir -p mnt
		mount -t ext4 -o loop ref.img mnt 2>/dev/null || continue
		python3 "$LIB/fill_kernel.py" mnt >/dev/null
		rmdir mnt/lost+found
		umount mnt
		run --separate-stderr e4pack extract ref.img -C out
		[ "$status" -eq 0 ] || fail "$features: $status"
		mount -t ext4 -o ro,loop ref.img mnt
		if [ -d mnt/locked ]; then
			warned 'encrypted.*left out'
			rm -rf visible
			mkdir visible
			tar -C mnt --exclude=./locked --xattrs \
				--xattrs-include='*' --acls -cSf - . \
				2>/dev/null |
				tar -C visible --xattrs --xattrs-include='*' \
					--acls -xpPf - 2>/dev/null
			rm -f out/special/socket
			touch -r visible/special out/special
			same_tree visible out --no-holes --no-root \
				--skip-xattr user.large
		else
			# The host may have less room for attributes.
			same_tree mnt out --no-holes --skip-xattr user.large
		fi
		umount mnt
		chattr -R -i -a out 2>/dev/null || true
		echo "$features" >>taken
	done <<'END'
-t ext2
-t ext3
-t ext4 -O ^extents,^64bit
-t ext4 -b 1024
-t ext4 -O inline_data -I 256
-t ext4 -O bigalloc -C 65536
-t ext4 -O ea_inode,large_dir
-t ext4 -O casefold
-t ext4 -O encrypt
-t ext4 -O verity
-t ext4 -O quota,project -I 256
-t ext4 -O orphan_file
-t ext4 -O ^metadata_csum,^64bit
-t ext4 -O metadata_csum_seed
END
	[ "$(wc -l <taken)" -ge 6 ] || skip 'the kernel takes few features'
}

@test "extract: paths and globs choose, with the folders above them" {
	small_tree t
	create new.img t
	extract new.img -C out /etc/deep 'bin/num*' one
	same_tree t/etc/deep out/etc/deep
	same_tree t/bin out/bin
	[ ! -e out/etc/link ]
	[ "$(stat -c '%a %Y' out/etc)" = "$(stat -c '%a %Y' t/etc)" ]
	[ "$(ls out | tr '\n' ' ')" = 'bin etc one ' ]
	extract new.img -C two '*' /etc/deep/..
	same_tree t two --no-root
}

@test "extract: a path through a link leads to the place of its target" {
	mkdir -p t/usr/bin
	echo hello >t/usr/bin/x
	ln -s usr/bin t/bin
	create new.img t
	extract new.img -C out /bin/x
	[ "$(cat out/usr/bin/x)" = hello ]
	[ ! -e out/bin ]
	extract new.img -C globbed '/bin/*'
	[ "$(cat globbed/usr/bin/x)" = hello ]
}

@test "extract: what is not there is said before anything is made" {
	small_tree t
	create new.img t
	run --separate-stderr e4pack extract new.img -C out /one /none
	[ "$status" -eq 1 ]
	told extract
	mentions '/none: not found'
	[ ! -e out ]
	run --separate-stderr e4pack extract new.img -C out 'n*where'
	[ "$status" -eq 1 ]
	mentions 'nothing in the image matches'
}

@test "extract: hard links between chosen files only" {
	small_tree t
	create new.img t
	extract new.img -C out /etc/one-again
	[ "$(stat -c %h out/etc/one-again)" = 1 ]
	[ "$(cat out/etc/one-again)" = x ]
	extract new.img -C both
	[ both/one -ef both/etc/one-again ]
}

@test "extract: usage" {
	small_tree t
	create kept.img t
	misused extract
	misused extract kept.img
	misused extract kept.img -C a -o b
	misused extract kept.img -C ''
	misused extract kept.img --json -C out
	run --separate-stderr e4pack extract missing.img -C out
	[ "$status" -eq 1 ]
	[ ! -e out ]
}

@test "extract: the folder is made, not the ones above it" {
	small_tree t
	create new.img t
	run --separate-stderr e4pack extract new.img -C no/such
	[ "$status" -eq 1 ]
	told extract
	: >file
	run --separate-stderr e4pack extract new.img -C file
	[ "$status" -eq 1 ]
	told extract
	mkdir there
	ln -s there link
	extract new.img -C link
	same_tree t there
}

@test "extract: what exists is refused, replaced with -F; folders are merged" {
	small_tree t
	create new.img t
	mkdir -p out/etc
	echo mine >out/etc/own
	echo other >out/one
	run --separate-stderr e4pack extract new.img -C out
	[ "$status" -eq 1 ]
	mentions 'out/one: exists already: use -F'
	[ "$(cat out/one)" = other ]
	extract new.img -F -C out
	[ "$(cat out/one)" = x ]
	[ "$(cat out/etc/own)" = mine ]
	rm out/etc/own
	touch -d '@1600000000.123456789' out/etc
	same_tree t out
	rm out/one
	mkdir out/one
	run --separate-stderr e4pack extract new.img -F -C out
	[ "$status" -eq 1 ]
	mentions 'a folder is in the way'
}

@test "extract: a link that lies in the way is never followed" {
	mkdir -p t/d
	echo inside >t/d/file
	echo top >t/top
	create new.img t
	mkdir out outside
	ln -s ../outside out/d
	run --separate-stderr e4pack extract new.img -C out
	[ "$status" -eq 1 ]
	[ -z "$(ls outside)" ]
	rm -rf out/top
	extract new.img -F -C out
	[ -z "$(ls outside)" ]
	[ "$(cat out/d/file)" = inside ]
	[ ! -L out/d ]
	ln -sf ../victim out/top
	echo safe >victim
	extract new.img -F -C out
	[ "$(cat victim)" = safe ]
	[ "$(cat out/top)" = top ]
}

@test "extract: the image is never replaced by what is in it" {
	mkdir t
	echo small >t/new.img
	create new.img t
	cp new.img kept
	run --separate-stderr e4pack extract new.img -F -C .
	[ "$status" -eq 2 ]
	mentions 'is the image itself'
	same_bytes kept new.img
	run --separate-stderr e4pack extract new.img -F -o new.img
	[ "$status" -eq 2 ]
	mentions 'is the image itself'
	same_bytes kept new.img
}

@test "extract: default ACLs of the place leave no mark" {
	need_root
	need setfacl
	small_tree t
	create new.img t
	mkdir out
	setfacl -d -m u:1234:rwx out
	extract new.img -C out /bin /one
	run getfacl -n out/one out/bin out/bin/numbers
	[[ $output != *1234* ]] || fail 'an ACL was inherited'
}

@test "extract: lost+found comes out when something is in it" {
	need_root
	small_tree t
	create new.img t
	mounted new.img mnt
	umount mnt
	mount -o loop new.img mnt
	echo orphan >mnt/lost+found/#12
	umount mnt
	extract new.img -C out
	[ "$(cat out/lost+found/#12)" = orphan ]
}

@test "extract: deep trees, and descriptors are few" {
	python3 - <<'END'
import os
os.mkdir("t")
fd = os.open("t", os.O_RDONLY)
for i in range(1200):
    os.mkdir("deeper", dir_fd=fd)
    new = os.open("deeper", os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = new
os.close(os.open("file", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=fd))
for i in range(40):
    os.link("file", "link%d" % i, src_dir_fd=fd, dst_dir_fd=fd)
END
	create new.img t
	(ulimit -n 20 && "$E4PACK" extract new.img -C out)
	same_tree t out
}

@test "extract: an offset, and the image is only read" {
	small_tree t
	truncate -s 1M disk
	create disk t -E offset=1048576 -s 16M
	chmod 444 disk
	cp disk before
	extract disk -E offset=1048576 -C out
	same_tree t out
	same_bytes before disk
}

@test "extract: without root it says what is missing, once a kind" {
	need_root
	need setpriv
	rich_tree t
	create new.img t
	chmod 755 "$BATS_TEST_TMPDIR" .
	mkdir -m 777 plain
	chmod 644 new.img
	run --separate-stderr setpriv --reuid 1000 --regid 1000 \
		--clear-groups "$E4PACK" extract new.img -C plain/out
	[ "$status" -eq 0 ] || skip 'another user cannot run the program here'
	warned 'owners could not be set'
	warned '2 devices could not be made'
	warned 'trusted attributes? could not be set'
	warned 'security attributes? could not be set'
	warned 'set-user-ID'
	[ "$(grep -c 'owners' <<<"$stderr")" = 1 ]
	[ "$(stat -c %a plain/out/bin/numbers)" = 755 ]
	cmp t/bin/numbers plain/out/bin/numbers
	run --separate-stderr setpriv --reuid 1000 --regid 1000 \
		--clear-groups "$E4PACK" extract --strict new.img -C plain/two
	[ "$status" -eq 1 ]
	warned 'owners could not be set'
}

@test "extract: folders that shut their owner out, filled without root" {
	need_root
	need setpriv
	mkdir -p t/a t/b
	echo x >t/a/one
	ln t/a/one t/b/two
	chown -R 1000:1000 t
	chmod 0 t/a
	create new.img t
	chmod 755 "$BATS_TEST_TMPDIR" .
	mkdir -m 777 plain
	run --separate-stderr setpriv --reuid 1000 --regid 1000 \
		--clear-groups "$E4PACK" extract new.img -C plain/out
	[ "$status" -eq 0 ] || skip 'another user cannot run the program here'
	[ -z "$stderr" ]
	same_tree t plain/out
}

@test "extract: flags of chattr come out" {
	need_root
	cat >script <<'END'
put =a /flagged
ln /flagged /again
mkdir /folder
put =b /folder/inside
chattr +A /flagged
chattr +i /flagged
chattr +i /folder
END
	run e4pack batch --new new.img script
	[ "$status" -eq 0 ] || fail 'no image'
	run --separate-stderr e4pack extract new.img -C out
	lsattr -d out/flagged out/folder >flags 2>/dev/null || true
	chattr -R -i out 2>/dev/null || true
	[ "$status" -eq 0 ]
	if [ -n "$stderr" ]; then
		warned 'file flags? could not be set'
	else
		grep -q -- '----i--A.* out/flagged' flags
		grep -q -- '----i---.* out/folder' flags
	fi
	[ out/flagged -ef out/again ]
	[ "$(cat out/folder/inside)" = b ]
}

@test "extract: a full disk is told, and nothing half stays" {
	need_root
	mkdir -p t disk
	for i in $(seq 1 40); do
		head -c 200000 /dev/urandom >"t/f$i"
	done
	create new.img t
	mount -t tmpfs -o size=2M none disk || skip 'no tmpfs here'
	run --separate-stderr e4pack extract new.img -C disk/out
	[ "$status" -eq 1 ]
	mentions 'cannot be written: No space left'
	mentions 'stopped: objects that are whole: [0-9]+,'
	for file in disk/out/*; do
		cmp "t/$(basename "$file")" "$file"
	done
}

@test "extract: a signal stops it, and what is there is whole" {
	mkdir t
	for i in $(seq 1 400); do
		head -c 3000 /dev/urandom >"t/f$i"
	done
	truncate -s 1M new.img
	create new.img t -F
	need strace
	strace -o /dev/null -e trace=fchmod -e inject=fchmod:signal=TERM:when=9999 true \
		2>/dev/null || skip 'strace cannot be used here'
	# Who is traced cannot look for leaks.
	ASAN_OPTIONS=detect_leaks=0 run --separate-stderr strace -o /dev/null -e trace=fchmod \
		-e inject=fchmod:signal=TERM:when=200 \
		"$E4PACK" extract new.img -C out
	[ "$status" -eq 143 ]
	mentions 'stopped: objects that are whole: [0-9]+,'
	[ "$(ls out | wc -l)" -ge 199 ]
	[ "$(ls out | wc -l)" -lt 400 ]
	for file in out/*; do
		cmp "t/$(basename "$file")" "$file"
	done
}
