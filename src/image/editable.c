// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether an image may be edited: what has to be repaired first, and what an
 * edit would not keep right, by name. */
#include "image/image.h"

#include "base/errors.h"
#include "image/read_image.h"

/* A feature bit of read-only compatibility that nobody may write with. */
static const struct {
	uint32_t bit;
	const char *what;
} refused[] = {
	{ EXT4_FEATURE_RO_COMPAT_QUOTA,
	  "quota, whose counts an edit would not keep right" },
	{ EXT4_FEATURE_RO_COMPAT_PROJECT,
	  "project, whose numbers an edit would not keep right" },
	{ EXT4_FEATURE_RO_COMPAT_READONLY, "read-only" },
	{ EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS,
	  "shared_blocks, with which nothing may be changed" },
	{ EXT4_FEATURE_RO_COMPAT_HAS_SNAPSHOT, "snapshot" },
	{ EXT4_FEATURE_RO_COMPAT_REPLICA, "replica" },
};

static const uint32_t KNOWN_RO_COMPAT =
	EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
	EXT2_FEATURE_RO_COMPAT_LARGE_FILE | EXT4_FEATURE_RO_COMPAT_HUGE_FILE |
	EXT4_FEATURE_RO_COMPAT_GDT_CSUM | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
	EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_BIGALLOC |
	EXT4_FEATURE_RO_COMPAT_METADATA_CSUM | EXT4_FEATURE_RO_COMPAT_VERITY;

static errcode_t refuse(const struct image *img, errcode_t err,
			const char *why)
{
	return diag_error(img->diag, img->path, err, "%s", why);
}

static errcode_t check_state(const struct image *img)
{
	struct ext2_super_block *sb = img->fs->super;

	if (img->geo.needs_recovery)
		return refuse(img, E4PACK_ET_BAD_IMAGE, "needs its journal "
			      "replayed");
	if (img->geo.metadata_csum &&
	    !ext2fs_superblock_csum_verify(img->fs, sb))
		return refuse(img, E4PACK_ET_BAD_CSUM, "the superblock has a "
			      "wrong checksum: run e2fsck first");
	if (img->csum_told[IMAGE_CSUM_GROUP])
		return refuse(img, E4PACK_ET_BAD_CSUM, "a group descriptor has "
			      "a wrong checksum: run e2fsck first");
	if ((sb->s_state & EXT2_ERROR_FS) || !(sb->s_state & EXT2_VALID_FS))
		return refuse(img, E4PACK_ET_BAD_IMAGE, "is not clean: run "
			      "e2fsck first");
	if (sb->s_last_orphan || ext2fs_has_feature_orphan_present(sb))
		return refuse(img, E4PACK_ET_BAD_IMAGE, "has files that were "
			      "deleted while in use: run e2fsck first");
	return 0;
}

static errcode_t check_features(const struct image *img)
{
	const uint32_t ro = img->fs->super->s_feature_ro_compat;
	uint32_t unknown = ro & ~KNOWN_RO_COMPAT &
			   ~(uint32_t)EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (ro & refused[i].bit)
			return diag_error(img->diag, img->path,
					  E4PACK_ET_UNSUPPORTED, "has the "
					  "feature %s", refused[i].what);
	if (ext2fs_has_feature_mmp(img->fs->super))
		return refuse(img, E4PACK_ET_UNSUPPORTED, "has the feature "
			      "mmp, which guards it from others");
	if (!unknown)
		return 0;
	return diag_error(img->diag, img->path, E4PACK_ET_UNSUPPORTED, "has "
			  "read-only compatible features 0x%x, which are not "
			  "known: it can be read, not changed", unknown);
}

errcode_t image_begin_edit(struct image *img)
{
	errcode_t err = check_state(img);

	if (!err)
		err = check_features(img);
	img->edited = !err;
	return err;
}
