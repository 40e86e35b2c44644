#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manuals and the program say the same: each page is well formed, each
# command has one, each option of "e4pack COMMAND --help" is in its page and
# in both completions, and no page has an option that the help does not know.
set -u

srcdir=${srcdir:-$(dirname "$0")/..}
E4PACK=${E4PACK:-${builddir:-.}/src/e4pack}
wrong=0

say() {
	echo "$*"
	wrong=1
}

# options_of_help COMMAND: the options that its help lists, one a line.
options_of_help() {
	"$E4PACK" "$1" --help |
		grep -oE '(^|[[:space:],|[])--?[a-zA-Z][a-zA-Z0-9-]*' |
		grep -oE -- '--?[a-zA-Z][a-zA-Z0-9-]*' | sort -u
}

# options_of_page FILE: those that head an item of the page's lists.
options_of_page() {
	sed -n 's/^\.It Fl/Fl/p' "$1" | sed 's/ , / /g' |
		awk '{ for (i = 1; i < NF; i++) if ($i == "Fl")
			print "-" $(i + 1) }' |
		sed -n 's/^\(-[-a-zA-Z][-a-zA-Z0-9]*\).*/\1/p' |
		grep -Ex -- '-[a-zA-Z]|--[a-z][-a-z0-9]*' | sort -u
}

[ -x "$E4PACK" ] || {
	echo "no program at $E4PACK"
	exit 1
}
commands=$("$E4PACK" --help | sed -n 's/^  *\([a-z]\{2,\}\) .*/\1/p')
[ -n "$commands" ] || say '--help lists no command'

for page in "$srcdir"/man/*.[15]; do
	if command -v mandoc >/dev/null; then
		# The date of a page is that of its words, not of today.
		mandoc -Tlint -W warning "$page" ||
			say "mandoc is not content with $page"
	fi
	grep -q '^\.Dd' "$page" || say "$page has no date"
done

for command in $commands; do
	page=$srcdir/man/e4pack-$command.1
	if [ ! -f "$page" ]; then
		say "$command has no manual"
		continue
	fi
	grep -q "e4pack-$command" "$srcdir/man/e4pack.1" ||
		say "e4pack.1 does not lead to $command"
	options_of_page "$page" >options.page.$$
	options_of_help "$command" >options.help.$$
	[ -s options.help.$$ ] || say "$command --help lists no option"
	while read -r option; do
		grep -qxe "$option" options.page.$$ ||
			say "e4pack-$command.1 lacks $option"
		for file in e4pack.bash _e4pack; do
			grep -qe "$option" "$srcdir/completion/$file" ||
				say "completion/$file lacks $option ($command)"
		done
	done <options.help.$$
	while read -r option; do
		grep -qxe "$option" options.help.$$ ||
			say "e4pack-$command.1 has $option, the help has not"
	done <options.page.$$
	rm -f options.page.$$ options.help.$$
done
[ "$wrong" = 0 ] && echo 'manuals and program agree'
exit "$wrong"
