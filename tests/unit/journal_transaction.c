// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions of every size around the limits of a descriptor and of the
 * log, written and read again. */
#define LOG_BLOCKS 700
#include "journal_device.h"

#include "journal/replay.h"
#include "journal/transaction.h"

enum { FIRST_HOME = LOG_PLACE + LOG_SPLIT };

static const uint32_t forms[] = {
	0, JBD_INCOMPAT_64BIT, JBD_INCOMPAT_CSUM_V2 | JBD_INCOMPAT_64BIT,
	JBD_INCOMPAT_CSUM_V3 | JBD_INCOMPAT_64BIT,
};

struct fixture {
	struct device d;
	struct journal j;
	struct logged_block *blocks;
	uint8_t *data;
};

/* Homes are far apart; each 7th block begins with the magic number. */
static void open_fixture(struct fixture *f, uint32_t incompat, uint32_t size,
			 size_t n)
{
	size_t i;

	device_init(&f->d, size);
	device_super(&f->d, 0, incompat, 5, 10);
	assert_int_equal(device_open(&f->j, &f->d), 0);
	f->j.place.room = incompat & JBD_INCOMPAT_64BIT ?
			       UINT64_C(1) << 45 : UINT32_MAX;
	f->blocks = calloc(n, sizeof(*f->blocks));
	f->data = malloc(n * size);
	assert_true(f->blocks && f->data);
	for (i = 0; i < n; i++) {
		uint8_t *block = f->data + i * size;

		memset(block, (int)i, size);
		put_be32(block + 8, (uint32_t)i);
		if (i % 7 == 3)
			put_be32(block, JBD_MAGIC);
		f->blocks[i].home = FIRST_HOME + i * 1000003;
		f->blocks[i].data = block;
	}
}

static void close_fixture(struct fixture *f)
{
	free(f->blocks);
	free(f->data);
	journal_release(&f->j);
	device_release(&f->d);
}

static void check_replay(struct fixture *f, size_t n)
{
	const uint32_t size = f->d.block_size;
	struct replay r = { .copies = 0 };
	size_t i;

	assert_int_equal(replay_read(&r, &f->j), 0);
	assert_int_equal(r.end.end_tid, 11);
	assert_int_equal(r.end.used, transaction_log_blocks(&f->j, n));
	assert_int_equal(r.bad, 0);
	assert_int_equal(r.overlay.n, n);
	for (i = 0; i < n; i++) {
		const struct overlay_block *b = &r.overlay.blocks[i];
		uint8_t *copy = device_block(&f->d, b->at);

		assert_true(b->home == f->blocks[i].home);
		assert_int_equal(b->escaped, i % 7 == 3);
		if (b->escaped) {
			assert_int_equal(get_be32(copy), 0);
			memcpy(copy, r.overlay.head, 4);
		}
		assert_memory_equal(copy, f->blocks[i].data, size);
	}
	replay_release(&r);
}

static void round_trip(uint32_t incompat, uint32_t size, size_t n)
{
	struct fixture f;
	struct transaction t = { .n = n, .tid = 10, .start = 5 };
	uint32_t at = 0;

	open_fixture(&f, incompat, size, n);
	t.blocks = f.blocks;
	assert_int_equal(transaction_check(&t, &f.j), 0);
	assert_int_equal(transaction_write(&at, &t, &f.j), 0);
	f.d.at = at;
	device_commit(&f.d, 10, 1);
	check_replay(&f, n);
	close_fixture(&f);
}

static void around_descriptors(void **state)
{
	size_t form;
	int delta;

	(void)state;
	for (form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		struct jbd_layout l;
		uint8_t uuid[JBD_UUID] = { 0 };

		jbd_layout_init(&l, 4096, 0, forms[form], uuid);
		for (delta = -1; delta <= 2; delta++)
			round_trip(forms[form], 4096,
				   jbd_tags_per_block(&l) + delta);
		jbd_layout_init(&l, 1024, 0, forms[form], uuid);
		for (delta = -1; delta <= 2; delta++)
			round_trip(forms[form], 1024,
				   3 * jbd_tags_per_block(&l) + delta);
		round_trip(forms[form], 1024, 1);
	}
}

/* The most that fits fits, one more does not, and both numbers are told. */
static void around_the_log(void **state)
{
	size_t form;

	(void)state;
	for (form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		struct transaction t = { .tid = 10, .start = 5 };
		struct fixture f;
		uint64_t most;

		open_fixture(&f, forms[form], 1024, LOG_BLOCKS);
		most = transaction_most_blocks(&f.j);
		assert_true(transaction_log_blocks(&f.j, most) <=
			    journal_capacity(&f.j));
		t.blocks = f.blocks;
		t.n = most + 1;
		assert_int_equal(transaction_check(&t, &f.j),
				 E4PACK_ET_NO_SPACE);
		assert_non_null(strstr(f.d.said, "it has 699"));
		close_fixture(&f);
		round_trip(forms[form], 1024, most);
	}
}

static void refused(void **state)
{
	struct transaction t = { .n = 2, .tid = 10, .start = 5 };
	struct fixture f;

	(void)state;
	open_fixture(&f, 0, 1024, 2);
	t.blocks = f.blocks;
	f.blocks[1].home = f.blocks[0].home;
	assert_int_equal(transaction_check(&t, &f.j), E4PACK_ET_BUG);
	f.blocks[1].home = f.j.place.room;
	assert_int_equal(transaction_check(&t, &f.j), E4PACK_ET_BUG);
	f.blocks[0].home = LOG_PLACE_2;
	f.blocks[1].home = LOG_PLACE + 30;
	assert_int_equal(transaction_check(&t, &f.j), E4PACK_ET_BUG);
	f.j.place.room = UINT64_C(1) << 40;
	f.blocks[0].home = 3;
	f.blocks[1].home = UINT64_C(1) << 32;
	assert_int_equal(transaction_check(&t, &f.j), E4PACK_ET_TOO_BIG);
	f.blocks[1].home = UINT32_MAX;
	assert_int_equal(transaction_check(&t, &f.j), 0);
	t.start = 0;
	assert_int_equal(transaction_check(&t, &f.j), E4PACK_ET_BUG);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(around_descriptors),
		cmocka_unit_test(around_the_log),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
