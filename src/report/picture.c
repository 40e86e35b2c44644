// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a picture: its file, what is counted, the paths in it. */
#include "report/picture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "report/picture_draw.h"
#include "report/walk.h"

/* A picture takes the place of files, but never of an image. */
static errcode_t check_path(const struct picture *p)
{
	struct diag *d = image_diag(p->img);
	struct stat own, image;

	if (stat(p->path, &own) < 0)
		return 0;
	if (S_ISBLK(own.st_mode))
		return diag_error(d, p->path, E4PACK_ET_USAGE,
				  "a picture is no content for a device");
	if (stat(image_path(p->img), &image) == 0 &&
	    own.st_dev == image.st_dev && own.st_ino == image.st_ino)
		return diag_error(d, p->path, E4PACK_ET_USAGE,
				  "is the image itself: give the picture "
				  "another name");
	return 0;
}

errcode_t picture_open(struct picture *p, struct image *img,
		       const char *path)
{
	const struct target_options options = { .force = true };
	errcode_t err;

	memset(p, 0, sizeof(*p));
	p->img = img;
	p->path = path;
	if (block_map_init(&p->map, image_geometry(img)))
		return diag_nomem(image_diag(img));
	if (!strcmp(path, "-"))
		return 0;
	err = check_path(p);
	if (!err)
		err = target_open(&p->target, path, &options,
				  image_diag(img));
	p->to_file = !err;
	return err;
}

void picture_release(struct picture *p)
{
	if (p->to_file)
		target_abort(&p->target);
	block_map_release(&p->map);
	free(p->labels);
	memset(p, 0, sizeof(*p));
}

void picture_add(struct picture *p, enum block_kind kind,
		 uint32_t ino, const struct extent *e, size_t n)
{
	/* Only what is in the tree has a path to look for. */
	block_map_add_extents(&p->map, kind,
			      kind == BLOCKS_JOURNAL ? 0 : ino, e, n);
}

void picture_add_free(struct picture *p, uint64_t start, uint64_t len)
{
	unsigned int class = 63 - (unsigned int)__builtin_clzll(len);

	block_map_add(&p->map, BLOCKS_FREE, 0, start, len);
	p->free_runs[class]++;
	p->free_blocks[class] += len;
}

static int by_ino(const void *a, const void *b)
{
	const struct owner_label *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* List the owners of cells, each once. */
static errcode_t list_owners(struct picture *p)
{
	size_t i, n = 0;

	p->labels = calloc(p->map.n, sizeof(*p->labels));
	if (!p->labels)
		return diag_nomem(image_diag(p->img));
	for (i = 0; i < p->map.n; i++)
		if (p->map.cells[i].owner)
			p->labels[n++].ino = p->map.cells[i].owner;
	qsort(p->labels, n, sizeof(*p->labels), by_ino);
	for (i = 0; i < n; i++)
		if (i == 0 ||
		    p->labels[i].ino != p->labels[p->n_labels - 1].ino)
			p->labels[p->n_labels++].ino = p->labels[i].ino;
	return 0;
}

struct naming {
	struct picture *picture;
	size_t left;	/* owners without a path */
};

static errcode_t note_path(void *arg, const struct walk_item *item)
{
	const struct owner_label key = { .ino = item->inode->ino };
	struct naming *n = arg;
	struct owner_label *l = bsearch(&key, n->picture->labels,
					n->picture->n_labels, sizeof(key),
					by_ino);

	if (!l || l->text[0])
		return 0;
	picture_label(l->text, item->path, item->len);
	return --n->left ? 0 : WALK_STOP;
}

/* Find a path for each owner.  Whole paths, as resolve_inodes() keeps them,
 * have no bound. */
static errcode_t name_owners(struct picture *p)
{
	struct naming n = { .picture = p };
	const struct walk_visitor v = { .enter = note_path, .arg = &n };
	struct inode_info root;
	errcode_t err = list_owners(p);

	n.left = p->n_labels;
	if (err || n.left == 0)
		return err;
	err = read_inode(&root, p->img, FORMAT_ROOT_INO);
	return err ? err : walk_tree(p->img, "/", &root, &v);
}

static errcode_t write_file(void *arg, const char *text, size_t len)
{
	const struct picture *p = arg;

	return io_write(p->target.fd, text, len);
}

static errcode_t save(struct picture *p, const struct frag_result *result)
{
	struct emit e;
	errcode_t err;

	emit_init(&e, write_file, p);
	picture_draw(p, result, &e);
	err = emit_finish(&e);
	if (err)
		return diag_error(image_diag(p->img), p->path, err,
				  "cannot be written");
	p->to_file = false;
	return target_commit(&p->target);
}

errcode_t picture_write(struct picture *p, const struct frag_result *result,
			struct emit *out)
{
	errcode_t named, err = 0;

	block_map_finish(&p->map);
	named = name_owners(p);
	if (named && named != E4PACK_ET_BAD_IMAGE)
		return named;
	if (p->to_file)
		err = save(p, result);
	else
		picture_draw(p, result, out);
	return err ? err : named;
}
