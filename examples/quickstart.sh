#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a fresh clone to a checked ext4 image:   sh examples/quickstart.sh
#
# Everything is made in a temporary folder; the source tree stays as it is.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/e4pack-quickstart.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

heading() {
	printf '\n== %s\n' "$*"
}

# Shows a command, then runs it.
run() {
	printf '$ %s\n' "$*"
	"$@"
}

# A step whose output matters only when it fails.
quietly() {
	printf '$ %s\n' "$*"
	"$@" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		echo "quickstart: this failed: $*" >&2
		exit 1
	}
}

# The first folder that has a few MiB to pack and can be read by this user.
choose_tree() {
	for tree in /usr/share/doc /usr/share/perl5 /usr/share/perl \
		/usr/lib/python3 /usr/include /usr/bin "$top"; do
		[ -d "$tree" ] || continue
		kib=$(du -skx "$tree" 2>/dev/null | cut -f1) || continue
		[ "$kib" -ge 3000 ] || continue
		[ "$kib" -le 2000000 ] || continue
		[ -z "$(find -L "$tree" -xdev ! -type l ! -readable \
			-print -quit 2>/dev/null)" ] && break
	done
	echo "$tree"
}

PATH=$PATH:/usr/sbin:/sbin
export PATH

heading 'Packages'
sh "$top/scripts/setup.sh" build
echo 'all there'

heading 'Building the program'
sh "$top/scripts/copy-source.sh" "$work/source"
mkdir "$work/build"
cd "$work/build"
quietly "$work/source/bootstrap"
quietly "$work/source/configure"
quietly make -j"$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
PATH=$work/build/src:$PATH
run e4pack --version

tree=$(choose_tree)
heading "Packing $tree"
run e4pack plan "$tree"
run e4pack create image.ext4 "$tree"
run ls -l image.ext4

heading 'What e2fsck says of the image'
export LC_ALL=C
run e2fsck -fn image.ext4 2>&1 | tee "$work/judged"
if grep -Eq 'Fix\?|wrong|WARNING' "$work/judged" ||
   ! e2fsck -fn image.ext4 >/dev/null 2>&1; then
	echo 'quickstart: the image is not clean' >&2
	exit 1
fi

heading 'Where the blocks of some files are'
set --
for size in +1000k +100k +10k +0; do
	file=$(find "$tree" -xdev -type f -size "$size" -print -quit)
	[ -z "$file" ] || set -- "$@" "${file#"$tree"}"
done
run e4pack es image.ext4 "$@"

heading 'Fragmentation'
run e4pack frag --top 5 image.ext4

heading 'Done'
echo 'The image was clean and is gone with the temporary folder.  Next:'
echo '  ./bootstrap && ./configure && make && sudo make install'
echo '  e4pack create rootfs.ext4 FOLDER-OR-ARCHIVE'
