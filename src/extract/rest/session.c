/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: its address, its headers, and how its requests say who asks. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "extract/rest/internal.h"

enum {
    TOKEN_ANSWER = 1 << 20,
    TOKEN_EARLY = 30, /* seconds before its end a token is renewed */
    HEADERS = 8,      /* of ours beside those of the connection */
    SHOWN = 300,
};

/* "10/s", "100/min", "1000/h" */
static enum q_code parse_rate(const char *text, struct cfg_pos at, struct net_settings *out,
                              struct q_err *err)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
    const char *slash = strchr(text, '/');
    char number[24] = "";
    if (slash && (size_t)(slash - text) < sizeof number)
        memcpy(number, text, (size_t)(slash - text));
    for (size_t i = 0; slash && i < sizeof units / sizeof *units; i++)
        if (q_streq(slash + 1, units[i].unit) &&
            !q_parse_int(number, "rate", 1, 1000000, &out->rate, NULL)) {
            out->rate_period = units[i].seconds * Q_USEC_PER_SEC;
            return Q_OK;
        }
    return cfg_fail(err, at, "cannot use \"%s\" for rate: expected a number and /s, /min or /h",
                    text);
}

static enum q_code open_client(struct rest_session *s, struct q_err *err)
{
    const struct rest_options *o = s->o;
    struct q_arena *arena = s->arena;
    struct net_settings *set = q_new(arena, struct net_settings);
    *set = (struct net_settings){
        .what = s->what,
        .connect_timeout = o->connect_timeout,
        .timeout = o->timeout,
        .idle_timeout = o->idle_timeout,
        .retries = o->retries ? o->retries : -1,
        .retry_wait = o->retry_wait,
        .retry_max = o->retry_max,
        .max_bytes = o->max_page,
        .ca_file = o->ca_file ? q_path_join(arena, s->connection->dir, o->ca_file) : NULL,
        .ca_shown = o->ca_file,
        .insecure = o->insecure,
    };
    enum q_code code = o->rate ? parse_rate(o->rate, s->connection->pos, set, err) : Q_OK;
    if (!code)
        code = net_open(arena, set, &s->client, err);
    if (code)
        return code;
    const struct q_secret secrets[] = {o->token, o->auth_value, o->password, o->client_secret};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        net_secret(s->client, q_secret_reveal(secrets[i]));
    for (size_t i = 0; i < o->headers.n; i++) {
        const char *name, *value;
        rest_split(arena, o->headers.v[i], &name, &value);
        if (net_is_secret_name(name))
            net_secret(s->client, value);
    }
    if (o->insecure)
        q_log(Q_LOG_WARN, "%s: the server's certificate is not verified (`insecure: true`)",
              s->what);
    return Q_OK;
}

enum q_code rest_connect(struct q_arena *arena, const struct extract_connection *connection,
                         void **session, struct q_err *err)
{
    struct rest_session *s = q_new(arena, struct rest_session);
    s->arena = arena;
    s->connection = connection;
    s->o = connection->options;
    s->what = q_printf(arena, "connection \"%s\"", connection->name);
    enum q_code code = rest_check_connection(s->o, connection->pos, err);
    if (!code)
        code = open_client(s, err);
    const char *why;
    if (!code && !net_url_check(s->o->url, &why))
        return cfg_fail(err, connection->pos, "cannot use \"%s\" as url of %s: %s",
                        net_url_shown(arena, s->o->url, NULL), s->what, why);
    *session = s;
    return code;
}

const char *rest_shown(struct rest_session *s, struct q_arena *arena, const char *url,
                       const char *plain)
{
    const char *shown = net_url_shown(arena, url, plain);
    return net_excerpt(s->client, arena, shown, strlen(shown), strlen(shown) + 1);
}

/* ---- OAuth 2.0, client credentials (RFC 6749, 4.4) ---- */

struct answer {
    struct q_buf text;
};

static enum q_code answer_begins(void *self, const struct net_response *answer, struct q_err *err)
{
    (void)answer;
    (void)err;
    q_buf_clear(&((struct answer *)self)->text);
    return Q_OK;
}

static enum q_code answer_goes_on(void *self, const char *p, size_t n, struct q_err *err)
{
    struct answer *a = self;
    q_buf_add(&a->text, p, n);
    return q_buf_check(&a->text, "the answer of a token request", err);
}

static void add_field(struct q_arena *arena, struct q_buf *form, const char *name,
                      const char *value)
{
    q_buf_printf(form, "%s%s=%s", form->n ? "&" : "", name, net_url_segment(arena, value));
}

static enum q_code take_token(struct rest_session *s, const char *url, const struct answer *a,
                              struct q_arena *scratch, struct q_err *err)
{
    struct q_json *json = NULL;
    struct q_str text = {q_buf_text(&a->text), a->text.n};
    bool parsed = !q_json_parse(scratch, text, "token", &json, NULL);
    const char *token = parsed ? q_json_text(q_json_get(json, "access_token"), NULL) : NULL;
    if (!token || !*token || strpbrk(token, "\r\n"))
        return q_fail(err, Q_SOURCE,
                      "could not get a token for %s from \"%s\": the answer has no `access_token`",
                      s->what, url);
    const char *kind = q_json_text(q_json_get(json, "token_type"), "bearer");
    if (!q_strcaseeq(kind, "bearer"))
        return q_fail(err, Q_SOURCE,
                      "could not get a token for %s from \"%s\": its type is \"%s\", not bearer",
                      s->what, url, net_excerpt(s->client, scratch, kind, strlen(kind), 40));
    struct q_json *expires = q_json_get(json, "expires_in");
    int64_t seconds = q_json_int(expires, 0);
    if (!seconds && q_json_text(expires, NULL) &&
        q_parse_int(q_json_text(expires, NULL), "expires_in", 0, INT32_MAX, &seconds, NULL))
        seconds = 0;
    s->token = q_strdup(s->arena, token);
    s->token_until = seconds <= 0 ? INT64_MAX
                                  : q_ticks() + (seconds > 2 * TOKEN_EARLY ? seconds - TOKEN_EARLY
                                                                           : (seconds + 1) / 2) *
                                                    Q_USEC_PER_SEC;
    net_secret(s->client, token);
    return Q_OK;
}

static enum q_code get_token(struct rest_session *s, struct q_err *err)
{
    const struct rest_options *o = s->o;
    struct q_arena *scratch = q_arena_new(NULL, "token");
    struct answer answer = {0};
    struct q_buf form;
    struct net_response response;
    const char *base = q_printf(scratch, "%s/", o->url), *why;
    const char *url = net_url_check(o->token_url, &why)
                          ? o->token_url
                          : net_url_resolve(scratch, base, o->token_url);
    bool in_body = q_streq(o->auth_send, "body");
    q_buf_init(&form, 1 << 16);
    q_buf_init(&answer.text, TOKEN_ANSWER);
    add_field(scratch, &form, "grant_type", "client_credentials");
    if (o->scope)
        add_field(scratch, &form, "scope", o->scope);
    if (in_body) {
        add_field(scratch, &form, "client_id", o->client_id);
        add_field(scratch, &form, "client_secret", q_secret_reveal(o->client_secret));
    }
    const struct net_header accept = {"Accept", "application/json", false};
    struct net_request r = {
        .url = url ? url : o->token_url,
        .headers = &accept,
        .n_headers = 1,
        .user = in_body ? NULL : net_url_segment(scratch, o->client_id),
        .password = in_body ? NULL : net_url_segment(scratch, q_secret_reveal(o->client_secret)),
        .body = q_buf_text(&form),
        .body_type = "application/x-www-form-urlencoded",
        .secret_body = true,
        .begin = answer_begins,
        .body_to = answer_goes_on,
        .self = &answer,
    };
    enum q_code code = net_send(s->client, &r, scratch, &response, err);
    if (code && (response.status == 400 || response.status == 401 || response.status == 403))
        q_hint(
            err,
            "The token server refuses: check `auth.client_id`, `auth.client_secret` and `auth.scope` of %s in quern.yaml, and whether it wants them in the body (`auth.send: body`).",
            s->what);
    if (code)
        q_context(err, "getting a token for %s", s->what);
    else
        code = take_token(s, response.url, &answer, scratch, err);
    q_buf_release(&form);
    q_buf_release(&answer.text);
    q_arena_free(scratch);
    return code;
}

/* ---- requests ---- */

struct headers {
    struct net_header *v;
    size_t n;
};

static void add_header(struct headers *h, const char *name, const char *value, bool secret)
{
    h->v[h->n++] = (struct net_header){name, value, secret};
}

static struct headers make_headers(struct rest_session *s, struct q_arena *arena)
{
    const struct rest_options *o = s->o;
    struct headers h = {q_alloc_array(arena, o->headers.n + HEADERS, sizeof *h.v), 0};
    bool accept = false;
    for (size_t i = 0; i < o->headers.n; i++) {
        const char *name, *value;
        rest_split(arena, o->headers.v[i], &name, &value);
        add_header(&h, name, value, true); /* who knows what is in it */
        accept |= q_strcaseeq(name, "Accept");
    }
    if (!accept)
        add_header(&h, "Accept", "application/json", false);
    const char *bearer = q_streq(o->auth, "bearer")   ? q_secret_reveal(o->token)
                         : q_streq(o->auth, "oauth2") ? s->token
                                                      : NULL;
    if (bearer)
        add_header(&h, "Authorization", q_printf(arena, "Bearer %s", bearer), true);
    if (q_streq(o->auth, "header"))
        add_header(&h, o->auth_name, q_secret_reveal(o->auth_value), true);
    return h;
}

/* Which option the server does not like. */
static void hint_credentials(const struct rest_session *s, const struct net_response *answer,
                             struct q_err *err)
{
    static const struct {
        const char *kind, *options;
    } options[] = {
        {"bearer", "`auth.token`"},
        {"header", "`auth.name` and `auth.value`"},
        {"query", "`auth.name` and `auth.value`"},
        {"basic", "`auth.user` and `auth.password`"},
        {"oauth2", "`auth.client_id`, `auth.client_secret` and `auth.scope`"},
    };
    if (answer->other_origin)
        return;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (q_streq(s->o->auth, options[i].kind)) {
            if (answer->status == 403)
                q_hint(
                    err,
                    "The server knows who asks and refuses: check the rights behind %s of %s in quern.yaml.",
                    options[i].options, s->what);
            else
                q_hint(err, "The server does not accept who asks: check %s of %s in quern.yaml.",
                       options[i].options, s->what);
            return;
        }
    q_hint(err, "The server wants to know who asks: declare `auth` of %s in quern.yaml.", s->what);
}

/* A next page's address may bring the key along. */
static bool has_param(const char *url, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strchr(url, '?'); p; p = strpbrk(p + 1, "&"))
        if (strncmp(p + 1, name, n) == 0 && p[1 + n] == '=')
            return true;
    return false;
}

static enum q_code send_once(struct rest_session *s, const struct rest_ask *ask,
                             struct q_arena *arena, struct net_response *out, struct q_err *err)
{
    const struct rest_options *o = s->o;
    struct headers h = make_headers(s, arena);
    const char *url = ask->url;
    if (q_streq(o->auth, "query") && !has_param(url, o->auth_name))
        url = net_url_param(arena, url, o->auth_name, q_secret_reveal(o->auth_value));
    bool basic = q_streq(o->auth, "basic");
    struct net_request r = {
        .method = ask->method,
        .url = url,
        .headers = h.v,
        .n_headers = h.n,
        .user = basic ? o->auth_user : NULL,
        .password = basic ? q_secret_reveal(o->password) : NULL,
        .body = ask->body,
        .body_type = "application/json",
        .begin = ask->begin,
        .body_to = ask->body_to,
        .self = ask->self,
    };
    return net_send(s->client, &r, arena, out, err);
}

enum q_code rest_send(struct rest_session *s, const struct rest_ask *ask, struct q_arena *arena,
                      struct net_response *out, struct q_err *err)
{
    bool tokens = q_streq(s->o->auth, "oauth2"), fresh = false;
    struct q_err why = {0}; /* the caller's stays untouched when a second try succeeds */
    enum q_code code = Q_OK;
    *out = (struct net_response){.type = "", .head = "", .url = ""};
    if (tokens && (!s->token || q_ticks() >= s->token_until)) {
        code = get_token(s, &why);
        fresh = true;
    }
    if (!code)
        code = send_once(s, ask, arena, out, &why);
    if (code && tokens && out->status == 401 && !fresh && !out->other_origin) {
        code = get_token(s, &why);
        if (!code)
            code = send_once(s, ask, arena, out, &why);
    }
    if (code && (out->status == 401 || out->status == 403))
        hint_credentials(s, out, &why);
    if (code && out->status == 404)
        q_hint(&why, "Check `path` of the source and `url` of %s in quern.yaml.", s->what);
    if (code && out->status == 429 && !why.hint[0])
        q_hint(
            &why,
            "Ask more slowly, or wait longer: `rate: 60/min`, `retries` and `retry_wait` of %s in quern.yaml.",
            s->what);
    if (code && err)
        *err = why;
    return code;
}

enum q_code rest_greet(void *session, struct q_arena *arena, const char **out, struct q_err *err)
{
    struct rest_session *s = session;
    struct rest_ask ask = {.url = s->o->url};
    struct net_response answer;
    struct q_err why = {0};
    enum q_code code = rest_send(s, &ask, arena, &answer, &why);
    /* Few APIs have anything at their root: any answer that is no refusal shows that it is there. */
    if (code && (answer.status < 400 || answer.status >= 500 || answer.status == 401 ||
                 answer.status == 403 || answer.status == 429)) {
        if (err)
            *err = why;
        return code;
    }
    *out = q_printf(arena, "HTTP %d from %s, auth %s", answer.status, answer.url, s->o->auth);
    return Q_OK;
}
