// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An archive that may be anything: read where it lies with filters around it,
 * read from a pipe, and staged whole.
 */
#include "fuzz.h"

#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "source/archive.h"
#include "source/source.h"

enum {
	PIPE_BYTES = 65536,		/* what a pipe takes at once */
	READ_MOST = 1 << 20,		/* of one archive */
	ENTRIES_MOST = 2000,
	SPOOL_MOST = 8 << 20,
};

static const struct owner_map owners[] = { { 0, 1000 }, { 1000, 0 } };
static const char *const exclude[] = { "*.o", "skip/*", "**/[a-c]?" };

static void ignore(void *arg, enum diag_level level, const char *subject,
		   const char *text)
{
	struct fuzz_ear *ear = arg;

	(void)level;
	(void)subject;
	(void)text;
	if (++ear->messages > FUZZ_MESSAGES)
		__builtin_trap();
}

/* Return: bytes read. */
static uint64_t read_content(const struct entry *e, struct diag *diag)
{
	struct origin_reader r;
	uint8_t buffer[4096];
	uint64_t done = 0;
	errcode_t err = 0;
	size_t i;

	if (!e->origin || e->origin->ops->open(e->origin, &r, diag))
		return 0;
	for (i = 0; !err && i < e->n_data && done < READ_MOST; i++) {
		size_t len = sizeof(buffer);

		if (len > e->data[i].len)
			len = (size_t)e->data[i].len;
		err = e->origin->ops->read(&r, buffer, len,
					   e->data[i].origin_offset, diag);
		done += len;
	}
	e->origin->ops->close(&r, err ? NULL : diag);
	return done;
}

static void read_all(struct source *s, struct diag *diag)
{
	uint64_t bytes = 0;
	unsigned int n = 0;
	bool end = false;
	struct entry e;

	entry_init(&e);
	while (n++ < ENTRIES_MOST && !source_next(s, &e, &end) && !end)
		if (bytes < READ_MOST)
			bytes += read_content(&e, diag);
	entry_release(&e);
	source_free(s);
}

static void read_in_place(const char *path, struct diag *diag)
{
	const struct source_options options = {
		.diag = diag, .exclude = exclude,
		.n_exclude = sizeof(exclude) / sizeof(exclude[0]),
		.uid_map = owners, .gid_map = owners,
		.n_uid_map = 2, .n_gid_map = 2,
		.clamp_mtime = true, .clamp = { 1500000000, 0 },
		.spool_limit = SPOOL_MOST,
	};
	struct source *s;

	if (!source_open(&s, path, &options))
		read_all(s, diag);
}

static void read_piped(const uint8_t *data, size_t size, struct diag *diag)
{
	const struct source_options options = {
		.diag = diag, .spool_limit = SPOOL_MOST,
	};
	struct source *s;
	int ends[2];

	if (size > PIPE_BYTES || pipe2(ends, O_CLOEXEC))
		return;
	if (write(ends[1], data, size) != (ssize_t)size)
		__builtin_trap();
	close(ends[1]);
	if (!archive_source_open(&s, ends[0], "pipe", &options))
		read_all(s, diag);
}

static void stage(const char *path)
{
	struct e4pack_options options = {
		.size = { .kind = E4PACK_SIZE_MIN }, .block_size = 1024,
		.max_size = UINT64_C(1) << 30, .threads = 1,
	};
	struct e4pack_totals totals;
	struct fuzz_ear ear;

	fuzz_listen(&ear, &options.session);
	e4pack_plan(&options, &path, 1, &totals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_ear ear = { .messages = 0 };
	struct fuzz_file f;
	struct diag diag;

	diag_init(&diag, ignore, &ear);
	fuzz_open(&f, size);
	fuzz_put(&f, data, size, 0);
	read_in_place(f.path, &diag);
	read_piped(data, size, &diag);
	diag_release(&diag);
	stage(f.path);
	fuzz_close(&f);
	return 0;
}
