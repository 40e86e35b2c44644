#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2154
# Edits that cannot be done: what is said, and what is left.

load helper

# edit ARGUMENTS: the script on standard input, on an image that is there.
edit() {
	timeout -k 5 "${LIMIT:-120}" "$E4PACK" batch "$@"
}

# content PATH IMAGE: the bytes of a file.
content() {
	debugfs -R "cat $1" "$2" 2>/dev/null
}

# A small image with a file and two folders.
base() {
	e4pack batch --new -q -s 8M -b 1024 a.img <<-'END'
		mkdir -p /d/sub
		put =old /d/f
	END
}

# keeps IMAGE MESSAGE ARGUMENTS: the edit fails with exactly this message and
# the one that says what is left, and no byte of the image is another one.
keeps() {
	local image=$1 message=$2 before
	shift 2
	before=$(md5sum <"$image")
	run --separate-stderr edit "$@"
	[[ $status = 1 ]] || fail "ended with $status" || return 1
	[[ $stderr = "e4pack: batch: $message"$'\n'"e4pack: batch: $image: \
warning: the image is as it was" ]] || fail "not: $message" || return 1
	[[ $before = "$(md5sum <"$image")" ]] || fail 'changed' || return 1
	tidy
}

@test "edit: what nobody takes is not committed" {
	base
	[ -w /dev/full ] || skip 'no /dev/full'
	printf 'put =new /d/f\nes /d/f\n' >script
	run --separate-stderr bash -c '"$E4PACK" batch a.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device'$'\n''e4pack: batch: a.img: warning: the image is as it was' ]]
	[ "$(content /d/f a.img)" = old ]
	printf 'put =new /f\nes /f\n' >script
	run --separate-stderr bash -c \
		'"$E4PACK" batch --new -s 8M new.img script >/dev/full'
	[ "$status" -eq 1 ]
	[[ $stderr = 'e4pack: batch: standard output: cannot be written: No space left on device' ]]
	[ ! -e new.img ]
	tidy
	# Nor when the reader has gone away.
	{
		echo 'put =new /d/f'
		for _ in {1..20000}; do echo "es /d/f"; done
	} >script
	run bash -c '"$E4PACK" batch a.img script 2>said | head -n 1 >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$status" -eq 141 ] || fail "$status"
	[ ! -s said ] || fail "$(<said)"
	[ "$(content /d/f a.img)" = old ]
}
