/* SPDX-License-Identifier: Apache-2.0 */
#include "run/rejects.h"

#include <inttypes.h>
#include <pwd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/json.h"
#include "base/suggest.h"
#include "batch/reject.h"
#include "run/internal.h"

enum { FIELDS_MAX = 64 << 20, CANDIDATES = 8 };

static const char *user(struct q_arena *arena)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry && entry->pw_name ? q_strdup(arena, entry->pw_name)
                                   : q_printf(arena, "uid %ld", (long)geteuid());
}

/* The record that is meant, as it is kept. */
struct found {
    struct q_arena *arena;
    size_t n;
    const char *relation, *status, *fields;
    const char *name;        /* in messages */
    struct q_buf candidates; /* addresses with their files */
    int64_t run_id, pos, resolved_by, edits;
    bool has_raw;
};

static enum q_code take_record(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct found *f = arg;
    const char *file = db_cell_text(f->arena, b, 7, row);
    (void)err;
    f->relation = db_cell_text(f->arena, b, 0, row);
    f->pos = db_cell_int(b, 1, row, 0);
    f->status = db_cell_text(f->arena, b, 2, row);
    f->resolved_by = db_cell_int(b, 3, row, 0);
    f->has_raw = db_cell_int(b, 4, row, 0) != 0;
    f->fields = db_cell_text(f->arena, b, 5, row);
    f->edits = db_cell_int(b, 6, row, 0);
    if (f->n++ < CANDIDATES)
        q_buf_printf(&f->candidates, "%s%" PRId64 ":%s:%" PRId64 ".%" PRId64 " (%s)",
                     f->n > 1 ? ", " : "", f->run_id, f->relation, q_pos_file(f->pos),
                     q_pos_offset(f->pos), file ? file : "?");
    return Q_OK;
}

static enum q_code ambiguous(const struct run_choice *c, const struct found *f, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_USAGE, "run %" PRId64 " rejected %zu records with the number %" PRId64,
               c->run_id, f->n, c->record_no);
    q_detail(err, "They are %s%s.", q_buf_text(&f->candidates),
             f->n > CANDIDATES || f->candidates.full ? " and others" : "");
    q_hint(err, "Give one of these addresses in place of %" PRId64 ":%" PRId64 ".", c->run_id,
           c->record_no);
    return code;
}

static enum q_code not_found(const struct run_choice *c, struct q_err *err)
{
    enum q_code code =
        c->has_pos
            ? q_fail(err, Q_USAGE, "run %" PRId64 " rejected no record at %s:%" PRId64 ".%" PRId64,
                     c->run_id, c->relation, q_pos_file(c->pos), q_pos_offset(c->pos))
            : q_fail(err, Q_USAGE, "run %" PRId64 " rejected no record %" PRId64 "%s%s", c->run_id,
                     c->record_no, c->file ? " of " : "", c->file ? c->file : "");
    q_hint(err, "See `quern rejects show %" PRId64 "`.", c->run_id);
    return code;
}

/* The one record that is chosen. */
static enum q_code find(struct run_session *s, const struct run_choice *c, struct found *f,
                        struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", c->run_id),
                           c->record_no ? db_int("record_no", c->record_no) : db_null("record_no"),
                           c->has_pos ? db_int("pos", c->pos) : db_null("pos"),
                           db_text("relation", c->relation), db_text("file", c->file)};
    *f = (struct found){.arena = s->arena, .run_id = c->run_id};
    q_buf_init(&f->candidates, Q_ERR_DETAIL - 64);
    enum q_code code =
        db_each(s->db, q_embed_text("state/find_reject.sql"), p, 5, take_record, f, err);
    if (!code && f->n != 1)
        code = f->n ? ambiguous(c, f, err) : not_found(c, err);
    f->name = c->has_pos ? q_printf(s->arena, "record %s", q_buf_text(&f->candidates))
                         : q_printf(s->arena, "record %" PRId64 " of run %" PRId64, c->record_no,
                                    c->run_id);
    q_buf_release(&f->candidates);
    return code;
}

static enum q_code is_open(const struct found *f, struct q_err *err)
{
    if (q_streq(f->status, "open"))
        return Q_OK;
    enum q_code code = q_fail(err, Q_USAGE, "%s is not open: it is %s", f->name, f->status);
    if (f->resolved_by)
        q_detail(err, "Run %" PRId64 " took it.", f->resolved_by);
    return code;
}

/* "name=value" or "name" into the fields of the row. */
static enum q_code set_field(struct q_arena *arena, struct q_json *row, const char *text,
                             bool is_null, struct q_err *err)
{
    const char *equals = is_null ? NULL : strchr(text, '=');
    if (!is_null && !equals) {
        enum q_code code = q_fail(err, Q_USAGE, "cannot set \"%s\": it has no \"=\"", text);
        q_hint(err, "Write --set column=value, or --null column.");
        return code;
    }
    const char *name = equals ? q_strndup(arena, text, (size_t)(equals - text)) : text;
    q_texts names = {0};
    bool known = false;
    for (size_t i = 0; i < q_json_count(row); i++) {
        struct q_json *value;
        const char *key = q_json_member(row, i, &value);
        *q_vec_push(arena, &names) = key;
        known = known || q_streq(key, name);
    }
    if (!known) {
        enum q_code code = q_fail(err, Q_USAGE, "the source row has no column \"%s\"", name);
        q_suggest_hint(err, name, names.v, names.n,
                       "Rules may name derived columns; what can be set are those of the source.");
        return code;
    }
    if (is_null)
        q_json_set_null(row, name);
    else
        q_json_set_text(row, name, equals + 1);
    return Q_OK;
}

static enum q_code edited_fields(struct q_arena *arena, const struct found *f,
                                 const struct run_edit *edit, const char **out, struct q_err *err)
{
    struct q_json *row = NULL;
    enum q_code code = q_json_parse(arena, q_str(f->fields), "source row", &row, err);
    for (size_t i = 0; i < edit->set->n && !code; i++)
        code = set_field(arena, row, edit->set->v[i], false, err);
    for (size_t i = 0; i < edit->null->n && !code; i++)
        code = set_field(arena, row, edit->null->v[i], true, err);
    if (code)
        return code;
    struct q_buf text;
    q_buf_init(&text, FIELDS_MAX);
    q_json_write(row, false, &text);
    *out = q_strdup(arena, q_buf_text(&text));
    q_buf_release(&text);
    return Q_OK;
}

/* Raw text goes with records that could not be read, columns with those that could. */
static enum q_code fits(const struct found *f, const struct run_edit *edit, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (edit->raw && !f->has_raw) {
        code = q_fail(err, Q_USAGE, "%s was read", f->name);
        q_hint(err, "Set its columns with --set column=value.");
    } else if (!edit->raw && f->has_raw) {
        code = q_fail(err, Q_USAGE, "%s could not be read", f->name);
        q_hint(err, "Give its whole text with --raw; `quern rejects show` has what it was.");
    } else if (!edit->raw && !f->fields) {
        code = q_fail(err, Q_USAGE, "the source row of %s is not kept", f->name);
        q_hint(err, "Correct it at its source, and run the pipeline again.");
    }
    return code;
}

struct params {
    struct db_param *p;
    size_t n;
    int64_t changed;
};

static enum q_code insert_edit(struct run_session *s, void *arg, struct q_err *err)
{
    struct params *x = arg;
    return db_exec(s->db, q_embed_text("state/insert_edit.sql"), x->p, x->n, NULL, err);
}

enum q_code run_edit_reject(struct run_session *s, const struct run_choice *choice,
                            const struct run_edit *edit, struct q_err *err)
{
    struct found f;
    const char *fields = NULL;
    enum q_code code = find(s, choice, &f, err);
    if (!code)
        code = is_open(&f, err);
    if (!code)
        code = fits(&f, edit, err);
    if (!code && !edit->raw)
        code = edited_fields(s->arena, &f, edit, &fields, err);
    if (code)
        return code;
    struct db_param p[] = {db_int("run_id", choice->run_id),
                           db_text("relation", f.relation),
                           db_int("pos", f.pos),
                           db_int("edit_no", f.edits + 1),
                           db_time("at", q_now()),
                           db_text("by", user(s->arena)),
                           db_text("raw", edit->raw),
                           db_text("fields", fields)};
    struct params x = {.p = p, .n = sizeof p / sizeof p[0]};
    return run_change(s, insert_edit, &x, err);
}

static enum q_code drop_chosen(struct run_session *s, void *arg, struct q_err *err)
{
    struct params *x = arg;
    enum q_code code =
        db_exec(s->db, q_embed_text("state/insert_drops.sql"), x->p, x->n, &x->changed, err);
    return code ? code : db_exec(s->db, q_embed_text("state/mark_dropped.sql"), NULL, 0, NULL, err);
}

enum q_code run_drop_rejects(struct run_session *s, const struct run_choice *c, const char *because,
                             int64_t *records, struct q_err *err)
{
    struct db_param p[] = {c->run_id ? db_int("run_id", c->run_id) : db_null("run_id"),
                           c->record_no ? db_int("record_no", c->record_no) : db_null("record_no"),
                           c->has_pos ? db_int("pos", c->pos) : db_null("pos"),
                           db_text("relation", c->relation),
                           db_text("file", c->file),
                           db_text("pipeline", c->pipeline),
                           db_text("reason", c->reason),
                           db_time("at", q_now()),
                           db_text("by", user(s->arena)),
                           db_text("because", because)};
    struct params x = {.p = p, .n = sizeof p / sizeof p[0]};
    struct found one;
    enum q_code code = c->record_no || c->has_pos ? find(s, c, &one, err) : Q_OK;
    if (!code)
        code = run_change(s, drop_chosen, &x, err);
    *records = x.changed;
    return code;
}
