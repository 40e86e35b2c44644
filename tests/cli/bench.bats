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

@test "bench: a chart has a bar for each tool, cut where it is too long" {
	PYTHONDONTWRITEBYTECODE=1 python3 - "$BATS_TEST_DIRNAME/../bench" \
		>found <<-'END'
		import sys
		import xml.etree.ElementTree as tree
		sys.path.insert(0, sys.argv[1])
		from bench_chart import write_chart
		times = {"e4pack": 0.05, "a & b": 0.04, "slow": 0.5}
		write_chart("chart.svg", [
		    {"about": "this < that",
		     "tools": {k: {"best": v} for k, v in times.items()}}])
		svg = "{http://www.w3.org/2000/svg}"
		root = tree.parse("chart.svg").getroot()
		for bar in root.iter(svg + "path"):
		    print(bar.get("class"), "cut" if "l" in bar.get("d") else "")
		for text in root.iter(svg + "text"):
		    print(text.text)
	END
	[ "$(grep -c '^o[wt]' found)" -eq 3 ]
	[ "$(grep -c ' cut$' found)" -eq 1 ]
	for words in 'This < that' 'a & b' '50 ms' '40 ms, 0.80 x' \
		'0.50 s, 10 x'; do
		grep -Fxq "$words" found || fail "no $words"
	done
}

@test "bench: bare calls copy every file, each into whole blocks" {
	command -v "${CC:-cc}" >cc || skip 'no compiler'
	"${CC:-cc}" -D_GNU_SOURCE -O1 -pthread -o bare \
		"$BATS_TEST_DIRNAME/../bench/bare.c"
	python3 - <<-'END'
		import os
		sizes = {"empty": 0, "one": 1, "block": 4096, "more": 4097,
		         "long": 1300000, "d/below": 7, "d/e/deep": 9000}
		os.makedirs("tree/d/e")
		os.symlink("nowhere", "tree/link")
		for i, (name, size) in enumerate(sizes.items()):
		    with open("tree/" + name, "wb") as f:
		        for at in range(size):
		            f.write(bytes([(i + at // 4096) % 255 + 1]))
		for i in range(300):
		    with open(f"tree/d/{i}", "wb") as f:
		        f.write(f"file {i}".encode())
	END
	for threads in 1 4; do
		./bare $threads tree copy
		# Long files lie in pieces where others write meanwhile.
		python3 - <<-'END'
			import os
			from collections import Counter

			def blocks(path):
			    with open(path, "rb") as f:
			        while block := f.read(4096):
			            yield block.ljust(4096, b"\0")

			wanted = Counter()
			for folder, _, names in os.walk("tree"):
			    for name in names:
			        if name != "link":
			            wanted.update(blocks(f"{folder}/{name}"))
			assert Counter(blocks("copy")) == wanted
		END
		rm copy
	done
	run -1 ./bare 1 missing copy
}
