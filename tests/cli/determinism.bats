#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# The same list of entries gives the same bytes, wherever it comes from.

load helper

# copy_backwards FROM TO: the same tree, made in the reverse order, so that
# the host's folders list it in another.
copy_backwards() {
	mkdir "$2"
	(cd "$1" && find . -mindepth 1 -type d | sort -r) |
		while IFS= read -r d; do mkdir -p "$2/$d"; done
	(cd "$1" && find . ! -type d -print | sort -r) >list
	tar -C "$1" --no-recursion --sparse --format=posix --xattrs -T list \
		-cf - | tar -C "$2" --xattrs -xpf -
	(cd "$1" && find . -type d -print | sort -r) |
		while IFS= read -r d; do
			chmod --reference="$1/$d" "$2/$d"
			touch -r "$1/$d" "$2/$d"
		done
}

# tree DIR: like small_tree, with more names in a folder.
tree() {
	small_tree "$1"
	mkdir "$1/many"
	for i in {1..500}; do
		echo "$i" >"$1/many/n$i"
	done
	find "$1" -depth -exec touch -h -d '@1600000000.123456789' {} +
}

@test "determinism: the same twice" {
	tree t
	create a.img t
	sleep 1.1
	create b.img t
	same_bytes a.img b.img
}

@test "determinism: the order of the host's folders" {
	tree t
	copy_backwards "$PWD/t" "$PWD/u"
	create a.img t
	create b.img u
	same_bytes a.img b.img
}

@test "determinism: a folder and its archives in any order" {
	tree t
	create a.img t
	owner="--numeric-owner --format=posix --sparse --xattrs"
	# shellcheck disable=SC2086
	tar -C t $owner --sort=name -cf sorted.tar .
	# The folders stay before what is in them.
	(cd t && find . -type d | sort && find . ! -type d | sort -r) >reverse
	# shellcheck disable=SC2086
	tar -C t $owner --no-recursion -T reverse -cf reversed.tar
	gzip -n <sorted.tar >sorted.tar.gz
	create b.img sorted.tar
	create c.img sorted.tar.gz
	e4pack create d.img - <sorted.tar
	e4pack create e.img - <sorted.tar.gz
	same_bytes a.img b.img c.img d.img e.img
	create f.img reversed.tar
	same_bytes a.img f.img
}

@test "determinism: whatever the number of threads" {
	tree t
	create a.img --threads 1 t
	create b.img --threads 4 t
	create c.img --threads 16 t
	create d.img t
	same_bytes a.img b.img c.img d.img
}

# In memory, where one thread writes and the others copy through maps.
@test "determinism: whatever the number of threads, large files in memory" {
	need_root
	mkdir shm
	mount -t tmpfs -o size=400m tmpfs shm 2>/dev/null || skip "no tmpfs here"
	mkdir t
	head -c 100M /dev/urandom >t/one
	tail -c +1000 t/one | head -c 50M >t/two
	for n in 1 2 8; do
		create shm/x.img --threads $n -b 1024 t
		e2fsck -fn shm/x.img
		sha256sum <shm/x.img >sum.$n
		rm shm/x.img
	done
	cmp sum.1 sum.2
	cmp sum.1 sum.8
	create shm/x.img t
	e4pack verify -q shm/x.img t
}

@test "determinism: time zone, locale, umask and folder do not matter" {
	tree t
	create a.img t
	TZ=Asia/Kolkata LC_ALL=tr_TR.UTF-8 create b.img t
	(umask 077 && create c.img t)
	mkdir elsewhere
	(cd elsewhere && create ../d.img "$BATS_TEST_TMPDIR/t")
	same_bytes a.img b.img c.img d.img
}

@test "determinism: reading a tree does not change its image" {
	tree t
	create a.img t
	find t -type f -exec cat {} + >/dev/null
	touch -a t/one
	chmod --reference=t/one t/one
	create b.img t
	same_bytes a.img b.img
}

@test "determinism: --order counts, its repetition does not" {
	tree t
	create a.img t
	echo one >list
	create b.img --order list t
	printf 'one\none\n' >list2
	create c.img --order list2 t
	same_bytes b.img c.img
	run ! cmp -s a.img b.img
}

@test "determinism: each attribute counts" {
	tree t
	create a.img t -s 32M
	change() {
		cp -a t u
		(cd u && "$@")
		rm -f b.img
		create b.img u -s 32M
		run ! cmp -s a.img b.img
		rm -rf u
	}
	change touch -d @1600000001 one
	change chmod 600 one
	change sh -c 'printf z >one; touch -d @1600000000.123456789 one'
	change ln -sfn other dangling
	change rm nothing
}

@test "determinism: SOURCE_DATE_EPOCH is part of the input" {
	tree t
	SOURCE_DATE_EPOCH=1000000000 create a.img t
	SOURCE_DATE_EPOCH=1000000000 create b.img t
	SOURCE_DATE_EPOCH=1000000001 create c.img t
	same_bytes a.img b.img
	run ! cmp -s a.img c.img
}
