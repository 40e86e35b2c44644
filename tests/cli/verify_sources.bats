#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# verify with sources: an image holds what create was given, and nothing else.

load helper

# differs PATTERN ARGUMENTS: verify with sources tells just one difference.
differs() {
	local pattern=$1
	shift
	run --separate-stderr e4pack verify "$@"
	[[ $status = 3 ]] || fail "ended with $status" || return 1
	[[ ${#lines[@]} = 3 && ${lines[1]} =~ $pattern ]] ||
		fail "not just one difference like $pattern"
}

@test "verify: an image is as its sources, whatever the options" {
	small_tree t
	small_tree u/sub
	tar -C t -cf t.tar .
	tar -C u -czf u.tar.gz .
	for options in '' '--owner 5:6' '--map-owner 0:77' '--times source' \
		'--exclude numbers' '--owner 1:2 -E root_owner=3:4' \
		'-b 1024' '-I 128' '--times 99' '-O ^extent,^64bit'; do
		for sources in t t.tar 't u' 't.tar u.tar.gz'; do
			rm -f new.img
			# shellcheck disable=SC2086
			create new.img $options $sources
			# shellcheck disable=SC2086
			run --separate-stderr e4pack verify new.img $options \
				$sources
			[ "$status" -eq 0 ] || fail "$options, $sources"
			[[ ${lines[-1]} = *'all as in its sources' ]]
		done
	done
}

@test "verify: SOURCE_DATE_EPOCH counts as for create" {
	small_tree t
	SOURCE_DATE_EPOCH=1500000000 create new.img --clamp-mtime t
	SOURCE_DATE_EPOCH=1500000000 run e4pack verify new.img --clamp-mtime t
	[ "$status" -eq 0 ]
	run e4pack verify new.img t
	[ "$status" -eq 3 ]
}

@test "verify: each kind of difference from the sources" {
	small_tree t
	create new.img t
	ref='@1600000000.123456789'
	cp -a t s
	differs '^/one: its bytes differ from 0 on|^/etc/one-again: its bytes' \
		new.img "$(cp -a s a; printf y >a/one; touch -d $ref a/one; echo a)"
	differs '^/hole: its bytes differ from 700000 on$' new.img "$(cp -a s b
		printf z | dd of=b/hole bs=1 seek=700000 conv=notrunc \
			status=none; touch -d $ref b/hole; echo b)"
	differs '^/block: its mode is 0644, of the source 0600$' new.img \
		"$(cp -a s c; chmod 600 c/block; echo c)"
	differs '^/block: its mtime is 1600000000.123456789, of' new.img \
		"$(cp -a s d; touch -d @5 d/block; echo d)"
	differs '^/block: its size is 4096, of the source 4097$' new.img \
		"$(cp -a s e; echo >>e/block; touch -d $ref e/block; echo e)"
	differs '^/dangling: it links elsewhere$' new.img "$(cp -a s f
		ln -sfn elsewhe f/dangling; touch -h -d $ref f/dangling f
		echo f)"
	differs '^/nothing: it is in no source$' new.img \
		"$(cp -a s g; rm g/nothing; touch -d $ref g; echo g)"
	differs '^/nothing2: it is not in the image$' new.img \
		"$(cp -a s h; : >h/nothing2; touch -d $ref h; echo h)"
	differs '^/nothing: it is of another type$' new.img "$(cp -a s i
		rm i/nothing; mkfifo i/nothing
		touch -d $ref i/nothing i; echo i)"
}

@test "verify: hard links and attributes of the sources" {
	mkdir t
	echo a >t/a
	ln t/a t/b
	create new.img t
	run e4pack verify new.img t
	[ "$status" -eq 0 ]
	cp --preserve=mode,timestamps --no-preserve=links -r t u
	touch -r t u
	run --separate-stderr e4pack verify new.img u
	[ "$status" -eq 3 ]
	[[ $output = *'it has 2 links, the source 1'* ]]
	setfattr -n user.x -v 1 t/a || skip 'no attributes here'
	run --separate-stderr e4pack verify new.img t
	[ "$status" -eq 3 ]
	[[ $output = *'its extended attributes differ'* ]]
	rm new.img
	create new.img t
	run e4pack verify new.img t
	[ "$status" -eq 0 ]
}

@test "verify: sources that cannot be read fail" {
	mkdir t
	create new.img t
	run --separate-stderr e4pack verify new.img missing
	[ "$status" -eq 1 ]
	told verify
}
