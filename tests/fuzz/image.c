// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every question that an image can be asked, of an image that may be anything.
 *
 * An input is an image in short: its size in KiB (4 bytes, little-endian),
 * then pieces of 4 + 1024 bytes, the number of a KiB and what is in it; all
 * else is zeros.  So a mutation hits what counts, and a hostile image may be
 * far larger than its input.  Checksums need no mending: wrong ones are told
 * and the rest is shown.
 */
#include "fuzz.h"

#include <string.h>

#include "base/endian.h"

enum {
	PIECE = 1024,
	RECORD = 4 + PIECE,
	MAX_KIB = 1 << 18,	/* 256 MiB: blocks cost time, too */
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
	__attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

/* Names that the seeds have. */
static const char *const names[] = {
	".", "f", "d", "many", "fast", "slow", "dev", "holes", "big", "tiny",
	"d/g", "lost+found", "acl", "none",
};
static const char *const globs[] = { "*", "*/[a-m]*" };

enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* Make the image of @pieces pieces. */
static void fill(struct fuzz_file *f, const uint8_t *data, size_t pieces)
{
	const size_t size = 4 + pieces * RECORD;
	const uint64_t kib = get_le32(data) % (MAX_KIB + 1);
	size_t at;

	fuzz_open(f, kib * PIECE);
	for (at = 4; at + RECORD <= size; at += RECORD) {
		uint64_t n = get_le32(data + at);

		if (n < kib)
			fuzz_put(f, data + at + 4, PIECE, n * PIECE);
	}
	fuzz_seal(f);
}

static void ask_trees(const struct e4pack_inspect_options *inspect,
		      const char *path)
{
	const struct e4pack_tree_options all = {
		.inspect = *inspect, .attributes = true, .inodes = true,
		.recursive = true,
	};
	const struct e4pack_tree_options few = {
		.inspect = *inspect, .follow = true,
	};

	e4pack_ls(&all, path, NULL, 0);
	e4pack_ls(&few, path, globs, 2);
	e4pack_stat(&few, path, names, NAMES);
}

/* What comes out as text only, or is the same in both forms. */
static void ask_once(const struct e4pack_inspect_options *inspect,
		     struct fuzz_ear *ear, const char *path)
{
	const struct e4pack_tree_options few = { .inspect = *inspect };
	const struct e4pack_extract_options extract = {
		.inspect = *inspect, .archive = "-",
	};
	struct e4pack_frag_options frag = {
		.inspect = *inspect, .svg = "-", .top = 5,
	};

	e4pack_frag(&frag, path, NULL, 0);
	frag.svg = NULL;
	frag.csv = true;
	e4pack_frag(&frag, path, names, NAMES);
	fuzz_forget(ear);
	e4pack_cat(&few, path, names, NAMES);
	fuzz_forget(ear);
	e4pack_extract(&extract, path, NULL, 0);
	fuzz_forget(ear);
}

static void ask(const char *path, const char *other, bool json)
{
	struct fuzz_ear ear;
	struct e4pack_inspect_options inspect = {
		.output = fuzz_output, .output_arg = &ear, .json = json,
	};
	struct e4pack_info_options info = { .groups = true };
	struct e4pack_frag_options frag = { .top = 3 };
	struct e4pack_journal_options journal = { .replay = false };
	struct e4pack_verify_options verify = {
		.output = fuzz_output, .output_arg = &ear, .json = json,
		.build = { .threads = 1 },
	};

	fuzz_listen(&ear, &inspect.session);
	verify.build.session = inspect.session;
	info.inspect = frag.inspect = journal.inspect = inspect;
	e4pack_info(&info, path);
	e4pack_es(&inspect, path, NULL, 0);
	fuzz_forget(&ear);
	e4pack_frag(&frag, path, NULL, 0);
	e4pack_journal(&journal, path);
	fuzz_forget(&ear);
	e4pack_verify(&verify, path, NULL, 0);
	fuzz_forget(&ear);
	ask_trees(&inspect, path);
	fuzz_forget(&ear);
	e4pack_diff(&inspect, path, other);
	fuzz_forget(&ear);
	if (!json)
		ask_once(&inspect, &ear, path);
}

/* The image is compared with itself without its last piece. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t pieces = size < 4 ? 0 : (size - 4) / RECORD;
	struct fuzz_file f, other;

	if (!pieces)
		return 0;
	fill(&f, data, pieces);
	fill(&other, data, pieces - 1);
	ask(f.path, other.path, false);
	ask(f.path, other.path, true);
	fuzz_close(&other);
	fuzz_close(&f);
	return 0;
}

/* SplitMix64, as libFuzzer gives no more than a seed. */
static uint32_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z >> 32);
}

/* Something that a field of an image may hold. */
static uint32_t value(uint64_t *state, const uint8_t *data, size_t pieces)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 11, 12, 0x7f, 0x80, 0xff, 0x100, 0x3ff,
		0x400, 0x7fff, 0x8000, 0x8001, 0xfffc, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
	};

	switch (next(state) % 4) {
	case 0:
		return edges[next(state) % (sizeof(edges) / sizeof(edges[0]))];
	case 1:	/* a block that is there */
		return get_le32(data + 4 + next(state) % pieces * RECORD);
	case 2:
		return next(state) % 64;
	default:
		return UINT32_C(1) << next(state) % 32;
	}
}

static void change_field(uint64_t *state, uint8_t *data, size_t pieces)
{
	uint8_t *piece = data + 4 + next(state) % pieces * RECORD + 4;
	uint32_t v = value(state, data, pieces);
	uint8_t *at = piece + next(state) % (PIECE / 4) * 4;

	switch (next(state) % 6) {
	case 0:
		put_le32(at, v);
		break;
	case 1:
		put_le16(at, (uint16_t)v);
		break;
	case 2:
		put_le16(at + 2, (uint16_t)v);
		break;
	case 3:
		at[next(state) % 4] = (uint8_t)v;
		break;
	case 4:
		put_le32(at, get_le32(at) ^ v);
		break;
	default:
		put_le32(at, get_le32(at) + (next(state) % 9) - 4);
	}
}

/* One piece after another, or the same bytes elsewhere. */
static void copy_part(uint64_t *state, uint8_t *data, size_t pieces)
{
	uint8_t *from = data + 4 + next(state) % pieces * RECORD + 4;
	uint8_t *to = data + 4 + next(state) % pieces * RECORD + 4;
	size_t len = 4 << next(state) % 9;

	memmove(to + next(state) % (PIECE / len) * len,
		from + next(state) % (PIECE / len) * len, len);
}

/* Fields are changed in their places, so that the pieces stay pieces. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	const size_t pieces = size < 4 ? 0 : (size - 4) / RECORD;
	uint64_t state = seed;
	uint32_t n = next(&state) % 4 + 1;

	if (!pieces)
		return LLVMFuzzerMutate(data, size, max);
	size = 4 + pieces * RECORD;
	while (n--) {
		uint8_t *piece = data + 4 + next(&state) % pieces * RECORD;

		switch (next(&state) % 16) {
		case 0:
			LLVMFuzzerMutate(piece + 4, PIECE, PIECE);
			break;
		case 1:
			copy_part(&state, data, pieces);
			break;
		case 2:	/* elsewhere in the image */
			put_le32(piece, value(&state, data, pieces));
			break;
		case 3:	/* there a second time */
			if (size + RECORD <= max) {
				memcpy(data + size, piece, RECORD);
				put_le32(data + size,
					 value(&state, data, pieces));
				size += RECORD;
			}
			break;
		case 4:
			if (next(&state) % 8 == 0)
				put_le32(data, get_le32(data) ^
					 UINT32_C(1) << next(&state) % 19);
			break;
		default:
			change_field(&state, data, pieces);
		}
	}
	return size;
}
