// SPDX-License-Identifier: GPL-2.0-or-later
/* The frag command. */
#include "cmd/cmd.h"

#include <getopt.h>

#include "base/number.h"
#include "cmd/inspect_options.h"

enum { OPT_TOP = INSPECT_FIRST_OWN, OPT_FAIL_OVER, OPT_CSV, OPT_SVG };

static const struct option longopts[] = {
	{ "top", required_argument, NULL, OPT_TOP },
	{ "fail-over", required_argument, NULL, OPT_FAIL_OVER },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ "svg", required_argument, NULL, OPT_SVG },
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Shows how far the layout is from the best one there could be.\n\n"
"      --top N           name the N worst files [10]\n"
"      --fail-over N     exit 3 when more than N files are fragmented\n"
"      --csv             one line for each file, or for the N of --top\n"
"      --svg FILE        draw the image; '-': on standard output\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_frag_options *o = arg;
	uint64_t n;

	if (opt == OPT_CSV) {
		o->csv = true;
		return NULL;
	}
	if (opt == OPT_SVG) {
		o->svg = value;
		return *value ? NULL : "needs the name of a file";
	}
	if (number_parse(value, UINT32_MAX, &n) || (opt == OPT_TOP && n == 0))
		return "needs a number";
	if (opt == OPT_TOP) {
		o->top = (uint32_t)n;
	} else {
		o->has_limit = true;
		o->limit = n;
	}
	return NULL;
}

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	return terminal_exit(t, e4pack_frag(arg, image, paths, n));
}

int cmd_frag(int argc, char **argv)
{
	struct e4pack_frag_options options = { 0 };
	const struct inspect_syntax syntax = {
		.longopts = longopts,
		.usage = "e4pack frag [OPTIONS] IMAGE [PATH...]",
		.help = help, .inspect = &options.inspect,
		.take = take, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
