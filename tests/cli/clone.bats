#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# File systems that share blocks between files: long files go into an image
# and out of it without a byte being moved, which the space in use tells.

load helper

# sharing TYPE: a new file system of it, mounted as $PWD/fs.
sharing() {
	need_root
	need "mkfs.$1"
	truncate -s 512M device
	case $1 in
	xfs) mkfs.xfs -q -m reflink=1 device ;;
	btrfs) mkfs.btrfs -q device ;;
	esac
	mkdir fs
	mount -o loop device fs 2>/dev/null || skip "no loop mounts of $1 here"
}

# used: bytes in use on it.
used() {
	sync -f fs
	df -B1 --output=used fs | tail -n 1
}

# grows MIB COMMAND...: the command succeeds, and takes less than that.
grows() {
	local most=$(($1 << 20)) before after
	shift
	before=$(used)
	"$@" || return 1
	after=$(used)
	((after - before < most)) ||
		fail "$*: $((after - before)) bytes more, not under $most"
}

# long_files DIR: 64 MiB and a bit, 4 KiB blocks or not, and with holes.
long_files() {
	mkdir "$1"
	head -c 32M /dev/urandom >"$1/whole"
	head -c $(((16 << 20) + 1)) /dev/urandom >"$1/odd"
	head -c 8M /dev/urandom >"$1/sparse"
	dd if=/dev/urandom of="$1/sparse" bs=1M seek=40 count=8 conv=notrunc \
		status=none
	find "$1" -depth -exec touch -d @1600000000 {} +
}

# What a chunk of 4 MiB has of a file may be less than 1 MiB, which is not worth
# a call of its own; tables and the like come on top.
into_and_out_of() {
	sharing "$1"
	long_files fs/t
	grows 6 create fs/new.img fs/t
	cp -a fs/t t
	create same.img t
	cmp fs/new.img same.img
	mkdir fs/out
	grows 1 e4pack extract -q fs/new.img -C fs/out
	diff -r t fs/out
	mkdir one
	echo one >one/new
	grows 2 e4pack add -q --whole-copy fs/new.img one
	clean fs/new.img
}

# An image that begins 0 to 3 KiB into its file: in one of four the blocks of
# 1 KiB of the longer file lie as the host's of 4 KiB do.  The file in front of
# it makes the second chunk of 4 MiB begin inside one of these.
small_blocks() {
	local i before least=999999999
	sharing "$1"
	mkdir fs/t
	head -c 1025K /dev/urandom >fs/t/a
	head -c 6M /dev/urandom >fs/t/whole
	create same.img fs/t -b 1024
	same fs/t same.img
	for i in 0 1024 2048 3072; do
		truncate -s 32M fs/new.img
		before=$(used)
		e4pack create -q -b 1024 -E "offset=$i" fs/new.img fs/t
		before=$(($(used) - before))
		((before > least)) || least=$before
		cmp -i "$i:0" -n "$(stat -c %s same.img)" fs/new.img same.img
		rm fs/new.img
	done
	((least < 3 << 20)) || fail "at least $least bytes more"
}

@test "clone: xfs shares what is long with an image" {
	into_and_out_of xfs
}

@test "clone: btrfs shares what is long with an image" {
	into_and_out_of btrfs
}

@test "clone: xfs shares with an image of small blocks where these agree" {
	small_blocks xfs
}

@test "clone: btrfs shares with an image of small blocks where these agree" {
	small_blocks btrfs
}
