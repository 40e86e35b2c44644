#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031
# info, ls, stat and cat on what mke2fs and the kernel made, held against what
# dumpe2fs and the mounted kernel say.

load helper

# same_as_kernel SIZE MKE2FS-OPTIONS...: make such an image, let the kernel
# fill it, compare.  Where this kernel does not mount it, dumpe2fs judges.
same_as_kernel() {
	local size=$1
	shift
	rm -f ref.img
	mke2fs -q -F "$@" ref.img "$size" >mke2fs.log 2>&1 ||
		fail "mke2fs $*: $(<mke2fs.log)" || return 1
	mkdir -p mnt
	if ! mount -o loop ref.img mnt 2>/dev/null; then
		echo "# not mounted by this kernel: $*" >&3
		python3 "$LIB/check_inspect.py" "$E4PACK" ref.img ||
			fail "mke2fs $*"
		return
	fi
	python3 "$LIB/fill_kernel.py" mnt >filled ||
		fail "cannot fill: $*" || return 1
	umount mnt
	mount -o ro,loop ref.img mnt
	python3 "$LIB/check_inspect.py" "$E4PACK" ref.img mnt >log ||
		fail "mke2fs $*: $(<log)" || return 1
	umount mnt
}

# all_of SIZE: a line of standard input for each set of options.
all_of() {
	local -a words
	need_root
	mke2fs -q -F -t ext4 probe.img 8M
	can_mount probe.img || skip 'no loop mounts here'
	while read -ra words; do
		same_as_kernel "$1" "${words[@]}"
	done
}

# added FEATURE TUNE2FS-OPTIONS...: the kernel fills an image, then tune2fs
# gives it a feature that the kernel may not write, or not even read: then its
# view of the image before is the judge.
added() {
	local feature=$1
	shift
	rm -f plain.img
	mkdir -p mnt
	mke2fs -q -F -t ext4 -I 256 plain.img 24M
	mount -o loop plain.img mnt
	python3 "$LIB/fill_kernel.py" mnt >filled || fail 'cannot fill'
	umount mnt
	cp --sparse=always plain.img ref.img
	tune2fs -O "$feature" "$@" ref.img >log 2>&1 || fail "$(<log)"
	has_feature ref.img "$feature"
	if ! mount -o ro,loop ref.img mnt 2>/dev/null; then
		echo "# $feature beside an image without it" >&3
		mount -o ro,loop plain.img mnt
	fi
	python3 "$LIB/check_inspect.py" "$E4PACK" ref.img mnt >log ||
		fail "$feature: $(<log)" || return 1
	umount mnt
	clean ref.img
	run --separate-stderr e4pack verify ref.img
	[[ $status = 0 ]] || fail "$feature: verify ended with $status"
}

@test "kernel: ext2 and ext3" {
	all_of 24M <<-'END'
		-t ext2 -b 1024 -I 128
		-t ext2 -b 4096
		-t ext2 -b 2048 -O ^filetype,^dir_index
		-t ext2 -O none -r 1
		-t ext3 -b 1024
		-t ext3 -b 4096 -I 128
	END
}

@test "kernel: ext4, block and inode sizes" {
	all_of 24M <<-'END'
		-t ext4 -b 1024
		-t ext4 -b 2048
		-t ext4 -b 4096
		-t ext4 -b 4096 -I 128
		-t ext4 -b 4096 -I 1024
	END
}

@test "kernel: ext4, less of it" {
	all_of 24M <<-'END'
		-t ext4 -O ^extents,^64bit
		-t ext4 -O ^metadata_csum,^64bit
		-t ext4 -O ^metadata_csum,uninit_bg
		-t ext4 -O ^has_journal
		-t ext4 -O ^dir_index
		-t ext4 -O ^filetype
		-t ext4 -O ^huge_file,^large_file,^dir_nlink,^extra_isize,^resize_inode
		-t ext4 -O ^flex_bg,^resize_inode
		-t ext4 -O ^ext_attr
	END
}

@test "kernel: ext4, more of it" {
	all_of 32M <<-'END'
		-t ext4 -O inline_data
		-t ext4 -O inline_data -I 1024
		-t ext4 -O ea_inode,large_dir
		-t ext4 -O ea_inode,^metadata_csum
		-t ext4 -O metadata_csum_seed
		-t ext4 -O sparse_super2
		-t ext4 -O meta_bg,^resize_inode -b 1024
		-t ext4 -O encrypt -b 4096
		-t ext4 -O encrypt,inline_data -b 1024
		-t ext4 -O verity -b 4096
		-t ext4 -O mmp,orphan_file
		-t ext4 -O fast_commit
		-t ext4 -E stride=4,stripe_width=16,packed_meta_blocks=1
	END
}

@test "kernel: clusters" {
	all_of 64M <<-'END'
		-t ext4 -O bigalloc -C 16384 -b 4096
		-t ext4 -O bigalloc -C 65536 -b 1024
		-t ext4 -O bigalloc,inline_data -C 32768 -b 2048
	END
}

@test "kernel: what it may not mount" {
	all_of 24M <<-'END'
		-t ext4 -O quota,project
		-t ext4 -O casefold -E encoding=utf8
	END
}

@test "kernel: quotas, projects and encodings, added later" {
	need_root
	mke2fs -q -F -t ext4 probe.img 8M
	can_mount probe.img || skip 'no loop mounts here'
	added quota -Q usrquota,grpquota
	added project
	added casefold -E encoding=utf8
}

@test "kernel: encrypted names are raw, encrypted content is refused" {
	need_root
	mke2fs -q -F -t ext4 -O encrypt -b 4096 ref.img 24M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop ref.img mnt
	python3 "$LIB/fill_kernel.py" mnt >filled
	umount mnt
	grep -qx encrypt filled || skip 'this kernel does not encrypt'
	run --separate-stderr e4pack ls --json ref.img locked
	[ "$status" -eq 0 ]
	[ "$(grep -c . <<<"$output")" -eq 2 ]
	[ "$(jq -r .type <<<"$output" | sort)" = $'file\nsymlink' ]
	[ "$(jq 'select(.target)' <<<"$output")" = '' ]
	[[ $output != *secret* && $output != *hidden* ]]
	run --separate-stderr e4pack ls -lR ref.img locked
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	e4pack ls -0 ref.img locked >names
	found=0
	while read -rd '' name; do
		[[ $name != */*/*/* ]] || continue
		run --separate-stderr e4pack cat ref.img "$name"
		[ "$status" -eq 1 ]
		[[ $stderr != *'is encrypted'* ]] || found=1
		e4pack stat --json ref.img "$name" |
			jq -e '.flags | index("encrypted")'
	done <names
	# A name may have a slash or NUL in it, and is no path then.
	[ "$found" -eq 1 ] || grep -qz '/.*/.*/' names ||
		[ "$(tr -cd '\0' <names | wc -c)" -gt 2 ]
}

@test "kernel: folders that fold case are looked up by exact bytes" {
	mkdir -p t/d
	echo x >t/d/Name
	mke2fs -q -F -t ext4 -O casefold -E encoding=utf8 -d t ref.img 8M
	debugfs -w -R 'set_inode_field d flags 0x40080000' ref.img 2>/dev/null
	[ "$(e4pack cat ref.img d/Name)" = x ]
	run --separate-stderr e4pack cat ref.img d/name
	[ "$status" -eq 1 ]
	e4pack stat --json ref.img d | jq -e '.flags | index("casefold")'
}

@test "kernel: a log that is not applied is told" {
	need_root
	mke2fs -q -F -t ext4 ref.img 16M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop ref.img mnt
	echo x >mnt/f
	sync -f mnt/f
	cp ref.img copy.img
	umount mnt
	run --separate-stderr e4pack info --json copy.img
	[ "$status" -eq 0 ]
	warned 'log|journal'
	jq -e '.journal.state == "pending" and .journal.start > 0' \
		<<<"$output"
}
