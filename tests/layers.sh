#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Holds the rooms of src/ to their order: a file includes its own room and
# lower ones only; a foreign library is seen in one place; nothing below cmd
# prints or ends the program.
set -u

cd "${srcdir:-$(dirname "$0")/..}/src" || exit 1
wrong=0

say() {
	echo "$*"
	wrong=1
}

level() {
	case $1 in
	base) echo 0 ;;
	source | image) echo 1 ;;
	journal | alloc) echo 2 ;;
	delay) echo 3 ;;
	tree) echo 4 ;;
	pack | report) echo 5 ;;
	api) echo 6 ;;
	cmd) echo 7 ;;
	*) echo unknown ;;
	esac
}

# includes_of FILE: what stands in #include, with its brackets.
includes_of() {
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*//p' "$1" |
		sed 's/[[:space:]]*\/[/*].*//'
}

check_include() {
	file=$1 room=$2 name=$3
	case $name in
	'"'*/*'"')
		other=${name#?}
		other=${other%%/*}
		theirs=$(level "$other")
		if [ "$theirs" = unknown ]; then
			say "$file includes $name: no such room"
		elif [ "$other" != "$room" ] &&
		     [ "$theirs" -ge "$(level "$room")" ]; then
			say "$file includes $name: not a lower room"
		fi
		;;
	'"e4pack.h"' | '<e4pack.h>')
		[ "$(level "$room")" -ge 5 ] ||
			say "$file includes the public header"
		;;
	'"'*)
		say "$file includes $name without its room"
		;;
	'<ext2fs/'*)
		[ "$room" = image ] || say "$file includes $name"
		;;
	'<archive'*)
		case $file in
		source/archive*) ;;
		*) say "$file includes $name" ;;
		esac
		;;
	'<zlib.h>')
		case $file in
		source/gzip*) ;;
		*) say "$file includes $name" ;;
		esac
		;;
	esac
}

calls='printf|vprintf|fprintf|vfprintf|puts|fputs|putchar|fputc|perror|exit|_exit|_Exit|abort|err|errx|warn|warnx|com_err'

count=0
for file in */*.[ch]; do
	[ -f "$file" ] || continue
	case $file in base/errors.[ch]) continue ;; esac # compile_et makes them
	room=${file%%/*}
	count=$((count + 1))
	if [ "$(level "$room")" = unknown ]; then
		say "$file: no such room"
		continue
	fi
	for name in $(includes_of "$file"); do
		check_include "$file" "$room" "$name"
	done
	head -n 1 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' ||
		say "$file does not begin with its licence"
	[ "$(wc -l <"$file")" -le 500 ] || say "$file has over 500 lines"
	[ "$room" != cmd ] || continue
	# Comments name functions, too; a verify build may abort.
	sed -e '/#ifdef ENABLE_VERIFY/,/#\(else\|endif\)/d' -e 's,//.*,,' -e 's,/\*.*\*/,,g' -e '/\/\*/,/\*\//d' "$file" |
		grep -nE "(^|[^a-zA-Z0-9_>.])($calls)[[:space:]]*\\(" &&
		say "$file prints or ends the program"
done

[ "$count" -gt 0 ] || say 'no source files were found'
[ "$wrong" = 0 ] && echo "$count files, all in order"
exit "$wrong"
