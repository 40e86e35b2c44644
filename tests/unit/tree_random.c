// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random entries from random sources, merged by the tree and by a model that
 * is a plain list of paths; both must agree on every result and on the final
 * list.
 */
#include "tree_util.h"

#include <stdio.h>

#include "source/entry.h"

enum { PATHS_MAX = 64, PATH_BYTES = 16 };

struct model_inode {
	uint32_t mode, uid;
};

struct model_name {
	char path[PATH_BYTES];
	int inode;
	uint32_t source;
};

struct model {
	struct model_name names[PATHS_MAX];
	struct model_inode inodes[4096];
	int n, n_inodes;
	uint32_t source;
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static struct model_name *model_find(struct model *m, const char *path,
				     size_t len)
{
	int i;

	for (i = 0; i < m->n; i++)
		if (strlen(m->names[i].path) == len &&
		    !memcmp(m->names[i].path, path, len))
			return &m->names[i];
	return NULL;
}

static bool model_is_folder(const struct model *m, const struct model_name *n)
{
	return S_ISDIR(m->inodes[n->inode].mode);
}

static bool model_is_empty(const struct model *m, const struct model_name *n)
{
	size_t len = strlen(n->path);
	int i;

	for (i = 0; i < m->n; i++)
		if (!strncmp(m->names[i].path, n->path, len) &&
		    m->names[i].path[len] == '/')
			return false;
	return true;
}

static int model_inode(struct model *m, uint32_t mode, uint32_t uid)
{
	m->inodes[m->n_inodes] = (struct model_inode){ mode, uid };
	return m->n_inodes++;
}

static void model_name(struct model *m, const char *path, size_t len,
		       int inode, uint32_t source)
{
	struct model_name *n = &m->names[m->n++];

	memset(n, 0, sizeof(*n));
	memcpy(n->path, path, len);
	n->inode = inode;
	n->source = source;
}

/* Check the folders above @path; make them, or fail with @missing. */
static errcode_t model_parents(struct model *m, const char *path,
			       errcode_t missing)
{
	const char *slash = path;

	while ((slash = strchr(slash, '/'))) {
		struct model_name *n = model_find(m, path, slash - path);

		if (n && !model_is_folder(m, n))
			return E4PACK_ET_BAD_TYPE;
		if (!n && missing)
			return missing;
		if (!n)
			model_name(m, path, slash - path,
				   model_inode(m, S_IFDIR, 0), 0);
		slash++;
	}
	return 0;
}

static errcode_t model_target(struct model *m, const struct entry *e,
			      int *inode)
{
	struct model_name *n;
	errcode_t err;

	if (!strcmp(e->path, e->hardlink))
		return E4PACK_ET_BAD_ENTRY;
	err = model_parents(m, e->hardlink, E4PACK_ET_BAD_ENTRY);
	if (err)
		return err;
	n = model_find(m, e->hardlink, strlen(e->hardlink));
	if (!n)
		return E4PACK_ET_BAD_ENTRY;
	if (model_is_folder(m, n))
		return E4PACK_ET_BAD_TYPE;
	*inode = n->inode;
	return 0;
}

static errcode_t model_add(struct model *m, const struct entry *e)
{
	bool folder = !e->hardlink && S_ISDIR(e->mode);
	struct model_name *n;
	errcode_t err = 0;
	int inode = -1;

	if (e->hardlink)
		err = model_target(m, e, &inode);
	if (!err)
		err = model_parents(m, e->path, 0);
	if (err)
		return err;
	n = model_find(m, e->path, strlen(e->path));
	if (n && folder && model_is_folder(m, n)) {
		m->inodes[n->inode].uid = e->uid;
		n->source = m->source;
		return 0;
	}
	if (n && folder != model_is_folder(m, n) &&
	    (n->source == m->source || (!folder && !model_is_empty(m, n))))
		return E4PACK_ET_BAD_TYPE;
	if (n)
		*n = m->names[--m->n];
	if (inode < 0)
		inode = model_inode(m, e->mode, e->uid);
	model_name(m, e->path, strlen(e->path), inode, m->source);
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	const struct model_name *p = a, *q = b;

	return strcmp(p->path, q->path);
}

struct comparison {
	struct model *model;
	int i;
};

static errcode_t compare(void *arg, struct node *n)
{
	struct comparison *c = arg;
	const struct model_name *expect;
	const struct model_inode *inode;
	char *path = tree_path(n);
	uint32_t links = 0;
	int i;

	if (*path) {
		expect = &c->model->names[c->i++];
		inode = &c->model->inodes[expect->inode];
		assert_string_equal(path, expect->path);
		assert_int_equal(n->source, expect->source);
		assert_int_equal(n->inode->mode & S_IFMT,
				 inode->mode & S_IFMT);
		assert_int_equal(n->inode->uid, inode->uid);
		for (i = 0; i < c->model->n; i++)
			links += c->model->names[i].inode == expect->inode;
		if (!S_ISDIR(inode->mode))
			assert_int_equal(n->inode->links, links);
	}
	free(path);
	return 0;
}

static void random_path(char *path, uint64_t *seed)
{
	static const char *const names[] = { "a", "a-", "b" };
	int depth = 1 + next_random(seed) % 3;

	*path = '\0';
	while (depth--) {
		strcat(path, names[next_random(seed) % 3]);
		if (depth)
			strcat(path, "/");
	}
}

static void random_entry(struct session *s, struct entry *e, uint64_t *seed,
			 uint32_t number)
{
	static const uint32_t modes[] = { S_IFDIR, S_IFREG, S_IFREG, S_IFLNK,
					  S_IFIFO };
	char path[PATH_BYTES];

	entry_init(e);
	random_path(path, seed);
	e->path = strdup(path);
	e->mode = modes[next_random(seed) % 5];
	e->uid = number;
	random_path(path, seed);
	if (next_random(seed) % 4 == 0) {
		e->hardlink = strdup(path);
		e->mode = S_IFREG;
	} else if (S_ISLNK(e->mode)) {
		e->target = strdup(path);
	} else if (S_ISREG(e->mode)) {
		e->size = 1 + next_random(seed) % 20000;
		e->origin = origin_get(s->origin);
		assert_int_equal(entry_add_data(e, 0, e->size, 0), 0);
	}
}

static void agree(void **state)
{
	static struct model m;
	uint64_t seed = 1;
	int round, i;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct tree_options options = { 0 };
		struct comparison c = { &m, 0 };
		struct session s;
		struct entry e;

		memset(&m, 0, sizeof(m));
		session_init(&s, &options, 10000);
		for (i = 0; i < 100; i++) {
			if (i == 0 || next_random(&seed) % 8 == 0) {
				tree_begin_source(&s.tree, true);
				m.source++;
			}
			random_entry(&s, &e, &seed, i + 1);
			assert_int_equal(tree_add(&s.tree, &e),
					 model_add(&m, &e));
			entry_release(&e);
		}
		qsort(m.names, m.n, sizeof(m.names[0]), compare_paths);
		assert_int_equal(tree_walk(&s.tree, compare, &c), 0);
		assert_int_equal(c.i, m.n);
		session_check(&s);
		session_release(&s);
	}
}

/* With links followed there is no model: only every count must agree. */
static void follow_links(void **state)
{
	uint64_t seed = 99;
	int round, i, taken = 0;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct tree_options options = { .keep_dir_symlinks = true };
		struct session s;
		struct entry e;

		session_init(&s, &options, 10000);
		for (i = 0; i < 60; i++) {
			if (i == 0 || next_random(&seed) % 8 == 0)
				tree_begin_source(&s.tree, true);
			random_entry(&s, &e, &seed, i + 1);
			e.has_identity = next_random(&seed) % 2;
			e.link_ino = next_random(&seed) % 4;
			taken += !tree_add(&s.tree, &e);
			entry_release(&e);
			session_check(&s);
		}
		session_release(&s);
	}
	assert_true(taken > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree),
		cmocka_unit_test(follow_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
