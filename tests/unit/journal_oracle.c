// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commits to images that mke2fs made, cut off by crashes: e2fsck replays each
 * state, finds it clean, and the old or the new contents in it; so does our
 * own recovery, with the same result; the kernel, where it can mount, too.
 */
#include "journal_crash.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/read_inode.h"
#include "image/read_map.h"
#include "image/super_state.h"
#include "journal/commit.h"
#include "journal/replay.h"

enum { SKIP = 77, FILE_INO = 12, AT_LABEL = 120, STATES = 6 };

static char folder[] = "/tmp/journal_oracle.XXXXXX";

static const struct {
	const char *options;
	uint32_t block_size;
	uint32_t blocks;	/* of the file that is changed */
	uint32_t start;		/* log block to begin at */
} forms[] = {
	{ "", 1024, 260, 1 },
	{ "-O ^metadata_csum,^64bit", 1024, 130, 900 },
	{ "", 4096, 255, 900 },
};

struct world {
	char path[64];
	struct device d;
	uint8_t *before;
	struct logmap map;
	struct logged_block *blocks;
	uint8_t *data;
	size_t n;
	uint8_t super[SUPER_BYTES];
};

/* Return: the exit status of a shell command. */
static int __attribute__((format(printf, 1, 2))) run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static errcode_t add_home(void *arg, const struct extent *e)
{
	struct world *w = arg;
	uint32_t i;

	for (i = 0; i < e->len; i++)
		w->blocks[w->n++].home = e->pblk + i;
	return 0;
}

static void read_image(struct world *w, uint32_t blocks)
{
	struct map_visitor v = { .extent = add_home, .arg = w };
	const struct image_geometry *geo;
	struct inode_info i;
	struct image *img;
	int fd;

	assert_int_equal(image_open(&img, w->path, 0, &w->d.diag), 0);
	geo = image_geometry(img);
	w->d.block_size = geo->block_size;
	w->d.blocks = (uint32_t)geo->blocks;
	w->blocks = calloc(blocks, sizeof(*w->blocks));
	assert_int_equal(read_inode(&i, img, FILE_INO), 0);
	assert_int_equal(i.size, (uint64_t)blocks * geo->block_size);
	assert_int_equal(read_map(img, &i, &v), 0);
	assert_int_equal(w->n, blocks);
	assert_int_equal(logmap_read(&w->map, img, geo->journal_ino), 0);
	image_close(img);
	w->d.data = malloc((size_t)w->d.blocks * w->d.block_size);
	w->before = malloc((size_t)w->d.blocks * w->d.block_size);
	fd = open(w->path, O_RDONLY);
	assert_int_equal(read(fd, w->d.data, (size_t)w->d.blocks *
			      w->d.block_size),
			 (size_t)w->d.blocks * w->d.block_size);
	close(fd);
	memcpy(w->before, w->d.data, (size_t)w->d.blocks * w->d.block_size);
}

static void world_init(struct world *w, size_t form)
{
	const uint32_t size = forms[form].block_size;
	size_t i;

	memset(w, 0, sizeof(*w));
	diag_init(&w->d.diag, device_hear, &w->d);
	snprintf(w->path, sizeof(w->path), "%s/image", folder);
	if (run("cd %s && rm -rf t image && mkdir t && "
		"yes old | head -c %u > t/f && "
		"mke2fs -q -F -t ext4 -b %u %s -J size=%u -L old -d t image "
		"12M >/dev/null 2>&1", folder, forms[form].blocks * size,
		size, forms[form].options, size / 1024))
		exit(SKIP);
	read_image(w, forms[form].blocks);
	w->data = malloc(w->n * w->d.block_size);
	for (i = 0; i < w->n; i++) {
		uint8_t *block = w->data + i * w->d.block_size;

		memset(block, 'n', w->d.block_size);
		put_be32(block, i % 5 == 2 ? JBD_MAGIC : (uint32_t)i);
		w->blocks[i].data = block;
	}
	memcpy(w->super, w->d.data + SUPER_POSITION, SUPER_BYTES);
	memcpy(w->super + AT_LABEL, "new", 3);
	super_set_recover(w->super, false);
}

static void world_release(struct world *w)
{
	logmap_release(&w->map);
	free(w->blocks);
	free(w->data);
	free(w->before);
	device_release(&w->d);
}

static void open_journal(struct journal *j, struct world *w,
			 struct recorder *r, struct device *d)
{
	struct journal_place place = {
		.io = { recorder_read, recorder_write, recorder_sync, r },
		.room = d->blocks, .block_size = d->block_size,
		.diag = &w->d.diag, .path = "image",
	};
	struct logmap map;
	size_t i;

	memset(&map, 0, sizeof(map));
	for (i = 0; i < w->map.n; i++)
		assert_int_equal(logmap_add(&map, w->map.runs[i].pblk,
					    w->map.runs[i].len), 0);
	assert_int_equal(logmap_finish(&map), 0);
	assert_int_equal(journal_init(j, &place, &map), 0);
}

/* The label and the file are those before or those after, 1, the change. */
static int which(const struct world *w, const uint8_t *data)
{
	const uint32_t size = w->d.block_size;
	bool is_new = !memcmp(data + SUPER_POSITION + AT_LABEL, "new", 3);
	size_t i;

	for (i = 0; i < w->n; i++) {
		uint64_t at = w->blocks[i].home * size;

		assert_memory_equal(data + at, is_new ? w->blocks[i].data :
				    w->before + at, size);
	}
	return is_new;
}

static void put_image(const struct world *w, const uint8_t *data)
{
	size_t bytes = (size_t)w->d.blocks * w->d.block_size;
	int fd = open(w->path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, data, bytes), bytes);
	assert_int_equal(close(fd), 0);
}

static int judged_by_e2fsck(struct world *w, const uint8_t *crashed,
			    uint8_t *spare)
{
	size_t bytes = (size_t)w->d.blocks * w->d.block_size;
	int fd, status;

	put_image(w, crashed);
	status = run("e2fsck -E journal_only -y %s >/dev/null 2>&1", w->path);
	assert_true(status == 0 || status == 1);
	status = run("e2fsck -fn %s >/dev/null 2>&1", w->path);
	assert_int_equal(status, 0);
	fd = open(w->path, O_RDONLY);
	assert_int_equal(read(fd, spare, bytes), bytes);
	close(fd);
	return which(w, spare);
}

static int judged_by_us(struct world *w, uint8_t *data)
{
	struct replay replay = { .copies = 0 };
	struct device d = w->d;
	struct recorder r;
	struct journal j;

	d.data = data;
	recorder_init(&r, &d);
	open_journal(&j, w, &r, &d);
	if (super_needs_recovery(data + SUPER_POSITION)) {
		assert_int_equal(replay_read(&replay, &j), 0);
		assert_int_equal(replay_write(&replay, &j), 0);
	} else {
		assert_int_equal(j.super.start, 0);
	}
	replay_release(&replay);
	journal_release(&j);
	recorder_release(&r);
	return which(w, data);
}

/* Return: what the kernel makes of it, or -1 where it cannot mount. */
static int judged_by_kernel(const struct world *w, const uint8_t *crashed)
{
	int status;

	put_image(w, crashed);
	if (geteuid())
		return -1;
	status = run("cd %s && mkdir -p m && "
		     "mount -o loop image m 2>/dev/null || exit 9; "
		     "head -c 4 m/f | grep -q old; r=$?; umount m; "
		     "e2fsck -fn image >/dev/null 2>&1 || r=8; exit $r",
		     folder);
	assert_int_not_equal(status, 8);
	return status == 9 ? -1 : status;
}

static void judge(struct world *w, const struct recorder *r, size_t epoch,
		  uint64_t mask, bool ask_kernel)
{
	size_t bytes = (size_t)w->d.blocks * w->d.block_size;
	uint8_t *crashed = malloc(bytes), *spare = malloc(bytes);
	int ours, theirs, kernel = -1;

	assert_true(crashed && spare);
	memcpy(crashed, w->before, bytes);
	recorder_crash(r, crashed, epoch, mask);
	theirs = judged_by_e2fsck(w, crashed, spare);
	if (ask_kernel)
		kernel = judged_by_kernel(w, crashed);
	ours = judged_by_us(w, crashed);
	assert_int_equal(ours, theirs);
	if (kernel >= 0)
		assert_int_equal(kernel, ours);
	free(crashed);
	free(spare);
}

static void three_replayers(void **state)
{
	size_t form, epoch, i;

	(void)state;
	for (form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		struct commit c = { .start = forms[form].start };
		struct recorder *r = malloc(sizeof(*r));
		uint64_t seed = form;
		struct journal j;
		struct world w;

		assert_non_null(r);
		world_init(&w, form);
		recorder_init(r, &w.d);
		open_journal(&j, &w, r, &w.d);
		c.blocks = w.blocks;
		c.n = w.n;
		c.super = w.super;
		assert_int_equal(commit_run(&c, &j), 0);
		journal_release(&j);
		assert_int_equal(which(&w, w.d.data), 1);
		for (epoch = 0; epoch <= r->n_syncs; epoch++)
		for (i = 0; i < STATES; i++)
			judge(&w, r, epoch, i ? crash_random(&seed) : 0,
			      i == 0);
		recorder_release(r);
		free(r);
		world_release(&w);
	}
}

static int make_folder(void **state)
{
	(void)state;
	setenv("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", 1);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return run("rm -rf %s", folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_replayers),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
