// SPDX-License-Identifier: GPL-2.0-or-later
/* The ls command. */
#include "cmd/cmd.h"

#include <getopt.h>

#include "cmd/inspect_options.h"

static const struct option longopts[] = {
	{ "dereference", no_argument, NULL, 'L' },
	INSPECT_LONG,
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
"Lists the names in folders, those that begin with a dot among them.\n"
"A PATH may have globs in it: quote them.\n\n"
"  -l                    mode, links, owner, group, size, time (UTC), target\n"
"  -R                    also what is below\n"
"  -i                    inode numbers\n"
"  -0                    exact full paths, each ended by a NUL byte\n"
"  -L, --dereference     follow a symbolic link that PATH ends in\n"
"  -a, -A                taken for habit: all names are always shown\n";

static const char *take(void *arg, int opt, const char *value)
{
	struct e4pack_tree_options *o = arg;

	(void)value;
	switch (opt) {
	case 'l':
		o->attributes = true;
		break;
	case 'R':
		o->recursive = true;
		break;
	case 'i':
		o->inodes = true;
		break;
	case '0':
		o->nul = true;
		break;
	case 'L':
		o->follow = true;
		break;
	default: /* -a and -A ask for what is done anyway */
		break;
	}
	return NULL;
}

static int run(void *arg, struct terminal *t, const char *image,
	       const char *const *paths, size_t n)
{
	const struct e4pack_tree_options *o = arg;

	if (o->nul && o->inspect.json)
		return terminal_usage(t, "-0", "does not go with --json");
	return terminal_exit(t, e4pack_ls(o, image, paths, n));
}

int cmd_ls(int argc, char **argv)
{
	struct e4pack_tree_options options = { 0 };
	const struct inspect_syntax syntax = {
		.shortopts = INSPECT_SHORT "lRi0LaA", .longopts = longopts,
		.usage = "e4pack ls [OPTIONS] IMAGE [PATH...]",
		.help = help, .inspect = &options.inspect,
		.take = take, .run = run, .arg = &options,
	};

	return inspect_command(argc, argv, &syntax);
}
