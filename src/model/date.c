/* SPDX-License-Identifier: Apache-2.0 */
#include "model/date.h"

static const struct {
    const char *name;
    enum q_tid type;
    const char *select; /* of d, a DATE; NULL when it depends on settings */
} columns[] = {
    {"full_date", Q_T_DATE, "d"},
    {"year", Q_T_INT32, "year(d)"},
    {"quarter", Q_T_INT32, "quarter(d)"},
    {"month", Q_T_INT32, "month(d)"},
    {"month_name", Q_T_TEXT, "monthname(d)"},
    {"week", Q_T_INT32, "weekofyear(d)"},
    {"iso_year", Q_T_INT32, "isoyear(d)"},
    {"day_of_month", Q_T_INT32, "day(d)"},
    {"day_of_year", Q_T_INT32, "dayofyear(d)"},
    {"day_of_week", Q_T_INT32, "isodow(d)"},
    {"day_name", Q_T_TEXT, "dayname(d)"},
    {"is_weekend", Q_T_BOOL, NULL},
    {"is_holiday", Q_T_BOOL, NULL},
    {"holiday_name", Q_T_TEXT, NULL},
    {"fiscal_year", Q_T_INT32, NULL},
    {"fiscal_quarter", Q_T_INT32, NULL},
};

void model_date_columns(struct q_arena *arena, struct model_table *table)
{
    table->n_keys = 1;
    table->keys = q_alloc_array(arena, 1, sizeof *table->keys);
    table->keys[0] = "full_date";
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        *q_vec_push(arena, &table->columns) = (struct model_column){
            .name = columns[i].name, .type = Q_TYPE(columns[i].type), .is_key = i == 0};
}

/* The column's expression where it depends on the settings of the dimension. */
static void add_by_settings(struct sql *q, const char *name, const struct cfg_date_range *range)
{
    int64_t start = range->fiscal_year_start;
    if (q_streq(name, "is_weekend")) {
        sql_add(q, "(%d >> isodow(d)) & 1 = 1", (int64_t)range->weekend);
    } else if (q_streq(name, "is_holiday")) {
        sql_add(q, "h.name IS NOT NULL");
    } else if (q_streq(name, "holiday_name")) {
        sql_add(q, "h.name");
    } else if (q_streq(name, "fiscal_year")) {
        sql_add(q, "year(d) + CASE WHEN %d > 1 AND month(d) >= %d THEN 1 ELSE 0 END", start, start);
    } else {
        sql_add(q, "((month(d) - %d + 12) %% 12) // 3 + 1", start);
    }
}

const char *model_date_select(struct q_arena *arena, const struct model_table *table,
                              const char *holidays)
{
    const struct cfg_date_range *range = &table->cfg->date;
    struct sql *q = sql_new(arena);
    sql_add(q, "SELECT year(d) * 10000 + month(d) * 100 + day(d)");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        sql_add(q, ", ");
        if (columns[i].select)
            sql_add(q, "%s", columns[i].select);
        else
            add_by_settings(q, columns[i].name, range);
    }
    sql_add(
        q,
        ", NULL, NULL FROM (SELECT CAST(range AS DATE) AS d FROM range(%D, CAST(%D AS DATE) + INTERVAL 1 DAY, "
        "INTERVAL 1 DAY)) AS days",
        range->from, range->to);
    if (holidays)
        sql_add(
            q,
            " LEFT JOIN (SELECT \"date\", min(name) AS name FROM %I GROUP BY \"date\") AS h ON h.\"date\" = d",
            holidays);
    else
        sql_add(
            q,
            " LEFT JOIN (SELECT DATE '1970-01-01' AS \"date\", 'none' AS name WHERE false) AS h ON h.\"date\" = d");
    return sql_text(q);
}

const char *model_date_signature(struct q_arena *arena, const struct model_table *table)
{
    const struct cfg_date_range *range = &table->cfg->date;
    return q_printf(arena, "v1 %d..%d fiscal %d weekend %u", range->from, range->to,
                    range->fiscal_year_start, range->weekend);
}
