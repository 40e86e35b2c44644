// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of attributes in words: capabilities as getcap -n has them, ACLs in
 * their short form; and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/acl.h"
#include "image/cap_text.h"

enum { ALL_LOW = 0xffffffff, ALL_HIGH = 0x1ff };

struct cap_case {
	const char *text;	/* NULL: refused */
	size_t len;
	uint32_t words[6];
};

static const struct cap_case caps[] = {
	{ "cap_net_raw=ep", 20, { 0x02000001, 0x2000, 0, 0, 0 } },
	{ "cap_net_raw=p", 20, { 0x02000000, 0x2000, 0, 0, 0 } },
	{ "cap_net_raw=ep", 12, { 0x01000001, 0x2000, 0 } },
	{ "cap_chown,cap_fowner=eip cap_kill+ei", 20,
	  { 0x02000001, 9, 9 | 0x20, 0, 0 } },
	{ "=ep", 20, { 0x02000001, ALL_LOW, 0, ALL_HIGH, 0 } },
	{ "=i", 20, { 0x02000000, 0, ALL_LOW, 0, ALL_HIGH } },
	{ "=ep cap_kill+i cap_chown-ep", 20,
	  { 0x02000001, ALL_LOW & ~1u, 0x20, ALL_HIGH, 0 } },
	{ "=", 20, { 0x02000000, 0, 0, 0, 0 } },
	{ "cap_checkpoint_restore=p", 20, { 0x02000000, 0, 0, 0x100, 0 } },
	{ "63=p", 20, { 0x02000000, 0, 0, 0x80000000, 0 } },
	{ "cap_net_admin=p [rootid=1000]", 24,
	  { 0x03000000, 0x1000, 0, 0, 0, 1000 } },
	{ NULL, 20, { 0x03000000, 0x1000, 0, 0, 0, 0 } },
	{ NULL, 24, { 0x02000000, 0x1000, 0, 0, 0, 0 } },
	{ NULL, 20, { 0x04000000, 0x1000, 0, 0, 0, 0 } },
	{ NULL, 20, { 0, 0x1000, 0, 0, 0, 0 } },
	{ NULL, 3, { 0x02000000 } },
	{ NULL, 0, { 0 } },
};

static void check_text(struct buf *out, errcode_t err, const char *text)
{
	if (!text) {
		assert_int_equal(err, E4PACK_ET_BAD_ENTRY);
		return;
	}
	assert_int_equal(err, 0);
	assert_string_equal(buf_str(out), text);
}

static void capabilities(void **state)
{
	uint8_t value[24];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct buf out = BUF_INIT;

		for (k = 0; k < 6; k++)
			put_le32(value + 4 * k, caps[i].words[k]);
		check_text(&out, cap_to_text(&out, value, caps[i].len),
			   caps[i].text);
		buf_release(&out);
	}
}

struct acl_case {
	const char *text;	/* NULL: refused */
	size_t len;
	const char *bytes;
};

static const struct acl_case acls[] = {
	{ "u::rw-,g::r--,o::---", 16,
	  "\1\0\0\0" "\1\0\6\0" "\4\0\4\0" "\x20\0\0\0" },
	{ "u::rwx,u:1000:r-x,g::r--,g:5:-w-,m::rwx,o::r--", 36,
	  "\1\0\0\0" "\1\0\7\0" "\2\0\5\0\xe8\3\0\0" "\4\0\4\0"
	  "\x8\0\2\0\5\0\0\0" "\x10\0\7\0" "\x20\0\4\0" },
	{ "", 4, "\1\0\0\0" },
	{ NULL, 4, "\2\0\0\0" },
	{ NULL, 3, "\1\0\0" },
	{ NULL, 0, "" },
	{ NULL, 6, "\1\0\0\0" "\1\0" },
	{ NULL, 8, "\1\0\0\0" "\2\0\5\0" },
	{ NULL, 8, "\1\0\0\0" "\3\0\5\0" },
	{ NULL, 8, "\1\0\0\0" "\1\0\x8\0" },
};

static void lists(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(acls) / sizeof(acls[0]); i++) {
		struct buf out = BUF_INIT;

		check_text(&out, acl_to_text(&out,
				(const uint8_t *)acls[i].bytes, acls[i].len),
			   acls[i].text);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
