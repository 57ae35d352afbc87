/* SPDX-License-Identifier: Apache-2.0 */
/* Rules are evaluated, judged and written down. */
#include <stdlib.h>

#include "base/clock.h"
#include "check/internal.h"

struct sample {
    int64_t rule, pos;
    const char *json;
};

struct runner {
    const struct check *c;
    struct db_conn *db;
    struct q_arena *arena;
    struct check_outcome *out; /* as c->rules */
    bool *use;                 /* what is in the scan: rules that crashed are taken out */
    int64_t rows;
    Q_VEC(struct sample) samples;
};

static enum q_code exec(struct runner *r, const char *sql, struct q_err *err)
{
    return db_exec(r->db, sql, NULL, 0, NULL, err);
}

/* The statement was wrong, not the machine. */
static bool is_rule_error(enum q_code code)
{
    return code == Q_SQL;
}

/* A crash of one rule is its state; other errors end the run. */
static enum q_code settle(struct runner *r, size_t i, enum q_code code, const struct q_err *why,
                          struct q_err *err)
{
    if (!is_rule_error(code)) {
        if (code)
            *err = *why;
        return code;
    }
    r->out[i].error = q_strdup(r->arena, why->message);
    r->use[i] = false;
    return Q_OK;
}

static enum q_code run_set(struct runner *r, size_t i, struct q_err *err)
{
    const struct check_rule *rule = &r->c->rules.v[i];
    struct q_err why = {0};
    enum q_code code =
        exec(r,
             sql_make(r->arena,
                      "DROP TABLE IF EXISTS %I; DROP TABLE IF EXISTS %I; DROP TABLE IF EXISTS %I",
                      rule->set, q_printf(r->arena, "%s_keys", rule->set),
                      q_printf(r->arena, "%s_rows", rule->set)),
             &why);
    for (size_t k = 0; !code && k < rule->statements.n; k++)
        code = exec(r, rule->statements.v[k], &why);
    if (!code)
        code = exec(r, check_collect_set_sql(r->c, i), &why);
    int64_t n[3] = {0};
    if (!code && rule->tell)
        code = db_get_ints(r->db, rule->tell, NULL, 0, n, 3, 0, &why);
    if (!code && n[0])
        r->out[i].message = q_printf(r->arena, "%lld duplicate keys, %lld rows, %lld surplus",
                                     (long long)n[0], (long long)n[1], (long long)n[2]);
    return settle(r, i, code, &why, err);
}

static enum q_code run_query(struct runner *r, size_t i, struct q_err *err)
{
    struct q_err why = {0};
    enum q_code code = db_get_ints(r->db, r->c->rules.v[i].statements.v[0], NULL, 0,
                                   &r->out[i].failed, 1, 0, &why);
    return settle(r, i, code, &why, err);
}

static enum q_code run_apart(struct runner *r, enum check_form form, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < r->c->rules.n; i++) {
        if (r->c->rules.v[i].form != form)
            continue;
        int64_t start = q_ticks();
        code = form == CHECK_SET ? run_set(r, i, err) : run_query(r, i, err);
        r->out[i].seconds = (double)(q_ticks() - start) / 1e6;
    }
    return code;
}

/* The scan failed: each rule alone tells which one it was. */
static enum q_code find_crash(struct runner *r, struct q_err *err)
{
    size_t n = r->c->rules.n;
    bool *alone = q_alloc_array(r->arena, n + 1, sizeof *alone);
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < n; i++) {
        struct q_err why = {0};
        if (r->c->rules.v[i].form != CHECK_ROWS && r->c->rules.v[i].form != CHECK_SET)
            continue;
        alone[i] = true;
        code = settle(r, i, exec(r, check_scan_sql(r->c, alone), &why), &why, err);
        alone[i] = false;
    }
    return code ? code : exec(r, check_scan_sql(r->c, r->use), err);
}

static enum q_code run_scan(struct runner *r, struct q_err *err)
{
    struct q_err why = {0};
    int64_t start = q_ticks();
    enum q_code code = exec(r, check_scan_sql(r->c, r->use), &why);
    if (is_rule_error(code))
        code = find_crash(r, err);
    else if (code)
        *err = why;
    if (!code)
        code = exec(r, check_collect_sql(r->c), err);
    size_t n = 0;
    for (size_t i = 0; i < r->c->rules.n; i++)
        n += r->c->rules.v[i].form == CHECK_ROWS;
    for (size_t i = 0; i < r->c->rules.n; i++)
        if (r->c->rules.v[i].form == CHECK_ROWS)
            r->out[i].seconds = (double)(q_ticks() - start) / 1e6 / (double)n;
    return code;
}

static enum q_code add_failures(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct runner *r = arg;
    (void)err;
    for (size_t i = 0; i < r->c->rules.n; i++)
        if (check_mask_has(b, row, i))
            r->out[i].failed += db_cell_int(b, 0, row, 0);
    return Q_OK;
}

static enum q_code read_counts(struct runner *r, struct q_err *err)
{
    size_t n = r->c->rules.n, apart = 1;
    int64_t *ints = q_alloc_array(r->arena, n + 1, sizeof *ints);
    for (size_t i = 0; i < n; i++)
        apart += check_counts_apart(&r->c->rules.v[i]);
    enum q_code code = db_get_ints(r->db, check_evaluated_sql(r->c), NULL, 0, ints, apart, 0, err);
    if (!code)
        code = db_each(r->db, check_masks_sql(r->c), NULL, 0, add_failures, r, err);
    r->rows = ints[0];
    apart = 1;
    for (size_t i = 0; i < n; i++) {
        const struct check_rule *rule = &r->c->rules.v[i];
        struct check_outcome *o = &r->out[i];
        o->rows = r->rows;
        if (rule->form == CHECK_SQL) {
            o->evaluated = r->rows;
        } else if (rule->form == CHECK_COUNT) {
            o->evaluated = 1;
            o->failed = r->rows < rule->min || r->rows > rule->max;
        } else {
            o->evaluated = check_counts_apart(rule) ? ints[apart++] : r->rows;
        }
    }
    return code;
}

/* Integers only: 36. */
static bool exceeds(const struct cfg_threshold *t, int64_t failed, int64_t rows)
{
    __int128 left = failed, right = t->bound;
    if (t->percent) {
        left *= 1000000;
        right *= rows;
    }
    return t->or_equal ? left >= right : left > right;
}

static const char *severity_name(int severity)
{
    static const char *const names[] = {[CFG_INFO] = "info",
                                        [CFG_WARN] = "warn",
                                        [CFG_ERROR] = "error",
                                        [CFG_CRITICAL] = "critical"};
    return severity < 0 ? NULL : names[severity];
}

static int highest_declared(const struct cfg_rule *cfg)
{
    for (int s = CFG_SEVERITIES - 1; s >= 0; s--)
        if (cfg->at[s].set)
            return s;
    return CFG_ERROR;
}

/* The empty relation: row rules pass, what is about the whole of it fails, unless on_empty says otherwise (39). */
static int empty_severity(const struct check_rule *rule)
{
    bool fails = rule->form == CHECK_COUNT;
    if (rule->cfg->on_empty_given)
        fails = rule->cfg->on_empty_fail;
    return fails ? highest_declared(rule->cfg) : -1;
}

/* The highest severity whose threshold is exceeded, or -1. */
static int severity_of(const struct check_rule *rule, const struct check_outcome *o)
{
    if (!rule->cfg)
        return o->failed ? CFG_INFO : -1;
    if (!o->rows && !(rule->form == CHECK_SQL && o->failed))
        return empty_severity(rule);
    for (int s = CFG_SEVERITIES - 1; s >= 0; s--)
        if (rule->cfg->at[s].set &&
            exceeds(&rule->cfg->at[s], o->failed, rule->form == CHECK_COUNT ? 1 : o->rows))
            return s;
    return -1;
}

static enum q_code take_sample(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct runner *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->samples) = (struct sample){.rule = db_cell_int(b, 0, row, 0),
                                                         .pos = db_cell_int(b, 1, row, 0),
                                                         .json = db_cell_text(r->arena, b, 2, row)};
    return Q_OK;
}

static int by_position(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->rule != y->rule ? (x->rule < y->rule ? -1 : 1)
                              : (x->pos > y->pos) - (x->pos < y->pos);
}

/* [{...},{...}] of each rule, by position. */
static void note_samples(struct runner *r)
{
    struct sample *all = r->samples.v;
    struct q_buf text;
    if (r->samples.n)
        qsort(all, r->samples.n, sizeof *all, by_position);
    for (size_t i = 0, k; i < r->samples.n; i = k) {
        q_buf_init(&text, SIZE_MAX);
        for (k = i; k < r->samples.n && all[k].rule == all[i].rule; k++)
            q_buf_printf(&text, "%s%s", k > i ? "," : "[", all[k].json);
        q_buf_adds(&text, "]");
        r->out[all[i].rule].samples = q_strdup(r->arena, q_buf_text(&text));
        q_buf_release(&text);
    }
}

static enum q_code read_samples(struct runner *r, struct q_err *err)
{
    bool *use = q_alloc_array(r->arena, r->c->rules.n + 1, sizeof *use);
    bool any = false;
    for (size_t i = 0; i < r->c->rules.n; i++) {
        const struct check_rule *rule = &r->c->rules.v[i];
        bool rows = rule->form == CHECK_ROWS || rule->form == CHECK_SET;
        use[i] = rows && r->out[i].failed && !r->out[i].error && !rule->silent;
        any = any || use[i];
    }
    enum q_code code =
        any ? db_each(r->db, check_samples_sql(r->c, use), NULL, 0, take_sample, r, err) : Q_OK;
    note_samples(r);
    return code;
}

/* One row of q_rules, as VALUES. Texts are literals: a run has many rules, and one statement is quicker than many. */
static void add_rule(struct runner *r, struct sql *q, size_t i)
{
    const struct check_rule *rule = &r->c->rules.v[i];
    const struct check_outcome *o = &r->out[i];
    int severity = o->error ? -1 : severity_of(rule, o);
    const char *state = o->error ? "error" : severity >= 0 ? "failed" : "passed";
    sql_add(q, "(%d, %L, %d, %d, %d, %L, %L, %s, %s, %L, %L, %s)", (int64_t)rule->ord, rule->name,
            o->rows, o->error ? INT64_C(0) : o->evaluated, o->error ? INT64_C(0) : o->failed,
            severity_name(severity), state,
            !o->rows && rule->form != CHECK_COUNT ? "true" : "false",
            q_printf(r->arena, "%.6f", o->seconds), o->error ? o->error : o->message, o->samples,
            rule->rejects ? "true" : "false");
}

static enum q_code write_rules(struct runner *r, struct q_err *err)
{
    struct sql *q = sql_new(r->arena);
    bool first = true;
    sql_add(
        q,
        "INSERT INTO q_rules (ord, name, rows, evaluated, failed, severity, state, vacuous, seconds, message, "
        "samples, removes) VALUES ");
    for (size_t i = 0; i < r->c->rules.n; i++) {
        const struct check_rule *rule = &r->c->rules.v[i];
        const struct check_outcome *o = &r->out[i];
        if (rule->silent || (!rule->cfg && !rule->always && !o->failed && !o->error))
            continue;
        sql_sep(q, &first, ", ");
        add_rule(r, q, i);
    }
    return first ? Q_OK : exec(r, sql_text(q), err);
}

static enum q_code write_rejects(struct runner *r, struct q_err *err)
{
    bool *use = q_alloc_array(r->arena, r->c->rules.n + 1, sizeof *use);
    bool any = false;
    for (size_t i = 0; i < r->c->rules.n; i++) {
        const struct check_rule *rule = &r->c->rules.v[i];
        bool rows = rule->form == CHECK_ROWS || rule->form == CHECK_SET;
        use[i] = rule->rejects && rows && r->out[i].failed && !r->out[i].error;
        any = any || use[i];
    }
    return any ? exec(r, check_rejects_sql(r->c, use), err) : Q_OK;
}

static enum q_code write_all(struct runner *r, struct q_err *err)
{
    enum q_code code = write_rejects(r, err);
    if (!code)
        code = write_rules(r, err);
    for (size_t i = 0; !code && i < r->c->rules.n; i++) {
        const struct check_rule *rule = &r->c->rules.v[i];
        if (rule->fatal && r->out[i].failed)
            code = q_fail(err, Q_FAILED,
                          "%lld rows have no member in %s, and the role says `missing: fail`",
                          (long long)r->out[i].failed, rule->detail);
    }
    return code;
}

enum q_code check_run(const struct check *check, struct db_conn *conn, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "check");
    size_t n = check->rules.n;
    struct runner r = {.c = check, .db = conn, .arena = arena};
    r.out = q_alloc_array(arena, n + 1, sizeof *r.out);
    r.use = q_alloc_array(arena, n + 1, sizeof *r.use);
    for (size_t i = 0; i < n; i++)
        r.use[i] = true;
    enum q_code code = db_add_casts(conn, check->casts.v, check->casts.n, err);
    if (!code)
        code = exec(&r, check_failed_table_sql(check), err);
    if (!code)
        code = run_apart(&r, CHECK_SET, err);
    if (!code)
        code = run_scan(&r, err);
    if (!code)
        code = read_counts(&r, err);
    if (!code)
        code = run_apart(&r, CHECK_SQL, err);
    if (!code)
        code = read_samples(&r, err);
    if (!code)
        code = write_all(&r, err);
    q_arena_free(arena);
    return code;
}
