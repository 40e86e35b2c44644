/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the type and the permissions in a mode are shown. */
#ifndef E4PACK_BASE_FILE_TYPE_H
#define E4PACK_BASE_FILE_TYPE_H

#include <stdint.h>

/* Return: "file", "directory", "symlink", "char", "block", "fifo", "socket",
 * or "unknown" for a type that is none of these. */
const char *file_type_name(uint32_t mode);

enum { FILE_MODE_LEN = 11 };

/* Write @mode as ls -l does: "drwxr-xr-x".  Return: @out. */
char *file_mode_text(char out[FILE_MODE_LEN], uint32_t mode);

#endif
