#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Edits of images that are there: add, and batch without --new.

load helper

# edit ARGUMENTS: the script on standard input, on an image that is there.
edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch "$@"
}

# content PATH IMAGE: the bytes of a file.
content() {
	debugfs -R "cat $1" "$2" 2>/dev/null
}

block_size() {
	dumpe2fs -h old.img 2>/dev/null | sed -n 's/^Block size: *//p'
}

# An image of mke2fs with a few files in it.
old_image() {
	mkdir -p t/d/sub
	head -c 100000 /dev/urandom >t/big
	echo hello >t/d/f
	ln t/d/f t/link
	mke2fs -q -F -t ext4 -d t old.img 24M 2>/dev/null
}

@test "edit: an image of mke2fs, by every verb" {
	old_image
	edit -q old.img <<-'END'
		put =new /n
		mkdir -p /a/b
		append /big =tail
		write /big 5000 =middle
		rm /link
		mv /d/f /a/f
		mv /d/sub /a/sub
		symlink target /s
		mknod /null c 1 3
		chmod 600 /n
		chown 7:8 /n
		setxattr /n user.k =v
		fallocate /pre 0 100K
		truncate /pre 200K
	END
	clean old.img
	{
		head -c 5000 t/big
		printf middle
		tail -c +5007 t/big
		printf tail
	} >want
	content /big old.img | cmp - want
	[ "$(content /a/f old.img)" = hello ]
	[[ $(debugfs -R 'stat /n' old.img 2>/dev/null) = *'Mode:  0600'* ]]
	[[ $(debugfs -R 'ea_get /n user.k' old.img 2>/dev/null) = *v* ]]
	[[ $(debugfs -R 'stat /d' old.img 2>/dev/null) = *'Links: 2'* ]]
	[[ $(debugfs -R 'stat /a' old.img 2>/dev/null) = *'Links: 4'* ]]
}

@test "edit: add merges as create does, and the image is the first source" {
	old_image
	mkdir -p u/d/deep
	echo other >u/d/f
	echo more >u/d/deep/er
	tar -cf u.tar -C u .
	e4pack add old.img u
	clean old.img
	[ "$(content /d/f old.img)" = other ]
	[ "$(content /link old.img)" = hello ]
	[ "$(content /d/deep/er old.img)" = more ]
	cp old.img with.img
	e4pack add with.img u.tar
	clean with.img
	[ "$(content /d/deep/er with.img)" = more ]
}

@test "edit: all of a script or nothing" {
	old_image
	cp old.img before.img
	run --separate-stderr edit old.img <<-'END'
		put =x /one
		rm /missing
	END
	[ "$status" -eq 1 ]
	[[ $stderr = *':2: rm /missing'* ]]
	cmp old.img before.img
	edit -q -n old.img <<<'put =x /one'
	cmp old.img before.img
}

@test "edit: es and stat show what the image has, looked at before or not" {
	old_image
	edit -n old.img <<-'END' >shown
		stat /big
		es /big
		write /big 5000 =middle
		es /big
		stat /big
		append /big zero:8192
		es /big
	END
	[ "$(grep -c '  0-97 *98 .* written' shown)" -eq 3 ]
	[ "$(grep -c 'blocks     98 written, 0 unwritten, 0 delayed' \
		shown)" -eq 2 ]
	grep -q ' 98-105 *8 .* delayed' shown
}

@test "edit: a mapping that needs more blocks is refused at its line" {
	seq 0 2048 4093952 | sed 's|.*|write /f & zero:1024|' >holes
	for room in 4519 4521; do
		(cat holes && echo sync &&
			echo "fallocate /g 0 $((room * 1024))") |
			"$E4PACK" batch --new -q -F -b 1024 -s 8M full.img
		cp full.img copy.img
		run edit -q full.img <<<'punch /f 2048000 1024'
		[ "$status" -eq $((room == 4521)) ] || fail "$room: $output"
		[ "$status" -eq 0 ] || cmp full.img copy.img
		[ "$status" -eq 0 ] || [[ $output == *'input:1: punch /f: '* ]]
		clean full.img
	done
}

@test "edit: larger than the journal is refused with both numbers" {
	old_image
	before=$(md5sum <old.img)
	# Changes of old bytes go through the log.
	e4pack create -q -s 40M -J size=4 small.img t
	for i in {1..6}; do echo "put random:$i:1M /f$i"; done |
		edit -q small.img
	before=$(md5sum <small.img)
	for i in {1..6}; do echo "write /f$i 0 random:9:1M"; done >script
	run --separate-stderr edit small.img script
	[ "$status" -eq 1 ]
	[[ $stderr =~ needs\ [0-9]+\ blocks.*there\ are\ [0-9]+ ]]
	[[ $stderr = *--whole-copy* ]]
	[ "$before" = "$(md5sum <small.img)" ]
	edit -q --whole-copy small.img script
	clean small.img
	content /f3 small.img | head -c 16 | cmp - <(
		echo 'put random:9:1M /x' | e4pack batch --new -q -s 8M x.img &&
			content /x x.img | head -c 16)
}

@test "edit: --journal-only leaves it in the log, for others to apply" {
	old_image
	edit -q --journal-only old.img <<<'put =later /later'
	[[ $(dumpe2fs -h old.img 2>/dev/null) = *needs_recovery* ]]
	cp old.img by-e2fsck.img
	cp old.img by-us.img
	e2fsck -p by-e2fsck.img >/dev/null || [ $? -eq 1 ]
	[ "$(content /later by-e2fsck.img)" = later ]
	e4pack journal --replay by-us.img >/dev/null
	[ "$(content /later by-us.img)" = later ]
	clean by-us.img
	run --separate-stderr edit old.img <<<'put =next /next'
	[ "$status" -eq 0 ]
	[[ $stderr = *'was applied first'* ]]
	clean old.img
	[ "$(content /later old.img)$(content /next old.img)" = laternext ]
}

@test "edit: what cannot be edited is refused by name, and stays as it was" {
	local features
	old_image
	for features in quota project,quota mmp; do
		mke2fs -q -F -t ext4 -O "$features" q.img 16M 2>/dev/null ||
			continue
		before=$(md5sum <q.img)
		run --separate-stderr edit q.img <<<'put =x /x'
		[ "$status" -eq 1 ] || fail "$features"
		[[ $stderr = *"${features##*,}"* ]] || fail "$features"
		[ "$before" = "$(md5sum <q.img)" ] || fail "$features"
	done
	mke2fs -q -F -t ext4 -O ^has_journal q.img 16M
	run --separate-stderr edit q.img <<<'put =x /x'
	[ "$status" -eq 1 ]
	[[ $stderr = *--whole-copy* ]]
	edit -q --whole-copy q.img <<<'put =x /x'
	clean q.img
	[ "$(content /x q.img)" = x ]
	tune2fs -E force_fsck old.img 2>/dev/null || true
	debugfs -w -R 'ssv state 2' old.img 2>/dev/null
	run --separate-stderr edit old.img <<<'put =x /x'
	[ "$status" -eq 1 ]
	[[ $stderr = *'run e2fsck'* ]]
}

@test "edit: options that only a new image can have are told" {
	old_image
	for option in '-b 1024' '-s 10M' -F '-N 5' '--order x' --nodelalloc; do
		# shellcheck disable=SC2086
		run --separate-stderr edit $option old.img <<<''
		[ "$status" -eq 2 ] || fail "$option"
		[[ $stderr = *'new image only'* ]] || fail "$option"
	done
	run --separate-stderr edit --new --whole-copy x.img <<<''
	[ "$status" -eq 2 ]
}

@test "edit: without room it says what is left, and no option of create" {
	old_image
	cp old.img before.img
	mkdir large
	head -c 30M /dev/zero >large/f
	run --separate-stderr timeout 60 "$E4PACK" add old.img large
	[ "$status" -eq 1 ]
	[[ $stderr = *'add: f: needs 30.0 MiB, the image has '*' left: enlarge it with resize2fs'* ]]
	cmp old.img before.img
}

@test "edit: a mounted image is refused" {
	need_root
	old_image
	mkdir m
	mount -o loop old.img m 2>/dev/null || skip 'no loop mounts'
	run --separate-stderr edit old.img <<<'put =x /x'
	umount m
	[ "$status" -eq 1 ]
	[[ $stderr = *'in use by /dev/loop'* ]]
}

@test "edit: the kernel sees what was edited, and goes on with it" {
	need_root
	old_image
	for i in {1..200}; do echo "put =$i /d/name-with-some-length-$i"; done |
		edit -q old.img
	clean old.img
	mkdir m
	mount -o loop old.img m 2>/dev/null || skip 'no loop mounts'
	[ "$(cat m/d/name-with-some-length-77)" = 77 ]
	rm m/d/name-with-some-length-1??
	echo kernel >m/d/from-the-kernel
	umount m
	clean old.img
	edit -q old.img <<-'END'
		append /d/from-the-kernel '=and us'
		rm /d/name-with-some-length-9
	END
	clean old.img
	[[ $(content /d/from-the-kernel old.img) = *'and us'* ]]
}

@test "edit: scripts show what the image has and what they made of it" {
	old_image
	edit old.img >shown <<-'END'
		ls /d
		es /big
		stat /big
		append /big zero:5000
		rm /d/f
		ls /d
		stat /big
		df
	END
	[ "$(grep -c '^file .* f$' shown)" = 1 ]
	[ "$(grep -c '^directory .* sub$' shown)" = 2 ]
	[ "$(grep '^ .* written$' shown | awk '{ n += $2 } END { print n }')" \
		= "$((100000 / $(block_size) + 1))" ]
	grep -q '^  size       100000$' shown
	grep -q '^  size       105000$' shown
	grep -q ' 0 unwritten, [1-9][0-9]* delayed$' shown
	before=$(dumpe2fs -h old.img 2>/dev/null | grep '^Free blocks')
	edit -q old.img <<<'df'
	[ "$before" = "$(dumpe2fs -h old.img 2>/dev/null |
		grep '^Free blocks')" ]
}

@test "edit: a name in an archive for a file of the image that is full" {
	old_image
	debugfs -w -R 'sif /big links_count 65000' old.img 2>/dev/null
	python3 - <<-'END'
		import tarfile
		with tarfile.open("link.tar", "w") as t:
		    e = tarfile.TarInfo("new")
		    e.type, e.linkname = tarfile.LNKTYPE, "big"
		    t.addfile(e)
	END
	before=$(md5sum <old.img)
	run --separate-stderr e4pack add old.img link.tar
	[ "$status" -eq 1 ]
	[[ $stderr = *'new: Too many links'* ]] || fail
	[ "$before" = "$(md5sum <old.img)" ]
	debugfs -w -R 'sif /big links_count 1' old.img 2>/dev/null
	e4pack add old.img link.tar
	clean old.img
	content /new old.img | cmp - t/big
}

@test "edit: everything that the kernel has made, moved and removed" {
	need_root
	mkdir m
	for args in '-b 1024' '-b 4096 -O inline_data,ea_inode' \
		'-b 1024 -O ^extent,^64bit'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t ext4 $args old.img 48M 2>/dev/null
		mount -o loop old.img m 2>/dev/null || skip 'no loop mounts'
		python3 "$LIB/fill.py" m 300
		umount m
		clean old.img
		e4pack ls --json old.img / | jq -r .path | sort >names
		{
			echo 'mkdir /moved'
			grep -vx /lost+found names | while read -r path; do
				echo "mv $path /moved$path"
				echo "chmod 700 /moved$path"
			done | grep -v 'chmod.*/link'
		} | edit -q old.img
		clean old.img
		[ "$(e4pack ls old.img /moved | wc -l)" = \
			"$(($(wc -l <names) - 1))" ]
		echo 'rm -r /moved' | edit -q old.img
		clean old.img
		[[ $(e2fsck -fn old.img 2>/dev/null) = *' 11/'* ]]
	done
}

# extents PATH IMAGE: how many a file has.
extents() {
	e4pack es --json "$2" "$1" | jq '.extents | length'
}

@test "edit: a large file into an aged image comes in few pieces" {
	local kind n runs
	head -c 9M /dev/urandom >large
	mkdir m
	for kind in --seed=1 --seed=2 --holes; do
		mke2fs -q -F -t ext4 -b 4096 -J size=4 old.img 96M
		python3 "$LIB/age.py" "$kind" "$E4PACK" old.img
		clean old.img
		runs=$(e4pack frag --json old.img | jq .free.runs)
		[ "$runs" -gt 150 ] || fail "$kind: only $runs free runs"
		cp old.img kernel.img
		edit -q old.img <<<'put ./large /large'
		clean old.img
		n=$(extents /large old.img)
		[ "$n" -le 4 ] || fail "$kind: $n extents"
		e4pack cat old.img /large | cmp - large
		# The kernel, where it can be asked, needs more.
		[[ $EUID = 0 ]] && mount -o loop kernel.img m 2>/dev/null ||
			continue
		cp large m/large
		umount m
		[ "$(extents /large kernel.img)" -gt "$n" ] || fail "$kind"
	done
}

@test "edit: one small file reads little of a large image" {
	local bytes blocks
	need strace
	truncate -s 1T old.img
	mke2fs -q -F -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 \
		old.img 2>/dev/null
	for i in {1..4}; do echo "fallocate /f$i 0 10G"; done | edit -q old.img
	blocks=$(e4pack frag --json old.img | jq .blocks)
	[ "$blocks" -ge 10000000 ] || fail "$blocks blocks"
	echo 'put =x /small' >script
	# Whatever reads, of the program's own libraries, too; nothing is mapped.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o log \
		-e trace=read,pread64,readv,preadv,preadv2,copy_file_range,mmap \
		"$E4PACK" batch -q old.img script
	bytes=$(awk '/read|copy_file/ && $NF ~ /^[0-9]+$/ { n += $NF }
		END { print n }' log)
	[ "$bytes" -lt 1048576 ] || fail "$bytes bytes"
	! grep -E 'MAP_SHARED.* [3-9],|copy_file_range' log || fail mapped
	[ "$(content /small old.img)" = x ]
}

# inode PATH: its number in old.img.
inode() {
	debugfs -R "stat $1" old.img 2>/dev/null |
		sed -n 's/^Inode: \([0-9]*\) .*/\1/p'
}

@test "edit: a new inode is taken where its folder is, or nearby" {
	# Groups of 16 inodes; of the first one 12 to 16 are free.
	mke2fs -q -F -t ext4 -b 1024 -N 64 old.img 32M
	for i in {1..5}; do echo "put =x /f$i"; done | edit -q old.img
	[ "$(inode /f5)" = 16 ]
	edit -q old.img <<<'mkdir /d'
	[ "$(inode /d)" = 17 ]
	edit -q old.img <<<'rm /f3'
	edit -q old.img <<-'END'
		put =x /d/x
		put =x /y
		put =x /z
	END
	[ "$(inode /d/x)" = 18 ]
	[ "$(inode /y)" = 14 ]
	[ "$(inode /z)" = 19 ]
	edit -q old.img <<<'rm /f4'
	for i in {1..15}; do echo "put =x /d/$i"; done | edit -q old.img
	[ "$(inode /d/13)" = 32 ]
	[ "$(inode /d/14)" = 33 ]
	for i in {1..16}; do echo "put =x /d/more-$i"; done | edit -q old.img
	clean old.img
	[ "$(inode /d/more-15)" != '' ]
	for i in {1..30}; do echo "put =x /d/last-$i"; done >script
	run --separate-stderr edit -q old.img script
	[ "$status" -eq 1 ]
	[[ $stderr = *'not enough inodes'* ]]
	[[ $stderr != *'use -N'* ]]
	clean old.img
}

@test "edit: with SOURCE_DATE_EPOCH the same edit gives the same bytes" {
	old_image
	cp old.img again.img
	cat >script <<-'END'
		put =new /n
		setxattr /n user.a =b
		append /big =tail
		rm -r /d
		mkdir -p /a/b
		symlink n /a/s
	END
	for image in old.img again.img; do
		SOURCE_DATE_EPOCH=1700000000 edit -q "$image" script
		SOURCE_DATE_EPOCH=1700000000 "$E4PACK" add -q "$image" t
	done
	cmp old.img again.img
	e2fsck -fn old.img
}
