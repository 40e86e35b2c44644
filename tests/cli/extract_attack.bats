#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2012
# extract: images that were made to do harm.  Nothing may come out beside the
# folder, nothing may take for ever, and what is refused is told.

load helper

# plain_image TREE: new.img without checksums, so that it can be changed.
plain_image() {
	e4pack create new.img "$1" -O '^metadata_csum' -F
}

# dirent NAME WHAT VALUE: change an entry of new.img.
dirent() {
	python3 "$LIB/dirent.py" new.img "$@"
}

# number PATH: its inode.
number() {
	e4pack es --json new.img / >/dev/null
	debugfs -R "stat $1" new.img 2>/dev/null |
		sed -n 's/^Inode: \([0-9]*\).*/\1/p'
}

# passes_over PATTERN: extract to out/in passes something over and says so;
# beside it nothing appears.
passes_over() {
	rm -rf out
	mkdir out
	echo safe >out/victim
	LIMIT=20 run --separate-stderr e4pack extract new.img -C out/in
	[[ $status = 1 ]] || fail "ended with $status" || return 1
	told extract || return 1
	mentions "$1" || return 1
	[[ $(ls -A out | tr '\n' ' ') = 'in victim ' && \
		$(<out/victim) = safe ]] || fail 'something is beside it' ||
		return 1
	LIMIT=20 run --separate-stderr e4pack extract new.img -o - >/dev/null
	[[ $status = 1 ]] || fail "the archive ended with $status"
}

@test "attack: a link and a folder of one name" {
	mkdir -p t/bbbb
	ln -s .. t/aaaa
	echo evil >t/bbbb/victim
	plain_image t
	dirent bbbb name aaaa
	passes_over 'name is in its folder twice'
	[ -L out/in/aaaa ]
}

@test "attack: a folder and a link of one name" {
	mkdir -p t/aaaa
	echo evil >t/aaaa/victim
	ln -s .. t/bbbb
	plain_image t
	dirent bbbb name aaaa
	passes_over 'name is in its folder twice'
	[ -d out/in/aaaa ]
	[ ! -L out/in/aaaa ]
}

@test "attack: two folders of one name, two files of one name" {
	mkdir -p t/aaaa t/bbbb
	echo 1 >t/aaaa/one
	echo 2 >t/bbbb/two
	echo 3 >t/cccc
	echo 4 >t/dddd
	plain_image t
	dirent bbbb name aaaa
	dirent dddd name cccc
	passes_over 'name is in its folder twice'
	[ "$(ls out/in/aaaa)" = one ]
	[ "$(cat out/in/cccc)" = 3 ]
}

@test "attack: a name with slashes, and one with NUL" {
	mkdir t
	echo evil >t/aa_victim
	echo good >t/good
	plain_image t
	dirent aa_victim name ../victim
	passes_over 'a name has a slash or NUL in it'
	[ "$(ls out/in)" = good ]
}

@test "attack: names that are dots" {
	mkdir -p t/aa t/d/bb
	echo evil >t/aa/victim
	echo evil >t/d/bb/victim
	plain_image t
	dirent aa name ..
	dirent bb name ..
	LIMIT=20 run --separate-stderr e4pack extract new.img -C out
	[ "$status" -le 1 ]
	[ ! -e victim ]
	[ ! -e out/victim ]
	[ "$(ls -A out)" = d ]
	[ -z "$(ls -A out/d)" ]
}

@test "attack: folders in a circle, and with two names" {
	mkdir -p t/a/loop t/b/self t/c/twin t/d
	echo x >t/d/file
	plain_image t
	dirent loop inode 2
	dirent self inode "$(number b)"
	dirent twin inode "$(number d)"
	passes_over 'has more than one name'
	[ "$(find out/in -name file | wc -l)" = 1 ]
	[ ! -e out/in/a/loop ]
}

@test "attack: an entry that leads to a free, a reserved, no inode" {
	mkdir t
	touch t/aaaa t/bbbb t/cccc
	echo good >t/good
	plain_image t
	dirent aaaa inode 4000000000
	dirent bbbb inode 8
	dirent cccc inode 0
	LIMIT=20 run --separate-stderr e4pack extract new.img -C out
	[ "$status" -le 1 ]
	[ "$(cat out/good)" = good ]
}

@test "attack: a file of 16 TiB is a hole, one beyond is refused" {
	mkdir t
	echo x >t/file
	echo good >t/good
	plain_image t
	debugfs -w -R 'set_inode_field file size 17592186040320' new.img \
		2>/dev/null
	LIMIT=20 run --separate-stderr e4pack extract new.img -C out
	if [ "$status" -eq 0 ]; then
		[ "$(stat -c %s out/file)" = 17592186040320 ]
		[ "$(stat -c %b out/file)" -le 16 ]
	else
		mentions 'cannot be written: File too large'
	fi
	LIMIT=20 run --separate-stderr e4pack extract new.img -o out.tar
	[ "$status" -eq 0 ]
	[ "$(stat -c %s out.tar)" -le 102400 ]
	debugfs -w -R 'set_inode_field file size 9223372036854775000' new.img \
		2>/dev/null
	passes_over 'over what a file can have'
	[ "$(cat out/in/good)" = good ]
}

@test "attack: damaged mappings leave no half file and no link to one" {
	mkdir t
	head -c 100000 /dev/urandom >t/file
	ln t/file t/link
	head -c 100000 /dev/urandom >t/other
	echo good >t/good
	plain_image t
	for name in file other; do
		debugfs -w -R "set_inode_field $name block[IND] 0x7fffffff" \
			new.img 2>/dev/null
		debugfs -w -R "set_inode_field $name block[5] 0x7fffffff" \
			new.img 2>/dev/null
	done
	passes_over 'inode [0-9]+:'
	[ "$(ls out/in)" = good ]
}

@test "attack: a socket of a symlink's length, a type that is none" {
	mkdir t
	echo x >t/aaaa
	echo good >t/good
	plain_image t
	debugfs -w -R 'set_inode_field aaaa mode 0' new.img 2>/dev/null
	passes_over 'type is none'
	debugfs -w -R 'set_inode_field aaaa mode 0120777' new.img 2>/dev/null
	debugfs -w -R 'set_inode_field aaaa size 4294967295' new.img 2>/dev/null
	LIMIT=20 run --separate-stderr e4pack extract new.img -C two
	[ "$status" -le 1 ]
	[ "$(cat two/good)" = good ]
}

@test "attack: every byte of a small image's metadata, changed" {
	mkdir -p t/d/e
	echo x >t/d/file
	ln t/d/file t/link
	ln -s d/file t/sym
	head -c 9000 /dev/urandom >t/d/e/data
	setfattr -n user.name -v value t/d/file 2>/dev/null || true
	plain_image t
	cp new.img kept.img
	python3 - "$E4PACK" <<'END'
import os, random, shutil, subprocess, sys
random.seed(7)
with open("kept.img", "rb") as f:
    image = f.read()
places = [at for at in range(1024, len(image) - 8, 4)
          if image[at:at + 4] != b"\0\0\0\0"]
os.mkdir("out")
for turn in range(150):
    changed = bytearray(image)
    for _ in range(random.choice((1, 1, 3))):
        at = random.choice(places)
        changed[at + random.randrange(4)] = random.choice(
            (0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    with open("new.img", "wb") as f:
        f.write(changed)
    for where in ("-C", "out/in"), ("-o", "out.tar"):
        done = subprocess.run([sys.argv[1], "extract", "-F", *where,
                               "new.img"], stderr=subprocess.PIPE,
                              timeout=20)
        if done.returncode not in (0, 1):
            shutil.copy("new.img", "bad.img")
            sys.exit("status %d: %s" % (done.returncode, done.stderr))
        if done.returncode and not done.stderr:
            sys.exit("a failure without a word")
    if sorted(os.listdir("out")) not in (["in"], []):
        sys.exit("something is beside the folder")
    subprocess.run(["chmod", "-R", "u+rwX", "out"], stderr=subprocess.PIPE)
    subprocess.run(["chattr", "-R", "-i", "-a", "out"],
                   stderr=subprocess.PIPE)
    shutil.rmtree("out/in", ignore_errors=True)
with open("new.img", "rb") as f:
    assert f.read() == bytes(changed), "the image was changed"
END
}
