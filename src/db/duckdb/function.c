/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions of ours in the engine. */
#include "db/duckdb/internal.h"

enum { MOST_ARGS = 8 };

static void call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct db_function *f = duckdb_scalar_function_get_extra_info(info);
    struct batch_col cols[MOST_ARGS], result;
    struct batch args = {
        .cols = cols, .n_cols = f->n_args, .rows = duckdb_data_chunk_get_size(input)};
    for (size_t i = 0; i < f->n_args; i++)
        engine_column(&cols[i], duckdb_data_chunk_get_vector(input, i), f->args[i]);
    engine_column(&result, output, f->result);
    f->call(f->self, &args, &result);
}

enum q_code db_add_function(struct db_conn *conn, const struct db_function *function,
                            struct q_err *err)
{
    if (function->n_args > MOST_ARGS)
        return q_fail(err, Q_INTERNAL, "function \"%s\" has more than %d arguments", function->name,
                      MOST_ARGS);
    engine_settle(conn);
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(f, function->name);
    for (size_t i = 0; i < function->n_args; i++) {
        duckdb_logical_type type = engine_logical(function->args[i]);
        duckdb_scalar_function_add_parameter(f, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type type = engine_logical(function->result);
    duckdb_scalar_function_set_return_type(f, type);
    duckdb_destroy_logical_type(&type);
    duckdb_scalar_function_set_special_handling(f);
    if (function->is_volatile)
        duckdb_scalar_function_set_volatile(f);
    duckdb_scalar_function_set_extra_info(f, (void *)(uintptr_t)function, NULL);
    duckdb_scalar_function_set_function(f, call);
    duckdb_state state = duckdb_register_scalar_function(conn->handle, f);
    duckdb_destroy_scalar_function(&f);
    if (state == DuckDBError)
        return q_fail(err, Q_INTERNAL, "could not register the function \"%s\"", function->name);
    return Q_OK;
}
