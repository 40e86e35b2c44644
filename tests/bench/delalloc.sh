#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What delayed allocation wins, measured on this machine:
#
#   sh tests/bench/delalloc.sh [-r ROUNDS] [-d TARGET-FOLDER]
#
# The same scripts are run with delayed allocation and with --nodelalloc, and
# each of these with both allocators.  The scripts are made here and are the
# same each time.  For each of them a table tells, beside the claim it is for:
#
#   extents per file	"frag --json": extents / files
#   allocator calls	ext4_request_blocks for data in the trace
#   metadata dirtied	blocks that these allocations change, counted in the
#			trace as the kernel would in the handle of each: the
#			block of the inode, the bitmap of each group, the
#			descriptors, and the leaf of the mapping once it has
#			more than the 4 extents that the inode holds
#   mapping blocks	"stat --json": blocks of extent trees in the image
#   CPU, wall		milliseconds of the whole program without --trace,
#			with --no-sync: the median of ROUNDS (default 5),
#			in which the ways take turns
#
# QUICK=1 takes small scripts and no times; its counts are the same on every
# machine.  E4PACK names the program (default: src/e4pack of the current
# folder).
set -eu

rounds=5
folder=${TMPDIR:-/tmp}
while getopts r:d: option; do
	case $option in
	r) rounds=$OPTARG ;;
	d) folder=$OPTARG ;;
	*) exit 2 ;;
	esac
done

LC_ALL=C
export LC_ALL
E4PACK=$(realpath "${E4PACK:-src/e4pack}")
[ -x "$E4PACK" ] || {
	echo "delalloc.sh: $E4PACK is not there: set E4PACK" >&2
	exit 1
}
quick=${QUICK:-0}
[ "$quick" != 0 ] || command -v bash >/dev/null || {
	echo 'delalloc.sh: needs bash to take the time' >&2
	exit 1
}

work=$(mktemp -d "$(realpath "$folder")/e4pack-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"

ways='best-fit kernel nodelalloc kernel-nodelalloc'

# One file that grows in one go.
sequential_script() {
	awk -v blocks="$1" 'BEGIN {
		for (i = 0; i < blocks; i++)
			printf "append /f0 random:%d:4K\n", i + 1
	}'
}

# Files that grow in turns, as logs do.
interleaved_script() {
	awk -v files="$1" -v blocks="$2" 'BEGIN {
		for (i = 0; i < blocks; i++)
			for (f = 0; f < files; f++)
				printf "append /f%d random:%d:4K\n", f,
					i * files + f + 1
	}'
}

# 1000 bytes into each block of some files, in an order that is mixed up by a
# generator of its own, as the one of awk is another on each machine.
random_script() {
	awk -v files="$1" -v blocks="$2" '
	function below(n) {
		state = state * 16807 % 2147483647
		return state % n
	}
	BEGIN {
		state = 42
		n = files * blocks
		for (i = 0; i < n; i++)
			at[i] = i
		for (i = n - 1; i > 0; i--) {
			j = below(i + 1)
			swap = at[i]
			at[i] = at[j]
			at[j] = swap
		}
		for (i = 0; i < n; i++)
			printf "write /f%d %d random:%d:1000\n",
				at[i] % files,
				int(at[i] / files) * 4096 + below(3000), i + 1
	}'
}

# timed COMMAND...: adds its time to the file $log, if there is one.  bash tells
# milliseconds, and what it starts is the program alone.
log=
timed() {
	if [ -z "$log" ]; then
		"$@"
		return
	fi
	bash -c 'TIMEFORMAT="%R %U %S"; log=$1; shift
		{ time "$@" 2>&3; } 3>&2 2>>"$log"' bash "$log" "$@"
}

# pack WAY OPTION...: runs the script in this way.
pack() {
	way=$1
	shift
	case $way in
	*nodelalloc) set -- --nodelalloc "$@" ;;
	esac
	case $way in
	kernel*) set -- --allocator kernel "$@" ;;
	esac
	timed "$E4PACK" batch --new -F -q -b 4096 -s "$size" -N 256 \
		--no-sync "$@" image script
}

# numbers KEY: all values of a key in JSON.
numbers() {
	grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$'
}

# Prints allocator calls and metadata blocks of the trace.
count_trace() {
	awk -v group_blocks="$1" '
	function field(name,	i) {
		for (i = 3; i < NF; i++)
			if ($i == name)
				return $(i + 1) + 0
		return 0
	}
	function goes_on(block, lblk) {
		if (field("pleft") &&
		    field("pleft") + lblk - field("lleft") == block)
			return 1
		return field("pright") &&
			block + field("lright") - lblk == field("pright")
	}
	$2 == "ext4_request_blocks:" && /HINT_DATA/ { calls++ }
	$2 == "ext4_allocate_blocks:" && /HINT_DATA/ && field("block") {
		ino = field("ino")
		block = field("block")
		last = block + field("len") - 1
		if (!goes_on(block, field("lblk")))
			extents[ino]++
		bitmaps = int(last / group_blocks) + 1
		bitmaps -= int(block / group_blocks)
		dirtied += 2 + bitmaps + (extents[ino] > 4)
	}
	END { print calls + 0, dirtied + 0 }' trace
}

# counts WAY FILES: what is the same on every machine, into files WAY.KEY.
counts() {
	pack "$1" --trace trace
	"$E4PACK" frag --json image | numbers '\(files\|extents\)' |
		head -n 2 | tr '\n' ' ' |
		awk '{ printf "%.4g\n", $2 / $1 }' >"$1.extents"
	group_blocks=$("$E4PACK" info --json image |
		numbers blocks_per_group | head -n 1)
	count_trace "$group_blocks" >counted
	cut -d' ' -f1 counted >"$1.calls"
	cut -d' ' -f2 counted >"$1.dirtied"
	paths=$(seq -f '/f%.0f' 0 $(($2 - 1)))
	# shellcheck disable=SC2086
	"$E4PACK" stat --json image $paths | numbers mapping_blocks |
		awk '{ n += $1 } END { print n + 0 }' >"$1.mapping"
}

median() {
	sort -n | awk '{ t[NR] = $1 }
		END { printf "%.0f\n", NR % 2 ? t[(NR + 1) / 2] \
			: (t[NR / 2] + t[NR / 2 + 1]) / 2 }'
}

# take_times: CPU and wall of all ways, as files WAY.KEY.
take_times() {
	rm -f ./*.times
	round=0
	while [ "$round" -lt "$rounds" ]; do
		for each in $ways; do
			log=$each.times
			pack "$each"
		done
		round=$((round + 1))
	done
	log=
	for each in $ways; do
		awk '{ print $1 * 1000 }' "$each.times" | median >"$each.wall"
		awk '{ print ($2 + $3) * 1000 }' "$each.times" |
			median >"$each.cpu"
	done
}

# row KEY MEASURE CLAIM: a line of a table.
row() {
	printf '%-17s' "$2"
	for each in $ways; do
		width=${#each}
		[ "$width" -gt 8 ] || width=8
		printf " %${width}s" "$(cat "$each.$1")"
	done
	printf '  %s\n' "$3"
}

# table NAME FILES TEXT: measures the script in all ways and prints it.
table() {
	for each in $ways; do
		echo "$each" >"$each.name"
		counts "$each" "$2"
	done
	[ "$quick" != 0 ] || take_times
	echo
	echo "$1: $3"
	row name '' 'what is claimed'
	row extents 'extents per file' 'less fragmentation, as writes are merged'
	row calls 'allocator calls' 'one allocation for many writes'
	row dirtied 'metadata dirtied' 'metadata is changed less often'
	row mapping 'mapping blocks' 'less metadata for the same data'
	[ "$quick" = 0 ] || return 0
	row cpu 'CPU, ms' 'less load of the processor'
	row wall 'wall, ms' 'writing is faster'
}

if [ "$quick" != 0 ]; then
	size=32M blocks=1000 files=10 appends=200 parts=100
else
	size=400M blocks=50000 files=50 appends=1000 parts=1000
fi
echo "e4pack batch --new -b 4096 -s $size: allocation delayed, or at each" \
	"write (nodelalloc);"
echo 'with best fit, or as the kernel allocates'
sequential_script "$blocks" >script
table sequential 1 "one file, $blocks appends of 4 KiB"
interleaved_script "$files" "$appends" >script
table interleaved "$files" \
	"$files files, $appends appends of 4 KiB to each, in turns"
random_script "$files" "$parts" >script
table random "$files" \
	"$files files of $parts blocks, 1000 bytes into each, in random order"
