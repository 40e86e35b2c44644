// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a journal, and its blocks. */
#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/super_info.h"

void journal_release(struct journal *j)
{
	logmap_release(&j->map);
}

errcode_t journal_read(const struct journal *j, uint32_t block, void *data)
{
	const struct journal_io *io = &j->place.io;
	uint32_t run;
	uint64_t pblk = logmap_find(&j->map, block, &run);

	return io->read(io->arg, data, j->place.block_size,
			journal_position(j, pblk));
}

void journal_settle(struct journal *j)
{
	jbd_layout_init(&j->layout, j->place.block_size, j->super.compat,
			j->super.incompat, j->super.uuid);
}

static errcode_t read_super(struct journal *j)
{
	const struct journal_place *p = &j->place;
	uint8_t *block;
	errcode_t err;

	if (!j->map.blocks)
		return diag_error(p->diag, p->path, E4PACK_ET_BAD_IMAGE,
				  "the journal is damaged: it has no blocks");
	block = malloc(p->block_size);
	if (!block)
		return diag_nomem(p->diag);
	err = journal_read(j, 0, block);
	if (!err)
		err = jsuper_read(&j->super, block, p->block_size,
				  j->map.blocks, p->diag, p->path);
	if (!err)
		journal_settle(j);
	free(block);
	return err;
}

errcode_t journal_init(struct journal *j, const struct journal_place *place,
		       struct logmap *map)
{
	errcode_t err;

	memset(j, 0, sizeof(*j));
	j->place = *place;
	j->map = *map;
	memset(map, 0, sizeof(*map));
	err = read_super(j);
	if (err)
		journal_release(j);
	return err;
}

/* Refuse a journal outside of the image, by its name. */
static errcode_t is_elsewhere(struct image *img)
{
	struct super_info info;
	errcode_t err = read_super_info(&info, img);

	return err ? err : diag_error(image_diag(img), image_path(img),
				      E4PACK_ET_UNSUPPORTED, "its journal is "
				      "on another device, which is not "
				      "supported: UUID %s", info.journal.uuid);
}

errcode_t journal_open(struct journal *j, struct image *img,
		       const struct journal_io *io)
{
	const struct image_geometry *geo = image_geometry(img);
	struct journal_place place = {
		.room = image_room_blocks(img), .block_size = geo->block_size,
		.diag = image_diag(img), .path = image_path(img),
		.ino = geo->journal_ino,
	};
	struct logmap map;
	errcode_t err;

	memset(&map, 0, sizeof(map));
	if (!geo->has_journal)
		return diag_error(place.diag, place.path,
				  E4PACK_ET_UNSUPPORTED, "has no journal");
	if (!geo->journal_ino)
		return is_elsewhere(img);
	if (io)
		place.io = *io;
	else
		journal_io_image(&place.io, img);
	err = logmap_read(&map, img, geo->journal_ino);
	if (!err)
		return journal_init(j, &place, &map);
	logmap_release(&map);
	return err;
}

uint32_t journal_next(const struct journal *j, uint32_t block)
{
	return block + 1 < j->super.last ? block + 1 : j->super.first;
}

uint32_t journal_capacity(const struct journal *j)
{
	return j->super.last - j->super.first;
}

errcode_t journal_write_super(struct journal *j)
{
	const struct journal_io *io = &j->place.io;
	uint32_t run;

	jsuper_seal(&j->super);
	return io->write(io->arg, j->super.raw, JSUPER_BYTES,
			 journal_position(j, logmap_find(&j->map, 0, &run)));
}
