#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds e4pack from a copy of the source tree and runs every test:
#
#   sh tests/run.sh [unit|threads|cli|prop|real|fuzz|check]...
#
#   unit     the rooms' own tests, in a build with sanitizers and
#            --enable-verify
#   threads  those of what has threads, and create with many, in a build with
#            ThreadSanitizer
#   cli      the commands as a user calls them (bats)
#   prop     random trees and random scripts, in both builds; scripts beside
#            the running kernel
#   real     the folders of this machine
#   fuzz     the fuzz targets: over their seeds in the build with sanitizers,
#            and 15 s each with libFuzzer (FUZZ_TIME)
#   check    layers, symbols, manuals, shell scripts, a build by clang
#
# Without arguments all of them run.  The last line is
# "N passed, N failed, N skipped", the exit status 0 when none failed.
# KEEP=1 keeps the work folder, VERBOSE=1 shows all output.  BATS_JOBS is the
# number of command-line test files run at once (default: the processors).
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
suites=${*:-unit threads cli prop real fuzz check}
for suite in $suites; do
	case $suite in
	unit | threads | cli | prop | real | fuzz | check) ;;
	*)
		echo "usage: run.sh [unit|threads|cli|prop|real|fuzz|check]..." >&2
		exit 2
		;;
	esac
done

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
TZ=UTC
export PATH LC_ALL TZ
unset SOURCE_DATE_EPOCH POSIXLY_CORRECT MAKEFLAGS MAKELEVEL DESTDIR
umask 022

work=$(mktemp -d "${TMPDIR:-/tmp}/e4pack-tests.XXXXXX") || exit 1
mounted=
cleanup() {
	[ -z "$mounted" ] || umount /proc || umount -l /proc
	if [ "${KEEP-0}" = 1 ]; then
		echo "kept: $work" >&2
	else
		chmod -R u+rwX "$work" 2>/dev/null
		rm -rf "$work"
	fi
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

counts=$work/counts
: >"$counts"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
started=$(date +%s)

say() {
	printf '== %s (%s s)\n' "$*" $(($(date +%s) - started))
}

give_up() {
	echo "run.sh: $*" >&2
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
}

# skip NAME REASON: counts one test that cannot be run here.
skip() {
	echo "skip: $1: $2"
	echo '0 0 1' >>"$counts"
}

# compile NAME PROGRAMS CONFIGURE-OPTIONS...: makes $work/NAME with everything
# in it, or of the programs that are tests only PROGRAMS.
compile() (
	programs=$2
	mkdir "$work/$1" && cd "$work/$1" || exit
	shift 2
	"$work/source/configure" "$@" && make -j"$jobs" &&
		make -j"$jobs" check TESTS= \
			${programs:+"check_PROGRAMS=$programs"}
)

# build NAME ...: the same for what other tests need.
build() {
	say "build $1"
	compile "$@" >"$work/$1.log" 2>&1 || {
		tail -n 60 "$work/$1.log" >&2
		give_up "the $1 build failed"
	}
}

# tap NAME COMMAND...: runs a program that speaks TAP and counts its cases.
tap() {
	what=$1
	shift
	"$@" >"$work/tap" 2>"$work/tap.err"
	status=$?
	awk -v what="$what" -v status="$status" -v counts="$counts" \
		-v all="${VERBOSE-0}" -f "$top/tests/lib/tap.awk" "$work/tap"
	read_failures=$(tail -n 1 "$counts" | cut -d' ' -f2)
	[ "$read_failures" = 0 ] || tail -n 40 "$work/tap.err" | sed 's/^/      /'
}

# one NAME COMMAND...: one test, by its exit status; 77 means skipped.
one() {
	what=$1
	shift
	"$@" >"$work/one" 2>&1
	case $? in
	0) echo '1 0 0' >>"$counts" ;;
	77) skip "$what" "$(tail -n 1 "$work/one")" ;;
	*)
		echo "FAIL: $what"
		sed 's/^/      /' "$work/one"
		echo '0 1 0' >>"$counts"
		;;
	esac
}

# unit BUILD: the programs of rooms that $work/BUILD has.
unit() {
	cd "$work/$1" || give_up "the $1 build is gone"
	for program in tests/unit/*; do
		if [ -d "$program" ] || [ ! -x "$program" ]; then
			continue
		fi
		tap "$1/$program" env CMOCKA_MESSAGE_OUTPUT=TAP \
			srcdir="$work/source" \
			timeout 300 "./$program"
	done
	cd "$top" || give_up 'the source folder is gone'
}

run_unit() {
	say 'unit tests'
	unit verify
}

# What bats opens, and a chroot often has not.
has_dev_fd() {
	[ -e /dev/fd/0 ]
}

# A race is told at the end of a program, by its exit status.
run_threads() {
	say 'threads'
	if ! $has_proc; then
		skip threads 'ThreadSanitizer needs /proc'
		return
	fi
	unit threads
	if ! has_dev_fd; then
		skip determinism-threads 'bats needs /dev/fd'
		return
	fi
	tap determinism-threads env E4PACK="$work/threads/src/e4pack" \
		bats --tap "$top/tests/cli/determinism.bats"
}

# The files run side by side, each with its own output, counted in order.
run_cli() {
	say 'command-line tests'
	if ! has_dev_fd; then
		for file in "$top"/tests/cli/*.bats; do
			skip "$(basename "$file")" 'bats needs /dev/fd'
		done
		return
	fi
	for file in "$top"/tests/cli/*.bats; do
		printf '%s\0' "$file"
	done >"$work/files"
	# shellcheck disable=SC2016
	E4PACK=$work/plain/src/e4pack OUT=$work xargs -a "$work/files" -0 -n 1 \
		-P "${BATS_JOBS:-$jobs}" sh -c '
		name=$(basename "$1")
		bats --tap "$1" >"$OUT/$name.tap" 2>&1
		echo $? >"$OUT/$name.status"
	' sh
	for file in "$top"/tests/cli/*.bats; do
		name=$(basename "$file")
		# shellcheck disable=SC2016
		tap "$name" sh -c 'cat "$1.tap"; exit "$(cat "$1.status")"' \
			sh "$work/$name"
	done
}

run_prop() {
	say 'random trees'
	tap random_trees python3 "$top/tests/prop/random_trees.py" \
		--e4pack "$work/plain/src/e4pack" --count 45 --seconds 240
	tap random_trees-verify python3 "$top/tests/prop/random_trees.py" \
		--e4pack "$work/verify/src/e4pack" --seed 1000 --count 15 \
		--seconds 180
	say 'random scripts'
	tap random_scripts python3 "$top/tests/prop/random_scripts.py" \
		--e4pack "$work/plain/src/e4pack" --jobs "$jobs"
	tap random_scripts-verify python3 \
		"$top/tests/prop/random_scripts.py" \
		--e4pack "$work/verify/src/e4pack" --seed 100000 --count 200 \
		--jobs "$jobs"
	say 'scripts beside the kernel'
	tap oracle python3 "$top/tests/prop/oracle.py" \
		--e4pack "$work/plain/src/e4pack" --jobs "$jobs"
	tap oracle-verify python3 "$top/tests/prop/oracle.py" \
		--e4pack "$work/verify/src/e4pack" --seed 100000 --count 10 \
		--jobs "$jobs"
	say 'random edits, and crashes of edits'
	tap random_edits python3 "$top/tests/prop/random_edits.py" \
		--e4pack "$work/verify/src/e4pack" --count 60
	tap crash_edits python3 "$top/tests/prop/crash_edits.py" \
		--e4pack "$work/plain/src/e4pack" --states 500
	tap edit_history python3 "$top/tests/prop/edit_history.py" \
		--e4pack "$work/plain/src/e4pack"
	tap replayers python3 "$top/tests/prop/replayers.py" \
		--e4pack "$work/plain/src/e4pack"
	tap crash_tested python3 "$top/tests/prop/crash_tested.py" \
		--e4pack "$work/verify/src/e4pack"
	tap fail_edits python3 "$top/tests/prop/fail_edits.py" \
		--e4pack "$work/plain/src/e4pack" --count 280
	tap kill_edits python3 "$top/tests/prop/kill_edits.py" \
		--e4pack "$work/plain/src/e4pack" --count 100
}

run_real() {
	say 'folders of this machine'
	tap real.sh env E4PACK="$work/plain/src/e4pack" \
		sh "$top/tests/real.sh"
}

# Debian has libFuzzer in a package of its own.
has_libfuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address,undefined -x c \
			-o "$work/tried" - 2>/dev/null
}

run_fuzz() {
	say 'fuzz targets over their seeds'
	python3 "$top/tests/fuzz/seeds.py" "$work/plain/src/e4pack" \
		"$work/seeds" || give_up 'the seeds cannot be made'
	for target in image archive script journal; do
		one "fuzz/$target" "$work/verify/tests/fuzz/$target" \
			"$work/seeds/$target"
	done
	if ! has_libfuzzer; then
		skip fuzzing 'it needs clang with libFuzzer'
		return
	fi
	say 'build fuzz'
	# A minute of optimizing gains little in a quarter of one.
	make -C "$work/plain" -j"$jobs" FUZZ_CFLAGS='-g -O0' fuzz \
		>"$work/fuzz.log" 2>&1 || {
		tail -n 60 "$work/fuzz.log" >&2
		give_up 'the fuzz build failed'
	}
	say "fuzzing, ${FUZZ_TIME:-15} s for each target"
	tap fuzzing env E4PACK="$work/plain/src/e4pack" JOBS=4 \
		sh "$top/tests/fuzz/run.sh" "$work/plain/fuzz" \
		"${FUZZ_TIME:-15}"
}

clang_build() {
	if ! command -v clang >/dev/null; then
		echo 'it needs clang'
		return 77
	fi
	compile clang '' -q --enable-werror CC=clang CFLAGS=-O0
}

run_check() {
	say 'the tree itself'
	E4PACK=$work/plain/src/e4pack
	srcdir=$top
	builddir=$work/plain
	export E4PACK srcdir builddir
	for script in layers symbols manuals scripts; do
		one "$script.sh" sh "$top/tests/$script.sh"
	done
	one 'make distdir' make -C "$work/plain" distdir
	one 'a build by clang' clang_build
}

needs() {
	case " $suites " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

sh "$top/scripts/setup.sh" test || give_up 'packages are missing'

# A chroot often has no /proc, which bash and the sanitizers need.
has_proc=true
if [ ! -r /proc/self/maps ]; then
	if mount -t proc proc /proc 2>/dev/null; then
		mounted=/proc
		say 'mounted /proc for the time of this run'
	else
		has_proc=false
		say 'no /proc here, which some tests need:' \
			'mount -t proc proc /proc'
	fi
fi

sh "$top/scripts/copy-source.sh" "$work/source" ||
	give_up 'the source tree cannot be copied'
say 'bootstrap'
"$work/source/bootstrap" >"$work/bootstrap.log" 2>&1 || {
	tail -n 40 "$work/bootstrap.log" >&2
	give_up 'bootstrap failed'
}
if needs cli || needs prop || needs real || needs fuzz || needs check; then
	build plain '' --enable-werror
fi
if needs unit || needs prop || needs fuzz; then
	sanitize=--enable-sanitize
	if ! $has_proc; then
		skip 'sanitizers' 'they need /proc'
		sanitize=
	fi
	# shellcheck disable=SC2086
	build verify '' --enable-werror --enable-verify $sanitize \
		CFLAGS='-g -O1'
fi

if needs threads && $has_proc; then
	programs='tests/unit/api_calls tests/unit/api_threads'
	programs="$programs tests/unit/delay_write_queue"
	for part in access ahead folders; do
		programs="$programs tests/unit/source_$part"
	done
	build threads "$programs" --enable-werror --enable-sanitize=thread \
		CFLAGS='-g -O1'
fi

for suite in $suites; do
	"run_$suite"
done

say 'done'
awk '{ p += $1; f += $2; s += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n", p, f, s
		exit (f > 0 || p == 0)
	}' "$counts"
