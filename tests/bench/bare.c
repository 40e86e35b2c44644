// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A copy of a tree that is nothing but calls of the kernel: what create would
 * take if all that it does itself took no time.
 *
 *	bare THREADS TREE FILE
 *
 * In two steps, as create does, since the size of an image depends on every
 * name: first all folders are read, all names looked at and their attributes
 * listed; then files are opened, read, checked and closed, and their bytes
 * written to FILE in whole blocks, one after another.  No name is sorted, no
 * tree made, nothing placed, encoded or summed, and FILE has no metadata.
 *
 * Folders stay open from the first step to the second, which a tool for trees
 * of any size cannot do.  Nothing is freed.
 */
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#if !defined(SYS_listxattrat) && (defined(__aarch64__) || \
	(defined(__x86_64__) && !defined(__ILP32__)))
#define SYS_listxattrat 465
#endif

enum {
	BLOCK = 4096,
	BUFFER = 512 * 1024,	/* bytes that are written together */
	READ_BYTES = 64 * 1024,	/* of names, by one call */
	LINK_BYTES = 4096,
	CHUNK = 64,		/* names that one thread looks at in a row */
	MAX_THREADS = 64,
};

/* A name that was looked at. */
struct file {
	const char *name;
	uint64_t size;		/* of a regular file, else 0 */
};

/* Some names of one folder, or with @n 0 a folder @name that is to be read. */
struct piece {
	struct piece *next;
	int dirfd;
	const char *name;
	unsigned int n;
	struct file files[CHUNK];
};

/* Bytes to be written, of files that follow each other. */
struct buffer {
	char *data;
	size_t used;
};

struct list {
	struct piece *first, **last;
};

/* What the threads share. */
struct job {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list to_look, to_copy;
	unsigned int looking;	/* threads that may find more */

	pthread_mutex_t write_lock;
	uint64_t written;	/* bytes of the target that are given away */
	int target;
};

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		error(1, 0, "out of memory");
	return p;
}

static void append(struct list *l, struct piece *p)
{
	p->next = NULL;
	*l->last = p;
	l->last = &p->next;
}

static struct piece *take(struct list *l)
{
	struct piece *p = l->first;

	if (p) {
		l->first = p->next;
		if (!l->first)
			l->last = &l->first;
	}
	return p;
}

static struct piece *piece_new(int dirfd, const char *name)
{
	struct piece *p = allocate(sizeof(*p));

	p->dirfd = dirfd;
	p->name = name;
	p->n = 0;
	return p;
}

/* Have somebody go on with @p, or with what @l gets after it. */
static void hand_over(struct job *j, struct list *l, struct piece *p)
{
	pthread_mutex_lock(&j->lock);
	append(l, p);
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static void list_attributes(int dirfd, const char *name)
{
	char path[64 + 256];

#ifdef SYS_listxattrat
	if (syscall(SYS_listxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, NULL,
		    (size_t)0) >= 0 || errno != ENOSYS)
		return;
#endif
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	llistxattr(path, NULL, 0);
}

static void look(struct job *j, struct piece *p)
{
	char link[LINK_BYTES];
	struct statx st;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		struct file *f = &p->files[i];

		if (statx(p->dirfd, f->name, AT_SYMLINK_NOFOLLOW,
			  STATX_BASIC_STATS | STATX_BTIME, &st))
			error(1, errno, "%s", f->name);
		list_attributes(p->dirfd, f->name);
		f->size = S_ISREG(st.stx_mode) ? st.stx_size : 0;
		if (S_ISDIR(st.stx_mode))
			hand_over(j, &j->to_look, piece_new(p->dirfd, f->name));
		else if (S_ISLNK(st.stx_mode) &&
			 readlinkat(p->dirfd, f->name, link, sizeof(link)) < 0)
			error(1, errno, "%s", f->name);
	}
	hand_over(j, &j->to_copy, p);
}

/* Cut what one call gave into pieces, for others to look at. */
static void hand_over_names(struct job *j, int fd, const char *data,
			    size_t len)
{
	struct piece *p = NULL;
	size_t at;

	for (at = 0; at < len; ) {
		const struct dirent64 *d = (const void *)(data + at);

		at += d->d_reclen;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!p)
			p = piece_new(fd, NULL);
		p->files[p->n++].name = d->d_name;
		if (p->n == CHUNK) {
			hand_over(j, &j->to_look, p);
			p = NULL;
		}
	}
	if (p)
		hand_over(j, &j->to_look, p);
}

static void read_folder(struct job *j, const struct piece *p)
{
	int fd = openat(p->dirfd, p->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent64) char data[READ_BYTES];
	char *names;
	ssize_t n;

	if (fd < 0)
		error(1, errno, "%s", p->name);
	while ((n = getdents64(fd, data, sizeof(data))) > 0) {
		names = allocate(n);
		memcpy(names, data, n);
		hand_over_names(j, fd, names, n);
	}
	if (n < 0)
		error(1, errno, "%s", p->name);
}

/* The first step, until nobody can find anything more. */
static void look_at_all(struct job *j)
{
	struct piece *p;

	pthread_mutex_lock(&j->lock);
	for (;;) {
		p = take(&j->to_look);
		if (!p && !j->looking)
			break;
		if (!p) {
			pthread_cond_wait(&j->changed, &j->lock);
			continue;
		}
		j->looking++;
		pthread_mutex_unlock(&j->lock);
		if (p->n)
			look(j, p);
		else
			read_folder(j, p);
		pthread_mutex_lock(&j->lock);
		j->looking--;
	}
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static void write_buffer(struct job *j, struct buffer *b)
{
	pthread_mutex_lock(&j->write_lock);
	if (pwrite(j->target, b->data, b->used, j->written) != (ssize_t)b->used)
		error(1, errno, "cannot write");
	j->written += b->used;
	pthread_mutex_unlock(&j->write_lock);
	b->used = 0;
}

/* Read @size bytes of @fd, and have them end with a block. */
static void read_file(struct job *j, int fd, const char *name,
		      uint64_t size, struct buffer *b)
{
	uint64_t at, room;
	ssize_t n;

	for (at = 0; at < size; at += n) {
		if (b->used == BUFFER)
			write_buffer(j, b);
		room = BUFFER - b->used;
		n = pread(fd, b->data + b->used,
			  size - at < room ? size - at : room, at);
		if (n <= 0)
			error(1, n ? errno : 0, "%s: cannot be read", name);
		b->used += n;
	}
	room = -b->used % BLOCK;
	memset(b->data + b->used, 0, room);
	b->used += room;
}

static void copy(struct job *j, const struct piece *p, struct buffer *b)
{
	const struct file *f;
	struct stat st;
	int fd;

	for (f = p->files; f < p->files + p->n; f++) {
		if (!f->size)
			continue;
		fd = openat(p->dirfd, f->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			error(1, errno, "%s", f->name);
		read_file(j, fd, f->name, f->size, b);
		if (fstat(fd, &st))
			error(1, errno, "%s", f->name);
		close(fd);
	}
}

static void copy_all(struct job *j)
{
	struct buffer b = { allocate(BUFFER), 0 };
	struct piece *p;

	do {
		pthread_mutex_lock(&j->lock);
		p = take(&j->to_copy);
		pthread_mutex_unlock(&j->lock);
		if (p)
			copy(j, p, &b);
	} while (p);
	if (b.used)
		write_buffer(j, &b);
}

/* No thread leaves the first step before its end, so that none comes to the
 * second before all is known. */
static void *work(void *arg)
{
	look_at_all(arg);
	copy_all(arg);
	return NULL;
}

int main(int argc, char **argv)
{
	struct job j = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.write_lock = PTHREAD_MUTEX_INITIALIZER,
		.to_look.last = &j.to_look.first,
		.to_copy.last = &j.to_copy.first,
	};
	pthread_t threads[MAX_THREADS];
	struct rlimit files;
	int i, n;

	if (argc != 4)
		error(2, 0, "usage: bare THREADS TREE FILE");
	n = atoi(argv[1]);
	if (n < 1 || n > MAX_THREADS)
		error(2, 0, "%s: 1 to %d threads", argv[1], MAX_THREADS);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	j.target = open(argv[3], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (j.target < 0)
		error(1, errno, "%s", argv[3]);
	append(&j.to_look, piece_new(AT_FDCWD, argv[2]));
	for (i = 1; i < n; i++)
		if (pthread_create(&threads[i], NULL, work, &j))
			error(1, 0, "cannot start a thread");
	work(&j);
	for (i = 1; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
