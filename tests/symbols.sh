#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The library that is installed exports e4pack_ names and nothing else, and
# all that its header declares; the header serves C and C++.
set -u

builddir=${builddir:-.}
srcdir=${srcdir:-$(dirname "$0")/..}
library=$(find "$builddir" -maxdepth 3 -name libe4pack.a | head -n 1)
if [ -z "$library" ]; then
	echo 'libe4pack.a was not built'
	exit 1
fi
wrong=0
names=$(${NM:-nm} -g --defined-only "$library" 2>/dev/null |
	awk 'NF == 3 { print $3 }' | sort -u)
others=$(echo "$names" | grep -Ev '^e4pack_|^$')
if [ -n "$others" ]; then
	echo 'exported without the prefix:'
	echo "$others" | head -n 20
	wrong=1
fi
header=$srcdir/include/e4pack.h
for name in $(grep -oE '\be4pack_[a-z0-9_]+ ?\(' "$header" | tr -d ' (' |
	sort -u); do
	echo "$names" | grep -qx "$name" && continue
	# A type of function pointers is no symbol.
	grep -qE "(typedef.*|\\*)\\b$name\\b" "$header" && continue
	echo "declared and not there: $name"
	wrong=1
done
for compiler in "${CC:-cc} -x c -std=c11" "${CXX:-c++} -x c++ -std=c++11"; do
	command -v "${compiler%% *}" >/dev/null || continue
	# shellcheck disable=SC2086
	if ! echo '#include <e4pack.h>' | $compiler -Wall -Wextra -Werror \
		-fsyntax-only -I"$srcdir/include" -; then
		echo "the header does not serve: $compiler"
		wrong=1
	fi
done
[ "$wrong" = 0 ] && echo 'nothing but e4pack_ names'
exit "$wrong"
