// SPDX-License-Identifier: GPL-2.0-or-later
/* Folders that are not what they look like: encrypted ones without their
 * key, and the kernel's own file systems. */
#include "source/dir_entry.h"

#include <errno.h>
#include <linux/fscrypt.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/errors.h"

/* Keys of the first version of fscrypt may be where no call sees them: of
 * those nothing is said until a file is opened. */
errcode_t dir_check_key(struct dir_scan *s, int fd)
{
	struct fscrypt_get_policy_ex_arg policy;
	struct fscrypt_get_key_status_arg key;

	memset(&policy, 0, sizeof(policy));
	policy.policy_size = sizeof(policy.policy);
	if (ioctl(fd, FS_IOC_GET_ENCRYPTION_POLICY_EX, &policy) ||
	    policy.policy.version != FSCRYPT_POLICY_V2)
		return 0;
	memset(&key, 0, sizeof(key));
	key.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
	memcpy(key.key_spec.u.identifier,
	       policy.policy.v2.master_key_identifier,
	       sizeof(key.key_spec.u.identifier));
	if (ioctl(fd, FS_IOC_GET_ENCRYPTION_KEY_STATUS, &key) ||
	    key.status == FSCRYPT_KEY_STATUS_PRESENT)
		return 0;
	return diag_error(s->options->diag, dir_scan_host_path(s),
			  E4PACK_ET_UNSUPPORTED,
			  "is encrypted and its key is not there");
}

/* Whether a line of mountinfo is of a devtmpfs on @dev: "36 35 0:5 ROOT
 * MOUNTPOINT OPTIONS [FIELDS...] - TYPE SOURCE OPTIONS". */
static bool is_devtmpfs_line(const char *line, dev_t dev)
{
	const char *type = strstr(line, " - devtmpfs ");
	unsigned int major_no, minor_no;

	return type &&
	       sscanf(line, "%*d %*d %u:%u", &major_no, &minor_no) == 2 &&
	       makedev(major_no, minor_no) == dev;
}

/* devtmpfs has the magic number of tmpfs: only its mount tells. */
static bool is_devtmpfs(dev_t dev)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	if (!mounts)
		return false;
	while (!found && getline(&line, &cap, mounts) > 0)
		found = is_devtmpfs_line(line, dev);
	free(line);
	fclose(mounts);
	return found;
}

errcode_t dir_check_mount(struct dir_scan *s, int fd, dev_t dev)
{
	const char *kind = NULL;
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return 0;
	if (fs.f_type == PROC_SUPER_MAGIC)
		kind = "proc";
	else if (fs.f_type == SYSFS_MAGIC)
		kind = "sysfs";
	else if ((fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) &&
		 is_devtmpfs(dev))
		kind = "devtmpfs";
	if (!kind)
		return 0;
	return diag_warning(s->options->diag, dir_scan_host_path(s),
			    "is a %s of the running system%s", kind,
			    s->path.len == s->root_len ? "" :
			    ": --one-file-system leaves it empty");
}
