// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal as the superblock names it, and the superblock of its log,
 * which is big-endian:
 *
 *	0  magic	4  block type, 3 or 4	12  block size
 *	16 blocks	20 first of the log	24  first sequence expected
 *	28 where it begins, 0: nothing to replay	32  error
 *	36 compatible, 40 incompatible, 44 read-only features
 *	80 checksum type	84 blocks for fast commits	252 checksum
 *
 * Only type 4 has what begins at 36.
 */
#include "report/info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "image/read_inode.h"
#include "image/read_map.h"

enum {
	JOURNAL_LEN = 1024,	/* of the superblock of a log */
	JOURNAL_SUPER_V1 = 3,
	JOURNAL_SUPER_V2 = 4,
	AT_CSUM = 252,
	INCOMPAT_CSUM_V2 = 8,
	INCOMPAT_CSUM_V3 = 16,
	WORDS_OF_INODE = 15,
};

#define JOURNAL_MAGIC UINT32_C(0xc03b3998)

/* What a walk of the journal's mapping finds. */
struct journal_map {
	uint64_t blocks;
	uint64_t first;		/* where the superblock lies; 0: nowhere */
};

static errcode_t take_extent(void *arg, const struct extent *e)
{
	struct journal_map *m = arg;

	if (e->lblk == 0 && !e->unwritten)
		m->first = e->pblk;
	m->blocks += e->len;
	return 0;
}

static errcode_t add_feature(struct buf *words, const char *name)
{
	if (words->len && buf_add(words, " ", 1))
		return ENOMEM;
	return buf_add_str(words, name);
}

/* Add names of the bits in one word; a bit without one is a number. */
static errcode_t add_features(struct buf *words, uint32_t bits,
			      const char *const *names, size_t n,
			      const char *kind)
{
	char number[32];
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < 32; i++) {
		if (!(bits >> i & 1))
			continue;
		snprintf(number, sizeof(number), "%s:0x%x", kind, 1u << i);
		err = add_feature(words, i < n ? names[i] : number);
	}
	return err;
}

static errcode_t show_features(struct sheet *s, const uint8_t *j)
{
	static const char *const compat[] = { "checksum" };
	static const char *const incompat[] = {
		"revoke", "64bit", "async_commit", "checksum_v2",
		"checksum_v3", "fast_commit",
	};
	struct buf words = BUF_INIT;
	errcode_t err = 0;

	if (get_be32(j + 4) == JOURNAL_SUPER_V2) {
		err = add_features(&words, get_be32(j + 36), compat, 1,
				   "compat");
		if (!err)
			err = add_features(&words, get_be32(j + 40), incompat,
					   6, "incompat");
		if (!err)
			err = add_features(&words, get_be32(j + 44), NULL, 0,
					   "ro_compat");
	}
	if (!err && !buf_str(&words))
		err = ENOMEM;
	if (!err)
		sheet_words(s, "features", (char *)words.data);
	buf_release(&words);
	return err;
}

static bool csum_is_good(const uint8_t *j)
{
	static const uint8_t zero[4] = { 0, 0, 0, 0 };
	uint32_t crc = format_crc32c(UINT32_MAX, j, AT_CSUM);

	crc = format_crc32c(crc, zero, sizeof(zero));
	crc = format_crc32c(crc, j + AT_CSUM + 4, JOURNAL_LEN - AT_CSUM - 4);
	return crc == get_be32(j + AT_CSUM);
}

static void show_csum(struct sheet *s, const uint8_t *j)
{
	static const char *const types[] = {
		"none", "crc32", "md5", "sha1", "crc32c",
	};
	const uint8_t type = j[80];

	if (get_be32(j + 4) != JOURNAL_SUPER_V2 ||
	    !(get_be32(j + 40) & (INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3)))
		return;
	if (type < sizeof(types) / sizeof(types[0]))
		sheet_text(s, "checksum_type", types[type]);
	else
		sheet_number(s, "checksum_type", type);
	sheet_hex(s, "checksum", get_be32(j + AT_CSUM));
	sheet_bool(s, "checksum_good", csum_is_good(j));
}

static errcode_t show_log(struct sheet *s, struct image *img, uint64_t pblk)
{
	uint8_t j[JOURNAL_LEN];
	const uint8_t *block;
	uint32_t type;
	errcode_t err = image_peek(img, &block, pblk);

	if (err)
		return err;
	memcpy(j, block, sizeof(j));
	type = get_be32(j + 4);
	if (get_be32(j) != JOURNAL_MAGIC ||
	    (type != JOURNAL_SUPER_V1 && type != JOURNAL_SUPER_V2))
		return image_bad(img, "the journal has no superblock");
	err = show_features(s, j);
	sheet_text(s, "state", get_be32(j + 28) ? "pending" : "empty");
	sheet_number(s, "start", get_be32(j + 28));
	sheet_number(s, "sequence", get_be32(j + 24));
	sheet_number(s, "log_blocks", get_be32(j + 16));
	sheet_number(s, "log_first", get_be32(j + 20));
	if (type == JOURNAL_SUPER_V2)
		sheet_number(s, "fast_commit_blocks", get_be32(j + 84));
	sheet_number(s, "error", get_be32(j + 32));
	show_csum(s, j);
	return err;
}

static errcode_t show_internal(struct sheet *s, const struct super_journal *j,
			       struct image *img)
{
	struct journal_map map = { 0, 0 };
	const struct map_visitor v = { .extent = take_extent, .arg = &map };
	struct inode_info i;
	bool same = true;
	errcode_t err = read_inode(&i, img, j->ino);
	uint32_t k;

	if (!err)
		err = read_map(img, &i, &v);
	if (err)
		return err;
	sheet_bytes(s, "size", i.size);
	sheet_number(s, "blocks", map.blocks);
	if (j->backup_type == 1) {
		for (k = 0; k < WORDS_OF_INODE; k++)
			same &= get_le32(i.i_block + 4 * k) == j->backup[k];
		same &= ((uint64_t)j->backup[15] << 32 | j->backup[16]) ==
			i.size;
		sheet_text(s, "backup", same ? "inode blocks" :
			   "inode blocks, which differ");
	} else {
		sheet_text(s, "backup", "none");
	}
	if (map.first == 0)
		return image_bad(img, "the journal has no first block");
	return show_log(s, img, map.first);
}

errcode_t info_show_journal(struct sheet *s, const struct super_info *info,
			    struct image *img)
{
	const struct super_journal *j = &info->journal;
	errcode_t err = 0;

	if (!features_has(&info->features, "has_journal"))
		return 0;
	sheet_open(s, "journal");
	if (j->ino) {
		sheet_number(s, "inode", j->ino);
		err = show_internal(s, j, img);
	} else {
		sheet_text(s, "place", "external");
		sheet_text(s, "uuid", j->uuid);
		sheet_hex(s, "device", j->dev);
	}
	sheet_close(s);
	return err;
}
