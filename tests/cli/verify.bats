#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# verify: sound images of many makers, and damage of every kind.

load helper

# sound IMAGE: verify finds nothing, and e2fsck agrees.
sound() {
	clean "$1" || return 1
	run --separate-stderr e4pack verify "$1"
	[[ $status = 0 ]] || fail "verify $1 ended with $status" || return 1
	[[ $output = "$1: no faults in "* ]] || fail 'no summary' || return 1
	[[ -z $stderr ]] || fail 'a message'
}

# faulty IMAGE PATTERN: verify tells a fault like it, and counts.
faulty() {
	LIMIT=60 run --separate-stderr e4pack verify "$1"
	[[ $status = 3 ]] || fail "verify $1 ended with $status" || return 1
	grep -Eq -- "$2" <<<"$output" || fail "no fault like $2" || return 1
	[[ ${lines[-1]} =~ ^$1:\ [0-9]+\ faults?$ ]] || fail 'no summary'
}

# filled IMAGE OPTIONS: mke2fs's image, with something of everything in it.
filled() {
	local image=$1
	shift
	mke2fs -q -F -N 1200 "$@" "$image" 24M >/dev/null 2>&1 || return 1
	mkdir -p mnt
	mount -o loop "$image" mnt 2>/dev/null || return 1
	python3 "$LIB/fill.py" mnt 400
	umount mnt
}

# debug IMAGE REQUEST...: with debugfs, writing.
debug() {
	local image=$1 request
	shift
	for request; do
		debugfs -w -R "$request" "$image" >/dev/null 2>&1
	done
}

@test "verify: our own images are sound" {
	small_tree t
	create new.img t
	sound new.img
	for options in '-b 1024' '-O ^metadata_csum' '-O ^has_journal' \
		'-O ^resize_inode' '-O ^64bit' '-I 128' '-O ^flex_bg' \
		'-O sparse_super2' '-O ea_inode' '-b 65536'; do
		rm -f new.img
		# shellcheck disable=SC2086
		create new.img $options t
		sound new.img
	done
}

@test "verify: what the kernel wrote is sound, in every format" {
	need_root
	mke2fs -q -F -t ext4 probe.img 16M
	can_mount probe.img || skip 'no loop mounts here'
	while read -r options; do
		# shellcheck disable=SC2086
		if filled k.img $options; then
			sound k.img || fail "with $options"
		else
			echo "# not here: $options" >&3
		fi
	done <<-'END'
		-t ext2 -b 1024
		-t ext2 -b 4096
		-t ext3 -b 1024
		-t ext3 -b 2048
		-t ext4 -b 1024
		-t ext4 -b 2048
		-t ext4 -b 4096
		-t ext4 -I 128
		-t ext4 -I 1024
		-t ext4 -O bigalloc -b 4096 -C 16384
		-t ext4 -O bigalloc -b 1024
		-t ext4 -O inline_data
		-t ext4 -O inline_data,^metadata_csum
		-t ext4 -O ea_inode
		-t ext4 -O ea_inode,inline_data -b 1024
		-t ext4 -O large_dir
		-t ext4 -O casefold
		-t ext4 -O encrypt
		-t ext4 -O verity
		-t ext4 -O quota
		-t ext4 -O quota,project
		-t ext4 -O orphan_file
		-t ext4 -O ^flex_bg -b 1024
		-t ext4 -O meta_bg,^resize_inode -b 1024
		-t ext4 -O sparse_super2 -b 1024
		-t ext4 -O ^64bit
		-t ext4 -O ^metadata_csum,uninit_bg -b 1024
		-t ext4 -O ^metadata_csum,^uninit_bg
		-t ext4 -O mmp
		-t ext4 -O metadata_csum_seed
		-t ext4 -O ^has_journal
		-t ext4 -O ^dir_index
		-t ext4 -O ^filetype
		-t ext4 -O ^extent,^64bit
	END
}

@test "verify: 100 mutants get the same answer from e2fsck" {
	local i=0 images=()
	if [[ $EUID = 0 ]] && mke2fs -q -F -t ext4 probe.img 16M &&
	   can_mount probe.img; then
		while read -r options; do
			i=$((i + 1))
			# shellcheck disable=SC2086
			filled "m$i.img" $options && images+=("m$i.img")
		done <<-'END'
			-t ext4 -b 4096
			-t ext4 -b 1024
			-t ext2 -b 1024
			-t ext4 -O bigalloc -b 4096 -C 16384
			-t ext4 -O inline_data,ea_inode -b 1024
			-t ext4 -O ^metadata_csum,uninit_bg -b 1024
		END
	fi
	if [[ ${#images[@]} = 0 ]]; then
		echo '# no loop mounts here: mutants of our own images' >&3
		small_tree t
		create m.img -s 16M t
		images=(m.img)
	fi
	run python3 "$BATS_TEST_DIRNAME/../prop/mutate.py" --e4pack "$E4PACK" \
		--count "${MUTANTS:-100}" --seed "${SEED:-1}" "${images[@]}"
	[ "$status" -eq 0 ] || fail 'they differ'
}

@test "verify: faults are told with path and inode" {
	small_tree t
	create good.img -O ^metadata_csum t
	cp good.img bad.img
	debug bad.img 'sif /one links_count 7'
	faulty bad.img '^/(etc/one-again|one) \(inode [0-9]+\): it counts 7 links, 2 found$'
	cp good.img bad.img
	debug bad.img 'sif /bin/numbers size 10'
	faulty bad.img '^/bin/numbers \(inode [0-9]+\): its size is 10, but'
	cp good.img bad.img
	debug bad.img 'sif /block blocks 99'
	faulty bad.img '^/block \(inode [0-9]+\): its count of sectors is 99'
	cp good.img bad.img
	debug bad.img 'clri /nothing'
	faulty bad.img '^/ \(inode 2\): entry "nothing" in block 0: its inode is not in use$'
	cp good.img bad.img
	debug bad.img 'unlink /block'
	faulty bad.img '^inode [0-9]+: it is in use and has no name$'
	cp good.img bad.img
	debug bad.img 'freeb 1'
	faulty bad.img '^group 0: the block bitmap says that block 1 is free'
	cp good.img bad.img
	debug bad.img 'ssv free_blocks_count 1'
	faulty bad.img '^superblock: it counts 1 free blocks'
	cp good.img bad.img
	debug bad.img 'sif /etc/link mode 0100777'
	faulty bad.img '"link" in block 0: it has another type than its inode'
	cp good.img bad.img
	debug bad.img 'ln /etc /twice'
	faulty bad.img 'entry "(etc|twice)" in block 0: the folder has another name'
}

@test "verify: each checksum" {
	small_tree t
	create good.img -b 1024 t
	while read -r words; do
		read -r place pattern <<<"$words"
		cp good.img bad.img
		python3 - "$place" <<-'END'
			import sys
			sys.path.insert(0, __import__("os").environ["LIB"])
			import ext4read, struct
			i = ext4read.Image("bad.img")
			d = i.descriptor(0)
			at = {
			    "super": 1024 + 0x88,
			    "copy": (i.first_block + i.per_group) * 1024 + 0x88
			        if i.groups > 1 else 1024 + 0x88,
			    "group": i.descriptor_at(0) + 0x14,
			    "blocks": struct.unpack_from("<I", d, 0)[0] * 1024 + 300,
			    "inodes": struct.unpack_from("<I", d, 4)[0] * 1024,
			    "inode": i.table(0) * 1024 + 11 * i.inode_size + 0x64,
			    "folder": i.find(b"bin").extents()[0].pblk * 1024 + 1000,
			}[sys.argv[1]]
			with open("bad.img", "r+b") as f:
			    f.seek(at)
			    byte = f.read(1)
			    f.seek(at)
			    f.write(bytes([byte[0] ^ 0x10]))
		END
		faulty bad.img "$pattern"
	done <<-'END'
		super ^superblock: wrong checksum
		group ^group 0: the descriptor has a wrong checksum
		blocks ^group 0: the block bitmap has a wrong checksum
		inodes ^group 0: the inode bitmap has a wrong checksum
		inode \(inode 12\): wrong checksum
		folder ^/bin \(inode [0-9]+\): folder block 0: wrong checksum
	END
}

@test "verify: a copy of the superblock that differs" {
	mkdir t
	create new.img -b 1024 -s 16M t
	printf x | dd of=new.img bs=1 seek=$((8193 * 1024 + 104)) conv=notrunc \
		status=none
	faulty new.img '^group 1: the copy of the superblock has another UUID$'
}

@test "verify: JSON has one document a fault, and the sum" {
	small_tree t
	create new.img -O ^metadata_csum t
	run --separate-stderr e4pack verify --json new.img
	[ "$status" -eq 0 ]
	[ "$(jq -c 'keys' <<<"$output")" = \
		'["clusters_in_use","directories","faults","files","image","others"]' ]
	debug new.img 'sif /block links_count 3'
	run --separate-stderr e4pack verify --json new.img
	[ "$status" -eq 3 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -r .path <<<"${lines[0]}")" = /block ]
	[ "$(jq -r .fault <<<"${lines[0]}")" = 'it counts 3 links, 1 found' ]
	[ "$(jq -r .faults <<<"${lines[1]}")" = 1 ]
}

@test "verify: a journal whose size is not that of its log" {
	small_tree t
	create new.img -s 16M t
	for size in 4194303 4190208 4194305 8388608; do
		cp --sparse=always new.img bad.img
		debug bad.img "sif <8> size $size"
		! e2fsck -fn bad.img >/dev/null 2>&1
		faulty bad.img 'the journal( is damaged|.s size is [0-9]+, of)'
	done
}

@test "verify: an image whose journal waits is checked as after it" {
	need_root
	mke2fs -q -F -t ext4 -b 4096 live.img 32M
	can_mount live.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop,commit=1 live.img mnt
	small_tree mnt/t
	sync -f mnt
	cp live.img new.img
	umount mnt
	run --separate-stderr e4pack verify new.img
	[ "$status" -eq 0 ] || fail "ended with $status"
	warned 'waits to be replayed'
}

@test "verify: rows 65 and 75, no image or a part of one" {
	: >empty
	printf x >one
	head -c 100000 /dev/urandom >junk
	mkdir folder
	for what in empty one junk folder /dev/null missing; do
		run --separate-stderr e4pack verify "$what"
		[ "$status" -eq 1 ] || fail "$what: $status"
		told verify
		[ -z "$output" ]
	done
	mkdir t
	create new.img -s 16M t
	truncate -s 1M new.img
	faulty new.img 'bytes short'
}

@test "verify: rows 70 to 74, random damage never crashes or hangs" {
	small_tree t
	create good.img -O ^metadata_csum -s min t
	python3 - "$E4PACK" good.img <<-'END'
		import random, subprocess, sys
		good = open(sys.argv[2], "rb").read()
		for seed in range(200):
		    r = random.Random(seed)
		    data = bytearray(good)
		    for _ in range(r.choice((1, 4, 64, 1000))):
		        top = r.choice((2048, 1 << 17, len(data)))
		        at = r.randrange(1024, min(top, len(data)))
		        data[at] = r.choice((0, 1, 0x7f, 0xff,
		                             r.randrange(256)))
		    with open("bad.img", "wb") as f:
		        f.write(data)
		    status = subprocess.run(
		        [sys.argv[1], "verify", "bad.img"], timeout=30,
		        stdout=subprocess.DEVNULL,
		        stderr=subprocess.DEVNULL).returncode
		    assert status in (0, 1, 3), (seed, status)
	END
}

@test "verify: the image is opened read-only and never changed" {
	small_tree t
	create new.img t
	sum=$(sha256sum new.img)
	chmod 444 new.img
	e4pack verify new.img >/dev/null
	[ "$sum" = "$(sha256sum new.img)" ]
	need strace
	strace -f -o trace "$E4PACK" verify new.img >/dev/null
	[ "$(grep -cE 'open(at)?\(.*new\.img.*O_(RDWR|WRONLY)' trace)" -eq 0 ]
}

@test "verify: wrong usage, and output that cannot be written" {
	misused verify
	mkdir t
	create other.img t
	misused verify other.img --frobnicate
	[ -c /dev/full ] || skip 'no /dev/full'
	run bash -c '"$E4PACK" verify other.img >/dev/full'
	[ "$status" -eq 1 ]
}
