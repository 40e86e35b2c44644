#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# The examples of e4pack-script(5) work as they stand, one for each verb.

load helper

# The files that the page tells its examples of.
example_files() {
	echo 'Hello, world' >hello.txt
	mkdir site
	echo '<p>' >site/index.html
	tar -cf site.tar -C site .
}

# verbs: the verbs that have an item in the page, one a line.
verbs() {
	sed -n '/^\.Sh COMMANDS/,/^\.Sh EXAMPLES/s/^\.It Cm \([a-z]*\).*/\1/p' \
		"$page"
}

# examples: those that have an example, one a line.
examples() {
	sed -n "s/^\.\\\\\" example \([a-z]*\)$/\1/p" "$page"
}

# example VERB: the lines of the verb's example.
example() {
	awk -v start=".\\\\\" example $1" '
		$0 == start { on = 1; next }
		on && /^\.Bd -literal/ { inside = 1; next }
		on && /^\.Ed/ { exit }
		inside { print }' "$page"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	page=$BATS_TEST_DIRNAME/../../man/e4pack-script.5
}

@test "script examples: each verb has one, and it uses the verb" {
	[ "$(verbs | wc -l)" -ge 29 ]
	[ "$(verbs | sort)" = "$(examples | sort)" ]
	for verb in $(verbs); do
		example "$verb" | grep -q "^$verb\( \|\$\)" ||
			fail "the example of $verb is without it"
	done
}

@test "script examples: each runs, and its image is clean" {
	example_files
	for verb in $(examples); do
		example "$verb" >script
		run --separate-stderr timeout 60 "$E4PACK" batch --new -s 16M \
			"$verb.img" script
		[ "$status" -eq 0 ] || fail "$verb ended with $status"
		[ -z "$stderr" ] || fail "$verb warns"
		clean "$verb.img" || fail "$verb"
		case $verb in
		es | stat | df | ls | echo)
			[ -n "$output" ] || fail "$verb shows nothing"
			;;
		esac
	done
}

@test "script examples: the one at the end of the page" {
	sed -n '/^\.Sh EXAMPLES/,$p' "$page" |
		sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./!p}' >script
	grep -q append script
	timeout 60 "$E4PACK" batch --new -q -s 16M new.img script
	clean new.img
	e4pack frag --json new.img |
		jq -e '.files == 2 and .extents == 2 and .score == 100'
}
