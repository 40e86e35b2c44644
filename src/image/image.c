// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening an image for reading, and the blocks of it. */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"
#include "image/image_io.h"
#include "image/geometry.h"
#include "image/read_image.h"
#include "image/read_super.h"
#include "image/super_state.h"

static errcode_t wrong_type(const struct image *img, const char *what)
{
	return diag_error(img->diag, img->path, E4PACK_ET_NOT_EXT4,
			  "not an ext2/3/4 image (it is %s)", what);
}

/* How long the file or device is, if it is of a kind that can be read. */
static errcode_t find_bytes(const struct image *img, uint64_t *bytes)
{
	struct stat st;
	off_t end;

	if (fstat(img->fd, &st))
		return diag_error(img->diag, img->path, errno, "cannot stat");
	if (S_ISDIR(st.st_mode))
		return wrong_type(img, "a directory");
	if (S_ISCHR(st.st_mode))
		return wrong_type(img, "a character device");
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return wrong_type(img, "a pipe or socket");
	end = lseek(img->fd, 0, SEEK_END);
	if (end < 0)
		return diag_error(img->diag, img->path, errno, "cannot seek");
	*bytes = end;
	return 0;
}

/* Let libext2fs read the group descriptors, through what is shown. */
static errcode_t open_fs(struct image *img)
{
	char name[IMAGE_IO_NAME];
	const int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SOFTSUPP_FEATURES |
			  EXT2_FLAG_IGNORE_CSUM_ERRORS | EXT2_FLAG_SKIP_MMP;
	errcode_t err;

	initialize_ext2_error_table();
	err = ext2fs_open2(image_io_name(name, img), NULL, flags, 0, 0,
			   image_io_manager, &img->fs);
	if (!err) {
		img->geo.csum_seed = img->fs->csum_seed;
		return 0;
	}
	img->fs = NULL;
	if (err == EXT2_ET_NO_MEMORY)
		return diag_nomem(img->diag);
	return diag_error(img->diag, img->path, err,
			  err < 256 ? "cannot read the group descriptors" :
				      NULL);
}

static errcode_t check_group_csums(struct image *img)
{
	uint32_t group;

	if (!img->geo.group_csum)
		return 0;
	for (group = 0; group < img->geo.groups; group++)
		if (!ext2fs_group_desc_csum_verify(img->fs, group))
			return image_wrong_csum(img, IMAGE_CSUM_GROUP,
						"descriptor of group %u",
						group);
	return 0;
}

static errcode_t warn_of_state(struct image *img)
{
	const struct ext2_super_block *sb = img->fs->super;
	errcode_t err = 0;

	if (img->geo.metadata_csum &&
	    !ext2fs_superblock_csum_verify(img->fs, img->fs->super))
		err = diag_warning(img->diag, img->path,
				   "the superblock has a wrong checksum");
	if (!err && (sb->s_state & EXT2_ERROR_FS))
		err = diag_warning(img->diag, img->path,
				   "is marked as having errors: run e2fsck");
	return err ? err : check_group_csums(img);
}

/* Put what the overlay has for the blocks just read in their place. */
static errcode_t apply_overlay(struct image *img, uint64_t position,
			       size_t len, uint8_t *data)
{
	const uint32_t bits = img->geo.block_bits;
	const uint64_t first = position >> bits, n = len >> bits;
	const struct overlay *o = &img->overlay;
	size_t i, got = 0;

	for (i = overlay_from(o, first); i < o->n; i++) {
		const struct overlay_block *b = &o->blocks[i];
		uint8_t *block = data + ((b->home - first) << bits);
		errcode_t err;

		if (b->home >= first + n)
			break;
		err = io_pread(img->fd, block, img->geo.block_size,
			       img->offset + (b->at << bits), &got);
		if (err || got < img->geo.block_size)
			return err ? err : E4PACK_ET_SHORT;
		if (b->escaped)
			memcpy(block, o->head, sizeof(o->head));
	}
	return 0;
}

/* A part of a block has the whole of it read. */
static errcode_t fetch_part(struct image *img, uint64_t position, size_t len,
			    void *data)
{
	const uint32_t size = img->geo.block_size;
	const uint64_t first = position / size * size;
	const size_t whole = div_round_up(position + len - first, size) * size;
	uint8_t *blocks = malloc(whole);
	errcode_t err = blocks ? 0 : ENOMEM;

	if (!err)
		err = image_fetch(img, first, whole, blocks);
	if (!err)
		memcpy(data, blocks + (position - first), len);
	free(blocks);
	return err;
}

errcode_t image_fetch(struct image *img, uint64_t position, size_t len,
		      void *data)
{
	const uint32_t size = img->geo.block_size;
	size_t got = 0;
	errcode_t err;

	if (img->overlay.n && (position % size || len % size))
		return fetch_part(img, position, len, data);
	if (position > img->bytes)
		return E4PACK_ET_SHORT;
	err = io_pread(img->fd, data, len, img->offset + position, &got);
	if (!err && got < len)
		err = E4PACK_ET_SHORT;
	if (!err && img->overlay.n)
		err = apply_overlay(img, position, len, data);
	return err;
}

static errcode_t read_bytes(struct image *img, uint64_t position, size_t len,
			    void *data)
{
	errcode_t err = image_fetch(img, position, len, data);

	if (err == E4PACK_ET_SHORT)
		return diag_error(img->diag, img->path, err,
				  "became shorter while it was read");
	if (err)
		return diag_error(img->diag, img->path, err, "cannot read");
	return 0;
}

static errcode_t open_checked(struct image *img)
{
	struct super_source src = {
		.path = img->path, .diag = img->diag, .offset = img->offset,
	};
	errcode_t err;

	err = find_bytes(img, &img->bytes);
	if (err)
		return err;
	src.bytes = img->bytes;
	src.fd = img->fd;
	err = read_super(&img->geo, &src);
	if (!err)
		err = open_fs(img);
	if (err || img->geo.needs_recovery)
		return err;
	return warn_of_state(img);
}

static errcode_t reread_super(struct image *img)
{
	const struct super_source src = {
		.path = img->path, .diag = img->diag, .offset = img->offset,
		.bytes = img->bytes, .fd = img->fd,
	};
	uint8_t raw[SUPER_BYTES];
	errcode_t err = read_bytes(img, SUPER_POSITION, SUPER_BYTES, raw);

	return err ? err : check_super(&img->geo, raw, &src);
}

errcode_t image_set_overlay(struct image *img, struct overlay *o)
{
	const uint32_t block_size = img->geo.block_size;
	errcode_t err = 0;
	size_t i;

	img->overlay = *o;
	memset(o, 0, sizeof(*o));
	for (i = 0; i < IMAGE_CHUNKS; i++)
		img->chunks[i].valid = false;
	name_cache_free(img->names);
	img->names = NULL;
	if (img->overlay.n) {
		err = reread_super(img);
		if (!err && img->geo.block_size != block_size)
			err = image_bad(img, "its log changes the block size");
		if (err)
			return err;
		ext2fs_free(img->fs);
		err = open_fs(img);
	}
	return err ? err : warn_of_state(img);
}

/* Open what @img, which was made for it, has a descriptor of. */
static errcode_t open_image(struct image **ret, struct image *img)
{
	errcode_t err = open_checked(img);

	if (err)
		image_close(img);
	else
		*ret = img;
	return err;
}

static struct image *new_image(const char *path, uint64_t offset,
			       struct diag *diag)
{
	struct image *img = calloc(1, sizeof(*img));

	if (!img)
		return NULL;
	img->fd = -1;
	img->path = path;
	img->offset = offset;
	img->diag = diag;
	return img;
}

errcode_t image_open(struct image **ret, const char *path, uint64_t offset,
		     struct diag *diag)
{
	struct image *img = new_image(path, offset, diag);
	errcode_t err;

	if (!img)
		return diag_nomem(diag);
	/* Not blocking: the name may be that of a FIFO. */
	err = io_open(&img->fd, AT_FDCWD, path, O_NONBLOCK | O_NOCTTY);
	if (err) {
		image_close(img);
		return diag_error(diag, path, err, "cannot open");
	}
	return open_image(ret, img);
}

errcode_t image_open_fd(struct image **ret, int fd, const char *path,
			uint64_t offset, struct diag *diag)
{
	struct image *img = new_image(path, offset, diag);

	if (!img)
		return diag_nomem(diag);
	img->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (img->fd < 0) {
		image_close(img);
		return diag_error(diag, path, errno, "cannot open");
	}
	return open_image(ret, img);
}

void image_close(struct image *img)
{
	size_t i;

	if (!img)
		return;
	if (img->fs)
		ext2fs_free(img->fs);
	if (img->fd >= 0)
		close(img->fd);
	for (i = 0; i < IMAGE_CHUNKS; i++)
		free(img->chunks[i].data);
	overlay_release(&img->overlay);
	name_cache_free(img->names);
	free(img);
}

uint64_t image_room_blocks(const struct image *img)
{
	if (img->offset)
		return img->geo.blocks;
	return img->bytes >> img->geo.block_bits;
}

bool image_is_file(const struct image *img, int fd)
{
	struct stat mine, other;

	return !fstat(img->fd, &mine) && !fstat(fd, &other) &&
	       mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

const struct image_geometry *image_geometry(const struct image *img)
{
	return &img->geo;
}

const char *image_path(const struct image *img)
{
	return img->path;
}

struct diag *image_diag(const struct image *img)
{
	return img->diag;
}

errcode_t image_bad(const struct image *img, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return diag_nomem(img->diag);
	diag_error(img->diag, img->path, E4PACK_ET_BAD_IMAGE, "%s", text);
	free(text);
	return E4PACK_ET_BAD_IMAGE;
}

errcode_t image_wrong_csum(struct image *img, enum image_csum kind,
			   const char *fmt, ...)
{
	char *what = NULL;
	va_list ap;
	errcode_t err;
	int len;

	if (img->csum_told[kind] && !img->edited)
		return 0;
	img->csum_told[kind] = true;
	va_start(ap, fmt);
	len = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (len < 0)
		return diag_nomem(img->diag);
	if (img->edited)
		err = diag_error(img->diag, img->path, E4PACK_ET_BAD_CSUM,
				 "%s: wrong checksum: run e2fsck first", what);
	else
		err = diag_warning(img->diag, img->path, "%s: wrong checksum "
				   "(further ones of this kind are not told)",
				   what);
	free(what);
	return err;
}

errcode_t image_read(struct image *img, uint64_t pblk, uint64_t count,
		     void *data)
{
	const struct image_geometry *geo = &img->geo;

	if (pblk >= geo->blocks || count > geo->blocks - pblk)
		return image_bad(img, "block %" PRIu64 " is outside of it",
				 pblk);
	return read_bytes(img, pblk << geo->block_bits,
			  count << geo->block_bits, data);
}

static errcode_t fill_chunk(struct image *img, struct image_chunk *c,
			    uint64_t number)
{
	uint64_t end = img->geo.blocks << img->geo.block_bits;
	uint64_t position = number * IMAGE_CHUNK;
	size_t len = IMAGE_CHUNK;
	errcode_t err;

	if (!c->data)
		c->data = malloc(IMAGE_CHUNK);
	if (!c->data)
		return diag_nomem(img->diag);
	if (len > end - position)
		len = end - position;
	c->valid = false;
	err = read_bytes(img, position, len, c->data);
	if (err)
		return err;
	c->number = number;
	c->valid = true;
	return 0;
}

errcode_t image_peek(struct image *img, const uint8_t **ret, uint64_t pblk)
{
	uint64_t position = pblk << img->geo.block_bits;
	uint64_t number = position / IMAGE_CHUNK;
	struct image_chunk *c = &img->chunks[number % IMAGE_CHUNKS];
	errcode_t err;

	if (pblk >= img->geo.blocks)
		return image_bad(img, "block %" PRIu64 " is outside of it",
				 pblk);
	if (!c->valid || c->number != number) {
		err = fill_chunk(img, c, number);
		if (err)
			return err;
	}
	*ret = c->data + position % IMAGE_CHUNK;
	return 0;
}

void image_format(const struct image *img, struct format *fmt)
{
	const struct ext2_super_block *sb = img->fs->super;
	const struct features f = {
		.compat = sb->s_feature_compat,
		.incompat = sb->s_feature_incompat,
		.ro_compat = sb->s_feature_ro_compat,
	};

	*fmt = (struct format){
		.block_size = img->geo.block_size,
		.block_bits = img->geo.block_bits,
		.cluster_bits = img->geo.cluster_bits,
		.inode_size = img->geo.inode_size,
		.csum_seed = img->geo.csum_seed,
	};
	geometry_set_features(fmt, &f);
	if (fmt->inode_size > EXT2_GOOD_OLD_INODE_SIZE &&
	    sb->s_want_extra_isize)
		fmt->extra_isize = sb->s_want_extra_isize;
	memcpy(fmt->hash_seed, sb->s_hash_seed, sizeof(fmt->hash_seed));
	fmt->hash_version = sb->s_def_hash_version;
	fmt->hash_signed = !(sb->s_flags & EXT2_FLAGS_UNSIGNED_HASH);
}

bool image_has_journal(const struct image *img)
{
	return ext2fs_has_feature_journal(img->fs->super);
}
