/* SPDX-License-Identifier: Apache-2.0 */
/* Every type goes through the engine and back: as a parameter, a source's column, a result's cell. */
#include "unit.h"

#include "batch/cell.h"
#include "db/db.h"
#include "sql/build.h"

struct engine {
    struct q_arena *arena;
    struct db *db;
    struct db_conn *conn;
};

static struct engine engine_open(void)
{
    struct engine e = {.arena = q_arena_new(NULL, "test")};
    struct db_settings settings = {.threads = 2};
    struct q_err err = {0};
    if (db_open(e.arena, &settings, &e.db, &err) || db_connect(e.db, e.arena, &e.conn, &err))
        fail_msg("%s", err.message);
    return e;
}

static void engine_close(struct engine *e)
{
    q_arena_free(e->arena);
}

/* "type text" of the first row's cells, separated by commas. */
static const char *ask(struct engine *e, const char *sql, const struct db_param *params, size_t n)
{
    struct q_err err = {0};
    struct db_result *r;
    const struct batch *b = NULL;
    const char *text = "";
    if (db_query(e->conn, sql, params, n, &r, &err) || db_next(r, &b, &err))
        fail_msg("%s", err.message);
    assert_non_null(b);
    for (size_t c = 0; c < b->n_cols; c++) {
        char type[Q_TYPE_TEXT];
        const char *cell = db_cell_text(e->arena, b, c, 0);
        text = q_printf(e->arena, "%s%s%s %s", text, c ? ", " : "",
                        q_type_text(db_columns(r)->v[c].type, type), cell ? cell : "NULL");
    }
    db_close(r);
    return text;
}

static __int128 big(int64_t high, uint64_t low)
{
    return (__int128)(((unsigned __int128)(uint64_t)high << 64) | low);
}

static void every_type_is_bound_and_read_back(void **state)
{
    (void)state;
    const struct {
        struct db_param param;
        const char *sql, *shown;
    } cases[] = {
        {{.type = Q_TYPE(Q_T_BOOL), .i = 1}, "SELECT $1::BOOLEAN", "boolean true"},
        {{.type = Q_TYPE(Q_T_INT16), .i = -32768}, "SELECT $1::SMALLINT", "smallint -32768"},
        {{.type = Q_TYPE(Q_T_INT32), .i = INT32_MAX}, "SELECT $1::INTEGER", "integer 2147483647"},
        {{.type = Q_TYPE(Q_T_INT64), .i = INT64_MIN}, "SELECT $1", "bigint -9223372036854775808"},
        {{.type = Q_TYPE(Q_T_INT128), .big = big(INT64_MAX, UINT64_MAX)},
         "SELECT $1",
         "hugeint 170141183460469231731687303715884105727"},
        {{.type = Q_TYPE(Q_T_INT128), .big = -1}, "SELECT $1", "hugeint -1"},
        {{.type = Q_DECIMAL(4, 1), .big = -9999}, "SELECT $1", "decimal(4,1) -999.9"},
        {{.type = Q_DECIMAL(9, 9), .big = 1}, "SELECT $1", "decimal(9,9) 0.000000001"},
        {{.type = Q_DECIMAL(18, 2), .big = 123456789012345678},
         "SELECT $1",
         "decimal(18,2) 1234567890123456.78"},
        {{.type = Q_DECIMAL(38, 10),
          .big = big(669260594276348691, UINT64_C(14143994781733811022))},
         "SELECT $1",
         "decimal(38,10) 1234567890123456789012345678.9012345678"},
        {{.type = Q_TYPE(Q_T_DOUBLE), .d = 0.1}, "SELECT $1", "double 0.1"},
        {{.type = Q_TYPE(Q_T_TEXT), .s = Q_STR("it's \"é\" and more than twelve bytes")},
         "SELECT $1",
         "text it's \"é\" and more than twelve bytes"},
        {{.type = Q_TYPE(Q_T_TEXT), .s = {NULL, 0}}, "SELECT $1", "text "},
        {{.type = Q_TYPE(Q_T_DATE), .i = -719162}, "SELECT $1", "date 0001-01-01"},
        {{.type = Q_TYPE(Q_T_TIME), .i = 86399999999}, "SELECT $1", "time 23:59:59.999999"},
        {{.type = Q_TYPE(Q_T_TIMESTAMP), .i = -1},
         "SELECT $1",
         "timestamp 1969-12-31 23:59:59.999999"},
        {{.type = Q_TYPE(Q_T_TIMESTAMPTZ), .i = 1},
         "SELECT $1",
         "timestamptz 1970-01-01 00:00:00.000001+00"},
        {{.type = Q_TYPE(Q_T_UUID), .s = Q_STR("00112233-4455-6677-8899-AABBCCDDEEFF")},
         "SELECT $1::UUID",
         "uuid 00112233-4455-6677-8899-aabbccddeeff"},
        {{.type = Q_TYPE(Q_T_BLOB), .s = Q_STR("\0\xFF")}, "SELECT $1", "blob \\x00FF"},
        {{.type = Q_TYPE(Q_T_JSON), .s = Q_STR("[1]")}, "SELECT $1::JSON", "json [1]"},
        {{.type = Q_TYPE(Q_T_TEXT), .is_null = true}, "SELECT $1::BIGINT", "bigint NULL"},
    };
    struct engine e = engine_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = ask(&e, cases[i].sql, &cases[i].param, 1);
        if (strcasecmp(got, cases[i].shown) != 0)
            fail_msg("case %zu: %s, not %s", i, got, cases[i].shown);
    }
    engine_close(&e);
}

static void the_shorthands_make_typed_parameters(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct db_param p[] = {db_int("a", 7),     db_text("b", "x"), db_text("c", NULL),
                           db_bool("d", true), db_time("e", 0),   db_null("f")};
    assert_string_equal(
        ask(&e, "SELECT $a, $b, $c, $d, $e, $f, typeof($e)", p, 6),
        "bigint 7, text x, integer NULL, boolean true, timestamp 1970-01-01 00:00:00, integer "
        "NULL, text TIMESTAMP");
    engine_close(&e);
}

static void types_without_a_counterpart_are_read_as_wider_ones_or_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *shown;
    } cases[] = {
        {"SELECT (-128)::TINYINT, 255::UTINYINT", "smallint -128, smallint 255"},
        {"SELECT 65535::USMALLINT, 4294967295::UINTEGER", "integer 65535, bigint 4294967295"},
        {"SELECT 18446744073709551615::UBIGINT", "hugeint 18446744073709551615"},
        {"SELECT 340282366920938463463374607431768211455::UHUGEINT",
         "text 340282366920938463463374607431768211455"},
        {"SELECT 0.5::FLOAT", "double 0.5"},
        {"SELECT TIMESTAMP_S '2024-01-02 03:04:05', TIMESTAMP_MS '2024-01-02 03:04:05.678'",
         "timestamp 2024-01-02 03:04:05, timestamp 2024-01-02 03:04:05.678000"},
        {"SELECT TIMESTAMP_NS '2024-01-02 03:04:05.123456789'",
         "text 2024-01-02 03:04:05.123456789"},
        {"SELECT [1, NULL], {'a': 1}, MAP {'k': 2}", "text [1, NULL], text {'a': 1}, text {k=2}"},
        {"SELECT INTERVAL 3 MONTH, 'x'::ENUM('x', 'y'), '101'::BIT",
         "text 3 months, text x, text 101"},
        {"SELECT NULL", "integer NULL"},
        {"SELECT 1::UTINYINT AS \"same\", 2::UTINYINT AS \"same\";\n", "smallint 1, smallint 2"},
        {"SELECT 1::UTINYINT -- a comment at the end", "smallint 1"},
        {"SELECT 1::UTINYINT; -- a comment at the end", "smallint 1"},
        {"SELECT 1::UTINYINT; /* another; */ ; ", "smallint 1"},
        {"SELECT 1::UTINYINT, ';--'  ", "smallint 1, text ;--"},
    };
    struct engine e = engine_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(ask(&e, cases[i].sql, NULL, 0), cases[i].shown);
    struct db_param p = db_int("n", 3);
    assert_string_equal(ask(&e, "SELECT $n::UTINYINT", &p, 1), "smallint 3");
    engine_close(&e);
}

static enum q_code count_row(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    int64_t *next = arg;
    (void)err;
    assert_int_equal(db_cell_int(b, 0, row, -1), *next);
    (*next)++;
    return *next == 5000 ? q_fail(err, Q_HELD, "enough") : Q_OK;
}

static void the_order_of_a_result_is_kept_also_when_a_column_is_read_as_another_type(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct q_err err = {0};
    int64_t next = 0;
    const char *sql = "SELECT range::UINTEGER AS n FROM range(200000) ORDER BY n";
    assert_int_equal(db_each(e.conn, sql, NULL, 0, count_row, &next, &err), Q_HELD);
    assert_string_equal(err.message, "enough");
    assert_int_equal(next, 5000);
    engine_close(&e);
}

static void a_cell_is_read_as_integer_double_or_exact_text(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct q_err err = {0};
    struct db_result *r;
    const struct batch *b = NULL;
    const char *sql =
        "SELECT true, (-2)::SMALLINT, DATE '1970-01-03', 4::BIGINT, 5::HUGEINT, 0.5::DOUBLE, NULL::BIGINT, "
        "NULL::DOUBLE, 1.50::DECIMAL(38,2), 'x'";
    assert_int_equal(db_query(e.conn, sql, NULL, 0, &r, &err), Q_OK);
    assert_int_equal(db_next(r, &b, &err), Q_OK);
    assert_int_equal(db_cell_int(b, 0, 0, 9), 1);
    assert_int_equal(db_cell_int(b, 1, 0, 9), -2);
    assert_int_equal(db_cell_int(b, 2, 0, 9), 2);
    assert_int_equal(db_cell_int(b, 3, 0, 9), 4);
    assert_int_equal(db_cell_int(b, 4, 0, 9), 5);
    assert_true(db_cell_double(b, 5, 0, 9) > 0.49 && db_cell_double(b, 5, 0, 9) < 0.51);
    assert_int_equal(db_cell_int(b, 6, 0, 9), 9);
    assert_true(db_cell_double(b, 7, 0, 9) > 8.9);
    assert_string_equal(db_cell_text(e.arena, b, 8, 0), "1.50");
    assert_null(db_cell_text(e.arena, b, 6, 0));
    assert_int_equal(db_next(r, &b, &err), Q_OK);
    assert_null(b);
    db_close(r);
    db_close(NULL);
    int64_t n[3];
    assert_int_equal(db_get_ints(e.conn, "SELECT 1, NULL", NULL, 0, n, 3, -7, &err), Q_OK);
    assert_int_equal(n[0], 1);
    assert_int_equal(n[1], -7);
    assert_int_equal(n[2], -7);
    assert_int_equal(db_get_ints(e.conn, "SELECT 1 WHERE false", NULL, 0, n, 1, -7, &err), Q_OK);
    assert_int_equal(n[0], -7);
    engine_close(&e);
}

/* ---- a source with one column of every type, and a function from every type to itself ---- */

static const struct q_column all_columns[] = {
    {"b", {.id = Q_T_BOOL}},   {"i2", {.id = Q_T_INT16}},     {"i4", {.id = Q_T_INT32}},
    {"i8", {.id = Q_T_INT64}}, {"i16", {.id = Q_T_INT128}},   {"d4", Q_DECIMAL(4, 1)},
    {"d9", Q_DECIMAL(9, 2)},   {"d18", Q_DECIMAL(18, 3)},     {"d38", Q_DECIMAL(38, 4)},
    {"f", {.id = Q_T_DOUBLE}}, {"t", {.id = Q_T_TEXT}},       {"d", {.id = Q_T_DATE}},
    {"ti", {.id = Q_T_TIME}},  {"ts", {.id = Q_T_TIMESTAMP}}, {"tz", {.id = Q_T_TIMESTAMPTZ}},
    {"u", {.id = Q_T_UUID}},   {"x", {.id = Q_T_BLOB}},       {"j", {.id = Q_T_JSON}},
};
enum { ALL = sizeof all_columns / sizeof *all_columns };

struct all_source {
    bool done;
};

static enum q_code all_open(void *self, const bool *wanted, void **worker, struct q_err *err)
{
    (void)wanted;
    (void)err;
    *worker = self;
    ((struct all_source *)self)->done = false;
    return Q_OK;
}

/* Row 0: a value of every type; row 1: NULL in all. */
static void put_value(struct batch_col *col)
{
    static const char far[] = "[\"more than twelve bytes\"]";
    switch (col->type.id) {
    case Q_T_TEXT:
    case Q_T_JSON:
    case Q_T_BLOB:
        batch_put_text(col, 0, far, sizeof far - 1);
        break;
    case Q_T_BOOL:
        *(int8_t *)col->data = 1;
        break;
    case Q_T_DOUBLE:
        *(double *)col->data = 1.5;
        break;
    default:
        memset(col->data, 0, q_type_size(col->type));
        *(int8_t *)col->data = 7; /* the low byte */
    }
    batch_put_null(col, 1);
}

static enum q_code all_fill(void *worker, struct batch *out, struct q_err *err)
{
    struct all_source *s = worker;
    (void)err;
    if (s->done)
        return Q_OK;
    for (size_t c = 0; c < out->n_cols; c++)
        put_value(&out->cols[c]);
    out->rows = 2;
    s->done = true;
    return Q_OK;
}

static void all_close(void *worker)
{
    (void)worker;
}

/* The argument itself, NULL as well. */
static void identity(void *self, const struct batch *args, struct batch_col *result)
{
    const struct batch_col *a = &args->cols[0];
    size_t size = q_type_size(result->type);
    (void)self;
    for (size_t i = 0; i < args->rows; i++) {
        if (batch_is_null(a, i)) {
            batch_put_null(result, i);
        } else if (size == 16 && (q_type_is_textual(a->type) || a->type.id == Q_T_BLOB)) {
            struct q_str s = batch_text_at(a, i);
            batch_put_text(result, i, s.p, s.n);
        } else {
            memcpy((char *)result->data + i * size, (const char *)a->data + i * size, size);
        }
    }
}

static void every_type_comes_from_a_source_and_through_a_function(void **state)
{
    (void)state;
    static const char *const shown[ALL] = {
        "true",
        "7",
        "7",
        "7",
        "7",
        "0.7",
        "0.07",
        "0.007",
        "0.0007",
        "1.5",
        "[\"more than twelve bytes\"]",
        "1970-01-08",
        "00:00:00.000007",
        "1970-01-01 00:00:00.000007",
        "1970-01-01 00:00:00.000007+00",
        "80000000-0000-0000-0000-000000000007",
        "\\x5B226D6F7265207468616E207477656C7665206279746573225D",
        "[\"more than twelve bytes\"]"};
    struct engine e = engine_open();
    struct q_err err = {0};
    struct q_schema schema = {0};
    struct all_source self = {0};
    struct sql *calls = sql_new(e.arena);
    struct db_function functions[ALL];
    for (size_t i = 0; i < ALL; i++) {
        q_schema_add(e.arena, &schema, all_columns[i].name, all_columns[i].type);
        functions[i] =
            (struct db_function){.name = q_printf(e.arena, "same_%s", all_columns[i].name),
                                 .args = &all_columns[i].type,
                                 .n_args = 1,
                                 .result = all_columns[i].type,
                                 .call = identity};
        assert_int_equal(db_add_function(e.conn, &functions[i], &err), Q_OK);
        sql_add(calls, "%ssame_%s(%I)", i ? ", " : "", all_columns[i].name, all_columns[i].name);
    }
    struct db_source source = {.name = "all_types",
                               .schema = &schema,
                               .self = &self,
                               .max_workers = 1,
                               .estimated_rows = 2,
                               .open = all_open,
                               .fill = all_fill,
                               .close = all_close};
    assert_int_equal(db_add_source(e.conn, &source, &err), Q_OK);
    const char *queries[] = {"SELECT * FROM all_types()",
                             sql_make(e.arena, "SELECT %s FROM all_types()", sql_text(calls))};
    for (size_t q = 0; q < 2; q++) {
        struct db_result *r;
        const struct batch *b = NULL;
        if (db_query(e.conn, queries[q], NULL, 0, &r, &err) || db_next(r, &b, &err))
            fail_msg("%s", err.message);
        assert_int_equal(b->rows, 2);
        for (size_t c = 0; c < ALL; c++) {
            const char *text = db_cell_text(e.arena, b, c, 0);
            if (strcasecmp(text, shown[c]) != 0)
                fail_msg("%s: %s", all_columns[c].name, text);
            if (all_columns[c].type.id != Q_T_JSON)
                assert_true(q_type_eq(db_columns(r)->v[c].type, all_columns[c].type));
            assert_true(batch_is_null(&b->cols[c], 1));
        }
        db_close(r);
    }
    engine_close(&e);
}

static void a_function_with_too_many_arguments_is_our_defect(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct q_err err = {0};
    struct q_type args[9];
    for (size_t i = 0; i < 9; i++)
        args[i] = Q_TYPE(Q_T_INT64);
    struct db_function f = {
        .name = "nine", .args = args, .n_args = 9, .result = args[0], .call = identity};
    assert_int_equal(db_add_function(e.conn, &f, &err), Q_INTERNAL);
    assert_string_equal(err.message, "function \"nine\" has more than 8 arguments");
    engine_close(&e);
}

static void give_number(void *self, const struct batch *args, struct batch_col *result)
{
    for (size_t i = 0; i < args->rows; i++)
        ((int64_t *)result->data)[i] = *(const int64_t *)self;
}

/* A run registers its functions again, with state of its own. */
static void a_function_that_is_added_again_replaces_the_first(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct q_err err = {0};
    struct q_type type = Q_TYPE(Q_T_INT64);
    int64_t numbers[] = {1, 2};
    struct db_function f[2];
    for (size_t i = 0; i < 2; i++) {
        f[i] = (struct db_function){.name = "which",
                                    .args = &type,
                                    .n_args = 1,
                                    .result = type,
                                    .self = &numbers[i],
                                    .call = give_number};
        if (db_add_function(e.conn, &f[i], &err))
            fail_msg("%s", err.message);
        int64_t n = 0;
        assert_int_equal(db_get_ints(e.conn, "SELECT which(0)", NULL, 0, &n, 1, -1, &err), Q_OK);
        assert_int_equal(n, numbers[i]);
    }
    engine_close(&e);
}

static void a_statement_is_described_without_running_it(void **state)
{
    (void)state;
    struct engine e = engine_open();
    struct q_err err = {0};
    struct q_schema columns = {0};
    const char *sql =
        "SELECT 1.5::DECIMAL(12,2) AS a, error('it ran') AS b, 1::UTINYINT AS c -- end";
    if (db_describe(e.conn, sql, e.arena, &columns, &err))
        fail_msg("%s", err.message);
    assert_int_equal(columns.n, 3);
    assert_string_equal(columns.v[0].name, "a");
    assert_true(q_type_eq(columns.v[0].type, Q_DECIMAL(12, 2)));
    assert_int_equal(columns.v[2].type.id, Q_T_INT16);
    assert_int_equal(db_describe(e.conn, "SELECT nothing", e.arena, &columns, &err), Q_SQL);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_bound_and_read_back),
        cmocka_unit_test(the_shorthands_make_typed_parameters),
        cmocka_unit_test(types_without_a_counterpart_are_read_as_wider_ones_or_as_text),
        cmocka_unit_test(the_order_of_a_result_is_kept_also_when_a_column_is_read_as_another_type),
        cmocka_unit_test(a_cell_is_read_as_integer_double_or_exact_text),
        cmocka_unit_test(every_type_comes_from_a_source_and_through_a_function),
        cmocka_unit_test(a_function_with_too_many_arguments_is_our_defect),
        cmocka_unit_test(a_function_that_is_added_again_replaces_the_first),
        cmocka_unit_test(a_statement_is_described_without_running_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
