// SPDX-License-Identifier: GPL-2.0-or-later
/* Places: deep ones, few descriptors, links in the way; and first names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/link_map.h"
#include "report/place.h"

enum { DEPTH = 300 };

static char folder[] = "/tmp/report_place.XXXXXX";

/* Make and open a chain of folders, then go back up it, with every folder
 * still reached. */
static void deep(void **state)
{
	const struct rlimit few = { 24, 24 };
	struct place *way[DEPTH + 1];
	struct places all;
	struct buf path = BUF_INIT;
	struct stat st;
	int fd = open(folder, O_RDONLY | O_DIRECTORY), at;
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	way[0] = places_init(&all, fd);
	assert_non_null(way[0]);
	for (i = 0; i < DEPTH; i++) {
		assert_int_equal(place_fd(way[i], &at), 0);
		assert_int_equal(mkdirat(at, "below", 0700), 0);
		way[i + 1] = place_new(way[i], "below", 5);
		assert_non_null(way[i + 1]);
		assert_int_equal(way[i + 1]->depth, i + 1);
	}
	for (i = DEPTH; i > 0; i--) {
		assert_int_equal(place_fd(way[i], &at), 0);
		assert_int_equal(mkdirat(at, "mark", 0700), 0);
		assert_int_equal(fstatat(at, "below", &st, 0),
				 i == DEPTH ? -1 : 0);
	}
	assert_true(all.n_open <= all.most_open);
	assert_int_equal(place_path(&path, way[2], "name"), 0);
	assert_string_equal(buf_str(&path), "below/below/name");
	buf_release(&path);
	for (i = 0; i <= DEPTH; i++)
		place_put(way[i]);
	assert_int_equal(all.n_open, 0);
	close(fd);
}

static void no_links(void **state)
{
	struct places all;
	struct place *base, *p, *below;
	int fd = open(folder, O_RDONLY | O_DIRECTORY), at;

	(void)state;
	assert_int_equal(mkdirat(fd, "real", 0700), 0);
	assert_int_equal(mkdirat(fd, "real/in", 0700), 0);
	assert_int_equal(symlinkat("real", fd, "link"), 0);
	base = places_init(&all, fd);
	p = place_new(base, "link", 4);
	below = place_new(p, "in", 2);
	assert_int_equal(place_fd(p, &at), ENOTDIR);
	assert_int_equal(place_fd(below, &at), ENOTDIR);
	place_put(below);
	place_put(p);
	p = place_new(base, "none", 4);
	assert_int_equal(place_fd(p, &at), ENOENT);
	place_put(p);
	place_put(base);
	close(fd);
}

static void first_names(void **state)
{
	struct link_map m;
	struct places all;
	struct place *base = places_init(&all, -1);
	struct first_name *f;
	uint32_t i;

	(void)state;
	memset(&m, 0, sizeof(m));
	for (i = 1; i <= 1000; i++)
		assert_int_equal(link_map_add(&m, i * 7919 % 1009, 3, base,
					      "first"), 0);
	assert_null(link_map_find(&m, 5000));
	f = link_map_find(&m, 7919 % 1009);
	assert_non_null(f);
	assert_string_equal(f->name, "first");
	link_map_used(&m, f);
	assert_ptr_equal(link_map_find(&m, 7919 % 1009), f);
	link_map_used(&m, f);
	assert_null(link_map_find(&m, 7919 % 1009));
	link_map_release(&m);
	assert_int_equal(base->refs, 1);
	place_put(base);
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		exit(99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_links),
		cmocka_unit_test(first_names),
		cmocka_unit_test(deep),
	};

	if (!mkdtemp(folder))
		return 99;
	atexit(remove_folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
