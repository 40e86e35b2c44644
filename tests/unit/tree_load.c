// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree over an image that is there: what is asked for is read, what was
 * taken away is not found again, and a failure is not mistaken for nothing. */
#include "tree_util.h"

#include <errno.h>

#include "tree/edit.h"

static const struct {
	uint32_t dir;
	const char *name;
	uint32_t ino;
} names[] = {
	{ 2, "a", 12 }, { 2, "d", 13 }, { 2, "e", 15 },
	{ 13, "x", 14 }, { 13, "y", 12 }, { 13, "sub", 16 },
	{ 16, "deep", 17 },
	{ 2, "twice", 18 }, { 2, "again", 18 },
};

static const struct {
	uint32_t ino, mode, links;
} inodes[] = {
	{ 2, S_IFDIR | 0755, 7 }, { 12, S_IFREG | 0644, 2 },
	{ 13, S_IFDIR | 0755, 3 }, { 14, S_IFREG | 0600, 1 },
	{ 15, S_IFDIR | 0755, 2 }, { 16, S_IFDIR | 0755, 2 },
	{ 17, S_IFREG | 0644, 1 }, { 18, S_IFDIR | 0755, 2 },
};

struct fake {
	struct session s;
	unsigned int look_ups, lists, loads;
	errcode_t fail;		/* what the next call returns */
};

static errcode_t look_up(void *arg, const struct tree_inode *dir,
			 const char *name, size_t len, uint32_t *ino)
{
	struct fake *f = arg;
	size_t i;

	f->look_ups++;
	*ino = 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].dir == dir->ino && strlen(names[i].name) == len &&
		    !memcmp(names[i].name, name, len))
			*ino = names[i].ino;
	return f->fail;
}

static errcode_t list(void *arg, const struct tree_inode *dir,
		      tree_listed *listed, void *listed_arg)
{
	struct fake *f = arg;
	errcode_t err = f->fail;
	size_t i;

	f->lists++;
	for (i = 0; !err && i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].dir == dir->ino)
			err = listed(listed_arg, names[i].name,
				     strlen(names[i].name), names[i].ino);
	return err;
}

static errcode_t load(void *arg, struct tree_inode *inode)
{
	struct fake *f = arg;
	size_t i;

	f->loads++;
	for (i = 0; i < sizeof(inodes) / sizeof(inodes[0]); i++) {
		if (inodes[i].ino != inode->ino)
			continue;
		tree_set_mode(inode, inodes[i].mode);
		inode->links = inodes[i].links;
	}
	return f->fail;
}

static const struct tree_image image = { look_up, list, load, NULL };
static const struct edit_attributes attributes = { .mode = 0644 };

static void begin(struct fake *f)
{
	struct tree_options options = {
		.image = &image, .image_arg = f, .list_changes = true,
	};

	memset(f, 0, sizeof(*f));
	session_init(&f->s, &options, 100);
	tree_begin_source(&f->s.tree, false);
}

static struct node *get(struct fake *f, const char *path)
{
	struct node *n = NULL;

	assert_int_equal(edit_lookup(&f->s.tree, path, false, &n), 0);
	return n;
}

static errcode_t miss(struct fake *f, const char *path)
{
	struct node *n;

	return edit_lookup(&f->s.tree, path, false, &n);
}

static void asked_once(void **state)
{
	struct fake f;

	(void)state;
	begin(&f);
	assert_int_equal(get(&f, "d/x")->inode->ino, 14);
	assert_int_equal(f.look_ups, 2);
	assert_true(get(&f, "d/x")->on_disk);
	assert_int_equal(f.look_ups, 2);
	/* Two names, one inode, read once. */
	assert_ptr_equal(get(&f, "a")->inode, get(&f, "d/y")->inode);
	assert_int_equal(f.loads, 4);
	assert_int_equal(miss(&f, "d/none"), ENOENT);
	assert_int_equal(f.lists, 0);
	assert_null(tree_next_changed(&f.s.tree));
	session_release(&f.s);
}

static void gone(void **state)
{
	struct tree_inode *changed;
	struct fake f;
	struct node *n;

	(void)state;
	begin(&f);
	assert_int_equal(edit_unlink(&f.s.tree, "d/x"), 0);
	f.look_ups = 0;
	assert_int_equal(miss(&f, "d/x"), ENOENT);
	assert_int_equal(f.look_ups, 0);
	assert_int_equal(edit_create(&f.s.tree, "d/x", &attributes, &n), 0);
	assert_false(n->on_disk);
	assert_int_equal(n->inode->ino, 0);
	assert_int_equal(edit_unlink(&f.s.tree, "d/x"), 0);
	assert_int_equal(miss(&f, "d/x"), ENOENT);
	/* The folder, what lost its name, the new one; each once. */
	changed = tree_next_changed(&f.s.tree);
	assert_int_equal(changed->ino, 13);
	changed = tree_next_changed(&f.s.tree);
	assert_int_equal(changed->ino, 14);
	assert_int_equal(changed->links, 0);
	changed = tree_next_changed(&f.s.tree);
	assert_int_equal(changed->ino, 0);
	assert_null(tree_next_changed(&f.s.tree));
	session_release(&f.s);
}

static void emptiness(void **state)
{
	struct fake f;

	(void)state;
	begin(&f);
	assert_int_equal(edit_rmdir(&f.s.tree, "d"), ENOTEMPTY);
	assert_int_equal(edit_rmdir(&f.s.tree, "e"), 0);
	assert_int_equal(f.s.tree.root->inode->links, 6);
	assert_int_equal(edit_rename(&f.s.tree, "d/sub", "a"), ENOTDIR);
	assert_int_equal(edit_rename(&f.s.tree, "d/sub", "e"), 0);
	assert_int_equal(get(&f, "e/deep")->inode->ino, 17);
	assert_int_equal(get(&f, "d")->inode->links, 2);
	assert_int_equal(miss(&f, "d/sub"), ENOENT);
	session_release(&f.s);
}

static void whole_folder(void **state)
{
	struct fake f;
	struct node *a;

	(void)state;
	begin(&f);
	a = get(&f, "a");
	assert_int_equal(edit_remove_tree(&f.s.tree, "d"), 0);
	assert_int_equal(a->inode->links, 1);
	assert_int_equal(miss(&f, "d"), ENOENT);
	assert_int_equal(f.lists, 2);
	session_release(&f.s);
}

static void rename_over(void **state)
{
	struct fake f;
	struct node *x;

	(void)state;
	begin(&f);
	x = get(&f, "d/x");
	assert_int_equal(edit_rename(&f.s.tree, "a", "d/x"), 0);
	assert_int_equal(x->inode->links, 0);
	assert_int_equal(get(&f, "d/x")->inode->ino, 12);
	assert_false(get(&f, "d/x")->on_disk);
	assert_int_equal(miss(&f, "a"), ENOENT);
	session_release(&f.s);
}

static void failures(void **state)
{
	struct fake f;

	(void)state;
	begin(&f);
	f.fail = EIO;
	assert_int_equal(miss(&f, "d"), ENOENT);
	assert_int_equal(f.s.tree.failed, EIO);
	session_release(&f.s);

	begin(&f);
	get(&f, "e");
	f.fail = EIO;
	edit_rmdir(&f.s.tree, "e");
	assert_int_equal(f.s.tree.failed, EIO);
	session_release(&f.s);

	/* A folder that has two names might be its own child. */
	begin(&f);
	get(&f, "twice");
	miss(&f, "again");
	assert_int_equal(f.s.tree.failed, E4PACK_ET_BAD_IMAGE);
	assert_non_null(strstr(buf_str(&f.s.messages), "inode 18"));
	session_release(&f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_once),
		cmocka_unit_test(gone),
		cmocka_unit_test(emptiness),
		cmocka_unit_test(whole_folder),
		cmocka_unit_test(rename_over),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
