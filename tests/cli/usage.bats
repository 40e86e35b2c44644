#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# How the commands are called, and what they say of wrong calls.

load helper

@test "usage: no command at all" {
	run --separate-stderr e4pack
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[ -n "$stderr" ]
}

@test "usage: an unknown command is named" {
	misused bake new.img
	mentions bake
}

@test "usage: --help names every command, on standard output" {
	run --separate-stderr e4pack --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	for command in create plan es frag; do
		[[ $output =~ $command ]] || fail "$command is not named"
	done
}

@test "usage: --version is one line with the name and a number" {
	run --separate-stderr e4pack --version
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^e4pack\ .*[0-9]+\.[0-9]+\.[0-9]+ ]]
}

@test "usage: each command has its own --help" {
	for command in create plan es frag; do
		run --separate-stderr e4pack "$command" --help
		[ "$status" -eq 0 ] || fail "$command --help"
		[ -z "$stderr" ] || fail "$command --help"
		[[ $output =~ e4pack\ $command ]] || fail "$command --help"
	done
}

@test "usage: help that cannot be written fails" {
	[ -c /dev/full ] || skip 'no /dev/full'
	run bash -c '"$E4PACK" create --help >/dev/full'
	[ "$status" -eq 1 ]
}

@test "usage: missing arguments" {
	misused create
	misused create new.img
	misused plan
	misused es
	misused frag
}

@test "usage: unknown and incomplete options" {
	mkdir t
	misused create --wrong new.img t
	misused create new.img t --wrong
	misused create new.img t -s
	misused create new.img t --owner
	misused plan --wrong t
	misused es --wrong new.img
	misused frag --wrong new.img
	misused frag new.img --top
	misused frag new.img --fail-over x
	misused frag new.img --top -1
}

@test "usage: options of another release are not taken in silence" {
	mkdir t
	misused create new.img t --allocator kernel
	misused create new.img t --nodelalloc
	misused create new.img t --dirty-limit 1M
}

@test "usage: malformed values name the value" {
	mkdir t
	local option value
	while read -r option value; do
		misused create new.img t "$option" "$value"
		# Of hash_seed=xyz and ^nonsense the part that is wrong.
		value=${value#hash_seed=}
		[[ $stderr = *"${value#^}"* ]] ||
			fail "$option $value: not named"
	done <<-'END'
		--owner 1
		--owner a:b
		--owner 1:2:3
		--owner -1:0
		--owner 4294967295:0
		--owner 4294967296:0
		--map-owner 1
		--map-owner 1:2,
		--map-owner 1:x
		--times never
		--times 1.5x
		-N x
		-N -5
		-i 0
		-i x
		-m 101
		-m -1
		-m x
		-U not-a-uuid
		-U 12345678-1234-1234-1234-12345678901
		-J size=x
		-J sizes=4
		-E nonsense
		-E hash_seed=xyz
		-E root_owner=1
		-E stride
		-E packed_meta_blocks=2
		-E offset=-1
		-O nonsense
		-O ^nonsense
		--threads x
		--max-size 1.5G
	END
}

@test "usage: of a list of options the wrong one is named" {
	mkdir t
	misused create new.img t -E stride=16,num_backup_sb=3,resize=9M
	[[ $stderr = *'"num_backup_sb=3" is not'* ]] || fail 'another is named'
}

@test "usage: options in every spelling, -- ends them" {
	mkdir -- t -d
	echo a >t/a
	for words in '-s 16M' '-s16M' '--size=16M' '--size 16M' '--si 16M'; do
		rm -f new.img
		# shellcheck disable=SC2086
		"$E4PACK" create $words new.img t
		clean new.img
		[ "$(stat -c %s new.img)" -eq $((16 << 20)) ]
	done
	rm new.img
	"$E4PACK" create -s 16M -- new.img -d
	clean new.img
}

@test "usage: messages are one line even with control bytes in a name" {
	run --separate-stderr e4pack create new.img $'no\nsuch\e[2Jfolder'
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr != *$'\e'* ]]
	told create
	[[ $stderr = *'no\012such\033[2Jfolder'* ]]
}

@test "usage: -q says nothing, -v says more, warnings stay" {
	mkdir t
	echo a >t/a
	run --separate-stderr e4pack create -q new.img t -s 16M
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	archive zeros
	run --separate-stderr e4pack create -q -F new.img zeros.tar -s 16M
	[ "$status" -eq 0 ]
	[ -n "$stderr" ]
}

@test "usage: progress is drawn only where asked or on a terminal" {
	small_tree t
	run --separate-stderr e4pack create new.img t -s 16M
	[ "$status" -eq 0 ]
	[[ $stderr != *$'\r'* ]]
	run --separate-stderr e4pack create -F --progress new.img t -s 16M
	[ "$status" -eq 0 ]
	[ -n "$stderr" ]
	run --separate-stderr e4pack create -F --progress --no-progress \
		new.img t -s 16M
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}
