// SPDX-License-Identifier: GPL-2.0-or-later
/* Loading libarchive. */
#define ARCHIVE_LIB_NAMES_ONLY
#include "source/archive_lib.h"

#ifdef LIBARCHIVE_SONAME

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/errors.h"

struct archive_lib archive_lib;

/* The names, and where their addresses go. */
static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define NAME(f) { #f, offsetof(struct archive_lib, f) },
	ARCHIVE_LIB_FUNCTIONS(NAME)
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;

static const char *load(void)
{
	void *library = dlopen(LIBARCHIVE_SONAME, RTLD_NOW | RTLD_LOCAL);
	void *address;
	size_t i;

	if (!library)
		return dlerror();
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		address = dlsym(library, functions[i].name);
		if (!address) {
			dlclose(library);
			return functions[i].name;
		}
		memcpy((char *)&archive_lib + functions[i].offset, &address,
		       sizeof(address));
	}
	/* It stays: threads may be in it until the end. */
	loaded = true;
	return NULL;
}

errcode_t archive_lib_load(struct diag *diag)
{
	const char *missing = NULL;
	errcode_t err = 0;

	pthread_mutex_lock(&lock);
	if (!loaded)
		missing = load();
	if (missing) {
		err = E4PACK_ET_UNSUPPORTED;
		if (diag)
			diag_error(diag, LIBARCHIVE_SONAME, err, "archives "
				   "need it, and it cannot be used: %s",
				   missing);
	}
	pthread_mutex_unlock(&lock);
	return err;
}

#else

errcode_t archive_lib_load(struct diag *diag)
{
	(void)diag;
	return 0;
}

#endif
