// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A script that may be anything: parsed, and unless it wants something of the
 * host, run on an empty tree that is planned and not written.
 */
#include "fuzz.h"

#include "base/diag.h"
#include "source/script.h"

static void ignore(void *arg, enum diag_level level, const char *subject,
		   const char *text)
{
	(void)arg;
	(void)level;
	(void)subject;
	(void)text;
}

/* Whether it can be run here, and needs a size. */
static bool is_alone(const struct script *s, bool *live)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct script_command *c = &s->commands[i];

		switch (c->verb) {
		case SCRIPT_TREE:
		case SCRIPT_UNTAR:
			return false;
		case SCRIPT_PUT:
		case SCRIPT_WRITE:
		case SCRIPT_APPEND:
		case SCRIPT_SETXATTR:
			if (c->data.kind == SCRIPT_DATA_HOST ||
			    c->data.kind == SCRIPT_DATA_PART)
				return false;
			break;
		case SCRIPT_FSYNC:
		case SCRIPT_SYNC:
		case SCRIPT_DF:
			*live = true;
			break;
		default:
			break;
		}
	}
	return true;
}

static bool parse(const char *path, bool *live)
{
	struct script s;
	struct diag diag;
	bool alone;

	diag_init(&diag, ignore, NULL);
	script_init(&s);
	alone = !script_read(&s, path, &diag) && is_alone(&s, live);
	script_release(&s);
	diag_release(&diag);
	return alone;
}

static void run(const char *path, bool live, bool json)
{
	struct fuzz_ear ear;
	struct e4pack_batch_options options = {
		.build = {
			.size = { .kind = E4PACK_SIZE_MIN }, .dry_run = true,
			.block_size = 1024, .threads = 1,
			.max_size = UINT64_C(1) << 30,
			.allocator = json ? E4PACK_KERNEL : E4PACK_BEST_FIT,
			.features = json ? "bigalloc" : "inline_data",
		},
		.keep_going = !live, .json = json,
		.output = fuzz_output, .output_arg = &ear,
	};

	if (live || json) {
		options.build.size.kind = E4PACK_SIZE_BYTES;
		options.build.size.value = 8 << 20;
	}
	fuzz_listen(&ear, &options.build.session);
	e4pack_batch_new(&options, NULL, &path, 1, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_file f;
	bool live = false;

	fuzz_open(&f, size);
	fuzz_put(&f, data, size, 0);
	if (parse(f.path, &live)) {
		run(f.path, live, false);
		run(f.path, live, true);
	}
	fuzz_close(&f);
	return 0;
}
