/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>

#include "db/mysql/internal.h"

static const struct {
    const char *name;
    size_t at;
} functions[] = {
#define FUNCTION(field, name)                       \
    {                                               \
        name, offsetof(struct mysql_library, field) \
    }
    FUNCTION(init, "mysql_init"),
    FUNCTION(options, "mysql_options"),
    FUNCTION(ssl_set, "mysql_ssl_set"),
    FUNCTION(real_connect, "mysql_real_connect"),
    FUNCTION(get_ssl_cipher, "mysql_get_ssl_cipher"),
    FUNCTION(close, "mysql_close"),
    FUNCTION(err_no, "mysql_errno"),
    FUNCTION(error, "mysql_error"),
    FUNCTION(sqlstate, "mysql_sqlstate"),
    FUNCTION(get_server_info, "mysql_get_server_info"),
    FUNCTION(real_query, "mysql_real_query"),
    FUNCTION(num_fields, "mysql_num_fields"),
    FUNCTION(fetch_fields, "mysql_fetch_fields"),
    FUNCTION(free_result, "mysql_free_result"),
    FUNCTION(stmt_init, "mysql_stmt_init"),
    FUNCTION(stmt_prepare, "mysql_stmt_prepare"),
    FUNCTION(stmt_param_count, "mysql_stmt_param_count"),
    FUNCTION(stmt_bind_param, "mysql_stmt_bind_param"),
    FUNCTION(stmt_execute, "mysql_stmt_execute"),
    FUNCTION(stmt_fetch, "mysql_stmt_fetch"),
    FUNCTION(stmt_attr_set, "mysql_stmt_attr_set"),
    FUNCTION(stmt_result_metadata, "mysql_stmt_result_metadata"),
    FUNCTION(stmt_field_count, "mysql_stmt_field_count"),
    FUNCTION(stmt_errno, "mysql_stmt_errno"),
    FUNCTION(stmt_error, "mysql_stmt_error"),
    FUNCTION(stmt_close, "mysql_stmt_close"),
    FUNCTION(field_attr, "mariadb_field_attr"),
#undef FUNCTION
};

static const char file[] = "libmariadb.so.3";

enum q_code mysql_library(const struct mysql_library **out, struct q_err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct mysql_library library;
    static void *handle;
    enum q_code code = Q_OK;
    pthread_mutex_lock(&lock);
    void *opened = handle ? handle : dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        code = q_fail(err, Q_SOURCE, "could not load the client library of MySQL and MariaDB: %s",
                      dlerror());
        q_hint(err, "Install it: `apt-get install libmariadb3`.");
    }
    for (size_t i = 0; opened && !handle && !code && i < sizeof functions / sizeof functions[0];
         i++) {
        void *f = dlsym(opened, functions[i].name);
        if (!f)
            code = q_fail(err, Q_SOURCE, "cannot use %s: it has no function %s", file,
                          functions[i].name);
        memcpy((char *)&library + functions[i].at, &f, sizeof f);
    }
    if (!code)
        handle = opened;
    else if (opened)
        dlclose(opened);
    pthread_mutex_unlock(&lock);
    *out = &library;
    return code;
}
