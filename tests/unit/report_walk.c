// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths of an image that mke2fs made: their order, looking them up, and
 * finding them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "image/format.h"
#include "report/resolve.h"
#include "report/walk.h"

enum { SKIP = 77 };

static char folder[] = "/tmp/report_walk.XXXXXX";

/* The longest target lies in a block of its own. */
static const char script[] =
	"set -e; cd %s; PATH=$PATH:/sbin:/usr/sbin; mkdir -p t/a/b t/a-b/x "
	"t/usr/lib; : > t/a/b/f; : > t/a.c; : > t/usr/lib/so; "
	"ln -s usr/lib t/lib; ln -s /lib/../lib/so t/abs; ln -s loop t/loop; "
	"ln -s ../../a t/usr/lib/up; "
	"ln -s ./././././././././././././././././././././././././././././././"
	"./././usr t/far; "
	"mke2fs -q -F -t ext4 -d t image 4M >/dev/null 2>&1";

struct fixture {
	char image[64];
	struct diag diag;
	struct image *img;
};

static errcode_t note(void *arg, const struct walk_item *item)
{
	strcat(arg, item->path);
	strcat(arg, " ");
	return strcmp(item->path, "/usr") ? 0 : WALK_STOP;
}

static errcode_t note_leave(void *arg, const struct walk_item *item)
{
	strcat(arg, "<");
	return note(arg, item);
}

static void order(void **state)
{
	struct fixture *f = *state;
	char seen[512] = "";
	const struct walk_visitor v = {
		.enter = note, .leave = note_leave, .arg = seen,
	};
	struct inode_info root;

	assert_int_equal(read_inode(&root, f->img, FORMAT_ROOT_INO), 0);
	assert_int_equal(walk_tree(f->img, "/", &root, &v), 0);
	assert_string_equal(seen, "/ /a /a-b /a-b/x </a-b/x </a-b /a.c /a/b "
			    "/a/b/f </a/b </a /abs /far /lib /loop "
			    "/lost+found </lost+found /usr ");
}

static errcode_t note_some(void *arg, const struct walk_item *item)
{
	strcat(arg, item->path);
	strcat(arg, " ");
	return strcmp(item->path, "/a-b") && strcmp(item->path, "/usr/lib") ?
	       0 : WALK_PRUNE;
}

static errcode_t note_all_left(void *arg, const struct walk_item *item)
{
	strcat(arg, "<");
	note(arg, item);
	return 0;
}

static void nested_and_pruned(void **state)
{
	struct fixture *f = *state;
	char seen[512] = "";
	struct walk_visitor v = {
		.enter = note_some, .leave = note_all_left, .arg = seen,
		.nested = true,
	};
	struct inode_info root, pruned;

	assert_int_equal(read_inode(&root, f->img, FORMAT_ROOT_INO), 0);
	assert_int_equal(walk_tree(f->img, "/", &root, &v), 0);
	assert_string_equal(seen, "/ /a /a/b /a/b/f </a/b </a /a-b /a.c /abs "
			    "/far /lib /loop /lost+found </lost+found /usr "
			    "/usr/lib </usr </ ");
	seen[0] = '\0';
	v.nested = false;
	assert_int_equal(walk_tree(f->img, "/", &root, &v), 0);
	assert_string_equal(seen, "/ /a /a-b /a.c /a/b /a/b/f </a/b </a /abs "
			    "/far /lib /loop /lost+found </lost+found /usr "
			    "/usr/lib </usr </ ");
	seen[0] = '\0';
	assert_int_equal(resolve_path(&pruned, NULL, f->img, "/a-b"), 0);
	assert_int_equal(walk_tree(f->img, "/a-b", &pruned, &v), 0);
	assert_string_equal(seen, "/a-b ");
}

/* One name after the other is the same walk, which may end anywhere. */
static void one_by_one(void **state)
{
	struct fixture *f = *state;
	const struct walk_item *item;
	char seen[512] = "";
	struct walk *w = NULL;
	uint32_t ino = 0;

	assert_int_equal(walk_begin(&w, f->img), 0);
	assert_int_equal(walk_next(w, &item), 0);
	while (item && strcmp(item->path, "/usr/lib")) {
		note(seen, item);
		ino = item->inode->ino;
		assert_int_equal(walk_next(w, &item), 0);
	}
	assert_string_equal(seen, "/ /a /a-b /a-b/x /a.c /a/b /a/b/f /abs "
			    "/far /lib /loop /lost+found /usr ");
	assert_non_null(item);
	assert_int_not_equal(item->inode->ino, ino);
	assert_int_equal(item->depth, 2);
	while (item)
		assert_int_equal(walk_next(w, &item), 0);
	assert_int_equal(walk_next(w, &item), 0);
	assert_null(item);
	assert_int_equal(walk_end(w), 0);

	assert_int_equal(walk_begin(&w, f->img), 0);
	assert_int_equal(walk_next(w, &item), 0);
	assert_int_equal(walk_next(w, &item), 0);
	assert_string_equal(item->path, "/a");
	assert_int_equal(walk_end(w), 0);
	assert_int_equal(walk_end(NULL), 0);
}

struct path_case {
	const char *path;
	errcode_t err;
	const char *canonical;
};

static const struct path_case paths[] = {
	{ "/", 0, "/" },
	{ "", 0, "/" },
	{ "..", 0, "/" },
	{ "a/b/f", 0, "/a/b/f" },
	{ "//a/./b//f", 0, "/a/b/f" },
	{ "/a/../a/b/", 0, "/a/b" },
	{ "/lib/so", 0, "/usr/lib/so" },
	{ "/lib", 0, "/lib" },
	{ "/lib/", 0, "/usr/lib" },
	{ "/lib/up/b/f", 0, "/a/b/f" },
	{ "/far/lib/so", 0, "/usr/lib/so" },
	{ "/abs", 0, "/abs" },
	{ "/abs/", ENOTDIR, NULL },
	{ "/a.c/x", ENOTDIR, NULL },
	{ "/nothing", ENOENT, NULL },
	{ "/a/b/nothing", ENOENT, NULL },
	{ "/loop/x", ELOOP, NULL },
};

static void look_up(void **state)
{
	struct fixture *f = *state;
	struct buf canonical = BUF_INIT;
	struct inode_info i;
	size_t k;

	for (k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
		errcode_t err = resolve_path(&i, &canonical, f->img,
					     paths[k].path);

		if (err != paths[k].err)
			fail_msg("%s: %ld", paths[k].path, (long)err);
		if (!err)
			assert_string_equal(buf_str(&canonical),
					    paths[k].canonical);
	}
	buf_release(&canonical);
}

static void find_again(void **state)
{
	struct fixture *f = *state;
	struct sought_path list[3];
	struct inode_info i;

	memset(list, 0, sizeof(list));
	assert_int_equal(resolve_path(&i, NULL, f->img, "/a/b/f"), 0);
	list[0].ino = FORMAT_ROOT_INO;
	list[1].ino = i.ino;
	list[2].ino = image_geometry(f->img)->inodes;
	assert_int_equal(resolve_inodes(list, 3, f->img), 0);
	assert_string_equal(list[0].path, "/");
	assert_string_equal(list[1].path, "/a/b/f");
	assert_null(list[2].path);
	free(list[0].path);
	free(list[1].path);
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		exit(99);
}

static int make_image(void **state)
{
	static struct fixture f;
	char command[sizeof(script) + sizeof(folder)];

	if (!mkdtemp(folder))
		return -1;
	snprintf(command, sizeof(command), script, folder);
	if (system(command)) {
		remove_folder();
		exit(SKIP);
	}
	snprintf(f.image, sizeof(f.image), "%s/image", folder);
	diag_init(&f.diag, NULL, NULL);
	*state = &f;
	return image_open(&f.img, f.image, 0, &f.diag) ? -1 : 0;
}

static int release_image(void **state)
{
	struct fixture *f = *state;

	image_close(f->img);
	diag_release(&f->diag);
	remove_folder();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(nested_and_pruned),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(look_up),
		cmocka_unit_test(find_again),
	};

	return cmocka_run_group_tests(tests, make_image, release_image);
}
