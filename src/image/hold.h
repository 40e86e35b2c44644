/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An existing image, held alone for changing it: nobody else of ours may
 * change it at the same time, and it is not mounted.
 */
#ifndef E4PACK_IMAGE_HOLD_H
#define E4PACK_IMAGE_HOLD_H

#include <et/com_err.h>

#include "base/diag.h"
#include "image/image.h"

/* Open @path for reading and writing and hold it: a lock on a file, which
 * no loop device may be using; exclusive use of a block device.  Refused at
 * once where it is not to be had.  Reports, with @path as the subject.
 * Return: 0 with *@fd to close(), which ends it; an errno, EBUSY when it is
 * in use; E4PACK_ET_NOT_EXT4 for what is neither file nor block device. */
errcode_t image_hold(int *fd, const char *path, struct diag *diag);

/* Check that multi-mount protection, where the image has it, does not say
 * that another host uses it.  Reports.
 * Return: 0; EBUSY; E4PACK_ET_BAD_IMAGE; or as image_peek(). */
errcode_t image_check_mmp(struct image *img);

#endif
