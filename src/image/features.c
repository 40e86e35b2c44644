// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of features and the -O list. */
#include "image/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2fs.h>

#include "base/buf.h"
#include "base/errors.h"

enum feature_kind { COMPAT, INCOMPAT, RO_COMPAT };

struct feature {
	const char *name;
	uint8_t kind;
	bool written;		/* this program can make it */
	bool by_default;
	uint32_t bit;
};

static const struct feature table[] = {
	{ "has_journal", COMPAT, true, true,
	  EXT3_FEATURE_COMPAT_HAS_JOURNAL },
	{ "ext_attr", COMPAT, true, true, EXT2_FEATURE_COMPAT_EXT_ATTR },
	{ "resize_inode", COMPAT, true, true,
	  EXT2_FEATURE_COMPAT_RESIZE_INODE },
	{ "dir_index", COMPAT, true, true, EXT2_FEATURE_COMPAT_DIR_INDEX },
	{ "sparse_super2", COMPAT, true, false,
	  EXT4_FEATURE_COMPAT_SPARSE_SUPER2 },
	{ "fast_commit", COMPAT, false, false,
	  EXT4_FEATURE_COMPAT_FAST_COMMIT },
	{ "stable_inodes", COMPAT, false, false,
	  EXT4_FEATURE_COMPAT_STABLE_INODES },
	{ "orphan_file", COMPAT, false, false, 0x1000 },
	{ "dir_prealloc", COMPAT, false, false,
	  EXT2_FEATURE_COMPAT_DIR_PREALLOC },
	{ "imagic_inodes", COMPAT, false, false,
	  EXT2_FEATURE_COMPAT_IMAGIC_INODES },
	{ "filetype", INCOMPAT, true, true, EXT2_FEATURE_INCOMPAT_FILETYPE },
	{ "needs_recovery", INCOMPAT, false, false,
	  EXT3_FEATURE_INCOMPAT_RECOVER },
	{ "journal_dev", INCOMPAT, false, false,
	  EXT3_FEATURE_INCOMPAT_JOURNAL_DEV },
	{ "meta_bg", INCOMPAT, true, false, EXT2_FEATURE_INCOMPAT_META_BG },
	{ "extent", INCOMPAT, true, true, EXT3_FEATURE_INCOMPAT_EXTENTS },
	{ "extents", INCOMPAT, true, true, EXT3_FEATURE_INCOMPAT_EXTENTS },
	{ "64bit", INCOMPAT, true, true, EXT4_FEATURE_INCOMPAT_64BIT },
	{ "mmp", INCOMPAT, false, false, EXT4_FEATURE_INCOMPAT_MMP },
	{ "flex_bg", INCOMPAT, true, true, EXT4_FEATURE_INCOMPAT_FLEX_BG },
	{ "ea_inode", INCOMPAT, true, false,
	  EXT4_FEATURE_INCOMPAT_EA_INODE },
	{ "dirdata", INCOMPAT, false, false, EXT4_FEATURE_INCOMPAT_DIRDATA },
	{ "metadata_csum_seed", INCOMPAT, true, false,
	  EXT4_FEATURE_INCOMPAT_CSUM_SEED },
	{ "large_dir", INCOMPAT, true, false,
	  EXT4_FEATURE_INCOMPAT_LARGEDIR },
	{ "inline_data", INCOMPAT, true, false,
	  EXT4_FEATURE_INCOMPAT_INLINE_DATA },
	{ "encrypt", INCOMPAT, false, false, EXT4_FEATURE_INCOMPAT_ENCRYPT },
	{ "casefold", INCOMPAT, false, false,
	  EXT4_FEATURE_INCOMPAT_CASEFOLD },
	{ "sparse_super", RO_COMPAT, true, true,
	  EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER },
	{ "large_file", RO_COMPAT, true, true,
	  EXT2_FEATURE_RO_COMPAT_LARGE_FILE },
	{ "huge_file", RO_COMPAT, true, true,
	  EXT4_FEATURE_RO_COMPAT_HUGE_FILE },
	{ "uninit_bg", RO_COMPAT, true, false,
	  EXT4_FEATURE_RO_COMPAT_GDT_CSUM },
	{ "uninit_groups", RO_COMPAT, true, false,
	  EXT4_FEATURE_RO_COMPAT_GDT_CSUM },
	{ "dir_nlink", RO_COMPAT, true, true,
	  EXT4_FEATURE_RO_COMPAT_DIR_NLINK },
	{ "extra_isize", RO_COMPAT, true, true,
	  EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE },
	{ "quota", RO_COMPAT, false, false, EXT4_FEATURE_RO_COMPAT_QUOTA },
	{ "bigalloc", RO_COMPAT, true, false,
	  EXT4_FEATURE_RO_COMPAT_BIGALLOC },
	{ "metadata_csum", RO_COMPAT, true, true,
	  EXT4_FEATURE_RO_COMPAT_METADATA_CSUM },
	{ "project", RO_COMPAT, false, false,
	  EXT4_FEATURE_RO_COMPAT_PROJECT },
	{ "shared_blocks", RO_COMPAT, false, false,
	  EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS },
	{ "verity", RO_COMPAT, false, false, EXT4_FEATURE_RO_COMPAT_VERITY },
	{ "read-only", RO_COMPAT, false, false,
	  EXT4_FEATURE_RO_COMPAT_READONLY },
	{ "orphan_present", RO_COMPAT, false, false, 0x10000 },
};

enum { TABLE_LEN = sizeof(table) / sizeof(table[0]) };

/* Pairs that do not go together, or of which the first needs the second. */
struct rule {
	const char *a, *b;
	bool needs;
};

static const struct rule rules[] = {
	{ "resize_inode", "meta_bg", false },
	{ "resize_inode", "sparse_super2", false },
	{ "metadata_csum", "uninit_bg", false },
	{ "sparse_super", "sparse_super2", false },
	{ "metadata_csum_seed", "metadata_csum", true },
	{ "64bit", "extent", true },
	{ "bigalloc", "extent", true },
	{ "large_dir", "dir_index", true },
	{ "resize_inode", "large_file", true },
	{ "ea_inode", "ext_attr", true },
};

static uint32_t *word(struct features *f, uint8_t kind)
{
	return kind == COMPAT ? &f->compat :
	       kind == INCOMPAT ? &f->incompat : &f->ro_compat;
}

static const struct feature *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < TABLE_LEN; i++)
		if (strlen(table[i].name) == len &&
		    !strncmp(table[i].name, name, len))
			return &table[i];
	return NULL;
}

struct features features_default(void)
{
	struct features f = { 0, 0, 0 };
	size_t i;

	for (i = 0; i < TABLE_LEN; i++)
		if (table[i].by_default)
			*word(&f, table[i].kind) |= table[i].bit;
	return f;
}

bool features_has(const struct features *f, const char *name)
{
	struct features copy = *f;
	const struct feature *t = find(name, strlen(name));

	return t && (*word(&copy, t->kind) & t->bit);
}

static errcode_t edit_one(struct features *f, const char *name, size_t len,
			  struct diag *diag)
{
	bool clear = *name == '^' || *name == '-';
	const struct feature *t;

	if (len == 4 && !strncmp(name, "none", 4)) {
		memset(f, 0, sizeof(*f));
		return 0;
	}
	if (clear) {
		name++;
		len--;
	}
	t = find(name, len);
	if (!t)
		return diag_error(diag, "-O", E4PACK_ET_USAGE,
				  "no feature is called \"%.*s\"", (int)len,
				  name);
	if (clear) {
		*word(f, t->kind) &= ~t->bit;
		return 0;
	}
	if (!t->written)
		return diag_error(diag, "-O", E4PACK_ET_USAGE,
				  "%s cannot be written", t->name);
	*word(f, t->kind) |= t->bit;
	return 0;
}

/* Whether the list says anything of the feature @name. */
static bool mentions(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p = list;

	while (*p) {
		size_t n = strcspn(p, ", ");
		size_t skip = *p == '^' || *p == '-';

		if (n - skip == len && !strncmp(p + skip, name, len))
			return true;
		p += n;
		p += strspn(p, ", ");
	}
	return false;
}

/* What asking for one feature means for others, where the list itself says
 * nothing of them. */
static void settle(struct features *f, const char *list)
{
	if (features_has(f, "sparse_super2") || features_has(f, "meta_bg") ||
	    !features_has(f, "large_file"))
		if (!mentions(list, "resize_inode"))
			f->compat &= ~EXT2_FEATURE_COMPAT_RESIZE_INODE;
	if (features_has(f, "sparse_super2") && !mentions(list, "sparse_super"))
		f->ro_compat &= ~EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER;
	if (features_has(f, "uninit_bg") && !mentions(list, "metadata_csum"))
		f->ro_compat &= ~EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	if (!features_has(f, "extent") && !mentions(list, "64bit"))
		f->incompat &= ~EXT4_FEATURE_INCOMPAT_64BIT;
}

static errcode_t check_rules(const struct features *f, struct diag *diag)
{
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (!features_has(f, r->a) ||
		    features_has(f, r->b) == r->needs)
			continue;
		return diag_error(diag, "-O", E4PACK_ET_USAGE,
				  r->needs ? "%s needs %s" :
				  "%s and %s do not go together", r->a, r->b);
	}
	return 0;
}

errcode_t features_edit(struct features *f, const char *list,
			struct diag *diag)
{
	struct features new = *f;
	const char *p = list;
	errcode_t err;

	while (*p) {
		size_t len = strcspn(p, ", ");

		if (len) {
			err = edit_one(&new, p, len, diag);
			if (err)
				return err;
		}
		p += len;
		p += strspn(p, ", ");
	}
	settle(&new, list);
	err = check_rules(&new, diag);
	if (!err)
		*f = new;
	return err;
}

static errcode_t add_word(struct buf *out, const char *text)
{
	if (out->len && buf_add(out, " ", 1))
		return ENOMEM;
	return buf_add_str(out, text);
}

/* Add those of one word of the superblock. */
static errcode_t add_names(struct buf *out, uint32_t bits, uint8_t kind)
{
	static const char letters[] = { 'C', 'I', 'R' };
	char number[24];
	errcode_t err = 0;
	size_t i;
	int bit;

	for (i = 0; !err && i < TABLE_LEN; i++) {
		if (table[i].kind != kind || !(bits & table[i].bit))
			continue;
		bits &= ~table[i].bit;
		err = add_word(out, table[i].name);
	}
	for (bit = 0; !err && bit < 32; bit++) {
		if (!(bits >> bit & 1))
			continue;
		snprintf(number, sizeof(number), "FEATURE_%c%d",
			 letters[kind], bit);
		err = add_word(out, number);
	}
	return err;
}

char *features_names(const struct features *f)
{
	struct buf out = BUF_INIT;
	char *names = NULL;

	if (!add_names(&out, f->compat, COMPAT) &&
	    !add_names(&out, f->incompat, INCOMPAT) &&
	    !add_names(&out, f->ro_compat, RO_COMPAT))
		names = buf_detach(&out);
	buf_release(&out);
	return names;
}
