/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/postgres/internal.h"

enum { TICK = 250 }; /* milliseconds between looks at Ctrl-C */

static void on_notice(void *arg, const char *message)
{
    const struct pg_conn *c = arg;
    q_log(Q_LOG_DEBUG, "%s: %.*s", c->name, (int)strcspn(message, "\n"), message);
}

void pg_close(struct pg_conn *c)
{
    if (!c || !c->handle)
        return;
    pg_copy_end(c);
    c->pq->PQfinish(c->handle);
    c->handle = NULL;
}

static void close_deferred(void *conn)
{
    pg_close(conn);
}

/* Ask the server to end what it does for us; whether it does is seen in its answer. */
static void cancel(struct pg_conn *c)
{
    char why[256];
    PGcancel *handle = c->pq->PQgetCancel(c->handle);
    if (!handle)
        return;
    if (!c->pq->PQcancel(handle, why, sizeof why))
        q_log(Q_LOG_DEBUG, "%s: could not cancel: %s", c->name, why);
    c->pq->PQfreeCancel(handle);
}

static enum q_code cancelled(const struct pg_conn *c, struct q_err *err)
{
    return q_fail(err, Q_CANCELLED, "reading from \"%s\" was cancelled", c->name);
}

enum q_code pg_wait(struct pg_conn *c, bool write, struct q_err *err)
{
    struct pollfd fd = {.fd = c->pq->PQsocket(c->handle),
                        .events = (short)(write ? POLLIN | POLLOUT : POLLIN)};
    if (q_cancelled()) {
        cancel(c);
        return cancelled(c, err);
    }
    if (poll(&fd, 1, TICK) < 0 && errno != EINTR)
        return q_fail(err, Q_SOURCE, "could not wait for \"%s\": %s", c->name, strerror(errno));
    return Q_OK;
}

/* ---- connecting ---- */

/* What a wrong connection string says about itself, without what stands in quotes: it may be a part of the password. */
static const char *without_quoted(struct q_arena *arena, const char *text)
{
    struct q_buf out;
    q_buf_init(&out, Q_ERR_MESSAGE);
    bool inside = false;
    for (; *text && *text != '\n'; text++) {
        if (*text == '"') {
            q_buf_adds(&out, inside ? "\"" : "\"***");
            inside = !inside;
        } else if (!inside) {
            q_buf_addc(&out, *text);
        }
    }
    const char *shown = q_strdup(arena, q_buf_text(&out));
    q_buf_release(&out);
    return shown;
}

static enum q_code wrong_url(struct q_err *err, const char *what, const char *name, const char *why)
{
    enum q_code code = q_fail(err, Q_CONFIG, "%s \"%s\": %s", what, name, why);
    q_hint(
        err,
        "Characters like @ : / %% in a user or password are written as %%40 %%3A %%2F %%25; or give "
        "`password` as an option of its own.");
    return code;
}

static enum q_code check_url(const struct pg_library *pq, struct q_arena *arena,
                             const struct pg_params *p, struct q_err *err)
{
    const char *url = q_secret_reveal(p->url);
    char *why = NULL;
    if (!url)
        return Q_OK;
    if (!q_starts(url, "postgres://") && !q_starts(url, "postgresql://")) {
        enum q_code code =
            q_fail(err, Q_CONFIG,
                   "the url of the connection \"%s\" does not begin with postgres://", p->name);
        q_hint(
            err,
            "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, or give host, port, user and "
            "database as options of their own.");
        return code;
    }
    /* A second @ is one of the password, and what is behind the first would be taken for the host, and shown. */
    const char *authority = strstr(url, "://") + 3, *first = strchr(authority, '@');
    bool twice = first && memchr(first + 1, '@', strcspn(first + 1, "/?"));
    PQconninfoOption *parsed = twice ? NULL : pq->PQconninfoParse(url, &why);
    enum q_code code = Q_OK;
    if (!parsed) {
        code = wrong_url(err, "cannot read the url of the connection", p->name,
                         without_quoted(arena, why ? why : "it has two @ before the database"));
    }
    if (why)
        pq->PQfreemem(why);
    if (parsed)
        pq->PQconninfoFree(parsed);
    return code;
}

/* What is known to help. The words are those of the server and of libpq in English; others only lose the hint. */
static void hint_for(const char *message, const struct pg_params *p, struct q_err *err)
{
    static const struct {
        const char *words, *hint; /* a star stands for the connection */
    } known[] = {
        {"password authentication failed",
         "Check user and password of the connection * in quern.yaml."},
        {"no password supplied", "Give the connection * a `password: \"${NAME}\"` in quern.yaml."},
        {"Connection refused", "Is the server of * running, and are host and port right?"},
        {"No such file or directory",
         "There is no such socket: is the server of * running, and are host and port right?"},
        {"could not translate host name", "Check the host of the connection * in quern.yaml."},
        {"Peer authentication failed",
         "On a socket the server takes the name of the system's user; set `user`, or `host: 127.0.0.1` for *."},
        {"no pg_hba.conf entry",
         "The server of * does not let this host, user and database in: its pg_hba.conf says who."},
        {"does not support SSL", "Set `sslmode: prefer` for * if the way to the server is safe."},
        {"certificate verify failed",
         "Set `sslrootcert` of * to the file of the authority that signed the server's certificate."},
        {"does not match host name",
         "The server's certificate is of another host: correct `host` of *, or check the authority alone with `sslmode: "
         "verify-ca`."},
        {"root certificate file",
         "Set `sslrootcert` of * to the PEM file of the authority that signed the server's certificate."},
        {"too many connections",
         "Set `readers: 1` at the sources of *, or raise the server's max_connections."},
        {"too many clients",
         "Set `readers: 1` at the sources of *, or raise the server's max_connections."},
        {"remaining connection slots",
         "Set `readers: 1` at the sources of *, or raise the server's max_connections."},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(message, known[i].words)) {
            const char *before = known[i].hint, *name = strchr(before, '*');
            q_hint(err, "%.*s\"%s\"%s", (int)(name - before), before, p->name, name + 1);
            return;
        }
    if (strstr(message, "database \"") && strstr(message, "does not exist"))
        q_hint(err, "`psql -l` lists the server's databases; correct `database` of \"%s\".",
               p->name);
    else
        q_hint(err, "`quern connections test %s` tries again.", p->name);
}

static enum q_code not_connected(struct pg_conn *c, const struct pg_params *p, const char *why,
                                 struct q_err *err)
{
    size_t first = strcspn(why, "\n");
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not connect to \"%s\": %.*s", c->name, (int)first, why);
    const char *rest = why + first + strspn(why + first, "\n");
    struct q_str more = q_str_trim(q_str(rest));
    if (more.n)
        q_detail(err, "%.*s", (int)more.n, more.p);
    hint_for(why, p, err);
    return code;
}

static enum q_code finish_connecting(struct pg_conn *c, const struct pg_params *p,
                                     struct q_err *err)
{
    int64_t late = p->connect_timeout ? q_ticks() + p->connect_timeout : INT64_MAX;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        struct pollfd fd = {.fd = c->pq->PQsocket(c->handle),
                            .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int ready = poll(&fd, 1, TICK);
        if (q_cancelled())
            return cancelled(c, err);
        if (ready == 0 && q_ticks() > late)
            return not_connected(c, p, "the server did not answer in time", err);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        state = c->pq->PQconnectPoll(c->handle);
        if (state == PGRES_POLLING_FAILED)
            return not_connected(c, p, c->pq->PQerrorMessage(c->handle), err);
    }
    return Q_OK;
}

enum { MAX_KEYWORDS = 16 };

static PGconn *start(const struct pg_library *pq, const struct pg_params *p)
{
    const struct {
        const char *key, *value;
    } given[] = {
        {"dbname", q_secret_reveal(p->url)}, /* first: what follows comes before it */
        {"host", p->host},
        {"port", p->port},
        {"dbname", p->database},
        {"user", p->user},
        {"password", q_secret_reveal(p->password)},
        {"sslmode", p->sslmode},
        {"sslrootcert", p->sslrootcert},
        {"options", p->options},
        {"application_name", p->application_name},
        {"client_encoding", "UTF8"},
    };
    const char *keys[MAX_KEYWORDS] = {NULL}, *values[MAX_KEYWORDS] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (given[i].value) {
            keys[n] = given[i].key;
            values[n++] = given[i].value;
        }
    return pq->PQconnectStartParams(keys, values, 1);
}

enum q_code pg_connect(struct q_arena *arena, const struct pg_params *p, struct pg_conn **out,
                       struct q_err *err)
{
    struct pg_conn *c = q_new(arena, struct pg_conn);
    enum q_code code = pg_library(&c->pq, err);
    if (!code)
        code = check_url(c->pq, arena, p, err);
    if (code)
        return code;
    c->arena = arena;
    c->name = p->name;
    c->handle = start(c->pq, p);
    if (!c->handle)
        return q_fail(err, Q_NOMEM, "could not connect to \"%s\": out of memory", p->name);
    q_arena_defer(arena, close_deferred, c);
    c->stream = pg_stream_new(c);
    const char *wrong = c->pq->PQerrorMessage(c->handle);
    if (c->pq->PQstatus(c->handle) == CONNECTION_BAD && q_starts(wrong, "invalid "))
        return wrong_url(err, "cannot use the connection", c->name, without_quoted(arena, wrong));
    if (c->pq->PQstatus(c->handle) == CONNECTION_BAD)
        return not_connected(c, p, c->pq->PQerrorMessage(c->handle), err);
    (void)c->pq->PQsetNoticeProcessor(c->handle, on_notice, c);
    code = finish_connecting(c, p, err);
    if (code)
        return code;
    if (c->pq->PQsetnonblocking(c->handle, 1) != 0)
        return pg_fail(c, NULL, err);
    const char *host = c->pq->PQhost(c->handle), *port = c->pq->PQport(c->handle);
    c->place = host && *host == '/' ? q_strdup(arena, host)
                                    : q_printf(arena, "%s:%s", host ? host : "", port ? port : "");
    *out = c;
    return Q_OK;
}

/* ---- about it ---- */

const char *pg_parameter(const struct pg_conn *c, const char *name)
{
    const char *value = c->pq->PQparameterStatus(c->handle, name);
    return value ? value : "";
}

const char *pg_database(const struct pg_conn *c)
{
    return c->pq->PQdb(c->handle);
}

const char *pg_user(const struct pg_conn *c)
{
    return c->pq->PQuser(c->handle);
}

const char *pg_place(const struct pg_conn *c)
{
    return c->place;
}
