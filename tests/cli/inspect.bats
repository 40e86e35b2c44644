#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# info, ls, stat and cat: what a user types and sees.

load helper

# An image with a little of everything, made once.
image() {
	if [[ ! -e $BATS_FILE_TMPDIR/tree.img ]]; then
		(
			cd "$BATS_FILE_TMPDIR" || exit
			small_tree t
			touch -d @1600000000 t/.hidden t/$'\xff\xfe' \
				t/$'new\nline' t/'a[1]' t/a1 t/a2
			SOURCE_DATE_EPOCH=1600000000 "$E4PACK" create -q \
				-L volume --owner 7:8 tree.img t
		) || return 1
	fi
	cp --sparse=always "$BATS_FILE_TMPDIR/tree.img" tree.img
}

@test "info: the figures of dumpe2fs, in both forms" {
	image
	python3 "$LIB/check_inspect.py" "$E4PACK" tree.img
	run --separate-stderr e4pack info tree.img
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output =~ label:\ +volume ]]
	[[ $output =~ created:\ +2020-09-13\ 12:26:40\ UTC ]]
	[[ $output = *journal:* ]]
	[[ $output != *'group 0'* ]]
	run --separate-stderr e4pack info --groups tree.img
	[[ $output = *'group 0: blocks'* ]]
	[[ $output = *'superblock 0'* ]]
}

@test "info: only an image, and one" {
	image
	misused info
	misused info tree.img /bin
	misused info --nothing tree.img
}

@test "info: errors and states in words" {
	image
	debugfs -w -R 'ssv state 2' tree.img 2>/dev/null
	debugfs -w -R 'ssv error_count 3' tree.img 2>/dev/null
	debugfs -w -R 'ssv first_error_time 1600000000' tree.img 2>/dev/null
	debugfs -w -R 'ssv first_error_func ext4_lookup' tree.img 2>/dev/null
	debugfs -w -R 'ssv first_error_line 77' tree.img 2>/dev/null
	run --separate-stderr e4pack info --json tree.img
	[ "$status" -eq 0 ]
	warned 'errors'
	jq -e '.state == ["errors"] and .error_count == 3 and
		.first_error.function == "ext4_lookup" and
		.first_error.line == 77 and
		.first_error.time == "1600000000.000000000"' <<<"$output"
	run --separate-stderr e4pack info --strict tree.img
	[ "$status" -eq 1 ]
}

@test "info: an external journal is named" {
	image
	mke2fs -q -F -t ext4 -O ^has_journal other.img 8M
	debugfs -w -R 'feature has_journal' other.img >/dev/null 2>&1
	debugfs -w -R 'ssv journal_uuid 01234567-89ab-cdef-0123-456789abcdef' \
		other.img 2>/dev/null
	run --separate-stderr e4pack info --json other.img
	[ "$status" -eq 0 ]
	jq -e '.journal.place == "external" and .journal.uuid ==
		"01234567-89ab-cdef-0123-456789abcdef"' <<<"$output"
}

@test "info: MMP, quota, encoding, orphan file" {
	mke2fs -q -F -t ext4 -O mmp,quota,project,casefold,orphan_file \
		-E encoding=utf8,encoding_flags=strict other.img 16M
	python3 "$LIB/check_inspect.py" "$E4PACK" other.img
	run --separate-stderr e4pack info --json other.img
	[ "$status" -eq 0 ]
	jq -e '.mmp.state == "clean" and .mmp.checksum_good and
		.encoding == "utf8-12.1" and .encoding_strict and
		.user_quota_inode == 3 and .project_quota_inode > 0 and
		.orphan_file_inode > 0' <<<"$output"
}

@test "info: a wrong checksum of the superblock is told" {
	image
	printf 'x' | dd of=tree.img bs=1 seek=$((1024 + 120)) conv=notrunc \
		status=none
	run --separate-stderr e4pack info --json tree.img
	[ "$status" -eq 0 ]
	warned 'superblock.*checksum'
	jq -e '.checksum_good == false and .label == "xolume"' <<<"$output"
}

@test "ls: the root without a path, sorted by bytes, dot files shown" {
	image
	run --separate-stderr e4pack ls tree.img
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	printf '%s\n' .hidden a1 a2 'a[1]' bin block block+1 block-1 dangling \
		empty etc fifo hole lost+found 'new\012line' nothing one \
		$'\xff\xfe' >expected
	cmp expected <<<"$output"
	[ "$output" = "$(e4pack ls -a tree.img /)" ]
	[ "$output" = "$(e4pack ls -A tree.img .)" ]
}

@test "ls: a file is its path, folders have headings where there are more" {
	image
	run --separate-stderr e4pack ls tree.img one etc empty /bin/numbers
	[ "$output" = '/bin/numbers
/one

/empty:

/etc:
deep
link
one-again' ]
	run --separate-stderr e4pack ls -R tree.img etc
	[ "$output" = '/etc:
deep
link
one-again

/etc/deep:
er

/etc/deep/er:' ]
}

@test "ls -l: attributes, in columns" {
	image
	run --separate-stderr e4pack ls -l tree.img etc
	[ "$output" = 'drwxr-xr-x 3 7 8 4096 2020-09-13 12:26 deep
lrwxrwxrwx 1 7 8   14 2020-09-13 12:26 link -> ../bin/numbers
-rw-r--r-- 2 7 8    1 2020-09-13 12:26 one-again' ]
	run --separate-stderr e4pack ls -il tree.img bin/numbers
	[[ $output =~ ^[0-9]+\ -rwsr-xr-x\ 1\ 7\ 8\ 23893\ .*\ /bin/numbers$ ]]
	[ "$(e4pack ls -i tree.img one | cut -d' ' -f1)" = \
		"$(e4pack ls -i tree.img etc/one-again | cut -d' ' -f1)" ]
}

@test "ls -0: exact paths" {
	image
	e4pack ls -0R tree.img >list
	[ "$(tr '\0' '\n' <list | grep -c .)" -eq 24 ]
	grep -zqxF $'/\xff\xfe' list
	grep -zqxF '/etc/deep/er' list
	[ "$(grep -zc $'^/new' list)" -eq 1 ]
	xargs -0 "$E4PACK" stat --json tree.img <list >stats
	[ "$(wc -l <stats)" -eq "$(tr -cd '\0' <list | wc -c)" ]
	misused ls -0 --json tree.img
}

@test "ls --json: the keys, names that are not UTF-8" {
	image
	run --separate-stderr e4pack ls --json tree.img
	[ "$status" -eq 0 ]
	[ "$(jq -c 'select(.path == "/one") | keys_unsorted' <<<"$output")" = \
		'["path","inode","type","mode","uid","gid","nlink","size","mtime"]' ]
	jq -es '.[] | select(.path == "/one") | .mode == "0644" and .nlink == 2 and
		.type == "file" and .size == 1 and
		.mtime == "1600000000.123456789"' <<<"$output"
	jq -es '.[] | select(.path == "/dangling") | .target == "nowhere"' \
		<<<"$output"
	jq -r 'select(.path_b64) | .path_b64' <<<"$output" | base64 -d |
		grep -aqx $'/\xff\xfe'
	jq -es '.[] | select(.path == "/new\nline")' <<<"$output"
}

@test "ls: globs" {
	image
	[ "$(e4pack ls tree.img 'a[1]')" = '/a1
/a[1]' ]
	[ "$(e4pack ls tree.img 'a\[1]')" = '/a[1]' ]
	[ "$(e4pack ls tree.img '*/numbers')" = '/bin/numbers' ]
	[ "$(e4pack ls tree.img '.h*' 'blo*')" = '/.hidden
/block
/block+1
/block-1' ]
	run --separate-stderr e4pack ls tree.img 'q*'
	[ "$status" -eq 1 ]
	told ls
	mentions 'q\*.*matches'
}

@test "links: followed only where asked" {
	image
	[ "$(e4pack ls tree.img etc/link)" = /etc/link ]
	[[ $(e4pack ls -l tree.img etc/link) = l* ]]
	[[ $(e4pack ls -lL tree.img etc/link) = -* ]]
	[ "$(e4pack stat --json tree.img etc/link | jq -r .type)" = symlink ]
	[ "$(e4pack stat -L --json tree.img etc/link | jq -r .path)" = \
		/bin/numbers ]
	[ "$(e4pack cat --dereference tree.img etc/link)" = "$(seq 1 5000)" ]
	run --separate-stderr e4pack cat tree.img etc/link
	[ "$status" -eq 1 ]
	mentions 'symbolic link.*-L'
	run --separate-stderr e4pack cat -L tree.img dangling
	[ "$status" -eq 1 ]
	mentions 'dangling.*No such file'
}

@test "links: 40 are followed, not 41, and no loop" {
	mkdir t
	echo end >t/l0
	for i in $(seq 1 41); do ln -s "l$((i - 1))" "t/l$i"; done
	ln -s ../../../../l0 t/out
	ln -s b t/a
	ln -s a t/b
	create tree.img t
	[ "$(e4pack cat -L tree.img l40)" = end ]
	[ "$(e4pack cat -L tree.img out)" = end ]
	for path in l41 a a/b; do
		run --separate-stderr e4pack cat -L tree.img "$path"
		[ "$status" -eq 1 ] || fail "$path"
		mentions 'Too many levels'
	done
}

@test "stat: text and JSON say the same" {
	image
	run --separate-stderr e4pack stat tree.img one
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output =~ path:\ +/one$'\n' ]]
	[[ $output =~ mode:\ +0644\ \(-rw-r--r--\) ]]
	[[ $output =~ mtime:\ +2020-09-13\ 12:26:40.123456789\ UTC ]]
	[[ $output =~ mapping:\ +extents ]]
	e4pack stat --json tree.img one etc fifo dangling hole >rows
	while read -r path; do
		run --separate-stderr e4pack stat tree.img "$path"
		while read -r key; do
			[[ $key = xattrs ]] ||
				grep -q "^${key//_/ }:" <<<"$output" ||
				fail "$path: no $key"
		done < <(jq -r --arg p "$path" \
			'select(.path == $p) | keys[]' rows)
	done < <(jq -r .path rows)
	jq -es '.[] | select(.path == "/hole") | .extents == 1 and .blocks == 8 and
		.checksum_good' rows
}

@test "stat: attributes in words" {
	need_root
	need setfattr setcap setfacl
	mkdir t
	echo x >t/f
	setfattr -n user.text -v 'a "word"' t/f || skip 'no attributes here'
	setfattr -n user.bytes -v 0x00ff t/f
	setfattr -n trusted.long -v "$(printf '%03000d' 7)" t/f
	cp t/f t/g
	setcap cap_net_raw,cap_chown=ep t/g || skip 'no capabilities here'
	setfacl -m u:5:r t/g || skip 'no ACLs here'
	create tree.img t
	run --separate-stderr e4pack stat tree.img f g
	[ "$status" -eq 0 ]
	for line in 'user.text: "a \042word\042"' 'user.bytes: 0x00ff' \
		'security.capability: cap_chown,cap_net_raw=ep' \
		'system.posix_acl_access: u::rw-,u:5:r--,g::r--,m::r--,o::r--'
	do
		[[ $output = *"$line"$'\n'* || $output = *"$line" ]] ||
			fail "no $line"
	done
	e4pack stat --json tree.img f | jq -e '.xattrs | length == 3 and
		(map(select(.name == "user.bytes"))[0] |
			.value_b64 == "AP8=" and .place == "inode") and
		(map(select(.name == "trusted.long"))[0] |
			(.value | length) == 3000 and .place == "block")'
}

@test "stat: every name of a large folder, and of several by turns" {
	local long
	long=$(printf '%0200d' 0)
	{
		echo 'mkdir d'
		seq -f 'mkfifo d/%g' 30000
		for d in 1 2 3 4 5 6; do
			echo "mkdir $d"
			seq -f "mkfifo $d/%g$long" 350
		done
	} >script
	e4pack batch --new large.img script
	(
		ulimit -t 8
		seq -f /d/%g 30000 | xargs -s 1500000 "$E4PACK" stat large.img
	) | sed -n 's/^path: *//p' | cmp - <(seq -f /d/%g 30000)
	for n in $(seq 350); do printf "%s/$n$long\n" 1 2 3 4 5 6 1; done |
		xargs timeout 100 "$E4PACK" stat --json large.img |
		jq -r '[.inode, .path] | @tsv' | sort -u >all
	e4pack ls -R -i --json large.img |
		jq -r 'select(.path | test("^/[1-6]/")) |
			[.inode, .path] | @tsv' | sort -u | cmp - all
	run --separate-stderr e4pack stat large.img d/1 d/2 d/3 d/x
	[ "$status" -eq 1 ]
	mentions 'd/x: not found'
}

@test "stat: a value is shown to its end, whatever is in it" {
	printf 'a\0b\xff\\c' >value
	printf 'put =x f\nsetxattr f user.v value\nsetxattr f user.e =\n' |
		e4pack batch --new v.img -
	e4pack stat --json v.img f | jq -e '.xattrs | map({(.name): .}) | add |
		.["user.v"].value == "a\\x00b\\xff\\x5cc" and
		.["user.v"].value_b64 == "YQBi/1xj" and
		.["user.e"].value == ""'
}

@test "cat: files whole, holes as zeros, several in their order" {
	image
	e4pack cat tree.img hole >zeros
	cmp zeros "$BATS_FILE_TMPDIR/t/hole"
	e4pack cat tree.img bin/numbers nothing block+1 /one >all
	(cd "$BATS_FILE_TMPDIR/t" && cat bin/numbers nothing block+1 one) |
		cmp - all
	[ "$(e4pack cat tree.img $'\xff\xfe' $'new\nline')" = '' ]
}

@test "cat: what has no content is named, before anything is put out" {
	image
	while read -r path words; do
		run --separate-stderr e4pack cat tree.img one "$path"
		[ "$status" -eq 1 ] || fail "$path: $status"
		[ -z "$output" ] || fail "$path: output"
		told cat
		mentions "$words"
	done <<-'END'
		etc Is a directory
		/ Is a directory
		fifo type fifo
		etc/link symbolic link
		nowhere No such file
		one/ Not a directory
		one/two Not a directory
	END
	misused cat tree.img
	misused stat tree.img
	misused cat --json tree.img one
}

@test "cat: a reader that has seen enough ends it without a message" {
	mkdir t
	truncate -s 10G t/hole
	create tree.img t
	run bash -c '"$E4PACK" cat tree.img hole 2>err | head -c 100 | wc -c'
	[ "$output" -eq 100 ]
	[ ! -s err ]
}

@test "inspect: a path or image that is an empty word is wrong usage" {
	local command
	image
	for command in ls stat cat extract es frag; do
		misused "$command" tree.img ''
		[[ $stderr = *': PATH: is empty'* ]]
	done
	misused info ''
	misused diff tree.img ''
}

@test "inspect: output that cannot be written fails" {
	[ -c /dev/full ] || skip 'no /dev/full'
	image
	for command in 'info tree.img' 'ls tree.img' 'ls --json tree.img' \
		'stat tree.img one' 'cat tree.img one'; do
		run bash -c "\"\$E4PACK\" $command >/dev/full"
		[ "$status" -eq 1 ] || fail "$command: $status"
		[[ $output = *'No space left'* ]] || fail "$command: $output"
	done
}

@test "inspect: the image is opened read-only and never changed" {
	need strace
	image
	sum=$(sha256sum <tree.img)
	for command in 'info --groups' 'ls -lR' 'stat' 'cat'; do
		# shellcheck disable=SC2086
		set -- ${command%% *} tree.img
		[[ $command = *\ * ]] && set -- "$@" "${command#* }"
		[[ $command = info* ]] || set -- "$@" bin/numbers
		# A sanitizer cannot look for leaks where another traces.
		ASAN_OPTIONS=detect_leaks=0 strace -f -o trace \
			-e trace=open,openat,openat2 "$E4PACK" "$@" >/dev/null
		grep -q 'tree\.img.*O_RDONLY' trace
		! grep -E 'tree\.img.*(O_WRONLY|O_RDWR|O_CREAT)' trace ||
			fail "$command opens it for writing"
	done
	[ "$sum" = "$(sha256sum <tree.img)" ]
}

@test "inspect: an image behind an offset" {
	image
	{ head -c 65536 /dev/zero; cat tree.img; } >disk
	[ "$(e4pack ls -R tree.img)" = \
		"$("$E4PACK" ls -R -E offset=65536 disk)" ]
	[ "$("$E4PACK" cat -E offset=65536 disk one)" = x ]
	[ "$("$E4PACK" info -E offset=65536 disk | tail -n +2)" = \
		"$(e4pack info tree.img | tail -n +2)" ]
}

@test "row 65: what is no ext4 image" {
	mkdir folder
	: >empty
	head -c 100000 /dev/urandom >noise
	for what in folder empty noise nowhere /dev/null; do
		for command in info ls 'stat . --' 'cat . --'; do
			# shellcheck disable=SC2086
			set -- ${command%% *} "$what"
			[[ $command != *--* ]] || set -- "$@" .
			run --separate-stderr e4pack "$@"
			[ "$status" -eq 1 ] || fail "$* ended with $status"
			told "$1"
			[ -z "$output" ]
		done
	done
}

@test "row 68: unknown incompatible features are refused by name" {
	image
	cp tree.img bad.img
	printf '\x80' | dd of=bad.img bs=1 seek=$((1024 + 99)) conv=notrunc \
		status=none
	for command in info ls; do
		run --separate-stderr e4pack "$command" bad.img
		[ "$status" -eq 1 ]
		mentions '0x80000000'
	done
	cp tree.img bad.img
	printf '\xc3' | dd of=bad.img bs=1 seek=$((1024 + 96)) conv=notrunc \
		status=none
	run --separate-stderr e4pack ls bad.img
	[ "$status" -eq 1 ]
	mentions 'compression'
}

@test "row 75: an image that is cut" {
	image
	truncate -s 1M tree.img
	for command in info ls; do
		run --separate-stderr e4pack "$command" tree.img
		[ "$status" -eq 1 ]
		mentions 'bytes short'
	done
}
