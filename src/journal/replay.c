// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding what a log would write.
 *
 * A copy with tid T of block B counts unless B is revoked by a transaction
 * T' with T <= T', or its own checksum is wrong; of the copies that count the
 * last one in the log is what B becomes.
 *
 * A revoke matters only for a block that the log has a copy of.  So copies
 * are listed first, sorted by block and place in the log, and revokes then
 * looked up among them: memory goes with the copies alone, of which there
 * are fewer than log blocks, however many revokes there are.
 */
#include "journal/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"

struct copy {
	uint64_t home;
	uint32_t at;		/* log block */
	uint32_t order;		/* in the log */
	uint32_t tid;
	uint32_t revoked_tid;	/* newest revoke; in the first copy of a home */
	bool revoked;		/* there is one; likewise */
	bool escaped, bad;
};

struct gather {
	struct replay *replay;
	const struct journal *j;
	struct copy *copies;
	size_t n, cap;
};

void replay_release(struct replay *r)
{
	overlay_release(&r->overlay);
}

static bool committed(const struct gather *g, const struct log_event *e)
{
	return jbd_tid_before(e->tid, g->replay->end.end_tid);
}

static errcode_t bad_home(const struct gather *g, const struct log_event *e)
{
	const struct journal_place *p = &g->j->place;

	return diag_error(p->diag, p->path, E4PACK_ET_BAD_IMAGE,
			  "the journal is damaged: block %u of it belongs to "
			  "block %" PRIu64 ", which is %s", e->at, e->home,
			  e->home >= p->room ? "outside of the image" :
			  "its own");
}

static errcode_t add_copy(void *arg, const struct log_event *e)
{
	struct gather *g = arg;
	struct copy *c;

	if (e->kind != LOG_DATA || !committed(g, e))
		return 0;
	if (e->home >= g->j->place.room ||
	    logmap_has(&g->j->map, e->home))
		return bad_home(g, e);
	if (array_reserve(&g->copies, &g->cap, g->n + 1, sizeof(*g->copies)))
		return diag_nomem(g->j->place.diag);
	c = &g->copies[g->n];
	memset(c, 0, sizeof(*c));
	c->home = e->home;
	c->at = e->at;
	c->order = (uint32_t)g->n++;
	c->tid = e->tid;
	c->escaped = e->flags & JBD_TAG_ESCAPE;
	c->bad = e->check == LOG_BAD;
	return 0;
}

static int by_home(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	if (x->home != y->home)
		return x->home < y->home ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* The first copy of block @home, or NULL. */
static struct copy *find_first(const struct gather *g, uint64_t home)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->copies[mid].home < home)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == g->n || g->copies[low].home != home)
		return NULL;
	return &g->copies[low];
}

static errcode_t add_revoke(void *arg, const struct log_event *e)
{
	const struct gather *g = arg;
	struct copy *c;

	if (e->kind != LOG_REVOKED || !committed(g, e))
		return 0;
	c = find_first(g, e->home);
	if (!c)
		return 0;
	if (!c->revoked || jbd_tid_before(c->revoked_tid, e->tid))
		c->revoked_tid = e->tid;
	c->revoked = true;
	return 0;
}

static void note_bad(struct replay *r, const struct copy *c)
{
	r->bad++;
	if (r->bad_at && r->bad_order < c->order)
		return;
	r->bad_order = c->order;
	r->bad_at = c->at;
	r->bad_home = c->home;
}

/* From the copies of one block, of which @first is the first, the one that
 * counts becomes its entry.  Return: the copy behind them. */
static const struct copy *choose(struct replay *r, const struct journal *j,
				 const struct copy *first,
				 const struct copy *end)
{
	const struct copy *c, *chosen = NULL;
	struct overlay_block *b;
	uint32_t run;

	for (c = first; c < end && c->home == first->home; c++) {
		if (first->revoked &&
		    !jbd_tid_before(first->revoked_tid, c->tid))
			r->revoked++;
		else if (c->bad)
			note_bad(r, c);
		else
			chosen = c;
	}
	if (chosen) {
		b = &r->overlay.blocks[r->overlay.n++];
		b->home = chosen->home;
		b->at = logmap_find(&j->map, chosen->at, &run);
		b->escaped = chosen->escaped;
	}
	return c;
}

static errcode_t build_overlay(struct gather *g)
{
	struct overlay *o = &g->replay->overlay;
	const struct copy *c, *end;

	put_be32(o->head, JBD_MAGIC);
	g->replay->copies = g->n;
	if (!g->n)
		return 0;
	o->blocks = calloc(g->n, sizeof(*o->blocks));
	if (!o->blocks)
		return diag_nomem(g->j->place.diag);
	end = g->copies + g->n;
	for (c = g->copies; c < end;)
		c = choose(g->replay, g->j, c, end);
	return 0;
}

/* Fast commits lie behind the log, but for one block between them that nobody
 * uses.  The first one begins with a tag of type 9, which has the number of
 * the transaction that it goes before, little-endian. */
static errcode_t check_fast_commit(const struct replay *r,
				   const struct journal *j)
{
	enum { TAG_HEAD = 9, AT_TID = 8 };
	uint8_t *block;
	errcode_t err;

	if (j->super.fc_blocks < 2 || !j->super.start)
		return 0;
	block = malloc(j->place.block_size);
	if (!block)
		return diag_nomem(j->place.diag);
	err = journal_read(j, j->super.last + 1, block);
	if (!err && get_le16(block) == TAG_HEAD &&
	    get_le32(block + AT_TID) == r->end.end_tid)
		err = diag_error(j->place.diag, j->place.path,
				 E4PACK_ET_UNSUPPORTED, "fast commits wait in "
				 "its journal: run e2fsck or mount it");
	free(block);
	return err;
}

static errcode_t check_end(const struct replay *r, const struct journal *j)
{
	const struct journal_place *p = &j->place;

	if (r->end.why != LOG_STOP_DAMAGED)
		return check_fast_commit(r, j);
	return diag_error(p->diag, p->path, E4PACK_ET_BAD_IMAGE, "the journal "
			  "is damaged: transaction %u is committed, but has a "
			  "wrong checksum: run e2fsck", r->end.end_tid);
}

errcode_t replay_read(struct replay *r, const struct journal *j)
{
	struct gather g = { .replay = r, .j = j };
	struct log_visitor v = {
		.visit = add_copy, .arg = &g, .check_data = true,
	};
	struct log_end again;
	errcode_t err = log_walk(&r->end, j, NULL);

	if (!err)
		err = check_end(r, j);
	if (!err && r->end.used)
		err = log_walk(&again, j, &v);
	if (!err && g.n)
		qsort(g.copies, g.n, sizeof(*g.copies), by_home);
	v.visit = add_revoke;
	v.check_data = false;
	if (!err && g.n && r->end.revokes)
		err = log_walk(&again, j, &v);
	if (!err)
		err = build_overlay(&g);
	free(g.copies);
	return err;
}
