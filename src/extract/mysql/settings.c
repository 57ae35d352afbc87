/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is and who asks. A password is shown nowhere. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "extract/mysql/internal.h"

/* %41 is A; false when it is none. */
static bool unescape(char *text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;
    for (const char *p = text; *p; p++) {
        if (*p != '%') {
            *out++ = *p;
            continue;
        }
        const char *high = p[1] ? strchr(digits, p[1] | 0x20) : NULL;
        const char *low = high && p[2] ? strchr(digits, p[2] | 0x20) : NULL;
        if (!low)
            return false;
        *out++ = (char)((high - digits) << 4 | (low - digits));
        p += 2;
    }
    *out = 0;
    return true;
}

/* Cuts `text` at the first of these characters; the rest, or NULL. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);
    if (found)
        *found++ = 0;
    return found;
}

static enum q_code bad_url(const struct extract_connection *c, const char *why, struct q_err *err)
{
    enum q_code code =
        cfg_fail(err, c->pos, "cannot use the url of connection \"%s\": %s", c->name, why);
    q_hint(
        err,
        "It looks like mysql://user:password@host:3306/database; write %%40 for @ in a password.");
    return code;
}

static enum q_code parse_url(struct q_arena *arena, const struct extract_connection *c,
                             const char *url, struct mysqldb_settings *out, struct q_err *err)
{
    static const char *const schemes[] = {"mysql://", "mariadb://"};
    const char *from = NULL;
    struct q_err why = {0};
    for (size_t i = 0; i < 2; i++)
        if (q_starts(url, schemes[i]))
            from = url + strlen(schemes[i]);
    if (!from)
        return bad_url(c, "it does not begin with mysql://", err);
    char *host = q_strdup(arena, from), *user = NULL;
    char *database = cut(host, '/');
    char *at = strrchr(host, '@');
    if (at) {
        user = host;
        *at = 0;
        host = at + 1;
    }
    char *password = user ? cut(user, ':') : NULL, *port = cut(host, ':');
    if (database && strchr(database, '?'))
        return bad_url(c, "options behind ? are keys of the connection", err);
    if (port && q_parse_int(port, "the port", 1, UINT16_MAX, &out->port, &why))
        return bad_url(c, why.message, err);
    char *parts[] = {host, user, password, database};
    for (size_t i = 0; i < 4; i++)
        if (parts[i] && !unescape(parts[i]))
            return bad_url(c, "two hexadecimal digits are expected behind %", err);
    out->host = *host ? host : NULL;
    out->user = user;
    out->password = password;
    out->database = database && *database ? database : NULL;
    return Q_OK;
}

/* A file of authorities that nothing is checked by would be a promise that is not kept. */
static enum q_code settle_tls(struct q_arena *arena, const struct extract_connection *c,
                              struct mysqldb_settings *out, struct q_err *err)
{
    static const char *const modes[] = {"off", "prefer", "require", "verify"};
    const struct mysql_options *o = c->options;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (q_streq(o->ssl, modes[i]))
            out->tls = (enum mysqldb_tls)i;
    if (!o->ssl_ca)
        return Q_OK;
    if (out->tls < MYSQLDB_TLS_REQUIRE) {
        enum q_code code =
            cfg_fail(err, c->pos,
                     "connection \"%s\" has an `ssl_ca`, which nothing is proven by with `ssl: %s`",
                     c->name, o->ssl);
        q_hint(err, "Add `ssl: verify`.");
        return code;
    }
    out->tls_ca = c->dir ? q_path_join(arena, c->dir, o->ssl_ca) : o->ssl_ca;
    return access(out->tls_ca, R_OK) == 0
               ? Q_OK
               : cfg_fail(err, c->pos,
                          "could not read the `ssl_ca` \"%s\" of connection \"%s\": %s", o->ssl_ca,
                          c->name, strerror(errno));
}

enum q_code mysql_settings(struct q_arena *arena, const struct extract_connection *c,
                           struct mysqldb_settings *out, struct q_err *err)
{
    const struct mysql_options *o = c->options;
    *out = (struct mysqldb_settings){.host = o->host,
                                     .socket = o->socket,
                                     .database = o->database,
                                     .user = o->user,
                                     .password = q_secret_reveal(o->password),
                                     .port = o->port,
                                     .connect_seconds = (o->connect_timeout + Q_USEC_PER_SEC - 1) /
                                                        Q_USEC_PER_SEC};
    enum q_code code = settle_tls(arena, c, out, err);
    if (code)
        return code;
    const char *url = q_secret_reveal(o->url);
    if (url && (o->host || o->socket || o->database || o->user || out->password || o->port))
        code = cfg_fail(err, c->pos, "connection \"%s\" has a url, and host, user ... beside it",
                        c->name);
    else if (url)
        code = parse_url(arena, c, url, out, err);
    else if (!o->host && !o->socket)
        code = cfg_fail(err, c->pos,
                        "connection \"%s\" needs one of \"url\", \"host\" and \"socket\"", c->name);
    if (!code && !out->database)
        code = cfg_fail(err, c->pos, "connection \"%s\" names no database", c->name);
    const char *where =
        out->socket ? out->socket
        : out->port ? q_printf(arena, "%s:%d", out->host ? out->host : "localhost", (int)out->port)
                    : out->host;
    out->shown = q_printf(arena, "database \"%s\" on %s", out->database ? out->database : "",
                          where ? where : "localhost");
    return code;
}
