/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of files made for one test, and scans of it. */
#ifndef E4PACK_TESTS_SOURCE_SCRATCH_H
#define E4PACK_TESTS_SOURCE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/progress.h"
#include "source/source.h"

struct scratch {
	char root[128];		/* absolute path of the folder */
	int fd;			/* the folder */
	struct diag diag;
	struct progress progress;
	struct source_options options;	/* with the two above filled in */
	size_t n_xattrs;	/* how many a file was given, for its check */
	char message[1024];	/* the last one, "SUBJECT: TEXT" */
};

/* Make the folder and open options.  Asserts. */
void scratch_init(struct scratch *s);

/* Remove the folder with everything in it. */
void scratch_release(struct scratch *s);

/* The same with the folder alone: nothing of e4pack is called. */
void scratch_make_folder(struct scratch *s);
void scratch_remove_folder(struct scratch *s);

/* The same for cmocka: *@state is a new scratch. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

#define TEST(name)							\
	cmocka_unit_test_setup_teardown(name, scratch_setup,		\
					scratch_teardown)

/* Make the file @name with the string @text in it. */
void scratch_file(struct scratch *s, const char *name, const char *text);
void scratch_mkdir(struct scratch *s, const char *name);

/* Make the folder @dir with @n small files in it: f0, f1 and so on. */
void scratch_files(struct scratch *s, const char *dir, int n);

/* Scan the folder: the paths, each with a newline after it, go to @paths
 * (NULL: nowhere).  Return: the code that ended the scan. */
errcode_t scratch_scan(struct scratch *s, struct buf *paths);

/* Scan for @path and give its entry, to release.  Asserts that it is there
 * and that nothing fails before it. */
void scratch_find(struct scratch *s, const char *path, struct entry *e);

/* Read all data of @e into @out, of @e->size bytes, holes as zeros. */
errcode_t scratch_read(struct scratch *s, const struct entry *e,
		       uint8_t *out);

/* Run @check in a child process, as user 65534 if @unprivileged.
 * Return: what it returned, or -1 if it crashed. */
int scratch_in_child(int (*check)(struct scratch *s), struct scratch *s,
		     bool unprivileged);

/* How many descriptors are open. */
int scratch_open_files(void);

/* For checks in a child: end it with the line number where @x is false. */
#define CHECK(x)				\
	do {					\
		if (!(x))			\
			return __LINE__;	\
	} while (0)

/* Returned by a check in a child that cannot be made here. */
enum { SCRATCH_SKIP = 77 };

#endif
