// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a list of blocks to the log.
 *
 *	[descriptor, its copies] [descriptor, its copies] ... (commit)
 *
 * A descriptor has as many tags as fit, the first with the UUID, the last
 * with LAST_TAG.  Blocks follow each other in the log, round at its end.  A
 * copy that begins with the magic number would look like a control block: its
 * first four bytes are logged as zero, and its tag says ESCAPE.
 */
#include "journal/transaction.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/broken.h"
#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "journal/log_writer.h"

uint64_t transaction_log_blocks(const struct journal *j, uint64_t n)
{
	return n + div_round_up(n, jbd_tags_per_block(&j->layout)) + 1;
}

uint64_t transaction_most_blocks(const struct journal *j)
{
	const uint64_t tags = jbd_tags_per_block(&j->layout);
	const uint64_t room = journal_capacity(j) - 1;
	const uint64_t rest = room % (tags + 1);

	return room / (tags + 1) * tags + (rest ? rest - 1 : 0);
}

static errcode_t check_block(const struct logged_block *b,
			     const struct journal *j)
{
	const struct journal_place *p = &j->place;

	if (b->home >= p->room || logmap_has(&j->map, b->home))
		return diag_error(p->diag, p->path, E4PACK_ET_BUG,
				  "block %" PRIu64 " cannot be logged",
				  b->home);
	if (!j->layout.wide && b->home > UINT32_MAX)
		return diag_error(p->diag, p->path, E4PACK_ET_TOO_BIG,
				  "block %" PRIu64 " is out of reach of its "
				  "journal, which is of version 1", b->home);
	return 0;
}

errcode_t transaction_check(const struct transaction *t,
			    const struct journal *j)
{
	const struct journal_place *p = &j->place;
	uint64_t need = transaction_log_blocks(j, t->n);
	errcode_t err = 0;
	size_t i;

	if (need > journal_capacity(j))
		return diag_error(p->diag, p->path, E4PACK_ET_NO_SPACE,
				  "the change needs %" PRIu64 " blocks of "
				  "journal, it has %u", need,
				  journal_capacity(j));
	if (t->start < j->super.first || t->start >= j->super.last)
		return diag_error(p->diag, p->path, E4PACK_ET_BUG, NULL);
	for (i = 0; !err && i < t->n; i++) {
		if (i && t->blocks[i - 1].home >= t->blocks[i].home)
			return diag_error(p->diag, p->path, E4PACK_ET_BUG,
					  NULL);
		err = check_block(&t->blocks[i], j);
	}
	return err;
}

/* The copy of @b as it is logged: @b's own bytes, or @spare with them and an
 * escape.  *@flags gets JBD_TAG_ESCAPE. */
static const uint8_t *escape(const struct logged_block *b, uint8_t *spare,
			     uint32_t block_size, uint32_t *flags)
{
	if (get_be32(b->data) != JBD_MAGIC || broken("escape"))
		return b->data;
	memcpy(spare, b->data, block_size);
	memset(spare, 0, 4);
	*flags |= JBD_TAG_ESCAPE;
	return spare;
}

/* Fill the descriptor @block for @n blocks from @b on. */
static void put_descriptor(uint8_t *block, uint8_t *spare,
			   const struct transaction *t,
			   const struct logged_block *b, size_t n,
			   const struct jbd_layout *l)
{
	uint8_t *at = block + JBD_HEADER;
	size_t i;

	memset(block, 0, l->block_size);
	jbd_header_put(block, JBD_DESCRIPTOR, t->tid);
	for (i = 0; i < n; i++) {
		struct jbd_tag tag = { .home = b[i].home };
		const uint8_t *copy = escape(&b[i], spare, l->block_size,
					     &tag.flags);

		if (i)
			tag.flags |= JBD_TAG_SAME_UUID;
		if (i == n - 1)
			tag.flags |= JBD_TAG_LAST;
		tag.csum = jbd_data_csum(l, t->tid, copy);
		at += jbd_tag_put(at, &tag, l);
	}
	jbd_tail_put(l, block);
}

/* One descriptor and its copies. */
static errcode_t write_part(struct log_writer *w, uint8_t *scratch,
			    const struct transaction *t,
			    const struct logged_block *b, size_t n,
			    const struct jbd_layout *l)
{
	uint8_t *spare = scratch + l->block_size;
	uint32_t flags;
	errcode_t err;
	size_t i;

	put_descriptor(scratch, spare, t, b, n, l);
	err = log_writer_add(w, scratch);
	for (i = 0; !err && i < n; i++)
		err = log_writer_add(w, escape(&b[i], spare, l->block_size,
					       &flags));
	return err;
}

errcode_t transaction_write(uint32_t *commit_at, const struct transaction *t,
			    const struct journal *j)
{
	const struct jbd_layout *l = &j->layout;
	const size_t tags = jbd_tags_per_block(l);
	struct log_writer w;
	uint8_t *scratch = malloc(2 * (size_t)l->block_size);
	errcode_t err = scratch ? log_writer_init(&w, j, t->start) :
				  diag_nomem(j->place.diag);
	size_t i, n;

	if (err) {
		free(scratch);
		return err;
	}
	for (i = 0; !err && i < t->n; i += n) {
		n = t->n - i < tags ? t->n - i : tags;
		err = write_part(&w, scratch, t, t->blocks + i, n, l);
	}
	if (!err)
		err = log_writer_flush(&w);
	if (!err)
		*commit_at = w.next;
	log_writer_release(&w);
	free(scratch);
	return err;
}
