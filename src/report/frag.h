/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmentation of an image: its files, and its free space. */
#ifndef E4PACK_REPORT_FRAG_H
#define E4PACK_REPORT_FRAG_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"
#include "report/frag_count.h"
#include "report/frag_worst.h"

enum frag_form {
	FRAG_TEXT,
	FRAG_JSON,	/* one document */
	FRAG_CSV,	/* a line for each file, no sums */
	FRAG_NOTHING,
};

/* Zero it, then fill in what is wanted. */
struct frag_options {
	const char *const *paths;	/* files and folders; none: all */
	size_t n_paths;
	enum frag_form form;
	bool only_worst;	/* with FRAG_CSV: no other files */
	const char *svg;	/* file for a picture, "-": to where the
				 * report would go; NULL: none */
	uint32_t top;		/* files named as the worst; 0: none */
	bool has_fail_over;
	uint64_t fail_over;	/* fragmented files that are still well */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* What was counted of a set of files. */
struct frag_totals {
	struct frag_counts counts;
	uint64_t files;		/* regular ones with blocks */
	uint64_t fragmented;	/* of them, with extents to save */
	uint64_t directories;
};

struct frag_free {
	uint64_t blocks, runs, largest_run;
};

/* Tell the fragmentation of the image or, with paths, of the files named
 * and below the folders named, each inode once; then every file and folder
 * has a line of its own.  A file that is damaged is told as such and not
 * counted.  The picture is of the whole image; with paths it knows only the
 * files and folders that were met.  Reports.
 * Return: 0; E4PACK_ET_ANSWER_NO (not told) when more than fail_over files
 * are fragmented; E4PACK_ET_BAD_IMAGE when something was passed over;
 * E4PACK_ET_BAD_TYPE for a path that is neither file nor folder; or as
 * resolve_path() and picture_open(); E4PACK_ET_INTERRUPTED (not told) on
 * request. */
errcode_t report_frag(struct image *img, const struct frag_options *options,
		      struct emit *out);

/* Inner, frag_show.c: the result of a report, in either form. */
struct frag_result {
	const struct image *img;
	struct frag_totals totals;
	struct frag_free free;
	struct frag_worst worst;	/* sorted, with paths */
	json_t *paths;			/* rows of the paths given, or NULL */
};

void frag_show_text(const struct frag_result *r, struct emit *out,
		    bool with_worst);
void frag_show_json(const struct frag_result *r, struct emit *out);

/* frag_csv.c: the line that names the columns, one for a file, and both for
 * the worst files. */
void frag_csv_heading(struct emit *out);
void frag_csv_row(const struct frag_file *f, const char *path,
		  struct emit *out);
void frag_csv_worst(const struct frag_worst *w, struct emit *out);

/* The path of a file, or in @number the way debugfs names an inode that has
 * none. */
enum { FRAG_NUMBER_LEN = 16 };
const char *frag_file_name(const struct frag_file *f,
			   char number[FRAG_NUMBER_LEN]);

/* One line of the table of paths, and the heading above the first. */
void frag_show_heading(struct emit *out);
void frag_show_row(const struct frag_counts *c, const char *path,
		   const char *note, struct emit *out);

/* The same as a JSON object, without a size where @f is a folder.
 * Return: NULL without memory. */
json_t *frag_row_json(const struct frag_file *f, const char *path,
		      bool is_folder);

#endif
