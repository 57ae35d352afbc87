/* SPDX-License-Identifier: Apache-2.0 */
#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "db/mysql/internal.h"

enum { KILLED = 1927 /* ER_CONNECTION_KILLED of MariaDB */ };

/* What helps, by error number. */
static const struct {
    unsigned number;
    bool statement; /* the statement is wrong */
    const char *hint;
} helps[] = {
    {CR_CONNECTION_ERROR, false, "Is the server running, and is `socket` its socket?"},
    {CR_CONN_HOST_ERROR, false, "Is the server running, and are `host` and `port` right?"},
    {CR_UNKNOWN_HOST, false, "Is the name in `host` right?"},
    {CR_SERVER_GONE_ERROR, false, "The server ended, or it ended the connection. Run it again."},
    {CR_SERVER_LOST, false,
     "The server ended, or the connection was cut or killed. Run it again; nothing was loaded."},
    {KILLED, false, "Somebody ended the connection. Run it again; nothing was loaded."},
    {ER_QUERY_INTERRUPTED, false, "Somebody ended the query. Run it again; nothing was loaded."},
    {ER_ACCESS_DENIED_ERROR, false, "Look at `user` and `password` of the connection."},
    {ER_DBACCESS_DENIED_ERROR, false,
     "The user needs the right to read it: GRANT SELECT ON database.* TO user."},
    {ER_TABLEACCESS_DENIED_ERROR, false,
     "The user needs the right to read it: GRANT SELECT ON database.table TO user."},
    {ER_COLUMNACCESS_DENIED_ERROR, false, "The user needs the right to read all of its columns."},
    {ER_BAD_DB_ERROR, false, "Look at `database` of the connection."},
    {ER_BAD_FIELD_ERROR, true, NULL},
    {ER_PARSE_ERROR, true, NULL},
    {ER_NON_UNIQ_ERROR, true, NULL},
    {ER_DUP_FIELDNAME, true, "Give one of the columns another name with AS."},
    {ER_NO_SUCH_TABLE, true, NULL},
    {ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, true, "A source may only read."},
};

static const char no_tls[] = "The server has no TLS. Set `ssl: prefer` if the way to it is safe.";

/* All that is wrong with TLS has one number; what helps, by the words of the library and of OpenSSL. */
static const char *tls_help(const char *why)
{
    static const struct {
        const char *words, *hint;
    } known[] = {
        {"does not support it", no_tls},
        {"Validation of SSL server certificate failed",
         "The server's certificate is of another host than `host`. `ssl: require` encrypts, without a proof of the server."},
        {"issuer certificate",
         "Set `ssl_ca` to the file of the authority that signed the server's certificate."},
        {"self-signed",
         "Set `ssl_ca` to the file of the authority that signed the server's certificate."},
        {"no certificate", "The file in `ssl_ca` holds no certificate in PEM."},
        {"expired", "The server's certificate, or the one in `ssl_ca`, is out of date."},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(why, known[i].words))
            return known[i].hint;
    return "Look at `ssl` of the connection, and at the server's setting.";
}

enum q_code mysqldb_error(struct mysqldb *s, MYSQL_STMT *stmt, const char *doing, struct q_err *err)
{
    unsigned number = stmt ? s->lib->stmt_errno(stmt) : s->lib->err_no(s->handle);
    const char *why = stmt ? s->lib->stmt_error(stmt) : s->lib->error(s->handle);
    enum q_code code = Q_SOURCE;
    const char *hint = NULL;
    if (q_cancelled())
        return q_fail(err, Q_CANCELLED, "cancelled");
    for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++)
        if (helps[i].number == number) {
            code = helps[i].statement ? Q_SQL : Q_SOURCE;
            hint = helps[i].hint;
        }
    if (number == CR_SSL_CONNECTION_ERROR)
        hint = tls_help(why);
    q_fail(err, code, "could not %s %s: %s", doing, s->shown, why);
    if (hint)
        q_hint(err, "%s", hint);
    if (err)
        (void)snprintf(err->native, sizeof err->native, "%u", number);
    return code;
}

static void close_session(void *arg)
{
    struct mysqldb *s = arg;
    if (s->handle)
        s->lib->close(s->handle);
    s->handle = NULL;
}

static enum q_code run(struct mysqldb *s, const char *sql, struct q_err *err)
{
    return s->lib->real_query(s->handle, sql, strlen(sql)) ? mysqldb_error(s, NULL, "read", err)
                                                           : Q_OK;
}

static enum q_code set_options(struct mysqldb *s, const struct mysqldb_settings *settings, bool tls,
                               struct q_err *err)
{
    unsigned seconds = (unsigned)settings->connect_seconds, no = 0;
    const my_bool yes = 1, verify = settings->tls == MYSQLDB_TLS_VERIFY;
    const struct mysql_library *lib = s->lib;
    s->handle = lib->init(NULL);
    if (!s->handle)
        return q_fail(err, Q_NOMEM, "could not open %s: out of memory", s->shown);
    bool failed = lib->options(s->handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds) ||
                  lib->options(s->handle, MYSQL_OPT_LOCAL_INFILE, &no) ||
                  lib->options(s->handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (tls)
        failed |= lib->ssl_set(s->handle, NULL, NULL, settings->tls_ca, NULL, NULL) ||
                  lib->options(s->handle, MYSQL_OPT_SSL_ENFORCE, &yes) ||
                  lib->options(s->handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    return failed ? mysqldb_error(s, NULL, "open", err) : Q_OK;
}

static enum q_code try_connect(struct mysqldb *s, const struct mysqldb_settings *t, bool tls,
                               struct q_err *err)
{
    enum q_code code = set_options(s, t, tls, err);
    if (!code && !s->lib->real_connect(s->handle, t->host, t->user, t->password, t->database,
                                       (unsigned)t->port, t->socket, 0))
        code = mysqldb_error(s, NULL, "reach", err);
    /* the library goes on in clear text where the server has no TLS, unless the certificate is to be checked */
    if (!code && t->tls >= MYSQLDB_TLS_REQUIRE && !s->lib->get_ssl_cipher(s->handle)) {
        code = q_fail(err, Q_SOURCE, "could not reach %s: the connection would not be encrypted",
                      s->shown);
        q_hint(err, no_tls);
    }
    if (code)
        close_session(s);
    return code;
}

static enum q_code begin(struct mysqldb *s, struct q_err *err)
{
    enum q_code code = run(s, "SET SESSION time_zone = '+00:00'", err);
    if (!code)
        code = run(s, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", err);
    return code ? code : run(s, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", err);
}

enum q_code mysqldb_open(struct q_arena *arena, const struct mysqldb_settings *settings,
                         struct mysqldb **out, struct q_err *err)
{
    struct mysqldb *s = q_new(arena, struct mysqldb);
    s->shown = settings->shown;
    enum q_code code = mysql_library(&s->lib, err);
    if (code)
        return code;
    bool tls = settings->tls != MYSQLDB_TLS_OFF;
    struct q_err why = {0};
    code = try_connect(s, settings, tls, &why);
    if (code && settings->tls == MYSQLDB_TLS_PREFER && atoi(why.native) == CR_SSL_CONNECTION_ERROR)
        code = try_connect(s, settings, false, &why); /* the server has none */
    if (code) {
        if (err)
            *err = why;
        return code;
    }
    q_arena_defer(arena, close_session, s);
    const char *version = s->lib->get_server_info(s->handle);
    const char *maria = strstr(version, "-MariaDB");
    s->version = maria ? q_printf(arena, "MariaDB %.*s", (int)(maria - version), version)
                       : q_printf(arena, "MySQL %s", version);
    code = begin(s, err);
    if (!code)
        *out = s;
    return code;
}

const char *mysqldb_version(const struct mysqldb *s)
{
    return s->version;
}
