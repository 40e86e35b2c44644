// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edits, as scripts with the code of their last command and the tree they
 * leave.  Commands end with ";".  Word by word:
 *	mkdir PATH, mkdir-p PATH, create PATH=SIZE, open PATH, ln OLD NEW,
 *	sym TARGET PATH, fifo PATH, mv OLD NEW, rm PATH, rmdir PATH, rm-r PATH,
 *	chmod PATH MODE, chown PATH UID GID, touch PATH SEC,
 *	setx PATH NAME VALUE, rmx PATH NAME, chattr PATH OP FLAGS
 * "." is the root; %N in a word is a name of N bytes.
 *
 * The tree is shown as PATH, then / =SIZE >TARGET or ! for its type, then
 * *LINKS where there are several.
 */
#include "tree_util.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>

#include "tree/edit.h"
#include "tree/stage.h"

struct edit_case {
	const char *script;
	errcode_t err;		/* of the last command */
	const char *tree;
};

static const struct edit_attributes attributes = {
	.mode = 0750, .uid = 1, .gid = 2, .time = { .sec = 77 },
};

static errcode_t create(struct session *s, char *word)
{
	char *size = strchr(word, '=');
	struct node *n;
	errcode_t err;

	if (size)
		*size++ = '\0';
	err = edit_create(&s->tree, word, &attributes, &n);
	if (err || !size)
		return err;
	return da_write(&s->delay, &n->inode->file, 0, strtoull(size, NULL, 10),
			s->origin, 0);
}

/* One command that has changed what has a name. */
static errcode_t run_names(struct session *s, char **w)
{
	struct tree *t = &s->tree;
	struct node *n;

	if (!strcmp(w[0], "mkdir"))
		return edit_mkdir(t, w[1], false, &attributes);
	if (!strcmp(w[0], "mkdir-p"))
		return edit_mkdir(t, w[1], true, &attributes);
	if (!strcmp(w[0], "create"))
		return create(s, w[1]);
	if (!strcmp(w[0], "open"))
		return edit_open(t, w[1], &n);
	if (!strcmp(w[0], "ln"))
		return edit_link(t, w[1], w[2]);
	if (!strcmp(w[0], "sym"))
		return edit_symlink(t, w[1], w[2], &attributes);
	if (!strcmp(w[0], "fifo"))
		return edit_mknod(t, w[1], S_IFIFO, 0, 0, &attributes);
	if (!strcmp(w[0], "mv"))
		return edit_rename(t, w[1], w[2]);
	if (!strcmp(w[0], "rm"))
		return edit_unlink(t, w[1]);
	if (!strcmp(w[0], "rmdir"))
		return edit_rmdir(t, w[1]);
	if (!strcmp(w[0], "rm-r"))
		return edit_remove_tree(t, w[1]);
	fail_msg("%s is no command", w[0]);
	return 0;
}

static errcode_t run_attributes(struct session *s, char **w)
{
	struct tree *t = &s->tree;

	if (!strcmp(w[0], "chmod"))
		return edit_chmod(t, w[1], strtoul(w[2], NULL, 8));
	if (!strcmp(w[0], "chown"))
		return edit_chown(t, w[1], strtoul(w[2], NULL, 10),
				  strtoul(w[3], NULL, 10));
	if (!strcmp(w[0], "touch"))
		return edit_touch(t, w[1], (struct timestamp){
					   .sec = strtol(w[2], NULL, 10) });
	if (!strcmp(w[0], "setx"))
		return edit_setxattr(t, w[1], w[2], w[3], strlen(w[3]));
	if (!strcmp(w[0], "rmx"))
		return edit_rmxattr(t, w[1], w[2]);
	if (!strcmp(w[0], "chattr"))
		return edit_chattr(t, w[1], w[2][0], strtoul(w[3], NULL, 0));
	return run_names(s, w);
}

/* Expand %N. */
static char *expand(const char *word)
{
	const char *p = word, *percent;
	struct buf b = BUF_INIT;
	char *end;

	while ((percent = strchr(p, '%'))) {
		unsigned long n = strtoul(percent + 1, &end, 10);

		assert_int_equal(buf_add(&b, p, percent - p), 0);
		while (n--)
			assert_int_equal(buf_add(&b, "x", 1), 0);
		p = end;
	}
	assert_int_equal(buf_add_str(&b, strcmp(p, ".") ? p : ""), 0);
	return buf_detach(&b);
}

static errcode_t run_command(struct session *s, char *command)
{
	char *words[4] = { NULL }, *save, *word;
	errcode_t err;
	int n = 0;

	for (word = strtok_r(command, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = expand(word);
	err = run_attributes(s, words);
	while (n--)
		free(words[n]);
	return err;
}

static errcode_t show(void *arg, struct node *n)
{
	const struct tree_inode *inode = n->inode;
	struct buf *out = arg;
	char *path = tree_path(n);
	char text[64] = "!";

	assert_non_null(path);
	if (n->parent == n)
		goto out;
	if (S_ISDIR(inode->mode))
		strcpy(text, "/");
	else if (S_ISREG(inode->mode))
		sprintf(text, "=%ju", (uintmax_t)inode->file.size);
	else if (S_ISLNK(inode->mode))
		snprintf(text, sizeof(text), ">%s", inode->link.target);
	assert_int_equal(buf_add_str(out, out->len ? " " : ""), 0);
	assert_int_equal(buf_add_str(out, path), 0);
	assert_int_equal(buf_add_str(out, text), 0);
	if (!S_ISDIR(inode->mode) && inode->links > 1) {
		sprintf(text, "*%u", inode->links);
		assert_int_equal(buf_add_str(out, text), 0);
	}
out:
	free(path);
	return 0;
}

static char *show_tree(const struct session *s)
{
	struct buf out = BUF_INIT;

	assert_int_equal(tree_walk(&s->tree, show, &out), 0);
	return buf_detach(&out);
}

/* Run to the end; what fails, which only the last command may, has to leave
 * the tree as it was. */
static errcode_t run(struct session *s, const char *script)
{
	char *text = strdup(script), *save, *command;
	errcode_t err = 0;

	for (command = strtok_r(text, ";", &save); command;
	     command = strtok_r(NULL, ";", &save)) {
		bool whole = !strstr(command, "mkdir-p");
		char *before = show_tree(s), *after;

		if (err)
			fail_msg("\"%s\" failed before \"%s\": %ld", script,
				 command, err);
		err = run_command(s, command);
		after = show_tree(s);
		if (err && whole)
			assert_string_equal(after, before);
		free(before);
		free(after);
		session_check(s);
	}
	free(text);
	return err;
}

static void begin(struct session *s, struct tree_options *options)
{
	session_init(s, options, 10000);
	tree_begin_source(&s->tree, false);
}

static void check_cases(const struct edit_case *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct tree_options options = { 0 };
		struct session s;
		char *tree;
		errcode_t err;

		begin(&s, &options);
		err = run(&s, cases[i].script);
		if (err != cases[i].err)
			fail_msg("\"%s\" gives %ld", cases[i].script, err);
		tree = show_tree(&s);
		assert_string_equal(tree, cases[i].tree);
		free(tree);
		assert_int_equal(s.messages.len, 0);
		session_release(&s);
	}
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void making(void **state)
{
	static const struct edit_case cases[] = {
		{ "mkdir a;mkdir a/b;create a/b/f=5", 0, "a/ a/b/ a/b/f=5" },
		{ "mkdir a;mkdir a", EEXIST, "a/" },
		{ "mkdir .", EEXIST, "" },
		{ "mkdir a/b", ENOENT, "" },
		{ "create f=1;mkdir f/a", ENOTDIR, "f=1" },
		{ "create f=1;mkdir-p f/a", ENOTDIR, "f=1" },
		{ "create f=1;mkdir f", EEXIST, "f=1" },
		{ "create f=1;mkdir-p f", EEXIST, "f=1" },
		{ "mkdir-p a/b/c;mkdir-p a/b;mkdir-p .;mkdir-p a/d", 0,
		  "a/ a/b/ a/b/c/ a/d/" },
		{ "mkdir-p usr/lib;sym usr/lib lib;mkdir-p lib/x/y;"
		  "mkdir-p lib", 0, "lib>usr/lib usr/ usr/lib/ usr/lib/x/ "
		  "usr/lib/x/y/" },
		{ "sym none l;mkdir-p l/x", EEXIST, "l>none" },
		{ "sym none l;mkdir-p l", EEXIST, "l>none" },
		{ "sym none l;mkdir l", EEXIST, "l>none" },
		{ "mkdir-p %255/b;rm-r %255;mkdir-p a/b/%256/c", ENAMETOOLONG,
		  "a/ a/b/" },
		{ "create %256", ENAMETOOLONG, "" },
		{ "create f=3;create f;open f", 0, "f=3" },
		{ "create .", EISDIR, "" },
		{ "mkdir d;create d", EISDIR, "d/" },
		{ "fifo p;create p", EINVAL, "p!" },
		{ "fifo p;open p", EINVAL, "p!" },
		{ "open f", ENOENT, "" },
		{ "fifo p;fifo p", EEXIST, "p!" },
		{ "sym x l;sym y l", EEXIST, "l>x" },
		{ "sym %4095 l", 0, "l>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxx" },
		{ "sym %4096 l", ENAMETOOLONG, "" },
		{ "sym . l", ENOENT, "" },
		{ "create f=1;ln f g", 0, "f=1*2 g=1*2" },
		{ "create f=1;ln f f", EEXIST, "f=1" },
		{ "ln f g", ENOENT, "" },
		{ "mkdir d;ln d e", EPERM, "d/" },
		{ "mkdir d;ln d d", EEXIST, "d/" },
		{ "ln . e", EPERM, "" },
		{ "create f=1;ln f .", EEXIST, "f=1" },
		{ "create f=1;sym f l;ln l m", 0, "f=1 l>f*2 m>f*2" },
	};

	(void)state;
	CHECK(cases);
}

static void following(void **state)
{
	static const struct edit_case cases[] = {
		{ "mkdir-p usr/lib;sym usr/lib lib;create lib/x=4;open lib/x",
		  0, "lib>usr/lib usr/ usr/lib/ usr/lib/x=4" },
		{ "mkdir-p usr/lib;sym /usr/lib lib;mkdir lib/x;rmdir lib/x;"
		  "create lib/f=1;mv lib/f lib/g", 0,
		  "lib>/usr/lib usr/ usr/lib/ usr/lib/g=1" },
		{ "mkdir-p a/b;sym ../../../a/./b/ a/b/up;create a/b/up/f=1",
		  0, "a/ a/b/ a/b/f=1 a/b/up>../../../a/./b/" },
		{ "create f=1;sym f l;create l=9;open l", 0, "f=9 l>f" },
		{ "mkdir d;sym new d/l;create d/l=2", 0, "d/ d/l>new d/new=2" },
		{ "mkdir d;sym /new d/l;create d/l=2", 0,
		  "d/ d/l>/new new=2" },
		{ "sym new/ l;create l=2", EISDIR, "l>new/" },
		{ "create f=1;sym f/ l;open l", ENOTDIR, "f=1 l>f/" },
		{ "create f=1;sym f/ l;create l", EISDIR, "f=1 l>f/" },
		{ "sym %256 l;create l=2", ENAMETOOLONG,
		  "l>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxx" },
		{ "sym .. l;create l=2", EISDIR, "l>.." },
		{ "sym none/x l;create l=2", ENOENT, "l>none/x" },
		{ "sym none l;create l/x=2", ENOENT, "l>none" },
		{ "sym none l;open l", ENOENT, "l>none" },
		{ "create f=1;sym f l;create l/x", ENOTDIR, "f=1 l>f" },
		{ "sym l l;open l", ELOOP, "l>l" },
		{ "sym b a;sym a b;create a/x", ELOOP, "a>b b>a" },
		{ "create f=1;sym f l;rm l", 0, "f=1" },
		{ "create f=1;sym f l;mv l m", 0, "f=1 m>f" },
		{ "mkdir d;sym d l;rmdir l", ENOTDIR, "d/ l>d" },
		{ "mkdir d;create d/f=1;sym d l;rm-r l", 0, "d/ d/f=1" },
		{ "mkdir d;sym d l;mv l/ m", 0, "l>d m/" },
		{ "create f=1;sym f l;chmod l 600;chown l 3 4;touch l 9;"
		  "setx l user.a b;rmx l user.a", 0, "f=1 l>f" },
		{ "sym none l;chmod l 600", ENOENT, "l>none" },
		{ "create f=1;sym f l;chattr l + 64", EOPNOTSUPP, "f=1 l>f" },
	};

	(void)state;
	CHECK(cases);
}

static void taking_away(void **state)
{
	static const struct edit_case cases[] = {
		{ "create f=5;ln f g;rm f", 0, "g=5" },
		{ "create f=5;rm f", 0, "" },
		{ "rm f", ENOENT, "" },
		{ "rm .", EISDIR, "" },
		{ "mkdir d;rm d", EISDIR, "d/" },
		{ "create f=1;rm f/x", ENOTDIR, "f=1" },
		{ "mkdir-p d/e;rmdir d/e", 0, "d/" },
		{ "mkdir-p d/e;rmdir d", ENOTEMPTY, "d/ d/e/" },
		{ "create f=1;rmdir f", ENOTDIR, "f=1" },
		{ "rmdir d", ENOENT, "" },
		{ "rmdir .", EBUSY, "" },
		{ "rm-r .", EBUSY, "" },
		{ "rm-r d", ENOENT, "" },
		{ "mkdir-p a/b/c;create a/b/f=1;create a/g=2;ln a/g h;"
		  "mkdir a/d;rm-r a", 0, "h=2" },
		{ "create f=1;rm-r f", 0, "" },
		{ "mkdir lost+found;rmdir lost+found", EPERM, "lost+found/" },
		{ "mkdir lost+found;rm-r lost+found", EPERM, "lost+found/" },
		{ "mkdir lost+found;create lost+found/f=1;rm-r lost+found/f",
		  0, "lost+found/" },
		{ "mkdir-p d/lost+found;rmdir d/lost+found", 0, "d/" },
		{ "mkdir lost+found;rm lost+found", EISDIR, "lost+found/" },
	};

	(void)state;
	CHECK(cases);
}

static void renaming(void **state)
{
	static const struct edit_case cases[] = {
		{ "create f=1;mv f g", 0, "g=1" },
		{ "create f=1;mv f f", 0, "f=1" },
		{ "create f=1;create g=2;mv f g", 0, "g=1" },
		{ "create f=1;ln f g;mv f g", 0, "f=1*2 g=1*2" },
		{ "create f=1;ln f g;create h=2;mv h g", 0, "f=1 g=2" },
		{ "mkdir-p a/b;create a/b/f=1;mkdir c;mv a/b c/longer_name",
		  0, "a/ c/ c/longer_name/ c/longer_name/f=1" },
		{ "mkdir-p a/b;mkdir c;mv a c", 0, "c/ c/b/" },
		{ "mkdir-p a/b;create a/f=1;mv a a_long_name;mv a_long_name c;"
		  "mv c a_longer_name;create a_longer_name/g=2", 0,
		  "a_longer_name/ a_longer_name/b/ a_longer_name/f=1 "
		  "a_longer_name/g=2" },
		{ "mkdir a;mkdir-p c/d;mv a c", ENOTEMPTY, "a/ c/ c/d/" },
		{ "mkdir a;mv a a", 0, "a/" },
		{ "mkdir a;mv a a/b", EINVAL, "a/" },
		{ "mkdir-p a/b/c;mv a a/b/c", EINVAL, "a/ a/b/ a/b/c/" },
		{ "mkdir-p a/b/c;mv a a/b/c/d", EINVAL, "a/ a/b/ a/b/c/" },
		{ "mkdir-p a/b;sym a/b l;mv a l/x", EINVAL, "a/ a/b/ l>a/b" },
		{ "mkdir-p a/b/c;mv a/b/c a", ENOTEMPTY, "a/ a/b/ a/b/c/" },
		{ "mkdir a;create a/f=1;mv a/f a", ENOTEMPTY, "a/ a/f=1" },
		{ "mkdir a;create f=1;mv a f", ENOTDIR, "a/ f=1" },
		{ "mkdir a;create f=1;mv f a", EISDIR, "a/ f=1" },
		{ "mv f g", ENOENT, "" },
		{ "create f=1;mv f a/g", ENOENT, "f=1" },
		{ "create f=1;create g=1;mv f g/h", ENOTDIR, "f=1 g=1" },
		{ "mv . a", EBUSY, "" },
		{ "mv f .", EBUSY, "" },
		{ "create f=1;mv f .", EBUSY, "f=1" },
		{ "create f=1;mv f %256", ENAMETOOLONG, "f=1" },
		{ "mkdir lost+found;mv lost+found a", EPERM, "lost+found/" },
		{ "mkdir lost+found;mkdir a;mv a lost+found", EPERM,
		  "a/ lost+found/" },
		{ "create f=1;sym f l;mv f l", 0, "l=1" },
		{ "mkdir a;create a/f=1;fifo a/p;mv a/p a/f;mv a b", 0,
		  "b/ b/f!" },
	};

	(void)state;
	CHECK(cases);
}

static struct tree_inode *inode_of(struct session *s, const char *path)
{
	struct node *n = tree_find(&s->tree, path);

	assert_non_null(n);
	return n->inode;
}

static void attributes_of_new(void **state)
{
	static const struct {
		uint32_t type, major, minor;
		errcode_t err;
	} nodes[] = {
		{ S_IFCHR, 0xfff, 0xfffff, 0 },
		{ S_IFBLK, 8, 1, 0 },
		{ S_IFSOCK, 0, 0, 0 },
		{ S_IFIFO, 0x1000, 0, 0 },
		{ S_IFCHR, 0x1000, 0, EINVAL },
		{ S_IFBLK, 0, 0x100000, EINVAL },
		{ S_IFREG, 0, 0, EINVAL },
		{ S_IFDIR, 0, 0, EINVAL },
		{ 0, 0, 0, EINVAL },
	};
	struct tree_options options = {
		.set_times = true, .time = { .sec = 5 },
	};
	struct edit_attributes a = attributes;
	struct tree_inode *inode;
	struct session s;
	size_t i;

	(void)state;
	begin(&s, &options);
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		assert_int_equal(edit_mknod(&s.tree, "n", nodes[i].type,
					    nodes[i].major, nodes[i].minor,
					    &attributes), nodes[i].err);
		if (nodes[i].err)
			continue;
		inode = inode_of(&s, "n");
		assert_int_equal(inode->mode, nodes[i].type | 0750);
		if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
			assert_int_equal(inode->dev.major, nodes[i].major);
			assert_int_equal(inode->dev.minor, nodes[i].minor);
		}
		assert_int_equal(edit_unlink(&s.tree, "n"), 0);
	}
	assert_int_equal(run(&s, "create f=1;sym f l;mkdir-p d/e"), 0);
	inode = inode_of(&s, "f");
	assert_int_equal(inode->mode, S_IFREG | 0750);
	assert_int_equal(inode->uid, 1);
	assert_int_equal(inode->gid, 2);
	assert_int_equal(tree_time(inode, INODE_MTIME).sec, 77);
	assert_int_equal(tree_time(inode, INODE_ATIME).sec, 5);
	assert_int_equal(tree_time(inode, INODE_CRTIME).sec, 5);
	assert_int_equal(inode_of(&s, "l")->mode, S_IFLNK | 0777);
	assert_int_equal(inode_of(&s, "d")->mode, S_IFDIR | 0750);
	assert_int_equal(s.tree.made_parents, 1);
	a.uid = UINT32_MAX;
	assert_int_equal(edit_mkdir(&s.tree, "x", false, &a), EINVAL);
	session_check(&s);
	session_release(&s);
}

static void changing_attributes(void **state)
{
	struct tree_options options = { 0 };
	struct tree_inode *f, *d;
	struct session s;

	(void)state;
	begin(&s, &options);
	assert_int_equal(run(&s, "create f=1;mkdir d;chmod f 6755;"
			     "chmod d 7777;chown d 8 9;touch f 1234"), 0);
	f = inode_of(&s, "f");
	d = inode_of(&s, "d");
	assert_int_equal(f->mode, S_IFREG | 06755);
	assert_int_equal(d->mode, S_IFDIR | 07777);
	assert_int_equal(d->gid, 9);
	assert_int_equal(tree_time(f, INODE_MTIME).sec, 1234);
	assert_int_equal(tree_time(f, INODE_CTIME).sec, 1234);
	assert_int_equal(run(&s, "chown f 4294967295 6"), 0);
	assert_int_equal(f->uid, 1);
	assert_int_equal(f->gid, 6);
	assert_int_equal(f->mode, S_IFREG | 0755);
	assert_int_equal(run(&s, "chmod f 6745;chown f 4 4294967295"), 0);
	assert_int_equal(f->uid, 4);
	assert_int_equal(f->mode, S_IFREG | 02745);
	/* 0x10 immutable, 0x40 no dump, 0x10000 dirsync, 0x100 not kept. */
	assert_int_equal(run(&s, "chattr f + 0x10;chattr f + 0x40"), 0);
	assert_int_equal(f->fs_flags, FS_IMMUTABLE_FL | FS_NODUMP_FL);
	assert_int_equal(run(&s, "chattr f - 0x10010"), 0);
	assert_int_equal(f->fs_flags, FS_NODUMP_FL);
	assert_int_equal(run(&s, "chattr f = 0x10"), 0);
	assert_int_equal(f->fs_flags, FS_IMMUTABLE_FL);
	assert_int_equal(run(&s, "chattr f + 0x10000"), EOPNOTSUPP);
	assert_int_equal(run(&s, "chattr f = 0x100"), EOPNOTSUPP);
	assert_int_equal(f->fs_flags, FS_IMMUTABLE_FL);
	assert_int_equal(run(&s, "chattr d = 0x10000"), 0);
	assert_int_equal(d->fs_flags, FS_DIRSYNC_FL);
	assert_int_equal(run(&s, "fifo p;chattr p + 0x40"), EOPNOTSUPP);
	session_release(&s);
}

static void changing_xattrs(void **state)
{
	struct tree_options options = { 0 };
	struct tree_inode *f, *g;
	struct session s;
	static uint8_t big[65537];

	(void)state;
	begin(&s, &options);
	assert_int_equal(run(&s, "create f;create g;mkdir d;fifo p;"
			     "setx f user.b 1;setx f user.a 2;"
			     "setx g user.a 2;setx g user.b 0;"
			     "setx g user.b 1"), 0);
	f = inode_of(&s, "f");
	g = inode_of(&s, "g");
	assert_int_equal(f->xattrs->n, 2);
	assert_ptr_equal(f->xattrs, g->xattrs);
	assert_int_equal(run(&s, "rmx f user.b"), 0);
	assert_int_equal(f->xattrs->n, 1);
	assert_memory_equal(f->xattrs->entries[0].name, "a", 1);
	assert_int_equal(g->xattrs->n, 2);
	assert_int_equal(run(&s, "rmx f user.b"), ENODATA);
	assert_int_equal(run(&s, "rmx f user.a"), 0);
	assert_null(f->xattrs);
	assert_int_equal(run(&s, "rmx f user.a"), ENODATA);
	assert_int_equal(run(&s, "rmx f none"), E4PACK_ET_UNSUPPORTED);
	assert_int_equal(run(&s, "rmx f user."), E4PACK_ET_BAD_ENTRY);
	assert_int_equal(run(&s, "setx f none.a 1"), E4PACK_ET_UNSUPPORTED);
	assert_int_equal(run(&s, "setx f user. 1"), E4PACK_ET_BAD_ENTRY);
	assert_int_equal(run(&s, "setx f user.%251 1"), E4PACK_ET_BAD_ENTRY);
	assert_int_equal(edit_setxattr(&s.tree, "f", "user.x", big,
				       sizeof(big)), E4PACK_ET_TOO_BIG);
	assert_null(f->xattrs);
	assert_int_equal(edit_setxattr(&s.tree, "f", "user.x", big, 65536), 0);
	assert_int_equal(edit_setxattr(&s.tree, "f", "user.e", NULL, 0), 0);
	assert_int_equal(f->xattrs->n, 2);
	assert_int_equal(run(&s, "setx p user.a 1"), EPERM);
	assert_int_equal(run(&s, "rmx p user.a"), EPERM);
	assert_int_equal(run(&s, "setx p trusted.a 1"), 0);
	assert_int_equal(run(&s, "setx none user.a 1"), ENOENT);
	session_release(&s);
}

#define NONE "\xff\xff\xff\xff"
#define V2 "\2\0\0\0"
#define OWNER "\1\0\7\0" NONE
#define USER_5 "\2\0\7\0\5\0\0\0"
#define GROUP "\4\0\1\0" NONE
#define MASK "\x10\0\6\0" NONE
#define OTHER "\x20\0\4\0" NONE
#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

/* What the kernel keeps in step: permissions and the access ACL. */
static void permissions_and_acl(void **state)
{
	static const char named[] = V2 OWNER USER_5 GROUP MASK OTHER;
	static const char plain[] = V2 OWNER GROUP OTHER;
	/* After chmod 5310: the mask takes the bits of the group. */
	static const char masked[] = "\1\0\0\0\1\0\3\0\2\0\7\0\5\0\0\0"
				     "\4\0\1\0\x10\0\1\0\x20\0\0\0";
	struct tree_options options = { 0 };
	const struct xattr *x;
	struct tree_inode *f;
	struct session s;

	(void)state;
	begin(&s, &options);
	assert_int_equal(run(&s, "create f;mkdir d;setx f user.a 1;"
			     "chmod f 4111"), 0);
	f = inode_of(&s, "f");
	assert_int_equal(edit_setxattr(&s.tree, "f", ACCESS, named,
				       sizeof(named) - 1), 0);
	assert_int_equal(f->mode, S_IFREG | 04764);
	assert_int_equal(f->xattrs->n, 2);
	assert_int_equal(run(&s, "chmod f 5310"), 0);
	assert_int_equal(f->mode, S_IFREG | 05310);
	x = &f->xattrs->entries[1];
	assert_int_equal(x->value_len, sizeof(masked) - 1);
	assert_memory_equal(x->value, masked, sizeof(masked) - 1);
	assert_int_equal(edit_setxattr(&s.tree, "f", ACCESS, plain,
				       sizeof(plain) - 1), 0);
	assert_int_equal(f->mode, S_IFREG | 05714);
	assert_int_equal(f->xattrs->n, 1);
	assert_int_equal(edit_setxattr(&s.tree, "f", ACCESS, named, 3),
			 E4PACK_ET_BAD_ENTRY);
	assert_int_equal(edit_setxattr(&s.tree, "f", DEFAULT, named,
				       sizeof(named) - 1), EACCES);
	assert_int_equal(edit_rmxattr(&s.tree, "f", DEFAULT), ENODATA);
	assert_int_equal(edit_setxattr(&s.tree, "d", DEFAULT, plain,
				       sizeof(plain) - 1), 0);
	assert_int_equal(inode_of(&s, "d")->mode, S_IFDIR | 0750);
	assert_int_equal(inode_of(&s, "d")->xattrs->n, 1);
	session_release(&s);
}

static void folder_times(void **state)
{
	static const char *const scripts[] = {
		"create d/n", "mkdir d/n", "fifo d/n", "sym x d/n", "ln f d/n",
		"rm d/f", "rmdir d/e", "rm-r d/e", "mv d/f g", "mv g d/h",
	};
	size_t i;
	int touch;

	(void)state;
	for (i = 0; i < 2 * sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct tree_options options = { 0 };
		struct session s;
		struct tree_inode *d;

		touch = i % 2;
		options.touch = touch;
		begin(&s, &options);
		assert_int_equal(run(&s, "mkdir d;mkdir d/e;create d/f;"
				     "create f;create g"), 0);
		s.tree.options.default_time.sec = 99;
		assert_int_equal(run(&s, scripts[i / 2]), 0);
		d = inode_of(&s, "d");
		assert_int_equal(tree_time(d, INODE_MTIME).sec, touch ? 99 : 77);
		assert_int_equal(tree_time(d, INODE_CTIME).sec, touch ? 99 : 77);
		assert_int_equal(tree_time(d, INODE_ATIME).sec, 77);
		session_release(&s);
	}
}

/* What a source knows of an inode after edits: its folders are found where
 * they are now, and its files are no longer what the host has. */
static void with_sources(void **state)
{
	struct tree_options options = { 0 };
	struct edit_attributes a = attributes;
	struct session s;
	struct entry e;
	struct node *n;

	(void)state;
	session_init(&s, &options, 10000);
	assert_int_equal(edit_mkdir(&s.tree, "d", false, &a),
			 E4PACK_ET_SEQUENCE);
	tree_begin_source(&s.tree, true);
	entry_init(&e);
	e.mode = S_IFREG | 0644;
	e.has_identity = true;
	e.link_ino = 3;
	e.path = strdup("a/b/f");
	assert_int_equal(tree_add(&s.tree, &e), 0);
	assert_int_equal(s.tree.made_parents, 3);
	assert_false(inode_of(&s, "a/b/f")->content_changed);
	assert_int_equal(edit_rename(&s.tree, "a/b", "c"), 0);
	memcpy(e.path, "a/b/g", 5);
	assert_int_equal(tree_add(&s.tree, &e), 0);
	assert_int_equal(inode_of(&s, "c/f")->links, 2);
	assert_int_equal(edit_open(&s.tree, "c/f", &n), 0);
	assert_true(n->inode->content_changed);
	memcpy(e.path, "a/b/h", 5);
	assert_int_equal(tree_add(&s.tree, &e), 0);
	assert_int_equal(inode_of(&s, "a/b/h")->links, 1);
	assert_int_equal(s.tree.made_parents, 4);
	assert_int_equal(edit_remove_tree(&s.tree, "a"), 0);
	assert_int_equal(s.tree.made_parents, 2);
	entry_release(&e);
	session_check(&s);
	session_release(&s);
}

static void many_links(void **state)
{
	struct tree_options options = { 0 };
	char name[16];
	struct session s;
	int i;

	(void)state;
	begin(&s, &options);
	assert_int_equal(run(&s, "create f=1"), 0);
	for (i = 1; i < FORMAT_LINK_MAX; i++) {
		sprintf(name, "%d", i);
		assert_int_equal(edit_link(&s.tree, "f", name), 0);
	}
	assert_int_equal(edit_link(&s.tree, "f", "more"), EMLINK);
	assert_int_equal(edit_unlink(&s.tree, "1"), 0);
	assert_int_equal(edit_link(&s.tree, "f", "more"), 0);
	session_check(&s);
	session_release(&s);
}

/* The chain of 40 links is followed, that of 41 is not. */
static void links_in_a_row(void **state)
{
	struct tree_options options = { 0 };
	char target[16] = "f", name[16];
	struct session s;
	struct node *n;
	int i;

	(void)state;
	begin(&s, &options);
	assert_int_equal(run(&s, "create f=1"), 0);
	for (i = 1; i <= 41; i++) {
		sprintf(name, "l%d", i);
		assert_int_equal(edit_symlink(&s.tree, target, name,
					      &attributes), 0);
		assert_int_equal(edit_lookup(&s.tree, name, true, &n),
				 i <= 40 ? 0 : ELOOP);
		assert_int_equal(edit_lookup(&s.tree, name, false, &n), 0);
		strcpy(target, name);
	}
	session_release(&s);
}

/* Deeper than recursion could go; the way down is one rename a level. */
static void deep_tree(void **state)
{
	enum { DEPTH = 200000 };
	struct tree_options options = { 0 };
	struct session s;
	int i;

	(void)state;
	begin(&s, &options);
	assert_int_equal(edit_mkdir(&s.tree, "a", false, &attributes), 0);
	for (i = 0; i < DEPTH; i++) {
		assert_int_equal(edit_mkdir(&s.tree, "b", false, &attributes),
				 0);
		assert_int_equal(edit_rename(&s.tree, "a", "b/c"), 0);
		assert_int_equal(edit_rename(&s.tree, "b", "a"), 0);
	}
	assert_int_equal(edit_remove_tree(&s.tree, "a"), 0);
	assert_int_equal(s.tree.root->inode->dir.n, 0);
	session_check(&s);
	session_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(making),
		cmocka_unit_test(following),
		cmocka_unit_test(taking_away),
		cmocka_unit_test(renaming),
		cmocka_unit_test(attributes_of_new),
		cmocka_unit_test(changing_attributes),
		cmocka_unit_test(changing_xattrs),
		cmocka_unit_test(permissions_and_acl),
		cmocka_unit_test(folder_times),
		cmocka_unit_test(with_sources),
		cmocka_unit_test(many_links),
		cmocka_unit_test(links_in_a_row),
		cmocka_unit_test(deep_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
