// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the names say of the inodes: every one in use has a name, every folder
 * leads up to the root and its ".." is the folder that names it, and
 *
 *	links = names, with "." and ".." counted, or 1 for a folder whose count
 *	ran over (dir_nlink)
 *
 * An inode that holds an attribute has no name, but as many uses as it says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "report/check.h"

enum {
	AT_CTIME = 12, AT_VERSION = 0x24,
	FT_DIR = 2,
};

enum state { UNKNOWN, ON_THE_WAY, REACHED, LOST };

/* Go up from folder @i until something is known of one. */
static void reach(struct check *c, uint8_t *state, size_t i)
{
	size_t at = i, next;
	uint8_t found = LOST;
	const struct check_folder *f;

	for (;;) {
		state[at] = ON_THE_WAY;
		f = check_folder(c, c->folder[at].parent);
		if (!f)
			break;
		next = (size_t)(f - c->folder);
		if (state[next] == UNKNOWN) {
			at = next;
			continue;
		}
		if (state[next] == ON_THE_WAY)
			fault_inode(c->faults, f->ino, "folders are inside "
				    "of each other");
		else
			found = state[next];
		break;
	}
	for (at = i; state[at] == ON_THE_WAY; ) {
		state[at] = found;
		f = check_folder(c, c->folder[at].parent);
		if (!f)
			break;
		at = (size_t)(f - c->folder);
	}
}

static errcode_t check_folders(struct check *c)
{
	uint8_t *state = calloc(c->n_folders + 1, 1);
	size_t i;

	if (!state)
		return diag_nomem(image_diag(c->img));
	if (c->n_folders && c->folder[0].ino == FORMAT_ROOT_INO)
		state[0] = REACHED;
	else
		fault_image(c->faults, "there is no root folder");
	for (i = 0; i < c->n_folders; i++) {
		const struct check_folder *f = &c->folder[i];

		if (state[i] == UNKNOWN)
			reach(c, state, i);
		if (!f->parent)
			fault_inode(c->faults, f->ino, "the folder has no "
				    "name");
		else if (f->dotdot && f->dotdot != f->parent)
			fault_inode(c->faults, f->ino, "\"..\" is inode %u, "
				    "should be %u", f->dotdot, f->parent);
	}
	free(state);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Count the uses of @ino in the sorted list. */
static uint64_t count_uses(const struct check *c, uint32_t ino)
{
	size_t lo = 0, hi = c->n_ea_used, mid, i;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->ea_used[mid] < ino)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (i = lo; i < c->n_ea_used && c->ea_used[i] == ino; i++)
		;
	return i - lo;
}

/* An inode without a name.  Return: links that it should have. */
static errcode_t check_nameless(struct check *c, uint32_t ino,
				uint32_t *links)
{
	const uint8_t *raw;
	struct inode_info info;
	uint64_t stored, uses;
	errcode_t err = read_inode_raw(&raw, c->img, ino);

	if (err)
		return err;
	inode_decode(&info, raw, c->geo, ino);
	if (!(info.flags & FL_EA_INODE)) {
		fault_inode(c->faults, ino, "it is in use and has no name");
		return 0;
	}
	uses = count_uses(c, ino);
	stored = (uint64_t)get_le32(raw + AT_CTIME) << 32 |
		 get_le32(raw + AT_VERSION);
	*links = 1;
	if (!uses)
		fault_inode(c->faults, ino, "it holds an attribute that no "
			    "inode has");
	else if (stored != uses)
		fault_inode(c->faults, ino, "it holds an attribute and counts "
			    "%" PRIu64 " uses, %" PRIu64 " found", stored,
			    uses);
	return 0;
}

static errcode_t check_links(struct check *c, uint32_t ino, size_t rank)
{
	uint32_t found = c->names[rank];
	const uint32_t stored = c->links[rank];
	errcode_t err = 0;

	if (!found) {
		err = check_nameless(c, ino, &found);
		if (err || !found)
			return err;
	}
	if (c->kinds[rank] == FT_DIR && found > FORMAT_LINK_MAX) {
		if (!(c->ro_compat & RO_DIR_NLINK))
			fault_inode(c->faults, ino, "%u folders in it need "
				    "the feature dir_nlink", found - 2);
		found = 1;
	}
	if (found != stored)
		fault_inode(c->faults, ino, "it counts %u links, %u found",
			    stored, found);
	return 0;
}

errcode_t check_tree(struct check *c)
{
	errcode_t err = check_folders(c);
	size_t rank = 0;
	uint64_t ino;

	if (c->n_ea_used)
		qsort(c->ea_used, c->n_ea_used, sizeof(*c->ea_used),
		      by_number);
	for (ino = 1; !err && ino <= c->geo->inodes; ino++) {
		if (!c->used.words[ino / 64]) {
			ino |= 63;
			continue;
		}
		if (!bits_has(&c->used, ino))
			continue;
		if (check_has_name(c, (uint32_t)ino))
			err = check_links(c, (uint32_t)ino, rank);
		rank++;
	}
	return err;
}
