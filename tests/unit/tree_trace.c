// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tree tells a trace: inodes made, named and gone, by the number of
 * their making until they have their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/trace.h"
#include "tree/edit.h"

enum { TEXT_LEN = 1 << 13 };

struct session {
	struct diag diag;
	struct delay delay;
	struct tree tree;
	char path[32];
	char text[TEXT_LEN];
};

static void begin(struct session *s)
{
	const struct tree_options options = { .diag = &s->diag,
					      .block_size = 4096 };

	memset(s, 0, sizeof(*s));
	diag_init(&s->diag, NULL, NULL);
	delay_init(&s->delay, 12, 0);
	s->delay.reserve.free = 100;
	assert_int_equal(tree_init(&s->tree, &s->delay, &options), 0);
	tree_begin_source(&s->tree, false);
	strcpy(s->path, "/tmp/tree_traceXXXXXX");
	close(mkstemp(s->path));
}

static void listen(struct session *s)
{
	assert_int_equal(trace_open(&s->delay.trace, s->path, TRACE_LOGICAL,
				    &s->diag), 0);
}

static void assert_told(struct session *s, const char *lines)
{
	FILE *in;
	size_t n;

	assert_int_equal(trace_close(s->delay.trace), 0);
	s->delay.trace = NULL;
	in = fopen(s->path, "r");
	assert_non_null(in);
	n = fread(s->text, 1, sizeof(s->text) - 1, in);
	s->text[n] = '\0';
	fclose(in);
	assert_string_equal(s->text, lines);
}

static void end(struct session *s)
{
	tree_release(&s->tree);
	delay_release(&s->delay);
	diag_release(&s->diag);
	unlink(s->path);
}

static void made_and_gone(void **state)
{
	const struct edit_attributes a = { .mode = 0640 };
	struct session s;
	struct node *n;

	(void)state;
	begin(&s);
	listen(&s);
	assert_int_equal(edit_mkdir(&s.tree, "d", false, &a), 0);
	assert_int_equal(edit_create(&s.tree, "d/f", &a, &n), 0);
	assert_told(&s,
		"1 ext4_request_inode: dir 2 mode 040640\n"
		"2 ext4_mark_inode_dirty: ino 12 caller inode_new\n"
		"3 ext4_allocate_inode: ino 12 dir 2 mode 040640\n"
		"4 ext4_mark_inode_dirty: ino 2 caller node_insert\n"
		"5 ext4_mark_inode_dirty: ino 12 caller node_insert\n"
		"6 ext4_request_inode: dir 12 mode 0100640\n"
		"7 ext4_mark_inode_dirty: ino 13 caller inode_new\n"
		"8 ext4_allocate_inode: ino 13 dir 12 mode 0100640\n"
		"9 ext4_mark_inode_dirty: ino 12 caller node_insert\n"
		"10 ext4_mark_inode_dirty: ino 13 caller node_insert\n");
	assert_int_equal(tree_finish(&s.tree), 0);
	assert_int_equal(tree_inode_number(tree_find(&s.tree, "lost+found")
					   ->inode), 11);
	assert_int_equal(da_write(&s.delay, &n->inode->file, 0, 5000, NULL,
				  0), 0);
	listen(&s);
	assert_int_equal(edit_link(&s.tree, "d/f", "g"), 0);
	assert_int_equal(edit_unlink(&s.tree, "d/f"), 0);
	assert_int_equal(edit_rmdir(&s.tree, "d"), 0);
	assert_int_equal(edit_unlink(&s.tree, "g"), 0);
	assert_told(&s,
		"1 ext4_mark_inode_dirty: ino 2 caller node_insert\n"
		"2 ext4_mark_inode_dirty: ino 13 caller node_insert\n"
		"3 ext4_drop_inode: ino 12 drop 1\n"
		"4 ext4_evict_inode: ino 12 nlink 0\n"
		"5 ext4_drop_inode: ino 13 drop 1\n"
		"6 ext4_evict_inode: ino 13 nlink 0\n"
		"7 ext4_es_remove_extent: ino 13 es [0/4294967295)\n"
		"8 ext4_da_release_space: ino 13 mode 0100640 i_blocks 0 "
		"freed_blocks 2 reserved_data_blocks 2\n");
	end(&s);
}

/* A number that was given later is the one that counts. */
static void numbered(void **state)
{
	const struct edit_attributes a = { .mode = 0644 };
	struct session s;
	struct node *n;

	(void)state;
	begin(&s);
	assert_int_equal(edit_create(&s.tree, "f", &a, &n), 0);
	assert_int_equal(tree_inode_number(s.tree.root->inode), 2);
	assert_int_equal(tree_inode_number(n->inode), 12);
	n->inode->ino = 77;
	listen(&s);
	assert_int_equal(da_truncate(&s.delay, &n->inode->file, 10), 0);
	assert_int_equal(da_truncate(&s.delay, &n->inode->file, 0), 0);
	assert_told(&s,
		"1 ext4_truncate_enter: ino 77 blocks 0\n"
		"2 ext4_es_remove_extent: ino 77 es [0/4294967295)\n"
		"3 ext4_truncate_exit: ino 77 blocks 0\n");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_gone),
		cmocka_unit_test(numbered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
