// SPDX-License-Identifier: GPL-2.0-or-later
/* Types and permissions in words and letters. */
#include "base/file_type.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct file_type {
	uint32_t mode;
	const char *name;
	char letter;
};

static const struct file_type types[] = {
	{ S_IFREG, "file", '-' },
	{ S_IFDIR, "directory", 'd' },
	{ S_IFLNK, "symlink", 'l' },
	{ S_IFCHR, "char", 'c' },
	{ S_IFBLK, "block", 'b' },
	{ S_IFIFO, "fifo", 'p' },
	{ S_IFSOCK, "socket", 's' },
};

static const struct file_type *find(uint32_t mode)
{
	static const struct file_type unknown = { 0, "unknown", '?' };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].mode == (mode & S_IFMT))
			return &types[i];
	return &unknown;
}

const char *file_type_name(uint32_t mode)
{
	return find(mode)->name;
}

/* A special bit takes the place of the x: in small where x is set, too. */
static void put_special(char *x, char letter)
{
	*x = *x == 'x' ? letter : (char)(letter - 'a' + 'A');
}

char *file_mode_text(char out[FILE_MODE_LEN], uint32_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	int i;

	out[0] = find(mode)->letter;
	for (i = 0; i < 9; i++)
		out[1 + i] = mode & (0400u >> i) ? letters[i] : '-';
	out[10] = '\0';
	if (mode & S_ISUID)
		put_special(out + 3, 's');
	if (mode & S_ISGID)
		put_special(out + 6, 's');
	if (mode & S_ISVTX)
		put_special(out + 9, 't');
	return out;
}
