// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File capabilities.  The value of security.capability, little-endian:
 *
 *	0  version in the top byte, 1 to 3; bit 0: effective, too
 *	4  permitted, bits 0 to 31
 *	8  inheritable, bits 0 to 31
 *	12 permitted, bits 32 to 63	from version 2 on
 *	16 inheritable, bits 32 to 63
 *	20 user id of a namespace's root	version 3
 *
 * In text, capabilities with the same flags are named together.  The set of
 * flags that most have, where it is not the empty one, stands alone in front
 * ("=ep"), and the others say what they have more or less than that.
 */
#include "image/cap_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"

enum { FLAG_E = 1, FLAG_P = 2, FLAG_I = 4, FLAG_SETS = 8, BITS = 64 };

static const char *const names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid",
	"kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
	"sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
	"audit_write", "audit_control", "setfcap", "mac_override",
	"mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
	"perfmon", "bpf", "checkpoint_restore",
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

struct caps {
	uint64_t permitted, inheritable;
	bool effective;
};

static unsigned int flags_of(const struct caps *c, unsigned int bit)
{
	unsigned int flags = 0;

	if (c->permitted >> bit & 1)
		flags |= FLAG_P;
	if (c->inheritable >> bit & 1)
		flags |= FLAG_I;
	if (flags && c->effective)
		flags |= FLAG_E;
	return flags;
}

static errcode_t add_flags(struct buf *out, char sign, unsigned int flags)
{
	char text[8];

	snprintf(text, sizeof(text), "%c%s%s%s", sign,
		 flags & FLAG_E ? "e" : "", flags & FLAG_I ? "i" : "",
		 flags & FLAG_P ? "p" : "");
	return buf_add_str(out, text);
}

static errcode_t add_name(struct buf *out, unsigned int bit, bool first)
{
	char text[40];

	if (bit < NAMES)
		snprintf(text, sizeof(text), "%scap_%s", first ? "" : ",",
			 names[bit]);
	else
		snprintf(text, sizeof(text), "%s%u", first ? "" : ",", bit);
	return buf_add_str(out, text);
}

/* Name those that have exactly @flags, and how that differs from @base. */
static errcode_t add_group(struct buf *out, const struct caps *c,
			   unsigned int flags, unsigned int base)
{
	unsigned int bit, more = flags & ~base, less = base & ~flags;
	const char sign = out->len ? '+' : '=';
	bool first = true;
	errcode_t err = 0;

	for (bit = 0; !err && bit < BITS; bit++) {
		if (flags_of(c, bit) != flags ||
		    (bit >= NAMES && !flags))
			continue;
		if (first && out->len)
			err = buf_add_str(out, " ");
		if (!err)
			err = add_name(out, bit, first);
		first = false;
	}
	if (!err && !first && more)
		err = add_flags(out, sign, more);
	if (!err && !first && less)
		err = add_flags(out, '-', less);
	return err;
}

/* The flags that most of the capabilities with a name have. */
static unsigned int common_flags(const struct caps *c)
{
	unsigned int count[FLAG_SETS] = { 0 };
	unsigned int bit, flags, best = 0;

	for (bit = 0; bit < NAMES; bit++)
		count[flags_of(c, bit)]++;
	for (flags = 1; flags < FLAG_SETS; flags++)
		if (count[flags] > count[best])
			best = flags;
	return best;
}

static errcode_t add_caps(struct buf *out, const struct caps *c)
{
	const unsigned int base = common_flags(c);
	unsigned int flags;
	errcode_t err = 0;

	if (base || !(c->permitted | c->inheritable))
		err = add_flags(out, '=', base);
	for (flags = FLAG_SETS; !err && flags-- > 0;)
		if (flags != base)
			err = add_group(out, c, flags, base);
	return err;
}

errcode_t cap_to_text(struct buf *out, const uint8_t *value, size_t len)
{
	static const size_t lengths[] = { 0, 12, 20, 24 };
	struct buf text = BUF_INIT;
	struct caps c;
	char root[32];
	uint32_t version;
	errcode_t err;

	if (len < 4)
		return E4PACK_ET_BAD_ENTRY;
	version = get_le32(value) >> 24;
	if (version < 1 || version > 3 || len != lengths[version])
		return E4PACK_ET_BAD_ENTRY;
	c.effective = get_le32(value) & 1;
	c.permitted = get_le32(value + 4);
	c.inheritable = get_le32(value + 8);
	if (version > 1) {
		c.permitted |= (uint64_t)get_le32(value + 12) << 32;
		c.inheritable |= (uint64_t)get_le32(value + 16) << 32;
	}
	err = add_caps(&text, &c);
	if (!err && version == 3) {
		snprintf(root, sizeof(root), " [rootid=%u]",
			 get_le32(value + 20));
		err = buf_add_str(&text, root);
	}
	if (!err)
		err = buf_add(out, text.data, text.len);
	buf_release(&text);
	return err;
}
