#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# verify: what quota files say is what users, groups and projects have.

load helper

# quota_image OUT MKE2FS-OPTIONS: an image with many owners, whose quota files
# e2fsck has made right; it needs two runs, as it adds to them itself.
quota_image() {
	local out=$1 i
	shift
	need_root
	if [[ ! -d tree ]]; then
		mkdir tree
		small_tree tree/t
		for i in $(seq 1 40); do
			head -c "$((i * 300))" /dev/zero >"tree/f$i"
			chown "$((i * 7)):$((i % 5))" "tree/f$i"
		done
		setfattr -n user.a -v "$(seq 1 150)" tree/f1 tree/f2
		chown 4000000000:65536 tree/t
	fi
	rm -f "$out"
	mke2fs -q -F -t ext4 -E quotatype=usrquota:grpquota:prjquota \
		-d tree "$@" "$out" 24M
	for i in 1 2; do
		e2fsck -fy "$out" >/dev/null 2>&1 || true
	done
}

# same_quotas IMAGE: e2fsck and verify find the same owners wrong.
same_quotas() {
	local both
	e2fsck -fn "$1" >said 2>&1 || true
	run --separate-stderr e4pack verify "$1"
	both=$(grep -c '\[QUOTA WARNING\]' said) || true
	[[ $(grep -c 'quota of' <<<"$output") = "$both" ]] ||
		fail "e2fsck finds $both owners" || return 1
	if [[ $both = 0 ]]; then
		clean "$1" || return 1
		[[ $status = 0 ]] || fail "verify ended with $status"
	else
		[[ $status = 3 ]] || fail "verify ended with $status"
	fi
}

# poke IMAGE INODE BLOCK OFFSET BYTES: change a file of an image of 1 KiB
# blocks.
poke() {
	local block
	block=$(debugfs -R "bmap <$2> $3" "$1" 2>/dev/null)
	printf '%b' "$5" | dd of="$1" bs=1 seek=$((block * 1024 + $4)) \
		conv=notrunc status=none
}

@test "quota: counted again, in every format" {
	local options
	for options in 'quota' 'quota,project -b 1024' \
		'quota,^extent,^64bit' 'quota,project,bigalloc' \
		'quota,project,orphan_file' 'quota,project,ea_inode' \
		'quota,project,^metadata_csum'; do
		# shellcheck disable=SC2086
		quota_image q.img -O $options
		same_quotas q.img
		debugfs -w -R 'sif f3 uid 9999' q.img 2>/dev/null
		debugfs -w -R 'sif f4 gid 1' q.img 2>/dev/null
		same_quotas q.img
		[ "$status" -eq 3 ]
		[[ $output = *'inode 3: quota of user 9999: no entry; '* ]]
		[[ $output = *'inode 4: quota of group 1: counted bytes '* ]]
	done
}

@test "quota: projects" {
	quota_image q.img -O quota,project
	debugfs -w -R 'sif f5 projid 77' q.img 2>/dev/null
	same_quotas q.img
	[[ $output = *'quota of project 77: no entry; '* ]]
	e2fsck -fy q.img >/dev/null 2>&1 || true
	same_quotas q.img
	[ "$status" -eq 0 ]
}

@test "quota: links with inline targets count, e2fsck leaves them out" {
	quota_image q.img -O quota,project,inline_data
	clean q.img
	run --separate-stderr e4pack verify q.img
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	ln -s "$(printf 'x%.0s' {1..90})" tree/inline
	quota_image q.img -O quota,project,inline_data
	clean q.img
	run --separate-stderr e4pack verify q.img
	[ "$status" -eq 3 ]
	[ "$(grep -c 'quota of' <<<"$output")" -eq 3 ]
}

@test "quota: damaged files are told, and end the reading" {
	quota_image good.img -O quota -b 1024
	# Neither the magic number nor the version.
	cp good.img q.img
	poke q.img 3 0 0 'x'
	run --separate-stderr e4pack verify q.img
	[ "$status" -eq 3 ]
	[[ $output = *'inode 3: it is no file of user quotas'* ]]
	# The root leads to itself, to nothing that is there, to block 0.
	for bytes in '\x01\x00\x00\x00' '\xff\xff\xff\xff' '\x00\x00\x01\x00'; do
		cp good.img q.img
		poke q.img 4 1 40 "$bytes"
		LIMIT=10 run --separate-stderr e4pack verify q.img
		[ "$status" -eq 3 ]
		[[ $output = *'inode 4: quota: block 1 of its tree leads to '* ]]
	done
	# More blocks than the file has.
	cp good.img q.img
	poke q.img 4 0 20 '\xff\xff\xff\xff'
	LIMIT=10 run --separate-stderr e4pack verify q.img
	[ "$status" -eq 3 ]
	[[ $output = *'quota: its tree is to have 4294967295 blocks'* ]]
	# No file at all, and one that is out of range.
	cp good.img q.img
	debugfs -w -R 'ssv usr_quota_inum 99999999' q.img 2>/dev/null
	run --separate-stderr e4pack verify q.img
	[ "$status" -eq 3 ]
	[[ $output = *'the inode of user quotas is to be 99999999'* ]]
	cp good.img q.img
	debugfs -w -R 'ssv grp_quota_inum 2' q.img 2>/dev/null
	LIMIT=10 run --separate-stderr e4pack verify q.img
	[ "$status" -eq 3 ]
}
