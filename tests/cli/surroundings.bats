#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Rows 84 to 95 of the bad inputs: limits, locales, failing system calls.
#
# Rows that touch create and have no test here, and why:
#   5	    names ended by NUL: an option of ls, which is not there yet
#   7	    10 million names, an index that is full: tests/unit/image_htree.c
#   13, 17, 24  an empty link target, large device numbers, names of
#	    attributes over 255 bytes: no host has them, archives.bats does
#   15	    folders in themselves: Linux makes none by bind mounts
#   31	    a file replaced between the look at it and its opening:
#	    tests/unit/source_host.c
#   37	    case-folded, verity and encrypted files: need a host made for them
#   81, 82, 94  scripts and edits: not there yet
#   84	    locale and time zone: determinism.bats
#   89	    each single allocation: tests/unit/source_nomem.c, alloc_nomem.c
#   92	    out of contract
#   93	    a clock that is wrong: nothing in an image comes from the clock, see
#	    "the same twice" in determinism.bats
#   95	    NFS and 9p: refused system calls and tmpfs stand for them

load helper

# loader_calls CALL [STRACE-OPTIONS]: how often the loader makes it before the
# program runs.
loader_calls() {
	strace -f -o calls -e "trace=$1" "${@:2}" "$E4PACK" --version >/dev/null
	grep -c " $1(" calls || true
}

# injected CALL[,CALL] HOW [STRACE-OPTIONS] -- ARGUMENTS: run create with
# these system calls failing; they must have been made.  RUNNER comes before
# the program.
injected() {
	local calls=$1 how=$2
	local -a options=()
	shift 2
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	run --separate-stderr timeout 60 strace -f -o log -qq \
		"${options[@]}" -e "trace=$calls" -e "inject=$calls:$how" \
		"${RUNNER[@]}" "$E4PACK" create "${@:2}"
	grep -q INJECTED log || fail "$calls: never made"
}

# failing CALL[,CALL] ERROR WHEN [STRACE-OPTIONS]: the same, want a failure
# that leaves nothing.
failing() {
	rm -f new.img
	injected "$1" "error=$2:when=$3" "${@:4}" -- new.img t || return 1
	[[ $status = 1 ]] || fail "$1 $2: ended with $status" || return 1
	told create || return 1
	[[ ! -e new.img ]] || fail "$1 $2: a target" || return 1
	tidy
}

traceable() {
	need strace
	strace -f -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
}

@test "row 84: closed standard descriptors" {
	small_tree t
	create want.img t
	for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		rm -f new.img
		run bash -c "\"\$E4PACK\" create new.img t $closed"
		[ -e new.img ] || [ "$status" -eq 1 ] || fail "$closed: $status"
		[ ! -e new.img ] || same_bytes want.img new.img
		tidy
	done
}

@test "row 84: a limit on file sizes" {
	small_tree t
	run --separate-stderr bash -c \
		'ulimit -f 1000; "$E4PACK" create new.img t'
	[ "$status" -eq 1 ]
	told create
	[ ! -e new.img ]
	tidy
}

@test "row 84: few descriptors and little memory" {
	small_tree t
	create want.img t
	run --separate-stderr bash -c \
		'ulimit -n 16; "$E4PACK" create new.img t'
	if [ "$status" -eq 0 ]; then
		same_bytes want.img new.img
	else
		told create
		[ ! -e new.img ]
	fi
	rm -f new.img
	run --separate-stderr bash -c \
		'ulimit -v 65536; "$E4PACK" create new.img t'
	if [ "$status" -eq 0 ]; then
		same_bytes want.img new.img
	else
		[ "$status" -lt 128 ] || fail 'a crash'
		[ ! -e new.img ]
	fi
	tidy
}

@test "row 89: memory that ends at any place" {
	not_sanitized 'sanitizers take more than any limit'
	small_tree t
	tar -C t -czf t.tgz .
	refusals=0
	least=20000
	while ! (ulimit -v $least && "$E4PACK" --version) >/dev/null 2>&1; do
		least=$((least + 500))
	done
	for kib in $(seq $least 400 $((least + 12000))); do
		for source in t t.tgz; do
			rm -f new.img
			run --separate-stderr bash -c "ulimit -v $kib
				exec \"\$E4PACK\" create --threads 2 new.img $source"
			tidy
			if [ "$status" -eq 0 ]; then
				clean new.img
				continue
			fi
			[ "$status" -eq 1 ] || fail "$kib KiB: $status"
			told create
			[ ! -e new.img ]
			refusals=$((refusals + 1))
		done
	done
	[ "$refusals" -gt 0 ]
}

@test "row 84: umask 777" {
	small_tree t
	create want.img t
	(umask 777 && e4pack create new.img t)
	chmod 600 new.img
	same_bytes want.img new.img
}

@test "rows 86, 87: errors of the target" {
	traceable
	small_tree t
	for error in EIO ENOSPC EDQUOT; do
		failing ftruncate "$error" 1
		for when in 1 2 3 4 1+; do
			failing pwrite64 "$error" "$when"
		done
	done
}

@test "row 86: errors of the spool" {
	traceable
	small_tree t
	tar -C t -czf t.tgz .
	for error in EIO ENOSPC; do
		injected pwrite64 "error=$error:when=1" -- new.img t.tgz
		[ "$status" -eq 1 ]
		told create
		mentions spool
		[ ! -e new.img ]
		tidy
	done
}

@test "row 87: errors of fsync and close, once and always, are failures" {
	traceable
	small_tree t
	for when in 1 1+; do
		failing fsync EIO "$when"
	done
	# After the rename the image is whole, but it is not said to be safe.
	injected fsync error=EIO:when=2 -- -F new.img t
	[ "$status" -eq 1 ]
	mentions 'is whole'
	clean new.img
	# A temporary name is not known before; that of a file in place is.
	rm -f new.img
	truncate -s 16M new.img
	injected close error=EIO -P "$PWD/new.img" -- -E offset=0 -s 16M \
		new.img t
	[ "$status" -eq 1 ]
	told create
	tidy
}

@test "row 87: errors of a source" {
	traceable
	mkdir t
	echo small >t/small
	head -c 3M /dev/urandom >t/large
	failing pread64 EIO 1 -P "$PWD/t/small"
	failing copy_file_range,pread64 EIO 1+ -P "$PWD/t/large"
	for when in 1 2; do
		failing getdents64 EIO "$when"
	done
	# What the kernel could not copy is read and written: nothing is lost.
	create want.img t
	rm -f new.img
	injected copy_file_range error=EIO:when=1 -- new.img t
	[ "$status" -eq 0 ]
	same_bytes want.img new.img
}

@test "row 87: errors of an archive" {
	traceable
	mkdir t
	head -c 3M /dev/urandom >t/large
	tar -C t -cf t.tar .
	for when in 1 2 1+; do
		injected pread64 "error=EIO:when=$when" -P "$PWD/t.tar" -- \
			new.img t.tar
		[ "$status" -eq 1 ] || fail "$when: $status"
		told create
		[ ! -e new.img ]
		tidy
	done
}

@test "row 26: lists of xattrs that change or are not to be had" {
	traceable
	mkdir t
	echo a >t/f
	create want.img t
	# Without listxattrat(), which is too new for strace.
	RUNNER=(python3 "$LIB/deny.py" 465)
	"${RUNNER[@]}" true 2>/dev/null || skip 'no seccomp filters here'
	for how in error=EOPNOTSUPP error=ERANGE:when=1 error=ERANGE:when=2+2; do
		rm -f new.img
		injected llistxattr "$how" -- new.img t
		[ "$status" -eq 0 ] || fail "$how: $status"
		same_bytes want.img new.img
	done
	failing llistxattr ERANGE 1+
}

@test "row 34: a host that does not tell holes" {
	traceable
	small_tree t
	injected lseek error=EINVAL -- new.img t
	[ "$status" -eq 0 ]
	clean new.img
	same t new.img --no-holes
}

@test "row 25: xattrs that may not be read are warned of" {
	traceable
	mkdir t
	echo a >t/f
	setfattr -n user.x -v 1 t/f 2>/dev/null || skip 'no user xattrs here'
	for error in EPERM EACCES; do
		rm -f new.img
		injected lgetxattr "error=$error" -- new.img t
		[ "$status" -eq 0 ]
		warned user.x
		clean new.img
		rm -f new.img
		injected lgetxattr "error=$error" -- --strict new.img t
		[ "$status" -eq 1 ]
		[ ! -e new.img ]
	done
}

@test "row 88: interrupted calls go on" {
	traceable
	small_tree t
	head -c 3M /dev/urandom >t/large
	create want.img t
	# Every other call; the loader makes some, too, and takes no EINTR.
	for call in openat getdents64 pread64 copy_file_range ftruncate \
		pwrite64 fsync close; do
		rm -f new.img
		first=$(($(loader_calls "$call") + 1))
		injected "$call" "error=EINTR:when=$first+2" -- new.img t
		[ "$status" -eq 0 ] || fail "$call: $status"
		same_bytes want.img new.img
	done
	tar -C t --format=posix --sparse -czf t.tgz .
	# What is loaded for archives is loaded at once.
	library=$(grep -ao 'libarchive[.]so[.0-9]*' "$E4PACK" | head -n 1)
	early=(-E "LD_PRELOAD=$library")
	for call in openat pread64 read poll pwrite64; do
		rm -f new.img
		first=$(($(loader_calls "$call" "${early[@]}") + 1))
		injected "$call" "error=EINTR:when=$first+2" "${early[@]}" \
			-- new.img - < <(cat t.tgz)
		[ "$status" -eq 0 ] || fail "$call: $status"
		same_bytes want.img new.img
	done
}

@test "row 95: calls that the host does not know" {
	traceable
	small_tree t
	head -c 3M /dev/urandom >t/large
	create want.img t
	for words in copy_file_range:ENOSYS copy_file_range:EOPNOTSUPP \
		copy_file_range:EXDEV copy_file_range:EINVAL statx:ENOSYS; do
		injected "${words%:*}" "error=${words#*:}" -- -F new.img t
		[ "$status" -eq 0 ] || fail "$words: $status"
		same_bytes want.img new.img
	done
	# The spool has a name for a moment where it cannot do without.
	tar -C t --format=posix --sparse -czf t.tgz .
	mkdir spool
	# Opened before it there are the folder itself and the target.
	TMPDIR=$PWD/spool injected openat error=EOPNOTSUPP:when=3 \
		-P "$PWD/spool" -- "$PWD/spool/new.img" t.tgz
	[ "$status" -eq 0 ]
	grep -q 'O_TMPFILE.*INJECTED' log
	same_bytes want.img spool/new.img
	[ "$(ls -A spool)" = new.img ]
	# In a file that has other bytes already, zeros must be written.
	head -c 16M /dev/zero | tr '\0' z >want.raw
	cp want.raw disk.raw
	e4pack create -E offset=0 want.raw t -s 16M
	injected fallocate error=EOPNOTSUPP -- -E offset=0 -s 16M disk.raw t
	[ "$status" -eq 0 ]
	clean disk.raw
	same_bytes want.raw disk.raw
}

@test "row 95: another file system for the target and the spool" {
	need_root
	small_tree t
	tar -C t --format=posix --sparse -czf t.tgz .
	create want.img t
	mkdir tmp
	mount -t tmpfs none tmp 2>/dev/null || skip 'no tmpfs mount'
	create tmp/new.img t
	same_bytes want.img tmp/new.img
	TMPDIR=$PWD/tmp create tmp/other.img t.tgz
	same_bytes want.img tmp/other.img
}

@test "row 87: a full file system under the target" {
	need_root
	mkdir full t
	head -c 8M /dev/urandom >t/f
	mount -t tmpfs -o size=4M none full 2>/dev/null || skip 'no tmpfs mount'
	run --separate-stderr e4pack create full/new.img t
	made=$status
	left=$(ls -A full)
	umount full
	[ "$made" -eq 1 ]
	told create
	[ -z "$left" ]
}

@test "row 90: a closed pipe for results" {
	small_tree t
	create new.img t
	run bash -c 'set -o pipefail; "$E4PACK" es new.img | head -c 1 >/dev/null
		echo ${PIPESTATUS[0]}'
	[[ $output = 0 || $output = 141 || $output = 1 ]] || fail "$output"
}

@test "row 90: two runs make one target: both whole, the last one stands" {
	small_tree t
	e4pack create -F new.img t &
	e4pack create -F new.img t
	wait $!
	clean new.img
	same t new.img
	tidy
}

@test "surroundings: no network, no mount and no other program" {
	traceable
	small_tree t
	tar --format=posix -C t -cf t.tar .
	gzip <t.tar >t.tgz
	strace -f -o log -e trace=execve,socket,connect,mount,umount2,clone3 \
		"$E4PACK" create -q new.img t.tgz
	[ "$(grep -c execve log)" -eq 1 ]
	run ! grep -E 'socket\(AF_INET|connect\(|mount\(' log
}
