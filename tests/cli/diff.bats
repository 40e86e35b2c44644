#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# diff: what it says of two images.

load helper

# judged IMAGE IMAGE: the tests' own reader finds the same differences.
judged() {
	python3 "$LIB/check_diff.py" "$E4PACK" "$1" "$2"
}

# differs IMAGE IMAGE [LINE...]: exit status 3, and exactly these lines
# before the sums.
differs() {
	local a=$1 b=$2
	shift 2
	run --separate-stderr e4pack diff "$a" "$b"
	[[ $status = 3 ]] || fail "diff ended with $status" || return 1
	[[ $(sed '/^$/,$d;/^added:/,$d' <<<"$output") = "$(
		(($# == 0)) || printf '%s\n' "$@")" ]] || fail 'other lines'
}

@test "diff: an image and itself" {
	small_tree t
	create new.img t
	cp new.img same.img
	run --separate-stderr e4pack diff new.img same.img
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = 'added: '*0 ]]
	[[ $output = *'blocks that differ:      0 (0 B)'* ]]
	judged new.img same.img
	[ "$(e4pack diff --json new.img new.img | wc -l)" -eq 1 ]
}

@test "diff: every way in which a name may differ" {
	need_root
	small_tree t
	mkdir -p t/way
	for way in content size longer mode uid gid mtime xattr links hole \
		removed type; do
		echo "$way" >"t/way/$way"
	done
	truncate -s 64K t/way/hole
	head -c 100000 /dev/zero >t/way/zeros
	truncate -s 100000 t/way/sparse
	ln -s one t/way/target
	mknod t/way/device c 1 3
	echo a >t/way/group-a
	ln t/way/group-a t/way/group-b
	echo a >t/way/group-c
	find t -exec touch -h -d @1600000000 {} +
	cp -a t u
	echo CONTENT >u/way/content
	echo more >>u/way/size
	head -c 3000000 /dev/urandom >>u/way/longer
	chmod 700 u/way/mode
	chown 7 u/way/uid
	chgrp 7 u/way/gid
	setfattr -n user.a -v b u/way/xattr
	ln u/way/links u/way/added
	rm u/way/removed u/way/type u/way/zeros u/way/sparse
	mkfifo u/way/type
	truncate -s 100000 u/way/zeros
	head -c 100000 /dev/zero >u/way/sparse
	ln -sfn two u/way/target
	rm u/way/device
	mknod u/way/device c 1 5
	rm u/way/group-b
	ln -f u/way/group-a u/way/group-c
	echo a >u/way/group-b
	find u -exec touch -h -d @1600000000 {} +
	touch -d @1600000000.5 u/way/mtime
	create a.img -s 32M t
	create b.img -s 32M u
	judged a.img b.img
	judged b.img a.img
	e4pack diff --json a.img b.img >out.json || true
	jq -es 'map(select(.path)) | map({(.path): ([.change] + .differs)}) |
		add | .["/way/added"] == ["added"]
		and .["/way/removed"] == ["removed"]
		and .["/way/type"] == ["content", "type"]
		and .["/way/content"][0:2] == ["content", "content"]
		and .["/way/device"] == ["content", "device"]
		and .["/way/target"] == ["content", "content"]
		and (.["/way/mode"] | index("mode"))
		and (.["/way/uid"] | index("uid"))
		and (.["/way/gid"] | index("gid"))
		and (.["/way/mtime"] | index("mtime"))
		and (.["/way/xattr"] | index("xattrs"))
		and (.["/way/links"] | index("links"))
		and (.["/way/group-c"] | index("links"))
		and .["/way/zeros"][0] == "layout"
		and .["/way/sparse"][0] == "layout"' out.json
}

@test "diff: layout only" {
	mkdir t
	for i in 1 2 3; do seq 1 "$((i * 3000))" >"t/f$i"; done
	echo /f3 >order
	create a.img -s 8M t
	create b.img -s 8M --order order t
	judged a.img b.img
	differs a.img b.img 'layout      /' 'layout      /f1' \
		'layout      /f2' 'layout      /f3' 'layout      /lost+found'
}

@test "diff: nothing but blocks" {
	small_tree t
	create a.img -s 8M t
	cp a.img b.img
	tune2fs -L other b.img >/dev/null
	differs a.img b.img
	[[ $output = *'blocks that differ:      1 (4.0 KiB)'* ]]
	judged a.img b.img
	# A free block, and the end of the larger image.
	printf x | dd of=b.img bs=1 seek=$((8 * 1024 * 1024 - 5)) conv=notrunc \
		status=none
	differs a.img b.img
	[[ $output = *'blocks that differ:      2 '* ]]
	[[ $output = *'of them in use:          1 '* ]]
	judged a.img b.img
}

@test "diff: what changed under the mounted kernel" {
	need_root
	small_tree t
	create a.img -s 32M t
	can_mount a.img || skip 'no loop mounts here'
	cp a.img b.img
	mkdir mnt
	mount -o loop b.img mnt
	echo more >>mnt/one
	rm mnt/nothing mnt/dangling
	mkdir mnt/folder
	seq 1 100000 >mnt/folder/numbers
	chattr +d mnt/block
	mv mnt/bin mnt/sbin
	cp -p mnt/block+1 mnt/copy
	mv mnt/copy mnt/block+1
	umount mnt
	judged a.img b.img
	judged b.img a.img
	run --separate-stderr e4pack diff a.img b.img
	[ "$status" -eq 3 ]
	for line in 'removed     /bin/numbers' 'added       /sbin/numbers' \
		'attributes  /block  (flags)' 'layout      /block+1' \
		'removed     /nothing'; do
		grep -qxF -- "$line" <<<"$output" || fail "no $line"
	done
}

@test "diff: other geometries are compared by tree" {
	small_tree t
	create a.img t
	create b.img -s 32M t
	create c.img -b 1024 -s 16M t
	create d.img -s 32M -O bigalloc -C 16K t
	for other in b c d; do
		judged a.img "$other.img"
	done
	run --separate-stderr e4pack diff a.img c.img
	[ "$status" -eq 0 ]
	[[ $output = *'the block sizes differ'* ]]
	echo changed >t/one
	rm c.img
	create c.img -b 1024 -s 16M t
	run --separate-stderr e4pack diff --json a.img c.img
	[ "$status" -eq 3 ]
	jq -es 'map(select(.change == "content") | .path) ==
		["/etc/one-again", "/one"] and .[-1].blocks == null' \
		<<<"$output"
}

@test "diff: images of ext2 and ext3, and data in inodes" {
	small_tree t
	# With inline data mke2fs cuts a file that ends in a hole.
	rm t/hole
	for what in ext2 ext3 'ext4 -O inline_data -I 512'; do
		# shellcheck disable=SC2086
		mke2fs -q -F -t $what -d t "${what%% *}.img" 16M
	done
	for a in ext2 ext3 ext4; do
		for b in ext2 ext3 ext4; do
			e4pack diff --json "$a.img" "$b.img" >out.json || true
			jq -es '.[-1].content == 0 and .[-1].added == 0
				and .[-1].removed == 0' out.json ||
				fail "$a and $b: $(cat out.json)"
		done
	done
}

@test "diff: names of any bytes" {
	mkdir t u
	echo x >t/$'\xff\xfe'
	echo y >u/$'new\nline'
	create a.img -s 8M t
	create b.img -s 8M u
	judged a.img b.img
	run --separate-stderr e4pack diff a.img b.img
	[[ $output = *'added       /new\012line'* ]]
}

@test "diff: what is much the same takes little" {
	mkdir t
	truncate -s 1T huge.img
	mke2fs -q -F -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 huge.img
	cp --sparse=always huge.img other.img
	printf x | dd of=other.img bs=1 seek=500000000000 conv=notrunc \
		status=none
	LIMIT=60 differs huge.img other.img
	[[ $output = *'blocks that differ:      1 (4.0 KiB)'* ]]
	[[ $output = *'of them in use:          0 '* ]]
}

@test "diff: what is no image, and how many there are" {
	small_tree t
	create good.img t
	head -c 100000 /dev/zero >zeros
	for pair in 'good.img zeros' 'zeros good.img' 'good.img nowhere'; do
		# shellcheck disable=SC2086
		run --separate-stderr e4pack diff $pair
		[ "$status" -eq 1 ] || fail "$pair: $status"
		told diff
	done
	misused diff
	misused diff good.img
	misused diff good.img good.img good.img
}

@test "diff: damaged images never crash or hang it" {
	small_tree t
	create good.img -O ^metadata_csum -s min t
	cp good.img kept.img
	python3 - "$E4PACK" good.img <<-'END'
		import random, subprocess, sys
		good = open(sys.argv[2], "rb").read()
		compared = 0
		for seed in range(150):
		    r = random.Random(seed)
		    data = bytearray(good)
		    for _ in range(r.choice((1, 4, 64))):
		        top = r.choice((2048, 1 << 17, len(data)))
		        at = r.randrange(1024, min(top, len(data)))
		        data[at] = r.choice((0, 1, 0x7f, 0xff,
		                             r.randrange(256)))
		    with open("bad.img", "wb") as f:
		        f.write(data)
		    for pair in ("good.img", "bad.img"), ("bad.img", "good.img"):
		        status = subprocess.run(
		            [sys.argv[1], "diff", *pair], timeout=20,
		            stdout=subprocess.DEVNULL,
		            stderr=subprocess.DEVNULL).returncode
		        assert status in (0, 1, 3), (seed, status)
		        compared += status == 3
		assert compared > 40, compared
	END
	cmp good.img kept.img
}

@test "diff: a pipe that closes, and a full disk" {
	small_tree t
	create a.img t
	create b.img -s 32M t
	run bash -c '"$E4PACK" diff a.img b.img >/dev/full'
	[ "$status" -eq 1 ]
	run bash -c '"$E4PACK" diff a.img b.img | head -n 1'
	[ "$status" -eq 0 ]
}
