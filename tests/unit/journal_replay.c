// SPDX-License-Identifier: GPL-2.0-or-later
/* Logs of every form, read and replayed; then the same with each byte of each
 * control block changed. */
#include "journal_device.h"

#include "image/super_state.h"
#include "journal/replay.h"

static const uint32_t forms[][2] = {	/* compat, incompat */
	{ 0, 0 },
	{ 0, JBD_INCOMPAT_64BIT | JBD_INCOMPAT_REVOKE },
	{ 0, JBD_INCOMPAT_CSUM_V2 },
	{ 0, JBD_INCOMPAT_CSUM_V2 | JBD_INCOMPAT_64BIT },
	{ 0, JBD_INCOMPAT_CSUM_V3 },
	{ 0, JBD_INCOMPAT_CSUM_V3 | JBD_INCOMPAT_64BIT },
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]), TID = 0xfffffffe };

static const uint64_t abc[] = { 10, 11, 12, 0 };
static const uint64_t cd[] = { 12, 13, 0 };
static const uint64_t only_b[] = { 11, 0 };
static const uint64_t only_c[] = { 12, 0 };

/*
 * Three whole transactions and a half one, from block 33 on: round the end of
 * the log, and of the sequence numbers.
 *	TID	copies of 10 11 12
 *	TID+1	12 (magic) 13 (magic), revokes 11
 *	TID+2	revokes 12 after its copy of it
 *	TID+3	no commit
 */
static void write_log(struct device *d, size_t form)
{
	device_super(d, forms[form][0], forms[form][1], 33, TID);
	device_descriptor(d, TID, abc, 0xa1);
	device_commit(d, TID, 1000);
	device_revoke(d, TID + 1, only_b);
	device_descriptor(d, TID + 1, cd, 0);
	device_commit(d, TID + 1, 1001);
	device_descriptor(d, TID + 2, only_c, 0xa3);
	device_revoke(d, TID + 2, only_c);
	device_commit(d, TID + 2, 1001);
	device_descriptor(d, TID + 3, abc, 0xa4);
}

/* What is shown as block @home: its first and its last byte. */
static uint32_t shown(struct device *d, const struct replay *r, uint64_t home)
{
	size_t i = overlay_from(&r->overlay, home);
	const uint8_t *block = device_block(d, home);

	if (i == r->overlay.n || r->overlay.blocks[i].home != home)
		return 0xffff;
	block = device_block(d, r->overlay.blocks[i].at);
	return (uint32_t)block[0] << 8 | block[d->block_size - 1] |
	       (uint32_t)r->overlay.blocks[i].escaped << 16;
}

static void replayed(void **state)
{
	struct device d;
	size_t form;

	(void)state;
	for (form = 0; form < FORMS; form++) {
		struct replay r = { .copies = 0 };
		struct journal j;

		device_init(&d, form % 2 ? 4096 : 1024);
		write_log(&d, form);
		assert_int_equal(device_open(&j, &d), 0);
		assert_int_equal(replay_read(&r, &j), 0);
		assert_int_equal(r.end.first_tid, TID);
		assert_int_equal(r.end.end_tid, (uint32_t)(TID + 3));
		assert_int_equal(r.end.used, 5 + 1 + 3 + 1 + 2 + 1 + 1);
		assert_int_equal(r.copies, 6);
		assert_int_equal(r.bad, 0);
		assert_int_equal(shown(&d, &r, 10), 0x0aa1);
		assert_int_equal(shown(&d, &r, 11), 0xffff);
		/* 12 is revoked by the transaction that also has a copy. */
		assert_int_equal(shown(&d, &r, 12), 0xffff);
		assert_int_equal(shown(&d, &r, 13), 0x10000);
		assert_int_equal(r.revoked, 4);
		assert_int_equal(r.overlay.n, 2);
		replay_release(&r);
		journal_release(&j);
		device_release(&d);
	}
}

/* Fill the place of the superblock so that it has RECOVER and a checksum. */
static void put_super(struct device *d)
{
	uint8_t *raw = d->data + SUPER_POSITION;

	memset(raw, 0, SUPER_BYTES);
	put_le32(raw + 100, 0x400);
	super_set_recover(raw, true);
}

static void written_home(void **state)
{
	struct device d;
	size_t form;

	(void)state;
	for (form = 0; form < FORMS; form++) {
		struct replay r = { .copies = 0 };
		struct journal j;

		device_init(&d, form % 2 ? 4096 : 1024);
		put_super(&d);
		write_log(&d, form);
		assert_int_equal(device_open(&j, &d), 0);
		assert_int_equal(replay_read(&r, &j), 0);
		assert_int_equal(replay_write(&r, &j), 0);
		assert_int_equal(device_block(&d, 10)[0], 10);
		assert_int_equal(device_block(&d, 10)[500], 0xa1);
		assert_int_equal(get_le32(device_block(&d, 11)), 0x01d0000b);
		assert_int_equal(get_be32(device_block(&d, 13)), JBD_MAGIC);
		assert_false(super_needs_recovery(d.data + SUPER_POSITION));
		replay_release(&r);
		journal_release(&j);
		/* The log is empty, and skips a number. */
		assert_int_equal(device_open(&j, &d), 0);
		assert_int_equal(j.super.start, 0);
		assert_int_equal(j.super.sequence, (uint32_t)(TID + 4));
		journal_release(&j);
		device_release(&d);
	}
}

/* The log has a copy of the superblock's block without RECOVER: it stays set
 * until the log is empty, and is clear afterwards. */
static void recover_is_last(void **state)
{
	static const uint64_t super_block[] = { 1, 0 };
	struct replay r = { .copies = 0 };
	struct journal j;
	struct device d;

	(void)state;
	device_init(&d, 1024);
	put_super(&d);
	device_super(&d, 0, 0, 1, 5);
	device_descriptor(&d, 5, super_block, 1);
	device_commit(&d, 5, 1);
	memset(device_log(&d, 2), 0, 1024);
	put_be32(device_log(&d, 0) + 32, 5);
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(replay_read(&r, &j), 0);
	assert_int_equal(r.overlay.n, 1);
	assert_int_equal(replay_write(&r, &j), 0);
	assert_false(super_needs_recovery(d.data + SUPER_POSITION));
	/* The log's error went over to the file system. */
	assert_int_equal(get_le16(d.data + SUPER_POSITION + 58), 2);
	assert_int_equal(get_be32(device_log(&d, 0) + 32), 0);
	replay_release(&r);
	journal_release(&j);
	device_release(&d);
}

/* A log with checksums v1, as crc32 over descriptor and copies. */
static void old_checksums(void **state)
{
	struct device d;
	struct journal j;
	struct log_end end;
	uint8_t *commit;
	uint32_t crc = ~0u, i;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, JBD_COMPAT_CHECKSUM, 0, 1, 9);
	device_descriptor(&d, 9, abc, 0xa1);
	commit = device_commit(&d, 9, 50);
	for (i = 1; i <= 4; i++) {
		const uint8_t *p = device_log(&d, i);
		size_t k;
		int bit;

		for (k = 0; k < 1024; k++) {
			crc ^= (uint32_t)p[k] << 24;
			for (bit = 0; bit < 8; bit++)
				crc = crc & 0x80000000 ?
				      crc << 1 ^ 0x04c11db7 : crc << 1;
		}
	}
	memcpy(commit + 12, "\1\4", 2);
	put_be32(commit + 16, crc);
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(log_walk(&end, &j, NULL), 0);
	assert_int_equal(end.end_tid, 10);
	device_log(&d, 3)[77] ^= 1;
	assert_int_equal(log_walk(&end, &j, NULL), 0);
	assert_int_equal(end.why, LOG_STOP_COMMIT);
	assert_int_equal(end.end_tid, 9);
	journal_release(&j);
	device_release(&d);
}

/* One thing wrong in a log of two transactions, and where it then ends. */
static const struct {
	const char *what;
	uint32_t block, at, value;
	enum log_stop why;
	uint32_t whole;		/* transactions */
	errcode_t err;		/* of replay_read() */
	uint32_t bad;		/* copies */
} wrongs[] = {
	{ "nothing", 0, 1020, 0, LOG_STOP_NO_MAGIC, 2, 0, 0 },
	{ "a copy", 2, 500, 1, LOG_STOP_NO_MAGIC, 2, 0, 1 },
	{ "a tag's checksum", 1, 24, 1, LOG_STOP_DAMAGED, 0,
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "the magic of the first descriptor", 1, 0, 1, LOG_STOP_NO_MAGIC, 0,
	  0, 0 },
	{ "its number", 1, 8, 77, LOG_STOP_TID, 0, 0, 0 },
	{ "its type", 1, 4, 9, LOG_STOP_TYPE, 0, 0, 0 },
	{ "a commit's checksum", 5, 16, 1, LOG_STOP_COMMIT, 0, 0, 0 },
	{ "the second commit's", 8, 16, 1, LOG_STOP_COMMIT, 1, 0, 0 },
	{ "the second commit's time", 8, 52, 1, LOG_STOP_STALE, 1, 0, 0 },
	{ "the second descriptor", 6, 900, 1, LOG_STOP_DAMAGED, 1,
	  E4PACK_ET_BAD_IMAGE, 0 },
};

static void where_it_ends(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct replay r = { .copies = 0 };
		struct journal j;
		struct device d;
		errcode_t err;

		device_init(&d, 1024);
		device_super(&d, 0, JBD_INCOMPAT_CSUM_V3, 1, 3);
		device_descriptor(&d, 3, abc, 0xa1);
		device_commit(&d, 3, 100);
		device_descriptor(&d, 4, only_c, 0xa2);
		device_commit(&d, 4, 101);
		if (i)
			put_be32(device_log(&d, wrongs[i].block) +
				 wrongs[i].at, wrongs[i].value);
		assert_int_equal(device_open(&j, &d), 0);
		err = replay_read(&r, &j);
		if (err != wrongs[i].err || r.end.why != wrongs[i].why ||
		    r.end.end_tid != 3 + wrongs[i].whole ||
		    r.bad != wrongs[i].bad)
			fail_msg("%s: %ld, %d, %u, %u", wrongs[i].what,
				 (long)err, r.end.why, r.end.end_tid,
				 (unsigned int)r.bad);
		replay_release(&r);
		journal_release(&j);
		device_release(&d);
	}
}

/* A bad copy is passed over, the block keeps the copy before it, and the log
 * is left where it is. */
static void bad_copies(void **state)
{
	struct replay r = { .copies = 0 };
	struct journal j;
	struct device d;

	(void)state;
	device_init(&d, 1024);
	put_super(&d);
	device_super(&d, 0, JBD_INCOMPAT_CSUM_V3, 1, 3);
	device_descriptor(&d, 3, abc, 0xa1);
	device_commit(&d, 3, 100);
	device_descriptor(&d, 4, cd, 0xa2);
	device_commit(&d, 4, 101);
	device_log(&d, 7)[1] ^= 1;
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(replay_read(&r, &j), 0);
	assert_int_equal(r.bad, 1);
	assert_int_equal(r.bad_home, 12);
	assert_int_equal(r.bad_at, 7);
	assert_int_equal(replay_write(&r, &j), E4PACK_ET_BAD_CSUM);
	assert_int_equal(device_block(&d, 12)[9], 0xa1);
	assert_int_equal(device_block(&d, 13)[9], 0xa2);
	assert_int_equal(get_be32(device_log(&d, 0) + 28), 1);
	assert_true(super_needs_recovery(d.data + SUPER_POSITION));
	replay_release(&r);
	journal_release(&j);
	device_release(&d);
}

/* A revoked copy is not looked at, whatever its checksum. */
static void bad_but_revoked(void **state)
{
	struct replay r = { .copies = 0 };
	struct journal j;
	struct device d;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, 0, JBD_INCOMPAT_CSUM_V3, 1, 3);
	device_descriptor(&d, 3, abc, 0xa1);
	device_commit(&d, 3, 100);
	device_revoke(&d, 4, only_b);
	device_commit(&d, 4, 101);
	device_log(&d, 3)[1] ^= 1;
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(replay_read(&r, &j), 0);
	assert_int_equal(r.bad, 0);
	assert_int_equal(r.revoked, 1);
	assert_int_equal(r.overlay.n, 2);
	replay_release(&r);
	journal_release(&j);
	device_release(&d);
}

static void homes_out_of_place(void **state)
{
	static const uint64_t homes[][2] = {
		{ DEVICE_BLOCKS, 0 }, { 0xffffffff, 0 }, { LOG_PLACE, 0 },
		{ LOG_PLACE_2 + 3, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct replay r = { .copies = 0 };
		struct journal j;
		struct device d;

		device_init(&d, 1024);
		device_super(&d, 0, 0, 1, 3);
		device_descriptor(&d, 3, homes[i], 0xa1);
		device_commit(&d, 3, 100);
		assert_int_equal(device_open(&j, &d), 0);
		assert_int_equal(replay_read(&r, &j), E4PACK_ET_BAD_IMAGE);
		replay_release(&r);
		journal_release(&j);
		device_release(&d);
	}
}

/* Control blocks of one transaction all the way round. */
static void circles(void **state)
{
	struct journal j;
	struct log_end end;
	struct device d;
	uint32_t i;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, 0, 0, 7, 3);
	for (i = 1; i < LOG_BLOCKS; i++)
		device_revoke(&d, 3, abc);
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(log_walk(&end, &j, NULL), 0);
	assert_int_equal(end.why, LOG_STOP_ROUND);
	assert_int_equal(end.revokes, 3 * (LOG_BLOCKS - 1));
	/* A descriptor whose copies would go round for ever. */
	d.at = 7;
	jbd_header_put(device_next(&d), JBD_DESCRIPTOR, 3);
	assert_int_equal(log_walk(&end, &j, NULL), 0);
	assert_int_equal(end.why, LOG_STOP_ROUND);
	assert_int_equal(end.end_tid, 3);
	journal_release(&j);
	device_release(&d);
}

static void fast_commits(void **state)
{
	struct replay r = { .copies = 0 };
	struct journal j;
	struct device d;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, 0, JBD_INCOMPAT_FAST_COMMIT, 1, 3);
	put_be32(device_log(&d, 0) + 84, 4);
	device_descriptor(&d, 3, abc, 0xa1);
	device_commit(&d, 3, 100);
	assert_int_equal(device_open(&j, &d), 0);
	assert_int_equal(journal_capacity(&j), LOG_BLOCKS - 1 - 4);
	assert_int_equal(replay_read(&r, &j), 0);
	replay_release(&r);
	memcpy(device_log(&d, LOG_BLOCKS - 3), "\11\0\10\0\0\0\0\0\4\0\0\0",
	       12);
	assert_int_equal(replay_read(&r, &j), E4PACK_ET_UNSUPPORTED);
	replay_release(&r);
	journal_release(&j);
	device_release(&d);
}

/* Each byte of each control block and of the superblock with other values:
 * whatever is found, no byte outside of the device is touched. */
static void hostile(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	static const uint32_t control[] = { 0, 33, 37, 38, 39, 3, 4, 5, 6 };
	size_t form, i, m;
	uint32_t at;

	(void)state;
	for (form = 0; form < FORMS; form++) {
		struct device d;

		device_init(&d, 1024);
		put_super(&d);
		write_log(&d, form);
		for (i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		for (at = 0; at < 1024; at++)
		for (m = 0; m < sizeof(masks); m++) {
			uint8_t *byte = device_log(&d, control[i]) + at;
			struct replay r = { .copies = 0 };
			struct journal j;

			if (at >= 128 && at < 1016 && at != 252)
				continue;
			*byte ^= masks[m];
			if (!device_open(&j, &d)) {
				replay_read(&r, &j);
				replay_release(&r);
				journal_release(&j);
			}
			*byte ^= masks[m];
		}
		device_release(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replayed),
		cmocka_unit_test(written_home),
		cmocka_unit_test(recover_is_last),
		cmocka_unit_test(old_checksums),
		cmocka_unit_test(where_it_ends),
		cmocka_unit_test(bad_copies),
		cmocka_unit_test(bad_but_revoked),
		cmocka_unit_test(homes_out_of_place),
		cmocka_unit_test(circles),
		cmocka_unit_test(fast_commits),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
