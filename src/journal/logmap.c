// SPDX-License-Identifier: GPL-2.0-or-later
/* The map of a log, and its reverse, as two sorted lists of runs. */
#include "journal/logmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_inode.h"
#include "image/read_map.h"

void logmap_release(struct logmap *m)
{
	free(m->runs);
	free(m->places);
	memset(m, 0, sizeof(*m));
}

errcode_t logmap_add(struct logmap *m, uint64_t pblk, uint32_t len)
{
	struct log_run *last = m->n ? &m->runs[m->n - 1] : NULL;
	uint32_t first = m->blocks;

	if (__builtin_add_overflow(first, len, &m->blocks)) {
		m->blocks = first;
		return E4PACK_ET_TOO_BIG;
	}
	if (last && last->pblk + last->len == pblk) {
		last->len += len;
		return 0;
	}
	if (array_reserve(&m->runs, &m->cap, m->n + 1, sizeof(*m->runs))) {
		m->blocks = first;
		return ENOMEM;
	}
	m->runs[m->n].first = first;
	m->runs[m->n].len = len;
	m->runs[m->n++].pblk = pblk;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct log_run *x = a, *y = b;

	return (x->pblk > y->pblk) - (x->pblk < y->pblk);
}

errcode_t logmap_finish(struct logmap *m)
{
	size_t i;

	if (!m->n)
		return 0;
	free(m->places);
	m->places = malloc(m->n * sizeof(*m->places));
	if (!m->places)
		return ENOMEM;
	memcpy(m->places, m->runs, m->n * sizeof(*m->places));
	qsort(m->places, m->n, sizeof(*m->places), by_place);
	for (i = 1; i < m->n; i++)
		if (m->places[i - 1].pblk + m->places[i - 1].len >
		    m->places[i].pblk)
			return E4PACK_ET_BAD_IMAGE;
	return 0;
}

/* Report a failure of logmap_add() or logmap_finish(). */
static errcode_t tell(const struct image *img, errcode_t err)
{
	if (err == ENOMEM)
		return diag_nomem(image_diag(img));
	if (err)
		image_bad(img, "the journal maps a block twice, or too many");
	return err;
}

/* What read_map() tells goes into the map, up to the first hole and the last
 * whole block of the size: the kernel goes by the size. */
struct gather {
	struct logmap *map;
	const struct image *img;
	uint64_t end;		/* blocks of the size */
	bool hole;
};

static errcode_t gather_extent(void *arg, const struct extent *e)
{
	struct gather *g = arg;
	uint32_t len = e->len;

	if (e->unwritten || e->lblk != g->map->blocks || e->lblk >= g->end)
		g->hole = true;
	if (g->hole)
		return 0;
	if (len > g->end - e->lblk)
		len = (uint32_t)(g->end - e->lblk);
	return tell(g->img, logmap_add(g->map, e->pblk, len));
}

errcode_t logmap_read(struct logmap *m, struct image *img, uint32_t ino)
{
	struct gather g = { .map = m, .img = img };
	const struct map_visitor v = { .extent = gather_extent, .arg = &g };
	struct inode_info i;
	errcode_t err = read_inode(&i, img, ino);

	if (err)
		return err;
	if (!S_ISREG(i.mode) || i.links == 0)
		return image_bad(img, "inode %u is not a journal", ino);
	g.end = i.size >> image_geometry(img)->block_bits;
	err = read_map(img, &i, &v);
	return err ? err : tell(img, logmap_finish(m));
}

const struct log_run *logmap_run(const struct logmap *m, uint32_t block)
{
	size_t low = 0, high = m->n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (m->runs[mid].first <= block)
			low = mid;
		else
			high = mid;
	}
	return &m->runs[low];
}

uint64_t logmap_find(const struct logmap *m, uint32_t block, uint32_t *run)
{
	const struct log_run *r = logmap_run(m, block);

	*run = r->len - (block - r->first);
	return r->pblk + (block - r->first);
}

bool logmap_has(const struct logmap *m, uint64_t pblk)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->places[mid].pblk + m->places[mid].len <= pblk)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->n && m->places[low].pblk <= pblk;
}
