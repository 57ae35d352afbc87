/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/json.h"
#include "db/cast.h"
#include "sql/build.h"
#include "sql/expr/expr.h"

enum { HEADER_MAX = 1 << 20 };

/* The raw records of one shape of file. */
struct part {
    int64_t number;
    const char *relation; /* what its rejects are called until they have their true places */
    const char *table;
    struct extract_file *file;
    struct reject_box *box;
};

struct spec {
    const char *relation, *table;
    const struct q_schema *columns;
    Q_VEC(struct part) parts;
    Q_VEC(struct db_cast) casts;
    const char *create; /* the staged table from parts and source rows */
    q_texts rejects;    /* source rows that are no longer of their types */
};

/* ---- temporary files ---- */

struct writer {
    struct q_arena *arena;
    const char *dir, *ending;
    struct q_str header;
    FILE *file;
    int64_t number; /* of the open file */
};

static enum q_code file_error(const struct writer *w, struct q_err *err)
{
    return q_fail(err, Q_NOSPACE, "could not write a temporary file in \"%s\": %s", w->dir,
                  strerror(errno));
}

static enum q_code end_file(struct writer *w, struct q_err *err)
{
    FILE *file = w->file;
    w->file = NULL;
    return file && fclose(file) != 0 ? file_error(w, err) : Q_OK;
}

static enum q_code begin_file(struct writer *w, int64_t number, struct q_err *err)
{
    enum q_code code = end_file(w, err);
    if (code)
        return code;
    w->number = number;
    w->file = fopen(q_printf(w->arena, "%s/%09lld.%s", w->dir, (long long)number, w->ending), "wb");
    if (!w->file || fwrite(w->header.p, 1, w->header.n, w->file) != w->header.n)
        return file_error(w, err);
    return Q_OK;
}

static enum q_code write_record(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct writer *w = arg;
    int64_t number = db_cell_int(b, 0, row, 0);
    struct q_str raw = batch_text_at(&b->cols[1], row);
    enum q_code code = number == w->number ? Q_OK : begin_file(w, number, err);
    if (!code && (fwrite(raw.p, 1, raw.n, w->file) != raw.n || fputc('\n', w->file) == EOF))
        code = file_error(w, err);
    return code;
}

/* "a","b" and a line end; quotes are doubled. */
static struct q_str header_of(struct q_arena *arena, const struct q_json *names,
                              const char *delimiter, char quote)
{
    struct q_buf line;
    q_buf_init(&line, HEADER_MAX);
    for (size_t i = 0; i < q_json_count(names); i++) {
        if (i)
            q_buf_adds(&line, delimiter);
        if (quote)
            q_buf_addc(&line, quote);
        for (const char *p = q_json_text(q_json_item(names, i), ""); *p; p++) {
            if (quote && *p == quote)
                q_buf_addc(&line, quote);
            q_buf_addc(&line, *p);
        }
        if (quote)
            q_buf_addc(&line, quote);
    }
    q_buf_addc(&line, '\n');
    struct q_str text = {q_strndup(arena, q_buf_text(&line), line.n), line.n};
    q_buf_release(&line);
    return text;
}

/* Which raw record goes to which temporary file, and where it will begin there. File 0 has all that cannot reach beyond
 * their line; the others have one each. */
static const char *map_sql(struct q_arena *arena, int64_t part, const char *shape, bool csv,
                           const char *quote, bool all_apart, int64_t header)
{
    const char *apart = "false";
    if (csv && all_apart)
        apart = "true";
    else if (csv)
        apart = sql_make(
            arena,
            "(raw IS NULL OR contains(raw, chr(10)) OR contains(raw, chr(13)) OR (length(raw) - "
            "length(replace(raw, %L, ''))) %% 2 = 1)",
            quote);
    return sql_make(
        arena,
        "INSERT INTO memory.replay.map WITH t AS (SELECT pos, coalesce(raw_bytes, encode(%s)) AS bytes, %s AS apart "
        "FROM memory.replay.records WHERE shape = %L), n AS (SELECT *, CASE WHEN apart THEN row_number() OVER "
        "(PARTITION BY apart ORDER BY pos) ELSE 0 END AS file, coalesce(sum(octet_length(bytes) + 1) OVER (PARTITION BY "
        "apart ORDER BY pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS before FROM t) SELECT %d, "
        "file, (file << %d) | (%d + CASE WHEN apart THEN 0 ELSE before END), pos, bytes FROM n",
        csv ? "raw" : "translate(raw, chr(10) || chr(13), '  ')", apart, shape, part,
        (int64_t)Q_POS_FILE_SHIFT, header);
}

static enum q_code write_files(struct plan *plan, struct writer *w, int64_t part, const char *map,
                               struct q_err *err)
{
    enum q_code code = db_exec(plan->db, map, NULL, 0, NULL, err);
    if (!code)
        code = q_dir_make(w->dir, err);
    if (!code)
        code = begin_file(w, 0, err);
    if (!code)
        code = db_each(
            plan->db,
            sql_make(plan->arena,
                     "SELECT file, bytes FROM memory.replay.map WHERE part = %d ORDER BY file, pos",
                     part),
            NULL, 0, write_record, w, err);
    enum q_code closed = end_file(w, code ? NULL : err);
    return code ? code : closed;
}

/* ---- compiling ---- */

static enum q_code describe_part(struct plan *plan, const struct cfg_source *cfg,
                                 const struct extract_file_options *options,
                                 const struct q_schema *declared, const struct q_schema *pinned,
                                 const char *shape, struct part *part, struct q_err *err)
{
    static int number;
    struct q_arena *arena = plan->arena;
    struct extract_file_options *o = q_new(arena, struct extract_file_options);
    struct extract_file_input *in = q_new(arena, struct extract_file_input);
    struct q_json *json = NULL;
    enum q_code code = q_json_parse(arena, q_str(shape), "shape of a file", &json, err);
    if (code)
        return code;
    const char *format = q_json_text(q_json_get(json, "format"), "");
    bool csv = q_streq(format, "csv"), fixed = q_streq(format, "fixed");
    *o = *options;
    if (csv && (!o->delimiter || q_streq(o->delimiter, "auto")))
        o->delimiter = q_json_text(q_json_get(json, "delimiter"), ",");
    bool tab = q_streq(o->delimiter, "tab") || q_streq(o->delimiter, "\\t");
    bool no_quote = o->quote && q_streq(o->quote, "none");
    const char *quote = no_quote ? "" : o->quote && *o->quote ? o->quote : "\"";
    const char *dir = q_printf(arena, ".quern/tmp/%ld/replay_%d", (long)getpid(), ++number);
    struct writer w = {.arena = arena,
                       .dir = q_path_join(arena, plan->project->dir, dir),
                       .ending = csv     ? "csv"
                                 : fixed ? "fixed"
                                         : "ndjson",
                       .number = -1};
    w.header =
        csv ? header_of(arena, q_json_get(json, "names"), tab ? "\t" : o->delimiter, quote[0])
            : (struct q_str){"", 0};
    code = write_files(plan, &w, part->number,
                       map_sql(arena, part->number, shape, csv, quote,
                               o->escape && *o->escape && !q_streq(o->escape, quote),
                               (int64_t)w.header.n),
                       err);
    if (code)
        return code;
    o->path = q_printf(arena, "%s/*.%s", dir, w.ending);
    o->format = w.ending;
    o->header = "true";
    o->encoding = "utf-8";
    o->compression = "none";
    o->skip_lines = o->footer_lines = 0;
    o->footer = o->comment = o->records = NULL;
    part->relation = q_printf(arena, "q_replay_%d", number);
    part->table = part->relation;
    part->box = reject_box_new(arena, part->relation);
    *in = (struct extract_file_input){.dir = plan->project->dir,
                                      .name = part->relation,
                                      .options = o,
                                      .cfg = q_json_bool(q_json_get(json, "paths"), false) ? cfg
                                                                                           : NULL,
                                      .contract = CFG_DISCARD_COLUMN, /* types are today's */
                                      .declared = declared,
                                      .pinned = pinned,
                                      .sink = reject_box_sink(part->box),
                                      .db = plan->db,
                                      .workers = 1};
    return extract_file_describe(arena, in, &part->file, err);
}

struct list {
    struct q_arena *arena;
    q_texts texts;
};

static enum q_code take_text(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct list *l = arg;
    const char *text = db_cell_text(l->arena, b, 0, row);
    (void)err;
    *q_vec_push(l->arena, &l->texts) = text ? text : "?";
    return Q_OK;
}

static enum q_code compile_parts(struct plan *plan, const struct cfg_source *cfg, struct spec *spec,
                                 const struct extract_file_options *options,
                                 const struct q_schema *declared, const struct q_schema *pinned,
                                 struct q_err *err)
{
    struct list shapes = {.arena = plan->arena};
    enum q_code code =
        db_exec(plan->db, q_embed_text("extract/replay_map.sql"), NULL, 0, NULL, err);
    if (!code)
        code = db_each(plan->db, q_embed_text("extract/replay_shapes.sql"), NULL, 0, take_text,
                       &shapes, err);
    for (size_t i = 0; i < shapes.texts.n && !code; i++) {
        struct part *part = q_vec_push(plan->arena, &spec->parts);
        part->number = (int64_t)i;
        code = describe_part(plan, cfg, options, declared, pinned, shapes.texts.v[i], part, err);
    }
    return code;
}

static bool is_text(struct q_type type)
{
    return type.id == Q_T_TEXT;
}

/* Types that come back from their text through the engine, which wrote it. */
static bool is_engines(struct q_type type)
{
    return type.id == Q_T_BLOB || type.id == Q_T_JSON || type.id == Q_T_UUID ||
           type.id == Q_T_OTHER;
}

static const char *value_of(struct plan *plan, struct spec *spec, const struct q_column *c)
{
    if (is_text(c->type))
        return sql_make(plan->arena, "%I", c->name);
    if (is_engines(c->type))
        return sql_make(plan->arena, "TRY_CAST(%I AS %T)", c->name, &c->type);
    struct db_cast cast = db_cast_plain(plan->arena, c->type);
    *q_vec_push(plan->arena, &spec->casts) = cast;
    return sql_make(plan->arena, "%s(%I)", cast.name, c->name);
}

/* {"a b": "1"} -> columns of text, by JSON pointer: ~ and / are escaped. */
static const char *texts_sql(struct plan *plan, const struct q_schema *columns)
{
    struct sql *q = sql_new(plan->arena);
    sql_add(q, "SELECT pos, fields AS _q_fields");
    for (size_t i = 0; i < columns->n; i++) {
        struct q_buf pointer;
        q_buf_init(&pointer, HEADER_MAX);
        q_buf_addc(&pointer, '/');
        for (const char *p = columns->v[i].name; *p; p++)
            if (*p == '~' || *p == '/')
                q_buf_adds(&pointer, *p == '~' ? "~0" : "~1");
            else
                q_buf_addc(&pointer, *p);
        sql_add(q, ", json_extract_string(fields, %L) AS %I", q_buf_text(&pointer),
                columns->v[i].name);
        q_buf_release(&pointer);
    }
    sql_add(q, " FROM memory.replay.records WHERE fields IS NOT NULL");
    return sql_text(q);
}

static void compile_sql(struct plan *plan, struct spec *spec)
{
    const struct q_schema *columns = spec->columns;
    struct sql *q = sql_new(plan->arena), *rows = sql_new(plan->arena),
               *good = sql_new(plan->arena);
    const char *texts = texts_sql(plan, columns);
    sql_add(q, "CREATE TABLE %I AS SELECT * FROM (", spec->table);
    for (size_t k = 0; k < spec->parts.n; k++) {
        for (size_t i = 0; i < columns->n; i++)
            sql_add(q, i ? ", p.%I" : "SELECT p.%I", columns->v[i].name);
        sql_add(
            q,
            ", m.pos AS _q_pos FROM %I AS p JOIN memory.replay.map AS m ON m.part = %d AND m.temp_pos "
            "= p._q_pos UNION ALL ",
            spec->parts.v[k].table, spec->parts.v[k].number);
    }
    sql_add(good, "true");
    for (size_t i = 0; i < columns->n; i++) {
        const struct q_column *c = &columns->v[i];
        const char *value = value_of(plan, spec, c);
        char text[Q_TYPE_TEXT];
        sql_add(rows, i ? ", %s AS %I" : "SELECT %s AS %I", value, c->name);
        if (is_text(c->type))
            continue;
        sql_add(good, " AND NOT (%I IS NOT NULL AND %s IS NULL)", c->name, value);
        *q_vec_push(plan->arena, &spec->rejects) = sql_make(
            plan->arena,
            "INSERT INTO q_rejects (relation, pos, ord, reason, col, value, detail, record) SELECT %L, pos, %d, 'cast', "
            "%L, %I, %L, _q_fields FROM (%s) WHERE %I IS NOT NULL AND %s IS NULL",
            spec->relation, (int64_t)STEP_ORD_PARSE, c->name, c->name, q_type_text(c->type, text),
            texts, c->name, value);
    }
    sql_add(q, "%s, pos AS _q_pos FROM (%s) WHERE %s) ORDER BY _q_pos", sql_text(rows), texts,
            sql_text(good));
    spec->create = sql_text(q);
}

/* ---- running ---- */

static enum q_code read_part(const struct spec *spec, const struct part *part, struct step_ctx *ctx,
                             struct q_err *err)
{
    const struct db_source *source = NULL;
    int64_t n[2] = {0, 0};
    enum q_code code = reject_box_open(part->box, ctx, err);
    if (!code)
        code = extract_file_open(part->file, &source, err);
    if (!code && source)
        code = db_add_source(ctx->db, source, err);
    if (!code)
        code = db_exec(ctx->db,
                       sql_make(ctx->arena, "CREATE TABLE %I AS %s", part->table,
                                extract_file_select(part->file)),
                       NULL, 0, NULL, err);
    extract_file_close(part->file);
    if (!code)
        code = reject_box_flush(part->box, err);
    if (!code)
        code = db_get_ints(
            ctx->db,
            sql_make(
                ctx->arena,
                "WITH found AS (SELECT _q_pos AS pos FROM %I UNION SELECT pos FROM q_rejects WHERE relation = %L) "
                "SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM found SEMI JOIN memory.replay.map AS m ON "
                "m.temp_pos = found.pos AND m.part = %d) - (SELECT count(*) FROM memory.replay.map WHERE part = %d)",
                part->table, part->relation, part->number, part->number),
            NULL, 0, n, 2, -1, err);
    if (!code && n[1] != 0)
        code = q_fail(err, Q_SOURCE, "cannot replay \"%s\": a raw record is empty", spec->relation);
    if (!code)
        code = db_get_ints(ctx->db,
                           sql_make(ctx->arena,
                                    "SELECT count(*) - %d FROM memory.replay.map WHERE part = %d",
                                    n[0], part->number),
                           NULL, 0, n, 1, -1, err);
    if (!code && n[0] != 0) {
        code = q_fail(err, Q_SOURCE, "cannot replay \"%s\": a raw record is more than one record",
                      spec->relation);
        q_hint(err, "Look for line ends in what `quern rejects edit --raw` was given.");
    }
    return code
               ? code
               : db_exec(
                     ctx->db,
                     sql_make(
                         ctx->arena,
                         "UPDATE q_rejects SET relation = %L, pos = m.pos FROM memory.replay.map AS m WHERE "
                         "q_rejects.relation = %L AND m.part = %d AND m.temp_pos = q_rejects.pos",
                         spec->relation, part->relation, part->number),
                     NULL, 0, NULL, err);
}

static enum q_code run_replay(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    static const char *const notes[] = {"extract/replay_sources.sql", "extract/replay_places.sql",
                                        "extract/replay_shape_rows.sql"};
    const struct spec *spec = step->spec;
    struct db_param p[] = {db_text("relation", spec->relation)};
    enum q_code code = db_add_casts(ctx->db, spec->casts.v, spec->casts.n, err);
    for (size_t i = 0; i < spec->parts.n && !code; i++)
        code = read_part(spec, &spec->parts.v[i], ctx, err);
    if (!code)
        code = db_exec(ctx->db, spec->create, NULL, 0, NULL, err);
    for (size_t i = 0; i < spec->rejects.n && !code; i++)
        code = db_exec(ctx->db, spec->rejects.v[i], NULL, 0, NULL, err);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0] && !code; i++)
        code = db_exec(ctx->db, q_embed_text(notes[i]), p, 1, NULL, err);
    if (code)
        q_context(err, "reading rejected records of \"%s\"", spec->relation);
    return code;
}

enum q_code extract_replay(struct plan *plan, const struct cfg_source *cfg,
                           const struct extract_file_options *options,
                           const struct q_schema *declared, const struct q_schema *pinned,
                           const struct q_schema *columns, struct q_err *err)
{
    struct spec *spec = q_new(plan->arena, struct spec);
    struct list files = {.arena = plan->arena};
    spec->relation = cfg->name.s;
    spec->table = q_printf(plan->arena, "s_%s", cfg->name.s);
    spec->columns = columns;
    enum q_code code = compile_parts(plan, cfg, spec, options, declared, pinned, err);
    if (!code)
        code = db_each(plan->db, q_embed_text("extract/replay_files.sql"), NULL, 0, take_text,
                       &files, err);
    if (code)
        return code;
    compile_sql(plan, spec);
    q_paths *paths = q_new(plan->arena, q_paths);
    for (size_t i = 0; i < files.texts.n; i++)
        *q_vec_push(plan->arena, paths) = files.texts.v[i];
    *q_vec_push(plan->arena, &plan->sources) = (struct plan_source){.name = spec->relation,
                                                                    .table = spec->table,
                                                                    .cfg = cfg,
                                                                    .columns = *columns,
                                                                    .files = paths,
                                                                    .driver = spec};
    struct plan_step *step = plan_add_step(plan, "extract", cfg->name.s, spec->table);
    step->spec = spec;
    step->run = run_replay;
    plan_step_sql(plan, step, spec->create);
    return Q_OK;
}
