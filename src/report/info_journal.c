// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal as the superblock names it, and the superblock of its log,
 * which is shown as far as it can be read: opening it, which refuses what is
 * damaged, is for those who want what is in it.
 */
#include "report/info.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "image/read_inode.h"
#include "journal/jsuper.h"
#include "journal/logmap.h"

enum { WORDS_OF_INODE = 15 };

static errcode_t show_features(struct sheet *s, const struct jsuper *j)
{
	struct jsuper_feature f = { .bit = 0 };
	struct buf words = BUF_INIT;
	errcode_t err = 0;

	while (!err && jsuper_next_feature(&f, j)) {
		if (words.len)
			err = buf_add(&words, " ", 1);
		if (!err)
			err = buf_add_str(&words, f.name);
	}
	if (!err && !buf_str(&words))
		err = ENOMEM;
	if (!err)
		sheet_words(s, "features", (char *)words.data);
	buf_release(&words);
	return err;
}

static void show_csum(struct sheet *s, const struct jsuper *j)
{
	static const char *const types[] = {
		"none", "crc32", "md5", "sha1", "crc32c",
	};

	if (!jsuper_has_csum(j))
		return;
	if (j->csum_type < sizeof(types) / sizeof(types[0]))
		sheet_text(s, "checksum_type", types[j->csum_type]);
	else
		sheet_number(s, "checksum_type", j->csum_type);
	sheet_hex(s, "checksum", get_be32(j->raw + JSUPER_AT_CSUM));
	sheet_bool(s, "checksum_good", jsuper_csum_is_good(j));
}

static errcode_t show_log(struct sheet *s, struct image *img, uint64_t pblk)
{
	struct jsuper j;
	const uint8_t *block;
	errcode_t err = image_peek(img, &block, pblk);

	if (err)
		return err;
	if (!jsuper_decode(&j, block))
		return image_bad(img, "the journal has no superblock");
	err = show_features(s, &j);
	sheet_text(s, "state", j.start ? "pending" : "empty");
	sheet_number(s, "start", j.start);
	sheet_number(s, "sequence", j.sequence);
	sheet_number(s, "log_blocks", j.blocks);
	sheet_number(s, "log_first", j.first);
	if (j.version == 2)
		sheet_number(s, "fast_commit_blocks", j.fc_field);
	sheet_signed(s, "error", j.error);
	show_csum(s, &j);
	return err;
}

/* Whether the superblock's copy of the journal's inode is true to it. */
static bool backup_is_same(const struct super_journal *j,
			   const struct inode_info *i)
{
	bool same = ((uint64_t)j->backup[15] << 32 | j->backup[16]) == i->size;
	uint32_t k;

	for (k = 0; k < WORDS_OF_INODE; k++)
		same &= get_le32(i->i_block + 4 * k) == j->backup[k];
	return same;
}

static errcode_t show_internal(struct sheet *s, const struct super_journal *j,
			       struct image *img)
{
	struct logmap map = { .runs = NULL };
	struct inode_info i;
	errcode_t err = read_inode(&i, img, j->ino);

	if (!err)
		err = logmap_read(&map, img, j->ino);
	if (err)
		goto out;
	sheet_bytes(s, "size", i.size);
	sheet_number(s, "blocks", map.blocks);
	sheet_text(s, "backup", j->backup_type != 1 ? "none" :
		   backup_is_same(j, &i) ? "inode blocks" :
		   "inode blocks, which differ");
	err = map.blocks ? show_log(s, img, map.runs[0].pblk) :
	      image_bad(img, "the journal has no first block");
out:
	logmap_release(&map);
	return err;
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
