#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Edits of files and folders that lie in their inodes.

load helper

edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch -q "$@"
}

# content PATH IMAGE: the bytes of a file.  debugfs shows all that an inode has
# room for, so the size ends them.
content() {
	local size
	size=$(debugfs -R "stat $1" "$2" 2>/dev/null |
		grep -om1 ' Size: [0-9]*' | head -n 1)
	debugfs -R "cat $1" "$2" 2>/dev/null | head -c "${size#*: }"
}

# in_inode PATH: whether what lies at PATH of old.img lies in its inode.
in_inode() {
	[[ $(debugfs -R "stat $1" old.img 2>/dev/null) = \
		*'Size of inline data'* ]]
}

# An image of mke2fs, which the kernel then goes on with where it can.
old_image() {
	mkdir -p t/d t/e
	echo hello >t/small
	head -c 100 /dev/urandom >t/mid
	head -c 5000 /dev/urandom >t/blocks
	for i in 1 2 3; do echo "$i" >"t/e/$i"; done
	mke2fs -q -F -t ext4 -O inline_data "$@" -d t old.img 16M 2>/dev/null
	kernel=false
	mkdir -p m
	if [[ $EUID = 0 ]] && mount -o loop old.img m 2>/dev/null; then
		kernel=true
		mkdir m/k
		printf kern >m/k/x
		setfattr -n user.a -v 1234 m/k/x
		umount m
	fi
	clean old.img
}

@test "inline edits: small changes stay in the inode" {
	old_image
	in_inode /small
	edit old.img <<-'END'
		append /small =more
		write /mid 10 =XX
		chmod 600 /e/1
		put =x /e/4
		rm /e/2
		mv /e/3 /d/3
		truncate /e/1 1
		setxattr /small user.k =v
		mkdir /new
		put =abc /new/f
	END
	clean old.img
	for path in /small /mid /e /e/1 /e/4 /d /new /new/f; do
		in_inode "$path" || fail "$path"
	done
	content /small old.img | cmp - <(printf 'hello\nmore')
	{ head -c 10 t/mid; printf XX; tail -c +13 t/mid; } >want
	content /mid old.img | cmp - want
	[ "$(content /e/1 old.img)" = 1 ]
	[ "$(debugfs -R 'ls -p /e' old.img 2>/dev/null | cut -d/ -f6 |
		sort | xargs)" = '. .. 1 4' ]
	[[ $(debugfs -R 'ea_get /small user.k' old.img 2>/dev/null) = *v* ]]
}

@test "inline edits: what grows, is punched or preallocated gets blocks" {
	local name path
	old_image
	name=$(printf 'n%.0s' {1..100})
	edit old.img <<-END
		append /small zero:300
		punch /mid 5 5
		fallocate /e/1 0 10K
		put =x /e/$name
		put =x /e/$name-2
		setxattr /e user.k random:1:500
		truncate /e/2 200
	END
	clean old.img
	for path in /small /mid /e /e/1 /e/2; do
		! in_inode "$path" || fail "$path"
	done
	{ echo hello; head -c 300 /dev/zero; } >want
	content /small old.img | cmp - want
	{ head -c 5 t/mid; head -c 5 /dev/zero; tail -c +11 t/mid; } >want
	content /mid old.img | cmp - want
	content /e/1 old.img | cmp - <(echo 1; head -c 10238 /dev/zero)
	content /e/2 old.img | cmp - <(echo 2; head -c 198 /dev/zero)
	[ "$(content /e/3 old.img)" = 3 ]
	[ "$(content "/e/$name-2" old.img)" = x ]
	# A file in blocks stays there; a new one does not need any.
	edit old.img <<-'END'
		truncate /small 3
		rm /e/1
		put =again /e/1
	END
	clean old.img
	if in_inode /small; then fail "/small went back"; fi
	in_inode /e/1
	[ "$(content /small old.img)" = hel ]
}

@test "inline edits: attributes beside the data, in a block, or instead" {
	old_image
	edit old.img <<-'END'
		setxattr /small user.a random:1:40
		setxattr /mid user.b random:2:300
		setxattr /blocks user.b random:2:300
	END
	clean old.img
	in_inode /small
	in_inode /mid
	# The block of /mid stays when only its data change.
	before=$(debugfs -R 'stat /mid' old.img 2>/dev/null | grep -o 'ACL: .*')
	edit old.img <<<'write /mid 0 =abc'
	clean old.img
	[ "$before" = "$(debugfs -R 'stat /mid' old.img 2>/dev/null |
		grep -o 'ACL: .*')" ]
	edit old.img <<-'END'
		rmxattr /mid user.b
		append /small random:1:60
		setxattr /small user.a random:1:41
	END
	clean old.img
	in_inode /mid
	[ "$(content /mid old.img | head -c 3)" = abc ]
	content /small old.img | head -c 6 | cmp - <(echo hello)
	[[ $(debugfs -R 'stat /mid' old.img 2>/dev/null) = *'ACL: 0'* ]]
	edit old.img <<-'END'
		rm -r /e
		rm /mid
		rm /small
	END
	clean old.img
}

@test "inline edits: inodes of other sizes, small blocks" {
	local size
	for size in 256 512 1024; do
		old_image -b 1024 -I "$size"
		for i in {1..30}; do
			echo "put random:$i:$((i * 30)) /e/f$i"
		done | edit old.img
		for i in {1..30}; do echo "append /e/f$i random:1:20"; done |
			edit old.img
		clean old.img
		for i in {1..30}; do echo "rm /e/f$i"; done | edit old.img
		clean old.img
		[ "$(content /e/2 old.img)" = 2 ]
	done
}

@test "inline edits: files and folders of the kernel, and back to it" {
	need_root
	old_image
	$kernel || skip 'no loop mounts'
	edit old.img <<-'END'
		append /k/x =1
		put =g /k/g
	END
	clean old.img
	in_inode /k/x
	in_inode /k/g
	mount -o loop old.img m
	[ "$(cat m/k/x m/k/g)" = kern1g ]
	[ "$(getfattr --only-values -n user.a m/k/x)" = 1234 ]
	echo more >>m/k/x
	echo new >m/k/h
	rm m/k/g
	umount m
	clean old.img
	edit old.img <<<'mv /k /e/k'
	clean old.img
	[ "$(content /e/k/h old.img)" = new ]
}

# Many kernels leave a file that truncate made larger where it is.
@test "inline edits: a size that no inode holds" {
	old_image
	debugfs -w -R 'sif /small size 3000' old.img 2>/dev/null
	clean old.img
	edit old.img <<<'chmod 600 /small'
	clean old.img
	in_inode /small
	cp old.img short.img
	edit old.img <<<'append /small =tail'
	clean old.img
	e4pack cat old.img /small |
		cmp - <(echo hello; head -c 2994 /dev/zero; printf tail)
	edit short.img <<<'truncate /small 2000'
	clean short.img
	e4pack cat short.img /small |
		cmp - <(echo hello; head -c 1994 /dev/zero)
}
