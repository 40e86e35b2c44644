// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target without libFuzzer: once for each file that is named, or
 * lies in a folder that is named.  Returns 1 when there was none, or one
 * cannot be read; a target that finds something aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static unsigned int inputs, failures;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	failures++;
	return -1;
}

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (f && !fseek(f, 0, SEEK_END))
		size = ftell(f);
	if (size >= 0)
		data = malloc(size ? (size_t)size : 1);
	if (!data || fseek(f, 0, SEEK_SET) ||
	    fread(data, 1, (size_t)size, f) != (size_t)size) {
		fail(path);
	} else {
		fprintf(stderr, "running %s\n", path);
		LLVMFuzzerTestOneInput(data, (size_t)size);
		inputs++;
	}
	free(data);
	if (f)
		fclose(f);
}

static void run_folder(const char *path)
{
	struct dirent **names;
	int i, n = scandir(path, &names, NULL, alphasort);

	if (n < 0) {
		fail(path);
		return;
	}
	for (i = 0; i < n; i++) {
		char *full = NULL;

		if (names[i]->d_name[0] != '.' &&
		    asprintf(&full, "%s/%s", path, names[i]->d_name) >= 0) {
			run_file(full);
			free(full);
		}
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);

		if (!d) {
			run_file(argv[i]);
			continue;
		}
		closedir(d);
		run_folder(argv[i]);
	}
	printf("%u inputs, %u failures\n", inputs, failures);
	return !inputs || failures;
}
