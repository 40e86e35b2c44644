#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The example in C, linked with the library as it is installed, makes an
# image that e2fsck has nothing to say against, and those for the shell show
# what they say they do.
set -u

srcdir=${srcdir:-$(dirname "$0")/..}
builddir=${builddir:-.}
PATH=$PATH:/usr/sbin:/sbin
command -v e2fsck >/dev/null || exit 77
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

if ! "$builddir/examples/build_image" "$work/image" "$srcdir/src/base"; then
	echo 'the example failed'
	exit 1
fi
out=$(LC_ALL=C e2fsck -fn "$work/image" 2>&1) || {
	echo "$out"
	exit 1
}
if echo "$out" | grep -E 'Fix\?|wrong|WARNING'; then
	exit 1
fi
E4PACK=$(realpath "$builddir/src/e4pack")
export E4PACK
for script in interleaved-logs delayed-to-written; do
	sh "$srcdir/examples/$script.sh" >"$work/out" || {
		cat "$work/out"
		exit 1
	}
	grep -q '^Shown: ' "$work/out" || exit 1
done
"$builddir/examples/build_image" "$work/other" "$work/missing" 2>/dev/null
[ $? = 1 ] && [ ! -e "$work/other" ]
