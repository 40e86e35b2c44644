#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Images that take form while they are filled: fsync, sync, df, the dirty
# limit, nodelalloc, and the kernel's way of allocating.

load helper

# batch ARGUMENTS: runs the script on standard input.
batch() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch --new "$@"
}

# extents FILE IMAGE: how many extents a file has.
extents() {
	e4pack es --json "$2" "$1" |
		jq '[.extents[] | select(.status != "hole")] | length'
}

# A script that adds to 20 files in turns, 10 blocks each.
interleaved() {
	local i f
	for ((i = 0; i < 10; i++)); do
		for ((f = 0; f < 20; f++)); do
			echo "append /f$f random:$((i * 20 + f)):4096"
		done
	done
}

@test "live: delayed becomes written with fsync, for that file alone" {
	run -0 batch -q --json -s 16M new.img <<-'END'
		write /a 0 random:1:20000
		write /b 0 random:2:20000
		es /a
		fsync /a
		es /a
		es /b
	END
	clean new.img
	jq -se '.[2].extents == [{lblk: 0, len: 5, status: "delayed"}]
		and .[4].extents[0].status == "written"
		and .[4].extents[0].pblk > 0
		and .[5].extents[0].status == "delayed"' <<<"$output"
}

@test "live: df counts what is free, reserved and dirty" {
	run -0 batch -q --json -s 16M new.img <<-'END'
		df
		write /a 0 random:1:20000
		df
		sync
		df
		rm /a
		df
		fallocate /f 0 1M
		df
		truncate /f 4096
		df
	END
	clean new.img
	jq -se '[.[] | select(.command == "df")] as $d | ($d[0].free) as $f |
		[$d[] | [$f - .free, .dirty, .reserved]] ==
		[[0,0,0], [0,5,5], [5,0,0], [0,0,0], [256,0,0], [1,0,0]]' \
		<<<"$output"
	# What df says last is what the image has.
	free=$(jq -s '.[-2].free' <<<"$output")
	[ "$(jq -r .free <<<"$(batch -q --json -s 16M -F new.img <<<'df')")" = \
		"$(dumpe2fs -h new.img 2>/dev/null |
		awk '/^Free blocks:/ { print $3 }')" ] || fail "free: $free"
}

@test "live: inodes have numbers when they are made, and lose them" {
	run -0 batch -q --json -s 16M new.img <<-'END'
		sync
		put =1 /one
		put =2 /two
		put =3 /three
		rm /two
		put =4 /four
		stat /four
		rm /one
		stat /three
	END
	clean new.img
	jq -se '.[6].inode == 13 and .[8].inode == 14' <<<"$output"
	[[ $(debugfs -R 'stat /three' new.img 2>/dev/null) = *'Inode: 14 '* ]]
	[[ $(debugfs -R 'stat <12>' new.img 2>/dev/null) = *'Links: 0'* ]]
}

@test "live: appends in turns are one extent each, but with --nodelalloc" {
	interleaved >script
	batch -q -s 16M --dirty-limit 8M late.img <script
	batch -q -s 16M --nodelalloc early.img <script
	batch -q -s 16M --dirty-limit 100K some.img <script
	for image in late early some; do
		clean $image.img
	done
	[ "$(extents /f7 late.img)" -eq 1 ]
	[ "$(extents /f7 early.img)" -eq 10 ]
	[ "$(extents /f7 some.img)" -gt 1 ]
	[ "$(extents /f7 some.img)" -lt 10 ]
	for image in late early some; do
		[ "$(debugfs -R 'cat /f7' $image.img 2>/dev/null | md5sum)" = \
			"$(debugfs -R 'cat /f7' late.img 2>/dev/null |
			md5sum)" ] || fail "$image"
	done
}

@test "live: one flush for each pass that placed something" {
	run -0 batch -s 16M --json new.img <<-'END'
		sync
		write /a 0 =x
		sync
		sync
		write /b 0 =x
		fsync /b
		write /c 0 =x
	END
	clean new.img
	e4pack create -s 32M --json --dirty-limit 64K tree.img \
		"$(mkdir t && for i in {1..20}; do
		head -c 20000 /dev/zero >"t/$i"; done; echo t)" >totals
	clean tree.img
	jq -e '.flushes > 4 and .reserved_blocks == .allocated_blocks' totals
}

@test "live: the kernel's way gives clean images, and none keeps a window" {
	interleaved >script
	for bits in 1024 4096; do
		for how in --nodelalloc '--dirty-limit 100K' ''; do
			# shellcheck disable=SC2086
			batch -q -F -b $bits -s 16M --allocator kernel $how \
				new.img <script
			clean new.img
			[ "$(extents /f3 new.img)" -ge 1 ]
		done
	done
}

@test "live: the extents that are told are those on disk" {
	local i told
	mkdir tree
	for i in 1 2 3 4 5; do
		head -c 300000 /dev/zero | tr '\0' "$i" >tree/$i
	done
	for way in '' --nodelalloc '--nodelalloc --allocator kernel' \
		'--dirty-limit 64K'; do
		# shellcheck disable=SC2086
		run -0 e4pack create --json -s 32M $way new.img tree
		told=$(jq .extents <<<"$output")
		[ "$(e4pack frag --json new.img | jq .extents)" -eq "$told" ]
		rm new.img
		case $way in
		*kernel) ((told > 5)) || fail "$told are not split" ;;
		*) [ "$told" -eq 5 ] || fail "$told with '$way'" ;;
		esac
	done
}

@test "live: a full image refuses the command that has no room" {
	run --separate-stderr batch --allocator best-fit -s 8M new.img <<-'END'
		df
		write /a 0 random:1:1M
		sync
		write /b 0 random:1:20M
	END
	[ "$status" -eq 1 ]
	[[ $stderr = *':4: write /b: the image has '*' left: use --size'* ]]
	[ ! -e new.img ]
	for how in '--dirty-limit 1M' --nodelalloc '--allocator kernel'; do
		# shellcheck disable=SC2086
		run --separate-stderr batch $how -s 8M new.img <<-'END'
			put =x /a
			put random:1:20M /b
		END
		[ "$status" -eq 1 ]
		[[ $stderr = *':2: put /b: the image has '*' left: use --size' ]]
		[ ! -e new.img ]
	done
	run --separate-stderr batch --max-size 1M new.img <<-'END'
		put random:1:2M /a
	END
	[ "$status" -eq 1 ]
	[[ $stderr = *':1: put /a: the image has '*' left: use --max-size' ]]
	run --separate-stderr batch -N 12 -s 8M new.img <<-'END'
		sync
		put =1 /a
		put =2 /b
		put =3 /c
		put =4 /d
		put =5 /e
		put =6 /f
	END
	[ "$status" -eq 1 ]
	[[ $stderr = *'not enough inodes: use -N'* ]]
	[ ! -e new.img ]
	run --separate-stderr batch --nodelalloc -s 100K new.img <<<'df'
	[ "$status" -eq 1 ]
	[[ $stderr = *'too small for a file system'* ]]
}

@test "live: space that is given back is used again" {
	{
		echo 'put =keep /keep'
		for i in {1..40}; do
			echo "write /f 0 random:$i:3M"
			echo 'sync'
			echo 'rm /f'
		done
		echo 'write /f 0 random:77:3M'
	} >script
	for how in best-fit kernel; do
		batch -q -F -s 12M --allocator $how new.img script
		clean new.img
	done
}

@test "live: inodes are as many for a script as for its folder" {
	mkdir t
	for i in {1..40}; do
		head -c 3000 /dev/zero >"t/$i"
		echo "put t/$i /$i"
	done >script
	for how in '' --nodelalloc '--dirty-limit 1M' '--allocator kernel'; do
		# shellcheck disable=SC2086
		e4pack create -q -F -s 32M $how folder.img t
		# shellcheck disable=SC2086
		batch -q -F -s 32M $how script.img <script
		[ "$(e4pack info --json folder.img | jq .inodes)" = \
			"$(e4pack info --json script.img | jq .inodes)" ] ||
			fail "other inodes with '$how'"
	done
}
