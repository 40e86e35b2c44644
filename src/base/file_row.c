// SPDX-License-Identifier: GPL-2.0-or-later
/* A name and its attributes as JSON. */
#include "base/file_row.h"

#include <stdio.h>

#include "base/emit.h"
#include "base/file_type.h"

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *file_row_json(const struct file_row *row)
{
	json_t *doc = json_object();
	char mode[8];
	int failed;

	snprintf(mode, sizeof(mode), "%04o",
		 (unsigned int)(row->mode & 07777));
	failed = emit_json_name(doc, "path", row->path, row->path_len) ||
		 json_object_set_new(doc, "inode", number(row->ino)) ||
		 json_object_set_new(doc, "type",
				json_string(file_type_name(row->mode))) ||
		 json_object_set_new(doc, "mode", json_string(mode)) ||
		 json_object_set_new(doc, "uid", number(row->uid)) ||
		 json_object_set_new(doc, "gid", number(row->gid)) ||
		 json_object_set_new(doc, "nlink", number(row->links)) ||
		 json_object_set_new(doc, "size", number(row->size)) ||
		 json_object_set_new(doc, "mtime",
				     emit_json_time(row->mtime));
	if (!failed && row->target)
		failed = emit_json_name(doc, "target", row->target,
					row->target_len);
	if (!failed)
		return doc;
	json_decref(doc);
	return NULL;
}
