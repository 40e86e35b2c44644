// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of files, as they are. */
#include "report/cat.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/file_type.h"
#include "image/read_file.h"
#include "report/resolve.h"

struct cat {
	struct image *img;
	const struct cat_options *options;
	struct emit *out;
};

static errcode_t put_data(void *arg, const uint8_t *data, size_t len)
{
	const struct cat *c = arg;
	errcode_t err = 0;

	if (c->options->progress)
		err = progress_check(c->options->progress);
	if (err)
		return err;
	emit_bytes(c->out, (const char *)data, len);
	return c->out->err;
}

static errcode_t put_zero(void *arg, uint64_t len)
{
	static const uint8_t zeros[65536];
	errcode_t err = 0;

	while (!err && len) {
		size_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		err = put_data(arg, zeros, n);
		len -= n;
	}
	return err;
}

/* Whether the file has content that can be put out. */
static errcode_t check(const struct cat *c, const char *path,
		       const struct inode_info *i)
{
	struct diag *diag = image_diag(c->img);

	if (S_ISDIR(i->mode))
		return diag_error(diag, path, EISDIR, "has no content");
	if (S_ISLNK(i->mode))
		return diag_error(diag, path, E4PACK_ET_BAD_TYPE,
				  "is a symbolic link: -L follows it");
	if (!S_ISREG(i->mode))
		return diag_error(diag, path, E4PACK_ET_BAD_TYPE,
				  "is no file, it has the type %s",
				  file_type_name(i->mode));
	if (i->flags & INODE_FLAG_ENCRYPT)
		return diag_error(diag, path, E4PACK_ET_UNSUPPORTED,
				  "is encrypted: its content cannot be read");
	return 0;
}

static errcode_t find(struct cat *c, const char *path, struct inode_info *i)
{
	errcode_t err = resolve_path_flags(i, NULL, c->img, path,
					   c->options->follow ?
					   RESOLVE_FOLLOW : 0);

	return err ? err : check(c, path, i);
}

static errcode_t put_all(struct cat *c, struct inode_info *inodes)
{
	const struct file_visitor v = {
		.data = put_data, .zero = put_zero, .arg = c,
	};
	const size_t n = c->options->n_paths;
	errcode_t err = 0;
	size_t k;

	for (k = 0; !err && k < n; k++)
		err = find(c, c->options->paths[k], &inodes[k]);
	for (k = 0; !err && k < n; k++)
		err = read_file(c->img, &inodes[k], &v);
	return err;
}

errcode_t report_cat(struct image *img, const struct cat_options *options,
		     struct emit *out)
{
	struct cat c = { .img = img, .options = options, .out = out };
	struct inode_info *inodes = calloc(options->n_paths, sizeof(*inodes));
	errcode_t err;

	if (options->n_paths && !inodes)
		return diag_nomem(image_diag(img));
	err = put_all(&c, inodes);
	free(inodes);
	return err;
}
