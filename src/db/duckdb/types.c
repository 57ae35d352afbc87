/* SPDX-License-Identifier: Apache-2.0 */
#include "db/duckdb/internal.h"

_Static_assert(sizeof(duckdb_string_t) == sizeof(struct batch_text), "a text cell is the engine's");
_Static_assert(sizeof(duckdb_hugeint) == sizeof(__int128), "a 128-bit cell is the engine's");

/* Exported by the library since 1.5, absent from the header of 1.4: copies without a second UTF-8 check. */
extern void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector, idx_t index,
                                                           const char *str, idx_t len)
    __attribute__((weak));

static const struct {
    duckdb_type engine;
    enum q_tid ours;
} pairs[] = {
    {DUCKDB_TYPE_BOOLEAN, Q_T_BOOL},        {DUCKDB_TYPE_SMALLINT, Q_T_INT16},
    {DUCKDB_TYPE_INTEGER, Q_T_INT32},       {DUCKDB_TYPE_BIGINT, Q_T_INT64},
    {DUCKDB_TYPE_HUGEINT, Q_T_INT128},      {DUCKDB_TYPE_DECIMAL, Q_T_DECIMAL},
    {DUCKDB_TYPE_DOUBLE, Q_T_DOUBLE},       {DUCKDB_TYPE_VARCHAR, Q_T_TEXT},
    {DUCKDB_TYPE_DATE, Q_T_DATE},           {DUCKDB_TYPE_TIME, Q_T_TIME},
    {DUCKDB_TYPE_TIMESTAMP, Q_T_TIMESTAMP}, {DUCKDB_TYPE_TIMESTAMP_TZ, Q_T_TIMESTAMPTZ},
    {DUCKDB_TYPE_UUID, Q_T_UUID},           {DUCKDB_TYPE_BLOB, Q_T_BLOB},
    {DUCKDB_TYPE_VARCHAR, Q_T_JSON},        {DUCKDB_TYPE_SQLNULL, Q_T_INT32},
};

struct q_type engine_type(duckdb_logical_type type)
{
    duckdb_type id = duckdb_get_type_id(type);
    if (id == DUCKDB_TYPE_DECIMAL)
        return Q_DECIMAL(duckdb_decimal_width(type), duckdb_decimal_scale(type));
    if (id == DUCKDB_TYPE_VARCHAR) {
        char *alias = duckdb_logical_type_get_alias(type);
        bool json = alias && q_streq(alias, "JSON");
        duckdb_free(alias);
        if (json)
            return Q_TYPE(Q_T_JSON);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].engine == id)
            return Q_TYPE(pairs[i].ours);
    return Q_TYPE(Q_T_OTHER);
}

duckdb_logical_type engine_logical(struct q_type type)
{
    if (type.id == Q_T_DECIMAL)
        return duckdb_create_decimal_type(type.width, type.scale);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].ours == type.id)
            return duckdb_create_logical_type(pairs[i].engine);
    return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
}

static void put_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    if (duckdb_unsafe_vector_assign_string_element_len && col->type.id != Q_T_BLOB)
        duckdb_unsafe_vector_assign_string_element_len(col->vector, row, p, n);
    else
        duckdb_vector_assign_string_element_len(col->vector, row, p, n);
}

static void need_valid(struct batch_col *col)
{
    duckdb_vector_ensure_validity_writable(col->vector);
    col->valid = duckdb_vector_get_validity(col->vector);
}

void engine_column(struct batch_col *col, duckdb_vector vector, struct q_type type)
{
    *col = (struct batch_col){
        .type = type,
        .data = duckdb_vector_get_data(vector),
        .valid = duckdb_vector_get_validity(vector),
        .vector = vector,
        .put_far = put_far,
        .need_valid = need_valid,
    };
}
