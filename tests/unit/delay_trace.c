// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the delay room tells a trace: the steps of each operation word for
 * word, and over random operations that promises told, used and given back
 * add up, blocks that are placed at once being none of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/trace.h"
#include "delay/writeback.h"
#include "delay_allocator.h"

enum { TEXT_LEN = 1 << 16 };

struct traced {
	struct live l;
	struct diag diag;
	char path[32];
	char text[TEXT_LEN];
};

static void who(const struct delayed_file *f, struct delayed_identity *id)
{
	(void)f;
	*id = (struct delayed_identity){ .ino = 12, .mode = 0100644 };
}

static void listen(struct traced *t)
{
	assert_int_equal(trace_open(&t->l.w.d.trace, t->path, TRACE_LOGICAL,
				    &t->diag), 0);
}

/* Read what was told since listen(), and go on unheard. */
static void hear(struct traced *t)
{
	FILE *in;
	size_t n;

	assert_int_equal(trace_close(t->l.w.d.trace), 0);
	t->l.w.d.trace = NULL;
	in = fopen(t->path, "r");
	assert_non_null(in);
	n = fread(t->text, 1, sizeof(t->text) - 1, in);
	assert_true(n < sizeof(t->text) - 1);
	t->text[n] = '\0';
	fclose(in);
}

static void begin(struct traced *t, uint32_t bits, bool kernel)
{
	live_init(&t->l, MAX_BLOCKS, bits, 100, kernel, false);
	t->l.most = 1000;
	t->l.in_a_row = 1000;
	t->l.w.d.identify = who;
	diag_init(&t->diag, NULL, NULL);
	strcpy(t->path, "/tmp/delay_traceXXXXXX");
	close(mkstemp(t->path));
}

static void end(struct traced *t)
{
	world_release(&t->l.w);
	diag_release(&t->diag);
	unlink(t->path);
}

/* What was told is @lines, each without its time, "ext4_" and the number of
 * the file, which must be the same in all. */
static void assert_told(struct traced *t, const char *lines)
{
	char *in, *out, *line = t->text;

	hear(t);
	for (out = in = t->text; *line; line = in) {
		char *fields;

		in = strchr(line, '\n') + 1;
		line = strchr(line, ' ') + 1;
		assert_memory_equal(line, "ext4_", 5);
		fields = strchr(line, ':') + 2;
		assert_memory_equal(fields, "ino 12 ", 7);
		line += 5;
		memmove(out, line, fields - line);
		out += fields - line;
		memmove(out, fields + 7, in - fields - 7);
		out += in - fields - 7;
	}
	*out = '\0';
	assert_string_equal(t->text, lines);
}

#define MAP "CREATE|DELALLOC|METADATA_NOFAIL|IO_SUBMIT|EX_NOCACHE"
#define CONVERT "CREATE|UNWRIT|CONVERT|IO_SUBMIT|EX_NOCACHE"
#define MANY "9223372036854775807"

static void delayed_write(void **state)
{
	struct traced t;

	(void)state;
	begin(&t, 0, true);
	listen(&t);
	assert_int_equal(write_blocks(&t.l.w, 2, 3), 0);
	assert_told(&t,
		"da_write_begin: pos 2048 len 3072\n"
		"es_lookup_extent_enter: lblk 2\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"es_lookup_extent_enter: lblk 2\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"da_reserve_space: mode 0100644 i_blocks 0 "
		"reserve_blocks 3 reserved_data_blocks 3\n"
		"es_insert_delayed_extent: es [2/3) mapped 0 status D "
		"allocated 0 0\n"
		"da_write_end: pos 2048 len 3072 copied 3072\n");
	listen(&t);
	assert_int_equal(writeback_sync_file(&t.l.w.d, &t.l.w.f, 2), 0);
	assert_told(&t,
		"sync_file_enter: parent 2 datasync 0\n"
		"writepages: nr_to_write " MANY " pages_skipped 0 "
		"range_start 0 range_end " MANY " sync_mode 1 for_kupdate 0 "
		"range_cyclic 0 writeback_index 0\n"
		"da_write_folios_start: start_pos 0x0 next_pos 0x1000 "
		"nr_to_write " MANY " sync_mode 1\n"
		"da_write_pages_extent: lblk 2 len 3 flags 0x100\n"
		"ext_map_blocks_enter: lblk 2 len 3 flags " MAP "\n"
		"ext_map_blocks_exit: flags " MAP " lblk 2 pblk 252 len 3 "
		"mflags NM ret 3\n"
		"es_insert_extent: es [2/3) mapped 252 status W\n"
		"da_update_reserve_space: mode 0100644 i_blocks 0 "
		"used_blocks 3 reserved_data_blocks 3 quota_claim 1\n"
		"da_write_folios_end: start_pos 0x2000 next_pos 0x2000 "
		"nr_to_write 9223372036854775805 ret 0\n"
		"writepages_result: ret 0 pages_written 2 pages_skipped 0 "
		"sync_mode 1 writeback_index 2\n"
		"sync_file_exit: ret 0\n");
	settle(&t.l);
	compare(&t.l.w);
	end(&t);
}

/* Truncating what is mapped and what is delayed; a hole in both. */
static void removal(void **state)
{
	struct traced t;

	(void)state;
	begin(&t, 0, false);
	assert_int_equal(write_blocks(&t.l.w, 0, 4), 0);
	assert_int_equal(live_sync(&t.l), 0);
	assert_int_equal(write_blocks(&t.l.w, 4, 4), 0);
	listen(&t);
	assert_int_equal(da_punch(&t.l.w.d, &t.l.w.f, 3 * BS, 2 * BS), 0);
	assert_told(&t,
		"es_remove_extent: es [3/2)\n"
		"remove_blocks: extent [0(252), 4] from 3 to 3 "
		"partial [pclu 0 lblk 0 state 0]\n"
		"free_blocks: mode 0100644 block 255 count 1 "
		"flags VALIDATED|1ST_CLUSTER|LAST_CLUSTER\n"
		"da_release_space: mode 0100644 i_blocks 6 freed_blocks 1 "
		"reserved_data_blocks 4\n");
	listen(&t);
	assert_int_equal(da_truncate(&t.l.w.d, &t.l.w.f, 2 * BS), 0);
	assert_told(&t,
		"truncate_enter: blocks 6\n"
		"es_remove_extent: es [2/4294967293)\n"
		"remove_blocks: extent [0(252), 3] from 2 to 2 "
		"partial [pclu 0 lblk 0 state 0]\n"
		"free_blocks: mode 0100644 block 254 count 1 "
		"flags VALIDATED|1ST_CLUSTER|LAST_CLUSTER\n"
		"da_release_space: mode 0100644 i_blocks 4 freed_blocks 3 "
		"reserved_data_blocks 3\n"
		"truncate_exit: blocks 4\n");
	listen(&t);
	assert_int_equal(da_truncate(&t.l.w.d, &t.l.w.f, 9 * BS), 0);
	assert_told(&t, "");
	end(&t);
}

/* Nothing is delayed where blocks come at once; what was delayed before is
 * used up, and told. */
static void at_once(void **state)
{
	struct traced t;

	(void)state;
	begin(&t, 0, false);
	listen(&t);
	assert_int_equal(da_write_now(&t.l.w.d, &t.l.w.f, 0, 2 * BS,
				      &t.l.w.origins[0], 0), 0);
	assert_told(&t,
		"write_begin: pos 0 len 2048\n"
		"es_lookup_extent_enter: lblk 0\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"es_lookup_extent_enter: lblk 0\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"ext_map_blocks_enter: lblk 0 len 2 flags CREATE|UNWRIT\n"
		"ext_map_blocks_exit: flags CREATE|UNWRIT lblk 0 pblk 252 "
		"len 2 mflags NMU ret 2\n"
		"es_insert_extent: es [0/2) mapped 252 status U\n"
		"es_lookup_extent_enter: lblk 0\n"
		"es_lookup_extent_exit: found 1 [0/2) 252 U\n"
		"ext_map_blocks_enter: lblk 0 len 2 flags " CONVERT "\n"
		"ext_handle_unwritten_extents: m_lblk 0 m_pblk 252 m_len 2 "
		"flags CREATE|UNWRIT|CONVERT|METADATA_NOFAIL|IO_SUBMIT|"
		"EX_NOCACHE allocated 2 newblock 252\n"
		"ext_map_blocks_exit: flags " CONVERT " lblk 0 pblk 252 "
		"len 2 mflags M ret 2\n"
		"es_insert_extent: es [0/2) mapped 252 status W\n"
		"write_end: pos 0 len 2048 copied 2048\n");
	assert_int_equal(write_blocks(&t.l.w, 3, 2), 0);
	listen(&t);
	assert_int_equal(da_fallocate(&t.l.w.d, &t.l.w.f, 3 * BS, 4 * BS), 0);
	assert_told(&t,
		"es_lookup_extent_enter: lblk 3\n"
		"es_lookup_extent_exit: found 1 [3/2) 0 D\n"
		"es_lookup_extent_enter: lblk 5\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"es_lookup_extent_enter: lblk 5\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"ext_map_blocks_enter: lblk 3 len 2 "
		"flags CREATE|UNWRIT|DELALLOC|NO_NORMALIZE\n"
		"ext_map_blocks_exit: flags CREATE|UNWRIT|DELALLOC|"
		"NO_NORMALIZE lblk 3 pblk 250 len 2 mflags NMU ret 2\n"
		"es_insert_extent: es [3/2) mapped 250 status W\n"
		"da_update_reserve_space: mode 0100644 i_blocks 4 "
		"used_blocks 2 reserved_data_blocks 2 quota_claim 1\n"
		"ext_map_blocks_enter: lblk 5 len 2 "
		"flags CREATE|UNWRIT|NO_NORMALIZE\n"
		"ext_map_blocks_exit: flags CREATE|UNWRIT|NO_NORMALIZE lblk 5 "
		"pblk 248 len 2 mflags NMU ret 2\n"
		"es_insert_extent: es [5/2) mapped 248 status U\n");
	t.l.w.model_size = 0;
	delayed_file_release(&t.l.w.f, &t.l.w.d);
	end(&t);
}

/* Clusters that the lines of event @name tell of, in the field @field. */
static int64_t sum(const struct traced *t, const char *name, const char *field)
{
	const char *line = t->text;
	int64_t total = 0;

	while ((line = strstr(line, name))) {
		const char *value = strstr(line, field);

		assert_non_null(value);
		total += atoll(value + strlen(field));
		line = value;
	}
	return total;
}

static int64_t balance(struct traced *t)
{
	return sum(t, "ext4_da_reserve_space", " reserve_blocks ") -
	       sum(t, "ext4_da_release_space", " freed_blocks ") -
	       sum(t, "ext4_da_update_reserve_space", " used_blocks ");
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 16) % below;
}

static void random_step(struct live *l, uint64_t *random)
{
	uint32_t part = draw(random, MAX_BLOCKS * 4);
	uint32_t n = 1 + draw(random, MAX_BLOCKS * 4 - part);
	uint32_t few = 1 + (n - 1) % 36;

	switch (draw(random, 12)) {
	case 0: truncate_parts(&l->w, part); break;
	case 1: punch_parts(&l->w, part, n); break;
	case 2: live_sync(l); break;
	case 3: live_fallocate(l, part, few); break;
	case 4: live_fallocate(l, part, n); break;
	case 5: place_all(&l->w); break;
	case 6: da_write_now(&l->w.d, &l->w.f, part * PART, few * PART,
			     &l->w.origins[0], part * PART); break;
	default: live_write(l, part, few, l->w.origins);
	}
}

/* Whatever is done and wherever it fails, the promises that were told are
 * those that stand. */
static void balanced(void **state)
{
	uint64_t random = 88172645463325252u;
	uint32_t way, i, used = 0;
	struct traced t;

	(void)state;
	for (way = 0; way < 4; way++) {
		int64_t reserved = 0;

		begin(&t, 0, way & 1);
		t.l.most = 3;
		t.l.w.d.reserve.free = t.l.w.total = way & 2 ? 30 : 100;
		for (i = 0; i < 1500; i++) {
			t.l.fault = draw(&random, 4) ? NONE : FAIL;
			t.l.fault_at = 1 + draw(&random, 3);
			listen(&t);
			random_step(&t.l, &random);
			hear(&t);
			reserved += balance(&t);
			assert_int_equal(reserved, t.l.w.f.es.reserved);
			used += strstr(t.text, "quota_claim") != NULL;
		}
		end(&t);
	}
	assert_true(used > 300);
}

/* With clusters: an end that is mapped becomes pending, and the others are
 * counted once. */
static void clusters(void **state)
{
	struct traced t;

	(void)state;
	begin(&t, 2, false);
	assert_int_equal(write_blocks(&t.l.w, 1, 1), 0);
	assert_int_equal(live_sync(&t.l), 0);
	listen(&t);
	assert_int_equal(write_blocks(&t.l.w, 3, 6), 0);
	hear(&t);
	assert_non_null(strstr(t.text, "i_blocks 8 reserve_blocks 2 "
			       "reserved_data_blocks 2\n"));
	assert_non_null(strstr(t.text, "es [3/6) mapped 0 status D "
			       "allocated 1 0\n"));
	assert_int_equal(balance(&t), 2);
	listen(&t);
	assert_int_equal(da_fallocate(&t.l.w.d, &t.l.w.f, 9 * BS, 8 * BS), 0);
	hear(&t);
	/* One cluster was reserved before: that of blocks 8 to 11. */
	assert_int_equal(balance(&t), -1);
	listen(&t);
	assert_int_equal(live_sync(&t.l), 0);
	hear(&t);
	assert_int_equal(balance(&t), -1);
	assert_int_equal(t.l.w.f.es.reserved, 0);
	delayed_file_release(&t.l.w.f, &t.l.w.d);
	end(&t);
}

/* What only the disk knows is asked for, and remembered. */
static void disk(void **state)
{
	struct traced t;

	(void)state;
	begin(&t, 0, false);
	world_release(&t.l.w);
	world_init(&t.l.w, MAX_BLOCKS, 0, 100, true);
	t.l.w.d.identify = who;
	listen(&t);
	assert_int_equal(write_blocks(&t.l.w, 2, 2), 0);
	assert_told(&t,
		"da_write_begin: pos 2048 len 2048\n"
		"es_lookup_extent_enter: lblk 2\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"ext_map_blocks_enter: lblk 2 len 2 flags -\n"
		"es_cache_extent: es [0/3) mapped 64 status W\n"
		"ext_map_blocks_exit: flags - lblk 2 pblk 66 len 1 mflags M "
		"ret 1\n"
		"es_lookup_extent_enter: lblk 3\n"
		"es_lookup_extent_exit: found 0 [0/0) 0 -\n"
		"ext_map_blocks_enter: lblk 3 len 1 flags -\n"
		"es_find_extent_range_enter: lblk 3\n"
		"es_find_extent_range_exit: es [0/0) mapped 0 status -\n"
		"es_cache_extent: es [3/2) mapped 0 status H\n"
		"ext_map_blocks_exit: flags - lblk 3 pblk 0 len 1 mflags - "
		"ret 0\n"
		"es_lookup_extent_enter: lblk 3\n"
		"es_lookup_extent_exit: found 1 [3/2) 0 H\n"
		"da_reserve_space: mode 0100644 i_blocks 0 "
		"reserve_blocks 1 reserved_data_blocks 1\n"
		"es_insert_delayed_extent: es [3/1) mapped 0 status D "
		"allocated 0 0\n"
		"da_write_end: pos 2048 len 2048 copied 2048\n");
	listen(&t);
	assert_int_equal(delay_shrink(&t.l.w.d, 100), 1);
	hear(&t);
	assert_string_equal(t.text,
		"1 ext4_es_shrink_scan_enter: nr_to_scan 100 cache_cnt 2\n"
		"2 ext4_es_shrink: nr_shrunk 1 scan_time 0 nr_skipped 0 "
		"retried 0\n"
		"3 ext4_es_shrink_scan_exit: nr_shrunk 1 cache_cnt 1\n");
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_write),
		cmocka_unit_test(removal),
		cmocka_unit_test(at_once),
		cmocka_unit_test(balanced),
		cmocka_unit_test(clusters),
		cmocka_unit_test(disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
