#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016
# frag --svg and --csv: pictures and tables of images.

load helper

# draws IMAGE PICTURE: the picture agrees with the tests' own reader.
draws() {
	python3 "$LIB/check_picture.py" "$1" "$2"
}

# fragmented IMAGE: two files whose blocks alternate, and folders.
fragmented() {
	local i
	for i in $(seq 1 60); do
		echo "append /logs/a zero:4096"
		echo "append /logs/b random:$i:4096"
	done | {
		echo mkdir /logs
		echo 'put random:1:900000 /whole'
		cat
	} >script
	e4pack batch --new -q -F -s 32M --nodelalloc "$1" -- script
	[ "$(e4pack frag --json "$1" | jq .fragmented_files)" -eq 2 ]
}

@test "svg: agrees with the tests' own reader" {
	small_tree t
	for bs in 1024 4096; do
		rm -f new.img
		create new.img -b "$bs" t
		run --separate-stderr e4pack frag --svg out.svg new.img
		[ "$status" -eq 0 ]
		[[ $output = *'free runs:'* ]] || fail 'no report beside it'
		draws new.img out.svg
	done
}

@test "svg: what is fragmented is highlighted and named" {
	fragmented new.img
	e4pack frag --svg out.svg new.img
	draws new.img out.svg
	grep -q 'class="x"[^>]*><title>[^<]*: fragmented /logs/[ab]' out.svg
	grep -q '>[^<]* 2 fragmented; score' out.svg
	run ! grep -q 'fragmented /whole' out.svg
}

@test "svg: title, size, legend and axes" {
	fragmented new.img
	e4pack frag --svg out.svg new.img
	for words in '>new.img<' '>32.0 MiB, 8192 blocks of 4096 bytes' \
		'>files<' '>fragmented files<' '>folders<' '>journal<' \
		'>metadata, other<' '>free<' '>fragments in it<' \
		'>Number of free runs' '>Share of the free space' \
		'>length of the free run, at least<' '>Position in the image'; do
		grep -qF -- "$words" out.svg || fail "no $words"
	done
	# The whole is a picture of its own size, on a ground of its own.
	grep -q '<rect width="1120" height="[0-9]*" fill="#fff"/>' out.svg
}

@test "svg: the same image gives the same bytes" {
	fragmented new.img
	e4pack frag --svg a.svg new.img
	e4pack frag --json --svg b.svg new.img >/dev/null
	e4pack frag --csv --svg c.svg new.img >/dev/null
	e4pack frag --svg - new.img >d.svg
	same_bytes a.svg b.svg c.svg d.svg
}

@test "svg: an image that the kernel wrote and aged" {
	need_root
	mke2fs -q -F -t ext4 ref.img 64M
	can_mount ref.img || skip 'no loop mounts here'
	mkdir mnt
	mount -o loop ref.img mnt
	for i in $(seq 1 300); do
		seq 1 "$((i * 40))" >"mnt/f$i"
		[ $((i % 3)) -ne 0 ] || rm "mnt/f$((i - 1))"
	done
	umount mnt
	e4pack frag --svg out.svg ref.img
	draws ref.img out.svg
}

@test "svg: images with few blocks, and with few free ones" {
	mkdir t
	create new.img -s min t
	e4pack frag --svg out.svg new.img
	draws new.img out.svg
	rm new.img
	create new.img -s 512K -O ^has_journal -b 1024 t
	e4pack frag --svg out.svg new.img
	grep -q 'cells is 1 block (1.0 KiB)' out.svg
	draws new.img out.svg
}

@test "svg: 1 TiB stays small and quick" {
	truncate -s 1T huge.img
	mke2fs -q -F -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 huge.img
	LIMIT=60 run --separate-stderr e4pack frag --svg out.svg huge.img
	[ "$status" -eq 0 ]
	[ "$(stat -c %s out.svg)" -lt 300000 ]
	python3 -c 'import xml.dom.minidom as m; m.parse("out.svg")'
	grep -q 'cells is 65536 blocks (256.0 MiB)' out.svg
}

@test "svg: as many cells as can be, with the longest names" {
	mkdir t
	# Every block of a file of its own, whose name grows in XML.
	python3 - <<-'END'
		import os
		for i in range(4500):
		    name = b"t/%05d" % i + b"&<\xff\n" * 40
		    with open(name, "wb") as f:
		        f.write(b"x")
	END
	create new.img -b 1024 -s min -O ^has_journal t
	e4pack frag --svg out.svg new.img
	[ "$(stat -c %s out.svg)" -lt 900000 ]
	python3 -c 'import xml.dom.minidom as m; m.parse("out.svg")'
}

@test "svg: names that XML cannot hold" {
	mkdir t
	for name in $'\xff\xfe' $'new\nline' $'esc\e[31m' '<&>"]]>' \
		$'not\xef\xbf\xbfa character' $'\xed\xa0\x80' 'ümläut' \
		"$(printf 'é%.0s' $(seq 1 120))"; do
		head -c 300000 /dev/zero | tr '\0' x >"t/$name"
	done
	create "n&<x>$'\xff'.img" -s 8M t
	e4pack frag --svg out.svg "n&<x>$'\xff'.img"
	python3 - <<-'END'
		import xml.etree.ElementTree as tree
		words = [t.text for t in tree.parse("out.svg").iter(
		    "{http://www.w3.org/2000/svg}title")]
		for name in ("/\\xff\\xfe", "/new\\x0aline", "/esc\\x1b[31m",
		             "/<&>\"]]>", "/not\\xef\\xbf\\xbfa character",
		             "/\\xed\\xa0\\x80", "/\u00fcml\u00e4ut"):
		    assert any(w.endswith(": " + name) for w in words), name
		assert any("\u00e9\u2026\u00e9" in w for w in words), "cut"
	END
}

@test "svg: only what was asked for, with paths" {
	fragmented new.img
	run --separate-stderr e4pack frag --svg out.svg new.img -- /logs/a
	[ "$status" -eq 0 ]
	grep -q ': fragmented /logs/a<' out.svg
	run ! grep -Eq '/logs/b|/whole' out.svg
	grep -q 'class="j"' out.svg
}

@test "svg: a picture that is there is replaced, whole or not at all" {
	small_tree t
	create new.img t
	echo old >out.svg
	run --separate-stderr e4pack frag --svg out.svg new.img /nowhere
	[ "$status" -eq 1 ]
	[ "$(<out.svg)" = old ]
	tidy
	e4pack frag --svg out.svg new.img
	draws new.img out.svg
	tidy
}

@test "svg: never over the image, whatever its name" {
	small_tree t
	create new.img t
	ln new.img again.img
	ln -s new.img link.img
	sum=$(sha256sum <new.img)
	for name in new.img ./new.img again.img; do
		run --separate-stderr e4pack frag --svg "$name" new.img
		[ "$status" -eq 2 ] || fail "$name: $status"
		told frag
	done
	run --separate-stderr e4pack frag --svg link.img new.img
	[ "$status" -ne 0 ]
	run --separate-stderr e4pack frag --svg new.img link.img
	[ "$status" -eq 2 ]
	[ "$sum" = "$(sha256sum <new.img)" ]
	tidy
}

@test "svg: where no picture can be" {
	small_tree t
	create new.img t
	for name in nowhere/out.svg t /dev/full; do
		run --separate-stderr e4pack frag --svg "$name" new.img
		[ "$status" -eq 1 ] || fail "$name: $status"
		[ -z "$output" ] || fail "$name: a report all the same"
		told frag
	done
}

@test "svg: a disk that is full" {
	need_root
	small_tree t
	create new.img t
	mkdir small
	mount -t tmpfs -o size=8k tmpfs small || skip 'no tmpfs'
	run --separate-stderr e4pack frag --svg small/out.svg new.img
	[ "$status" -eq 1 ]
	told frag
	[ -z "$(ls -A small)" ]
}

@test "svg: on standard output it is alone there" {
	small_tree t
	create new.img t
	e4pack frag --svg - new.img >out.svg
	draws new.img out.svg
	mv new.img old.img
	misused frag --svg - --json old.img
	misused frag --svg - --csv old.img
	run --separate-stderr bash -c '"$E4PACK" frag --svg - old.img >/dev/full'
	[ "$status" -eq 1 ]
}

@test "svg: of damaged images, too" {
	small_tree t
	create good.img -O ^metadata_csum -s min t
	python3 - "$E4PACK" good.img <<-'END'
		import random, subprocess, sys
		import xml.dom.minidom as m
		good = open(sys.argv[2], "rb").read()
		drawn = 0
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
		    p = subprocess.run(
		        [sys.argv[1], "frag", "--svg", "-", "bad.img"],
		        timeout=20, stdout=subprocess.PIPE,
		        stderr=subprocess.DEVNULL)
		    assert p.returncode in (0, 1), (seed, p.returncode)
		    if p.stdout:
		        m.parseString(p.stdout)
		        drawn += 1
		assert drawn > 20, drawn
	END
}

@test "csv: a line for each file, as --json has it" {
	small_tree t
	create new.img t
	e4pack frag --csv new.img >out.csv
	[ "$(head -n 1 out.csv)" = \
		path,inode,size,blocks,extents,ideal,unavoidable,path_b64 ]
	e4pack frag --json new.img / >out.json
	e4pack es --json new.img | jq -s 'map({(.path): .size}) | add' >es.json
	python3 - <<-'END'
		import csv, json
		with open("out.csv", newline="") as f:
		    rows = list(csv.DictReader(f))
		names = [r["path"] for r in rows]
		assert names == sorted(names), names
		assert set(names) == set(json.load(open("es.json"))), names
		files = {r["path"]: r for r in json.load(open("out.json"))["paths"]
		         if "size" in r}
		for r in rows:
		    want = files.pop(r["path"], None)
		    if want is None:
		        assert int(r["extents"]) == 0, r
		        continue
		    for key in want:
		        assert r[key] == str(want[key]), (key, r, want)
		    assert r["path_b64"] == ""
		assert not files, files
	END
}

@test "csv: names of any bytes are quoted, or escaped and exact" {
	mkdir t
	for name in 'a,b' 'q"q' $'new\nline' $'cr\rx' $'\xff\xfe\\' '=1+1'; do
		echo x >"t/$name"
	done
	create new.img t
	e4pack frag --csv new.img >out.csv
	python3 - <<-'END'
		import base64, csv
		with open("out.csv", newline="") as f:
		    rows = list(csv.DictReader(f, strict=True))
		got = {base64.b64decode(r["path_b64"]) if r["path_b64"]
		       else r["path"].encode() for r in rows}
		assert got == {b"/a,b", b"/q\"q", b"/new\nline", b"/cr\rx",
		               b"/\xff\xfe\\", b"/=1+1"}, got
		assert any(r["path"] == "/\\xff\\xfe\\x5c" for r in rows)
	END
}

@test "csv: paths, --top, --svg and --fail-over together" {
	fragmented new.img
	[ "$(e4pack frag --csv new.img /whole | wc -l)" -eq 2 ]
	[ "$(e4pack frag --csv new.img /logs | wc -l)" -eq 3 ]
	run --separate-stderr e4pack frag --csv --top 1 --svg out.svg \
		--fail-over 1 new.img
	[ "$status" -eq 3 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} = /logs/a,* ]] || [[ ${lines[1]} = /logs/b,* ]]
	draws new.img out.svg
	run --separate-stderr e4pack frag --csv --top 9 --fail-over 2 new.img
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	run --separate-stderr e4pack frag --csv --top 9 new.img /whole
	[ "${#lines[@]}" -eq 1 ]
}

@test "csv: not with --json" {
	small_tree t
	create new.img t
	mv new.img old.img
	misused frag --csv --json old.img
	misused frag --svg '' old.img
}
