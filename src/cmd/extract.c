// SPDX-License-Identifier: GPL-2.0-or-later
/* The extract command. */
#include "cmd/cmd.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	{ "directory", required_argument, NULL, 'C' },
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, 'F' },
	INSPECT_LONG_PLAIN,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Takes everything, or what PATH names, out of the image.\n\n"
"  -C, --directory DIR   into this folder\n"
"  -o, --output FILE     as a tar archive; - is standard output\n"
"  -F, --force           replace what is in the way\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_extract_options *o = arg;

	switch (opt) {
	case 'C':
		o->directory = value;
		break;
	case 'o':
		o->archive = value;
		break;
	case 'F':
		o->force = true;
		break;
	}
	return value && !*value ? "needs a name" : NULL;
}

/* See that there is one place to go to, which is not a terminal. */
static int check(struct terminal *t, const struct e4pack_extract_options *o)
{
	if (!o->directory && !o->archive)
		return terminal_usage(t, "-C", "is missing: -C DIR is where "
				      "to, or -o FILE for an archive");
	if (o->directory && o->archive)
		return terminal_usage(t, "-o", "cannot be with -C");
	if (o->archive && !strcmp(o->archive, "-") && isatty(STDOUT_FILENO))
		return terminal_usage(t, "-o -", "standard output is a "
				      "terminal: name a file, or a pipe");
	return 0;
}

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	int status = check(t, arg);

	return status ? status :
	       terminal_exit(t, e4pack_extract(arg, image, paths, n));
}

int cmd_extract(int argc, char **argv)
{
	struct e4pack_extract_options options = { 0 };
	const struct inspect_syntax syntax = {
		.shortopts = INSPECT_SHORT "C:o:F", .longopts = longopts,
		.usage = "e4pack extract [OPTIONS] -C DIR|-o FILE IMAGE [PATH...]",
		.help = help, .inspect = &options.inspect,
		.take = take, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
