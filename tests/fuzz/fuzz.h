/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: files in memory, and ears for what a call
 * says, which bound it.  A target aborts where a promise is broken.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "e4pack.h"

/* One input; 0 is returned. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory, known by a path of /proc. */
struct fuzz_file {
	int fd;
	char path[40];
};

/* Make one of @size bytes; fuzz_seal() refuses every write from then on.
 * Both abort when the system refuses. */
void fuzz_open(struct fuzz_file *f, uint64_t size);
void fuzz_put(struct fuzz_file *f, const void *data, size_t len,
	      uint64_t position);
void fuzz_seal(struct fuzz_file *f);
void fuzz_close(struct fuzz_file *f);

/* What a call may say at most before it counts as one without end. */
enum { FUZZ_MESSAGES = 5000, FUZZ_OUTPUT = 4 << 20 };

struct fuzz_ear {
	unsigned int messages;
	uint64_t output;	/* bytes */
};

/* Begin to listen to the calls of @session; forget what was said so far. */
void fuzz_listen(struct fuzz_ear *ear, struct e4pack_session *session);
void fuzz_forget(struct fuzz_ear *ear);

/* Takes output for the ear @arg; ends the call when there is too much. */
e4pack_output fuzz_output;

#endif
