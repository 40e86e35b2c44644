#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What becomes of a delayed extent:   sh examples/delayed-to-written.sh
#
# A write only reserves; fallocate allocates at once, but what it allocates
# reads as zero until it is written; fsync gives one file its blocks, and
# sync all others.  df shows what is promised, and what is used.
# E4PACK names the program (default: e4pack).
set -eu

E4PACK=${E4PACK:-e4pack}
work=$(mktemp -d "${TMPDIR:-/tmp}/e4pack-example.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

"$E4PACK" batch --new -q -s 16M image >out <<'END'
echo "-- written: eight blocks are delayed, none is taken"
write /file 0 random:1:32K
es /file
df
echo "-- eight more, preallocated: unwritten at once"
fallocate /file 32K 32K
es /file
echo "-- two of these get their bytes"
write /file 40K random:2:8K
es /file
echo "-- fsync: delayed has become written"
fsync /file
es /file
df
END
cat out

# Every status was seen, in this order, and in the end nothing waits.
seen=$(awk '$NF ~ /^(delayed|written|unwritten)$/ { print $NF }' out |
	uniq | tr '\n' ' ')
dirty=$(awk '$1 == "dirty" { print $2 }' out | tr '\n' ' ')
expected='delayed unwritten delayed unwritten written unwritten written unwritten written unwritten '
if [ "$seen" = "$expected" ] && [ "$dirty" = '8 0 ' ]; then
	echo
	echo 'Shown: delayed became written at fsync, and the promise was kept.'
else
	echo "not as expected: $seen; dirty $dirty" >&2
	exit 1
fi
