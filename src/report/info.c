// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of info in their order. */
#include "report/info.h"

#include <string.h>

#include "base/errors.h"

enum { WIDTH = 28, MMP_CLEAN = 0xff4d4d50, MMP_FSCK = 0xe24d4d50 };

static void show_mmp_block(struct sheet *s, const struct mmp_info *m,
			   bool has_csum)
{
	sheet_hex(s, "sequence", m->sequence);
	sheet_text(s, "state", m->sequence == (uint32_t)MMP_CLEAN ? "clean" :
		   m->sequence == (uint32_t)MMP_FSCK ? "e2fsck runs" :
		   "in use");
	sheet_time(s, "updated", m->time, "never");
	sheet_name(s, "node", m->node, strlen(m->node));
	sheet_name(s, "device", m->device, strlen(m->device));
	sheet_number(s, "check_interval", m->check_interval);
	if (has_csum)
		sheet_bool(s, "checksum_good", m->csum_good);
}

static errcode_t show_mmp(struct sheet *s, const struct super_info *info,
			  struct image *img)
{
	struct mmp_info m;
	errcode_t err;

	if (!info->mmp_block)
		return 0;
	err = read_mmp_info(&m, img, info->mmp_block);
	sheet_open(s, "mmp");
	sheet_number(s, "block", info->mmp_block);
	sheet_number(s, "update_interval", info->mmp_interval);
	if (!err)
		show_mmp_block(s, &m, image_geometry(img)->metadata_csum);
	sheet_close(s);
	return err;
}

/* Remember the damage, go on with the rest. */
static errcode_t pass_damage(bool *damaged, errcode_t err)
{
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	*damaged = true;
	return 0;
}

errcode_t report_info(struct image *img, const struct info_options *options,
		      struct emit *out)
{
	struct super_info info;
	struct sheet s;
	bool damaged = false;
	errcode_t err = read_super_info(&info, img);

	if (err)
		return err;
	sheet_begin(&s, out, options->json, WIDTH);
	err = info_show_super(&s, &info, img);
	if (!err)
		err = pass_damage(&damaged, show_mmp(&s, &info, img));
	if (!err)
		err = pass_damage(&damaged, info_show_journal(&s, &info, img));
	sheet_end(&s);
	if (!err && options->groups)
		err = pass_damage(&damaged,
				  info_show_groups(img, options, out));
	return !err && damaged ? E4PACK_ET_BAD_IMAGE : err;
}
