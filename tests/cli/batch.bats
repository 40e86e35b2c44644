#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Scripts that make a new image.

load helper

# batch ARGUMENTS: runs the script on standard input.
batch() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch --new "$@"
}

@test "batch: what a script writes is in the image" {
	head -c 100000 /dev/urandom >data
	batch -q new.img <<-'END'
		mkdir -p /var/log
		put -m 600 -o 3:4 data /var/log/copy
		write /var/log/a 5000 part:1000:2000:data
		append /var/log/a =end
		truncate /var/log/hole 1M
		ln /var/log/a /var/log/b
		symlink log /var/link
		write /var/link/through 0 =seen
		mknod /null c 1 3
		mkfifo /pipe
		setxattr /var/log/a user.k =value
		mv /pipe /tube
		mkdir /gone
		rmdir /gone
		touch -t 12345.5 /tube
	END
	clean new.img
	mkdir -p t/var/log
	cp data t/var/log/copy
	chmod 600 t/var/log/copy
	truncate -s 5000 t/var/log/a
	head -c 3000 data | tail -c 2000 >>t/var/log/a
	printf end >>t/var/log/a
	debugfs -R 'dump /var/log/copy copy' new.img 2>/dev/null
	cmp copy data
	debugfs -R 'dump /var/log/b b' new.img 2>/dev/null
	cmp b t/var/log/a
	debugfs -R 'cat /var/log/through' new.img 2>/dev/null | grep -x seen
	[[ $(debugfs -R 'stat /var/log/copy' new.img 2>/dev/null) = \
		*"Mode:  0600"*"User:     3   Group:     4"* ]]
	[[ $(debugfs -R 'stat /tube' new.img 2>/dev/null) = *"Type: FIFO"* ]]
	[[ $(debugfs -R 'ea_get /var/log/a user.k' new.img 2>/dev/null) = \
		*value* ]]
	[[ $(debugfs -R 'stat /gone' new.img 2>&1) = *"not found"* ]]
}

@test "batch: writes are delayed, and placed in one piece at the end" {
	for i in $(seq 1 40); do
		for f in a b c d e; do
			echo "append /$f random:$i:5000"
		done
	done >script
	echo 'es /a' >>script
	run batch new.img script
	[ "$status" -eq 0 ]
	[[ $output = *'0-48   49     -  delayed'* ]]
	clean new.img
	e4pack frag --json new.img |
		jq -e '.files == 5 and .extents == 5 and .score == 100'
}

@test "batch: preallocated blocks are unwritten where nothing was written" {
	batch -q new.img <<-'END'
		fallocate /f 0 64K
		write /f 8192 =data
		punch /f 32K 16K
	END
	clean new.img
	[ "$(e4pack es --json new.img /f | jq -c \
		'[.extents[] | [.lblk, .len, .status]]')" = \
		'[[0,2,"unwritten"],[2,1,"written"],[3,5,"unwritten"],[8,4,"hole"],[12,4,"unwritten"]]' ]
}

@test "row 81: wrong scripts are told by file and line, and make nothing" {
	printf 'mkdir /d\nwrte /a 0 =x\nmkdir\nmkdir "/b\n' >script
	run --separate-stderr batch new.img script
	[ "$status" -eq 2 ]
	[[ $stderr = *'script:2:'*'did you mean write?'* ]]
	[[ $stderr = *'script:3:'* && $stderr = *'script:4:'* ]]
	[ ! -e new.img ]
	printf 'mkdir /d\r\nput missing /a\r\n' >script
	run --separate-stderr batch new.img script
	[ "$status" -eq 1 ]
	[[ $stderr = *missing* && $stderr = *'script:2'* ]]
	[ ! -e new.img ]
}

@test "row 82: what the system calls refuse is refused" {
	while IFS='|' read -r line words; do
		printf 'mkdir /d\nput =x /f\nput =x /d/f\n%s\n' "$line" >script
		run --separate-stderr batch new.img script
		[ "$status" -eq 1 ] || fail "$line ended with $status"
		[[ $stderr = *"script:4"*"$words"* ]] || fail "$line"
		[ ! -e new.img ] || fail "$line left an image"
	done <<-'END'
		mkdir /d|exists
		rm /d|directory
		rmdir /d|not empty
		rm /nope|No such file
		mv /d /d/x|Invalid argument
		ln /d /e|not permitted
		put =y /d|directory
		mkdir /f/x|Not a directory
		rmxattr /f user.none|No data
	END
}

@test "batch: --keep-going tells of every command and makes nothing" {
	run --separate-stderr batch --keep-going new.img <<-'END'
		rm /one
		mkdir /d
		rm /two
	END
	[ "$status" -eq 1 ]
	[[ $stderr = *':1:'*'/one'* && $stderr = *':3:'*'/two'* ]]
	[ ! -e new.img ]
}

@test "batch: --json gives one line for each command" {
	run batch -q --json new.img <<-'END'
		put =x /f
		es /f
		stat /f
		ls /
		echo two words
	END
	[ "$status" -eq 0 ]
	[ "$(jq -r .command <<<"$output" | tr '\n' ' ')" = \
		'put es stat ls echo ' ]
	jq -se '.[1].extents[0].status == "delayed" and .[2].size == 1
		and .[3].entries[0].path == "f" and .[4].text == "two words"' \
		<<<"$output"
}

@test "batch: what needs a known size says so" {
	for verb in sync 'fsync /f' df; do
		run --separate-stderr batch new.img <<<"$verb"
		[ "$status" -eq 2 ] || fail "$verb"
		[[ $stderr = *":1: ${verb%% *} needs a size in bytes"* ]] ||
			fail "$verb"
	done
	for option in '--dirty-limit 1M' --nodelalloc '--allocator kernel'; do
		# shellcheck disable=SC2086
		run --separate-stderr batch $option -s min new.img <<<''
		[ "$status" -eq 2 ] || fail "$option"
		[[ $stderr = *"$option"*' needs a size'* ||
			$stderr = *"${option% *} needs a size"* ||
			$stderr = *"${option% *}: needs a size"* ]] ||
			fail "$option"
	done
	[ ! -e new.img ]
}

@test "batch: the same script gives the same bytes, however it comes" {
	printf 'mkdir /a\nput =x /a/f\nwrite /b 0 random:3:70000\n' >script
	batch -q new.img script
	batch -q other.img <script
	same_bytes new.img other.img
}

@test "batch: tree and untar below a folder" {
	small_tree t
	tar -cf t.tar -C t .
	batch -q new.img <<-'END'
		mkdir -p /srv/tree
		tree t /srv/tree
		untar t.tar /srv/tar
	END
	clean new.img
	[[ $(debugfs -R 'ls -p /srv/tree' new.img 2>/dev/null) = *etc* ]]
	[[ $(debugfs -R 'ls -p /srv/tar' new.img 2>/dev/null) = *etc* ]]
}

@test "batch: 100,000 lines take seconds" {
	awk 'BEGIN { for (i = 0; i < 100000; i++)
		printf "append /f%d =%d\n", i % 1000, i }' >script
	LIMIT=60 batch -q new.img script
	clean new.img
}
