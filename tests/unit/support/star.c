/* SPDX-License-Identifier: Apache-2.0 */
#include "support/star.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "format/write/write.h"
#include "load/load.h"
#include "unit.h"

/* The batch that the stage below gives; one at a time. */
static const char *given;

static struct q_str line_of(const char **text)
{
    size_t n = strcspn(*text, "\n");
    struct q_str line = {*text, n};
    *text += n + ((*text)[n] == '\n');
    return line;
}

/* The next field of a line, without blanks around it. */
static const char *field_of(struct q_arena *arena, struct q_str *line)
{
    size_t n = 0, depth = 0;
    for (; n < line->n && (line->p[n] != ',' || depth); n++)
        depth += line->p[n] == '(' ? 1 : line->p[n] == ')' ? (size_t)-1 : 0;
    struct q_str field = q_str_trim((struct q_str){line->p, n});
    const char *text = q_strndup(arena, field.p, field.n);
    size_t used = n + (n < line->n);
    line->p += used;
    line->n -= used;
    return text;
}

static void read_columns(struct q_arena *arena, struct q_str line, struct q_schema *out)
{
    while (line.n) {
        const char *field = field_of(arena, &line), *blank = strchr(field, ' ');
        struct q_type type;
        struct q_err err = {0};
        assert_non_null(blank);
        if (q_type_parse(blank + 1, &type, &err))
            fail_msg("%s", err.message);
        q_schema_add(arena, out, q_strndup(arena, field, (size_t)(blank - field)), type);
    }
}

static void add_row(struct sql *q, struct q_arena *arena, const struct q_schema *columns,
                    struct q_str line, int64_t number)
{
    if (q_schema_find(columns, "_q_pos") < 0)
        sql_add(q, "CAST(%d AS BIGINT) AS _q_pos, ", number);
    for (size_t i = 0; i < columns->n; i++) {
        const char *field = field_of(arena, &line);
        sql_add(q, "%sCAST(%L AS %T) AS %I", i ? ", " : "", q_streq(field, "NULL") ? NULL : field,
                &columns->v[i].type, columns->v[i].name);
    }
}

static enum q_code give_batch(struct plan *plan, struct q_err *err)
{
    (void)err;
    struct q_schema columns = {0};
    const char *text = given;
    struct q_str unread = {0};
    if (*text == '!')
        unread = line_of(&text);
    read_columns(plan->arena, line_of(&text), &columns);
    struct sql *q = sql_new(plan->arena);
    int64_t rows = 0;
    sql_add(q, "CREATE TABLE t1_batch AS SELECT * FROM (");
    while (*text) {
        sql_add(q, rows ? " UNION ALL SELECT " : "SELECT ");
        struct q_str line = line_of(&text);
        add_row(q, plan->arena, &columns, line, ++rows);
    }
    if (!rows) {
        sql_add(q, "SELECT ");
        add_row(q, plan->arena, &columns, Q_STR(""), 0);
    }
    sql_add(q, ") AS v WHERE %s", rows ? "true" : "false");
    struct plan_step *step = plan_add_step(plan, "extract", "batch", "batch");
    plan_step_sql(plan, step, sql_text(q));
    plan_step_sql(plan, step, "CREATE VIEW s_batch AS SELECT * FROM t1_batch");
    if (unread.n)
        plan_step_sql(
            plan, step,
            sql_make(
                plan->arena,
                "INSERT INTO q_rejects (relation, pos, ord, rule, reason) VALUES ('batch', %s, 0, "
                "'batch', 'cast')",
                q_strndup(plan->arena, unread.p + 1, unread.n - 1)));
    plan_step_sql(
        plan, step,
        "INSERT INTO q_sources SELECT 'batch', 0, 'batch', 0, count(DISTINCT _q_pos) + (SELECT count(*) FROM q_rejects), 0, '' "
        "FROM t1_batch");
    struct plan_source *source = q_vec_push(plan->arena, &plan->sources);
    *source = (struct plan_source){.name = "batch", .table = "s_batch"};
    for (size_t i = 0; i < columns.n; i++)
        if (!q_starts(columns.v[i].name, "_q_pos"))
            q_schema_add(plan->arena, &source->columns, columns.v[i].name, columns.v[i].type);
    plan->current = (struct plan_relation){"t1_batch", source->columns};
    if (q_schema_find(&columns, "_q_pos_other") >= 0)
        *q_vec_push(plan->arena, &plan->sources) =
            (struct plan_source){.name = "other", .table = "s_other"};
    plan->current_is_table = true;
    return Q_OK;
}

static const struct plan_stage batch_stage = {.name = "extract", .compile = give_batch};
static const struct plan_stage *const stages[] = {&batch_stage, &load_stage};

static void read_project(struct star *s)
{
    struct q_arena *arena = s->place.arena;
    struct cfg_options options = {.dir = s->place.dir};
    struct q_err err = {0};
    enum q_code code = cfg_load(arena, &options, &s->project, &err);
    if (!code)
        code = model_build(arena, s->project, &s->model, &err);
    if (!code)
        code = run_open(q_arena_new(arena, "session"), s->project, s->model, stages, 2, 0,
                        &s->session, &err);
    if (!code)
        code = run_lock(&s->session, &err);
    if (code)
        fail_msg("%s (%s)", err.message, err.hint);
}

struct star star_open(const struct star_file *files, size_t n)
{
    struct star s = {.place = place_make()};
    q_log_setup(Q_LOG_ERROR, false);
    place_write(&s.place, "quern.yaml",
                "project: test\n"
                "environments:\n"
                "  dev: { warehouse: { type: duckdb, path: warehouse.duckdb, threads: 2 } }\n");
    for (size_t i = 0; i < n; i++)
        place_write(&s.place, files[i].path, files[i].text);
    read_project(&s);
    return s;
}

void star_reopen(struct star *s)
{
    q_arena_free(s->session.arena);
    read_project(s);
}

void star_close(struct star *s)
{
    q_clock_reset();
    q_arena_free(s->session.arena);
    place_drop(&s->place);
}

enum q_code star_try(struct star *s, const char *pipeline, const char *clock, const char *batch)
{
    int64_t now = 0;
    s->err = (struct q_err){0};
    assert_int_equal(q_parse_timestamp(clock, "the clock", &now, NULL), Q_OK);
    q_clock_set(now);
    given = batch;
    const struct cfg_pipeline *p = cfg_find_pipeline(s->project, pipeline);
    assert_non_null(p);
    return run_pipeline(&s->session, p, false, NULL, &s->result, &s->err);
}

void star_load(struct star *s, const char *pipeline, const char *clock, const char *batch)
{
    if (star_try(s, pipeline, clock, batch))
        fail_msg("%s (%s; %s; %s)", s->err.message, s->err.detail, s->err.context[0],
                 s->err.context[1]);
    if (!q_streq(s->result.status, "published"))
        fail_msg("%s: %s", s->result.status, s->result.message ? s->result.message : "?");
}

static enum q_code put(void *buf, struct q_str text, struct q_err *err)
{
    (void)err;
    q_buf_add(buf, text.p, text.n);
    return Q_OK;
}

static const char *query(struct star *s, const char *sql, struct q_err *err)
{
    struct q_buf *out = q_new(s->place.arena, struct q_buf);
    struct db_result *r;
    struct writer *w;
    const struct write_options plain = {0};
    const struct batch *b = NULL;
    q_buf_init_in(out, s->place.arena, 1 << 20);
    enum q_code code = db_query(s->session.db, sql, NULL, 0, &r, err);
    if (code)
        return NULL;
    code = write_begin(s->place.arena, write_format_find("csv"), &plain,
                       (struct write_sink){.self = out, .put = put}, db_columns(r), &w, err);
    while (!code && !(code = db_next(r, &b, err)) && b)
        code = write_batch(w, b, err);
    if (!code)
        code = write_end(w, err);
    db_close(r);
    return code ? NULL : q_buf_text(out);
}

const char *star_query(struct star *s, const char *sql)
{
    struct q_err err = {0};
    if (run_detach(&s->session, &err) || run_attach(&s->session, &err) ||
        db_exec(s->session.db, "USE wh.main", NULL, 0, NULL, &err))
        fail_msg("%s", err.message);
    const char *text = query(s, sql, &err);
    if (!text)
        fail_msg("%s", err.message);
    if (db_exec(s->session.db, "USE memory.main", NULL, 0, NULL, &err))
        fail_msg("%s", err.message);
    return text;
}

void star_expect(struct star *s, const char *sql, const char *csv)
{
    assert_string_equal(star_query(s, sql), csv);
}

const char *star_counts(const struct star *s)
{
    const struct run_result *r = &s->result;
    return q_printf(s->place.arena,
                    "inserted %" PRId64 " updated %" PRId64 " unchanged %" PRId64
                    " superseded %" PRId64 " opened %" PRId64 " closed %" PRId64
                    " rejected %" PRId64 " skipped %" PRId64,
                    r->inserted, r->updated, r->unchanged, r->superseded, r->opened, r->closed,
                    r->rejected, r->skipped);
}

const char *star_reasons(const struct star *s)
{
    const char *text = "";
    for (size_t i = 0; i < s->result.reasons.n; i++) {
        const struct run_reason *r = &s->result.reasons.v[i];
        text = q_printf(s->place.arena, "%s%s%s %s %" PRId64, text, i ? ", " : "", r->kind,
                        r->reason, r->records);
    }
    return text;
}
