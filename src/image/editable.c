// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether an image may be changed. */
#include "image/image.h"

#include <inttypes.h>

#include "base/errors.h"
#include "image/read_image.h"

/* Others promise something that an edit would have to keep. */
#define KNOWN_RO_COMPAT							\
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |				\
	 EXT2_FEATURE_RO_COMPAT_LARGE_FILE |				\
	 EXT4_FEATURE_RO_COMPAT_HUGE_FILE |				\
	 EXT4_FEATURE_RO_COMPAT_GDT_CSUM |				\
	 EXT4_FEATURE_RO_COMPAT_DIR_NLINK |				\
	 EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |				\
	 EXT4_FEATURE_RO_COMPAT_QUOTA |					\
	 EXT4_FEATURE_RO_COMPAT_BIGALLOC |				\
	 EXT4_FEATURE_RO_COMPAT_METADATA_CSUM |				\
	 EXT4_FEATURE_RO_COMPAT_READONLY |				\
	 EXT4_FEATURE_RO_COMPAT_PROJECT |				\
	 EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS |				\
	 EXT4_FEATURE_RO_COMPAT_VERITY | ORPHAN_PRESENT)

enum { ORPHAN_PRESENT = 0x10000 };

static errcode_t refuse(const struct image *img, errcode_t err,
			const char *why)
{
	return diag_error(img->diag, img->path, err, "%s", why);
}

/* e2fsck has to look at it first. */
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
	if (sb->s_last_orphan || (sb->s_feature_ro_compat & ORPHAN_PRESENT))
		return refuse(img, E4PACK_ET_BAD_IMAGE, "has files that were "
			      "deleted while in use: run e2fsck first");
	return 0;
}

static errcode_t check_features(const struct image *img)
{
	struct ext2_super_block *sb = img->fs->super;
	const uint32_t unknown = sb->s_feature_ro_compat &
				 ~(uint32_t)KNOWN_RO_COMPAT;

	if (unknown)
		return diag_error(img->diag, img->path, E4PACK_ET_UNSUPPORTED,
				  "read-only compatible features 0x%" PRIx32
				  " are not known: it can be read, not changed",
				  unknown);
	if (ext2fs_has_feature_quota(sb) || ext2fs_has_feature_project(sb))
		return refuse(img, E4PACK_ET_UNSUPPORTED, "keeps quotas, "
			      "which an edit would not keep right");
	if (ext2fs_has_feature_readonly(sb))
		return refuse(img, E4PACK_ET_UNSUPPORTED, "has the feature "
			      "read-only");
	if (ext2fs_has_feature_shared_blocks(sb))
		return refuse(img, E4PACK_ET_UNSUPPORTED, "has the feature "
			      "shared_blocks, with which nothing may be "
			      "changed");
	if (ext2fs_has_feature_mmp(sb))
		return refuse(img, E4PACK_ET_UNSUPPORTED, "has the feature "
			      "mmp, which guards it from others");
	return 0;
}

errcode_t image_begin_edit(struct image *img)
{
	errcode_t err = check_state(img);

	if (!err)
		err = check_features(img);
	img->edited = !err;
	return err;
}
