// SPDX-License-Identifier: GPL-2.0-or-later
/* Globs, patterns of names to leave out, and the filter over a fake source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "source/exclude.h"
#include "source/filter.h"

static void globs(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "abcd", "abc", false },
		{ "*", "", true },
		{ "*", "a/b", true },
		{ "**", "ab", true },
		{ "?", "/", true },
		{ "?", "", false },
		{ "a*c", "ac", true },
		{ "a*c", "abbc", true },
		{ "a*c", "abcb", false },
		{ "*.o", "x.o", true },
		{ "*.o", ".o", true },
		{ "*.o", "x.oo", false },
		{ "*.o*", "x.oo", true },
		{ "*ab*ab", "abxab", true },
		{ "*ab*ab", "abab", true },
		{ "*ab*ab", "aab", false },
		{ "*aab", "aaab", true },
		{ "[abc]", "b", true },
		{ "[abc]", "d", false },
		{ "[a-c]x", "bx", true },
		{ "[!a-c]", "b", false },
		{ "[^a-c]", "d", true },
		{ "[]]", "]", true },
		{ "[!]]", "]", false },
		{ "[]a]", "a", true },
		{ "[a-]", "-", true },
		{ "[-a]", "-", true },
		{ "[\\]]", "]", true },
		{ "[\\a-\\c]", "b", true },
		{ "[c-a]", "b", false },
		{ "[", "[", true },
		{ "[a", "[a", true },
		{ "[a", "a", false },
		{ "[a\\", "[a\\", true },
		{ "[!", "[!", true },
		{ "[a-", "[a-", true },
		{ "[\x80-\xff]", "\xfe", true },
		{ "[\x80-\xff]", "a", false },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "\\\\", "\\", true },
		{ "a\\", "a\\", true },
		{ "\xff?", "\xff\x01", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(glob_match(cases[i].pattern,
					    strlen(cases[i].pattern),
					    cases[i].text,
					    strlen(cases[i].text)),
				 cases[i].match);
}

/* Matchers that try every way run for ages on this. */
static void globs_do_not_explode(void **state)
{
	char pattern[201], text[4001];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 198, "*b", 2);
	memset(text, 'a', 4000);
	assert_false(glob_match(pattern, 200, text, 4000));
	text[3999] = 'b';
	assert_true(glob_match(pattern, 200, text, 4000));
}

struct exclude_case {
	const char *pattern, *path;
	bool itself, above;
};

static void patterns(void **state)
{
	static const struct exclude_case cases[] = {
		{ "*", "", false, false },
		{ "b", "b", true, true },
		{ "b", "a/b", true, true },
		{ "b", "a/b/c", false, true },
		{ "b", "ab", false, false },
		{ "b/", "a/b", true, true },
		{ "b//", "a/b/c", false, true },
		{ "/b", "b", true, true },
		{ "/b", "a/b", false, false },
		{ "/b", "b/c", false, true },
		{ "./b", "b", true, true },
		{ "./b", "a/b", false, false },
		{ "//.//b", "b", true, true },
		{ "a/b", "a/b", true, true },
		{ "a/b", "a/b/c/d", false, true },
		{ "a/b", "x/a/b", false, false },
		{ "a/b", "a/bc", false, false },
		{ "a/*", "a", false, false },
		{ "a/*", "a/x", true, true },
		{ "usr/*/doc", "usr/x/y/doc", true, true },
		{ "*.o", "a/x.o", true, true },
		{ "*.o", "x.o/y", false, true },
		{ ".git", "a/.git/b/c", false, true },
		{ "a?b", "a/b", false, false },	/* one component only */
	};
	struct source_options o;
	struct exclude x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct exclude_case *c = &cases[i];

		memset(&o, 0, sizeof(o));
		o.exclude = &c->pattern;
		o.n_exclude = 1;
		assert_int_equal(exclude_init(&x, &o), 0);
		assert_int_equal(exclude_match(&x, c->path), c->itself);
		assert_int_equal(exclude_match_above(&x, c->path), c->above);
		exclude_release(&x);
	}
}

static void empty_patterns(void **state)
{
	static const char *const empty[] = { "", "/", "./", "//.//" };
	struct source_options o;
	struct exclude x;
	struct diag diag;
	size_t i;

	(void)state;
	diag_init(&diag, NULL, NULL);
	for (i = 0; i < 4; i++) {
		memset(&o, 0, sizeof(o));
		o.diag = &diag;
		o.exclude = &empty[i];
		o.n_exclude = 1;
		assert_int_equal(exclude_init(&x, &o), E4PACK_ET_USAGE);
		assert_int_equal(diag.errors, i + 1);
	}
	diag_release(&diag);
}

/* Gives what it is told to, and remembers what it was asked to prune. */
struct fake {
	struct source source;
	const struct entry *entries;
	size_t n, next, pruned, freed;
};

static errcode_t fake_next(struct source *s, struct entry *e, bool *end)
{
	struct fake *f = (struct fake *)s;

	entry_clear(e);
	*end = f->next == f->n;
	if (*end)
		return 0;
	*e = f->entries[f->next++];
	e->path = strdup(e->path);
	return e->path ? 0 : ENOMEM;
}

static void fake_prune(struct source *s)
{
	((struct fake *)s)->pruned++;
}

static void fake_free(struct source *s)
{
	((struct fake *)s)->freed++;
}

static const struct source_ops fake_ops = { fake_next, fake_prune,
					    fake_free };

static char names[][16] = { "", "a", "a/x", "b", "b/y.o", "a/late" };

static const struct entry entries[] = {
	{ .path = names[0], .mode = S_IFDIR | 0755, .uid = 1, .gid = 1,
	  .has_time = { true, true, false, false },
	  .times = { { 200, 5 }, { 100, 7 }, { 900, 0 }, { 900, 0 } } },
	{ .path = names[1], .mode = S_IFDIR | 0755, .uid = 2, .gid = 1 },
	{ .path = names[2], .mode = S_IFREG | 0644, .uid = 3, .gid = 4 },
	{ .path = names[3], .mode = S_IFDIR | 0755, .uid = 1, .gid = 2 },
	{ .path = names[4], .mode = S_IFREG | 0644, .uid = 3, .gid = 3 },
	{ .path = names[5], .mode = S_IFREG | 0644, .uid = 9, .gid = 9 },
};

static struct fake make_fake(bool is_archive)
{
	return (struct fake){ .source = { &fake_ops, is_archive },
			      .entries = entries,
			      .n = sizeof(entries) / sizeof(entries[0]) };
}

/* Join the paths that come through, to compare them in one go. */
static void collect(struct source *s, char out[256], uint32_t *uids,
		    uint32_t *gids)
{
	struct entry e;
	bool end = false;
	size_t i = 0;

	out[0] = '\0';
	entry_init(&e);
	while (!source_next(s, &e, &end) && !end) {
		strcat(out, e.path);
		strcat(out, " ");
		uids[i] = e.uid;
		gids[i++] = e.gid;
	}
	assert_true(end);
	entry_release(&e);
}

static void excluded_entries(void **state)
{
	static const char *const pattern_a[] = { "a", "*.o" };
	struct source_options o = { .exclude = pattern_a, .n_exclude = 2 };
	uint32_t uids[8], gids[8];
	struct fake archive = make_fake(true), dir = make_fake(false);
	struct source *s;
	char out[256];

	(void)state;
	assert_int_equal(filter_open(&s, &archive.source, &o), 0);
	assert_true(s->is_archive);
	collect(s, out, uids, gids);
	assert_string_equal(out, " b ");
	source_free(s);
	assert_int_equal(archive.freed, 1);

	/* A fake that does not obey shows that it was asked to prune. */
	assert_int_equal(filter_open(&s, &dir.source, &o), 0);
	assert_false(s->is_archive);
	collect(s, out, uids, gids);
	assert_string_equal(out, " a/x b a/late ");
	assert_int_equal(dir.pruned, 1);
	source_prune(s);
	assert_int_equal(dir.pruned, 2);
	source_free(s);
}

static void owners(void **state)
{
	static const struct owner_map uid_map[] = { { 3, 30 }, { 1, 2 },
						    { 2, 1 } };
	static const struct owner_map gid_map[] = { { 9, 4294967294 } };
	static const uint32_t want_uids[] = { 2, 1, 30, 2, 30, 9 };
	static const uint32_t want_gids[] = { 1, 1, 4, 2, 3, 4294967294 };
	struct source_options o = { .uid_map = uid_map, .n_uid_map = 3,
				    .gid_map = gid_map, .n_gid_map = 1 };
	struct fake f = make_fake(false);
	uint32_t uids[8], gids[8];
	struct source *s;
	char out[256];
	size_t i;

	(void)state;
	assert_true(filter_wanted(&o));
	assert_int_equal(filter_open(&s, &f.source, &o), 0);
	collect(s, out, uids, gids);
	assert_memory_equal(uids, want_uids, sizeof(want_uids));
	assert_memory_equal(gids, want_gids, sizeof(want_gids));
	source_free(s);

	o.set_owner = true;
	o.owner_uid = 7;
	f.next = 0;
	assert_int_equal(filter_open(&s, &f.source, &o), 0);
	collect(s, out, uids, gids);
	for (i = 0; i < f.n; i++) {
		assert_int_equal(uids[i], 7);
		assert_int_equal(gids[i], 0);
	}
	source_free(s);
}

static void id_mapped_twice(void **state)
{
	static const struct owner_map map[] = { { 3, 1 }, { 4, 1 }, { 3, 2 } };
	struct source_options o = { .gid_map = map, .n_gid_map = 3 };
	struct fake f = make_fake(false);
	struct diag diag;
	struct source *s;

	(void)state;
	diag_init(&diag, NULL, NULL);
	o.diag = &diag;
	assert_int_equal(filter_open(&s, &f.source, &o), E4PACK_ET_USAGE);
	assert_int_equal(diag.errors, 1);
	assert_int_equal(f.freed, 1);
	diag_release(&diag);
}

static void clamped_times(void **state)
{
	struct source_options o = { .clamp_mtime = true,
				    .clamp = { 100, 6 } };
	struct fake f = make_fake(false);
	struct source *s;
	struct entry e;
	bool end;

	(void)state;
	assert_int_equal(filter_open(&s, &f.source, &o), 0);
	entry_init(&e);
	assert_int_equal(source_next(s, &e, &end), 0);
	assert_int_equal(e.times[ENTRY_ATIME].sec, 100);
	assert_int_equal(e.times[ENTRY_ATIME].nsec, 6);
	assert_int_equal(e.times[ENTRY_MTIME].nsec, 6);
	assert_int_equal(e.times[ENTRY_CTIME].sec, 900);
	entry_release(&e);
	source_free(s);
}

static void nothing_wanted(void **state)
{
	struct source_options o = { .one_file_system = true };

	(void)state;
	assert_false(filter_wanted(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(globs_do_not_explode),
		cmocka_unit_test(patterns),
		cmocka_unit_test(empty_patterns),
		cmocka_unit_test(excluded_entries),
		cmocka_unit_test(owners),
		cmocka_unit_test(id_mapped_twice),
		cmocka_unit_test(clamped_times),
		cmocka_unit_test(nothing_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
