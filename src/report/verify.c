// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verify: opens an image, runs the passes of check.h over it, and puts out
 * what they found.  Memory: a bit for each cluster and three for each inode,
 * some bytes for each inode in use, and for each owner where quotas are
 * counted, one folder's index and hashes.
 */
#include "report/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "report/check.h"
#include "report/listen.h"
#include "report/open.h"

enum { SUPER_AT = 1024, STATE_ERRORS = 2 };

static errcode_t read_super(struct check *c)
{
	const uint32_t size = c->geo->block_size;
	const uint8_t *block;
	errcode_t err = image_peek(c->img, &block, SUPER_AT / size);

	if (err)
		return err;
	memcpy(c->super, block + SUPER_AT % size, SUPER_LEN);
	if (sb32(c, SB_REV)) {
		c->compat = sb32(c, SB_COMPAT);
		c->incompat = sb32(c, SB_INCOMPAT);
		c->ro_compat = sb32(c, SB_RO_COMPAT);
	}
	if (sb16(c, SB_STATE) & STATE_ERRORS)
		err = diag_warning(c->listener->real, image_path(c->img),
				   "is marked as having errors: run e2fsck");
	if (err)
		return err;
	if (bits_init(&c->blocks, div_round_up(c->geo->blocks, UINT64_C(1) <<
					       c->geo->cluster_bits)))
		return diag_nomem(image_diag(c->img));
	return 0;
}

static errcode_t run_passes(struct check *c, struct progress *progress)
{
	static const struct {
		const char *phase;
		errcode_t (*pass)(struct check *c);
	} passes[] = {
		{ "superblock", check_superblock },
		{ "groups", check_groups },
		{ "inodes", check_inodes },
		{ "folders", check_dirs },
		{ "links", check_tree },
		{ "counts", check_counts },
		{ "journal", check_log },
		{ "quotas", check_quotas },
	};
	const size_t n = sizeof(passes) / sizeof(passes[0]);
	errcode_t err = read_super(c);
	size_t i;

	for (i = 0; !err && i < n; i++) {
		if (progress)
			progress_begin(progress, passes[i].phase, 0);
		err = passes[i].pass(c);
		if (!err)
			err = c->faults->err;
	}
	return err;
}

static void release(struct check *c)
{
	size_t k;

	for (k = 0; k < QUOTA_KINDS; k++)
		quota_uses_release(&c->uses[k]);
	bits_release(&c->blocks);
	bits_release(&c->used);
	bits_release(&c->folders);
	free(c->fixed);
	free(c->links);
	free(c->kinds);
	free(c->names);
	free(c->folder);
	free(c->xattr_blocks);
	free(c->ea_used);
}

static uint64_t blocks_in_use(const struct check *c)
{
	const uint64_t words = c->blocks.words ? c->blocks.n / 64 + 1 : 0;
	uint64_t sum = 0, i;

	for (i = 0; i < words; i++)
		sum += (uint64_t)__builtin_popcountll(c->blocks.words[i]);
	return sum;
}

static void sum_json(const struct check *c, const char *path,
		     struct emit *out)
{
	json_t *doc = json_pack("{s:I, s:I, s:I, s:I, s:I}",
				"faults", (json_int_t)c->faults->told,
				"files", (json_int_t)c->n_regular,
				"directories", (json_int_t)c->n_folders,
				"others", (json_int_t)c->n_other,
				"clusters_in_use",
				(json_int_t)blocks_in_use(c));

	if (doc && emit_json_name(doc, "image", path, strlen(path))) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}

static void sum_text(const struct check *c, const char *path,
		     struct emit *out)
{
	const uint64_t n = c->faults->told;
	char *shown = diag_escape(path);

	if (n)
		emit_text(out, "%s: %" PRIu64 " %s\n", shown ? shown : "", n,
			  n == 1 ? "fault" : "faults");
	else
		emit_text(out, "%s: no faults in %" PRIu64 " files, %zu "
			  "folders, %" PRIu64 " others\n", shown ? shown : "",
			  c->n_regular, c->n_folders, c->n_other);
	free(shown);
}

/* What is wrong with an image that could not even be opened, or not through
 * its journal, is a fault like others. */
static bool is_fault(errcode_t err)
{
	return err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_SHORT ||
	       err == E4PACK_ET_BAD_CSUM;
}

static errcode_t verify_image(struct check *c, const char *path,
			      const struct verify_options *o,
			      struct listener *l)
{
	bool damaged = false;
	errcode_t err = report_open(&c->img, path, o->offset, &l->diag,
				    &damaged);

	if (err) {
		c->img = NULL;
		if (!is_fault(err))
			return err;
		fault_image(c->faults, "%s", listener_said(l));
		return 0;
	}
	if (damaged)
		fault_image(c->faults, "the journal cannot be replayed: %s",
			    listener_said(l));
	c->geo = image_geometry(c->img);
	c->listener = l;
	err = run_passes(c, o->progress);
	if (!is_fault(err))
		return err;
	fault_image(c->faults, "%s", listener_said(l));
	return 0;
}

errcode_t report_verify(const char *path, const struct verify_options *o,
			struct emit *out, struct diag *diag)
{
	struct check c = { .progress = o->progress };
	struct listener l;
	struct faults faults;
	errcode_t err;

	listener_init(&l, diag);
	faults_init(&faults, out, o->json);
	c.faults = &faults;
	err = verify_image(&c, path, o, &l);
	if (!err)
		err = faults_tell(&faults, c.img);
	if (err)
		listener_tell(&l, path, err);
	else if (o->json)
		sum_json(&c, path, out);
	else
		sum_text(&c, path, out);
	if (!err && faults.told)
		err = E4PACK_ET_ANSWER_NO;
	release(&c);
	image_close(c.img);
	faults_release(&faults);
	listener_release(&l);
	return err;
}
