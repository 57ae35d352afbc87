/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of db/mysql share; they alone include the client library's headers. */
#ifndef Q_DB_MYSQL_INTERNAL_H
#define Q_DB_MYSQL_INTERNAL_H

#include <mysql.h>

#include "db/mysql/mysql.h"

/* The functions of libmariadb that are used, by their names without "mysql_". */
struct mysql_library {
    typeof(&mysql_init) init;
    typeof(&mysql_options) options;
    typeof(&mysql_ssl_set) ssl_set;
    typeof(&mysql_real_connect) real_connect;
    typeof(&mysql_get_ssl_cipher) get_ssl_cipher;
    typeof(&mysql_close) close;
    typeof(&mysql_errno) err_no;
    typeof(&mysql_error) error;
    typeof(&mysql_sqlstate) sqlstate;
    typeof(&mysql_get_server_info) get_server_info;
    typeof(&mysql_real_query) real_query;
    typeof(&mysql_num_fields) num_fields;
    typeof(&mysql_fetch_fields) fetch_fields;
    typeof(&mysql_free_result) free_result;
    typeof(&mysql_stmt_init) stmt_init;
    typeof(&mysql_stmt_prepare) stmt_prepare;
    typeof(&mysql_stmt_param_count) stmt_param_count;
    typeof(&mysql_stmt_bind_param) stmt_bind_param;
    typeof(&mysql_stmt_execute) stmt_execute;
    typeof(&mysql_stmt_fetch) stmt_fetch;
    typeof(&mysql_stmt_attr_set) stmt_attr_set;
    typeof(&mysql_stmt_result_metadata) stmt_result_metadata;
    typeof(&mysql_stmt_field_count) stmt_field_count;
    typeof(&mysql_stmt_errno) stmt_errno;
    typeof(&mysql_stmt_error) stmt_error;
    typeof(&mysql_stmt_close) stmt_close;
    typeof(&mariadb_field_attr) field_attr;
};

/* Load it once. Q_SOURCE when it is not installed. Any thread. */
Q_MUST_CHECK enum q_code mysql_library(const struct mysql_library **out, struct q_err *err);

struct mysqldb {
    const struct mysql_library *lib;
    MYSQL *handle; /* NULL: closed after a scan that did not end */
    const char *shown;
    const char *version;
};

/* What the server or the library says, with what helps. `stmt` may be NULL. */
enum q_code mysqldb_error(struct mysqldb *s, MYSQL_STMT *stmt, const char *doing,
                          struct q_err *err);

/* One value of a row as it came: NULL when it is SQL's NULL. */
struct mysqldb_value {
    const unsigned char *p;
    size_t n;
};

/* A statement whose rows are taken value by value, as the binary protocol has them. */
struct mysqldb_rows {
    struct mysqldb *session;
    MYSQL_STMT *stmt;
    MYSQL_RES *meta;
    MYSQL_FIELD *fields;
    size_t n_fields;
    struct mysqldb_value *values; /* of the current row */
    bool ended;
};

/* Prepare; run with the parameters unless `describe_only`. */
Q_MUST_CHECK enum q_code mysqldb_rows_open(struct mysqldb *s, const char *sql,
                                           const struct db_param *params, size_t n,
                                           bool describe_only, struct q_arena *arena,
                                           struct mysqldb_rows *out, struct q_err *err);
Q_MUST_CHECK enum q_code mysqldb_rows_next(struct mysqldb_rows *rows, const char *object,
                                           struct q_err *err);
void mysqldb_rows_close(struct mysqldb_rows *rows);

/* The type of a column as it is read, and its name there. */
struct q_type mysqldb_type(const struct mysql_library *lib, const MYSQL_FIELD *field,
                           const char **there);

#endif
