// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals that end the program only set a flag; work looks at it often. */
#include "cmd/cmd.h"

#include <signal.h>
#include <string.h>

volatile sig_atomic_t signals_caught;

static void note(int number)
{
	signals_caught = number;
}

void signals_catch(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = note;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction old;

		/* What was ignored (nohup) stays so. */
		if (!sigaction(numbers[i], NULL, &old) &&
		    old.sa_handler == SIG_IGN && numbers[i] != SIGPIPE)
			continue;
		sigaction(numbers[i], &sa, NULL);
	}
	/* A file size limit then shows as EFBIG of the write. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGXFSZ, &sa, NULL);
}
