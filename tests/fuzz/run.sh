#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzes with the programs that "make fuzz" builds, each for SECONDS seconds:
#
#   sh tests/fuzz/run.sh FOLDER SECONDS [TARGET]...
#
# FOLDER holds the programs.  Beneath it, seeds/ is made anew with the program
# E4PACK, corpus/ has what reached more of the code and is kept for the next
# run, and found/ what went wrong; FOLDER/fuzz-TARGET FILE runs one of these
# again, with FUZZ_SHOW=1 saying what the program said.  JOBS is how many
# targets run at once (default: the processors).  Speaks TAP.
set -u

here=$(cd "$(dirname "$0")" && pwd)

# The limits: MAX_LEN bytes of an input, and of one run 20 s and 1 GiB.
# libarchive asks for all of a long name at once and gets no memory then, as
# on a machine that has not so much.
fuzz_one() {
	target=$1
	set -- -max_total_time="$SECONDS_EACH" -timeout=20 \
		-rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="found/$target-"
	case $target in
	image) set -- "$@" -max_len=131072 ;;
	archive)
		set -- "$@" -max_len=32768 -dict="$here/archive.dict"
		ASAN_OPTIONS=allocator_may_return_null=1
		ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=512
		export ASAN_OPTIONS
		;;
	script) set -- "$@" -max_len=4096 -dict="$here/script.dict" ;;
	journal) set -- "$@" -max_len=70000 ;;
	esac
	mkdir -p "corpus/$target"
	"./fuzz-$target" "$@" "corpus/$target" "seeds/$target" \
		>"$target.log" 2>&1
	echo $? >"$target.status"
}

# What a finding needs to be run again elsewhere.
tell_finding() {
	tail -n 30 "$1.log"
	for file in "found/$1-"*; do
		[ -e "$file" ] || continue
		echo "$file, to be had with base64 -d | gzip -d:"
		gzip -9 <"$file" | base64 -w 0
		echo
	done
}

if [ "${1-}" = --one ]; then
	fuzz_one "$2"
	exit 0
fi
if [ $# -lt 2 ]; then
	echo 'usage: run.sh FOLDER SECONDS [TARGET]...' >&2
	exit 2
fi
E4PACK=$(realpath "${E4PACK:-src/e4pack}")
cd "$1" || exit 1
SECONDS_EACH=$2
export E4PACK SECONDS_EACH
shift 2
[ $# -gt 0 ] || set -- image archive script journal

rm -rf seeds ./*.status
mkdir -p found
python3 "$here/seeds.py" "$E4PACK" seeds || exit 1
echo "1..$#"
printf '%s\0' "$@" | xargs -0 -n 1 \
	-P "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" sh "$here/run.sh" --one
number=0 failed=0
for target; do
	number=$((number + 1))
	runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$target.log")
	if [ "$(cat "$target.status")" = 0 ]; then
		echo "ok $number - $target, ${runs:-no} inputs"
	else
		echo "not ok $number - $target"
		tell_finding "$target" >&2
		failed=1
	fi
done
exit "$failed"
