#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# What an edit would not keep right is refused by its name, and stays as it
# was; what has such neighbours is edited.

load helper

edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch -q "$@"
}

inode() {
	debugfs -R "stat $1" old.img 2>/dev/null |
		sed -n 's/^Inode: \([0-9]*\) .*/\1/p'
}

# refused COMMAND TEXT: the edit fails, says TEXT, and has changed nothing.
refused() {
	local before
	before=$(md5sum <old.img)
	run --separate-stderr edit old.img <<<"$1"
	[ "$status" -eq 1 ] || fail "$1" || return 1
	[[ $stderr = *"$2"* ]] || fail "$1" || return 1
	[ "$before" = "$(md5sum <old.img)" ] || fail "$1 changed it"
}

@test "refused edits: features of the whole image" {
	mke2fs -q -F -t ext4 -O quota old.img 16M
	refused 'put =x /x' 'old.img: has the feature quota, whose counts an edit would not keep right'
	mke2fs -q -F -t ext4 -O quota,project old.img 16M
	refused 'put =x /x' 'old.img: has the feature quota,'
	debugfs -w -R 'feature -quota' old.img 2>/dev/null
	refused 'put =x /x' 'old.img: has the feature project, whose numbers an edit would not keep right'
	mke2fs -q -F -t ext4 -O mmp old.img 16M
	refused 'put =x /x' 'old.img: has the feature mmp, which guards it from others'
	for feature in read-only shared_blocks; do
		mke2fs -q -F -t ext4 old.img 16M
		debugfs -w -R "feature $feature" old.img 2>/dev/null
		refused 'put =x /x' "old.img: has the feature $feature"
	done
	mke2fs -q -F -t ext4 old.img 16M
	debugfs -w -R 'feature FEATURE_R20' old.img 2>/dev/null
	refused 'put =x /x' 'old.img: has read-only compatible features 0x100000, which are not known'
	mke2fs -q -F -t ext4 old.img 16M
	debugfs -w -R 'feature FEATURE_I20' old.img 2>/dev/null
	refused 'put =x /x' 'old.img: incompatible features 0x100000 are not known'
}

@test "refused edits: an external journal" {
	mke2fs -q -F -b 4096 -O journal_dev log.img 8M
	mke2fs -q -F -t ext4 -b 4096 -O ^has_journal old.img 16M
	# The feature and the number of the device, as mke2fs -J device= does.
	debugfs -w -R 'feature has_journal' old.img 2>/dev/null
	debugfs -w -R 'ssv journal_dev 0x701' old.img 2>/dev/null
	debugfs -w -R 'ssv journal_inum 0' old.img 2>/dev/null
	refused 'put =x /x' 'journal'
}

@test "refused edits: an encrypted folder, and what is in it" {
	mkdir -p t/secret t/open
	echo x >t/secret/f
	tar -cf t.tar t
	mke2fs -q -F -t ext4 -O encrypt -d t old.img 16M 2>/dev/null
	number=$(inode /secret)
	debugfs -w -R 'sif /secret flags 0x80800' old.img 2>/dev/null
	for command in 'put =x /secret/g' 'put =x /secret/f' 'rm /secret/f' \
		'mv /secret/f /f' 'mv /open /secret/open' 'rm -r /secret' \
		'rmdir /secret' 'untar t.tar /secret'; do
		refused "$command" "folder inode $number is encrypted"
	done
	edit old.img <<-'END'
		chmod 700 /secret
		put =y /open/f
		mv /open /opened
		mv /secret /opened/secret
	END
	[[ $(debugfs -R 'stat /opened/secret' old.img 2>/dev/null) = *'Mode:  0700'* ]]
	[ "$(e4pack cat old.img /opened/f)" = y ]
	# Without the context, which only the kernel makes, e2fsck complains.
	debugfs -w -R 'sif /opened/secret flags 0x80000' old.img 2>/dev/null
	clean old.img
}

@test "refused edits: a folder that takes letters of both cases as one" {
	mkdir -p t/both/deep t/open
	echo x >t/both/f
	mke2fs -q -F -t ext4 -O casefold -d t old.img 16M 2>/dev/null ||
		skip 'mke2fs cannot casefold'
	number=$(inode /both)
	debugfs -w -R 'sif /both flags 0x40080000' old.img 2>/dev/null
	for command in 'put =x /both/g' 'append /both/F =x' 'rm -r /both' \
		'mkdir /both/a' 'put =x /both/deep/f' 'ln /open /both/l'; do
		refused "$command" "folder inode $number is case-insensitive"
	done
	edit old.img <<-'END'
		chown 1:2 /both
		mv /both /open/moved
		put =y /open/f
	END
	clean old.img
	[ "$(e4pack cat old.img /open/moved/f /open/f)" = $'x\ny' ]
	refused 'put =x /open/moved/g' "folder inode $number is case-insensitive"
}

@test "refused edits: the content of files that are sealed or encrypted" {
	local flags what number
	for flags in 0x180000 0x80800; do
		case $flags in
		0x180000) what='sealed by verity' ;;
		*) what=encrypted ;;
		esac
		mkdir -p t
		head -c 10000 /dev/urandom >t/f
		mke2fs -q -F -t ext4 -O verity,encrypt -d t old.img 16M \
			2>/dev/null
		debugfs -w -R "sif /f flags $flags" old.img 2>/dev/null
		number=$(inode /f)
		for command in 'put =x /f' 'append /f =x' 'write /f 5 =x' \
			'truncate /f 0' 'truncate /f 100000' \
			'punch /f 0 4096' 'fallocate /f 0 1M'; do
			refused "$command" "inode $number is $what: its content cannot be changed"
		done
		edit old.img <<-'END'
			chmod 600 /f
			setxattr /f user.k =v
			ln /f /g
			mkdir /d
			mv /f /d/f
		END
		[ "$flags" = 0x80800 ] || clean old.img
		cmp t/f <(debugfs -R 'cat /d/f' old.img 2>/dev/null)
		edit old.img <<-'END'
			rm /g
			rm /d/f
		END
		clean old.img
		rm -r t
	done
}
