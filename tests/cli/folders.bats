#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Rows 1 to 37 of the bad inputs: what folders of the host may hold.

load helper

tree() {
	python3 "$LIB/mktree.py" "$@"
}

@test "row 1: an empty folder" {
	mkdir t
	create new.img t
	same t new.img
	run debugfs -R 'ls -p /' new.img
	[[ $output = */lost+found/* ]]
}

@test "row 1: lost+found is the 16 KiB that mke2fs makes" {
	mkdir t
	create new.img t
	[[ $(stat_of new.img /lost+found) =~ Inode:\ 11\ .*Mode:\ +0700 ]]
}

@test "row 2: an empty file has extents and no blocks" {
	mkdir t
	touch t/f
	create new.img t
	[[ $(stat_of new.img /f) =~ Flags:\ 0x80000 ]]
	[[ $(stat_of new.img /f) =~ Size:\ 0 ]]
	[[ $(stat_of new.img /f) =~ Blockcount:\ 0 ]]
	same t new.img
}

@test "row 3: sizes around the block" {
	for bs in 1024 4096 65536; do
		rm -rf t new.img
		tree sizes t "$bs"
		create new.img -b "$bs" t
		same t new.img
	done
}

@test "row 3: the rest of the last block is zero" {
	mkdir t
	printf x >t/f
	create new.img t
	block=$(e4pack es --json new.img /f | jq '.extents[0].pblk')
	dd if=new.img bs=4096 skip="$block" count=1 status=none |
		cmp - <(printf x; head -c 4095 /dev/zero)
}

@test "rows 4, 5: names of every byte and length" {
	tree names t
	create new.img t
	same t new.img
}

@test "row 6: lost+found of the source" {
	mkdir -p t/lost+found
	chmod 711 t/lost+found
	echo found >t/lost+found/f
	create new.img t
	same t new.img
	[[ $(stat_of new.img /lost+found) =~ Inode:\ 11\  ]]
	rm -r t/lost+found
	touch t/lost+found
	refused t
	mentions 'lost.found'
	rm t/lost+found
	ln -s / t/lost+found
	refused t
}

@test "row 7: 100,000 names in one folder: indexed, found, in 2 seconds" {
	mkdir -p t
	tree many t/big 100000
	# Time of the processor: what else runs here does not count.
	TIMEFORMAT='%U %S'
	took=$({ time e4pack create -q new.img t 2>&4; } 4>&2 2>&1 |
		awk '{ print int(($1 + $2) * 1000) }')
	clean new.img
	[[ $(stat_of new.img /big) =~ Flags:\ 0x81000 ]]
	run debugfs -R 'stat /big/name-0000000' new.img
	[[ $output = *regular* ]]
	run debugfs -R 'stat /big/name-0099999' new.img
	[[ $output = *regular* ]]
	if can_mount new.img; then
		mkdir mnt
		mount -o ro,loop new.img mnt
		(cd t/big && ls -U) | (cd mnt/big && xargs stat -c %n |
			wc -l) >count
		umount mnt
		[ "$(cat count)" -eq 100000 ]
	fi
	echo "# 100,000 names took $took ms" >&3
	[ -n "${SLOW_MACHINE-}" ] || [ "$took" -lt 2000 ]
}

@test "row 7: the index at its limits, with small blocks" {
	mkdir -p t
	tree many t/big 8000
	create new.img -b 1024 t
	same t new.img
	[[ $(stat_of new.img /big) =~ Flags:\ 0x81000 ]]
	# More leaves than the root has room for.
	run debugfs -R 'htree /big' new.img
	[[ $output =~ Indirect\ levels:\ 1 ]]
}

@test "row 7: a folder of two blocks is indexed, one of one block is not" {
	mkdir -p t
	tree many t/two 250
	tree many t/one 100
	create new.img t
	same t new.img
	[[ $(stat_of new.img /two) =~ Flags:\ 0x81000 ]]
	[[ $(stat_of new.img /one) =~ Flags:\ 0x80000 ]]
	create plain.img -O ^dir_index t
	[[ $(stat_of plain.img /two) =~ Flags:\ 0x80000 ]]
}

@test "row 8: 64,998 subfolders and more" {
	mkdir t
	tree subfolders t/d 64998
	create new.img -b 1024 t
	[[ $(stat_of new.img /d) =~ Links:\ (65000|1)\  ]]
	mkdir t/d/one-more
	rm new.img
	create new.img -b 1024 t
	[[ $(stat_of new.img /d) =~ Links:\ 1\  ]]
	refused -b 1024 -O ^dir_nlink t
}

@test "row 9: 65,000 links and one more" {
	tree links t 65000 2>/dev/null || skip 'the host allows fewer links'
	create new.img t
	[[ $(stat_of new.img /f) =~ Links:\ 65000\  ]]
	# The host's file system may have the same limit: links of a second
	# source count for the same file.
	if ln t/f t/one-more 2>/dev/null; then
		lenient_and_strict 'link' t
	fi
}

@test "row 10: hard links to symlinks, pipes and devices" {
	mkdir t
	ln -s to t/s
	ln t/s t/s2
	mkfifo t/p
	ln t/p t/p2
	if [ "$EUID" -eq 0 ] && mknod t/n c 1 3 2>/dev/null; then
		ln t/n t/n2
	fi
	create new.img t
	same t new.img
}

@test "row 11: inode numbers over 2^32" {
	need_root
	mkdir low up t
	mount -t tmpfs none low 2>/dev/null || skip 'no tmpfs mount'
	mount -t tmpfs none up
	mkdir up/files up/work
	echo data >low/f
	ln low/f low/g
	echo other >low/h
	# The layer is in the upper bits of the inode numbers.
	mount -t overlay -o lowerdir=low,upperdir=up/files,workdir=up/work \
		-o xino=on none t 2>/dev/null || skip 'no overlay mount'
	[ "$(printf '%.0f' "$(stat -c %i t/f)")" != \
		"$(($(stat -c %i t/f) & 0xFFFFFFFF))" ] ||
		skip 'the host has no such numbers'
	create new.img t
	same t new.img
	[[ $(stat_of new.img /g) =~ Links:\ 2 ]]
}

@test "row 12: symlinks around the size of i_block" {
	tree symlinks t 4095
	create new.img t
	same t new.img
	[[ $(stat_of new.img /s59) = *Fast* ]]
	[[ $(stat_of new.img /s60) != *Fast* ]]
	rm -r t
	tree symlinks t 1023
	create small.img -b 1024 t
	same t small.img
	tree symlinks u 1024
	rm -f new.img
	refused -b 1024 u
	mentions s1024
}

@test "row 14: dangling, looping and absolute symlinks are never followed" {
	mkdir t
	ln -s nowhere t/dangling
	ln -s loop t/loop
	ln -s / t/root
	ln -s .. t/up
	create new.img t
	same t new.img
}

@test "row 15: sockets and pipes are stored and never opened" {
	mkdir t
	mkfifo t/p
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("t/s")'
	LIMIT=20 create new.img t
	same t new.img
}

@test "row 15: proc is warned of, --one-file-system stays out" {
	[ -d /proc/self ] || skip 'no /proc'
	need_root
	mkdir -p t/proc t/sub
	echo in >t/sub/f
	mount -t tmpfs none t/sub 2>/dev/null || skip 'no tmpfs mount'
	echo other >t/sub/g
	create new.img t
	run debugfs -R 'ls -p /sub' new.img
	[[ $output = */g/* ]]
	rm new.img
	create new.img --one-file-system t
	run debugfs -R 'ls -p /sub' new.img
	[[ $output != */g/* ]]
	[[ $(stat_of new.img /sub) = *directory* ]]
	umount t/sub
}

@test "row 15: a mount point of sysfs is warned of" {
	need_root
	mkdir -p t/sys
	mount -t sysfs none t/sys 2>/dev/null || skip 'no sysfs mount'
	run --separate-stderr e4pack create new.img --one-file-system t
	[ "$status" -eq 0 ]
	run --separate-stderr e4pack plan --exclude '*' t
	run --separate-stderr e4pack create other.img --ignore-unreadable \
		--allow-vanished --max-size 1G t
	umount t/sys
	warned 'sys'
}

@test "row 16: device numbers in both encodings" {
	need_root
	mkdir t
	mknod t/a c 255 255 2>/dev/null || skip 'no devices here'
	mknod t/b b 256 0
	mknod t/c c 4095 1048575
	mknod t/d b 0 0
	mknod t/e c 1 256
	create new.img t
	same t new.img
}

@test "row 18: owners with high halves" {
	need_root
	mkdir t
	for id in 65535 65536 4294967294; do
		touch "t/$id"
		chown "$id:$id" "t/$id" 2>/dev/null || skip 'not allowed here'
	done
	create new.img t
	same t new.img
}

@test "row 19: modes of every kind" {
	mkdir t
	for mode in 0 111 4755 2755 6777 1777 7777 400; do
		echo "$mode" >"t/f$mode"
		chmod "$mode" "t/f$mode"
		[ -r "t/f$mode" ] || rm -f "t/f$mode"
	done
	mkdir t/d1777 t/d2750
	chmod 1777 t/d1777
	chmod 2750 t/d2750
	create new.img t
	same t new.img
}

@test "row 20: times at the edges" {
	mkdir t
	for sec in -2147483649 -2147483648 -1 0 2147483647 2147483648 \
		4294967296 15032385535 15032385536; do
		touch -d "@$sec.5" "t/t$sec" 2>/dev/null || continue
		[ "$(stat -c %Y "t/t$sec")" = "$sec" ] || rm "t/t$sec"
	done
	run --separate-stderr e4pack create new.img t
	[ "$status" -eq 0 ]
	clean new.img
	same t new.img
	if [ -e t/t-2147483649 ] || [ -e t/t15032385536 ]; then
		warned 'time'
	fi
}

@test "row 20: small inodes hold seconds up to 2038" {
	mkdir t
	touch -d @-2147483648 t/a
	touch -d @2147483647 t/b
	touch -d @2147483648 t/c
	touch -d @1600000000.5 t/d
	run --separate-stderr e4pack create new.img -I 128 t
	[ "$status" -eq 0 ]
	clean new.img
	warned ': c: .*clamped'
	[ "${#stderr_lines[@]}" -eq 1 ] || fail 'the others fit'
	same t new.img --inode-size 128
	refused --strict -I 128 t
}

@test "row 21: the last nanosecond" {
	mkdir t
	touch -d @1600000000.999999999 t/f
	create new.img t
	same t new.img
}

@test "row 22: xattrs in the inode and in a block" {
	tree xattrs t || skip 'no user xattrs here'
	create new.img t
	same t new.img
	[[ $(stat_of new.img /x1) =~ File\ ACL:\ 0 ]]
	[[ ! $(stat_of new.img /x2000) =~ File\ ACL:\ 0 ]]
}

@test "row 22: equal xattr blocks are shared" {
	tree xattrs t || skip 'no user xattrs here'
	for i in 1 2 3 4 5; do
		touch "t/same$i"
		setfattr -n user.big -v "$(head -c 1500 /dev/zero |
			tr '\0' v)" "t/same$i"
	done
	create new.img t
	same t new.img
}

@test "row 23: xattrs over one block name the file and the size" {
	mkdir t
	touch t/file-with-much
	for i in $(seq 1 10); do
		setfattr -n "user.a$i" -v "$(head -c 2000 /dev/zero |
			tr '\0' v)" t/file-with-much 2>/dev/null ||
			skip 'the host has no room for such xattrs'
	done
	refused t
	mentions 'file-with-much'
	mentions '[0-9]{4,}'
	create new.img -O ea_inode t
	same t new.img
}

@test "row 24: an xattr name of 255 bytes" {
	mkdir t
	touch t/f
	python3 -c 'import os; os.setxattr("t/f", "user." + "n" * 250, b"v")' \
		2>/dev/null || skip 'no user xattrs here'
	create new.img t
	same t new.img
}

@test "row 25: capabilities and ACLs are byte-exact" {
	need_root
	mkdir t
	touch t/cap t/acl
	mkdir t/d
	setcap cap_net_raw+ep t/cap 2>/dev/null || skip 'no capabilities here'
	setfacl -m u:1000:rw,g:1000:r,u:4294967294:x t/acl 2>/dev/null ||
		skip 'no ACLs here'
	setfacl -m d:u:1000:rwx,u:7:rx t/d
	setfattr -n trusted.x -v 1 t/acl
	create new.img t
	same t new.img
}

@test "row 25: an ACL of 1,000 entries" {
	need_root
	mkdir t
	mount -t tmpfs none t 2>/dev/null || skip 'no tmpfs mount'
	touch t/f
	{
		printf 'u::rw\ng::r\no::r\nm::rw\n'
		seq -f 'u:%.0f:r' 1001 2000
	} >acl
	setfacl -M acl t/f 2>/dev/null || skip 'no such ACLs here'
	refused t
	mentions '-O ea_inode'
	create new.img -O ea_inode t
	same t new.img
	# 300 have room in a block.
	head -n 304 acl >less
	setfacl -b -M less t/f
	rm new.img
	create new.img t
	same t new.img
}

@test "row 27: what cannot be read" {
	[ "$EUID" -ne 0 ] || skip 'root reads everything'
	mkdir -p t/closed
	echo secret >t/closed-file
	echo a >t/open
	chmod 0 t/closed t/closed-file
	refused t
	mentions closed
	create new.img --ignore-unreadable t
	warned closed-file
	run debugfs -R 'ls -p /' new.img
	[[ $output != */closed-file/* ]]
	[[ $output = */open/* ]]
	refused --ignore-unreadable --strict t
}

@test "rows 28 to 31: files that change under the reading" {
	# A big file is read while another process changes it: whatever comes
	# of it, never an image that holds something else than it had.
	mkdir t
	head -c 30M /dev/zero >t/big
	for change in 'truncate -s 1M' 'truncate -s 40M' 'touch -d @1' 'rm -f'; do
		head -c 30M /dev/zero >t/big
		rm -f new.img
		python3 "$LIB/change.py" 'read|pread64|copy_file_range' \
			t/big "$change" "$E4PACK" create new.img t >log 2>&1 ||
			skip 'cannot stop a process at a system call here'
		read -r result <log
		tidy
		if [ "$result" = 0 ]; then
			fail "$change went unseen"
		else
			[ ! -e new.img ]
		fi
	done
}

@test "row 28: a file that vanishes" {
	mkdir t
	echo a >t/a
	echo b >t/b
	python3 "$LIB/change.py" 'getdents64' t/b 'rm -f' \
		"$E4PACK" create new.img t >log 2>&1 ||
		skip 'cannot stop a process at a system call here'
	[ "$(head -n 1 log)" = 1 ] || fail "$(cat log)"
	[ ! -e new.img ]
	echo b >t/b
	python3 "$LIB/change.py" 'getdents64' t/b 'rm -f' \
		"$E4PACK" create --allow-vanished new.img t >log 2>&1
	[ "$(head -n 1 log)" = 0 ] || fail "$(cat log)"
	clean new.img
	same t new.img --no-root
}

@test "row 32: the biggest file, and one byte more" {
	mkdir t
	tree sparse t 17592186040320 || skip 'the host has no such files'
	create new.img t
	same t new.img
	rm t/sparse
	tree sparse t 17592186040321 || skip 'the host has no such files'
	rm new.img
	refused t
	mentions sparse
}

@test "row 32: a file that is one hole" {
	mkdir t
	truncate -s 10G t/hole
	create new.img t
	same t new.img
	[ "$(e4pack plan --json t | jq .data_blocks)" -eq 0 ]
}

@test "row 33: 8,000 blocks, a hole before each" {
	tree alternating t 8000
	create new.img t
	same t new.img
	run debugfs -R 'dump_extents /alternating' new.img
	[[ $output = *' 2/ 2'* ]] || fail 'the tree has another depth'
}

@test "row 35: zeros that are written stay written" {
	mkdir t
	head -c 1M /dev/zero >t/zeros
	create new.img t
	same t new.img
	[ "$(e4pack plan --json t | jq .data_blocks)" -eq 256 ]
}

@test "row 36: a depth of 3,000 folders" {
	tree deep t 3000
	create new.img t
	same t new.img
}

@test "row 37: flags that ext4 knows are kept" {
	need_root
	mkdir t
	touch t/append t/nodump t/immutable
	chattr +a t/append 2>/dev/null || skip 'no flags here'
	chattr +d t/nodump
	chattr +i t/immutable
	run --separate-stderr e4pack create new.img t
	chattr -a t/append
	chattr -i t/immutable
	[ "$status" -eq 0 ]
	clean new.img
	[[ $(stat_of new.img /append) =~ Flags:\ 0x80020 ]] || warned append
	[[ $(stat_of new.img /nodump) =~ Flags:\ 0x80040 ]] || warned nodump
	[[ $(stat_of new.img /immutable) =~ Flags:\ 0x80010 ]] ||
		warned immutable
}

@test "folders: a source that is not there, or no folder and no archive" {
	refused nowhere
	mentions nowhere
	echo text >text
	refused text
	: >nothing
	refused nothing
}

@test "folders: a source given with a slash, a dot or through a symlink" {
	small_tree t
	create a.img t
	create b.img t/
	create c.img ./t/.
	ln -s t link
	create d.img link/
	(cd t && create ../e.img .)
	same_bytes a.img b.img c.img d.img e.img
}
