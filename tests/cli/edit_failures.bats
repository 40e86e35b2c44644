#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# Edits that cannot be done: what is said, and what is left.

load helper

# edit ARGUMENTS: the script on standard input, on an image that is there.
edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch "$@"
}

# content PATH IMAGE: the bytes of a file.
content() {
	debugfs -R "cat $1" "$2" 2>/dev/null
}

# A small image with a file and two folders.
base() {
	e4pack batch --new -q -F -s 8M -b 1024 a.img <<-'END'
		mkdir -p /d/sub
		put =old /d/f
	END
}

# keeps IMAGE MESSAGE ARGUMENTS: the edit fails with exactly this message and
# the one that says what is left, and no byte of the image is another one.
keeps() {
	local image=$1 message=$2 before
	shift 2
	before=$(md5sum <"$image")
	run --separate-stderr edit "$@"
	[[ $status = 1 ]] || fail "ended with $status" || return 1
	[[ $stderr = "e4pack: batch: $message"$'\n'"e4pack: batch: $image: \
warning: the image is as it was" ]] || fail "not: $message" || return 1
	[[ $before = "$(md5sum <"$image")" ]] || fail 'changed' || return 1
	tidy
}

@test "edit: what nobody takes is not committed" {
	base
	[ -w /dev/full ] || skip 'no /dev/full'
	printf 'put =new /d/f\nes /d/f\n' >script
	run --separate-stderr bash -c '"$E4PACK" batch a.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device'$'\n''e4pack: batch: a.img: warning: the image is as it was' ]]
	[ "$(content /d/f a.img)" = old ]
	printf 'put =new /f\nes /f\n' >script
	run --separate-stderr bash -c \
		'"$E4PACK" batch --new -s 8M new.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device' ]]
	[ ! -e new.img ]
	tidy
	# Nor when the reader has gone away.
	{
		echo 'put =new /d/f'
		for _ in {1..20000}; do echo "es /d/f"; done
	} >script
	run bash -c '"$E4PACK" batch a.img script 2>said | head -n 1 >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$status" -eq 141 ] || fail "$status"
	[ ! -s said ] || fail "$(<said)"
	[ "$(content /d/f a.img)" = old ]
}

# flip IMAGE BYTE [BIT]: one bit of it is another one.
flip() {
	python3 -S - "$@" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    byte = f.read(1)[0]
		    f.seek(-1, 1)
		    f.write(bytes([byte ^ 1]))
	END
}

# block_of PATH N: where block N of it begins, in bytes.
block_of() {
	echo $(($(debugfs -R "bmap $1 $2" checked.img 2>/dev/null) * 1024))
}

# inode_of PATH: where its inode is.
inode_of() {
	local block offset
	read -r block offset < <(debugfs -R "imap $1" checked.img 2>/dev/null |
		sed -n 's/.*block \([0-9]*\), offset \(0x[0-9a-f]*\)/\1 \2/p')
	echo $((block * 1024 + offset))
}

# group_block NAME: where the block of group 0 is that dumpe2fs calls so.
group_block() {
	echo $((1024 * $(dumpe2fs checked.img 2>/dev/null |
		sed -n "s/.*$1 at \([0-9]*\).*/\1/p" | head -n 1)))
}

# An image with checksums over every kind of metadata.
checked_image() {
	mkdir -p t/d/sub t/big t/e
	echo old >t/d/f
	setfattr -n user.x -v "$(head -c 600 /dev/zero | tr '\0' x)" t/d/f ||
		skip 'no user xattrs here'
	for i in {1..200}; do : >"t/big/a-name-that-makes-blocks-full-$i"; done
	for i in {0..30..2}; do
		echo x | dd of=t/holes bs=1024 seek="$i" conv=notrunc \
			status=none
	done
	mke2fs -q -F -t ext4 -b 1024 -O metadata_csum -d t checked.img 16M \
		>/dev/null 2>&1
	# Make the index.
	e2fsck -fyD checked.img >/dev/null 2>&1 || [ $? -le 1 ]
	clean checked.img
	holes=$(debugfs -R 'ex /holes' checked.img 2>/dev/null |
		awk 'NR == 2 { print $8 * 1024 }')
	xattrs=$(debugfs -R 'stat /d/f' checked.img 2>/dev/null |
		sed -n 's/.*File ACL: //p')
	leaf=
	for i in {1..30}; do
		((leaf)) || leaf=$(block_of /big "$i")
	done
}

# damaged BYTE MESSAGE LINE...: with a bit of it flipped, a script with each
# of these lines is refused so.
damaged() {
	local place=$1 message=$2 line
	shift 2
	cp checked.img a.img
	flip a.img "$place"
	for line; do
		echo "$line" >script
		keeps a.img "a.img: $message: run e2fsck first" -q a.img \
			script || fail "$line" || return 1
	done
}

@test "row 70: an edit refuses what it meets with a wrong checksum" {
	local d f sub root
	checked_image
	number() {
		debugfs -R "stat $1" checked.img 2>/dev/null |
			sed -n 's/^Inode: \([0-9]*\) .*/\1/p'
	}
	d=$(number /d) f=$(number /d/f) sub=$(number /d/sub) root=$(number /big)
	damaged $(($(group_block 'Block bitmap') + 1000)) \
		'block bitmap of group 0: wrong checksum' \
		'put =x /x' 'rm /d/f' 'truncate /holes 0' 'append /d/f zero:9K'
	damaged $(($(group_block 'Inode bitmap') + 100)) \
		'inode bitmap of group 0: wrong checksum' 'put =x /x' 'rm /d/f'
	damaged $(($(inode_of /d/f) + 8)) "inode $f: wrong checksum" \
		'chmod 600 /d/f' 'append /d/f =x' 'ln /d/f /g'
	damaged $(($(block_of /d 0) + 1000)) \
		"folder inode $d, block 0: wrong checksum" \
		'put =x /d/x' 'rm /d/f' 'rm -r /d'
	damaged $(($(block_of /d/sub 0) + 1000)) \
		"folder inode $sub, block 0: wrong checksum" \
		'mv /d/sub /e/sub' 'rmdir /d/sub'
	damaged $(($(block_of /big 0) + 40)) \
		"folder inode $root, its index: wrong checksum" \
		'put =x /big/x' 'mv /big /e/big'
	damaged $((holes + 1020)) \
		"inode $(number /holes): extent block $((holes / 1024)): \
wrong checksum" 'append /holes =x' 'rm /holes'
	damaged $((xattrs * 1024 + 4)) \
		"inode $f: attribute block: wrong checksum" \
		'setxattr /d/f user.y =z' 'rm /d/f' 'chmod 600 /d/f'
	# What it does not meet it leaves alone.
	cp checked.img a.img
	flip a.img $(($(inode_of /d/f) + 8))
	edit -q a.img <<<'put =x /x'
	[ "$(content /x a.img)" = x ]
}

# refuses MESSAGE [ARGUMENTS]: a.img is not opened for an edit, nor is a copy
# made of it.
refuses() {
	local message=$1 before option
	shift
	before=$(md5sum <a.img)
	for option in -q --whole-copy; do
		run --separate-stderr edit "$option" "$@" a.img <<<'put =x /x'
		[[ $status = 1 ]] || fail "ended with $status" || return 1
		[[ ${stderr##*$'\n'} = "e4pack: batch: a.img: $message" ]] ||
			fail "not: $message" || return 1
		[[ $before = "$(md5sum <a.img)" ]] || fail changed || return 1
		tidy || return 1
	done
}

@test "row 70: a superblock or descriptor with a wrong checksum" {
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	flip a.img $((1024 + 0x78))
	refuses 'the superblock has a wrong checksum: run e2fsck first'
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	flip a.img $((2048 + 0x1c))
	refuses 'a group descriptor has a wrong checksum: run e2fsck first'
}

@test "row 67: an image that is not clean" {
	for state in 0 2 3; do
		base
		debugfs -w -R "ssv state $state" a.img 2>/dev/null
		refuses 'is not clean: run e2fsck first'
	done
	base
	debugfs -w -R 'ssv last_orphan 13' a.img 2>/dev/null
	refuses 'has files that were deleted while in use: run e2fsck first'
}

# in_log OFFSET VALUE: write a big-endian number into the log's superblock.
in_log() {
	python3 -S - "$(debugfs -R 'bmap <8> 0' a.img 2>/dev/null)" "$@" <<-'END'
		import sys
		block, at, value = [int(n, 0) for n in sys.argv[1:]]
		with open("a.img", "r+b") as f:
		    f.seek(block * 1024 + at)
		    f.write(value.to_bytes(4, "big"))
	END
}

@test "rows 67, 69: a journal that says something is wrong" {
	base
	in_log 32 0xfffffffb
	refuses 'its journal has noted an error: run e2fsck first'
	base
	in_log 28 1
	refuses 'its journal is not empty, but it does not need recovery: the kernel discards such a journal, e2fsck replays it'
	base
	in_log 0 0x12345678
	refuses 'the journal is damaged: it has no superblock'
	base
	in_log 20 0
	refuses 'the journal is damaged: its first block is out of range'
	base
	in_log 16 0x7fffffff
	refuses 'the journal is damaged: it is longer than its inode'
	base
	in_log 40 0x80000000
	refuses 'the journal has features that are not known: incompatible 0x80000000, read-only 0x0'
	base
	in_log 40 0x18
	refuses 'the journal is damaged: it has checksums of two versions'
	# An edit gives it checksums.
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	edit -q a.img <<<'put =a /a'
	in_log 100 1
	refuses 'the superblock of the journal has a wrong checksum: run e2fsck'
}
