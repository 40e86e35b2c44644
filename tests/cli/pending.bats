#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# A log that waits: every command that looks at an image shows it as if the
# log were replayed, says so, and leaves the image as it is.

load helper

# log.img has a log that waits, home.img is the same image with it written
# home, old.img is what lies under the log.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	small_tree t
	mkdir t/many
	touch t/many/{1..200}
	"$E4PACK" create -q -s 16M old.img t
	cp --sparse=always old.img log.img
	"$E4PACK" batch -q --journal-only log.img <<-'END'
		put =replayed /etc/new
		put =changed /one
		rm /block
		mv /bin/numbers /bin/figures
		chmod 0751 /bin
		setxattr /bin user.log =waits
		rm -r /many
		truncate /nothing 5000
	END
	cp --sparse=always log.img home.img
	"$E4PACK" journal -q --replay home.img
	clean home.img
	! cmp -s old.img home.img
	sha256sum log.img >log.sum
}

# shown COMMAND [ARGUMENTS]: the two images show the same but for their names;
# of the one with a log it is said, of the other nothing.
shown() {
	local status_home
	cp --sparse=always "$BATS_FILE_TMPDIR/home.img" a.img
	run --separate-stderr e4pack "$1" a.img "${@:2}"
	status_home=$status
	[[ -z $stderr ]] || fail "$* says something of a clean image" ||
		return 1
	printf '%s\n' "$output" >expected
	rm a.img
	ln -s "$BATS_FILE_TMPDIR/log.img" a.img
	run --separate-stderr e4pack "$1" a.img "${@:2}"
	rm a.img
	[[ $status = "$status_home" ]] || fail "$* ended with $status" ||
		return 1
	warned 'a\.img: note: has a journal that waits to be replayed: shown as if'
	[[ $(wc -l <<<"$stderr") = 1 ]] || fail "$* says more" || return 1
	diff expected - <<<"$output" || return 1
	(cd "$BATS_FILE_TMPDIR" && sha256sum --quiet -c log.sum)
}

@test "pending: ls, stat and cat" {
	shown ls -lRi
	shown ls --json -R
	shown stat /bin /one /nothing
	shown stat --json /bin/figures
	shown cat /one /etc/new
	[ "$output" = changedreplayed ]
	run --separate-stderr e4pack cat "$BATS_FILE_TMPDIR/log.img" /block
	[ "$status" -eq 1 ]
	mentions '/block'
}

@test "pending: es and frag, with its picture" {
	shown es
	shown es --json
	shown frag
	shown frag --json
	shown frag --csv
	shown frag --svg -
}

@test "pending: verify, without sources and with them" {
	shown verify
	shown verify --json
	run --separate-stderr e4pack verify "$BATS_FILE_TMPDIR/log.img" \
		"$BATS_FILE_TMPDIR/t"
	[ "$status" -eq 3 ]
	[[ $output = *'/etc/new'* ]]
}

@test "pending: info tells the log, its figures are those of after it" {
	local home=$BATS_FILE_TMPDIR/home.img log=$BATS_FILE_TMPDIR/log.img
	local same='del(.image, .journal, .features, .checksum)'
	e4pack info --json --groups "$home" | jq -S "$same" >expected
	run --separate-stderr e4pack info --json --groups "$log"
	[ "$status" -eq 0 ]
	warned 'waits to be replayed'
	jq -S "$same" <<<"$output" | diff expected -
	[ "$(head -n 1 <<<"$output" | jq -r .journal.state)" = pending ]
	[ "$(e4pack info --json "$home" | jq -r .journal.state)" = empty ]
}

@test "pending: extract, to a folder and as an archive" {
	local home=$BATS_FILE_TMPDIR/home.img log=$BATS_FILE_TMPDIR/log.img
	e4pack extract -o home.tar "$home"
	run --separate-stderr e4pack extract -o log.tar "$log"
	[ "$status" -eq 0 ]
	warned 'waits to be replayed'
	cmp home.tar log.tar
	e4pack extract -C out "$log"
	[ "$(cat out/etc/new)" = replayed ]
	[ ! -e out/block ]
	(cd "$BATS_FILE_TMPDIR" && sha256sum --quiet -c log.sum)
}

@test "pending: diff, on either side and on both" {
	local old=$BATS_FILE_TMPDIR/old.img
	local home=$BATS_FILE_TMPDIR/home.img log=$BATS_FILE_TMPDIR/log.img
	run --separate-stderr e4pack diff --json "$old" "$home"
	[ "$status" -eq 3 ]
	jq -S 'select(.path)' <<<"$output" >expected
	run --separate-stderr e4pack diff --json "$old" "$log"
	[ "$status" -eq 3 ]
	warned 'log\.img: note: has a journal that waits'
	jq -S 'select(.path)' <<<"$output" | diff expected -
	run --separate-stderr e4pack diff --json "$log" "$home"
	[ -z "$(jq 'select(.path)' <<<"$output")" ]
	run --separate-stderr e4pack diff "$log" "$log"
	[ "$status" -eq 0 ]
	(cd "$BATS_FILE_TMPDIR" && sha256sum --quiet -c log.sum)
}

@test "pending: journal shows the log itself" {
	local log=$BATS_FILE_TMPDIR/log.img
	run --separate-stderr e4pack journal "$log"
	[ "$status" -eq 0 ]
	[[ $output = *'1 transaction is committed: recovery replays it'* ]]
	(cd "$BATS_FILE_TMPDIR" && sha256sum --quiet -c log.sum)
}
