#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Sizes where a number or a search could go over an edge.

load helper

# file BLOCKS NAME: of 1 KiB each.
file() {
	head -c $(($1 * 1024)) /dev/zero | tr '\0' x >"$2"
}

# nothing_less MIN DOWN OPTIONS...: no size of the DOWN blocks of 1 KiB under
# MIN can be had.
nothing_less() {
	local min=$1 down=$2 n plan
	shift 2
	for ((n = min - down; n < min; n++)); do
		! plan=$(e4pack plan --json -q -s "$((n * 1024))" "$@" \
			2>/dev/null) ||
			fail "min is $min, but $n gives $(jq .blocks \
				<<<"$plan")" || return
	done
}

@test "size: min is the least where files fit by count but not whole" {
	for blocks in 8171 7892 24326; do
		rm -rf t
		mkdir t
		file "$blocks" t/f
		min=$(e4pack plan --json -b 1024 -s min t | jq .blocks)
		nothing_less "$min" 64 -b 1024 t
	done
}

@test "size: min is the least where the last group is too small to stand" {
	mkdir t
	file 7892 t/a
	file 31 t/b
	file 8197 t/c
	file 7892 t/d
	file 8197 t/e
	min=$(e4pack plan --json -b 1024 -I 1024 -s min t | jq .blocks)
	nothing_less "$min" 20 -b 1024 -I 1024 t
}

@test "size: min is the least where many inodes make groups small" {
	mkdir t
	echo x >t/f
	for options in '-N 20000' '-N 29477 -I 128' '-O ^has_journal -N 9000'; do
		# shellcheck disable=SC2086
		min=$(e4pack plan --json -b 1024 $options -s min t |
			jq .blocks)
		# shellcheck disable=SC2086
		nothing_less "$min" 70 -b 1024 $options t
	done
	# All that 8 groups of one size leave free is less than a step of them.
	plan=$(e4pack plan --json -b 1024 -N 60000 -s min t)
	jq -e '.free_blocks < 64' <<<"$plan" || fail "$plan"
}

@test "size: more blocks than 32 bits count" {
	mkdir t
	echo x >t/f
	for size in 16T 17T 64T; do
		plan=$(e4pack plan --json -s "$size" t)
		jq -e --argjson t "${size%T}" \
			'.bytes == $t * 1024 * 1024 * 1024 * 1024' \
			<<<"$plan" || fail "$size: $plan"
	done
	for options in "-O ^64bit -s 17T" "-b 1024 -O ^64bit -s 4T" \
		"-s 8388607T"; do
		# shellcheck disable=SC2086
		refused $options t
		mentions 'can count'
	done
}

@test "size: headroom does not ask for more inodes than can be numbered" {
	mkdir t
	(cd t && seq 1 3000 | xargs touch)
	plan=$(e4pack plan --json -s 64T t)
	jq -e '.inodes >= 2000000000 and .inodes < 4294967296' <<<"$plan" ||
		fail "$plan"
	refused -i 1024 -s 64T t
	mentions '^e4pack: create: -i: '
}

@test "size: with -i, what is said to be needed is more than there is" {
	mkdir t
	file 16 t/a
	file 11 t/b
	min=$(e4pack plan --json -b 1024 -i 1024 -s min t | jq .blocks)
	failed=0
	for ((n = min + 1; n < min + 60; n++)); do
		run --separate-stderr e4pack plan -b 1024 -i 1024 \
			-s "$((n * 1024))" t
		[ "$status" -ne 0 ] || continue
		failed=$((failed + 1))
		[[ $stderr =~ \(([0-9]+)\ bytes\) ]]
		((BASH_REMATCH[1] > n * 1024)) || fail "$n"
		e4pack plan -b 1024 -i 1024 -s "${BASH_REMATCH[1]}" t
	done
	((failed))
}

@test "size: inodes that need another group are looked for behind its stump" {
	mkdir t
	echo x >t/f
	for inode in 256 2048 4096; do
		plan=$(e4pack plan --json -b 65536 -I "$inode" -N 100000 \
			-s min t)
		jq -e '.inodes >= 100000 and .blocks > 65528' <<<"$plan" ||
			fail "$inode: $plan"
	done
}
