/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An existing image, opened for reading.  The file is opened O_RDONLY and
 * never written.  What the superblock says is checked before anything else
 * believes it, so that later arithmetic on the geometry cannot overflow,
 * divide by zero or ask for absurd memory.  One thread at a time, but for
 * image_read().
 */
#ifndef E4PACK_IMAGE_IMAGE_H
#define E4PACK_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/diag.h"
#include "image/format.h"
#include "image/overlay.h"

struct image;

/* The checked figures of the superblock. */
struct image_geometry {
	uint64_t blocks;		/* of the whole file system */
	uint32_t block_size;		/* bytes, 1024 to 65536 */
	uint32_t block_bits;		/* log2 of it */
	uint32_t cluster_bits;		/* log2 of blocks per cluster */
	uint32_t first_data_block;	/* block where group 0 begins */
	uint32_t blocks_per_group;
	uint32_t groups;
	uint32_t inodes;		/* groups * inodes_per_group */
	uint32_t inodes_per_group;
	uint32_t inode_size;		/* bytes, 128 and up */
	uint32_t first_ino;		/* first one that is not reserved */
	uint32_t csum_seed;		/* where metadata_csum is on */
	uint32_t orphan_ino;		/* the orphan file, or 0 */
	uint32_t project_quota_ino;	/* or 0 */
	uint32_t journal_ino;	/* of the log; 0: outside of the image */
	bool has_journal;
	bool needs_recovery;	/* the log waits to be applied */
	bool metadata_csum, filetype, huge_file, large_file, large_dir;
	bool group_csum;		/* the uninit flags of groups count */
};

/* Kinds of things that carry a checksum; told apart in warnings. */
enum image_csum {
	IMAGE_CSUM_GROUP, IMAGE_CSUM_BITMAP, IMAGE_CSUM_INODE,
	IMAGE_CSUM_EXTENT, IMAGE_CSUM_DIR, IMAGE_CSUM_XATTR, IMAGE_CSUMS
};

/* Open the image that begins @offset bytes into the file or block device
 * @path, and check it.  @path and @diag must outlive the image.  Of an
 * image that needs recovery nothing but its journal is read before
 * image_set_overlay() is called.  Reports, with @path as the subject.
 * Return: 0 with *@ret to image_close(); an errno; E4PACK_ET_NOT_EXT4;
 * E4PACK_ET_BAD_IMAGE; E4PACK_ET_UNSUPPORTED for a feature; E4PACK_ET_SHORT
 * when the file ends before the last block. */
errcode_t image_open(struct image **ret, const char *path, uint64_t offset,
		     struct diag *diag);

/* Show the image with the blocks of @o, which becomes the image's own
 * whatever is returned; with none of them it is shown as it lies.  The
 * superblock and the descriptors are read anew.  For an image that needs
 * recovery, once.  Reports.  Return: as image_open(). */
errcode_t image_set_overlay(struct image *img, struct overlay *o);

/* Blocks that the image may grow to where it lies, or have grown to by what
 * its journal holds: those of its file or device, if it has that alone. */
uint64_t image_room_blocks(const struct image *img);

/* Whether @fd is open on the file of this image. */
bool image_is_file(const struct image *img, int fd);

/* As image_open() for a file that is open as @fd, which stays the caller's;
 * @path is its name in messages. */
errcode_t image_open_fd(struct image **ret, int fd, const char *path,
			uint64_t offset, struct diag *diag);

/* Close and free; NULL is fine. */
void image_close(struct image *img);

/* What the checks of image_open() let through; valid until image_close(). */
const struct image_geometry *image_geometry(const struct image *img);

/* The path given to image_open(). */
const char *image_path(const struct image *img);

/* Where this image's messages go. */
struct diag *image_diag(const struct image *img);

/* Tell that the image is damaged, @fmt saying where.
 * Return: E4PACK_ET_BAD_IMAGE. */
errcode_t image_bad(const struct image *img, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Tell that the checksum of @what (a thing of @kind) is wrong: the first
 * one of each kind by name, the others not at all.
 * Return: 0, or E4PACK_ET_STRICT as diag_warning(). */
errcode_t image_wrong_csum(struct image *img, enum image_csum kind,
			   const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Read @count whole blocks from @pblk on, past the cache.  Reports.
 * Return: 0, an errno, E4PACK_ET_SHORT, or E4PACK_ET_BAD_IMAGE for a place
 * outside of the image. */
errcode_t image_read(struct image *img, uint64_t pblk, uint64_t count,
		     void *data);

/* Look at one block through a small cache.  *@ret is valid until the next
 * call.  Reports.  Return: as image_read(). */
errcode_t image_peek(struct image *img, const uint8_t **ret, uint64_t pblk);

/* Fill @fmt with what encoders need to know of the image. */
void image_format(const struct image *img, struct format *fmt);

/* Whether it has a journal of its own. */
bool image_has_journal(const struct image *img);

/* Check that an edit may change the image: it is clean, and has nothing that
 * an edit would not keep right.  From here on a wrong checksum is a failure,
 * as what an edit writes has a right one.  Reports what it is.
 * Return: 0; E4PACK_ET_BAD_IMAGE or E4PACK_ET_BAD_CSUM where e2fsck has to
 * run first; E4PACK_ET_UNSUPPORTED. */
errcode_t image_begin_edit(struct image *img);

#endif
