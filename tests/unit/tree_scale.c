// SPDX-License-Identifier: GPL-2.0-or-later
/* Large and deep trees, the limit of hard links, and the order of the walk. */
#include "tree_util.h"

#include <stdio.h>

#include "source/entry.h"

static errcode_t add(struct session *s, uint32_t mode, const char *path,
		     const char *hardlink, uint64_t ino)
{
	struct entry e;
	errcode_t err;

	entry_init(&e);
	e.path = strdup(path);
	e.hardlink = hardlink ? strdup(hardlink) : NULL;
	e.mode = mode;
	e.link_ino = ino;
	e.has_identity = ino;
	if (S_ISREG(mode) && !hardlink) {
		e.size = 10;
		e.origin = origin_get(s->origin);
		assert_int_equal(entry_add_data(&e, 0, 10, 7), 0);
	}
	err = tree_add(&s->tree, &e);
	entry_release(&e);
	return err;
}

static void begin(struct session *s, uint64_t free)
{
	struct tree_options options = { 0 };

	session_init(s, &options, free);
	tree_begin_source(&s->tree, true);
}

struct order {
	char *last;
	uint32_t n;
};

static errcode_t check_order(void *arg, struct node *n)
{
	struct order *o = arg;
	char *path = tree_path(n);

	assert_non_null(path);
	assert_true(!o->last || strcmp(o->last, path) < 0);
	free(o->last);
	o->last = path;
	o->n++;
	return 0;
}

static void check_walk(const struct session *s, uint32_t n)
{
	struct order o = { NULL, 0 };

	assert_int_equal(tree_walk(&s->tree, check_order, &o), 0);
	free(o.last);
	assert_int_equal(o.n, n);
}

/* Names around '/', which is 0x2f, in folders and beside them. */
static void walk_order(void **state)
{
	static const char *const parts[] = {
		"a", "a-", "a-b", "a--", "a.", "a0", "a!", "a\x01", "a\xff",
		"aa", "b", "a-/", "a--/-",
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	struct session s;
	size_t i, k;

	(void)state;
	begin(&s, 0);
	for (i = 0; i < PARTS; i++)
		for (k = 0; k < PARTS; k++) {
			char path[32];

			snprintf(path, sizeof(path), "%s/%s", parts[i],
				 parts[k]);
			if (strstr(path, "//") ||
			    path[strlen(path) - 1] == '/')
				continue;
			assert_int_equal(add(&s, S_IFDIR, path, NULL, 0), 0);
		}
	check_walk(&s, s.tree.n_inodes);
	session_check(&s);
	session_release(&s);
}

static errcode_t stop_at_third(void *arg, struct node *n)
{
	int *calls = arg;

	(void)n;
	return ++*calls == 3 ? E4PACK_ET_INTERRUPTED : 0;
}

static void walk_stops(void **state)
{
	struct session s;
	int calls = 0;

	(void)state;
	begin(&s, 0);
	assert_int_equal(add(&s, S_IFDIR, "a/b/c/d", NULL, 0), 0);
	assert_int_equal(tree_walk(&s.tree, stop_at_third, &calls),
			 E4PACK_ET_INTERRUPTED);
	assert_int_equal(calls, 3);
	session_release(&s);
}

static void wide(void **state)
{
	enum { N = 100000, STEP = 61803 };
	struct session s;
	char name[32];
	uint32_t i;

	(void)state;
	begin(&s, N);
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "dir/%x",
			 (unsigned int)((uint64_t)i * STEP % N));
		assert_int_equal(add(&s, S_IFREG, name, NULL, 0), 0);
	}
	assert_int_equal(tree_find(&s.tree, "dir")->inode->dir.n, N);
	assert_int_equal(s.delay.reserve.dirty, N);
	assert_int_equal(add(&s, S_IFREG, "dir/one-more", NULL, 0),
			 E4PACK_ET_NO_SPACE);
	check_walk(&s, N + 2);
	session_check(&s);
	/* The memory that is promised for each object; its name of 6 bytes
	 * and the ES tree's node come on top. */
	assert_true(s.tree.arena.total / N <= 300 + 6);
	session_release(&s);
}

static void deep(void **state)
{
	enum { DEPTH = 3000 };
	struct buf path = BUF_INIT;
	struct session s;
	char *back;
	int i;

	(void)state;
	begin(&s, 10);
	for (i = 0; i < DEPTH; i++) {
		assert_int_equal(buf_add_str(&path, i ? "/d" : "d"), 0);
		if (i % 7 == 0)
			assert_int_equal(add(&s, S_IFDIR, buf_str(&path),
					     NULL, 0), 0);
	}
	assert_int_equal(buf_add_str(&path, "/f"), 0);
	assert_int_equal(add(&s, S_IFREG, buf_str(&path), NULL, 0), 0);
	back = tree_path(tree_find(&s.tree, buf_str(&path)));
	assert_string_equal(back, buf_str(&path));
	check_walk(&s, DEPTH + 2);
	session_check(&s);
	free(back);
	buf_release(&path);
	session_release(&s);
}

/* 65000 names of one inode, then of its copies, however they are given. */
static void many_links(void **state)
{
	enum { N = 2 * FORMAT_LINK_MAX + 5 };
	bool by_identity;
	int turn, i;

	(void)state;
	for (turn = 0; turn < 2; turn++) {
		struct tree_inode *first, *last;
		struct content_range r;
		struct session s;
		char name[32];

		by_identity = turn;
		begin(&s, 10);
		for (i = 0; i < N; i++) {
			snprintf(name, sizeof(name), "%d", i);
			assert_int_equal(add(&s, S_IFREG, name, i &&
					     !by_identity ? "0" : NULL,
					     by_identity), 0);
		}
		first = tree_find(&s.tree, "0")->inode;
		snprintf(name, sizeof(name), "%d", N - 1);
		last = tree_find(&s.tree, name)->inode;
		assert_int_equal(first->links, FORMAT_LINK_MAX);
		assert_int_equal(last->links, 5);
		assert_int_equal(last->file.size, 10);
		assert_true(content_next(&last->file.content, 0, &r));
		assert_int_equal(r.origin_offset, 7);
		assert_int_equal(s.diag.warnings, 2);
		assert_int_equal(s.delay.reserve.dirty, 3);
		/* The same name again is no further one. */
		assert_int_equal(add(&s, S_IFREG, "1", by_identity ? NULL :
				     "0", by_identity), 0);
		session_check(&s);
		s.diag.strict = true;
		tree_begin_source(&s.tree, true);
		last->links += FORMAT_LINK_MAX - 5;
		assert_int_equal(add(&s, S_IFREG, "x", by_identity ? NULL :
				     "0", by_identity), E4PACK_ET_STRICT);
		session_release(&s);
	}
}

static void many_folders(void **state)
{
	enum { N = 66000 };
	struct session s;
	char name[32];
	int i;

	(void)state;
	begin(&s, 0);
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		assert_int_equal(add(&s, S_IFDIR, name, NULL, 0), 0);
	}
	assert_int_equal(tree_find(&s.tree, "d")->inode->links, N + 2);
	session_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_order),
		cmocka_unit_test(walk_stops),
		cmocka_unit_test(wide),
		cmocka_unit_test(deep),
		cmocka_unit_test(many_links),
		cmocka_unit_test(many_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
