// SPDX-License-Identifier: GPL-2.0-or-later
/* A folder of files made for one test, and scans of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source_scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/dir.h"

static void record(void *arg, enum diag_level level, const char *subject,
		   const char *text)
{
	struct scratch *s = arg;

	(void)level;
	snprintf(s->message, sizeof(s->message), "%s: %s",
		 subject ? subject : "", text);
}

void scratch_make_folder(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");

	memset(s, 0, sizeof(*s));
	snprintf(s->root, sizeof(s->root), "%s/e4pack-test-XXXXXX",
		 tmp && strlen(tmp) < 90 ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->root));
	assert_int_equal(chmod(s->root, 0755), 0);
	s->fd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->fd >= 0);
}

void scratch_init(struct scratch *s)
{
	scratch_make_folder(s);
	diag_init(&s->diag, record, s);
	s->options.diag = &s->diag;
	s->options.progress = &s->progress;
	s->options.threads = 3;
}

void scratch_remove_folder(struct scratch *s)
{
	pid_t pid;
	int status;

	close(s->fd);
	/* rm reaches paths that are too long for one call. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execlp("rm", "rm", "-rf", "--", s->root, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

void scratch_release(struct scratch *s)
{
	diag_release(&s->diag);
	scratch_remove_folder(s);
}

int scratch_setup(void **state)
{
	struct scratch *s = malloc(sizeof(*s));

	assert_non_null(s);
	umask(0);
	scratch_init(s);
	*state = s;
	return 0;
}

int scratch_teardown(void **state)
{
	scratch_release(*state);
	free(*state);
	return 0;
}

void scratch_file(struct scratch *s, const char *name, const char *text)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void scratch_mkdir(struct scratch *s, const char *name)
{
	assert_int_equal(mkdirat(s->fd, name, 0755), 0);
}

void scratch_files(struct scratch *s, const char *dir, int n)
{
	char name[64];
	int i;

	scratch_mkdir(s, dir);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/f%d", dir, i);
		scratch_file(s, name, name);
	}
}

errcode_t scratch_scan(struct scratch *s, struct buf *paths)
{
	struct source *source;
	struct entry e;
	bool end = false;
	errcode_t err = dir_source_open(&source, s->root, &s->options);

	if (err)
		return err;
	entry_init(&e);
	while (!(err = source_next(source, &e, &end)) && !end)
		if (paths && (buf_add_str(paths, e.path) ||
			      buf_add(paths, "\n", 1) || !buf_str(paths)))
			abort();
	entry_release(&e);
	source_free(source);
	return err;
}

void scratch_find(struct scratch *s, const char *path, struct entry *e)
{
	struct source *source;
	bool end = false;

	entry_init(e);
	assert_int_equal(dir_source_open(&source, s->root, &s->options), 0);
	do {
		assert_int_equal(source_next(source, e, &end), 0);
		assert_false(end);
	} while (strcmp(e->path, path));
	source_free(source);
}

errcode_t scratch_read(struct scratch *s, const struct entry *e,
		       uint8_t *out)
{
	struct origin_reader r;
	errcode_t err, close_err;
	size_t i;

	memset(out, 0, e->size);
	if (!e->origin)
		return 0;
	err = e->origin->ops->open(e->origin, &r, &s->diag);
	if (err)
		return err;
	for (i = 0; !err && i < e->n_data; i++)
		err = e->origin->ops->read(&r, out + e->data[i].offset,
					   e->data[i].len,
					   e->data[i].origin_offset,
					   &s->diag);
	close_err = e->origin->ops->close(&r, err ? NULL : &s->diag);
	return err ? err : close_err;
}

int scratch_in_child(int (*check)(struct scratch *s), struct scratch *s,
		     bool unprivileged)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		if (unprivileged && !geteuid() &&
		    (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
		     setresuid(65534, 65534, 65534)))
			_exit(SCRATCH_SKIP);
		status = check(s);
		if (status)
			fprintf(stderr, "line %d, last message: %s\n", status,
				s->message);
		/* An exit status has eight bits. */
		_exit(!status || status == SCRATCH_SKIP ? status : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int scratch_open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
