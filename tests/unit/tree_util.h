/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the tree share: a session with its messages kept, and
 * the check that every count agrees with what is there. */
#ifndef TESTS_UNIT_TREE_UTIL_H
#define TESTS_UNIT_TREE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/errors.h"
#include "tree/node.h"

struct session {
	struct diag diag;
	struct delay delay;
	struct tree tree;
	struct buf messages;	/* all texts, one a line */
	struct origin *origin;
};

static void keep_message(void *arg, enum diag_level level,
			 const char *subject, const char *text)
{
	struct session *s = arg;

	(void)level;
	assert_int_equal(buf_add_str(&s->messages, subject ? subject : ""), 0);
	assert_int_equal(buf_add_str(&s->messages, ": "), 0);
	assert_int_equal(buf_add_str(&s->messages, text), 0);
	assert_int_equal(buf_add_str(&s->messages, "\n"), 0);
}

/* Blocks of 4 KiB, @free of them. */
static void session_init(struct session *s, struct tree_options *options,
			 uint64_t free)
{
	memset(s, 0, sizeof(*s));
	diag_init(&s->diag, keep_message, s);
	delay_init(&s->delay, 12, 0);
	s->delay.reserve.free = free;
	s->origin = origin_memory("", 0);
	assert_non_null(s->origin);
	options->diag = &s->diag;
	options->block_size = 4096;
	assert_int_equal(tree_init(&s->tree, &s->delay, options), 0);
}

static void session_release(struct session *s)
{
	tree_release(&s->tree);
	assert_int_equal(s->delay.reserve.dirty, 0);
	assert_int_equal(s->origin->refs, 1);
	origin_put(s->origin);
	delay_release(&s->delay);
	diag_release(&s->diag);
	buf_release(&s->messages);
}

static errcode_t check_node(void *arg, struct node *n)
{
	struct tree_inode *inode = n->inode;
	uint64_t *reserved = arg;
	uint32_t children = 0, folders = 0;
	uint64_t bytes = 0;
	struct names_cursor names;
	struct node *c;

	assert_ptr_equal(n->parent == n ? n :
			 names_find(&n->parent->inode->dir.children, n->name,
				    n->name_len), n);
	if (!S_ISDIR(inode->mode)) {
		/* Counted down to zero over all names. */
		inode->ino = inode->ino ? inode->ino - 1 : inode->links - 1;
		if (S_ISREG(inode->mode) && !inode->ino)
			*reserved += inode->file.es.reserved;
		return 0;
	}
	names = names_begin(&inode->dir.children);
	while ((c = names_next(&names))) {
		assert_ptr_equal(c->parent, n);
		children++;
		folders += !!S_ISDIR(c->inode->mode);
		bytes += 8 + (c->name_len + 3) / 4 * 4;
	}
	assert_int_equal(inode->dir.n, children);
	assert_int_equal(inode->dir.name_bytes, bytes);
	assert_int_equal(inode->links, 2 + folders);
	return 0;
}

/* Check every count of the tree, and that nothing is reserved for what is
 * not in it. */
static inline void session_check(struct session *s)
{
	uint64_t reserved = 0;
	struct inode_chunk *c;
	uint32_t i;

	assert_int_equal(tree_walk(&s->tree, check_node, &reserved), 0);
	for (c = s->tree.inodes; c; c = c->next)
		for (i = 0; i < c->used; i++)
			assert_int_equal(c->inodes[i].ino, 0);
	assert_int_equal(s->delay.reserve.dirty, reserved);
}

#endif
