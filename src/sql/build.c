/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/build.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/clock.h"

enum { STATEMENT_MAX = 4 << 20 };

struct sql {
    struct q_buf text;
};

struct sql *sql_new(struct q_arena *arena)
{
    struct sql *sql = q_new(arena, struct sql);
    q_buf_init_in(&sql->text, arena, STATEMENT_MAX);
    return sql;
}

/* Quoted text: the quote doubled inside. */
static void add_quoted(struct q_buf *out, char quote, const char *text)
{
    q_buf_addc(out, quote);
    for (; *text; text++) {
        if (*text == quote)
            q_buf_addc(out, quote);
        q_buf_addc(out, *text);
    }
    q_buf_addc(out, quote);
}

static void add_literal(struct q_buf *out, const char *text)
{
    if (text)
        add_quoted(out, '\'', text);
    else
        q_buf_adds(out, "NULL");
}

static void add_type(struct q_buf *out, struct q_type type)
{
    static const char *const names[] = {
        [Q_T_BOOL] = "BOOLEAN",
        [Q_T_INT16] = "SMALLINT",
        [Q_T_INT32] = "INTEGER",
        [Q_T_INT64] = "BIGINT",
        [Q_T_INT128] = "HUGEINT",
        [Q_T_DOUBLE] = "DOUBLE",
        [Q_T_TEXT] = "VARCHAR",
        [Q_T_DATE] = "DATE",
        [Q_T_TIME] = "TIME",
        [Q_T_TIMESTAMP] = "TIMESTAMP",
        [Q_T_TIMESTAMPTZ] = "TIMESTAMPTZ",
        [Q_T_UUID] = "UUID",
        [Q_T_BLOB] = "BLOB",
        [Q_T_JSON] = "JSON",
    };
    if (type.id == Q_T_DECIMAL) {
        q_buf_printf(out, "DECIMAL(%d,%d)", type.width, type.scale);
        return;
    }
    assert(type.id < sizeof names / sizeof names[0] && names[type.id] &&
           "a type without a spelling");
    q_buf_adds(out, names[type.id]);
}

/* One directive; consumes its argument. */
static void add_directive(struct q_buf *out, char directive, va_list *ap)
{
    char time[Q_TIMESTAMP_TEXT];
    switch (directive) {
    case 'I':
        add_quoted(out, '"', va_arg(*ap, const char *));
        return;
    case 'B':
        add_quoted(out, '`', va_arg(*ap, const char *));
        return;
    case 'L':
        add_literal(out, va_arg(*ap, const char *));
        return;
    case 'D':
        q_buf_printf(out, "DATE '%s'", q_date_text(va_arg(*ap, int), time));
        return;
    case 'M':
        q_buf_printf(out, "TIMESTAMP '%s'", q_timestamp_text(va_arg(*ap, int64_t), time));
        return;
    case 'T':
        add_type(out, *va_arg(*ap, const struct q_type *));
        return;
    case 'd':
        q_buf_printf(out, "%" PRId64, va_arg(*ap, int64_t));
        return;
    case 's':
        q_buf_adds(out, va_arg(*ap, const char *));
        return;
    case '%':
        q_buf_addc(out, '%');
        return;
    default:
        assert(!"unknown directive in a statement");
    }
}

static void add_formatted(struct sql *sql, const char *fmt, va_list *ap)
{
    while (*fmt) {
        size_t n = strcspn(fmt, "%");
        q_buf_add(&sql->text, fmt, n);
        fmt += n;
        if (*fmt) {
            add_directive(&sql->text, fmt[1], ap);
            fmt += 2;
        }
    }
    assert(!sql->text.full && "a statement is larger than its ceiling");
}

void sql_add(struct sql *sql, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_formatted(sql, fmt, &ap);
    va_end(ap);
}

void sql_sep(struct sql *sql, bool *first, const char *separator)
{
    if (!*first)
        q_buf_adds(&sql->text, separator);
    *first = false;
}

const char *sql_text(const struct sql *sql)
{
    return q_buf_text(&sql->text);
}

const char *sql_make(struct q_arena *arena, const char *fmt, ...)
{
    struct sql *sql = sql_new(arena);
    va_list ap;
    va_start(ap, fmt);
    add_formatted(sql, fmt, &ap);
    va_end(ap);
    return sql_text(sql);
}

const char *sql_utc(struct q_arena *arena, const char *value)
{
    return sql_make(arena,
                    "CASE WHEN isfinite(%s) THEN make_timestamp(epoch_us(%s)) "
                    "ELSE CAST(%s AS TIMESTAMP) END",
                    value, value, value);
}

const char *sql_type(struct q_arena *arena, struct q_type type)
{
    return sql_make(arena, "%T", &type);
}
