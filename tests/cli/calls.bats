#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# System calls and instructions are counted, because times depend on the
# machine and counts do not.  Each budget is what one object costs more than
# none: the difference between a tree with many and one with few, divided by
# how many more.

load helper

FEW=100 MANY=1100

traceable() {
	need strace
	strace -f -c -o /dev/null true 2>/dev/null ||
		skip 'strace cannot trace here'
}

# count OUT TREE: what create calls for TREE, as lines "CALLS NAME".
count() {
	rm -f new.img
	strace -f -c -o table "$E4PACK" create --no-sync -q --threads 1 \
		new.img "$2" || fail 'create failed' || return 1
	clean new.img || return 1
	awk '$4 ~ /^[0-9]+$/ && $NF != "total" { print $4, $NF }' table >"$1"
	[[ -s $1 ]] || fail 'strace counted nothing'
}

# more CALL...: thousand times the calls that one object more costs.
more() {
	awk -v names=" $* " -v n=$((MANY - FEW)) '
		index(names, " " $2 " ") { sum += FILENAME == "many" ? $1 : -$1 }
		END { printf "%d\n", sum * 1000 / n }' few many
}

# all_but CALL...: as more, for every other call.
all_but() {
	awk -v names=" $* " -v n=$((MANY - FEW)) '
		!index(names, " " $2 " ") {
			sum += FILENAME == "many" ? $1 : -$1
		}
		END { printf "%d\n", sum * 1000 / n }' few many
}

# at_most BUDGET CALL...: the named calls cost no more.
at_most() {
	local budget=$1 got
	shift
	got=$(more "$@")
	((got <= budget)) || fail "$*: $got in 1000 objects, $budget at most"
}

files() {
	local i
	mkdir -p "$1/d"
	for ((i = 0; i < $2; i++)); do echo "$i" >"$1/d/f$i"; done
}

# instructions TREE: how many create executes for TREE.
instructions() {
	rm -f new.img
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$E4PACK" \
		create --no-sync -q --threads 1 new.img "$1" 2>table ||
		fail 'create failed' || return 1
	awk '$2 == "Collected" { print $4 }' table
}

# executes BUDGET: what one object more costs is no more, in the trees a and b.
executes() {
	local few many got
	need valgrind
	not_sanitized 'valgrind and sanitizers do not go together'
	few=$(instructions a)
	many=$(instructions b)
	((few > 0 && many > few)) || fail 'valgrind counted nothing'
	got=$(((many - few) / (MANY - FEW)))
	((got <= $1)) || fail "$got instructions an object, $1 at most"
	((got * 3 > $1)) || fail "$got instructions an object: lower the budget"
}

# The scan looks once at a file and once at its attributes; the flush opens
# it, reads it, looks once more, and closes it.
@test "calls: small files" {
	traceable
	files a $FEW
	files b $MANY
	count few a
	count many b
	at_most 1010 statx
	at_most 1010 fstat newfstatat
	at_most 1010 llistxattr listxattrat syscall_0x1d1
	at_most 1010 openat
	at_most 1010 pread64
	at_most 1010 close
	at_most 20 pwrite64
	at_most 50 brk mmap munmap mremap madvise
	got=$(all_but statx fstat newfstatat llistxattr listxattrat \
		syscall_0x1d1 openat pread64 close pwrite64 brk mmap munmap \
		mremap madvise)
	((got <= 30)) || fail "other calls: $got in 1000 files, 30 at most"
}

@test "calls: names without content are not opened" {
	traceable
	mkdir -p a/d b/d
	(cd a/d && seq "$FEW" | xargs touch)
	(cd b/d && seq "$MANY" | xargs touch)
	count few a
	count many b
	at_most 1010 statx
	at_most 10 openat pread64 close lseek
	at_most 20 pwrite64
}

# A file whose every other block is a hole: two calls find each stretch, one
# reads it, and the stretches are written together.
@test "calls: holes" {
	traceable
	mkdir a b
	python3 -c '
import sys
for path, n in (("a/f", int(sys.argv[1])), ("b/f", int(sys.argv[2]))):
    with open(path, "wb") as f:
        for i in range(n):
            f.seek(i * 8192)
            f.write(b"x" * 4096)
        f.truncate(n * 8192)' $FEW $MANY
	[[ $(stat -c %b b/f) -lt $((MANY * 12)) ]] ||
		skip 'this file system makes no holes'
	count few a
	count many b
	at_most 2010 lseek
	at_most 1010 pread64
	at_most 20 pwrite64
	at_most 10 openat statx close copy_file_range
}

@test "calls: instructions for small files" {
	files a $FEW
	files b $MANY
	executes 20500
}

@test "calls: instructions for names without content" {
	mkdir -p a/d b/d
	(cd a/d && seq "$FEW" | xargs touch)
	(cd b/d && seq "$MANY" | xargs touch)
	executes 9200
}

# A file is made, written, given its owner, mode and times, and closed; many
# small ones come out of the image with one read.
@test "calls: small files taken out" {
	local n
	traceable
	files a $FEW
	files b $MANY
	for n in few:a many:b; do
		rm -rf new.img out
		"$E4PACK" create --no-sync -q new.img "${n#*:}"
		strace -f -c -o table "$E4PACK" extract -q -C out new.img
		diff -r "${n#*:}" out
		awk '$4 ~ /^[0-9]+$/ && $NF != "total" { print $4, $NF }' \
			table >"${n%:*}"
	done
	at_most 1010 openat
	at_most 1010 pwrite64
	at_most 1010 fchown
	at_most 1010 fchmod
	at_most 1010 utimensat
	at_most 1010 close
	at_most 150 pread64
	got=$(all_but openat pwrite64 fchown fchmod utimensat close pread64)
	((got <= 30)) || fail "other calls: $got in 1000 files, 30 at most"
}

# peak SOURCE: the most memory that create took for SOURCE, in KiB, or what
# Python has before it runs a program, if that is more: some 15,000.
peak() {
	rm -f new.img
	python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
		"$E4PACK" create --no-sync -q --threads 1 new.img "$1"
}

# Files of a folder take 40 bytes more, for where they are.
@test "calls: bytes of memory for small files" {
	local n=45000 few many got
	not_sanitized 'sanitizers take memory of their own'
	python3 -c '
import sys, tarfile
few, many = open("few.tar", "wb"), open("many.tar", "wb")
for i in range(2 * int(sys.argv[1])):
    entry = tarfile.TarInfo("%d/file-%04d" % (i // 1000, i % 1000))
    entry.size = 1
    block = entry.tobuf(tarfile.USTAR_FORMAT) + b"x".ljust(512, b"\0")
    many.write(block)
    if i % 2:
        few.write(block)
for f in few, many:
    f.write(bytes(1024))
    f.close()' "$n"
	few=$(peak few.tar)
	many=$(peak many.tar)
	got=$(((many - few) * 1024 / n))
	((got <= 280)) || fail "$got bytes an object, 280 at most"
	((got * 2 > 280)) || fail "$got bytes an object: lower the budget"
}
