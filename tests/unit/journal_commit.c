// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commits under crashes: whatever is lost, recovery leaves the old blocks or
 * the new ones, once new never old again, and every reader agrees.  Then the
 * test itself is tested: with each sync left out it must find a fault.
 */
#include "journal_crash.h"

#include "image/super_state.h"
#include "journal/commit.h"
#include "journal/replay.h"

enum { AT_LABEL = 120, HOMES = 30, STATES = 60, ROUNDS = 6 };

/* What recovery made of a state. */
enum outcome { OLD, NEW, MIXED, DISPUTED };

static const struct {
	uint32_t block_size;
	bool csums;	/* of the file system, and so of the log */
} forms[] = {
	{ 1024, false }, { 1024, true }, { 4096, true },
};

struct world {
	struct device d;
	uint8_t *before;	/* the device before the commit */
	struct logged_block blocks[HOMES];
	uint8_t *data;		/* new contents */
	uint8_t super[SUPER_BYTES];	/* new superblock */
	size_t n;
};

static size_t device_bytes(const struct world *w)
{
	return (size_t)DEVICE_BLOCKS * w->d.block_size;
}

static void world_init(struct world *w, size_t form)
{
	uint8_t *raw;

	memset(w, 0, sizeof(*w));
	device_init(&w->d, forms[form].block_size);
	raw = w->d.data + SUPER_POSITION;
	memset(raw, 0, SUPER_BYTES);
	put_le32(raw + 48, 5000);
	if (forms[form].csums) {
		put_le32(raw + 100, 0x400);
		put_le32(raw + 96, 0x80);
	}
	super_set_recover(raw, false);
	device_super(&w->d, 0, 0, 0, 0xfffffff7);
	w->before = malloc(device_bytes(w));
	w->data = malloc((size_t)HOMES * w->d.block_size);
	assert_true(w->before && w->data);
}

static void world_release(struct world *w)
{
	free(w->before);
	free(w->data);
	device_release(&w->d);
}

/* The change of round @round: other blocks, other contents, each third one
 * beginning with the magic number. */
static void world_change(struct world *w, uint32_t round)
{
	const uint32_t size = w->d.block_size;
	uint32_t i;

	w->n = round % 2 ? HOMES : 5;
	for (i = 0; i < w->n; i++) {
		uint8_t *block = w->data + (size_t)i * size;

		memset(block, (int)(round * 16 + i), size);
		put_be32(block, i % 3 == 2 ? JBD_MAGIC : round);
		w->blocks[i].home = 3 + i * 4 + round % 3;
		w->blocks[i].data = block;
	}
	memcpy(w->super, w->d.data + SUPER_POSITION, SUPER_BYTES);
	put_le32(w->super + 12, 1000 + round);
	if (round % 2)
		put_le32(w->super + AT_LABEL, round);
	super_set_recover(w->super, false);
	memcpy(w->before, w->d.data, device_bytes(w));
}

static errcode_t change(struct world *w, struct recorder *r, uint32_t round,
			enum commit_state *state)
{
	struct commit c = {
		.blocks = w->blocks, .n = w->n, .super = w->super,
		.time = { 100, 0 }, .start = 1 + round * 9 % (LOG_BLOCKS - 1),
	};
	struct journal j;
	errcode_t err;

	assert_int_equal(recorder_open(&j, r), 0);
	err = commit_run(&c, &j);
	*state = c.state;
	journal_release(&j);
	return err;
}

/* Recover @data in place, as the kernel does; its writes go to @r. */
static enum outcome recover(struct device *at, struct recorder *r)
{
	struct replay replay = { .copies = 0 };
	struct journal j;
	errcode_t err;

	if (recorder_open(&j, r))
		return MIXED;
	if (!super_needs_recovery(at->data + SUPER_POSITION)) {
		journal_release(&j);
		return j.super.start ? DISPUTED : OLD;
	}
	err = replay_read(&replay, &j);
	if (!err)
		err = replay_write(&replay, &j);
	replay_release(&replay);
	journal_release(&j);
	return err ? MIXED : OLD;
}

/* What a recovered device is. */
static enum outcome judge(const struct world *w, const struct device *at)
{
	const uint32_t size = at->block_size;
	const uint8_t *super = at->data + SUPER_POSITION;
	bool is_old = true, is_new = true;
	size_t i;

	for (i = 0; i < w->n; i++) {
		const uint8_t *home = at->data + w->blocks[i].home * size;

		if (memcmp(home, w->before + w->blocks[i].home * size, size))
			is_old = false;
		if (memcmp(home, w->blocks[i].data, size))
			is_new = false;
	}
	if (memcmp(super, w->super, SUPER_BYTES) &&
	    memcmp(super, w->before + SUPER_POSITION, SUPER_BYTES))
		return MIXED;
	if (is_old && memcmp(super, w->before + SUPER_POSITION, SUPER_BYTES))
		return MIXED;
	/* Of a new one the counts may be old, and nothing else. */
	if (is_new && !super_is_alike(super, w->super))
		return MIXED;
	return is_new ? NEW : is_old ? OLD : MIXED;
}

/* A crash of the recovery itself changes nothing of its outcome. */
static void crash_recovery(const struct world *w, const struct device *crashed,
			   const struct recorder *r, enum outcome expected)
{
	uint64_t seed = 3;
	size_t epoch, i;

	for (epoch = 0; epoch <= r->n_syncs; epoch++)
	for (i = 0; i < 4; i++) {
		struct recorder again;
		struct device d = *crashed;

		d.data = malloc(device_bytes(w));
		assert_non_null(d.data);
		memcpy(d.data, crashed->data, device_bytes(w));
		recorder_crash(r, d.data, epoch, crash_random(&seed));
		recorder_init(&again, &d);
		assert_int_equal(recover(&d, &again), OLD);
		assert_int_equal(judge(w, &d), expected);
		recorder_release(&again);
		free(d.data);
	}
}

/* The outcome of a crash of @r's writes in @epoch. */
static enum outcome crash(const struct world *w, const struct recorder *r,
			  size_t epoch, uint64_t mask, bool deep)
{
	struct device d = w->d, crashed = w->d;
	struct recorder recovery;
	enum outcome result;

	d.data = malloc(device_bytes(w));
	crashed.data = malloc(device_bytes(w));
	assert_true(d.data && crashed.data);
	memcpy(d.data, w->before, device_bytes(w));
	recorder_crash(r, d.data, epoch, mask);
	memcpy(crashed.data, d.data, device_bytes(w));
	recorder_init(&recovery, &d);
	result = recover(&d, &recovery);
	if (result == OLD)
		result = judge(w, &d);
	if (deep && result <= NEW)
		crash_recovery(w, &crashed, &recovery, result);
	recorder_release(&recovery);
	free(crashed.data);
	free(d.data);
	return result;
}

struct tally {
	unsigned int states, bad;
};

/* All states of a recorded commit.  Epochs before the commit block's sync may
 * be old, those after it never. */
static void try_states(struct tally *t, const struct world *w,
		       const struct recorder *r, bool deep)
{
	uint64_t seed = 1;
	bool was_new = false;
	size_t epoch, i;

	for (epoch = 0; epoch <= r->n_syncs; epoch++) {
		size_t n = recorder_epoch(r, epoch + 1) -
			   recorder_epoch(r, epoch);
		size_t states = crash_states(n, STATES);

		for (i = 0; i < states; i++) {
			enum outcome result = crash(w, r, epoch, crash_mask(n,
						    i, &seed), deep && !i);

			t->states++;
			if (result > NEW || (was_new && result == OLD))
				t->bad++;
		}
		if (crash(w, r, epoch, UINT64_MAX, false) == NEW)
			was_new = true;
	}
}

/* How often the superblock was written by itself. */
static unsigned int super_writes(const struct recorder *r)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < r->n; i++)
		n += r->writes[i].position == SUPER_POSITION &&
		     r->writes[i].len == SUPER_BYTES;
	return n;
}

static void old_or_new(void **state)
{
	struct tally t = { 0, 0 };
	size_t form;
	uint32_t round;

	(void)state;
	for (form = 0; form < 3; form++) {
		struct world w;

		world_init(&w, form);
		for (round = 0; round < ROUNDS; round++) {
			enum commit_state how;
			struct recorder r;

			recorder_init(&r, &w.d);
			world_change(&w, round);
			assert_int_equal(change(&w, &r, round, &how), 0);
			assert_int_equal(how, COMMIT_DONE);
			assert_int_equal(r.n_syncs, 6);
			assert_int_equal(super_writes(&r), 2 + round % 2);
			assert_int_equal(judge(&w, &w.d), NEW);
			try_states(&t, &w, &r, true);
			recorder_release(&r);
		}
		world_release(&w);
	}
	print_message("%u states\n", t.states);
	assert_true(t.states > 3000);
	assert_int_equal(t.bad, 0);
}

/* The last sync decides when success is told, not what a crash leaves. */
static void each_sync_counts(void **state)
{
	size_t lost;

	(void)state;
	for (lost = 1; lost <= 6; lost++) {
		struct tally t = { 0, 0 };
		enum commit_state how;
		struct recorder r;
		struct world w;

		world_init(&w, 1);
		recorder_init(&r, &w.d);
		r.lose_sync = lost;
		world_change(&w, 1);
		assert_int_equal(change(&w, &r, 1, &how), 0);
		try_states(&t, &w, &r, false);
		if ((lost < 6) != (t.bad > 0))
			fail_msg("without sync %zu: %u bad of %u", lost,
				 t.bad, t.states);
		recorder_release(&r);
		world_release(&w);
	}
}

/* Each write and sync fails once: what is told is what is there. */
static void failures(void **state)
{
	size_t at;

	(void)state;
	for (at = 1;; at++) {
		enum commit_state how;
		enum outcome result;
		struct recorder r, recovery;
		struct world w;
		errcode_t err;

		world_init(&w, 1);
		recorder_init(&r, &w.d);
		r.fail_at = at;
		world_change(&w, 1);
		err = change(&w, &r, 1, &how);
		recorder_init(&recovery, &w.d);
		result = recover(&w.d, &recovery);
		if (result == OLD)
			result = judge(&w, &w.d);
		assert_true(result <= NEW);
		assert_int_equal(err ? 5 : 0, err);
		assert_int_equal(!err, how == COMMIT_DONE);
		if (how == COMMIT_OLD)
			assert_int_equal(result, OLD);
		if (how >= COMMIT_PENDING)
			assert_int_equal(result, NEW);
		recorder_release(&recovery);
		recorder_release(&r);
		world_release(&w);
		if (!err)
			break;
	}
	assert_true(at > 12);
}

/* Left in the log on request, the change is there after recovery, and the
 * commit is no older than the superblock. */
static void left_in_the_log(void **state)
{
	struct commit c = { .journal_only = true, .time = { 4999, 1 } };
	struct recorder r;
	struct journal j;
	struct world w;
	struct jbd_commit block;

	(void)state;
	world_init(&w, 1);
	world_change(&w, 0);
	recorder_init(&r, &w.d);
	c.blocks = w.blocks;
	c.n = w.n;
	c.super = w.super;
	assert_int_equal(recorder_open(&j, &r), 0);
	assert_int_equal(commit_run(&c, &j), 0);
	assert_int_equal(c.state, COMMIT_PENDING);
	assert_int_equal(j.super.incompat, JBD_INCOMPAT_64BIT |
			 JBD_INCOMPAT_CSUM_V3);
	jbd_commit_get(&block, device_log(&w.d, 1 + 1 + 1 + 5));
	assert_true(block.sec == 5000);
	assert_int_equal(commit_run(&c, &j), E4PACK_ET_SEQUENCE);
	journal_release(&j);
	assert_int_equal(recover(&w.d, &r), OLD);
	assert_int_equal(judge(&w, &w.d), NEW);
	recorder_release(&r);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_or_new),
		cmocka_unit_test(each_sync_counts),
		cmocka_unit_test(failures),
		cmocka_unit_test(left_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
