// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of batch that show the state as staged, delayed extents
 * included.  Inodes have no numbers before the end, unless the image is live:
 * 0 stands for them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "pack/batch_run.h"

static const char *status_name(uint32_t status)
{
	return status & ES_DELAYED ? "delayed" :
	       status & ES_UNWRITTEN ? "unwritten" : "written";
}

static errcode_t fill_table(struct batch *b, const struct delayed_file *f)
{
	uint32_t bits = b->tree->delay->block_bits;
	struct es_extent e;
	uint32_t lblk = 0;
	errcode_t err = 0;

	es_table_clear(&b->table);
	while (!err && es_next_extent(&f->es, ES_MAPPED | ES_DELAYED, lblk,
				      &e)) {
		err = es_table_add(&b->table, e.lblk, e.len,
				   e.status & ES_DELAYED ? 0 : e.pblk,
				   status_name(e.status));
		lblk = e.lblk + e.len;
	}
	if (!err && !f->in_inode)
		err = es_table_end(&b->table, div_round_up(f->size,
							   UINT64_C(1) <<
							   bits));
	return err;
}

/* A path as all reports give it, from the root, to free(). */
static char *from_root(const char *path)
{
	char *whole;

	return asprintf(&whole, "/%s", path) < 0 ? NULL : whole;
}

errcode_t batch_es(struct batch *b, const struct script_command *c)
{
	struct es_heading h = { .ino = 0 };
	char *path = NULL;
	struct node *n;
	errcode_t err = edit_lookup(b->tree, c->path, true, &n);

	if (!err && !S_ISREG(n->inode->mode))
		err = S_ISDIR(n->inode->mode) ? EISDIR : EINVAL;
	if (!err)
		err = delayed_file_load(&n->inode->file, b->tree->delay);
	if (!err)
		err = fill_table(b, &n->inode->file);
	if (!err)
		delayed_file_unload(&n->inode->file, b->tree->delay);
	if (!err)
		path = from_root(c->path);
	if (err || !path)
		return err ? err : ENOMEM;
	h.path = path;
	h.path_len = strlen(path);
	h.ino = n->inode->ino;
	h.size = n->inode->file.size;
	h.in_inode = n->inode->file.in_inode;
	if (b->options->json) {
		b->result = es_table_document(&b->table, &h);
		err = b->result ? 0 : ENOMEM;
	} else {
		es_table_text(&b->table, &h, &b->out, 0, !b->began);
		b->began = true;
	}
	free(path);
	return err;
}

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	default:
		return "socket";
	}
}

static uint64_t size_of(const struct tree_inode *i)
{
	return S_ISREG(i->mode) ? i->file.size :
	       S_ISLNK(i->mode) ? i->link.len : 0;
}

/* One object as a JSON row: the keys that ls --json has. */
static json_t *object_json(const char *name, size_t len,
			   const struct tree_inode *i)
{
	const struct timestamp mtime = tree_time(i, INODE_MTIME);
	json_t *doc = json_pack("{s:I,s:s,s:o,s:I,s:I,s:I,s:I,s:o}",
				"inode", (json_int_t)i->ino,
				"type", type_name(i->mode),
				"mode", json_sprintf("%04o", i->mode & 07777),
				"uid", (json_int_t)i->uid,
				"gid", (json_int_t)i->gid,
				"nlink", (json_int_t)i->links,
				"size", (json_int_t)size_of(i),
				"mtime", emit_json_time(mtime));

	if (doc && emit_json_name(doc, "path", name, len)) {
		json_decref(doc);
		doc = NULL;
	}
	if (doc && S_ISLNK(i->mode) &&
	    emit_json_name(doc, "target", i->link.target, i->link.len)) {
		json_decref(doc);
		doc = NULL;
	}
	return doc;
}

static uint64_t blocks_with(const struct delayed_file *f, uint32_t status)
{
	struct es_extent e;
	uint32_t lblk = 0;
	uint64_t n = 0;

	while (es_next_extent(&f->es, status, lblk, &e)) {
		n += e.len;
		lblk = e.lblk + e.len;
	}
	return n;
}

static void stat_file(struct batch *b, const struct delayed_file *f)
{
	emit_text(&b->out, "  blocks     %" PRIu64 " written, %" PRIu64
		  " unwritten, %" PRIu64 " delayed\n",
		  blocks_with(f, ES_WRITTEN), blocks_with(f, ES_UNWRITTEN),
		  blocks_with(f, ES_DELAYED));
	emit_text(&b->out, "  reserved   %u\n", f->es.reserved);
	if (f->in_inode)
		emit_text(&b->out, "  inline     yes\n");
}

static void stat_text(struct batch *b, const char *path,
		      const struct tree_inode *i)
{
	const struct timestamp t = tree_time(i, INODE_MTIME);
	char *name = diag_escape(path);

	emit_text(&b->out, "%s: %s\n", name ? name : "", type_name(i->mode));
	emit_text(&b->out, "  mode       %04o\n", i->mode & 07777);
	emit_text(&b->out, "  owner      %u:%u\n", i->uid, i->gid);
	emit_text(&b->out, "  links      %u\n", i->links);
	emit_text(&b->out, "  size       %" PRIu64 "\n", size_of(i));
	emit_text(&b->out, "  mtime      %" PRId64 ".%09u\n", t.sec,
		  (unsigned int)t.nsec);
	if (S_ISLNK(i->mode))
		emit_text(&b->out, "  target     %s\n", i->link.target);
	if (S_ISREG(i->mode))
		stat_file(b, &i->file);
	free(name);
}

errcode_t batch_stat(struct batch *b, const struct script_command *c)
{
	struct node *n;
	errcode_t err = edit_lookup(b->tree, c->path, false, &n);
	bool file = !err && !b->options->json && S_ISREG(n->inode->mode);
	char *path = err ? NULL : from_root(c->path);

	if (file)
		err = delayed_file_load(&n->inode->file, b->tree->delay);
	if (!err && !path)
		err = ENOMEM;
	if (!err && !b->options->json)
		stat_text(b, path, n->inode);
	if (file && !err)
		delayed_file_unload(&n->inode->file, b->tree->delay);
	if (err || !b->options->json) {
		free(path);
		return err;
	}
	b->result = object_json(path, strlen(path), n->inode);
	if (b->result && S_ISREG(n->inode->mode)) {
		json_object_set_new(b->result, "reserved",
				    json_integer(n->inode->file.es.reserved));
		json_object_set_new(b->result, "inline",
				    json_boolean(n->inode->file.in_inode));
	}
	free(path);
	return b->result ? 0 : ENOMEM;
}

errcode_t batch_df(struct batch *b, const struct script_command *c)
{
	struct live_space s;

	(void)c;
	live_space(b->build->live, &s);
	if (b->options->json) {
		b->result = json_pack("{s:I,s:I,s:I}",
				      "free", (json_int_t)s.free,
				      "reserved", (json_int_t)s.reserved,
				      "dirty", (json_int_t)s.dirty);
		return b->result ? 0 : ENOMEM;
	}
	emit_text(&b->out, "free       %" PRIu64 " blocks\n", s.free);
	emit_text(&b->out, "reserved   %" PRIu64 " blocks\n", s.reserved);
	emit_text(&b->out, "dirty      %" PRIu64 " blocks\n", s.dirty);
	return 0;
}

static void ls_text(struct batch *b, const struct node *n)
{
	const struct tree_inode *i = n->inode;
	char *name = strndup(n->name, n->name_len);
	char *shown = name ? diag_escape(name) : NULL;

	emit_text(&b->out, "%-9s %04o %5u:%-5u %12" PRIu64 " %s\n",
		  type_name(i->mode), i->mode & 07777, i->uid, i->gid,
		  size_of(i), shown ? shown : "");
	free(shown);
	free(name);
}

errcode_t batch_ls(struct batch *b, const struct script_command *c)
{
	json_t *list = NULL;
	struct names_cursor names;
	struct node *n, *child;
	errcode_t err = edit_lookup(b->tree, c->path, true, &n);

	if (err)
		return err;
	if (!S_ISDIR(n->inode->mode))
		return ENOTDIR;
	err = tree_load_folder(b->tree, n);
	if (err)
		return err;
	if (b->options->json)
		list = json_array();
	names = names_begin(&n->inode->dir.children);
	while ((child = names_next(&names))) {
		if (list)
			json_array_append_new(list,
					      object_json(child->name,
							  child->name_len,
							  child->inode));
		else
			ls_text(b, child);
	}
	if (list)
		b->result = json_pack("{s:o}", "entries", list);
	return 0;
}

errcode_t batch_echo(struct batch *b, const struct script_command *c)
{
	if (b->options->json) {
		b->result = json_pack("{s:s}", "text", c->text);
		return 0;
	}
	emit_text(&b->out, "%s\n", c->text);
	return 0;
}
