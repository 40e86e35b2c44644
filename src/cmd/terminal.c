// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages, progress and results on the standard streams. */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"

static void erase(struct terminal *t)
{
	if (t->drawn)
		fputs("\r\033[K", stderr);
	t->drawn = false;
}

static void print(struct terminal *t, const char *subject, const char *kind,
		  const char *text)
{
	if (!subject)
		subject = t->subject;
	erase(t);
	fprintf(stderr, "e4pack: %s: %s%s%s%s\n", t->command,
		subject ? subject : "", subject ? ": " : "", kind, text);
}

static void take_message(void *arg, enum e4pack_level level,
			 const char *subject, const char *text)
{
	struct terminal *t = arg;

	switch (level) {
	case E4PACK_VERBOSE:
		if (t->verbose)
			print(t, subject, "", text);
		break;
	case E4PACK_NOTE:
		if (!t->quiet)
			print(t, subject, "note: ", text);
		break;
	case E4PACK_WARNING:
		print(t, subject, "warning: ", text);
		break;
	case E4PACK_ERROR:
		print(t, subject, "", text);
		break;
	}
}

static double seconds_between(const struct timespec *a,
			      const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) +
	       (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static void draw_bytes(uint64_t done, uint64_t total, double seconds)
{
	char have[NUMBER_HUMAN_LEN], all[NUMBER_HUMAN_LEN];
	char rate[NUMBER_HUMAN_LEN];
	double speed = seconds > 0 ? (double)done / seconds : 0;

	fprintf(stderr, "%3u%%  %s of %s", (unsigned int)(done * 100 / total),
		number_human(have, done), number_human(all, total));
	if (speed > 0 && seconds > 0.5) {
		unsigned int left = (unsigned int)((double)(total - done) /
						   speed);

		fprintf(stderr, "  %s/s  ETA %u:%02u",
			number_human(rate, (uint64_t)speed), left / 60,
			left % 60);
	}
}

static void take_progress(void *arg, const char *phase, uint64_t done,
			  uint64_t total)
{
	struct terminal *t = arg;
	struct timespec now;

	if (!t->draw)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (t->phase != phase)
		t->phase_began = now;
	else if (seconds_between(&t->last_drawn, &now) < 0.1)
		return;
	t->phase = phase;
	t->last_drawn = now;
	erase(t);
	fprintf(stderr, "%s: %-6s ", t->command, phase);
	if (total)
		draw_bytes(done < total ? done : total, total,
			   seconds_between(&t->phase_began, &now));
	else if (done)
		fprintf(stderr, "%" PRIu64, done);
	fflush(stderr);
	t->drawn = true;
}

void terminal_init(struct terminal *t, const char *command)
{
	memset(t, 0, sizeof(*t));
	t->command = command;
	t->draw = isatty(STDERR_FILENO);
}

void terminal_session(struct terminal *t, struct e4pack_session *s)
{
	s->message = take_message;
	s->message_arg = t;
	s->progress = take_progress;
	s->progress_arg = t;
	s->stop = &signals_caught;
}

int terminal_usage(struct terminal *t, const char *subject, const char *fmt,
		   ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print(t, subject, "", text);
	return E4PACK_USAGE;
}

long terminal_flush(struct terminal *t)
{
	int err;

	erase(t);
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	err = errno ? errno : EIO;
	clearerr(stdout);
	return err;
}

int terminal_exit(struct terminal *t, enum e4pack_status status)
{
	long err = terminal_flush(t);

	if (err && (status == E4PACK_OK || status == E4PACK_NO)) {
		/* Who closed the pipe knows that he did. */
		if (signals_caught != SIGPIPE)
			print(t, "standard output", "", strerror((int)err));
		status = E4PACK_FAILED;
	}
	if (signals_caught && status != E4PACK_OK)
		return 128 + signals_caught;
	return status == E4PACK_INTERRUPTED ? E4PACK_FAILED : (int)status;
}

long terminal_output(void *arg, const char *text, size_t len)
{
	struct terminal *t = arg;

	erase(t);
	errno = 0;
	if (fwrite(text, 1, len, stdout) != len)
		return errno ? errno : EIO;
	return terminal_flush(t);
}
