/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with an image, gathered so that each fault can be told with
 * the path of its inode.  The first FAULTS_KEPT wait for their paths; later
 * ones are told at once, by number, so that memory is bounded.
 */
#ifndef E4PACK_REPORT_FAULTS_H
#define E4PACK_REPORT_FAULTS_H

#include <stdbool.h>

#include "base/emit.h"
#include "image/image.h"

enum fault_place { FAULT_IMAGE, FAULT_GROUP, FAULT_INODE };

struct fault {
	enum fault_place place;
	uint32_t number;	/* of the group or inode */
	char *text;
};

enum { FAULTS_KEPT = 4096 };

/* Pair faults_init() with faults_release(). */
struct faults {
	struct emit *out;
	bool json;
	struct fault *kept;	/* in the order they were found */
	size_t n, cap;
	uint64_t told;		/* all, also those that wait */
	bool passing;		/* no more are kept */
	errcode_t err;		/* ENOMEM, once it happened */
};

void faults_init(struct faults *f, struct emit *out, bool json);
void faults_release(struct faults *f);

/* Add one of the whole image, of a group, or of an inode.  A failure is kept
 * in f->err. */
void fault_image(struct faults *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void fault_group(struct faults *f, uint32_t group, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void fault_inode(struct faults *f, uint32_t ino, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put out those that wait, with the paths that @img gives their inodes (NULL:
 * none).  Later ones are put out at once.
 * Return: 0, f->err, or as resolve_inodes(). */
errcode_t faults_tell(struct faults *f, struct image *img);

#endif
