/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that uses an interface marked deprecated: there is no other way to stream a result. */
#undef DUCKDB_API_NO_DEPRECATED
#include "db/duckdb/internal.h"

duckdb_state engine_execute_streaming(duckdb_prepared_statement statement, duckdb_result *out)
{
    return duckdb_execute_prepared_streaming(statement, out);
}
