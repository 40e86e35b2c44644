#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Targets that are written where they are.

load helper

@test "in place: a file that ends before the image does grows to its end" {
	small_tree t
	for size in 0 1000448 3000000; do
		head -c $((4096 + size)) /dev/urandom >disk.raw
		cp disk.raw before.raw
		run e4pack create disk.raw -E offset=4096 -s 16M t
		[ "$status" -eq 0 ]
		[ "$(stat -c %s disk.raw)" -eq $((4096 + (16 << 20))) ]
		cmp -n 4096 disk.raw before.raw
		tail -c +4097 disk.raw >part.img
		clean part.img
		same t part.img
	done
}

@test "in place: a file that goes on keeps what follows the image" {
	small_tree t
	head -c 20000000 /dev/urandom >disk.raw
	cp disk.raw before.raw
	run e4pack create disk.raw -E offset=1024 -b 1024 -s 16M t
	[ "$status" -eq 0 ]
	[ "$(stat -c %s disk.raw)" -eq 20000000 ]
	cmp -n 1024 disk.raw before.raw
	cmp -i $((1024 + (16 << 20))) disk.raw before.raw
}

@test "in place: what was in the first block is gone" {
	small_tree t
	for bs in 1024 4096 65536; do
		head -c 96M /dev/zero | tr '\0' X >disk.raw
		run e4pack create disk.raw -E offset=0 -b "$bs" -s 96M t
		[ "$status" -eq 0 ] || fail "$bs"
		# The boot block, and what follows the superblock in block 0.
		[ -z "$(head -c 1024 disk.raw | tr -d '\0')" ]
		[ "$bs" -le 2048 ] ||
			[ -z "$(head -c "$bs" disk.raw | tail -c +2049 |
				tr -d '\0')" ]
	done
}

@test "in place: old bytes leave no trace, whatever the features" {
	small_tree t
	for options in "-b 1024" "-O ^resize_inode" "-O meta_bg" \
		"-O ^metadata_csum" "-O ^flex_bg" "-b 65536" \
		"-E packed_meta_blocks" "-J size=8"; do
		head -c 96M /dev/urandom >disk.img
		# shellcheck disable=SC2086
		run e4pack create disk.img -E offset=0 -s 96M $options t
		[ "$status" -eq 0 ] || fail "$options"
		clean disk.img || fail "$options"
		same t disk.img || fail "$options"
	done
}

@test "in place: the disk is waited for around the superblock" {
	need strace
	small_tree t
	truncate -s 16M disk.img
	strace -f -e trace=fsync,pwrite64 -s 0 -o calls \
		"$E4PACK" create -q -E offset=0 -s 16M disk.img t ||
		skip 'strace cannot trace here'
	# An older strace names calls that it does not know, whatever is asked;
	# threads come and go.
	sed -i -e 's/^[0-9]* *//' -e '/syscall_/d' -e '/exited/d' calls
	# Wiped, waited; last of all: waited, the superblock, waited.
	[[ $(sed -n 1p calls) =~ ^pwrite64\(.*,\ 4096,\ 0\)\  ]]
	[[ $(sed -n 2p calls) = fsync* ]]
	[[ $(tail -n 3 calls | sed -n 1p) = fsync* ]]
	[[ $(tail -n 2 calls | sed -n 1p) =~ ^pwrite64\(.*,\ 1024,\ 1024\)\  ]]
	[[ $(tail -n 1 calls) = fsync* ]]
}

@test "in place: a run that fails leaves no file system" {
	need strace
	small_tree t
	mke2fs -q -F -t ext4 disk.img 16M
	run strace -f -qq -o calls -e inject=pwrite64:error=EIO:when=2+ \
		"$E4PACK" create -q -E offset=0 -s 16M disk.img t
	[ "$status" -eq 1 ]
	run dumpe2fs -h disk.img
	[ "$status" -ne 0 ]
}

@test "in place: a target that is too small is not touched" {
	small_tree t
	mke2fs -q -F -t ext4 disk.img 16M
	cp disk.img before.img
	run e4pack create disk.img -E offset=0 -s 1M t
	[ "$status" -eq 1 ]
	cmp disk.img before.img
}

@test "in place or not: a target is closed before it gets its name" {
	need strace
	small_tree t
	for sync in --no-sync --threads=1; do
		strace -f -y -e trace=close,renameat,renameat2 -o calls \
			"$E4PACK" create -q -F "$sync" new.img t ||
			skip 'strace cannot trace here'
		grep -nE 'close\(.*/\.new\.img\..*\.tmp>|rename' calls >order
		[[ $(wc -l <order) = 2 ]] || fail "$(<order)"
		[[ $(tail -n 1 order) = *rename* ]] || fail "$(<order)"
	done
}
