#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# How big an image becomes, and that "min" is the least.

load helper

keys='["allocated_blocks","block_size","blocks","bytes","data_blocks","directories","extents","files","flushes","free_blocks","hardlinks","inodes","inodes_used","journal_blocks","metadata_blocks","reserved_blocks","specials","symlinks"]'

# blocks IMAGE
blocks() {
	superblock "$1" 'Block count'
}

# adds_up JSON: the four kinds of blocks are all of them, and every promise
# was used.
adds_up() {
	jq -e '.blocks == .data_blocks + .metadata_blocks + .journal_blocks
			+ .free_blocks
		and .bytes == .blocks * .block_size
		and .reserved_blocks == .allocated_blocks
		and .inodes_used <= .inodes' <<<"$1" >/dev/null ||
		fail "the numbers do not add up: $1"
}

# is_least OPTIONS... SOURCE: plan -s min, create with exactly that, and one
# block less fails with both figures.
is_least() {
	local plan n bs
	plan=$(e4pack plan -s min --json "$@") || fail 'plan failed' || return
	adds_up "$plan" || return
	n=$(jq .blocks <<<"$plan")
	bs=$(jq .block_size <<<"$plan")
	rm -f least.img new.img
	create least.img -s min "$@" || return
	[[ $(blocks least.img) = "$n" ]] || fail 'another size than planned' ||
		return
	[[ $(stat -c %s least.img) = $((n * bs)) ]] || fail 'length' || return
	rm -f exact.img
	create exact.img -s $((n * bs)) "$@" || return
	[[ $(blocks exact.img) = "$n" ]] || fail 'the exact size' || return
	refused -s $(((n - 1) * bs)) "$@" || return
	[[ $stderr =~ [0-9] ]] || fail 'no figures in the message' || return
	mentions 'size' || return
}

@test "size: min is the least for a small tree" {
	small_tree t
	is_least t
	same t least.img
}

@test "size: min is the least for an empty folder" {
	mkdir t
	is_least t
}

@test "size: min is the least with each block size" {
	small_tree t
	for bs in 1024 2048 8192; do
		is_least -b "$bs" t
	done
}

@test "size: min is the least over several groups" {
	mkdir t
	for i in 1 2 3 4 5 6; do
		head -c 3M /dev/zero | tr '\0' "$i" >"t/$i"
	done
	is_least -b 1024 t
	is_least -b 1024 -O ^has_journal t
}

@test "size: min is the least at the edge of a group" {
	mkdir t
	n=$(e4pack plan -s min --json -b 1024 -O ^has_journal t | jq .blocks)
	for more in 8191 8192 8193 8200 8400; do
		head -c $(((more - n) * 1024)) /dev/zero | tr '\0' x >t/f
		is_least -b 1024 -O ^has_journal t
	done
}

@test "size: min is the least with and without features" {
	small_tree t
	is_least -O ^has_journal t
	is_least -O ^resize_inode t
	is_least -O ^64bit,^metadata_csum t
	is_least -O ^flex_bg t
	is_least -I 128 t
	is_least -N 1000 t
}

@test "size: suffixes are powers of 1024, rounded down to whole blocks" {
	mkdir t
	for size in 16384K:4096 16M:4096 16777216:4096 16777217:4096 \
		16781311:4096 16781312:4097 16m:4096; do
		rm -f new.img
		create new.img -s "${size%:*}" t
		[ "$(blocks new.img)" -eq "${size#*:}" ]
	done
	rm new.img
	create new.img -s 1G t
	[ "$(blocks new.img)" -eq 262144 ]
}

@test "row 79: what is no size is told before anything is read" {
	small_tree t
	for size in 0 -1 1.5G 9E 9223372036854775808 '' 1KB 0x10 ' 1M' 1M1 \
		min- min+ min+x min+5%% max min+-5%; do
		misused create new.img -s "$size" t
		misused plan -s "$size" t
	done
}

@test "row 79: a size under the minimum is told with the minimum" {
	small_tree t
	for size in 1 1K 4096 64K 1M; do
		refused -s "$size" t
		[[ $stderr =~ [0-9.]+\ *(B|[KMGT]iB|blocks) ]] ||
			fail "$size: no minimum in the message"
	done
}

@test "size: min+N% and min+SIZE add to the bytes of min" {
	small_tree t
	least=$(e4pack plan -s min --json t | jq .bytes)
	for spec in min+50% min+10% min+0% min+100%; do
		n=${spec#min+}
		plan=$(e4pack plan -s "$spec" --json t)
		adds_up "$plan"
		jq -e --argjson m "$least" --argjson p "${n%\%}" \
			'.bytes >= $m and .bytes <= $m * (100 + $p) / 100
			 + .block_size' <<<"$plan" ||
			fail "$spec: $plan"
	done
	plan=$(e4pack plan -s min+8M --json t)
	jq -e --argjson m "$least" '.bytes > $m + 7*1024*1024' <<<"$plan"
	rm -f new.img
	create new.img -s min+8M t
	[ "$(blocks new.img)" -eq "$(jq .blocks <<<"$plan")" ]
}

@test "size: the default is min+10%" {
	small_tree t
	create new.img t
	create other.img -s min+10% t
	same_bytes new.img other.img
}

@test "size: plan and create give the same numbers" {
	small_tree t
	for size in min min+10% 64M; do
		rm -f new.img
		plan=$(e4pack plan --json -s "$size" t)
		run --separate-stderr e4pack create --json -s "$size" new.img t
		[ "$status" -eq 0 ]
		[ "$(jq -S . <<<"$plan")" = "$(jq -S . <<<"$output")" ]
		adds_up "$output"
		[ "$(jq -c 'keys' <<<"$output")" = "$keys" ] ||
			fail "other keys: $(jq -c keys <<<"$output")"
		[ "$(blocks new.img)" -eq "$(jq .blocks <<<"$output")" ]
		[ "$(superblock new.img 'Free blocks')" -eq \
			"$(jq .free_blocks <<<"$output")" ]
		[ "$(superblock new.img 'Inode count')" -eq \
			"$(jq .inodes <<<"$output")" ]
	done
}

@test "size: plan counts what is in a tree" {
	small_tree t
	plan=$(e4pack plan --json t)
	# Folders: the tree's own, the root, lost+found.
	jq -e '.files == 7 and .symlinks == 2 and .hardlinks == 1
		and .specials == 1 and .directories == 7
		and .inodes_used == 11 + 7 - 2 + 7 + 2 + 1' <<<"$plan" ||
		fail "$plan"
}

@test "size: plan writes nothing and works without room for an image" {
	mkdir work
	small_tree work/t
	(cd work && find . | sort) >before
	chmod a-w work
	(cd work && e4pack plan t) >out
	chmod u+w work
	(cd work && find . | sort) | cmp - before
	[ -s out ]
}

@test "size: --max-size bounds what min may come to" {
	small_tree t
	refused --max-size 2M t
	create new.img --max-size 64M t
	[ "$(stat -c %s new.img)" -le $((64 << 20)) ]
}

@test "row 85: an image too small for the data says needed and available" {
	mkdir t
	head -c 20M /dev/urandom >t/f
	refused -s 16M t
	mentions '[0-9.]+ .iB.*[0-9.]+ .iB'
	mentions '(--)?size'
}

@test "row 85: too few inodes" {
	mkdir t
	(cd t && seq 1 500 | xargs touch)
	refused -s 16M -N 100 t
	mentions 'inode'
}

@test "size: inodes as -N, -i and headroom say" {
	mkdir t
	(cd t && seq 1 1000 | xargs touch)
	plan=$(e4pack plan --json -s min t)
	jq -e '.inodes >= .inodes_used and .inodes < .inodes_used + 2100' \
		<<<"$plan"
	create new.img -N 5000 -s 64M t
	[ "$(superblock new.img 'Inode count')" -ge 5000 ]
	rm new.img
	create new.img -i 16384 -s 64M t
	count=$(superblock new.img 'Inode count')
	[ "$count" -ge 4096 ]
	[ "$count" -lt 6000 ]
	rm new.img
	create new.img -N min+100% t
	count=$(superblock new.img 'Inode count')
	[ "$count" -ge 2022 ]
	rm new.img
	create new.img t
	[ "$(superblock new.img 'Free inodes')" -ge 51 ]
}

@test "size: the journal as -J and the table say" {
	mkdir t
	create new.img t
	has_feature new.img has_journal
	[ "$(superblock new.img 'Total journal blocks')" -eq 1024 ] ||
		[ "$(superblock new.img 'Total journal size')" = 4096k ]
	rm new.img
	create new.img -J size=8 t
	[[ $(superblock new.img 'Total journal size') = 8M ||
	   $(superblock new.img 'Total journal size') = 8192k ]]
	rm new.img
	create new.img -O ^has_journal t
	lacks_feature new.img has_journal
	plan=$(e4pack plan --json -O ^has_journal t)
	[ "$(jq .journal_blocks <<<"$plan")" -eq 0 ]
	rm new.img
	create new.img -s 1G t
	[ "$(superblock new.img 'Total journal size')" = "$(
		mke2fs -q -F -t ext4 ref.ext4 1G >/dev/null 2>&1
		superblock ref.ext4 'Total journal size')" ]
}

@test "size: 3 MiB of small files fit where their blocks say" {
	mkdir t
	for i in {1..1500}; do
		echo "$i" >"t/f$i"
	done
	plan=$(e4pack plan --json -s min t)
	[ "$(jq .data_blocks <<<"$plan")" -eq 1500 ]
	[ "$(jq .extents <<<"$plan")" -eq 1500 ]
}
