// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the Nth call of a kind fail, or be the last one.
 *
 * A test builds this as a shared object and has it loaded before the program:
 *
 *	FAILNTH=KIND:N:TIMES:ACTION	the Nth call of KIND and the TIMES - 1
 *					behind it get ACTION:
 *		a number	they fail with this errno
 *		short		half of what was asked is done
 *		kill		the program ends there, by SIGKILL
 *		torn		the same, after the first whole pages of what
 *				was to be written
 *	FAILNTH_COUNT=FILE		how many calls of each kind there were
 *	FAILNTH_TIME=SECONDS		what the clock says, so that two runs
 *					write the same bytes
 *
 * Calls that the C library makes itself, as for the standard streams, pass.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* What the real ones are called, where a macro would rename ours. */
#undef open
#undef openat
#undef pread
#undef pwrite
#undef ftruncate
#undef fallocate

enum kind { MEMORY, OPEN, READ, WRITE, SYNC, TRUNCATE, RENAME, COPY, CLOSE,
	    KINDS };
enum { SHORT = -1, KILL = -2, TORN = -3, PASS = 0 };
enum { PAGE = 4096 };

static const char *const names[KINDS] = {
	"memory", "open", "read", "write", "sync", "truncate", "rename",
	"copy", "close",
};

static unsigned long counts[KINDS];
static int kind = -1, action;
static unsigned long first, last;
static time_t fixed_time;
static const char *count_file;

/* The C library's own, which need no dlsym(), as that may ask for memory. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAILNTH"), *now = getenv("FAILNTH_TIME");
	char word[16], what[16];
	unsigned long times;
	int i;

	count_file = getenv("FAILNTH_COUNT");
	fixed_time = now ? atol(now) : 0;
	/* What the loader and other libraries did before does not count. */
	memset(counts, 0, sizeof(counts));
	if (!text || sscanf(text, "%15[^:]:%lu:%lu:%15s", word, &first, &times,
			    what) != 4)
		return;
	last = first + times - 1;
	action = !strcmp(what, "short") ? SHORT : !strcmp(what, "kill") ?
		 KILL : !strcmp(what, "torn") ? TORN : atoi(what);
	for (i = 0; i < KINDS; i++)
		if (!strcmp(word, names[i]))
			kind = i;
}

__attribute__((destructor)) static void end(void)
{
	FILE *f;
	int i;

	kind = -1;
	f = count_file ? fopen(count_file, "w") : NULL;
	if (!f)
		return;
	for (i = 0; i < KINDS; i++)
		fprintf(f, "%s %lu\n", names[i], counts[i]);
	fclose(f);
}

/* Count a call.  Return: what becomes of it. */
static int strike(enum kind of)
{
	unsigned long n = __atomic_add_fetch(&counts[of], 1, __ATOMIC_RELAXED);

	if (kind != (int)of || n < first || n > last)
		return PASS;
	if (action == KILL)
		kill(getpid(), SIGKILL);
	if (action > 0)
		errno = action;
	return action;
}

static void *real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

void *malloc(size_t size)
{
	return strike(MEMORY) > 0 ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return strike(MEMORY) > 0 ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return strike(MEMORY) > 0 ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}

/* How much of @len is done. */
static size_t part(int what, size_t len)
{
	return what == SHORT ? (len + 1) / 2 : len;
}

#define OPEN_AT(name, before, ...)					\
int name(before, int flags, ...)					\
{									\
	int (*f)(before, int, ...) = real(#name);			\
	mode_t mode = 0;						\
	va_list ap;							\
									\
	va_start(ap, flags);						\
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))		\
		mode = va_arg(ap, mode_t);				\
	va_end(ap);							\
	return strike(OPEN) > 0 ? -1 : f(__VA_ARGS__, flags, mode);	\
}

#define COMMA ,
OPEN_AT(open, const char *path, path)
OPEN_AT(open64, const char *path, path)
OPEN_AT(openat, int dir COMMA const char *path, dir, path)
OPEN_AT(openat64, int dir COMMA const char *path, dir, path)

/* Those that a fortified program calls. */
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

int __openat_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

int __openat64_2(int dir, const char *path, int flags)
{
	return openat64(dir, path, flags);
}

ssize_t read(int fd, void *data, size_t len)
{
	ssize_t (*f)(int, void *, size_t) = real("read");
	int what = strike(READ);

	return what > 0 ? -1 : f(fd, data, part(what, len));
}

ssize_t __read_chk(int fd, void *data, size_t len, size_t room)
{
	return len > room ? (abort(), -1) : read(fd, data, len);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
	ssize_t (*f)(int, void *, size_t, off64_t) = real("pread64");
	int what = strike(READ);

	return what > 0 ? -1 : f(fd, data, part(what, len), at);
}

ssize_t pread(int fd, void *data, size_t len, off_t at)
{
	return pread64(fd, data, len, at);
}

ssize_t __pread64_chk(int fd, void *data, size_t len, off64_t at, size_t room)
{
	return len > room ? (abort(), -1) : pread64(fd, data, len, at);
}

ssize_t __pread_chk(int fd, void *data, size_t len, off_t at, size_t room)
{
	return len > room ? (abort(), -1) : pread64(fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
	ssize_t (*f)(int, const void *, size_t) = real("write");
	int what = strike(WRITE);

	return what > 0 ? -1 : f(fd, data, part(what, len));
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	ssize_t (*f)(int, const void *, size_t, off64_t) = real("pwrite64");
	int what = strike(WRITE);

	if (what == TORN) {
		size_t pages = (size_t)((at + len) / PAGE - at / PAGE + 1) / 2;
		size_t some = pages * PAGE - at % PAGE;

		if (pages && some < len)
			f(fd, data, some, at);
		kill(getpid(), SIGKILL);
	}
	return what > 0 ? -1 : f(fd, data, part(what, len), at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return pwrite64(fd, data, len, at);
}

#define ONE_FD(name, of)						\
int name(int fd)							\
{									\
	int (*f)(int) = real(#name);					\
									\
	return strike(of) > 0 ? -1 : f(fd);				\
}

ONE_FD(fsync, SYNC)
ONE_FD(fdatasync, SYNC)

/* What fails to close is closed all the same. */
int close(int fd)
{
	int (*f)(int) = real("close");
	int result = f(fd);

	return strike(CLOSE) > 0 ? -1 : result;
}

int ftruncate64(int fd, off64_t size)
{
	int (*f)(int, off64_t) = real("ftruncate64");

	return strike(TRUNCATE) > 0 ? -1 : f(fd, size);
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

int fallocate64(int fd, int mode, off64_t at, off64_t len)
{
	int (*f)(int, int, off64_t, off64_t) = real("fallocate64");

	return strike(TRUNCATE) > 0 ? -1 : f(fd, mode, at, len);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
	return fallocate64(fd, mode, at, len);
}

int rename(const char *from, const char *to)
{
	int (*f)(const char *, const char *) = real("rename");

	return strike(RENAME) > 0 ? -1 : f(from, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
	int (*f)(int, const char *, int, const char *) = real("renameat");

	return strike(RENAME) > 0 ? -1 : f(a, from, b, to);
}

int renameat2(int a, const char *from, int b, const char *to,
	      unsigned int flags)
{
	int (*f)(int, const char *, int, const char *, unsigned int) =
		real("renameat2");

	return strike(RENAME) > 0 ? -1 : f(a, from, b, to, flags);
}

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to,
			size_t len, unsigned int flags)
{
	ssize_t (*f)(int, off64_t *, int, off64_t *, size_t, unsigned int) =
		real("copy_file_range");
	int what = strike(COPY);

	return what > 0 ? -1 : f(in, from, out, to, part(what, len), flags);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int (*f)(clockid_t, struct timespec *) = real("clock_gettime");
	int err = f(id, ts);

	if (!err && fixed_time && id == CLOCK_REALTIME)
		*ts = (struct timespec){ .tv_sec = fixed_time };
	return err;
}

time_t time(time_t *ret)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}
