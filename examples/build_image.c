// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest use of the library: build_image IMAGE SOURCE... makes an image
 * that is just large enough, and says how large that is.
 *
 *	cc build_image.c $(pkg-config --cflags --libs --static e4pack)
 */
#include <stdio.h>

#include <e4pack.h>

static void say(void *arg, enum e4pack_level level, const char *subject,
		const char *text)
{
	(void)arg;
	if (level >= E4PACK_WARNING)
		fprintf(stderr, "%s: %s\n", subject ? subject : "image", text);
}

int main(int argc, char **argv)
{
	struct e4pack_options options = {
		.session = { .message = say },
		.size = { .kind = E4PACK_SIZE_MIN },
		.force = true,
	};
	struct e4pack_totals totals;

	if (argc < 3) {
		fprintf(stderr, "usage: %s IMAGE SOURCE...\n", argv[0]);
		return 2;
	}
	if (e4pack_create(&options, argv[1], (const char *const *)argv + 2,
			  (size_t)argc - 2, &totals))
		return 1;
	printf("%s: %llu bytes, %llu files\n", argv[1],
	       (unsigned long long)totals.bytes,
	       (unsigned long long)totals.files);
	return 0;
}
