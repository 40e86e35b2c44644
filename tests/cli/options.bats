#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# What each option does to the image, as dumpe2fs and the kernel see it.

load helper

@test "options: the default is the ext4 of Debian 12" {
	mkdir t
	create new.img t -s 64M
	mke2fs -q -F -t ext4 -T default -b 4096 -I 256 ref.ext4 64M
	[ "$(superblock new.img 'Filesystem features' | tr -s ' ' '\n' |
		sort)" = "$(superblock ref.ext4 'Filesystem features' |
		tr -s ' ' '\n' | sort)" ] ||
		fail "$(superblock new.img 'Filesystem features')"
	[ "$(superblock new.img 'Block size')" -eq 4096 ]
	[ "$(superblock new.img 'Inode size')" -eq 256 ]
	[ "$(superblock new.img 'Reserved block count')" -eq 0 ]
	[ "$(superblock new.img 'Filesystem state')" = clean ]
	[ "$(superblock new.img 'Default directory hash')" = half_md4 ]
	[[ $(superblock new.img 'Filesystem flags') = unsigned_* ]]
}

@test "options: -L and -U" {
	mkdir t
	create new.img t -L 'a label' -U 01234567-89ab-cdef-0123-456789abcdef
	[ "$(superblock new.img 'Filesystem volume name')" = 'a label' ]
	[ "$(superblock new.img 'Filesystem UUID')" = \
		01234567-89ab-cdef-0123-456789abcdef ]
	rm new.img
	create new.img t -L 1234567890123456
	[ "$(superblock new.img 'Filesystem volume name')" = 1234567890123456 ]
}

@test "options: the UUID follows the tree where it is not given" {
	small_tree t
	create a.img t -s 32M
	mkdir u
	echo other >u/f
	create b.img u -s 32M
	[ "$(superblock a.img 'Filesystem UUID')" != \
		"$(superblock b.img 'Filesystem UUID')" ]
	[[ $(superblock a.img 'Filesystem UUID') != 00000000-* ]]
	create c.img t -U random -s 32M
	create d.img t -U random -s 32M
	[ "$(superblock c.img 'Filesystem UUID')" != \
		"$(superblock d.img 'Filesystem UUID')" ]
}

@test "options: -m reserves blocks" {
	mkdir t
	create new.img t -m 5 -s 64M
	count=$(superblock new.img 'Reserved block count')
	[ "$count" -ge 818 ]
	[ "$count" -le 820 ]
}

@test "options: -b, -I and -O" {
	small_tree t
	for bs in 1024 2048 4096; do
		for size in 128 256 1024; do
			rm -f new.img
			create new.img -b "$bs" -I "$size" t
			[ "$(superblock new.img 'Block size')" -eq "$bs" ]
			[ "$(superblock new.img 'Inode size')" -eq "$size" ]
			same t new.img --inode-size "$size"
		done
	done
}

@test "options: blocks over the page size" {
	small_tree t
	for bs in 8192 16384 32768 65536; do
		rm -f new.img
		create new.img -b "$bs" t
		[ "$(superblock new.img 'Block size')" -eq "$bs" ]
		same t new.img
	done
}

@test "options: -O takes features away and adds them" {
	small_tree t
	for feature in has_journal resize_inode dir_index 64bit flex_bg \
		metadata_csum huge_file extra_isize large_file sparse_super; do
		rm -f new.img
		run --separate-stderr e4pack create new.img -O "^$feature" t
		# What depends on it may forbid that, in clear words.
		if [ "$status" -ne 0 ]; then
			[[ $stderr = *"$feature"* ]] || fail "$feature"
			[ ! -e new.img ]
			continue
		fi
		clean new.img
		lacks_feature new.img "$feature"
		same t new.img
	done
	for feature in sparse_super2 ea_inode; do
		rm -f new.img
		create new.img -O "^resize_inode,$feature" t
		has_feature new.img "$feature"
		same t new.img
	done
}

@test "row 80: wrong geometry is refused" {
	mkdir t
	for words in '-b 512' '-b 3000' '-b 128K' '-b 131072' '-b 0' '-I 100' \
		'-I 300' '-I 8192' '-i 0' '-i 100' '-L 12345678901234567' \
		'-U xyz' '-N 0' '-O metadata_csum,uninit_bg,^nosuch' \
		'-J size=0' '-J size=99999999999'; do
		# shellcheck disable=SC2086
		run --separate-stderr e4pack create new.img $words t
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ] ||
			fail "$words: ended with $status"
		told create || fail "$words"
		[ "${#stderr_lines[@]}" -eq 1 ] || fail "$words"
		[ ! -e new.img ] || fail "$words left a target"
		tidy
	done
}

@test "row 80: features that do not go together" {
	mkdir t
	for features in bigalloc,^extents inline_data,^extents nosuch ^extents \
		meta_bg,resize_inode encrypt casefold journal_dev quota; do
		run --separate-stderr e4pack create new.img -O "$features" t \
			-s 64M
		if [ "$status" -eq 0 ]; then
			clean new.img
			rm new.img
		else
			[ -n "$stderr" ]
			[ ! -e new.img ]
		fi
	done
	misused create new.img -O bigalloc,^extents t
	misused create new.img -O nosuch t
}

@test "options: -E as mke2fs words it" {
	mkdir t
	create new.img t -s 64M \
		-E hash_seed=01234567-89ab-cdef-0123-456789abcdef
	[ "$(superblock new.img 'Directory Hash Seed')" = \
		01234567-89ab-cdef-0123-456789abcdef ]
	rm new.img
	create new.img t -s 64M -E stride=16,stripe_width=64
	[ "$(superblock new.img 'RAID stride')" -eq 16 ]
	[ "$(superblock new.img 'RAID stripe width')" -eq 64 ]
	rm new.img
	create new.img t -s 64M -E packed_meta_blocks=1
	rm new.img
	create new.img t -s 600M -E num_backup_sb=1 \
		-O sparse_super2,^resize_inode
	rm new.img
	create new.img t -s 64M -E resize=67108864
	[ "$(superblock new.img 'Reserved GDT blocks')" -gt 0 ]
}

@test "options: -E root_owner is for the root only" {
	mkdir t
	touch t/f
	create new.img t -E root_owner=12:34
	[[ $(stat_of new.img /) =~ User:\ +12\ +Group:\ +34 ]]
	[[ $(stat_of new.img /f) =~ User:\ +$(id -u)\ +Group:\ +$(id -g) ]]
}

@test "options: --owner is for every entry" {
	small_tree t
	create new.img --owner 4294967294:65536 t
	same t new.img --owner 4294967294:65536
}

@test "options: --map-owner maps users and groups" {
	mkdir t
	touch t/f
	me=$(id -u)
	create new.img --map-owner "$me:70000,4294967294:5" t
	[[ $(stat_of new.img /f) =~ User:\ +70000 ]]
	if [ "$EUID" -eq 0 ]; then
		chown 1000:1000 t/f
		rm new.img
		create new.img --map-owner 1000:2000,2000:3000 t
		[[ $(stat_of new.img /f) =~ User:\ +2000\ +Group:\ +2000 ]]
		[[ $(stat_of new.img /) =~ User:\ +0\ +Group:\ +0 ]]
	fi
}

@test "options: times follow mtime, the source or a number" {
	small_tree t
	create new.img t
	same t new.img --times mtime
	create new2.img --times 1234567890 t
	same t new2.img --times 1234567890
	create new3.img --times source t
	same t new3.img --times source
	create new4.img --times -5 t
	same t new4.img --times -5
}

@test "options: --clamp-mtime" {
	small_tree t
	touch -d @2000000000 t/one
	SOURCE_DATE_EPOCH=1500000000 create new.img --clamp-mtime t
	same t new.img --clamp 1500000000
	SOURCE_DATE_EPOCH=1700000000 create new2.img --clamp-mtime t
	same t new2.img --clamp 1700000000
}

@test "options: SOURCE_DATE_EPOCH gives the times of the superblock" {
	mkdir t
	SOURCE_DATE_EPOCH=1500000000 create new.img t
	[ "$(superblock new.img 'Filesystem created')" = \
		'Fri Jul 14 02:40:00 2017' ]
	rm new.img
	create new.img t
	[ "$(superblock new.img 'Filesystem created')" = \
		'Thu Jan  1 00:00:01 1970' ]
}

@test "row 93: SOURCE_DATE_EPOCH that is no number" {
	mkdir t
	for value in x 1.5 99999999999999999999 '1 '; do
		SOURCE_DATE_EPOCH=$value run --separate-stderr e4pack create \
			new.img t
		[ "$status" -ne 0 ] || fail "'$value' was taken"
		mentions SOURCE_DATE_EPOCH
		[ ! -e new.img ]
	done
}

@test "options: --exclude" {
	small_tree t
	create new.img --exclude '*.o' --exclude etc t
	cp -a t u
	rm -rf u/etc
	touch -r t u
	same u new.img
	mkdir o
	touch o/a.o o/b.c
	mkdir o/sub
	touch o/sub/c.o
	create new2.img --exclude '*.o' o
	run debugfs -R 'ls -p /' new2.img
	[[ $output != *a.o* ]]
	[[ $output = *b.c* ]]
	run debugfs -R 'ls -p /sub' new2.img
	[[ $output != *c.o* ]]
}

@test "options: --exclude serves archives, too" {
	archive two
	create new.img --exclude g two.tar
	run debugfs -R 'ls -p /' new.img
	[[ $output = */f/* ]]
	[[ $output != */g/* ]]
}

# first_block IMAGE PATH
first_block() {
	e4pack es --json "$1" "$2" | jq '[.extents[] | .pblk // empty][0]'
}

# inode_of IMAGE PATH
inode_of() {
	e4pack es --json "$1" "$2" | jq .inode
}

@test "options: placement follows byte-sorted paths, --order comes first" {
	mkdir -p t/sub
	for name in a b c sub/d Z; do
		seq 1 3000 >"t/$name"
	done
	create new.img t
	before=0
	for name in Z a b c sub/d; do
		block=$(first_block new.img "/$name")
		[ "$block" -gt "$before" ] || fail "$name lies before"
		before=$block
	done
	printf '%s\n' /sub/d c >list
	create new2.img --order list t
	before=0
	for name in sub/d c Z a b; do
		block=$(first_block new2.img "/$name")
		[ "$block" -gt "$before" ] || fail "$name lies before"
		before=$block
	done
	same t new2.img
}

@test "options: --order with names that are not there or not to be read" {
	small_tree t
	printf '%s\n' one no-such-file bin >list
	run --separate-stderr e4pack create new.img --order list t
	[ "$status" -eq 0 ]
	clean new.img
	rm new.img
	refused --order no-such-list t
}

@test "options: --keep-dir-symlinks resolves paths in the staged tree" {
	archive merged-usr
	refused merged-usr.tar
	mentions '--keep-dir-symlinks'
	create new.img --keep-dir-symlinks merged-usr.tar
	run debugfs -R 'cat /usr/lib/f' new.img
	[[ $output = *data* ]]
	[[ $(stat_of new.img /lib) = *symlink* ]]
}

@test "options: --strict makes a warning a failure" {
	archive zeros
	lenient_and_strict '.' zeros.tar
}

@test "options: -V as mke2fs has it" {
	run --separate-stderr e4pack create -V
	[ "$status" -eq 0 ]
	[[ "$output$stderr" =~ [0-9]+\.[0-9]+ ]]
}

@test "options: resize= is over the size of the image" {
	small_tree t
	misused create new.img -E resize=100 t
	create new.img -E resize=10000000 t
	clean new.img
}
