/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the bytes of staged files: the origins used last stay open. */
#ifndef E4PACK_DELAY_DATA_READER_H
#define E4PACK_DELAY_DATA_READER_H

#include "base/diag.h"
#include "delay/content.h"

enum { DATA_READERS = 4 };

/* Set @diag, the rest zero; for one thread.  No content that it reads from may
 * change before the release. */
struct data_reader {
	struct diag *diag;
	struct origin_reader readers[DATA_READERS];	/* last used first */
	uint32_t n;
	struct content_walk walk;	/* over what is read */
};

/* Find or open the reader of @o; it is good until the next call.  Reports.
 * Return: 0 or what the origin's open() and close() return. */
errcode_t data_reader_get(struct data_reader *d, struct origin *o,
			  struct origin_reader **ret);

/* Fill @data with @len bytes of @c from @pos on.  Reports.  Return: 0, as
 * data_reader_get(), or what the origin's read() returns. */
errcode_t data_reader_read(struct data_reader *d, const struct content *c,
			   uint64_t pos, uint64_t len, uint8_t *data);

/* End reading: with @err 0 origins are checked for changes.  Reports.
 * Return: @err, or the first failure of a check. */
errcode_t data_reader_release(struct data_reader *d, errcode_t err);

#endif
