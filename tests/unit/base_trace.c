// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The trace: every event against the text of the kernel's own formats, with
 * its quirks; the logical form without them; what a failed write does.
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

#include "base_trace_events.h"

enum { MOST_VALUES = 24, TEXT_LEN = 4096 };

struct fixture {
	struct diag diag;
	unsigned int told;
	char subject[64];
	char path[32];
	char text[TEXT_LEN];
};

static void count(void *arg, enum diag_level level, const char *subject,
		  const char *text)
{
	struct fixture *f = arg;

	(void)text;
	assert_int_equal(level, DIAG_ERROR);
	f->told++;
	snprintf(f->subject, sizeof(f->subject), "%s", subject);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	diag_init(&f->diag, count, f);
	strcpy(f->path, "/tmp/base_traceXXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	diag_release(&f->diag);
	free(f);
	return 0;
}

static struct trace *begin(struct fixture *f, enum trace_format format)
{
	struct trace *t = NULL;

	assert_int_equal(trace_open(&t, f->path, format, &f->diag), 0);
	assert_true(trace_on(t));
	return t;
}

/* Close the trace and read it.  Return: its bytes. */
static size_t finish(struct fixture *f, struct trace *t)
{
	FILE *in;
	size_t n;

	assert_int_equal(trace_close(t), 0);
	in = fopen(f->path, "r");
	assert_non_null(in);
	n = fread(f->text, 1, sizeof(f->text) - 1, in);
	assert_int_equal(fclose(in), 0);
	f->text[n] = '\0';
	return n;
}

/* Write the value of conversion @type, "llu" or "pS". */
static void add_value(char **out, const char *type, uint64_t value)
{
	switch (type[strlen(type) - 1]) {
	case 'o':
		*out += sprintf(*out, "%llo", (unsigned long long)value);
		break;
	case 'x':
		*out += sprintf(*out, "%llx", (unsigned long long)value);
		break;
	case 'u':
		*out += sprintf(*out, "%llu", (unsigned long long)value);
		break;
	case 'd':
		*out += sprintf(*out, "%lld", (long long)value);
		break;
	default:
		fail();
	}
}

/* Read the kernel's format: give each field a value of its own, and write
 * what the kernel would.  Return: number of values, without the device's. */
static size_t expect(const struct event_case *c, uint64_t *values, char *out)
{
	const struct text *text = c->texts;
	size_t n = 0, skip = 2;
	const char *p;

	for (p = c->format; *p; p++) {
		char type[4] = "";

		if (*p != '%') {
			*out++ = *p;
			continue;
		}
		sscanf(p + 1, "%3[ludxopsS]", type);
		/* A blankless neighbour of %d is no part of it. */
		type[strcspn(type, "douxsS") + 1] = '\0';
		p += strlen(type);
		if (skip) {
			skip--;
			*out++ = '0';
		} else if (type[strlen(type) - 1] == 's' ||
			   type[strlen(type) - 1] == 'S') {
			values[n++] = *type == 'p' ? trace_text("f") :
				      text->value;
			out += sprintf(out, "%s", text++->text);
		} else {
			values[n] = 1000 + 17 * n;
			if (type[strlen(type) - 1] == 'd' && n % 2)
				values[n] = -values[n];
			add_value(&out, type, values[n]);
			n++;
		}
	}
	*out = '\0';
	return n;
}

static void kernel_formats(void **state)
{
	struct fixture *f = *state;
	uint64_t values[MOST_VALUES];
	bool seen[TRACE_EVENTS] = { false };
	char fields[TEXT_LEN], line[TEXT_LEN + 128];
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event_case *c = &cases[i];
		struct trace *t = begin(f, TRACE_KERNEL);

		n = expect(c, values, fields);
		trace_tell(t, c->event, values, n);
		finish(f, t);
		snprintf(line, sizeof(line),
			 "          e4pack-1       [000] .....     0.000001: "
			 "%s: %s\n", c->name, fields);
		assert_string_equal(f->text, line);
		seen[c->event] = true;
	}
	for (i = 0; i < TRACE_EVENTS; i++)
		assert_true(seen[i]);
	assert_int_equal(f->told, 0);
}

static void logical_format(void **state)
{
	struct fixture *f = *state;
	struct trace *t = begin(f, TRACE_LOGICAL);

	TRACE(t, TRACE_DA_RESERVE_SPACE, 12, 0100644, 8, 1, 24);
	TRACE(t, TRACE_ES_LOOKUP_EXTENT_EXIT, 12, 0, 0, 0, 0, 0);
	TRACE(t, TRACE_SYNC_FILE_ENTER, 12, 2, 0);
	TRACE(t, TRACE_EXT_MAP_BLOCKS_EXIT, 12, 0, 5, 0, 1, 0, -28);
	TRACE(t, TRACE_REMOVE_BLOCKS, 12, 0, 8705, 4, 1, 3, 0, 0, 0);
	TRACE(t, TRACE_MARK_INODE_DIRTY, 12, trace_text("inode_new"));
	TRACE(t, TRACE_DISCARD_PREALLOCATIONS, 12, 1);
	TRACE(t, TRACE_JOURNAL_START_RESERVED, 41, trace_text("commit"));
	TRACE(t, TRACE_ES_SHRINK, 3, 0, 1, 0);
	TRACE(t, TRACE_MBALLOC_DISCARD, 0, 1, 312, 8);
	finish(f, t);
	assert_string_equal(f->text,
		"1 ext4_da_reserve_space: ino 12 mode 0100644 i_blocks 8 "
		"reserve_blocks 1 reserved_data_blocks 24\n"
		"2 ext4_es_lookup_extent_exit: ino 12 found 0 [0/0) 0 -\n"
		"3 ext4_sync_file_enter: ino 12 parent 2 datasync 0\n"
		"4 ext4_ext_map_blocks_exit: ino 12 flags - lblk 5 pblk 0 "
		"len 1 mflags - ret -28\n"
		"5 ext4_remove_blocks: ino 12 extent [0(8705), 4] from 1 to 3 "
		"partial [pclu 0 lblk 0 state 0]\n"
		"6 ext4_mark_inode_dirty: ino 12 caller inode_new\n"
		"7 ext4_discard_preallocations: ino 12 len 1\n"
		"8 ext4_journal_start_reserved: blocks 41 caller commit\n"
		"9 ext4_es_shrink: nr_shrunk 3 scan_time 0 nr_skipped 1 "
		"retried 0\n"
		"10 ext4_mballoc_discard: inode 0 extent 1/312/8\n");
}

/* The steps of the search have names, and a longest line fits. */
static void wide_lines(void **state)
{
	static const char *const names[] = {
		"CR_POWER2_ALIGNED", "CR_GOAL_LEN_FAST", "CR_BEST_AVAIL_LEN",
		"CR_GOAL_LEN_SLOW", "CR_ANY_FREE", "0x5",
	};
	struct fixture *f = *state;
	uint64_t values[MOST_VALUES], i, k;
	char cr[32];

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trace *t = begin(f, TRACE_KERNEL);

		for (k = 0; k < 19; k++)
			values[k] = UINT64_MAX;
		values[15] = i;
		trace_tell(t, TRACE_MBALLOC_ALLOC, values, 19);
		finish(f, t);
		snprintf(cr, sizeof(cr), "cr %s flags", names[i]);
		assert_non_null(strstr(f->text, cr));
		assert_non_null(strstr(f->text, "|STRICT_CHECK|0x"));
	}
}

static uint64_t evaluated(struct fixture *f)
{
	f->told++;
	return 0;
}

static void off(void **state)
{
	struct fixture *f = *state;
	struct trace *t = NULL;

	TRACE(t, TRACE_SYNC_FS, evaluated(f));
	assert_int_equal(f->told, 0);
	assert_false(trace_on(t));
	assert_int_equal(trace_close(t), 0);
	t = begin(f, TRACE_LOGICAL);
	TRACE(t, TRACE_SYNC_FS, evaluated(f));
	assert_int_equal(f->told, 1);
	assert_int_equal(trace_close(t), 0);
}

/* Many lines: each is there once, and time goes on. */
static void long_trace(void **state)
{
	struct fixture *f = *state;
	struct trace *t = begin(f, TRACE_KERNEL);
	unsigned int i, wait, seconds, micro;
	char line[256];
	FILE *in;

	for (i = 0; i < 1000003; i++)
		TRACE(t, TRACE_SYNC_FS, i);
	assert_int_equal(trace_close(t), 0);
	in = fopen(f->path, "r");
	assert_non_null(in);
	for (i = 0; fgets(line, sizeof(line), in); i++) {
		assert_int_equal(sscanf(line, " e4pack-1 [000] ..... %u.%u: "
					"ext4_sync_fs: dev 0,0 wait %u",
					&seconds, &micro, &wait), 3);
		assert_int_equal(wait, i);
		assert_int_equal(seconds, (i + 1) / 1000000);
		assert_int_equal(micro, (i + 1) % 1000000);
	}
	assert_int_equal(i, 1000003);
	fclose(in);
}

static void failures(void **state)
{
	struct fixture *f = *state;
	struct trace *t = NULL;
	unsigned int i;

	assert_int_equal(trace_open(&t, "/nonexistent/trace", TRACE_LOGICAL,
				    &f->diag), ENOENT);
	assert_null(t);
	assert_int_equal(f->told, 1);
	assert_string_equal(f->subject, "/nonexistent/trace");
	if (access("/dev/full", W_OK))
		skip();
	for (i = 1; i < 100000; i *= 99999) {
		unsigned int k;

		f->told = 0;
		assert_int_equal(trace_open(&t, "/dev/full", TRACE_LOGICAL,
					    &f->diag), 0);
		for (k = 0; k < i; k++)
			TRACE(t, TRACE_SYNC_FS, k);
		assert_int_equal(trace_close(t), ENOSPC);
		assert_int_equal(f->told, 1);
		assert_string_equal(f->subject, "/dev/full");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kernel_formats, setup,
						teardown),
		cmocka_unit_test_setup_teardown(logical_format, setup,
						teardown),
		cmocka_unit_test_setup_teardown(wide_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(off, setup, teardown),
		cmocka_unit_test_setup_teardown(long_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(failures, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
