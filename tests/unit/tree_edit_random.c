// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random edits, played three times: on the tree, on a model that is a plain
 * list of paths, and as system calls in a folder that is the root of a child
 * process.  All must agree on every result, and on the names in the end.
 */
#include "tree_util.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree/edit.h"

enum { OPS = 150, NAMES_MAX = 256, PATH_BYTES = 24, RESOLVED_MAX = 1024 };

enum op_kind {
	OP_CREATE, OP_MKDIR, OP_MKDIR_P, OP_SYMLINK, OP_FIFO, OP_LINK,
	OP_RENAME, OP_UNLINK, OP_RMDIR, OP_REMOVE_TREE, OP_CHMOD,
	OP_KINDS
};

/* More of what makes than of what takes away. */
static const uint8_t op_of[] = {
	OP_CREATE, OP_CREATE, OP_CREATE, OP_MKDIR, OP_MKDIR, OP_MKDIR_P,
	OP_SYMLINK, OP_SYMLINK, OP_FIFO, OP_LINK, OP_LINK, OP_RENAME,
	OP_RENAME, OP_RENAME, OP_RENAME, OP_UNLINK, OP_RMDIR, OP_RMDIR,
	OP_REMOVE_TREE, OP_CHMOD,
};

struct op {
	enum op_kind kind;
	char path[PATH_BYTES];	/* OLD of two */
	char other[PATH_BYTES];	/* NEW, or the target of a link */
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* A path of up to four of few names; rarely the root. */
static void random_path(char *out, uint64_t *seed)
{
	unsigned int i, n = next_random(seed) % 24 ?
			    1 + next_random(seed) % 4 : 0;

	for (i = 0; i < n; i++) {
		*out++ = "abc"[next_random(seed) % 3];
		*out++ = '/';
	}
	out[n ? -1 : 0] = '\0';
}

/* A path with dots and slashes in it. */
static void random_target(char *out, uint64_t *seed)
{
	static const char *const starts[] = { "", "", "/", "../", "./",
					      "../../" };
	static const char *const ends[] = { "", "", "", "", "/", "/..", "/." };
	char path[PATH_BYTES];

	random_path(path, seed);
	snprintf(out, PATH_BYTES, "%s%s%s", starts[next_random(seed) % 6],
		 *path ? path : "..", ends[next_random(seed) % 7]);
}

static void random_op(struct op *op, uint64_t *seed)
{
	memset(op, 0, sizeof(*op));
	op->kind = op_of[next_random(seed) % sizeof(op_of)];
	random_path(op->path, seed);
	if (op->kind == OP_SYMLINK)
		random_target(op->other, seed);
	else
		random_path(op->other, seed);
}

static errcode_t edit(struct tree *t, const struct op *op)
{
	static const struct edit_attributes a = { .mode = 0700 };
	struct node *n;

	switch (op->kind) {
	case OP_CREATE:
		return edit_create(t, op->path, &a, &n);
	case OP_MKDIR:
	case OP_MKDIR_P:
		return edit_mkdir(t, op->path, op->kind == OP_MKDIR_P, &a);
	case OP_SYMLINK:
		return edit_symlink(t, op->other, op->path, &a);
	case OP_FIFO:
		return edit_mknod(t, op->path, S_IFIFO, 0, 0, &a);
	case OP_LINK:
		return edit_link(t, op->path, op->other);
	case OP_RENAME:
		return edit_rename(t, op->path, op->other);
	case OP_UNLINK:
		return edit_unlink(t, op->path);
	case OP_RMDIR:
		return edit_rmdir(t, op->path);
	case OP_REMOVE_TREE:
		return edit_remove_tree(t, op->path);
	default:
		return edit_chmod(t, op->path, 0711);
	}
}

/*
 * The model: full paths without links in them, "" for the root, and the
 * number of the inode of each.
 */
struct model_name {
	char path[RESOLVED_MAX];
	int inode;
};

struct model_inode {
	uint32_t type;
	char target[PATH_BYTES];
};

struct model {
	struct model_name names[NAMES_MAX];
	struct model_inode inodes[NAMES_MAX * 4];
	int n, n_inodes;
};

static struct model_name *model_find(struct model *m, const char *path)
{
	int i;

	for (i = 0; i < m->n; i++)
		if (!strcmp(m->names[i].path, path))
			return &m->names[i];
	return NULL;
}

static uint32_t model_type(const struct model *m, const struct model_name *n)
{
	return m->inodes[n->inode].type;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && path[len] == '/';
}

static bool model_is_empty(const struct model *m, const char *path)
{
	int i;

	for (i = 0; i < m->n; i++)
		if (is_below(m->names[i].path, path))
			return false;
	return true;
}

static void parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

static void join(char *out, const char *dir, const char *name)
{
	assert_in_range(strlen(dir), 0, RESOLVED_MAX - PATH_BYTES - 1);
	strcpy(out, dir);
	strcat(out, "/");
	strcat(out, name);
}

/* A last link is itself, followed, or followed to make a file. */
enum last { NOFOLLOW, FOLLOW, CREATE };

/* Resolve @path, relative to @out, into @out: "/a/b" with no link in it; the
 * last component may be missing.  @slash: it has to be a folder. */
static errcode_t resolve(struct model *m, char *out, const char *path,
			 enum last last, int *links, bool *slash)
{
	char name[PATH_BYTES], joined[RESOLVED_MAX], target[PATH_BYTES];
	struct model_name *n;
	errcode_t err;
	bool more;

	if (*path == '/')
		*out = '\0';
	*slash = false;
	for (;;) {
		size_t len;

		n = model_find(m, out);
		path += strspn(path, "/");
		if (!*path)
			break;
		len = strcspn(path, "/");
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (!n)
			return ENOENT;
		if (!S_ISDIR(model_type(m, n)))
			return ENOTDIR;
		*slash = *path == '/';
		if (!strcmp(name, ".") || !strcmp(name, "..")) {
			if (name[1])
				parent_of(out);
			*slash = true;
			continue;
		}
		join(joined, out, name);
		n = model_find(m, joined);
		more = path[strspn(path, "/")];
		if (*slash && !more && last == CREATE)
			return EISDIR;
		if (!n || !S_ISLNK(model_type(m, n)) ||
		    (!*path && last == NOFOLLOW)) {
			strcpy(out, joined);
			continue;
		}
		if (++*links > 40)
			return ELOOP;
		strcpy(target, m->inodes[n->inode].target);
		err = resolve(m, out, target, !*path ? last :
			      FOLLOW, links, slash);
		if (err)
			return err;
		*slash |= *path == '/';
	}
	if (n && *slash && !S_ISDIR(model_type(m, n)))
		return ENOTDIR;
	return 0;
}

static int model_inode(struct model *m, uint32_t type, const char *target)
{
	m->inodes[m->n_inodes].type = type;
	strcpy(m->inodes[m->n_inodes].target, target);
	return m->n_inodes++;
}

static void model_name(struct model *m, const char *path, int inode)
{
	assert_true(m->n < NAMES_MAX);
	strcpy(m->names[m->n].path, path);
	m->names[m->n++].inode = inode;
}

static errcode_t model_new(struct model *m, const char *path, uint32_t type,
			   const char *target)
{
	char at[RESOLVED_MAX] = "";
	errcode_t err;
	int links = 0;
	bool slash;

	err = resolve(m, at, path, type == S_IFREG ? CREATE : NOFOLLOW,
		      &links, &slash);
	if (err)
		return err;
	if (!model_find(m, at)) {
		model_name(m, at, model_inode(m, type, target));
		return 0;
	}
	if (type != S_IFREG)
		return EEXIST;
	switch (model_type(m, model_find(m, at))) {
	case S_IFREG:
		return 0;
	case S_IFDIR:
		return EISDIR;
	default:
		return EINVAL;
	}
}

static errcode_t model_parents(struct model *m, const char *path)
{
	char at[RESOLVED_MAX] = "", name[PATH_BYTES], next[RESOLVED_MAX];
	struct model_name *n;
	errcode_t err;
	bool slash;

	while (*path) {
		size_t len = strcspn(path, "/");
		int links = 0;

		memcpy(name, path, len);
		name[len] = '\0';
		path += len + (path[len] == '/');
		join(next, at, name);
		if (!model_find(m, next))
			model_name(m, next, model_inode(m, S_IFDIR, ""));
		err = resolve(m, at, name, FOLLOW, &links, &slash);
		if (err)
			return err;
		n = model_find(m, at);
		if (!n)
			return EEXIST;
		if (!S_ISDIR(model_type(m, n)))
			return *path ? ENOTDIR : EEXIST;
	}
	return 0;
}

static void model_forget(struct model *m, const char *path, bool below)
{
	int i;

	for (i = 0; i < m->n; )
		if (!strcmp(m->names[i].path, path) ||
		    (below && is_below(m->names[i].path, path)))
			m->names[i] = m->names[--m->n];
		else
			i++;
}

static errcode_t model_remove(struct model *m, const struct op *op)
{
	char at[RESOLVED_MAX] = "";
	struct model_name *n;
	int links = 0;
	errcode_t err;
	bool slash;

	err = resolve(m, at, op->path, NOFOLLOW, &links, &slash);
	if (err)
		return err;
	n = model_find(m, at);
	if (!n)
		return ENOENT;
	if (op->kind == OP_UNLINK && S_ISDIR(model_type(m, n)))
		return EISDIR;
	if (op->kind == OP_RMDIR && !S_ISDIR(model_type(m, n)))
		return ENOTDIR;
	if (!*at)
		return EBUSY;
	if (op->kind == OP_RMDIR && !model_is_empty(m, at))
		return ENOTEMPTY;
	model_forget(m, at, true);
	return 0;
}

static errcode_t model_link(struct model *m, const struct op *op)
{
	char old[RESOLVED_MAX] = "", new[RESOLVED_MAX] = "";
	int links = 0, more = 0;
	errcode_t err;
	bool slash;

	err = resolve(m, old, op->path, NOFOLLOW, &links, &slash);
	if (!err && !model_find(m, old))
		err = ENOENT;
	if (!err)
		err = resolve(m, new, op->other, NOFOLLOW, &more, &slash);
	if (err)
		return err;
	if (model_find(m, new))
		return EEXIST;
	if (S_ISDIR(model_type(m, model_find(m, old))))
		return EPERM;
	model_name(m, new, model_find(m, old)->inode);
	return 0;
}

/* Whether @old, which is there, may become @new. */
static errcode_t model_may_move(struct model *m, const char *old,
				const char *new)
{
	const struct model_name *target = model_find(m, new);
	bool folder = S_ISDIR(model_type(m, model_find(m, old)));

	if (is_below(new, old))
		return EINVAL;
	if (is_below(old, new))
		return ENOTEMPTY;
	if (!target)
		return 0;
	if (folder && !S_ISDIR(model_type(m, target)))
		return ENOTDIR;
	if (!folder && S_ISDIR(model_type(m, target)))
		return EISDIR;
	return folder && !model_is_empty(m, new) ? ENOTEMPTY : 0;
}

static errcode_t model_rename(struct model *m, const struct op *op)
{
	char old[RESOLVED_MAX] = "", new[RESOLVED_MAX] = "";
	char tail[RESOLVED_MAX];
	int links = 0, more = 0, i;
	struct model_name *n, *target;
	size_t len;
	errcode_t err;
	bool slash;

	err = resolve(m, old, op->path, NOFOLLOW, &links, &slash);
	if (!err)
		err = resolve(m, new, op->other, NOFOLLOW, &more, &slash);
	if (err)
		return err;
	n = model_find(m, old);
	target = model_find(m, new);
	if (!*old || !*new)
		return EBUSY;
	if (!n)
		return ENOENT;
	if (target && target->inode == n->inode)
		return 0;
	err = model_may_move(m, old, new);
	if (err)
		return err;
	model_forget(m, new, false);
	len = strlen(old);
	for (i = 0; i < m->n; i++) {
		if (strcmp(m->names[i].path, old) &&
		    !is_below(m->names[i].path, old))
			continue;
		strcpy(tail, m->names[i].path + len);
		assert_true(strlen(new) + strlen(tail) < RESOLVED_MAX);
		strcpy(m->names[i].path, new);
		strcat(m->names[i].path, tail);
	}
	return 0;
}

static errcode_t model_edit(struct model *m, const struct op *op)
{
	char at[RESOLVED_MAX] = "";
	int links = 0;
	errcode_t err;
	bool slash;

	switch (op->kind) {
	case OP_CREATE:
		return model_new(m, op->path, S_IFREG, "");
	case OP_MKDIR:
		return model_new(m, op->path, S_IFDIR, "");
	case OP_MKDIR_P:
		return model_parents(m, op->path);
	case OP_SYMLINK:
		return model_new(m, op->path, S_IFLNK, op->other);
	case OP_FIFO:
		return model_new(m, op->path, S_IFIFO, "");
	case OP_LINK:
		return model_link(m, op);
	case OP_RENAME:
		return model_rename(m, op);
	case OP_CHMOD:
		err = resolve(m, at, op->path, FOLLOW, &links, &slash);
		return err ? err : model_find(m, at) ? 0 : ENOENT;
	default:
		return model_remove(m, op);
	}
}

struct comparison {
	struct model *model;
	int n;
};

static errcode_t compare(void *arg, struct node *node)
{
	struct comparison *c = arg;
	struct model *m = c->model;
	char *path = tree_path(node), full[RESOLVED_MAX];
	const struct model_name *n;
	uint32_t links = 0;
	int i;

	assert_non_null(path);
	snprintf(full, sizeof(full), "%s%s", *path ? "/" : "", path);
	free(path);
	c->n++;
	n = model_find(m, full);
	assert_non_null(n);
	assert_int_equal(node->inode->mode & S_IFMT, model_type(m, n));
	if (S_ISDIR(node->inode->mode))
		return 0;
	for (i = 0; i < m->n; i++)
		links += m->names[i].inode == n->inode;
	assert_int_equal(node->inode->links, links);
	if (S_ISLNK(node->inode->mode))
		assert_string_equal(node->inode->link.target,
				    m->inodes[n->inode].target);
	return 0;
}

static void agree_with_model(void **state)
{
	static struct model m;
	uint64_t seed = 1;
	unsigned int done[OP_KINDS] = { 0 };
	int round, i;

	(void)state;
	for (round = 0; round < 400; round++) {
		struct tree_options options = { 0 };
		struct comparison c = { &m, 0 };
		struct session s;
		struct op op;

		m.n = m.n_inodes = 0;
		model_name(&m, "", model_inode(&m, S_IFDIR, ""));
		session_init(&s, &options, 10000);
		tree_begin_source(&s.tree, false);
		for (i = 0; i < OPS; i++) {
			errcode_t got, want;

			random_op(&op, &seed);
			got = edit(&s.tree, &op);
			want = model_edit(&m, &op);
			if (got != want)
				fail_msg("round %d: op %d of \"%s\" \"%s\" "
					 "gives %ld, not %ld", round, op.kind,
					 op.path, op.other, got, want);
			done[op.kind] += !got;
			session_check(&s);
		}
		assert_int_equal(tree_walk(&s.tree, compare, &c), 0);
		assert_int_equal(c.n, m.n);
		assert_int_equal(s.messages.len, 0);
		session_release(&s);
	}
	for (i = 0; i < OP_KINDS; i++)
		assert_in_range(done[i], 50, UINT32_MAX);
}

/* The oracle.  Everything below @root is the child's. */
struct oracle {
	char root[64];
	struct op ops[OPS];
	int results[OPS];
	bool works;		/* the child got its root */
};

/* Return: how many names went, or -1 with errno. */
static int remove_all(char *path)
{
	char *paths[] = { path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	int n = 0;

	if (!fts)
		return -1;
	while ((e = fts_read(fts))) {
		if (e->fts_info == FTS_D)
			continue;
		if (e->fts_info == FTS_NS) {
			errno = e->fts_errno;
			n = -1;
			break;
		}
		n += !remove(e->fts_accpath);
	}
	fts_close(fts);
	return n;
}

static int call_create(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_NONBLOCK, 0700);

	if (fd < 0)
		return errno == ENXIO ? EINVAL : errno;	/* a FIFO */
	return close(fd);
}

static int call(const struct op *op)
{
	char path[PATH_BYTES + 1], other[PATH_BYTES + 1];
	int r;

	snprintf(path, sizeof(path), "/%s", op->path);
	snprintf(other, sizeof(other), "/%s", op->other);
	switch (op->kind) {
	case OP_CREATE:
		return call_create(path);
	case OP_MKDIR:
		r = mkdir(path, 0700);
		break;
	case OP_SYMLINK:
		r = symlink(op->other, path);
		break;
	case OP_FIFO:
		r = mkfifo(path, 0700);
		break;
	case OP_LINK:
		r = link(path, other);
		break;
	case OP_RENAME:
		r = rename(path, other);
		break;
	case OP_UNLINK:
		r = unlink(path);
		break;
	case OP_RMDIR:
		r = rmdir(path);
		break;
	case OP_CHMOD:
		r = chmod(path, 0711);
		break;
	default:
		/* No system call: as rm -r has it. */
		if (!*op->path)
			return EBUSY;
		return remove_all(path) < 0 ? errno : 0;
	}
	return r ? errno : 0;
}

static void play(struct oracle *o)
{
	int i;

	if (geteuid() && unshare(CLONE_NEWUSER))
		_exit(0);
	if (chroot(o->root) || chdir("/"))
		_exit(0);
	umask(0);
	o->works = true;
	for (i = 0; i < OPS; i++)
		o->results[i] = call(&o->ops[i]);
	_exit(0);
}

static errcode_t compare_with_host(void *arg, struct node *n)
{
	struct oracle *o = arg;
	char *path = tree_path(n), full[RESOLVED_MAX], target[PATH_BYTES];
	struct stat st;

	assert_non_null(path);
	snprintf(full, sizeof(full), "%s/%s", o->root, path);
	free(path);
	assert_int_equal(lstat(full, &st), 0);
	assert_int_equal(n->inode->mode & S_IFMT, st.st_mode & S_IFMT);
	if (!S_ISDIR(st.st_mode))
		assert_int_equal(n->inode->links, st.st_nlink);
	if (!S_ISLNK(st.st_mode) && n->parent != n)
		assert_int_equal(n->inode->mode, st.st_mode);
	if (!S_ISLNK(st.st_mode))
		return 0;
	assert_int_equal(readlink(full, target, sizeof(target)),
			 n->inode->link.len);
	assert_memory_equal(target, n->inode->link.target,
			    n->inode->link.len);
	return 0;
}

static errcode_t count_node(void *arg, struct node *n)
{
	(void)n;
	++*(int *)arg;
	return 0;
}

static void compare_round(struct oracle *o, int round)
{
	struct tree_options options = { 0 };
	struct session s;
	int i, n = 0;

	session_init(&s, &options, 10000);
	tree_begin_source(&s.tree, false);
	for (i = 0; i < OPS; i++) {
		const struct op *op = &o->ops[i];
		errcode_t err = edit(&s.tree, op);

		if (err != o->results[i])
			fail_msg("round %d: op %d of \"%s\" \"%s\" gives %ld, "
				 "the kernel says %d", round, op->kind,
				 op->path, op->other, err, o->results[i]);
	}
	assert_int_equal(tree_walk(&s.tree, compare_with_host, o), 0);
	assert_int_equal(tree_walk(&s.tree, count_node, &n), 0);
	assert_int_equal(remove_all(o->root), n);
	session_release(&s);
}

static void agree_with_kernel(void **state)
{
	struct oracle *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *base = getenv("TMPDIR");
	uint64_t seed = 5;
	int round, i, status;
	bool works = true;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(o, MAP_FAILED);
	for (round = 0; round < 100 && works; round++) {
		strcpy(o->root, base && strlen(base) < 40 ? base : "/tmp");
		strcat(o->root, "/edit.XXXXXX");
		assert_non_null(mkdtemp(o->root));
		for (i = 0; i < OPS; i++) {
			random_op(&o->ops[i], &seed);
			/* That is a command, not a system call. */
			if (o->ops[i].kind == OP_MKDIR_P)
				o->ops[i].kind = OP_MKDIR;
		}
		o->works = false;
		pid = fork();
		if (!pid)
			play(o);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		works = o->works;
		if (works)
			compare_round(o, round);
		else
			rmdir(o->root);
	}
	munmap(o, sizeof(*o));
	if (!works)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree_with_model),
		cmocka_unit_test(agree_with_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
