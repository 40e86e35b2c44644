#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Rows 39 to 64 of the bad inputs: what archives may hold, and good ones.

load helper

# bad CASE [PATTERN]: this archive is refused, from a file and from a pipe.
bad() {
	archive "$1" bad.tar
	refused bad.tar || fail "$1" || return 1
	[[ -z ${2-} ]] || mentions "$2" || fail "$1" || return 1
	run --separate-stderr e4pack create new.img - <bad.tar
	[[ $status = 1 ]] || fail "$1 through a pipe: $status" || return 1
	[[ ! -e new.img ]] || fail "$1 through a pipe: a target" || return 1
	tidy
}

# good CASE: this archive is packed, and python's reader finds the same in it.
good() {
	archive "$1" good.tar
	rm -f new.img
	create new.img good.tar || fail "$1" || return 1
	same good.tar new.img || fail "$1"
}

# packed CASE: this archive makes a clean image.
packed() {
	archive "$1" packed.tar
	rm -f new.img
	create new.img packed.tar || fail "$1"
}

# holds PATH [TEXT]: the image has the file, with that content.
holds() {
	run debugfs -R "cat \"$1\"" new.img
	[[ $output = *"${2-data}"* ]] || fail "$1 holds: $output"
}

# names WANT: the names in the root, lost+found left out.
names() {
	local found
	found=$(debugfs -R 'ls -p /' new.img 2>/dev/null |
		awk -F/ 'NF > 5 { print $6 }' | grep -Evx '\.|\.\.|lost\+found' |
		sort | tr '\n' ' ')
	[[ $found = "$1 " ]] || fail "the root holds: $found"
}

@test "row 39: names that climb are refused" {
	for name in dotdot dotdot-inside dotdot-end dotdot-link cpio-dotdot; do
		bad "$name" '\.\.'
	done
}

@test "row 39: leading slashes and dots are dropped" {
	good absolute
	warned '/'
	good dot-slash
	packed slashes
	names 'x z'
	holds x/y
}

@test "row 4: components of 255 and 256 bytes, and of none" {
	good name-255
	bad name-256
	bad name-empty
}

@test "row 40: a path through a symlink" {
	for name in through-symlink symlink-loop symlink-outside merged-usr; do
		bad "$name" '--keep-dir-symlinks'
	done
	archive merged-usr
	rm -f new.img
	create new.img --keep-dir-symlinks merged-usr.tar
	holds usr/lib/f
	for name in through-symlink symlink-loop; do
		archive "$name"
		rm -f new.img
		run --separate-stderr e4pack create new.img \
			--keep-dir-symlinks "$name.tar"
		[ "$status" -le 1 ]
		[ "$status" -eq 1 ] || clean new.img
	done
	[ ! -e /tmp/f ]
}

@test "row 40: a folder entry on a symlink" {
	archive symlink-then-folder
	create new.img --keep-dir-symlinks symlink-then-folder.tar
	holds usr/f
}

@test "row 14: symlinks that point nowhere" {
	good plain-symlinks
}

@test "row 41: the last of duplicates wins" {
	packed duplicate
	holds f second
	[[ $(stat_of new.img /f) =~ Size:\ 7 ]]
	[ "$(e4pack plan --json packed.tar | jq .data_blocks)" -eq 1 ]
	refused --strict packed.tar
}

@test "row 42: a file and a folder of one name" {
	bad file-then-folder n
	bad folder-then-file n
}

@test "row 43: a folder after what is in it" {
	packed folder-late
	holds d/f
	[[ $(stat_of new.img /d) =~ Mode:\ +02750 ]]
	[[ $(stat_of new.img /d) =~ User:\ +7\ +Group:\ +8 ]]
}

@test "row 44: missing parents" {
	good no-parents
}

@test "row 6: lost+found that is no folder" {
	bad lost-found-file 'lost.found'
}

@test "row 45: hard links to nothing, to itself, to a folder, too early" {
	bad link-missing nowhere
	bad link-self
	bad link-folder
	bad link-early
}

@test "row 45: good hard links" {
	good link-good
	good link-symlink
}

@test "row 46: hard links with content" {
	bad link-data
	bad link-data-through
}

@test "row 47: 65,001 hard links" {
	packed links-65001
	warned f
	[[ $(stat_of new.img /f) =~ Links:\ 65000\  ]]
	refused --strict packed.tar
}

@test "row 48: sparse files of every format keep their holes" {
	for name in sparse-gnu sparse-10 sparse-01 sparse-00; do
		good "$name"
	done
}

@test "row 48: maps of sparse files that are wrong" {
	for name in sparse-gnu-overlap sparse-gnu-unsorted sparse-gnu-past-end \
		sparse-10-overlap sparse-10-overflow sparse-10-count \
		sparse-01-overlap; do
		LIMIT=20 bad "$name"
	done
}

@test "row 49: sizes in every form" {
	for name in size-pax size-base256; do
		good "$name"
	done
	for name in size-negative size-huge size-pax-huge size-8g; do
		LIMIT=20 bad "$name"
	done
}

@test "row 50: paths in pax records" {
	bad pax-nul
	bad pax-long
	good pax-newline
	good pax-raw
	good ustar-raw
	good deep
}

@test "row 51: times in pax records" {
	good time-ns
	good nsec
	good time-minus-one
	good time-far
	warned f
	good time-before
	warned f
	archive time-overflow
	rm -f new.img
	run --separate-stderr e4pack create new.img time-overflow.tar
	[ "$status" -le 1 ]
	[ -n "$stderr" ]
	[ "$status" -eq 1 ] || clean new.img
}

@test "row 52: xattrs in pax records" {
	good xattrs
	packed xattr-selinux
	bad xattr-mebibyte
	bad xattr-8000 f
	bad xattr-name-256 f
}

@test "row 53: owners out of range" {
	bad uid-huge f
	bad uid-minus-one f
	good uid-most
}

@test "rows 16, 17, 54: device numbers" {
	good devices
	bad device-major n
	bad device-minor n
}

@test "row 55: types that are no files" {
	packed type-unknown
	holds f
	packed type-volume
	warned VOLUME
	names f
	refused --strict packed.tar
	packed type-dumpdir
	warned d
	holds f
	bad type-continued
}

@test "row 56: wrong checksums, zero blocks, what follows the end" {
	bad bad-checksum
	packed one-zero-block
	names 'f g'
	packed concatenated
	names 'f g'
	archive garbage-after
	rm -f new.img
	lenient_and_strict '.' garbage-after.tar
	names f
}

@test "row 57: archives that end early" {
	bad cut-in-data
	bad cut-in-header
	packed no-end
	holds f
}

@test "row 58: gzip: cut, wrong sums, members, garbage" {
	packed gz
	holds f
	for name in gz-cut gz-cut-trailer gz-bad-crc gz-bad-length; do
		bad "$name"
	done
	packed gz-members
	names 'f g'
	archive gz-garbage
	rm -f new.img
	lenient_and_strict '.' gz-garbage.tar
	holds f
}

@test "row 58: the other filters, cut" {
	need xz zstd bzip2 lz4
	archive sparse-gnu
	for filter in xz zstd bzip2 lz4; do
		"$filter" -c sparse-gnu.tar >whole
		head -c $(($(stat -c %s whole) / 2)) whole >cut.tar
		rm -f new.img
		refused cut.tar || fail "$filter"
	done
}

@test "row 59: a bomb stops at the size of the image" {
	archive gz-bomb
	LIMIT=60 refused -s 16M gz-bomb.tar
	LIMIT=60 refused --max-size 16M gz-bomb.tar
}

@test "row 59: memory does not grow with what an archive holds" {
	archive gz-bomb
	# 256 MiB in 195 MiB of addresses.
	run bash -c 'ulimit -v 200000
		exec "$E4PACK" create --threads 2 new.img gz-bomb.tar'
	[ "$status" -eq 0 ]
	clean new.img
	[[ $(stat_of new.img /f) =~ Size:\ 268435456 ]]
}

@test "row 60: nothing, and nothing but the end" {
	bad empty
	archive zeros
	lenient_and_strict '.' zeros.tar
}

@test "row 61: old formats" {
	for name in v7 ustar-full star-old; do
		good "$name"
	done
}

@test "row 62: cpio" {
	packed cpio
	holds d/f
	packed cpio-odd
	names 'a bb ccc dddd'
	holds dddd 4444
	packed cpio-links
	holds a
	[[ $(stat_of new.img /a) =~ Links:\ 3\  ]]
	packed cpio-crc
	holds f
	packed cpio-devices
	[[ $(stat_of new.img /n) =~ 05:01 ]]
	for name in cpio-namesize-0 cpio-namesize-huge cpio-filesize-huge \
		cpio-cut; do
		LIMIT=20 bad "$name"
	done
	packed cpio-trailer-file
	names f
}

@test "row 62: a cpio archive after the end of another" {
	archive cpio-twice
	run --separate-stderr e4pack create new.img cpio-twice.tar
	[ "$status" -eq 0 ]
	clean new.img
	if ! names 'f g'; then
		names f
		[ -n "$stderr" ]
	fi
}

@test "row 62: cpio as the program writes it" {
	need cpio
	small_tree t
	(cd t && find . -depth -print0 | cpio -0 -o -H newc --quiet) >t.cpio
	find t -exec touch -h -d @1600000000 {} +
	(cd t && find . -print0 | cpio -0 -o -H newc --quiet) >t.cpio
	create new.img t.cpio
	same t new.img --no-holes
	e4pack create other.img - <t.cpio
	same_bytes new.img other.img
}

@test "row 63: standard input that ends early or is slow" {
	archive two
	run --separate-stderr bash -c \
		'head -c 700 two.tar | "$E4PACK" create new.img -'
	[ "$status" -eq 1 ]
	[ ! -e new.img ]
	run --separate-stderr bash -c ': | "$E4PACK" create new.img -'
	[ "$status" -eq 1 ]
	[ ! -e new.img ]
	(head -c 600 two.tar; sleep 1; tail -c +601 two.tar) |
		e4pack create new.img -
	clean new.img
	names 'f g'
}

@test "row 64: other formats" {
	for name in zip sevenzip rar ar mtree iso text elf; do
		LIMIT=20 bad "$name" || fail "$name"
	done
}

@test "row 12: symlink targets of every length" {
	good symlink-long
	bad symlink-empty s
}

@test "archives: by content, whatever the name" {
	need xz zstd bzip2 lz4
	small_tree t
	tar --format=posix --sparse -C t -cf t.zip .
	create plain.img t.zip
	same t plain.img
	for filter in gzip xz zstd bzip2 lz4; do
		"$filter" -c t.zip >"$filter.txt"
		create "$filter.img" "$filter.txt"
		e4pack create "$filter-pipe.img" - <"$filter.txt"
		same_bytes plain.img "$filter.img" "$filter-pipe.img"
	done
}

@test "archives: GNU, ustar and bsdtar's formats" {
	small_tree t
	find t -exec touch -h -d @1600000000 {} +
	for format in gnu ustar posix oldgnu; do
		tar --format="$format" -C t -cf "$format.tar" .
		rm -f new.img
		create new.img "$format.tar"
		same t new.img --no-holes
	done
	command -v bsdtar >/dev/null || skip 'bsdtar is not there'
	bsdtar -C t -cf bsd.tar .
	rm -f new.img
	create new.img bsd.tar
	same t new.img
}

@test "archives: capabilities, ACLs and xattrs by GNU tar" {
	need_root
	mkdir t
	touch t/cap t/acl t/x
	setcap cap_net_raw+ep t/cap 2>/dev/null || skip 'no capabilities here'
	setfacl -m u:54321:rw,g:54322:r t/acl 2>/dev/null || skip 'no ACLs here'
	setfattr -n user.x -v 1 t/x
	tar --format=posix --xattrs --xattrs-include='*' --acls -C t -cf t.tar .
	create new.img t.tar
	same t new.img
}

@test "archives: a plain archive is read in place, not spooled" {
	need strace
	mkdir t
	head -c 8M /dev/urandom >t/f
	tar -C t -cf t.tar .
	mkdir spool
	TMPDIR=$PWD/spool strace -f -o log -e trace=openat,memfd_create \
		"$E4PACK" create -q new.img t.tar 2>/dev/null ||
		skip 'strace cannot trace here'
	run ! grep -E 'spool|O_TMPFILE' log
	same t.tar new.img
}

@test "archives: libarchive is loaded only where an archive is read" {
	need_root
	need strace unshare
	local library
	small_tree t
	tar -C t -cf t.tar .
	strace -f -o log -e trace=openat "$E4PACK" create -q t.img t \
		2>/dev/null || skip 'strace cannot trace here'
	run ! grep libarchive log
	strace -f -o log -e trace=openat "$E4PACK" create -q new.img t.tar
	library=$(sed -n 's/.*"\(.*libarchive[^"]*\)".*= [0-9]*$/\1/p' log |
		head -n 1)
	[[ $library = /* ]] || skip 'libarchive is linked'
	# Nothing but archives is without it.
	unshare -m true 2>/dev/null || skip 'no namespaces here'
	without() {
		unshare -m sh -c 'mount --bind /dev/null "$0" && "$@"' \
			"$library" "$@"
	}
	rm new.img
	run --separate-stderr without "$E4PACK" create new.img t.tar
	[[ $status = 1 && ! -e new.img ]]
	[[ $stderr = "e4pack: create: libarchive"*": archives need it, and \
it cannot be used: "* ]] || fail 'the message does not say it'
	without "$E4PACK" create -q new.img t
	cmp t.img new.img
}
