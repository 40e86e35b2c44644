// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory runs out at each allocation in turn: the call says so, the image is
 * what it was or what the state says, and nothing leaks. */
#include "journal_device.h"

#include <errno.h>

#include "image/super_state.h"
#include "journal/commit.h"
#include "journal/replay.h"

/* The linker sends every allocation here (--wrap). */
static int allowed = -1;	/* allocations until one fails, -1: no limit */
static bool failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	if (allowed == 0)
		failed = true;
	else if (allowed > 0)
		allowed--;
	return failed;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static void limit(int n)
{
	allowed = n;
	failed = false;
}

static void put_super(struct device *d)
{
	uint8_t *raw = d->data + SUPER_POSITION;

	memset(raw, 0, SUPER_BYTES);
	put_le32(raw + 100, 0x400);
	super_set_recover(raw, false);
}

static errcode_t commit(struct device *d, struct journal *j,
			enum commit_state *state, int n)
{
	static uint8_t block[1024];
	const struct logged_block list[] = { { 10, block }, { 12, block } };
	struct commit c = { .blocks = list, .n = 2,
			    .super = d->data + SUPER_POSITION };
	uint8_t super[SUPER_BYTES];
	errcode_t err;

	memcpy(super, c.super, SUPER_BYTES);
	c.super = super;
	memset(block, 0x77, sizeof(block));
	limit(n);
	err = commit_run(&c, j);
	limit(-1);
	*state = c.state;
	return err;
}

static void commit_fails(void **state)
{
	bool ended = false;
	int n;

	(void)state;
	for (n = 0; !ended; n++) {
		enum commit_state how;
		struct journal j;
		struct device d;
		errcode_t err;

		device_init(&d, 1024);
		put_super(&d);
		device_super(&d, 0, 0, 0, 5);
		assert_int_equal(device_open(&j, &d), 0);
		err = commit(&d, &j, &how, n);
		ended = !err;
		assert_int_equal(err, ended ? 0 : ENOMEM);
		assert_int_equal(how == COMMIT_DONE, ended);
		assert_int_not_equal(how, COMMIT_UNKNOWN);
		if (how == COMMIT_OLD)
			assert_int_not_equal(device_block(&d, 10)[9], 0x77);
		journal_release(&j);
		device_release(&d);
	}
	assert_true(n > 5);
}

static void replay_fails(void **state)
{
	static const uint64_t homes[] = { 10, 11, 12, 0 };
	static const uint64_t gone[] = { 11, 0 };
	bool ended = false;
	int n;

	(void)state;
	for (n = 0; !ended; n++) {
		struct replay r = { .copies = 0 };
		struct journal j;
		struct device d;
		errcode_t err;

		device_init(&d, 1024);
		put_super(&d);
		device_super(&d, 0, JBD_INCOMPAT_CSUM_V3, 1, 5);
		device_descriptor(&d, 5, homes, 0xa1);
		device_commit(&d, 5, 9);
		device_revoke(&d, 6, gone);
		device_commit(&d, 6, 9);
		assert_int_equal(device_open(&j, &d), 0);
		limit(n);
		err = replay_read(&r, &j);
		if (!err)
			err = replay_write(&r, &j);
		limit(-1);
		ended = !err;
		assert_int_equal(err, ended ? 0 : ENOMEM);
		assert_int_equal(j.super.start, ended ? 0 : 1);
		assert_int_equal(device_block(&d, 12)[9], ended ? 0xa1 : 0);
		replay_release(&r);
		journal_release(&j);
		device_release(&d);
	}
	assert_true(n > 8);
}

static void open_fails(void **state)
{
	struct journal_place place = { .block_size = 1024 };
	bool ended = false;
	struct device d;
	int n;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, 0, 0, 0, 5);
	place.io = (struct journal_io){ device_read, device_write,
					device_sync, &d };
	place.room = DEVICE_BLOCKS;
	place.diag = &d.diag;
	for (n = 0; !ended; n++) {
		struct logmap map;
		struct journal j;
		errcode_t err;

		memset(&map, 0, sizeof(map));
		memset(&j, 0, sizeof(j));
		limit(n);
		err = logmap_add(&map, LOG_PLACE, LOG_SPLIT);
		if (!err)
			err = logmap_add(&map, LOG_PLACE_2,
					 LOG_BLOCKS - LOG_SPLIT);
		if (!err)
			err = logmap_finish(&map);
		if (!err)
			err = journal_init(&j, &place, &map);
		limit(-1);
		ended = !err;
		assert_int_equal(err, ended ? 0 : ENOMEM);
		logmap_release(&map);
		journal_release(&j);
	}
	assert_true(n > 2);
	device_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_fails),
		cmocka_unit_test(replay_fails),
		cmocka_unit_test(open_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
