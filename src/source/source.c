// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kind of source a word of the command line is. */
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fileio.h"
#include "source/archive.h"
#include "source/dir.h"
#include "source/filter.h"

static errcode_t open_stdin(struct source **ret,
			    const struct source_options *options)
{
	static const char name[] = "standard input";
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return diag_error(options->diag, name, errno,
				  "cannot be read");
	return archive_source_open(ret, fd, name, options);
}

/* O_NONBLOCK: open() would wait for the writer of a pipe, deaf to a stop
 * request.  The first read waits for him instead. */
static errcode_t open_named(struct source **ret, const char *spec,
			    const struct source_options *options)
{
	struct stat st;
	errcode_t err;
	int fd;

	if (stat(spec, &st))
		return diag_error(options->diag, spec, errno,
				  "the source cannot be read");
	if (S_ISDIR(st.st_mode))
		return dir_source_open(ret, spec, options);
	err = io_open(&fd, AT_FDCWD, spec, O_NOCTTY | O_NONBLOCK);
	if (err)
		return diag_error(options->diag, spec, err,
				  "the source cannot be opened");
	return archive_source_open(ret, fd, spec, options);
}

errcode_t source_open(struct source **ret, const char *spec,
		      const struct source_options *options)
{
	struct source *s;
	errcode_t err;

	if (!strcmp(spec, "-"))
		err = open_stdin(&s, options);
	else
		err = open_named(&s, spec, options);
	if (!err && filter_wanted(options))
		err = filter_open(&s, s, options);
	if (!err)
		*ret = s;
	return err;
}
