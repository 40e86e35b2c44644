// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of merging, as scripts of entries with the tree they make.
 *
 * Words of a script, one entry each unless it says otherwise:
 *	S A K		a further directory, archive; K first: follow links
 *	d:PATH f:PATH=SIZE l:PATH>TARGET p:PATH	folder, file, link, FIFO
 *	f:PATH=SIZE@N l:PATH>TARGET@N		with host identity N
 *	h:PATH>TARGET h:PATH>TARGET=SIZE	hard link, with data
 * The owner of entry N of a script is N, and the data of a file begins at
 * 1000 N of its origin.  "." is the root.
 *
 * Words of a tree, in the order of the walk: PATH, then / = > or ! for the
 * type, size and entry of the data, or target, then #OWNER, then *LINKS where
 * there are several.
 */
#include "tree_util.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>

#include "source/entry.h"

struct merge_case {
	const char *script;
	errcode_t err;		/* of the last entry */
	const char *tree;	/* NULL: not compared */
	const char *message;	/* part of the messages, or NULL */
};

/* Cut @word at the last @c.  Return: what follows, or NULL. */
static char *cut(char *word, char c)
{
	char *at = strrchr(word, c);

	if (at)
		*at++ = '\0';
	return at;
}

static void fill_entry(struct session *s, struct entry *e, char *word,
		       unsigned int number)
{
	char *identity = cut(word, '@'), *size = cut(word, '=');
	char *target = cut(word, '>'), *path = word + 2;

	entry_init(e);
	e->path = strdup(strcmp(path, ".") ? path : "");
	e->mode = word[0] == 'd' ? S_IFDIR | 0750 :
		  word[0] == 'l' ? S_IFLNK | 0777 :
		  word[0] == 'p' ? S_IFIFO | 0644 : S_IFREG | 0640;
	e->uid = e->gid = number;
	e->times[ENTRY_MTIME].sec = number;
	if (word[0] == 'h')
		e->hardlink = strdup(strcmp(target, ".") ? target : "");
	else if (target)
		e->target = strdup(target);
	if (identity) {
		e->has_identity = true;
		e->link_dev = 5;
		e->link_ino = strtoul(identity, NULL, 10);
	}
	e->size = size ? strtoull(size, NULL, 10) : 0;
	if (!e->size)
		return;
	e->origin = origin_get(s->origin);
	assert_int_equal(entry_add_data(e, 0, e->size, 1000 * number), 0);
}

/* Run the script to its end or to the first failure. */
static errcode_t run(struct session *s, const char *script)
{
	char *text = strdup(script), *save, *word;
	unsigned int number = 0;
	struct entry e;
	errcode_t err = 0;

	for (word = strtok_r(text, " ", &save); word && !err;
	     word = strtok_r(NULL, " ", &save)) {
		if (!word[1]) {
			if (*word != 'K')
				tree_begin_source(&s->tree, *word == 'A');
			continue;
		}
		fill_entry(s, &e, word, ++number);
		err = tree_add(&s->tree, &e);
		entry_release(&e);
		session_check(s);
	}
	if (err)
		assert_null(word);
	free(text);
	return err;
}

static void show_type(struct buf *out, const struct tree_inode *inode)
{
	struct content_range r = { 0 };
	char text[64] = "!";

	if (S_ISDIR(inode->mode))
		strcpy(text, "/");
	else if (S_ISREG(inode->mode)) {
		content_next(&inode->file.content, 0, &r);
		sprintf(text, "=%ju^%ju", (uintmax_t)inode->file.size,
			(uintmax_t)r.origin_offset / 1000);
	} else if (S_ISLNK(inode->mode)) {
		snprintf(text, sizeof(text), ">%s", inode->link.target);
		assert_int_equal(strlen(inode->link.target), inode->link.len);
	}
	assert_int_equal(buf_add_str(out, text), 0);
}

static errcode_t show(void *arg, struct node *n)
{
	char *path = tree_path(n), text[32];
	struct buf *out = arg;

	assert_non_null(path);
	if (out->len)
		buf_add(out, " ", 1);
	buf_add_str(out, *path ? path : ".");
	show_type(out, n->inode);
	sprintf(text, "#%u", n->inode->uid);
	buf_add_str(out, text);
	if (!S_ISDIR(n->inode->mode) && n->inode->links > 1) {
		sprintf(text, "*%u", n->inode->links);
		buf_add_str(out, text);
	}
	free(path);
	return 0;
}

static const struct merge_case cases[] = {
	/* One source. */
	{ "S", 0, "./#0", NULL },
	{ "S d:. f:a=5 d:d f:d/b=0 l:l>a p:p", 0,
	  "./#1 a=5^2#2 d/#3 d/b=0^0#4 l>a#5 p!#6", NULL },
	{ "A f:a/b/c=1", 0, "./#0 a/#0 a/b/#0 a/b/c=1^1#1", NULL },
	{ "A f:a/b=1 d:a", 0, "./#0 a/#2 a/b=1^1#1", NULL },
	{ "S f:.=1", E4PACK_ET_BAD_TYPE, NULL, "/: the root can only be" },
	{ "S d:a f:a/b=1 f:a-b=2 f:a.c=3 d:a/c", 0,
	  "./#0 a/#1 a-b=2^3#3 a.c=3^4#4 a/b=1^2#2 a/c/#5", NULL },
	{ "f:a=1", E4PACK_ET_SEQUENCE, "./#0", NULL },
	{ "S l:l>", E4PACK_ET_BAD_ENTRY, "./#0", "without a target" },
	{ "S f:a/../b=1", E4PACK_ET_BAD_PATH, NULL, "a/../b: a component" },
	{ "S f:a/..=1", E4PACK_ET_BAD_PATH, NULL, "a/..: the last" },
	{ "S f:./a=1", E4PACK_ET_BAD_PATH, NULL, NULL },
	{ "S f:a/=1", E4PACK_ET_BAD_PATH, NULL, NULL },
	/* Duplicates in one source. */
	{ "A f:a=4097 f:a=3", 0, "./#0 a=3^2#2",
	  "a: the archive has it twice" },
	{ "S d:a d:a", 0, "./#0 a/#2", "a: the source has it twice" },
	{ "A f:a=1 l:a>x", 0, "./#0 a>x#2", NULL },
	{ "A l:a>x f:a=1", 0, "./#0 a=1^2#2", NULL },
	{ "A f:a=1 d:a", E4PACK_ET_BAD_TYPE, "./#0 a=1^1#1",
	  "a: a file is in the way" },
	{ "A d:a f:a=1", E4PACK_ET_BAD_TYPE, "./#0 a/#1",
	  "a: a folder is in the way" },
	{ "A l:a>b d:a", E4PACK_ET_BAD_TYPE, "./#0 a>b#1",
	  "a: a symbolic link is in the way" },
	{ "A f:a/b=1 f:a=1", E4PACK_ET_BAD_TYPE, "./#0 a/#0 a/b=1^1#1",
	  "a: a folder that is not empty is in the way" },
	{ "A f:a=1 f:a/b=1", E4PACK_ET_BAD_TYPE, "./#0 a=1^1#1",
	  "a/b: a is in the way and is no folder" },
	{ "S p:a f:a/b/c=1", E4PACK_ET_BAD_TYPE, "./#0 a!#1", NULL },
	/* Several sources. */
	{ "S d:. d:a f:a/x=1 S d:. d:a f:a/y=1", 0,
	  "./#4 a/#5 a/x=1^3#3 a/y=1^6#6", NULL },
	{ "S f:a=9000 A f:a=1", 0, "./#0 a=1^2#2", NULL },
	{ "S f:a=1 S l:a>b", 0, "./#0 a>b#2", NULL },
	{ "S d:a S f:a=1", 0, "./#0 a=1^2#2",
	  "a: replaces a folder of an earlier source" },
	{ "S f:a=1 S d:a f:a/b=1", 0, "./#0 a/#2 a/b=1^3#3",
	  "a: replaces a file of an earlier source" },
	{ "S l:a>b S d:a", 0, "./#0 a/#2",
	  "a: replaces a symbolic link of an earlier source" },
	{ "S f:a/b=1 S f:a=1", E4PACK_ET_BAD_TYPE, "./#0 a/#0 a/b=1^1#1",
	  "a folder that is not empty" },
	{ "S d:a S f:a=1 S d:a", 0, "./#0 a/#3", NULL },
	{ "S d:a d:a/b S f:a/b=1 f:a/c=1", 0,
	  "./#0 a/#1 a/b=1^3#3 a/c=1^4#4", NULL },
	/* Hard links in archives. */
	{ "A f:a=5 h:b>a h:d/c>b", 0,
	  "./#0 a=5^1#1*3 b=5^1#1*3 d/#0 d/c=5^1#1*3", NULL },
	{ "A l:a>q h:b>a p:p h:pp>p", 0,
	  "./#0 a>q#1*2 b>q#1*2 p!#3*2 pp!#3*2", NULL },
	{ "A f:a=5 f:b=6 h:b>a", 0, "./#0 a=5^1#1*2 b=5^1#1*2", NULL },
	{ "A f:a=5 h:b>a h:b>a", 0, "./#0 a=5^1#1*2 b=5^1#1*2", NULL },
	{ "A f:a=5 h:b>a f:a=7", 0, "./#0 a=7^3#3 b=5^1#1", NULL },
	{ "A f:a=5 h:b>a f:a=7 f:b=8", 0, "./#0 a=7^3#3 b=8^4#4", NULL },
	{ "A f:a=0 h:b>a=9", 0, "./#0 a=9^2#1*2 b=9^2#1*2", NULL },
	{ "A f:a=9000 h:b>a=1", 0, "./#0 a=1^2#1*2 b=1^2#1*2", NULL },
	{ "A l:a>q h:b>a=9", E4PACK_ET_BAD_ENTRY, NULL,
	  "no regular file" },
	{ "S f:a=5 A h:b>a", 0, "./#0 a=5^1#1*2 b=5^1#1*2", NULL },
	{ "S f:a=5 d:b A h:b>a", 0, "./#0 a=5^1#1*2 b=5^1#1*2",
	  "b: replaces a folder" },
	{ "A h:b>a", E4PACK_ET_BAD_ENTRY, "./#0",
	  "b: hard link to a, which is not in the archive so far" },
	{ "A h:b>x/a", E4PACK_ET_BAD_ENTRY, "./#0", "not in the archive" },
	{ "A f:a=1 h:a>a", E4PACK_ET_BAD_ENTRY, "./#0 a=1^1#1",
	  "a: hard link to itself" },
	{ "A h:a>a", E4PACK_ET_BAD_ENTRY, "./#0", "itself" },
	{ "A d:a h:b>a", E4PACK_ET_BAD_TYPE, "./#0 a/#1",
	  "hard link to a, which is a folder" },
	{ "A h:b>.", E4PACK_ET_BAD_TYPE, "./#0", "to /, which is a folder" },
	{ "A f:a=1 d:b h:b>a", E4PACK_ET_BAD_TYPE, NULL, "b: a folder" },
	/* Host identity. */
	{ "S f:a=5@1 f:b=5@1 f:c=5@2", 0,
	  "./#0 a=5^1#2*2 b=5^1#2*2 c=5^3#3", NULL },
	{ "S f:a=5@1 S f:b=5@1", 0, "./#0 a=5^1#2*2 b=5^1#2*2", NULL },
	{ "S f:a=5@1 f:b=5@1 S f:a=5@1 f:b=5@1", 0,
	  "./#0 a=5^1#4*2 b=5^1#4*2", NULL },
	{ "S l:a>t@1 l:b>t@1 p:p@2 p:q@2", 0,
	  "./#0 a>t#2*2 b>t#2*2 p!#4*2 q!#4*2", NULL },
	{ "S f:a=5@1 S f:a=6 f:b=5@1", 0, "./#0 a=6^2#2 b=5^3#3", NULL },
	{ "S f:a=5@1 S f:b=6@1 f:c=6@1", 0,
	  "./#0 a=5^1#1 b=6^2#3*2 c=6^2#3*2", NULL },
	{ "S f:a=5@1 S l:b>x@1", 0, "./#0 a=5^1#1 b>x#2", NULL },
	{ "S l:a>x@1 S l:b>y@1", 0, "./#0 a>x#1 b>y#2", NULL },
	{ "S f:a=5@1 A h:b>a=5 S f:c=5@1", 0,
	  "./#0 a=5^2#1*2 b=5^2#1*2 c=5^3#3", NULL },
	{ "S f:a=5@1 d:b S f:b=5@1", 0, "./#0 a=5^1#3*2 b=5^1#3*2",
	  "replaces a folder" },
	/* Paths through links. */
	{ "A l:d>e d:e f:d/x=1", E4PACK_ET_BAD_TYPE, "./#0 d>e#1 e/#2",
	  "d/x: d is a symbolic link: use --keep-dir-symlinks" },
	{ "A l:d>e d:e h:x>d/y", E4PACK_ET_BAD_TYPE, NULL,
	  "--keep-dir-symlinks" },
	{ "K A l:d>e d:e f:d/x=1 f:d/../y=1", E4PACK_ET_BAD_PATH, NULL,
	  NULL },
	{ "K A l:d>e d:e f:d/x=1 f:d/y=2 d:d/s f:d/s/t/z=1", 0,
	  "./#0 d>e#1 e/#2 e/s/#5 e/s/t/#0 e/s/t/z=1^6#6 e/x=1^3#3 "
	  "e/y=2^4#4", NULL },
	{ "K A d:usr/lib l:lib>usr/lib S d:lib f:lib/x=1", 0,
	  "./#0 lib>usr/lib#2 usr/#0 usr/lib/#3 usr/lib/x=1^4#4", NULL },
	{ "K A d:a/b l:a/b/up>../../c d:c f:a/b/up/x=1", 0,
	  "./#0 a/#0 a/b/#1 a/b/up>../../c#2 c/#3 c/x=1^4#4", NULL },
	{ "K A d:c l:r>/../../c/. f:r/x=1", 0,
	  "./#0 c/#1 c/x=1^3#3 r>/../../c/.#2", NULL },
	{ "K A d:c d:c/d l:1>2 l:2>/c f:1/d/x=1", 0,
	  "./#0 1>2#3 2>/c#4 c/#1 c/d/#2 c/d/x=1^5#5", NULL },
	{ "K A l:r>/ f:r/x=1", 0, "./#0 r>/#1 x=1^2#2", NULL },
	{ "K A l:d>e f:d/x=1", E4PACK_ET_BAD_PATH, "./#0 d>e#1",
	  "d/x: d is a symbolic link that leads nowhere" },
	{ "K A l:d>e/f d:e f:d/x=1", E4PACK_ET_BAD_PATH, NULL, "nowhere" },
	{ "K A l:d>d f:d/x=1", ELOOP, NULL, "d/x: d is a symbolic link" },
	{ "K A l:a>b l:b>a f:a/x=1", ELOOP, NULL, NULL },
	{ "K A f:e=1 l:d>e f:d/x=1", E4PACK_ET_BAD_TYPE, NULL,
	  "d/x: e is in the way" },
	{ "K A l:d>e d:d", E4PACK_ET_BAD_TYPE, "./#0 d>e#1", NULL },
	{ "K S l:d>e S d:d", 0, "./#0 d/#2", "replaces a symbolic link" },
	{ "K A d:e l:d>e f:d/x=1 f:d=3 d:f l:d>f f:d/x=2", 0,
	  "./#0 d>f#6 e/#1 e/x=1^3#3 f/#5 f/x=2^7#7", NULL },
	{ "K A d:e l:d>e f:d/x=1 h:y>d/x", 0,
	  "./#0 d>e#2 e/#1 e/x=1^3#3*2 y=1^3#3*2", NULL },
	{ "K A d:e l:d>e f:e/x=1 h:d/x>e/x", E4PACK_ET_BAD_ENTRY, NULL,
	  "itself" },
	/* The folder known from the entry before goes away. */
	{ "S d:a S f:a=1 S d:a f:a/x=1", 0, "./#0 a/#3 a/x=1^4#4", NULL },
	{ "S f:a/x=1 S d:b S f:b=1 f:a/y=1", 0,
	  "./#0 a/#0 a/x=1^1#1 a/y=1^4#4 b=1^3#3", NULL },
	/* No room. */
	{ "S f:a=40960 f:b=409600", E4PACK_ET_NO_SPACE, "./#0 a=40960^1#1",
	  "b: needs 400.0 KiB, the image has 360.0 KiB left: use --size" },
	{ "S f:a=409600 f:a=409600", 0, "./#0 a=409600^2#2", NULL },
	{ "S f:a=20000000000000", EFBIG, "./#0", "a: is larger than" },
};

static void scripts(void **state)
{
	size_t i, failed = 0;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct merge_case *c = &cases[i];
		struct tree_options options = {
			.keep_dir_symlinks = c->script[0] == 'K',
		};
		struct buf out = BUF_INIT;
		struct session s;
		errcode_t err;

		session_init(&s, &options, 100);
		err = run(&s, c->script);
		if (err != c->err || s.diag.errors != !!c->err) {
			print_error("%s: %s\n", c->script,
				    error_message(err));
			failed++;
		}
		assert_int_equal(tree_walk(&s.tree, show, &out), 0);
		if (c->tree && strcmp(buf_str(&out), c->tree)) {
			print_error("%s: %s is not %s\n", c->script,
				    buf_str(&out), c->tree);
			failed++;
		}
		if (c->message &&
		    !strstr(buf_str(&s.messages), c->message)) {
			print_error("%s: \"%s\" is not in: %s\n", c->script,
				    c->message, buf_str(&s.messages));
			failed++;
		}
		buf_release(&out);
		session_release(&s);
	}
	assert_int_equal(failed, 0);
}

/* What a strict session refuses that another one takes. */
static void strict(void **state)
{
	static const char *const refused[] = {
		"A f:a=1 f:a=1", "S d:a S f:a=1", "S f:a=1 S d:a",
		"A f:a=1 h:b>a h:b>a", "S d:. d:.",
	};
	static const char *const taken[] = {
		"S f:a=1 S f:a=1", "A f:a/b=1 d:a", "S d:a S d:a",
		"S f:a=1@1 S f:a=1@1",
	};
	struct tree_options options = { 0 };
	struct session s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		session_init(&s, &options, 100);
		s.diag.strict = true;
		assert_int_equal(run(&s, refused[i]), E4PACK_ET_STRICT);
		session_release(&s);
	}
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		session_init(&s, &options, 100);
		s.diag.strict = true;
		assert_int_equal(run(&s, taken[i]), 0);
		session_release(&s);
	}
}

static void parents(void **state)
{
	struct tree_options options = { .default_time = { 77, 8 } };
	struct session s;
	struct node *n;

	(void)state;
	session_init(&s, &options, 100);
	assert_int_equal(s.tree.made_parents, 1);
	assert_int_equal(run(&s, "A f:a/b/c=1 f:x/y=1 d:a"), 0);
	assert_int_equal(s.tree.made_parents, 3);
	n = tree_find(&s.tree, "a/b");
	assert_int_equal(n->source, 0);
	assert_int_equal(n->inode->mode, S_IFDIR | 0755);
	assert_int_equal(tree_time(n->inode, INODE_CRTIME).sec, 77);
	assert_int_equal(tree_time(n->inode, INODE_ATIME).nsec, 8);
	assert_int_equal(tree_time(tree_find(&s.tree, "a")->inode, 0).sec, 3);
	assert_null(tree_find(&s.tree, "a/b/c/d"));
	assert_null(tree_find(&s.tree, "a/x"));
	assert_ptr_equal(tree_find(&s.tree, ""), s.tree.root);
	assert_int_equal(tree_finish(&s.tree), 0);
	n = tree_find(&s.tree, "lost+found");
	assert_int_equal(n->inode->mode, S_IFDIR | 0700);
	assert_int_equal(tree_time(n->inode, INODE_MTIME).sec, 77);
	assert_int_equal(tree_finish(&s.tree), 0);
	session_check(&s);
	session_release(&s);

	session_init(&s, &options, 100);
	assert_int_equal(run(&s, "S f:lost+found=1"), 0);
	assert_int_equal(tree_finish(&s.tree), E4PACK_ET_BAD_TYPE);
	session_release(&s);
}

/* Each time of an inode, by option. */
static void times(void **state)
{
	const struct {
		bool source, set;
		int64_t expect[INODE_TIMES];
	} table[] = {
		{ false, false, { 2, 2, 2, 2 } },
		{ true, false, { 1, 2, 3, 2 } },
		{ false, true, { 9, 2, 9, 9 } },
		{ true, true, { 9, 2, 9, 9 } },
	};
	struct entry e;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tree_options options = {
			.times_source = table[i].source,
			.set_times = table[i].set, .time = { 9, 0 },
		};
		struct session s;

		session_init(&s, &options, 1);
		tree_begin_source(&s.tree, true);
		fill_entry(&s, &e, (char[]){ "p:p" }, 2);
		e.times[ENTRY_ATIME].sec = 1;
		e.times[ENTRY_CTIME].sec = 3;
		e.times[ENTRY_CRTIME].sec = 4;
		e.has_time[ENTRY_ATIME] = e.has_time[ENTRY_CTIME] = true;
		assert_int_equal(tree_add(&s.tree, &e), 0);
		for (k = 0; k < INODE_TIMES; k++)
			assert_int_equal(tree_time(tree_find(&s.tree, "p")->
						   inode, k).sec,
					 table[i].expect[k]);
		entry_release(&e);
		session_release(&s);
	}
}

static void attributes(void **state)
{
	struct tree_options options = { 0 };
	const char acl[] = "\2\0\0\0\1";
	struct session s;
	struct entry e;

	(void)state;
	session_init(&s, &options, 1);
	tree_begin_source(&s.tree, false);
	fill_entry(&s, &e, (char[]){ "d:a" }, 1);
	assert_int_equal(entry_add_xattr(&e, "user.x", "1", 1), 0);
	assert_int_equal(entry_add_xattr(&e, "odd.x", "1", 1), 0);
	e.fs_flags = FS_NODUMP_FL | FS_TOPDIR_FL | FS_EXTENT_FL | FS_INDEX_FL;
	assert_int_equal(tree_add(&s.tree, &e), 0);
	assert_int_equal(s.diag.warnings, 1);
	assert_non_null(strstr(buf_str(&s.messages), "a: extended attribute "
			       "odd.x is left out"));
	e.path[0] = 'b';
	e.mode = S_IFIFO;
	e.fs_flags |= FS_NOCOW_FL;
	assert_int_equal(tree_add(&s.tree, &e), 0);
	assert_int_equal(s.diag.warnings, 3);
	assert_non_null(strstr(buf_str(&s.messages), "0x800000"));
	assert_ptr_equal(tree_find(&s.tree, "a")->inode->xattrs,
			 tree_find(&s.tree, "b")->inode->xattrs);
	assert_int_equal(tree_find(&s.tree, "a")->inode->xattrs->n, 1);
	assert_int_equal(tree_find(&s.tree, "a")->inode->fs_flags,
			 FS_NODUMP_FL | FS_TOPDIR_FL);
	assert_int_equal(tree_find(&s.tree, "b")->inode->fs_flags,
			 FS_NODUMP_FL);
	e.path[0] = 'c';
	e.fs_flags = 0;
	assert_int_equal(entry_add_xattr(&e, "system.posix_acl_access", acl,
					 sizeof(acl)), 0);
	assert_int_equal(tree_add(&s.tree, &e), E4PACK_ET_BAD_ENTRY);
	entry_release(&e);
	session_check(&s);
	session_release(&s);
}

static void refused(void **state)
{
	const struct {
		uint32_t mode, uid, major, minor;
		size_t target_len;
		errcode_t err;
	} table[] = {
		{ S_IFCHR | 0600, 0, 4095, 1048575, 0, 0 },
		{ S_IFCHR | 0600, 0, 4096, 0, 0, E4PACK_ET_BAD_ENTRY },
		{ S_IFBLK | 0600, 0, 0, 1048576, 0, E4PACK_ET_BAD_ENTRY },
		{ S_IFSOCK | 0600, 4294967294, 0, 0, 0, 0 },
		{ S_IFSOCK | 0600, 4294967295, 0, 0, 0, E4PACK_ET_BAD_ENTRY },
		{ 0644, 0, 0, 0, 0, E4PACK_ET_BAD_ENTRY },
		{ S_IFLNK, 0, 0, 0, 1, 0 },
		{ S_IFLNK, 0, 0, 0, 4095, 0 },
		{ S_IFLNK, 0, 0, 0, 4096, E4PACK_ET_TOO_BIG },
	};
	struct tree_options options = { 0 };
	struct session s;
	struct entry e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		session_init(&s, &options, 1);
		tree_begin_source(&s.tree, false);
		fill_entry(&s, &e, (char[]){ "p:a" }, 1);
		e.mode = table[i].mode;
		e.uid = table[i].uid;
		e.dev_major = table[i].major;
		e.dev_minor = table[i].minor;
		if (S_ISLNK(e.mode)) {
			e.target = calloc(1, 5000);
			memset(e.target, 't', table[i].target_len);
		}
		assert_int_equal(tree_add(&s.tree, &e), table[i].err);
		if (S_ISCHR(e.mode) && !table[i].err)
			assert_int_equal(tree_find(&s.tree, "a")->inode->
					 dev.minor, 1048575);
		entry_release(&e);
		session_release(&s);
	}
	session_init(&s, &options, 1);
	s.tree.options.block_size = 1024;
	tree_begin_source(&s.tree, false);
	fill_entry(&s, &e, (char[]){ "l:a>x" }, 1);
	free(e.target);
	e.target = calloc(1, 1025);
	memset(e.target, 't', 1023);
	assert_int_equal(tree_add(&s.tree, &e), 0);
	e.target[1023] = 't';
	assert_int_equal(tree_add(&s.tree, &e), E4PACK_ET_TOO_BIG);
	entry_release(&e);
	session_release(&s);
}

/* A file with holes: their place, and the size that ends in one. */
static void holes(void **state)
{
	struct tree_options options = { 0 };
	struct content_range r;
	struct tree_inode *inode;
	struct session s;
	struct entry e;

	(void)state;
	session_init(&s, &options, 10);
	tree_begin_source(&s.tree, false);
	fill_entry(&s, &e, (char[]){ "f:a=10" }, 1);
	assert_int_equal(entry_add_data(&e, 1 << 20, 100, 50), 0);
	e.size = 1 << 30;
	assert_int_equal(tree_add(&s.tree, &e), 0);
	inode = tree_find(&s.tree, "a")->inode;
	assert_int_equal(inode->file.size, 1 << 30);
	assert_int_equal(s.delay.reserve.dirty, 2);
	assert_true(content_next(&inode->file.content, 10, &r));
	assert_int_equal(r.offset, 1 << 20);
	assert_int_equal(r.len, 100);
	assert_int_equal(r.origin_offset, 50);
	entry_release(&e);
	session_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(strict),
		cmocka_unit_test(parents),
		cmocka_unit_test(times),
		cmocka_unit_test(attributes),
		cmocka_unit_test(refused),
		cmocka_unit_test(holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
