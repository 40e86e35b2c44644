// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that runs out at the first, the second, each allocation of an edit:
 * told as such, the tree as it was, and with the sanitizers nothing leaks. */
#include "tree_util.h"

#include <errno.h>
#include <stdio.h>

#include "tree/edit.h"

/* The linker puts these in place of the calls (--wrap). */
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_arena_alloc(struct arena *a, size_t size);
void *__real_arena_dup(struct arena *a, const void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_dup(struct arena *a, const void *data, size_t size);

static unsigned long countdown;	/* the allocation that fails; 0: none */

static int fails(void)
{
	return countdown && !--countdown;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_arena_alloc(struct arena *a, size_t size)
{
	return fails() ? NULL : __real_arena_alloc(a, size);
}

void *__wrap_arena_dup(struct arena *a, const void *data, size_t size)
{
	return fails() ? NULL : __real_arena_dup(a, data, size);
}

static const struct edit_attributes attributes = { .mode = 0700 };

#define ACL "\2\0\0\0\1\0\7\0\xff\xff\xff\xff\4\0\1\0\xff\xff\xff\xff"	\
	    "\x10\0\6\0\xff\xff\xff\xff\x20\0\4\0\xff\xff\xff\xff"

static errcode_t create(struct tree *t)
{
	struct node *n;

	return edit_create(t, "l/new", &attributes, &n);
}

static errcode_t make_folder(struct tree *t)
{
	return edit_mkdir(t, "l/new", false, &attributes);
}

static errcode_t make_link(struct tree *t)
{
	return edit_symlink(t, "target", "l/new", &attributes);
}

static errcode_t make_fifo(struct tree *t)
{
	return edit_mknod(t, "l/new", S_IFIFO, 0, 0, &attributes);
}

static errcode_t link_file(struct tree *t)
{
	return edit_link(t, "l/f", "l/new");
}

static errcode_t move_over(struct tree *t)
{
	return edit_rename(t, "l/f", "g");
}

static errcode_t remove_all(struct tree *t)
{
	return edit_remove_tree(t, "l/e");
}

static errcode_t set_acl(struct tree *t)
{
	return edit_setxattr(t, "l/f", "system.posix_acl_access", ACL,
			     sizeof(ACL) - 1);
}

static errcode_t set_attribute(struct tree *t)
{
	return edit_setxattr(t, "l/f", "user.c", "1", 1);
}

static errcode_t take_attribute(struct tree *t)
{
	return edit_rmxattr(t, "l/f", "user.a");
}

static errcode_t set_mode(struct tree *t)
{
	return edit_chmod(t, "l/f", 0777);
}

static errcode_t (*const edits[])(struct tree *t) = {
	create, make_folder, make_link, make_fifo, link_file, move_over,
	remove_all, set_acl, set_attribute, take_attribute, set_mode,
};

/* What an edit that fails has to leave as it is. */
static errcode_t sum_node(void *arg, struct node *n)
{
	uint64_t *sum = arg;
	int i;

	for (i = 0; i < n->name_len; i++)
		*sum = *sum * 31 + (uint8_t)n->name[i];
	*sum = *sum * 31 + n->inode->mode;
	*sum = *sum * 31 + n->inode->links;
	*sum = *sum * 31 + (uintptr_t)n->inode->xattrs;
	return 0;
}

static uint64_t tree_sum(const struct session *s)
{
	uint64_t sum = 0;

	assert_int_equal(tree_walk(&s->tree, sum_node, &sum), 0);
	return sum;
}

static void begin(struct session *s)
{
	struct tree_options options = { 0 };
	struct tree *t = &s->tree;
	struct node *n;

	session_init(s, &options, 100);
	tree_begin_source(t, false);
	assert_int_equal(edit_mkdir(t, "d/e", true, &attributes), 0);
	assert_int_equal(edit_symlink(t, "d", "l", &attributes), 0);
	assert_int_equal(edit_create(t, "d/e/x", &attributes, &n), 0);
	assert_int_equal(edit_create(t, "g", &attributes, &n), 0);
	assert_int_equal(edit_create(t, "d/f", &attributes, &n), 0);
	assert_int_equal(da_write(&s->delay, &n->inode->file, 0, 5000,
				  s->origin, 0), 0);
	assert_int_equal(edit_setxattr(t, "d/f", "user.a", "1", 1), 0);
	assert_int_equal(edit_setxattr(t, "d/f", "user.b", "2", 1), 0);
}

static void every_allocation(void **state)
{
	unsigned long n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		errcode_t err = ENOMEM;

		for (n = 1; err; n++) {
			struct session s;
			uint64_t sum;

			begin(&s);
			sum = tree_sum(&s);
			countdown = n;
			err = edits[i](&s.tree);
			countdown = 0;
			assert_int_equal(err, err ? ENOMEM : 0);
			assert_true((tree_sum(&s) == sum) == !!err);
			session_check(&s);
			assert_int_equal(s.messages.len, 0);
			session_release(&s);
		}
		/* At least the path through the link takes memory. */
		assert_true(n > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
