#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# Several sources in one image: the later one wins.

load helper

@test "merge: folders merge, the later attributes stand" {
	mkdir -p a/d b/d
	echo 1 >a/d/x
	echo 2 >b/d/y
	chmod 700 a/d
	chmod 755 b/d
	find a b -exec touch -h -d @1600000000 {} +
	touch -d @1700000000 b/d b
	create new.img a b
	cp -a b want
	cp -a a/d/x want/d/x
	touch -r b/d want/d
	touch -r b want
	same want new.img
}

@test "merge: a file replaces a file, without a word" {
	mkdir a b
	echo old >a/f
	ln a/f a/g
	ln -s x a/s
	echo new >b/f
	echo file >b/s
	create new.img a b
	[ -z "$stderr" ]
	cp -a b want
	cp -a a/g want/g
	touch -r b want
	same want new.img
}

@test "merge: a folder replaces a file across sources, with a warning" {
	mkdir -p a b/n
	echo old >a/n
	touch b/n/in
	lenient_and_strict n a b
	cp -a b want
	same want new.img
}

@test "merge: a file replaces an empty folder across sources (row 42)" {
	mkdir -p a/n b
	echo new >b/n
	lenient_and_strict n a b
	same b new.img
}

@test "merge: a file never replaces a folder with something in it" {
	mkdir -p a/n b
	touch a/n/in
	echo new >b/n
	refused a b
	mentions n
}

@test "merge: a folder whose content was excluded counts as empty" {
	mkdir -p a/n b
	touch a/n/in
	echo new >b/n
	create new.img --exclude in a b
	same b new.img
}

@test "merge: archives over folders and folders over archives" {
	mkdir a b
	echo from-folder >a/f
	echo other >a/h
	find a -exec touch -d @1600000000 {} +
	archive two
	create new.img a two.tar
	run debugfs -R 'cat /f' new.img
	[[ $output = *data* ]]
	create new2.img two.tar a
	run debugfs -R 'cat /f' new2.img
	[[ $output = *from-folder* ]]
	run debugfs -R 'cat /g' new2.img
	[[ $output = *data* ]]
}

@test "merge: hard links of one file over two roots (row 10)" {
	mkdir a b
	echo data >a/f
	ln a/f b/g
	create new.img a b
	mkdir want
	ln a/f want/f
	ln a/f want/g
	touch -r b want
	same want new.img
}

@test "merge: the same folder twice is the folder" {
	small_tree t
	create one.img t
	create two.img t t
	same_bytes one.img two.img
}

@test "merge: a folder on a symlink of an earlier source" {
	mkdir -p a/usr/lib b/lib
	ln -s usr/lib a/lib
	echo f >b/lib/f
	lenient_and_strict lib a b
	run debugfs -R 'cat /lib/f' new.img
	[[ $output = *f* ]]
	rm new.img
	create new.img --keep-dir-symlinks a b
	run debugfs -R 'cat /usr/lib/f' new.img
	[[ $output = *f* ]]
	[[ $(stat_of new.img /lib) = *symlink* ]]
}

@test "merge: a path through a symlink of an earlier source" {
	mkdir -p a/usr/lib a/d
	ln -s usr/lib a/lib
	archive merged-usr
	refused a merged-usr.tar
	mentions '--keep-dir-symlinks'
	create new.img --keep-dir-symlinks a merged-usr.tar
	run debugfs -R 'cat /usr/lib/f' new.img
	[[ $output = *data* ]]
}

@test "merge: many sources, last wins" {
	for i in $(seq 1 20); do
		mkdir "s$i"
		echo "$i" >"s$i/f"
		echo "$i" >"s$i/only-$i"
	done
	create new.img s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16 \
		s17 s18 s19 s20
	run debugfs -R 'cat /f' new.img
	[[ $output = *20* ]]
	for i in $(seq 1 20); do
		[[ $(stat_of new.img "/only-$i") = *regular* ]]
	done
}

@test "merge: standard input only once" {
	archive two
	run --separate-stderr bash -c \
		'cat two.tar | "$E4PACK" create new.img - -'
	[ "$status" -ne 0 ]
	[ ! -e new.img ]
}

@test "merge: one summary note of parents no source names (row 44)" {
	archive no-parents
	create new.img no-parents.tar
	[ "${#stderr_lines[@]}" -eq 1 ] || fail 'not one note'
	create strict.img --strict no-parents.tar
	SOURCE_DATE_EPOCH=1500000000 create dated.img no-parents.tar
	same no-parents.tar new.img --epoch 0
	same no-parents.tar dated.img --epoch 1500000000
	[[ $(stat_of new.img /a) =~ Mode:\ +0755 ]]
	[[ $(stat_of new.img /) =~ User:\ +0\ +Group:\ +0 ]]
}
