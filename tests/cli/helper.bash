# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# What every command-line test uses.  E4PACK names the program under test.

bats_require_minimum_version 1.5.0

LIB=$(cd "$BATS_TEST_DIRNAME/../lib" && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
TZ=UTC
export LIB PATH LC_ALL TZ
unset SOURCE_DATE_EPOCH
umask 022

if [[ -z ${E4PACK-} ]]; then
	E4PACK=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/src/e4pack
fi
E4PACK=$(realpath "$E4PACK")
export E4PACK

# Each test works in a folder of its own, with nothing but its own files.
setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	local mount
	while read -r mount; do
		umount "$mount" || umount -l "$mount" || true
	done < <(awk -v d="$BATS_TEST_TMPDIR/" \
		'index($2, d) == 1 { print $2 }' /proc/mounts 2>/dev/null)
	chmod -R u+rwX "$BATS_TEST_TMPDIR" 2>/dev/null || true
}

# Options come before the image; here they may stand anywhere up to "--", so
# that a test can name what it is about first.
e4pack() {
	local -a command=() options=() rest=()
	[[ $# -eq 0 || $1 = -* ]] || { command=("$1"); shift; }
	while (($#)); do
		case $1 in
		--)
			rest+=("$@")
			break
			;;
		-[bCIiNJLUmOoEs] | --size | --max-size | --owner | --map-owner | \
		--times | --exclude | --order | --threads | --trace | \
		--trace-format | --top | --fail-over | --dirty-limit | \
		--allocator | --directory | --output | --svg)
			options+=("${@:1:2}")
			shift
			;;
		-?*) options+=("$1") ;;
		*) rest+=("$1") ;;
		esac
		shift || break
	done
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" "${command[@]}" \
		"${options[@]}" "${rest[@]}"
}

# fail WORDS: a test's own reason, on what bats shows.
fail() {
	printf '%s\n' "$*"
	[[ -z ${output-} ]] || printf 'output: %s\n' "$output"
	[[ -z ${stderr-} ]] || printf 'stderr: %s\n' "$stderr"
	return 1
}

need_root() {
	[[ $EUID = 0 ]] || skip 'needs root'
}

# not_sanitized REASON: skip the test if the program is built with sanitizers.
not_sanitized() {
	! nm "$E4PACK" 2>/dev/null | grep -q __asan_init || skip "$1"
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not there"
	done
}

# archive CASE [FILE]: a malformed or unusual archive, byte by byte.  The small
# ones are all made at once, for each file of tests.
archive() {
	local all=$BATS_FILE_TMPDIR/archives
	if [[ ! -d $all ]]; then
		python3 -S "$LIB/mkarchive.py" --small "$all" || return 1
	fi
	if [[ -e $all/$1 ]]; then
		cp "$all/$1" "${2:-$1.tar}"
	else
		python3 -S "$LIB/mkarchive.py" "$1" >"${2:-$1.tar}"
	fi
}

# clean IMAGE: e2fsck finds nothing at all to say against it.
clean() {
	local said
	said=$(e2fsck -fn "$1" 2>&1) ||
		fail "e2fsck ended with $?: $said" || return 1
	! grep -E 'Fix\?|wrong|WARNING' <<<"$said" ||
		fail "e2fsck is not content: $said"
}

# create ARGUMENTS: run the command, want success and a clean image (the
# first argument that ends in .img).
create() {
	local word
	run --separate-stderr e4pack create "$@"
	[[ $status = 0 ]] || fail "create $* ended with $status" || return 1
	for word; do
		if [[ $word = *.img ]]; then
			clean "$word"
			return
		fi
	done
}

# No file is here that looks like half of a target.
tidy() {
	local name
	for name in .*.tmp *.tmp; do
		[[ ! -e $name ]] || fail "a temporary file was left: $name" ||
			return 1
	done
}

# told COMMAND: standard error has a message of the agreed form, and nothing
# in any other form.
told() {
	[[ -n $stderr ]] || fail 'no message' || return 1
	! grep -Ev "^e4pack: $1: " <<<"$stderr" ||
		fail 'a message has another form'
}

# refused ARGUMENTS: create of new.img fails with a message and leaves nothing.
refused() {
	rm -f new.img
	run --separate-stderr e4pack create new.img "$@"
	[[ $status = 1 ]] || fail "create $* ended with $status" || return 1
	told create || return 1
	[[ ! -e new.img ]] || fail 'a target was left' || return 1
	tidy
}

# misused COMMAND ARGUMENTS: wrong usage, told in one line.
misused() {
	run --separate-stderr e4pack "$@"
	[[ $status = 2 ]] || fail "$* ended with $status" || return 1
	[[ -z $output ]] || fail 'something on standard output' || return 1
	[[ $stderr =~ ^e4pack:\ [^$'\n']+$ ]] || fail 'not one line' || return 1
	[[ ! -e new.img ]] || fail 'a target was left' || return 1
	tidy
}

# warned PATTERN: the last run warned in words that match.
warned() {
	grep -Eiq -- "$1" <<<"$stderr" || fail "no warning like $1"
}

# mentions PATTERN: the same for messages of a failure.
mentions() {
	grep -Eiq -- "$1" <<<"$stderr" || fail "no message like $1"
}

# lenient_and_strict PATTERN [create ARGUMENTS with the target "new.img"]:
# a warning, that --strict makes a failure.
lenient_and_strict() {
	local pattern=$1
	shift
	create new.img "$@" || return 1
	warned "$pattern" || return 1
	mv new.img lenient.img
	refused --strict "$@" || return 1
	mv lenient.img new.img
}

# same EXPECTED IMAGE [OPTIONS]: the image holds the tree exactly; read with
# the tests' own reader, and through the kernel where it can.
same() {
	local expected=$1 image=$2 mount=$BATS_TEST_TMPDIR/.kernel result
	local -a found=("$image")
	shift 2
	if can_mount "$image"; then
		mkdir -p "$mount"
		mount -o ro,loop,noatime "$image" "$mount" ||
			fail "the kernel does not mount $image" || return 1
		found+=("$mount")
	fi
	python3 -S "$LIB/treecmp.py" "$@" "$expected" "${found[@]}"
	result=$?
	[[ ${#found[@]} = 1 ]] || umount "$mount" || return 1
	[[ $result = 0 ]] || fail "$image differs from $expected"
}

# can_mount IMAGE: whether this kernel and user could mount a good image of
# its block size (found out once, with an image of mke2fs's).
can_mount() {
	local size probe=$BATS_FILE_TMPDIR/mounts
	if [[ ! -e $probe ]]; then
		mkdir -p "$BATS_FILE_TMPDIR/probe"
		if mke2fs -q -F -t ext4 "$probe.ext4" 4M >/dev/null 2>&1 &&
		   mount -o ro,loop "$probe.ext4" \
			"$BATS_FILE_TMPDIR/probe" 2>/dev/null; then
			umount "$BATS_FILE_TMPDIR/probe"
			echo yes >"$probe"
		else
			echo '# no loop mounts here: read without the kernel' >&3
			echo no >"$probe"
		fi
		rm -f "$probe.ext4"
	fi
	[[ $(<"$probe") = yes ]] || return 1
	size=$(superblock "$1" 'Block size')
	((size <= $(getconf PAGESIZE)))
}

# mounted IMAGE DIR: mount read-only, or skip the test.
mounted() {
	can_mount "$1" || skip 'no loop mounts here'
	mkdir -p "$2"
	mount -o ro,loop,noatime "$1" "$2"
}

# superblock IMAGE FIELD: as dumpe2fs words it.
superblock() {
	dumpe2fs -h "$1" 2>/dev/null | sed -n "s/^$2: *//p" | head -n 1
}

# has_feature IMAGE NAME
has_feature() {
	[[ " $(superblock "$1" 'Filesystem features') " = *" $2 "* ]] ||
		fail "$1 has no $2"
}

# lacks_feature IMAGE NAME
lacks_feature() {
	[[ " $(superblock "$1" 'Filesystem features') " != *" $2 "* ]] ||
		fail "$1 has $2"
}

# same_bytes FILE FILE...: all are equal.
same_bytes() {
	local first=$1 other
	shift
	for other; do
		cmp "$first" "$other" || return 1
	done
}

# stat_of IMAGE PATH: what debugfs says of one inode.
stat_of() {
	debugfs -R "stat \"$2\"" "$1" 2>/dev/null
}

# small_tree DIR: a little of everything an unprivileged user can make, with
# times that do not depend on now.
small_tree() {
	local d=$1
	mkdir -p "$d/bin" "$d/etc/deep/er" "$d/empty"
	seq 1 5000 >"$d/bin/numbers"
	head -c 4096 /dev/zero | tr '\0' a >"$d/block"
	head -c 4095 /dev/zero | tr '\0' b >"$d/block-1"
	head -c 4097 /dev/zero | tr '\0' c >"$d/block+1"
	: >"$d/nothing"
	printf x >"$d/one"
	truncate -s 1M "$d/hole"
	printf y | dd of="$d/hole" bs=1 seek=500000 conv=notrunc status=none
	ln "$d/one" "$d/etc/one-again"
	ln -s ../bin/numbers "$d/etc/link"
	ln -s nowhere "$d/dangling"
	mkfifo "$d/fifo"
	chmod 4755 "$d/bin/numbers"
	chmod 1777 "$d/empty"
	chmod 0000 "$d/etc/deep/er"
	chmod 0700 "$d/etc/deep/er"
	find "$d" -depth -exec touch -h -d '@1600000000.123456789' {} +
}
