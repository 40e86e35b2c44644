// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void must(int done, const char *what)
{
	if (done)
		return;
	perror(what);
	abort();
}

void fuzz_open(struct fuzz_file *f, uint64_t size)
{
	f->fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(f->fd >= 0 && !ftruncate(f->fd, (off_t)size), "memfd_create");
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

void fuzz_put(struct fuzz_file *f, const void *data, size_t len,
	      uint64_t position)
{
	must(pwrite(f->fd, data, len, (off_t)position) == (ssize_t)len,
	     "pwrite");
}

void fuzz_seal(struct fuzz_file *f)
{
	must(!fcntl(f->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK |
		    F_SEAL_GROW), "F_ADD_SEALS");
}

void fuzz_close(struct fuzz_file *f)
{
	close(f->fd);
}

/* Both strings are promised to be free of control bytes. */
static void hear(void *arg, enum e4pack_level level, const char *subject,
		 const char *text)
{
	struct fuzz_ear *ear = arg;
	const char *p;

	(void)level;
	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			abort();
	for (p = subject ? subject : ""; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			abort();
	if (getenv("FUZZ_SHOW"))
		fprintf(stderr, "%s: %s\n", subject ? subject : "", text);
	if (++ear->messages > FUZZ_MESSAGES) {
		fprintf(stderr, "messages without end: %s\n", text);
		abort();
	}
}

void fuzz_forget(struct fuzz_ear *ear)
{
	memset(ear, 0, sizeof(*ear));
}

void fuzz_listen(struct fuzz_ear *ear, struct e4pack_session *session)
{
	fuzz_forget(ear);
	session->message = hear;
	session->message_arg = ear;
}

long fuzz_output(void *arg, const char *text, size_t len)
{
	struct fuzz_ear *ear = arg;

	(void)text;
	ear->output += len;
	return ear->output > FUZZ_OUTPUT ? EFBIG : 0;
}
