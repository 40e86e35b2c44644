#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long making an image takes beside other tools, on this machine:
#
#   sh tests/bench/create.sh [-r ROUNDS] [-d TARGET-FOLDER] [TREE]
#
# Runs alternate, so that what else the machine does falls on all of them.
# Prints for each tool the median time, the fastest and the slowest, the ratio
# of its median to e4pack's, the greatest memory and the size of the result.
# Without a TREE a Debian system is made by mmdebstrap.  The page cache is
# warm: every tool reads the tree once before the first round.
# E4PACK names the program (default: src/e4pack of the current folder).
set -eu

rounds=7
folder=${TMPDIR:-/tmp}
while getopts r:d: option; do
	case $option in
	r) rounds=$OPTARG ;;
	d) folder=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
E4PACK=$(realpath "${E4PACK:-src/e4pack}")
export E4PACK
[ -x "$E4PACK" ] || {
	echo "create.sh: $E4PACK is not there: set E4PACK" >&2
	exit 1
}
[ -x /usr/bin/time ] || {
	echo 'create.sh: needs GNU time (package "time")' >&2
	exit 1
}

work=$(mktemp -d "$(realpath "$folder")/e4pack-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT

tree=${1-}
if [ -z "$tree" ]; then
	command -v mmdebstrap >/dev/null || {
		echo 'create.sh: name a tree, or install mmdebstrap' >&2
		exit 1
	}
	tree=$work/tree
	echo 'making a Debian system ...'
	mmdebstrap --quiet --variant=standard bookworm "$tree"
fi
tree=$(realpath "$tree")
cd "$work"

# What mke2fs is given: a size that is known to do.
kib=$(du -sk --apparent-size "$tree" | cut -f1)
disk=$(du -sk "$tree" | cut -f1)
[ "$disk" -gt "$kib" ] && kib=$disk
size=$((kib + kib / 4 + 65536))K
inodes=$(($(find "$tree" | wc -l) + 1000))

# The tools: a name, then a command in which the tree is $1, the result $2.
tools='e4pack
e4pack-nosync
mke2fs
mke2fs-sync
tar
cp'

# one TOOL: runs it once on a fresh result.
one() {
	rm -rf result
	case $1 in
	e4pack)
		timed "$E4PACK" create -q result "$tree"
		;;
	e4pack-nosync)
		timed "$E4PACK" create -q --no-sync result "$tree"
		;;
	mke2fs)
		timed mke2fs -q -F -t ext4 -m 0 -N "$inodes" -d "$tree" \
			result "$size"
		;;
	mke2fs-sync)
		# shellcheck disable=SC2016
		timed sh -c 'mke2fs -q -F -t ext4 -m 0 -N "$1" -d "$2" \
			result "$3" && sync result' sh "$inodes" "$tree" "$size"
		;;
	tar) timed tar -C "$tree" -cf result . ;;
	cp) timed cp -a "$tree" result ;;
	esac
}

timed() {
	/usr/bin/time -f '%e %M' -o time "$@" >log 2>&1 || {
		cat log >&2
		echo "create.sh: failed: $*" >&2
		exit 1
	}
}

echo "tree: $tree, $((kib / 1024)) MiB, $inodes objects, $rounds rounds"
for tool in $tools; do
	one "$tool"
	du -sk result | cut -f1 >"$tool.size"
	: >"$tool.times"
done
round=0
while [ "$round" -lt "$rounds" ]; do
	for tool in $tools; do
		one "$tool"
		tail -n 1 time >>"$tool.times"
	done
	round=$((round + 1))
done

for tool in $tools; do
	sort -n "$tool.times" | awk -v tool="$tool" \
		-v size="$(cat "$tool.size")" '
		{ t[NR] = $1; if ($2 > memory) memory = $2 }
		END {
			median = NR % 2 ? t[(NR + 1) / 2] \
				: (t[NR / 2] + t[NR / 2 + 1]) / 2
			print tool, median, t[1], t[NR], memory, size
		}'
done | awk '
	NR == 1 {
		base = $2 > 0 ? $2 : 0.01
		printf "%-14s %9s %9s %9s %7s %10s %10s\n", "tool", \
			"median s", "fastest", "slowest", "ratio", \
			"memory MiB", "result MiB"
	}
	{
		printf "%-14s %9.2f %9.2f %9.2f %7.2f %10.1f %10.1f\n", \
			$1, $2, $3, $4, $2 / base, $5 / 1024, $6 / 1024
	}'
