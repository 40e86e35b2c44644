#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# es and frag: what they say of images of our own and of mke2fs's.

load helper

# agrees IMAGE: es --json and the tests' own reader tell the same extents of
# every regular file, and frag --json counts what es lists.
agrees() {
	python3 "$LIB/check_reports.py" "$E4PACK" "$1"
}

@test "es: agrees with the tests' own reader" {
	small_tree t
	create new.img t
	agrees new.img
}

@test "es: agrees on an image that mke2fs made and the kernel wrote" {
	need_root
	mke2fs -q -F -t ext4 ref.img 64M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop ref.img mnt
	for i in $(seq 1 200); do
		seq 1 2000 >"mnt/f$i"
		[ $((i % 3)) -ne 0 ] || rm "mnt/f$((i - 1))"
	done
	fallocate -l 3M mnt/unwritten
	truncate -s 9M mnt/hole
	printf x | dd of=mnt/hole bs=1 seek=5000000 conv=notrunc status=none
	dd if=/dev/zero of=mnt/big bs=1M count=9 status=none
	umount mnt
	agrees ref.img
}

@test "es: text names the four columns and the path" {
	small_tree t
	create new.img t
	run --separate-stderr e4pack es new.img /bin/numbers
	[ "$status" -eq 0 ]
	for word in lblk len pblk status written numbers; do
		[[ $output = *$word* ]] || fail "no $word"
	done
	run --separate-stderr e4pack es new.img /hole
	[[ $output = *hole* ]]
}

@test "es: holes are listed, covering the whole file" {
	mkdir t
	truncate -s 100K t/hole
	create new.img t
	run --separate-stderr e4pack es --json new.img /hole
	[ "$(jq -c .extents <<<"$output")" = \
		'[{"lblk":0,"len":25,"status":"hole"}]' ]
	[ "$(jq -c 'keys' <<<"$output")" = \
		'["extents","inline","inode","path","size"]' ]
}

@test "es: a path may do without its slash, and be a folder" {
	small_tree t
	create new.img t
	[ "$(e4pack es --json new.img one)" = \
		"$(e4pack es --json new.img /one)" ]
	run --separate-stderr e4pack es --json new.img /bin
	[ "$status" -eq 0 ]
}

@test "es: names that are not UTF-8" {
	mkdir t
	touch t/$'\xff\xfe' t/$'new\nline'
	create new.img t
	run --separate-stderr e4pack es --json new.img
	[ "$status" -eq 0 ]
	[ "$(grep -c . <<<"$output")" -ge 2 ]
	jq -r 'select(.path_b64) | .path_b64' <<<"$output" | base64 -d |
		grep -aq $'\xff\xfe'
	run --separate-stderr e4pack es new.img
	[ "$status" -eq 0 ]
}

@test "es: a path that is not there" {
	mkdir t
	create new.img t
	run --separate-stderr e4pack es new.img /nowhere
	[ "$status" -eq 1 ]
	told es
	mentions nowhere
}

@test "frag: the keys of --json" {
	small_tree t
	create new.img t
	run --separate-stderr e4pack frag --json new.img
	[ "$status" -eq 0 ]
	[ "$(jq -c 'keys' <<<"$output")" = '["block_size","blocks","directories","extents","files","fragmented_files","free","ideal_extents","image","score","unavoidable_extents","worst"]' ]
	[ "$(jq -c '.free | keys' <<<"$output")" = \
		'["blocks","largest_run","runs"]' ]
	jq -e '.image == "new.img" and .score == 100
		and .extents == .ideal_extents + .unavoidable_extents
		and .fragmented_files == 0' <<<"$output"
	[ "$(jq .free.blocks <<<"$output")" -eq \
		"$(superblock new.img 'Free blocks')" ]
}

@test "frag: a new image has no fragment that could be avoided" {
	mkdir t
	head -c 70M /dev/zero | tr '\0' x >t/big
	for i in $(seq 1 100); do seq 1 "$((i * 50))" >"t/f$i"; done
	for bs in 1024 4096; do
		rm -f new.img
		create new.img -b "$bs" t
		e4pack frag --json new.img | jq -e \
			'.extents == .ideal_extents + .unavoidable_extents'
		agrees new.img
	done
}

@test "frag: a fragmented image is told apart, --fail-over says no" {
	need_root
	mke2fs -q -F -t ext4 -O ^has_journal -b 1024 ref.img 16M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop,nodelalloc ref.img mnt
	for i in $(seq 1 40); do
		for f in a b; do
			head -c 1024 /dev/zero |
				dd of="mnt/$f" bs=1024 conv=notrunc,fsync \
					oflag=append status=none
		done
	done
	umount mnt
	agrees ref.img
	run --separate-stderr e4pack frag ref.img
	[ "$status" -eq 0 ]
	count=$(e4pack frag --json ref.img | jq .fragmented_files)
	run --separate-stderr e4pack frag --fail-over 100 ref.img
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	if [ "$count" -gt 0 ]; then
		run --separate-stderr e4pack frag --fail-over 0 ref.img
		[ "$status" -eq 3 ]
	fi
}

@test "frag: --fail-over is content with a new image" {
	small_tree t
	create new.img t
	run --separate-stderr e4pack frag --fail-over 0 new.img
	[ "$status" -eq 0 ]
}

@test "frag: no heading without a row" {
	small_tree t
	create new.img t
	for form in '' --csv; do
		run --separate-stderr e4pack frag ${form:+"$form"} new.img \
			/nowhere
		[ "$status" -eq 1 ]
		[ -z "$output" ]
	done
}

@test "frag: --top, --csv and --svg" {
	small_tree t
	create new.img t
	[ "$(e4pack frag --json --top 2 new.img | jq '.worst | length')" -le 2 ]
	run --separate-stderr e4pack frag --csv new.img
	[ "$status" -eq 0 ]
	python3 -c 'import csv, sys
rows = list(csv.reader(sys.stdin))
assert len(rows) > 1 and all(len(r) == len(rows[0]) for r in rows), rows
assert "extents" in rows[0], rows[0]' <<<"$output"
	run --separate-stderr e4pack frag --svg out.svg new.img
	[ "$status" -eq 0 ]
	python3 -c 'import xml.dom.minidom as m
assert m.parse("out.svg").documentElement.tagName == "svg"'
}

@test "frag: only the files asked for" {
	small_tree t
	create new.img t
	jq -e '.files == 1' < <(e4pack frag --json new.img /bin/numbers)
}

@test "row 65: what is no ext4 image" {
	mkdir folder
	: >empty
	printf x >one-byte
	head -c 100000 /dev/zero >zeros
	head -c 100000 /dev/urandom >noise
	for what in folder empty one-byte zeros noise nowhere /dev/null; do
		for command in es frag; do
			run --separate-stderr e4pack "$command" "$what"
			[ "$status" -eq 1 ] || fail "$command $what: $status"
			told "$command"
		done
	done
}

@test "row 75: an image that is cut" {
	small_tree t
	create new.img t
	truncate -s 1M new.img
	run --separate-stderr e4pack es new.img
	[ "$status" -eq 1 ]
	told es
}

@test "rows 70 to 74: damaged images never crash or hang the reader" {
	small_tree t
	create good.img -O ^metadata_csum -s min t
	python3 - "$E4PACK" good.img <<-'END'
		import random, subprocess, sys
		good = open(sys.argv[2], "rb").read()
		for seed in range(200):
		    r = random.Random(seed)
		    data = bytearray(good)
		    # The first blocks are metadata: most of the damage there.
		    for _ in range(r.choice((1, 4, 64))):
		        top = r.choice((2048, 1 << 17, len(data)))
		        at = r.randrange(1024, min(top, len(data)))
		        data[at] = r.choice((0, 1, 0x7f, 0xff,
		                             r.randrange(256)))
		    with open("bad.img", "wb") as f:
		        f.write(data)
		    for command in "es", "frag":
		        status = subprocess.run(
		            [sys.argv[1], command, "bad.img"], timeout=20,
		            stdout=subprocess.DEVNULL,
		            stderr=subprocess.DEVNULL).returncode
		        assert status in (0, 1), (command, seed, status)
	END
}

@test "row 71: superblock fields at their worst" {
	mkdir t
	create good.img t
	while read -r offset bytes; do
		cp good.img bad.img
		# shellcheck disable=SC2059
		printf "$bytes" | dd of=bad.img bs=1 seek=$((1024 + offset)) \
			conv=notrunc status=none
		for command in es frag; do
			LIMIT=20 run --separate-stderr e4pack "$command" bad.img
			[ "$status" -eq 1 ] ||
				fail "$command, offset $offset: $status"
			told "$command"
		done
	done <<-'END'
		32 \0\0\0\0
		40 \0\0\0\0
		24 \x1f\0\0\0
		88 \0\0
		88 \xff\xff
		254 \x01\0
		84 \0\0\0\0
		4 \xff\xff\xff\xff
		0 \xff\xff\xff\xff
		20 \xff\xff\xff\xff
	END
}

@test "reports: an image is opened read-only and never changed" {
	small_tree t
	create new.img t
	sum=$(sha256sum new.img)
	chmod 444 new.img
	e4pack es new.img >/dev/null
	e4pack frag new.img >/dev/null
	[ "$sum" = "$(sha256sum new.img)" ]
}

@test "reports: output that cannot be written fails" {
	[ -c /dev/full ] || skip 'no /dev/full'
	small_tree t
	create new.img t
	for command in es frag 'es --json' 'frag --json'; do
		run bash -c "\"\$E4PACK\" $command new.img >/dev/full"
		[ "$status" -eq 1 ] || fail "$command: $status"
	done
}
