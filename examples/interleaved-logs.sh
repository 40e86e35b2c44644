#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fifty log files that grow in turns, as logs do:   sh examples/interleaved-logs.sh
#
# With delayed allocation no block has its place before all is known, and each
# file comes out in one piece.  With --nodelalloc each append takes the next
# free block, and every file is in as many pieces as it had appends.
# E4PACK names the program (default: e4pack).
set -eu

E4PACK=${E4PACK:-e4pack}
work=$(mktemp -d "${TMPDIR:-/tmp}/e4pack-example.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

# 40 rounds in which each of 50 files gets 4 KiB more.
{
	echo 'mkdir -p /var/log'
	for round in $(seq 40); do
		for file in $(seq 50); do
			echo "append /var/log/$file random:$((round * 50 + file)):4K"
		done
	done
} >script

# figure KEY: a number of the last frag report.
figure() {
	grep -o "\"$1\": *[0-9.]*" report | head -n 1 | grep -o '[0-9.]*$'
}

# pack NAME OPTION...: runs the script, and tells how the files lie.
pack() {
	name=$1
	shift
	"$E4PACK" batch --new -q -s 32M "$@" "$name.img" script
	"$E4PACK" frag --json "$name.img" >report
	printf '%-14s %4s files in %5s extents, score %s\n' "$name" \
		"$(figure files)" "$(figure extents)" "$(figure score)"
}

pack delayed --dirty-limit 16M
late=$(figure extents)
score=$(figure score)
pack nodelalloc --nodelalloc
early=$(figure extents)

echo
echo 'One of the files, delayed:'
"$E4PACK" es delayed.img /var/log/7
echo
echo 'and without delay, its first extents:'
"$E4PACK" es nodelalloc.img /var/log/7 | head -n 6

if [ "$late" -eq 50 ] && [ "${score%.*}" -eq 100 ] && [ "$early" -ge 500 ]; then
	echo
	echo "Shown: one extent a file, where allocating at once makes $early."
else
	echo "not as expected: $late extents delayed, $early at once" >&2
	exit 1
fi
