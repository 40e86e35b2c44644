#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Edits of attributes, in the inode, in its block, and in inodes of their own.

load helper

edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch -q "$@"
}

# value PATH NAME: its bytes, by debugfs.
value() {
	rm -f found
	debugfs -R "ea_get -f found $1 $2" old.img >/dev/null 2>&1
	cat found
}

# bytes LEN SEED: what random:SEED:LEN stands for.
bytes() {
	rm -f bytes.img
	echo "put random:$2:$1 /f" | "$E4PACK" batch --new -q -s 8M bytes.img
	e4pack cat bytes.img /f
}

# Inodes that are in use.
in_use() {
	e2fsck -fn old.img 2>/dev/null | sed -n 's,.*: \([0-9]*\)/.*files.*,\1,p'
}

acl_block() {
	debugfs -R "stat $1" old.img 2>/dev/null | grep -o 'ACL: [0-9]*'
}

# mounted COMMAND...: run it in the mounted image, which is clean after it.
mounted() {
	need_root
	mkdir -p m
	mount -o loop old.img m 2>/dev/null || skip 'no loop mounts'
	(cd m && "$@")
	umount m
	clean old.img
}

@test "attribute edits: a value of every size, put, replaced and removed" {
	local size args
	for args in '-b 4096' '-b 1024 -I 128' \
		'-b 1024 -O bigalloc,^metadata_csum'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t ext4 -O ea_inode $args old.img 24M 2>/dev/null
		echo 'put =x /f' | edit old.img
		for size in 0 1 90 1000 3990 4100 65536; do
			edit old.img <<-END
				setxattr /f user.v random:$size:$size
				setxattr /f user.w random:5:$size
			END
			clean old.img
			bytes "$size" "$size" >want
			value /f user.v | cmp - want || fail "$args: $size"
			echo 'rmxattr /f user.w' | edit old.img
			clean old.img
			value /f user.v | cmp - want || fail "$args: $size"
		done
		echo 'rm /f' | edit old.img
		clean old.img
		[ "$(in_use)" = 11 ] || fail "$args: $(in_use) inodes in use"
	done
}

@test "attribute edits: without ea_inode what does not fit is refused" {
	mke2fs -q -F -t ext4 -b 4096 old.img 16M
	edit old.img <<-'END'
		put =x /f
		setxattr /f user.a random:1:4000
	END
	clean old.img
	before=$(md5sum <old.img)
	run --separate-stderr edit old.img <<<'setxattr /f user.b random:1:200'
	[ "$status" -eq 1 ]
	[[ $stderr = *':1: setxattr /f: '* ]] || fail
	[ "$before" = "$(md5sum <old.img)" ]
	run --separate-stderr edit old.img <<<'setxattr /f user.a zero:65537'
	[ "$status" -eq 1 ]
	[ "$before" = "$(md5sum <old.img)" ]
}

@test "attribute edits: inodes of values count who has them" {
	mke2fs -q -F -t ext4 -b 4096 -O ea_inode old.img 16M 2>/dev/null
	for i in {1..20}; do
		echo "put =$i /f$i"
		echo "setxattr /f$i user.v random:1:9000"
		((i % 2)) || echo "setxattr /f$i user.w random:2:3000"
	done | edit old.img
	clean old.img
	used=$(in_use)
	# 20 files share one value.
	[ "$used" = 32 ] || fail "$used"
	for i in {1..19}; do
		echo "rmxattr /f$i user.v"
	done | edit old.img
	clean old.img
	bytes 9000 1 >want
	value /f20 user.v | cmp - want
	edit old.img <<<'rm /f20'
	clean old.img
	used=$(in_use)
	[ "$used" = 30 ] || fail "$used"
}

@test "attribute edits: a folder keeps its block when it is built anew" {
	mkdir -p t/d
	mke2fs -q -F -t ext4 -I 128 -b 1024 -d t old.img 16M
	edit old.img <<<'setxattr /d user.v random:1:100'
	for i in {1..200}; do echo "put =x /d/some-name-$i"; done |
		edit old.img
	clean old.img
	bytes 100 1 >want
	value /d user.v | cmp - want
}

set_some() {
	local f
	head -c 20000 /dev/urandom >../large
	for f in a b c; do
		echo "$f" >"$f"
		setfattr -n user.large -v "0s$(base64 -w0 ../large)" "$f"
		setfattr -n user.small -v small "$f"
		setfattr -n user.block -v "$(printf 'b%.0s' {1..1500})" "$f"
	done
}

see_some() {
	getfattr --only-values -n user.large b | cmp - ../large
	getfattr --only-values -n user.large c | cmp - ../large
	[ "$(getfattr --only-values -n user.new a)" = new ]
	getfattr --only-values -n user.v b | cmp - ../want
	! getfattr -n user.large a 2>/dev/null || fail 'a has it yet'
	setfattr -x user.v b
	rm c
}

@test "attribute edits: blocks and values that the kernel shares" {
	mke2fs -q -F -t ext4 -b 4096 -O ea_inode old.img 16M 2>/dev/null
	mounted set_some
	shared=$(acl_block /a)
	[ "$shared" != 'ACL: 0' ]
	[ "$shared" = "$(acl_block /b)" ]
	bytes 30000 8 >want
	edit old.img <<-'END'
		setxattr /a user.new =new
		rmxattr /a user.large
		setxattr /b user.v random:8:30000
	END
	clean old.img
	[ "$shared" != "$(acl_block /a)" ]
	[ "$shared" != "$(acl_block /b)" ]
	[ "$shared" = "$(acl_block /c)" ]
	mounted see_some
	edit old.img <<-'END'
		rm /a
		rm /b
	END
	clean old.img
}
