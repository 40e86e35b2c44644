#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Rows 84 to 95 of the bad inputs: limits, locales, failing system calls.

load helper

# failing CALL ERROR [WHEN]: run create with a system call that fails, want a
# failure that leaves nothing.
failing() {
	local call=$1 error=$2 when=${3-1}
	rm -f new.img
	run --separate-stderr timeout 60 strace -f -o log -qq \
		-e "trace=$call" -e "inject=$call:error=$error:when=$when" \
		"$E4PACK" create new.img t
	if ! grep -q INJECTED log; then
		# The call was not made that often.
		return 0
	fi
	[[ $status = 1 ]] || fail "$call $error: ended with $status" || return 1
	[[ ! -e new.img ]] || fail "$call $error: a target" || return 1
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
	for call in pwrite64 pwritev ftruncate; do
		for error in EIO ENOSPC; do
			for when in 1 2 3; do
				failing "$call" "$error" "$when"
			done
		done
	done
}

@test "row 87: errors of fsync, once, are failures" {
	traceable
	small_tree t
	failing fsync EIO 1
	failing fdatasync EIO 1
}

@test "row 87: errors of a source" {
	traceable
	mkdir t
	head -c 3M /dev/urandom >t/f
	for when in 3 6 9 12 15; do
		failing pread64 EIO "$when"
	done
	failing copy_file_range EIO 1
	failing getdents64 EIO 1
}

@test "row 88: interrupted calls go on" {
	traceable
	small_tree t
	create want.img t
	for call in pwrite64 pread64 read fsync; do
		rm -f new.img
		run timeout 60 strace -f -o log -qq -e "trace=$call" \
			-e "inject=$call:error=EINTR:when=2" \
			"$E4PACK" create -q new.img t
		# The loader reads, too, and does not take EINTR.
		if [ "$status" -eq 127 ]; then
			continue
		fi
		[ "$status" -eq 0 ] || fail "$call: $status $output"
		same_bytes want.img new.img
	done
}

@test "row 95: calls that the host does not know" {
	traceable
	small_tree t
	create want.img t
	for call in copy_file_range fallocate sync_file_range posix_fadvise \
		fadvise64 io_uring_setup statx; do
		rm -f new.img
		for error in ENOSYS EOPNOTSUPP; do
			run timeout 60 strace -f -o log -qq -e "trace=$call" \
				-e "inject=$call:error=$error" \
				"$E4PACK" create -qF new.img t
			[ "$status" -eq 0 ] || fail "$call $error: $status"
			same_bytes want.img new.img
		done
	done
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
