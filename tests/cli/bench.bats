#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# The measurements themselves: the counts that delayed allocation is claimed
# to win, never the times.

load helper

# count SCRIPT MEASURE WAY: a figure of the tables.
count() {
	awk -v script="$1:" -v measure="$2" -v way="$3" '
		/^[a-z]+:/ { here = $1 == script; named = 0 }
		here && !named && $1 == "best-fit" {
			for (i = 1; i <= NF; i++)
				if ($i == way)
					column = i
			named = 1
		}
		here && index($0, measure) == 1 {
			split(substr($0, length(measure) + 1), f)
			print f[column]
		}' figures
}

# is SCRIPT MEASURE WAY FIGURE
is() {
	[ "$(count "$1" "$2" "$3")" = "$4" ] ||
		fail "$1, $2, $3: $(count "$1" "$2" "$3"), not $4"
}

# more SCRIPT MEASURE WAY FIGURE: at least that.
more() {
	awk -v a="$(count "$1" "$2" "$3")" -v b="$4" \
		'BEGIN { exit !(a != "" && a + 0 >= b + 0) }' ||
		fail "$1, $2, $3: $(count "$1" "$2" "$3"), less than $4"
}

@test "bench: delayed allocation wins what is claimed for it" {
	QUICK=1 timeout -k 5 120 sh "$BATS_TEST_DIRNAME/../bench/delalloc.sh" \
		-d . >figures
	for way in best-fit kernel; do
		for script in sequential interleaved random; do
			is $script 'extents per file' $way 1
			is $script 'mapping blocks' $way 0
		done
		is sequential 'allocator calls' $way 1
		is interleaved 'allocator calls' $way 10
		is random 'allocator calls' $way 10
		is interleaved 'metadata dirtied' $way 30
	done
	for way in nodelalloc kernel-nodelalloc; do
		is sequential 'allocator calls' $way 1000
		is interleaved 'allocator calls' $way 2000
		is random 'allocator calls' $way 1000
		more interleaved 'extents per file' $way 100
		more random 'extents per file' $way 10
		more interleaved 'metadata dirtied' $way 6000
		is interleaved 'mapping blocks' $way 10
	done
	# Nothing is left behind, and no time is taken.
	run ! grep -E '^(CPU|wall)' figures
	[ -z "$(find . -name 'e4pack-bench.*')" ]
}
