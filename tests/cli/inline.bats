#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Small files and folders that lie in their inodes.

load helper

# tree_of_small DIR: some of everything, around what an inode of 256 holds.
tree_of_small() {
	local n
	mkdir -p "$1/none" "$1/few" "$1/many"
	for n in 0 1 59 60 61 127 128 129 5000; do
		head -c "$n" /dev/zero | tr '\0' x >"$1/f$n"
	done
	for n in 1 2 3 4 5 6 7 8 9; do
		: >"$1/few/n$n"
		: >"$1/many/name-$n"
	done
	ln "$1/f61" "$1/few/link"
	rm "$1/few/n9"
	ln -s "$(printf 'a%.0s' {1..59})" "$1/fast"
	ln -s "$(printf 'a%.0s' {1..60})" "$1/slow"
	truncate -s 100 "$1/hole"
	find "$1" -depth -exec touch -h -d '@1600000000.5' {} +
}

# in_inodes IMAGE: the regular files that es calls inline, in order.
in_inodes() {
	e4pack es --json "$1" | jq -r 'select(.inline) | .path' |
		sort | tr '\n' ' '
}

@test "inline: files and folders have no blocks as long as they fit" {
	tree_of_small t
	create new.img -O inline_data t
	has_feature new.img inline_data
	same t new.img
	[ "$(in_inodes new.img)" = '/f1 /f127 /f128 /f59 /f60 /f61 ' ] ||
		fail "$(in_inodes new.img)"
	e4pack es --json new.img /f128 | jq -e '.extents == []'
	e4pack frag --json new.img | jq -e '.files == 2 and .blocks == 3'
	for name in none few; do
		[[ $(stat_of new.img /$name) = *'Flags: 0x10000000'* ]]
	done
	for name in . many lost+found slow f0; do
		[[ $(stat_of new.img /$name) = *'Flags: 0x80000'* ]]
	done
	lacks=$(e4pack plan --json t | jq .data_blocks)
	e4pack plan --json -O inline_data t |
		jq -e ".data_blocks == $lacks - 6"
}

@test "inline: every frame" {
	tree_of_small t
	for frame in '-b 1024 -I 256' '-b 1024 -I 1024' '-b 4096 -I 512' \
		'-b 65536 -I 256' '-b 4096 -I 4096'; do
		for features in '' ,^metadata_csum ,^extent,^64bit \
			,^filetype,ea_inode; do
			rm -f new.img
			# shellcheck disable=SC2086
			create new.img -O "inline_data$features" $frame t ||
				fail "$frame $features"
			[[ $features = *^extent* ]] ||
				same t new.img || fail "$frame $features"
		done
	done
	rm new.img
	misused create new.img -O inline_data -I 128 t
}

@test "inline: every size beside attributes of every length" {
	python3 "$LIB/inline_sweep.py" make t || skip 'no attributes here'
	for frame in '-b 4096 -I 256' '-b 1024 -I 512'; do
		rm -f new.img
		# shellcheck disable=SC2086
		create new.img -O inline_data $frame t
		python3 "$LIB/inline_sweep.py" check t new.img
		same t new.img
	done
}

@test "inline: the kernel writes on in such images" {
	need_root
	python3 "$LIB/inline_sweep.py" make t || skip 'no attributes here'
	mkdir mnt
	for frame in '-b 4096 -I 256' '-b 1024 -I 512'; do
		rm -rf new.img copy
		cp -a t copy
		# shellcheck disable=SC2086
		create new.img -O inline_data -s min+60% $frame t
		can_mount new.img || skip 'no loop mounts here'
		mount -o loop new.img mnt
		python3 "$LIB/inline_sweep.py" change copy mnt
		python3 "$LIB/inline_sweep.py" compare copy mnt
		umount mnt
		clean new.img
		mount -o ro,loop new.img mnt
		python3 "$LIB/inline_sweep.py" compare copy mnt
		umount mnt
	done
}

@test "inline: the data leaves what its attributes need" {
	for name in f d; do
		[ $name = f ] && echo 'put =content /f' || echo 'mkdir /d'
		echo "setxattr /$name user.a random:1:920"
		echo "setxattr /$name user.b random:2:40"
		# This one fits into a block, and leaves the data alone.
		[ $name = f ] && echo 'put =content /g' || echo 'mkdir /e'
		echo "setxattr /$([ $name = f ] && echo g || echo e)" \
			'user.a random:1:920'
	done >script
	"$E4PACK" batch --new -q -O inline_data -b 1024 new.img script
	clean new.img
	[ "$(in_inodes new.img)" = '/g ' ]
	debugfs -R 'cat /f' new.img 2>/dev/null | grep -qx content
	[[ $(stat_of new.img /d) = *'Flags: 0x80000'* ]]
	[[ $(stat_of new.img /e) = *'Flags: 0x10000000'* ]]
	# Without blocks of attributes, likewise.
	printf 'put =%s /f\nsetxattr /f user.a random:1:40\n' \
		"$(printf 'x%.0s' {1..100})" >script
	rm new.img
	"$E4PACK" batch --new -q -O inline_data,^ext_attr new.img script
	clean new.img
	[ -z "$(in_inodes new.img)" ]
	[ "$(e4pack es --json new.img /f | jq '.extents | length')" -eq 1 ]
}

@test "inline: equal attributes share a block, whatever lies beside them" {
	mkdir t
	for n in {61..128}; do
		head -c "$n" /dev/zero | tr '\0' y >"t/$n"
		setfattr -n user.label -v "$(printf 'l%.0s' {1..60})" "t/$n" ||
			skip 'no attributes here'
	done
	create new.img -O inline_data t
	same t new.img
	for n in {61..128}; do
		stat_of new.img "/$n" | grep -o 'File ACL: [1-9][0-9]*'
	done | sort -u >blocks
	[ "$(wc -l <blocks)" -eq 1 ] || fail "$(cat blocks)"
}

@test "inline: scripts show what is in the inode, and when it leaves" {
	run "$E4PACK" batch --new -q --json -O inline_data new.img <<-'END'
		write /f 0 zero:128
		es /f
		stat /f
		append /f =x
		es /f
		stat /f
		truncate /f 1
		stat /f
		put =y /g
		truncate /g 60
		stat /g
		truncate /g 61
		stat /g
	END
	[ "$status" -eq 0 ]
	# Inline, and the reservation that stat or the extents that es tells.
	[ "$(jq -r 'select(.inline != null) | "\(.inline)\(.reserved //
		(.extents | length))"' <<<"$output" | tr '\n' ' ')" = \
		'true0 true0 false1 false1 false1 true0 false1 ' ]
	clean new.img
	run "$E4PACK" batch --new -q -F -O inline_data new.img <<<'put =z /f
es /f
stat /f'
	[[ $output = *'f: inode '*', size 1, inline'*'inline     yes'* ]]
}

@test "inline: the kernel keeps and moves the same files" {
	need_root
	mkdir mnt
	mke2fs -q -F -t ext4 -O inline_data probe.img 4M >/dev/null
	mount -o loop probe.img mnt 2>/dev/null ||
		skip 'no loop mounts of inline data here'
	head -c 10 /dev/zero >mnt/f
	truncate -s 128 mnt/f
	umount mnt
	[[ $(stat_of probe.img /f) != *'Flags: 0x10000000'* ]] ||
		skip 'a kernel that lets files grow past their inodes'
	for frame in '4096 256 1' '1024 512 2'; do
		rm -f ours.img
		# shellcheck disable=SC2086
		python3 "$LIB/inline_oracle.py" "$E4PACK" mnt $frame 120
		clean ours.img
	done
}

@test "inline: a file of the kernel's that goes on past its inline data" {
	need_root
	mkdir mnt
	mke2fs -q -F -t ext4 -O inline_data source.img 4M >/dev/null
	mount -o loop source.img mnt 2>/dev/null ||
		skip 'no loop mounts of inline data here'
	: >mnt/short
	truncate -s 122 mnt/short
	printf %s text | dd of=mnt/short conv=notrunc status=none
	: >mnt/long
	truncate -s 300000 mnt/long
	printf %s text | dd of=mnt/long conv=notrunc status=none
	cp mnt/short mnt/long .
	run "$E4PACK" create new.img mnt
	umount mnt
	[ "$status" -eq 0 ] || fail "$output"
	clean new.img
	"$E4PACK" cat new.img /short | cmp - short
	"$E4PACK" cat new.img /long | cmp - long
}

@test "inline: a small file that changes under the reading" {
	mkdir t
	for change in 'truncate -s 40' 'truncate -s 4000' 'rm -f'; do
		head -c 100 /dev/zero >t/small
		python3 "$LIB/change.py" 'read|pread64' t/small \
			"$change" \
			"$E4PACK" create -O inline_data new.img t >log 2>&1 ||
			skip 'cannot stop a process at a system call here'
		[ "$(head -n 1 log)" -eq 1 ] || fail "$change: $(cat log)"
		[ "$(grep -c '^e4pack: create: .*small' log)" -eq 1 ] ||
			fail "$change: $(cat log)"
		! grep -q metadata log
		[ ! -e new.img ]
	done
}
