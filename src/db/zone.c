/* SPDX-License-Identifier: Apache-2.0 */
#include "db/zone.h"

#include "base/clock.h"
#include "base/embed.h"
#include "base/opt.h"
#include "base/suggest.h"

/* No zone had changed its clocks before; a month behind the last year. */
enum { FIRST_YEAR = 1800, MONTH = 31 };

struct taking {
    struct q_arena *arena;
    q_texts names;
    Q_VEC(struct q_zone_span) spans;
};

static enum q_code take_name(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct taking *t = arg;
    (void)err;
    *q_vec_push(t->arena, &t->names) = db_cell_text(t->arena, b, 0, row);
    return Q_OK;
}

static enum q_code take_span(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct taking *t = arg;
    (void)err;
    int64_t from = t->spans.n ? db_cell_int(b, 0, row, 0) : INT64_MIN;
    *q_vec_push(t->arena, &t->spans) =
        (struct q_zone_span){.from = from, .offset = db_cell_int(b, 1, row, 0)};
    return Q_OK;
}

static enum q_code check_name(struct db_conn *conn, struct q_arena *arena, const char *name,
                              struct q_err *err)
{
    struct taking t = {.arena = arena};
    enum q_code code =
        db_each(conn, q_embed_text("db/zone_names.sql"), NULL, 0, take_name, &t, err);
    if (code)
        return code;
    for (size_t i = 0; i < t.names.n; i++)
        if (q_streq(t.names.v[i], name))
            return Q_OK;
    code = q_fail(err, Q_CONFIG, "there is no time zone \"%s\"", name);
    q_suggest_hint(err, name, t.names.v, t.names.n,
                   "It is a name like Europe/Berlin, or an offset like +02:00.");
    return code;
}

enum q_code db_zone(struct db_conn *conn, struct q_arena *arena, const char *name,
                    struct q_zone *out, struct q_err *err)
{
    struct taking t = {.arena = arena};
    int32_t first = q_days_from_civil(FIRST_YEAR, 1, 1);
    int32_t last = q_days_from_civil(Q_ZONE_LAST_YEAR + 1, 1, 1) + MONTH;
    const struct db_param params[] = {db_text("zone", name),
                                      db_int("first", first * Q_USEC_PER_DAY),
                                      db_int("days", last - first)};
    enum q_code code = check_name(conn, arena, name, err);
    if (!code)
        code = db_each(conn, q_embed_text("db/zone_changes.sql"), params,
                       sizeof params / sizeof *params, take_span, &t, err);
    if (!code)
        *out = (struct q_zone){.v = t.spans.v, .n = t.spans.n};
    return code;
}
