#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# Edits that cannot be done: what is said, and what is left.

load helper

# edit ARGUMENTS: the script on standard input, on an image that is there.
edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch "$@"
}

# content PATH IMAGE: the bytes of a file.
content() {
	debugfs -R "cat $1" "$2" 2>/dev/null
}

# A small image with a file and two folders.
base() {
	e4pack batch --new -q -F -s 8M -b 1024 a.img <<-'END'
		mkdir -p /d/sub
		put =old /d/f
	END
}

# keeps IMAGE MESSAGE ARGUMENTS: the edit fails with exactly this message and
# the one that says what is left, and no byte of the image is another one.
keeps() {
	local image=$1 message=$2 before
	shift 2
	before=$(md5sum <"$image")
	run --separate-stderr edit "$@"
	[[ $status = 1 ]] || fail "ended with $status" || return 1
	[[ $stderr = "e4pack: batch: $message"$'\n'"e4pack: batch: $image: \
warning: the image is as it was" ]] || fail "not: $message" || return 1
	[[ $before = "$(md5sum <"$image")" ]] || fail 'changed' || return 1
	tidy
}

@test "edit: what nobody takes is not committed" {
	base
	[ -w /dev/full ] || skip 'no /dev/full'
	printf 'put =new /d/f\nes /d/f\n' >script
	run --separate-stderr bash -c '"$E4PACK" batch a.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device'$'\n''e4pack: batch: a.img: warning: the image is as it was' ]]
	[ "$(content /d/f a.img)" = old ]
	printf 'put =new /f\nes /f\n' >script
	run --separate-stderr bash -c \
		'"$E4PACK" batch --new -s 8M new.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device' ]]
	[ ! -e new.img ]
	tidy
	# Nor when the reader has gone away.
	{
		echo 'put =new /d/f'
		yes 'es /d/f' | head -n 20000
	} >script
	run bash -c '"$E4PACK" batch a.img script 2>said | head -n 1 >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$status" -eq 141 ] || fail "$status"
	[ ! -s said ] || fail "$(<said)"
	[ "$(content /d/f a.img)" = old ]
}

# flip IMAGE BYTE [MASK]: a bit of it is another one.
flip() {
	python3 -S - "$@" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    byte = f.read(1)[0]
		    f.seek(-1, 1)
		    mask = int(sys.argv[3], 0) if len(sys.argv) > 3 else 1
		    f.write(bytes([byte ^ mask]))
	END
}

# block_of PATH N: where block N of it begins, in bytes.
block_of() {
	echo $(($(debugfs -R "bmap $1 $2" checked.img 2>/dev/null) * 1024))
}

# inode_of PATH: where its inode is.
inode_of() {
	local block offset
	read -r block offset < <(debugfs -R "imap $1" checked.img 2>/dev/null |
		sed -n 's/.*block \([0-9]*\), offset \(0x[0-9a-f]*\)/\1 \2/p')
	echo $((block * 1024 + offset))
}

# group_block NAME: where the block of group 0 is that dumpe2fs calls so.
group_block() {
	echo $((1024 * $(dumpe2fs checked.img 2>/dev/null |
		sed -n "s/.*$1 at \([0-9]*\).*/\1/p" | head -n 1)))
}

# An image with checksums over every kind of metadata.
checked_image() {
	mkdir -p t/d/sub t/big t/e
	echo old >t/d/f
	setfattr -n user.x -v "$(head -c 600 /dev/zero | tr '\0' x)" t/d/f ||
		skip 'no user xattrs here'
	for i in {1..200}; do : >"t/big/a-name-that-makes-blocks-full-$i"; done
	for i in {0..30..2}; do
		echo x | dd of=t/holes bs=1024 seek="$i" conv=notrunc \
			status=none
	done
	mke2fs -q -F -t ext4 -b 1024 -O metadata_csum -d t checked.img 16M \
		>/dev/null 2>&1
	# Make the index.
	e2fsck -fyD checked.img >/dev/null 2>&1 || [ $? -le 1 ]
	clean checked.img
	holes=$(debugfs -R 'ex /holes' checked.img 2>/dev/null |
		awk 'NR == 2 { print $8 * 1024 }')
	xattrs=$(debugfs -R 'stat /d/f' checked.img 2>/dev/null |
		sed -n 's/.*File ACL: //p')
	leaf=
	for i in {1..30}; do
		((leaf)) || leaf=$(block_of /big "$i")
	done
}

# damaged BYTE MESSAGE LINE...: with a bit of it flipped, a script with each
# of these lines is refused so.
damaged() {
	local place=$1 message=$2 line
	shift 2
	cp checked.img a.img
	flip a.img "$place"
	for line; do
		echo "$line" >script
		keeps a.img "a.img: $message: run e2fsck first" -q a.img \
			script || fail "$line" || return 1
	done
}

@test "row 70: an edit refuses what it meets with a wrong checksum" {
	local d f sub root
	checked_image
	number() {
		debugfs -R "stat $1" checked.img 2>/dev/null |
			sed -n 's/^Inode: \([0-9]*\) .*/\1/p'
	}
	d=$(number /d) f=$(number /d/f) sub=$(number /d/sub) root=$(number /big)
	damaged $(($(group_block 'Block bitmap') + 1000)) \
		'block bitmap of group 0: wrong checksum' \
		'put =x /x' 'rm /d/f' 'truncate /holes 0' 'append /d/f zero:9K'
	damaged $(($(group_block 'Inode bitmap') + 100)) \
		'inode bitmap of group 0: wrong checksum' 'put =x /x' 'rm /d/f'
	damaged $(($(inode_of /d/f) + 8)) "inode $f: wrong checksum" \
		'chmod 600 /d/f' 'append /d/f =x' 'ln /d/f /g'
	damaged $(($(block_of /d 0) + 1000)) \
		"folder inode $d, block 0: wrong checksum" \
		'put =x /d/x' 'rm /d/f' 'rm -r /d'
	damaged $(($(block_of /d/sub 0) + 1000)) \
		"folder inode $sub, block 0: wrong checksum" \
		'mv /d/sub /e/sub' 'rmdir /d/sub'
	damaged $(($(block_of /big 0) + 40)) \
		"folder inode $root, its index: wrong checksum" \
		'put =x /big/x' 'mv /big /e/big'
	damaged $((holes + 1020)) \
		"inode $(number /holes): extent block $((holes / 1024)): \
wrong checksum" 'append /holes =x' 'rm /holes'
	damaged $((xattrs * 1024 + 4)) \
		"inode $f: attribute block: wrong checksum" \
		'setxattr /d/f user.y =z' 'rm /d/f' 'chmod 600 /d/f'
	# What it does not meet it leaves alone.
	cp checked.img a.img
	flip a.img $(($(inode_of /d/f) + 8))
	edit -q a.img <<<'put =x /x'
	[ "$(content /x a.img)" = x ]
}

# refuses MESSAGE [ARGUMENTS]: a.img is not opened for an edit, nor is a copy
# made of it.
refuses() {
	local message=$1 before option
	shift
	before=$(md5sum <a.img)
	for option in -q --whole-copy; do
		run --separate-stderr edit "$option" "$@" a.img <<<'put =x /x'
		[[ $status = 1 ]] || fail "ended with $status" || return 1
		[[ ${stderr##*$'\n'} = "e4pack: batch: a.img: $message" ]] ||
			fail "not: $message" || return 1
		[[ $before = "$(md5sum <a.img)" ]] || fail changed || return 1
		tidy || return 1
	done
}

@test "row 70: a superblock or descriptor with a wrong checksum" {
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	flip a.img $((1024 + 0x78))
	refuses 'the superblock has a wrong checksum: run e2fsck first'
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	flip a.img $((2048 + 0x1c))
	refuses 'a group descriptor has a wrong checksum: run e2fsck first'
}

@test "row 67: an image that is not clean" {
	for state in 0 2 3; do
		base
		debugfs -w -R "ssv state $state" a.img 2>/dev/null
		refuses 'is not clean: run e2fsck first'
	done
	base
	debugfs -w -R 'ssv last_orphan 13' a.img 2>/dev/null
	refuses 'has files that were deleted while in use: run e2fsck first'
}

# in_log OFFSET VALUE: write a big-endian number into the log's superblock.
in_log() {
	python3 -S - "$(debugfs -R 'bmap <8> 0' a.img 2>/dev/null)" "$@" <<-'END'
		import sys
		block, at, value = [int(n, 0) for n in sys.argv[1:]]
		with open("a.img", "r+b") as f:
		    f.seek(block * 1024 + at)
		    f.write(value.to_bytes(4, "big"))
	END
}

@test "rows 67, 69: a journal that says something is wrong" {
	base
	in_log 32 0xfffffffb
	refuses 'its journal has noted an error: run e2fsck first'
	base
	in_log 28 1
	refuses 'its journal is not empty, but it does not need recovery: the kernel discards such a journal, e2fsck replays it'
	base
	in_log 0 0x12345678
	refuses 'the journal is damaged: it has no superblock'
	base
	in_log 20 0
	refuses 'the journal is damaged: its first block is out of range'
	base
	in_log 16 0x7fffffff
	refuses 'the journal is damaged: it is longer than its inode'
	base
	in_log 40 0x80000000
	refuses 'the journal has features that are not known: incompatible 0x80000000, read-only 0x0'
	base
	in_log 40 0x18
	refuses 'the journal is damaged: it has checksums of two versions'
	# An edit gives it checksums.
	mke2fs -q -F -t ext4 -b 1024 a.img 8M 2>/dev/null
	edit -q a.img <<<'put =a /a'
	in_log 100 1
	refuses 'the superblock of the journal has a wrong checksum: run e2fsck'
}

@test "row 65: what is no ext4 image" {
	: >empty
	printf x >one
	head -c 1M /dev/zero >zero
	mkdir dir
	mkfifo pipe
	tar -cf t.tar one
	printf XFSB >xfs
	head -c 64K /dev/zero >>xfs
	while IFS='|' read -r image message; do
		for option in -q --whole-copy; do
			run --separate-stderr edit $option "$image" <<<'put =x /x'
			[ "$status" -eq 1 ] || fail "$image"
			[ "$stderr" = "e4pack: batch: $image: $message" ] ||
				fail "$image"
		done
	done <<-'END'
		empty|not an ext2/3/4 image (it is empty)
		one|not an ext2/3/4 image
		zero|not an ext2/3/4 image
		xfs|not an ext2/3/4 image (looks like xfs)
		t.tar|not an ext2/3/4 image (looks like a tar archive)
		dir|neither a file nor a block device
		pipe|neither a file nor a block device
		/dev/null|neither a file nor a block device
		missing|cannot open: No such file or directory
	END
	[ "$(stat -c %s empty one)" = $'0\n1' ]
	mke2fs -q -F -t ext2 -b 1024 a.img 4M 2>/dev/null
	keeps a.img 'a.img: has no journal: use --whole-copy' a.img \
		<<<'put =x /x'
	mke2fs -q -F -t ext3 -b 1024 a.img 8M 2>/dev/null
	edit -q a.img <<<'put =x /x'
	clean a.img
	[ "$(content /x a.img)" = x ]
}

# feature OFFSET: set a bit of the superblock that nobody knows.
feature() {
	mke2fs -q -F -t ext4 -b 1024 -O ^metadata_csum a.img 8M 2>/dev/null
	flip a.img $((1024 + $1)) 0x80
}

@test "row 68: features that are not known" {
	feature 0x63
	refuses 'incompatible features 0x80000000 are not known'
	feature 0x67
	refuses 'has read-only compatible features 0x80000000, which are not known: it can be read, not changed'
	e4pack ls a.img >/dev/null
}

@test "row 75: an image that is cut off" {
	base
	truncate -s 5M a.img
	refuses 'the image is 3145728 bytes short'
}

@test "rows 76, 94: an image that another one holds" {
	need flock
	base
	exec 7<a.img
	flock 7
	refuses 'cannot be locked: Device or resource busy'
	exec 7<&-
	# An edit that waits for its script has not begun; one that waits for
	# an archive has.
	mkfifo pipe
	"$E4PACK" add -q a.img - <pipe &
	exec 8>pipe
	for _ in {1..100}; do
		! grep -q ":$(stat -c %i a.img) " /proc/locks || break
		sleep 0.1
	done
	refuses 'cannot be locked: Device or resource busy'
	tar -c -C / --files-from /dev/null >&8
	exec 8>&-
	wait $!
	edit -q a.img <<<'put =x /x'
	clean a.img
}

@test "row 76: an image behind a loop device, by any name" {
	need_root
	local device
	base
	device=$(losetup -f --show a.img) || skip 'no loop devices'
	ln a.img other.img
	run --separate-stderr edit other.img <<<'put =x /x'
	losetup -d "$device"
	[ "$status" -eq 1 ]
	[[ $stderr = "e4pack: batch: other.img: is in use by $device, unmount it and detach the device: Device or resource busy" ]]
}

@test "rows 77, 78: journals that are not there" {
	local device
	base
	mke2fs -q -F -t ext4 -b 1024 -O ^has_journal a.img 8M 2>/dev/null
	for option in -q --journal-only; do
		keeps a.img 'a.img: has no journal: use --whole-copy' \
			$option a.img <<<'put =x /x'
	done
	run --separate-stderr edit --whole-copy --journal-only a.img </dev/null
	[ "$status" -eq 2 ]
	need_root
	truncate -s 4M log
	mke2fs -q -F -b 1024 -O journal_dev log 2>/dev/null
	device=$(losetup -f --show log) || skip 'no loop devices'
	mke2fs -q -F -t ext4 -b 1024 -J "device=$device" a.img 8M 2>/dev/null
	losetup -d "$device"
	uuid=$(superblock a.img 'Journal UUID')
	[ -n "$uuid" ]
	keeps a.img "a.img: its journal is on another device, which is not supported: UUID $uuid" \
		-q a.img <<<'put =x /x'
}

@test "row 81: an edit reads all of its script before it begins" {
	base
	before=$(md5sum <a.img)
	while IFS='|' read -r line message; do
		printf 'put =new /d/f\n%b\n' "$line" >script
		run --separate-stderr edit a.img script
		[ "$status" -eq 2 ] || fail "$line"
		[[ $stderr = "e4pack: batch: script:2: $message"* ]] ||
			fail "$line"
		[ "$before" = "$(md5sum <a.img)" ] || fail "$line"
	done <<-'END'
		frob /x|frob is no verb
		put =x|an argument is missing; the syntax is: put
		put "=x /y|a " is not closed
		put =x /x\0y|a NUL byte is in the line
		chmod 9 /d/f|9 is no octal mode up to 7777
		truncate /d/f -1|-1 is no size in bytes
		rm /d/f extra|extra is one argument too many
		mknod /x c 5000 2|5000 is no number up to 4095
		mknod /x c 1 1048576|1048576 is no number up to 1048575
		chown 4294967295:0 /d/f|4294967295:0 is no UID:GID
		put =x /d/f/|/d/f/ is the name of a folder
		mkdir /d/../q|/d/../q has a component ..
	END
	{
		seq -f 'put =%.0f /d/f' 899
		echo 'put missing /x'
		seq -f 'put =%.0f /d/f' 100
	} >script
	run --separate-stderr edit a.img script
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: missing: cannot be read: No such file or directory'$'\n''e4pack: batch: script:900: note: put failed'$'\n'* ]]
	[ "$before" = "$(md5sum <a.img)" ]
	printf 'put =crlf /d/f\r\n' | edit -q a.img
	[ "$(content /d/f a.img)" = crlf ]
}

@test "row 82: what the system calls refuse is refused in an edit" {
	base
	edit -q a.img <<<'symlink d /l'
	while IFS='|' read -r line message; do
		echo "$line" >script
		keeps a.img "script:1: $message" -q a.img script ||
			fail "$line"
	done <<-'END'
		rm /|rm /: Is a directory
		rm -r /|rm /: Device or resource busy
		rmdir /|rmdir /: Device or resource busy
		mv / /x|mv /: Device or resource busy
		rm -r /lost+found|rm /lost+found: Operation not permitted
		mv /lost+found /x|mv /lost+found: Operation not permitted
		mv /d /d/sub/x|mv /d: Invalid argument
		mkdir /d|mkdir /d: File exists
		rm /d|rm /d: Is a directory
		rmdir /d|rmdir /d: Directory not empty
		rmdir /d/f|rmdir /d/f: Not a directory
		ln /d /e|ln /d: Operation not permitted
		ln /no /e|ln /no: No such file or directory
		put =x /d|put /d: Is a directory
		mkdir //a/./b|mkdir /a/b: No such file or directory
		rm /d/f/x|rm /d/f/x: Not a directory
		mv /d/f /d/sub|mv /d/f: Is a directory
		mv /d/sub /d/f|mv /d/sub: Not a directory
		append /l =x|append /l: Is a directory
		rmxattr /d/f user.no|rmxattr /d/f: No data available
		write /x 17592186040319 =y|write /x: File too large
		truncate /d/f 17592186040321|truncate /d/f: File too large
		setxattr /d/f user.x random:1:3000|setxattr /d/f: its extended attributes do not fit
		setxattr /d/f user.x random:1:70000|setxattr /d/f: too big
		setxattr /d/f none =x|setxattr /d/f: not supported
	END
}

@test "row 9: one link more than a file can have" {
	base
	seq -f 'ln /d/f /d/sub/%.0f' 65000 >script
	keeps a.img 'script:65000: ln /d/f: Too many links' -q a.img script
}

@test "row 85: an image without room for an edit" {
	base
	keeps a.img 'standard input:1: put /x: the image has 6.8 MiB left: enlarge it with resize2fs' \
		-q a.img <<<'put random:1:20M /x'
	printf 'put zero:3M /x\nput random:1:4M /y\n' >script
	keeps a.img 'script:2: put /y: the image has 3.8 MiB left: enlarge it with resize2fs' \
		-q a.img script
	echo 'write /d/f 0 random:1:20M' >script
	keeps a.img 'script:1: write /d/f: the image has 6.8 MiB left: enlarge it with resize2fs' \
		-q a.img script
	for i in {1..200}; do echo "mkdir /d$i"; done >script
	n=$(($(superblock a.img 'Free inodes') + 1))
	keeps a.img "script:$n: mkdir /d$n: not enough inodes: enlarge it with resize2fs" \
		-q a.img script
	# Up to the last block: a folder that has to grow.
	for size in 4096 2048 1024 512 256 128 64 32 16 8 4 2 1 1; do
		edit -q a.img 2>/dev/null <<<"fallocate /$size 0 ${size}K" ||
			true
	done
	clean a.img
	[ "$(superblock a.img 'Free blocks')" -lt 4 ]
	for i in {1..60}; do
		echo "ln /d/f /d/sub/a-name-that-is-long-so-that-the-folder-grows-$i"
	done >script
	before=$(md5sum <a.img)
	run --separate-stderr edit -q a.img script
	[ "$status" -eq 1 ]
	[[ $stderr =~ ^e4pack:\ batch:\ script:[0-9]+:\ ln\ /d/f:\ the\ image\ has\ [0-9.]+\ K?i?B\ left:\ enlarge ]]
	[ "$before" = "$(md5sum <a.img)" ]
}

@test "rows 38, 83: a source that holds the image, or is it" {
	base
	mkdir s
	mv a.img s
	echo x >s/file
	ln s/a.img other.img
	while IFS='|' read -r words message; do
		# shellcheck disable=SC2086
		run --separate-stderr e4pack add -q $words
		[ "$status" -gt 0 ] || fail "$words"
		[[ $stderr = "e4pack: add: $message"$'\n'*': warning: the image is as it was' ]] || fail "$words"
		[ "$(ls -A s)" = $'a.img\nfile' ]
	done <<-'END'
		s/a.img s|s/a.img: the image lies inside this source
		other.img s|s/a.img: the image lies inside this source
		--whole-copy s/a.img s|s/a.img: the image lies inside this source
		s/a.img other.img|other.img: is the image itself
	END
	clean s/a.img
	run --separate-stderr edit -q s/a.img <<<'put s/a.img /x'
	[ "$status" -eq 1 ]
	[[ $stderr = 's/a.img: changed while it was read'* ||
	   $stderr = *'s/a.img: changed while it was read'* ]]
	clean s/a.img
}

@test "row 84: edits with closed descriptors, small limits and odd masks" {
	base
	cp a.img start.img
	export SOURCE_DATE_EPOCH=1700000000
	echo 'put random:1:100K /x' >script
	for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		cp start.img a.img
		bash -c "\"\$E4PACK\" batch -q a.img script $closed"
		clean a.img
		[ "$(content /x a.img | wc -c)" -eq 102400 ]
	done
	cp start.img a.img
	run --separate-stderr bash -c \
		'ulimit -f 100; exec "$E4PACK" batch -q a.img script'
	[ "$status" -eq 1 ]
	[[ $stderr = *'File too large'*'the image is as it was' ]] ||
		[[ $stderr = *'File too large'*'outcome unknown'* ]]
	clean a.img
	umask 777
	cp start.img umask.img
	chmod 640 umask.img
	"$E4PACK" batch -q --whole-copy umask.img script
	umask 022
	[ "$(stat -c %a umask.img)" = 640 ]
	clean umask.img
	bash -c 'ulimit -n 16; exec "$E4PACK" batch -q start.img script'
	clean start.img
}

@test "row 90: signals end an edit with its status, and leave the old tree" {
	base
	before=$(md5sum <a.img)
	for number in INT TERM HUP; do
		result=$(printf 'put =new /d/f\n' |
			python3 "$LIB/interrupt.py" "$number" 0.5 "$E4PACK" \
			batch -q --whole-copy a.img)
		[ "$result" -eq $((128 + $(kill -l "$number"))) ] ||
			fail "$number: $result"
		[ "$before" = "$(md5sum <a.img)" ]
		tidy
	done
}
