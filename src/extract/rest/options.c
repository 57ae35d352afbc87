/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/parse.h"
#include "extract/rest/internal.h"

#define CONNECTION(field) offsetof(struct rest_options, field)
#define SOURCE(field) offsetof(struct rest_source_options, field)

const struct q_opt rest_connection_opts[] = {
    {.name = "url",
     .arg = "URL",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(url),
     .required = true,
     .help = "address that the paths of sources are behind, like https://api.example/v1"},
    {.name = "headers",
     .arg = "MAP",
     .type = Q_OPT_TEXTS,
     .offset = CONNECTION(headers),
     .help = "headers of every request"},
    {.name = "auth.type",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = CONNECTION(auth),
     .choices = "none|bearer|header|query|basic|oauth2",
     .fallback = "none",
     .help = "how requests say who asks"},
    {.name = "auth.token",
     .arg = "TEXT",
     .type = Q_OPT_SECRET,
     .offset = CONNECTION(token),
     .help = "bearer: the token"},
    {.name = "auth.name",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(auth_name),
     .help = "header, query: name of the header or parameter that holds the key"},
    {.name = "auth.value",
     .arg = "TEXT",
     .type = Q_OPT_SECRET,
     .offset = CONNECTION(auth_value),
     .help = "header, query: the key"},
    {.name = "auth.user",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(auth_user),
     .help = "basic: user"},
    {.name = "auth.password",
     .arg = "TEXT",
     .type = Q_OPT_SECRET,
     .offset = CONNECTION(password),
     .help = "basic: password"},
    {.name = "auth.token_url",
     .arg = "URL",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(token_url),
     .help = "oauth2: where tokens come from (client credentials), absolute or behind `url`"},
    {.name = "auth.client_id",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(client_id),
     .help = "oauth2: client"},
    {.name = "auth.client_secret",
     .arg = "TEXT",
     .type = Q_OPT_SECRET,
     .offset = CONNECTION(client_secret),
     .help = "oauth2: its secret"},
    {.name = "auth.scope",
     .arg = "TEXT",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(scope),
     .help = "oauth2: scope that is asked for"},
    {.name = "auth.send",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = CONNECTION(auth_send),
     .choices = "header|body",
     .fallback = "header",
     .help = "oauth2: where client and secret stand in the request for a token"},
    {.name = "rate",
     .arg = "N/s",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(rate),
     .help = "requests a second (10/s), minute (100/min) or hour (1000/h) at most"},
    {.name = "retries",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = CONNECTION(retries),
     .fallback = "4",
     .max = 100,
     .help = "further tries on 429, 5xx, timeouts and broken connections"},
    {.name = "retry_wait",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = CONNECTION(retry_wait),
     .fallback = "500 ms",
     .help = "shortest pause before another try"},
    {.name = "retry_max",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = CONNECTION(retry_max),
     .fallback = "60 s",
     .help = "longest pause; a server that asks for more is an error"},
    {.name = "timeout",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = CONNECTION(timeout),
     .fallback = "5 min",
     .help = "for a request and its whole answer"},
    {.name = "idle_timeout",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = CONNECTION(idle_timeout),
     .fallback = "60 s",
     .help = "without a byte of the answer"},
    {.name = "connect_timeout",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = CONNECTION(connect_timeout),
     .fallback = "10 s",
     .help = "until it is connected"},
    {.name = "max_page",
     .arg = "SIZE",
     .type = Q_OPT_SIZE,
     .offset = CONNECTION(max_page),
     .fallback = "256 MB",
     .help = "a larger answer, unpacked, is an error"},
    {.name = "ca_file",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = CONNECTION(ca_file),
     .help = "PEM file of the authorities that are trusted, in place of the system's"},
    {.name = "insecure",
     .type = Q_OPT_FLAG,
     .offset = CONNECTION(insecure),
     .help = "do not verify the server's certificate (for tests only)"},
    {0},
};

const struct q_opt rest_source_opts[] = {
    {.name = "path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(path),
     .help = "behind the connection's address; {name} is a value of the parent (`each`)"},
    {.name = "params",
     .arg = "MAP",
     .type = Q_OPT_TEXTS,
     .offset = SOURCE(params),
     .help = "parameters of every request; {name} as in `path`"},
    {.name = "method",
     .arg = "NAME",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(method),
     .choices = "GET|POST",
     .help = "GET, or POST with a body"},
    {.name = "body",
     .arg = "JSON",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(body),
     .help = "a JSON text that is sent"},
    {.name = "params_in",
     .arg = "PLACE",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(params_in),
     .choices = "query|body",
     .fallback = "query",
     .help = "where parameters stand: in the address, or as members of the body"},
    {.name = "records",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(records),
     .help =
         "where the records are: data.items; . is the answer as one record; default: the only array"},
    {.name = "pagination.by",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(by),
     .choices = "none|page|offset|cursor|link|next",
     .fallback = "none",
     .help = "how the next page is asked for"},
    {.name = "pagination.page_param",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(page_param),
     .fallback = "page",
     .help = "page: parameter of its number"},
    {.name = "pagination.offset_param",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(offset_param),
     .fallback = "offset",
     .help = "offset: parameter of the number of records before"},
    {.name = "pagination.first",
     .arg = "N",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(first),
     .help = "number of the first page (default 1) or offset (default 0)"},
    {.name = "pagination.size_param",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(size_param),
     .help = "parameter of the page's size"},
    {.name = "pagination.size",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = SOURCE(size),
     .max = 1000000,
     .help = "records a page"},
    {.name = "pagination.cursor_param",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(cursor_param),
     .fallback = "cursor",
     .help = "cursor: its parameter"},
    {.name = "pagination.cursor_path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(cursor_path),
     .help = "cursor: where the answer has the next one"},
    {.name = "pagination.cursor_field",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(cursor_field),
     .help = "cursor: member of a page's last record that is the next one"},
    {.name = "pagination.next_path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(next_path),
     .fallback = "next",
     .help = "next: where the answer has the next page's address"},
    {.name = "pagination.more_path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(more_path),
     .help = "where the answer says whether there is another page: true or false"},
    {.name = "pagination.total_path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(total_path),
     .help = "where the answer says how many records there are; other than that many is an error"},
    {.name = "pagination.stop",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(stop),
     .choices = "empty|short",
     .fallback = "empty",
     .help = "page, offset: the last page is an empty one, or one of fewer records than `size`"},
    {.name = "pagination.max_pages",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = SOURCE(max_pages),
     .fallback = "100000",
     .min = 1,
     .max = 8000000,
     .help = "more pages are an error"},
    {.name = "pagination.repeated",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(repeated),
     .choices = "error|allow",
     .fallback = "error",
     .help = "a page with the same records as an earlier one"},
    {.name = "max_bytes",
     .arg = "SIZE",
     .type = Q_OPT_SIZE,
     .offset = SOURCE(max_bytes),
     .fallback = "10 GB",
     .help = "more bytes of records in all are an error"},
    {.name = "max_record",
     .arg = "SIZE",
     .type = Q_OPT_SIZE,
     .offset = SOURCE(max_record),
     .fallback = "16 MiB",
     .help = "a longer record is an error"},
    {.name = "incremental_param",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(incremental_param),
     .help = "parameter that gives only what is not older than its value: updated_since"},
    {.name = "incremental_until",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(incremental_until),
     .help = "parameter of the upper bound, for --from --to"},
    {.name = "incremental_format",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(incremental_format),
     .choices = "iso|unix|unix_ms|date|text",
     .fallback = "iso",
     .help = "how times are written in it"},
    {.name = "incremental_exclusive",
     .type = Q_OPT_FLAG,
     .offset = SOURCE(incremental_exclusive),
     .help = "the API leaves out the bound itself: one unit less is asked for"},
    {.name = "each.source",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(each_source),
     .help = "one listing for each row of this source, declared above in the pipeline"},
    {.name = "each.path",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(each_path),
     .help = "one listing for each record of this path, which is turned over like the source's"},
    {.name = "each.records",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = SOURCE(each_records),
     .help = "where the records of `each.path` are"},
    {.name = "each.params",
     .arg = "MAP",
     .type = Q_OPT_TEXTS,
     .offset = SOURCE(each_params),
     .help = "parameters of `each.path`"},
    {.name = "each.as",
     .arg = "MAP",
     .type = Q_OPT_TEXTS,
     .offset = SOURCE(each_as),
     .help = "names of the columns that are added: { id: order_id }; default parent_<name>"},
    {.name = "each.on_404",
     .arg = "KIND",
     .type = Q_OPT_CHOICE,
     .offset = SOURCE(on_404),
     .choices = "error|skip",
     .fallback = "error",
     .help = "a row whose listing is not there (404); skipped ones are counted"},
    {0},
};

void rest_split(struct q_arena *arena, const char *pair, const char **name, const char **value)
{
    const char *eq = strchr(pair, '=');
    *name = q_strndup(arena, pair, eq ? (size_t)(eq - pair) : strlen(pair));
    *value = eq ? eq + 1 : "";
}

/* ---- combinations ---- */

struct need {
    const char *kind; /* of auth.type */
    size_t offset;
    const char *name;
};

static const struct need needs[] = {
    {"bearer", CONNECTION(token), "auth.token"},
    {"header", CONNECTION(auth_name), "auth.name"},
    {"header", CONNECTION(auth_value), "auth.value"},
    {"query", CONNECTION(auth_name), "auth.name"},
    {"query", CONNECTION(auth_value), "auth.value"},
    {"basic", CONNECTION(auth_user), "auth.user"},
    {"basic", CONNECTION(password), "auth.password"},
    {"oauth2", CONNECTION(token_url), "auth.token_url"},
    {"oauth2", CONNECTION(client_id), "auth.client_id"},
    {"oauth2", CONNECTION(client_secret), "auth.client_secret"},
};

/* A header's name or value ends a line: it would begin another header. */
static bool breaks_line(const char *text)
{
    return text && strpbrk(text, "\r\n");
}

enum q_code rest_check_connection(const struct rest_options *o, struct cfg_pos at,
                                  struct q_err *err)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const char *value;
        memcpy(&value, (const char *)o + needs[i].offset, sizeof value);
        bool used = q_streq(o->auth, needs[i].kind);
        if (used && !(value && *value))
            return cfg_fail(err, at, "`auth.type: %s` needs `%s`", o->auth, needs[i].name);
        if (used && breaks_line(value))
            return cfg_fail(err, at, "`%s` has a line end in it", needs[i].name);
    }
    if (q_streq(o->auth, "none"))
        for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
            const char *value;
            memcpy(&value, (const char *)o + needs[i].offset, sizeof value);
            if (value)
                return cfg_fail(err, at, "`%s` is given, but no `auth.type` that uses it",
                                needs[i].name);
        }
    for (size_t i = 0; i < o->headers.n; i++)
        if (!strchr(o->headers.v[i], '=') || breaks_line(o->headers.v[i]))
            return cfg_fail(err, at, "`headers` is a map of names and values of one line");
    return Q_OK;
}

static enum q_code check_pagination(const struct rest_source_options *o, struct cfg_pos at,
                                    struct q_err *err)
{
    if (q_streq(o->by, "cursor") && !o->cursor_path == !o->cursor_field)
        return cfg_fail(err, at,
                        "`pagination.by: cursor` needs either `cursor_path` or `cursor_field`");
    if (!q_streq(o->by, "cursor") && (o->cursor_path || o->cursor_field))
        return cfg_fail(err, at,
                        "`cursor_path` and `cursor_field` belong to `pagination.by: cursor`");
    int64_t first;
    struct q_err why = {0};
    if (o->first && q_parse_int(o->first, "pagination.first", 0, INT32_MAX, &first, &why))
        return cfg_fail(err, at, "%s", why.message);
    if (o->size_param && !o->size)
        return cfg_fail(err, at, "`pagination.size_param` needs `pagination.size`");
    if (q_streq(o->stop, "short") && !o->size)
        return cfg_fail(err, at, "`pagination.stop: short` needs `pagination.size`");
    return Q_OK;
}

enum q_code rest_check_source(const struct rest_source_options *o, struct cfg_pos at,
                              struct q_err *err)
{
    enum q_code code = check_pagination(o, at, err);
    if (code)
        return code;
    if (o->each_source && o->each_path)
        return cfg_fail(err, at, "`each` needs either `source` or `path`, not both");
    if (!o->each_source && !o->each_path && (o->each_records || o->each_params.n || o->each_as.n))
        return cfg_fail(err, at, "`each` needs `source` or `path`");
    if (q_streq(o->params_in, "body") && o->method && q_streq(o->method, "GET"))
        return cfg_fail(err, at, "`params_in: body` needs `method: POST`");
    if (o->body && o->method && q_streq(o->method, "GET"))
        return cfg_fail(err, at, "`body` needs `method: POST`");
    if (o->body) {
        struct q_arena *scratch = q_arena_new(NULL, "body");
        struct q_json *body = NULL;
        struct q_err why = {0};
        bool bad = q_json_parse(scratch, q_str(o->body), "body", &body, &why);
        bool object = !bad && q_json_is_object(body);
        q_arena_free(scratch);
        if (bad)
            return cfg_fail(err, at, "cannot send `body`: %s", why.message);
        if (!object)
            return cfg_fail(err, at, "cannot send `body`: it is no JSON object");
    }
    if (o->incremental_until && !o->incremental_param)
        return cfg_fail(err, at, "`incremental_until` needs `incremental_param`");
    return Q_OK;
}
