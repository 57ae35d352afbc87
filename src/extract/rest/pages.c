/* SPDX-License-Identifier: Apache-2.0 */
/* A list of records that comes in pages: how the next one is asked for, and when it was the last. */
#include <string.h>

#include "base/cancel.h"
#include "base/json.h"
#include "base/map.h"
#include "base/parse.h"
#include "extract/rest/internal.h"

enum { NEXT_MAX = 1 << 16, URL_LONGEST = 1 << 16, BODY_MAX = 1 << 20, EXCERPT = 200 };

/* Where each pick of rest_picks() is. */
enum pick { PICK_NEXT, PICK_FIELD, PICK_TOTAL, PICK_MORE, PICKS };

struct turner {
    struct rest_listing *l;
    struct q_arena *arena; /* of the listing */
    struct q_buf next;     /* cursor, or address of the next page */
    bool has_next;
    int64_t number;    /* of the page, or records before it */
    int64_t records;   /* so far */
    int64_t total;     /* that the answer tells, or -1 */
    struct q_map seen; /* pages by their content, cursors and addresses */
};

static bool is(const struct rest_source_options *o, const char *kind)
{
    return q_streq(o->by, kind);
}

size_t rest_picks(const struct rest_source_options *o, struct tap_pick *picks)
{
    static const char nowhere[] = "\n"; /* no path has it */
    const char *next = is(o, "cursor") ? o->cursor_path : is(o, "next") ? o->next_path : NULL;
    picks[PICK_NEXT] = (struct tap_pick){next ? next : nowhere, false};
    picks[PICK_FIELD] = (struct tap_pick){o->cursor_field ? o->cursor_field : nowhere, true};
    picks[PICK_TOTAL] = (struct tap_pick){o->total_path ? o->total_path : nowhere, false};
    picks[PICK_MORE] = (struct tap_pick){o->more_path ? o->more_path : nowhere, false};
    return PICKS;
}

/* Of the first page, or of the records before it. */
static int64_t first_number(const struct rest_source_options *o)
{
    int64_t first = is(o, "page") ? 1 : 0;
    if (o->first && q_parse_int(o->first, "first", 0, INT32_MAX, &first, NULL))
        return 0; /* rest_check_source() has seen to it */
    return first;
}

/* ---- requests ---- */

static size_t brace_name(const char *p)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t n = *p == '{' ? strspn(p + 1, letters) : 0;
    return n && p[n + 1] == '}' ? n : 0;
}

enum q_code rest_braces(struct q_arena *arena, const char *text, q_texts *out, struct q_err *err)
{
    for (const char *p = text; *p; p++) {
        size_t n = brace_name(p);
        if (!n)
            continue;
        const char *name = q_strndup(arena, p + 1, n);
        bool known = false;
        for (size_t i = 0; i < out->n; i++)
            known |= q_streq(out->v[i], name);
        if (!known && out->n == TAP_PICKS - PICKS)
            return q_fail(err, Q_CONFIG, "cannot use more than %d names in braces",
                          TAP_PICKS - PICKS);
        if (!known)
            *q_vec_push(arena, out) = name;
    }
    return Q_OK;
}

/* The text with values in place of {names}; encoded for a path. */
static const char *filled(struct q_arena *arena, const char *text, const struct rest_values *values,
                          bool encode)
{
    struct q_buf b;
    q_buf_init(&b, URL_LONGEST);
    for (const char *p = text; *p; p++) {
        size_t n = brace_name(p);
        bool found = false;
        for (size_t i = 0; n && values && i < values->n && !found; i++)
            if (strlen(values->names[i]) == n && memcmp(values->names[i], p + 1, n) == 0) {
                q_buf_adds(&b,
                           encode ? net_url_segment(arena, values->values[i]) : values->values[i]);
                found = true;
            }
        if (found)
            p += n + 1;
        else
            q_buf_addc(&b, *p);
    }
    const char *result = q_strdup(arena, q_buf_text(&b));
    q_buf_release(&b);
    return result;
}

static const char *joined(struct q_arena *arena, const char *base, const char *path)
{
    size_t n = strlen(base);
    while (n && base[n - 1] == '/')
        n--;
    while (*path == '/')
        path++;
    const char *start = q_strndup(arena, base, n);
    return *path ? q_printf(arena, "%s/%s", start, path) : q_strdup(arena, base);
}

struct request {
    struct q_arena *arena;
    const char *url;
    struct q_json *body; /* parameters go there; NULL: into the address */
};

static void add_param(struct request *r, const char *name, const char *value, bool number)
{
    int64_t n;
    if (!r->body)
        r->url = net_url_param(r->arena, r->url, name, value);
    else if (number && !q_parse_int(value, name, INT64_MIN, INT64_MAX, &n, NULL))
        q_json_set_int(r->body, name, n);
    else
        q_json_set_text(r->body, name, value);
}

static void add_number(struct request *r, const char *name, int64_t value)
{
    add_param(r, name, q_printf(r->arena, "%lld", (long long)value), true);
}

static void add_params(const struct turner *t, struct request *r)
{
    const struct rest_listing *l = t->l;
    const struct rest_source_options *o = l->o;
    for (size_t i = 0; i < l->params->n; i++) {
        const char *name, *value;
        rest_split(r->arena, l->params->v[i], &name, &value);
        add_param(r, name, filled(r->arena, value, l->values, false), false);
    }
    if (l->lo)
        add_param(r, o->incremental_param, l->lo, true);
    if (l->hi)
        add_param(r, o->incremental_until, l->hi, true);
    if (is(o, "page"))
        add_number(r, o->page_param, t->number);
    if (is(o, "offset"))
        add_number(r, o->offset_param, t->number);
    if (is(o, "cursor") && t->has_next)
        add_param(r, o->cursor_param, q_buf_text(&t->next), false);
    if (o->size_param)
        add_number(r, o->size_param, o->size);
}

/* The request of the page that is to come. */
static enum q_code make_request(const struct turner *t, struct q_arena *arena, struct rest_ask *ask,
                                struct q_err *err)
{
    const struct rest_listing *l = t->l;
    const struct rest_source_options *o = l->o;
    struct request r = {.arena = arena};
    bool follows = t->has_next && (is(o, "next") || is(o, "link"));
    r.url = follows ? q_buf_text(&t->next)
                    : joined(arena, l->session->o->url, filled(arena, l->path, l->values, true));
    if (q_streq(o->params_in, "body") || o->body) {
        enum q_code code = Q_OK;
        r.body = q_json_object(arena);
        if (o->body)
            code = q_json_parse(arena, q_str(o->body), "body", &r.body, err);
        if (code)
            return code;
    }
    struct q_json *body = r.body;
    if (!q_streq(o->params_in, "body"))
        r.body = NULL;
    if (!follows)
        add_params(t, &r);
    *ask = (struct rest_ask){.url = r.url, .method = o->method, .plain = o->cursor_param};
    if (body) {
        struct q_buf text;
        q_buf_init(&text, BODY_MAX);
        q_json_write(body, false, &text);
        ask->body = q_strdup(arena, q_buf_text(&text));
        q_buf_release(&text);
    } else if (o->method && q_streq(o->method, "POST")) {
        ask->body = "";
    }
    return Q_OK;
}

const char *rest_first_shown(struct q_arena *arena, struct rest_listing *l)
{
    struct turner t = {.l = l, .arena = arena, .number = first_number(l->o)};
    struct rest_ask ask;
    struct q_err why = {0};
    if (make_request(&t, arena, &ask, &why))
        return why.message[0] ? q_strdup(arena, why.message) : "";
    return rest_shown(l->session, arena, ask.url, ask.plain);
}

/* ---- one page ---- */

struct page {
    struct turner *t;
    struct q_arena *arena;
    const char *shown, *what;
    bool looked; /* at the first bytes */
    bool html;
};

static enum q_code page_begins(void *self, const struct net_response *answer, struct q_err *err)
{
    struct page *p = self;
    const char *charset = strstr(answer->type, "charset=");
    p->looked = false;
    p->html = strstr(answer->type, "html") != NULL;
    if (charset && strncmp(charset + 8, "utf-8", 5) != 0 &&
        strncmp(charset + 8, "\"utf-8", 6) != 0 && strncmp(charset + 8, "us-ascii", 8) != 0)
        return q_fail(err, Q_SOURCE, "could not read %s: its text is \"%s\", not UTF-8", p->what,
                      answer->type);
    json_tap_begin(p->t->l->tap, p->what);
    return p->t->l->page_begins(p->t->l->self, err);
}

static void show_head(struct page *p, const char *from, size_t n, struct q_err *err)
{
    if (n)
        q_detail(err, "It begins: %s",
                 net_excerpt(p->t->l->session->client, p->arena, from, n, EXCERPT));
}

static enum q_code page_goes_on(void *self, const char *from, size_t n, struct q_err *err)
{
    struct page *p = self;
    struct json_tap *tap = p->t->l->tap;
    size_t at = 0;
    while (!p->looked && at < n && strchr(" \t\r\n", from[at]))
        at++;
    if (!p->looked && at < n) {
        p->looked = true;
        if (from[at] == '<') {
            enum q_code code = q_fail(err, Q_SOURCE, "could not read %s: it is %s, not JSON",
                                      p->what, p->html ? "HTML" : "HTML or XML");
            show_head(p, from, n, err);
            q_hint(
                err,
                "A page for people often stands where an API was moved, or wants a login: check `url`, `path` and `auth`.");
            return code;
        }
    }
    enum q_code code = json_tap_feed(tap, from, n, err);
    if (code == Q_SOURCE)
        show_head(p, json_tap_head(tap).p, json_tap_head(tap).n, err);
    return code;
}

/* Ask for a page, spool its records. */
static enum q_code read_page(struct turner *t, struct q_arena *arena, struct rest_ask *ask,
                             struct net_response *answer, struct tap_result *result,
                             struct q_err *err)
{
    struct rest_listing *l = t->l;
    struct page p = {.t = t, .arena = arena};
    p.shown = rest_shown(l->session, arena, ask->url, ask->plain);
    p.what = q_printf(arena, "the answer of \"%s\" (%s)", p.shown, l->session->what);
    ask->begin = page_begins;
    ask->body_to = page_goes_on;
    ask->self = &p;
    if (l->pages >= l->o->max_pages) {
        enum q_code code = q_fail(
            err, Q_SOURCE, "could not read all pages of \"%s\" (%s): there are more than %lld",
            l->path, l->session->what, (long long)l->o->max_pages);
        q_hint(err, "If that many are expected, raise `pagination.max_pages`.");
        return code;
    }
    enum q_code code = rest_send(l->session, ask, arena, answer, err);
    l->status = answer->status;
    if (!code) {
        code = json_tap_end(l->tap, result, err);
        if (code == Q_SOURCE)
            show_head(&p, json_tap_head(l->tap).p, json_tap_head(l->tap).n, err);
    }
    if (!code) {
        l->pages++;
        code = l->page_ends(l->self, p.shown, result, err);
    }
    return code;
}

/* ---- the next one ---- */

static enum q_code repeats(const struct turner *t, const char *shown, const char *what,
                           const char *hint, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not read all pages: the answer of \"%s\" (%s) %s", shown,
               t->l->session->what, what);
    q_hint(err, "%s", hint);
    return code;
}

/* False when it was there before. */
static bool is_new(struct turner *t, char kind, const char *text)
{
    return q_map_put(&t->seen, q_printf(t->arena, "%c%s", kind, text), t);
}

static enum q_code turn_to(struct turner *t, const char *next, const char *shown, struct q_err *err)
{
    t->has_next = next && *next;
    if (!t->has_next)
        return Q_OK;
    if (!is_new(t, 'n', next))
        return repeats(t, shown, "leads to a page that was read before: it would go on for ever",
                       "Check the `pagination` of the source against the API's documentation.",
                       err);
    q_buf_clear(&t->next);
    q_buf_adds(&t->next, next);
    return q_buf_check(&t->next, "the next page's address", err);
}

static enum q_code turn_to_address(struct turner *t, struct q_arena *arena, const char *current,
                                   const char *reference, const char *shown, struct q_err *err)
{
    if (!reference || !*reference)
        return turn_to(t, NULL, shown, err);
    const char *next = net_url_resolve(arena, current, reference), *why = "";
    struct rest_session *s = t->l->session;
    if (!next || !net_url_check(next, &why))
        return q_fail(
            err, Q_SOURCE,
            "could not read all pages: the answer of \"%s\" (%s) has a next page that is no address: \"%s\"",
            shown, s->what, rest_shown(s, arena, reference, NULL));
    if (!net_url_same_origin(next, s->o->url)) {
        enum q_code code = q_fail(
            err, Q_SOURCE,
            "could not read all pages: the next page after \"%s\" (%s) is at another server: \"%s\"",
            shown, s->what, rest_shown(s, arena, next, NULL));
        q_hint(
            err,
            "Credentials go to the connection's `url` alone. If the API was moved, change that.");
        return code;
    }
    return turn_to(t, next, shown, err);
}

/* The target of rel="next" in a Link header (RFC 8288), or NULL. */
static const char *link_next(struct q_arena *arena, const char *header)
{
    for (const char *p = header; p && (p = strchr(p, '<'));) {
        const char *end = strchr(p, '>');
        if (!end)
            return NULL;
        const char *target = q_strndup(arena, p + 1, (size_t)(end - p - 1));
        const char *stop = end; /* the comma behind the parameters */
        for (bool quoted = false; *stop && (quoted || *stop != ','); stop++)
            quoted ^= *stop == '"';
        char *params = q_strndup(arena, end + 1, (size_t)(stop - end - 1));
        for (char *save = NULL, *one = strtok_r(params, ";", &save); one;
             one = strtok_r(NULL, ";", &save)) {
            one += strspn(one, " \t");
            if (strncasecmp(one, "rel", 3) != 0 || !strchr(one, '='))
                continue;
            char *words = strchr(one, '=') + 1, *inner = NULL;
            for (char *w = strtok_r(words, " \t\"", &inner); w; w = strtok_r(NULL, " \t\"", &inner))
                if (q_strcaseeq(w, "next"))
                    return target;
        }
        p = stop;
    }
    return NULL;
}

static bool says_no(const char *text)
{
    return !text || !*text || q_streq(text, "false") || q_streq(text, "0");
}

/* Page and offset: was it the last one? */
static bool was_last(const struct turner *t, const struct tap_result *r)
{
    const struct rest_source_options *o = t->l->o;
    if (o->more_path)
        return says_no(r->values[PICK_MORE]);
    if (r->records == 0 || (q_streq(o->stop, "short") && r->records < o->size))
        return true;
    return t->total >= 0 && t->records >= t->total;
}

static enum q_code cursor_of(const struct turner *t, const struct tap_result *r, const char *shown,
                             const char **out, struct q_err *err)
{
    const struct rest_source_options *o = t->l->o;
    *out = NULL;
    if (o->more_path && says_no(r->values[PICK_MORE]))
        return Q_OK;
    *out = o->cursor_path ? r->values[PICK_NEXT] : r->values[PICK_FIELD];
    if (o->cursor_path || r->records == 0 || (q_streq(o->stop, "short") && r->records < o->size)) {
        *out = o->cursor_path && *out && !q_streq(*out, "false") ? *out : NULL;
        return Q_OK;
    }
    if (!*out || !**out)
        return q_fail(
            err, Q_SOURCE,
            "could not read all pages: the last record of the answer of \"%s\" (%s) has no \"%s\"",
            shown, t->l->session->what, o->cursor_field);
    return Q_OK;
}

static enum q_code note_total(struct turner *t, const struct tap_result *r, const char *shown,
                              struct q_err *err)
{
    const char *text = r->values[PICK_TOTAL];
    if (!t->l->o->total_path)
        return Q_OK;
    if (text && !q_parse_int(text, "total", 0, INT64_MAX, &t->total, NULL))
        return Q_OK;
    return q_fail(err, Q_SOURCE,
                  "could not read the answer of \"%s\" (%s): it has no number at \"%s\"", shown,
                  t->l->session->what, t->l->o->total_path);
}

/* Turn the page; *more: there is another. */
static enum q_code turn(struct turner *t, struct q_arena *arena, const struct rest_ask *ask,
                        const struct net_response *answer, const struct tap_result *r, bool *more,
                        struct q_err *err)
{
    const struct rest_source_options *o = t->l->o;
    const char *shown = rest_shown(t->l->session, arena, ask->url, ask->plain);
    *more = false;
    t->records += r->records;
    enum q_code code = note_total(t, r, shown, err);
    if (code || is(o, "none"))
        return code;
    if (r->records && q_streq(o->repeated, "error") &&
        !is_new(t, 'p', q_printf(arena, "%016llx", (unsigned long long)r->hash)))
        return repeats(
            t, shown, "has the same records as an earlier page",
            "The server may ignore the parameter that turns pages: check `pagination`. If pages may be the same, declare `pagination.repeated: allow`.",
            err);
    if (is(o, "page") || is(o, "offset")) {
        t->number += is(o, "page") ? 1 : r->records;
        *more = !was_last(t, r);
        if (*more && !r->records && is(o, "offset"))
            return repeats(t, shown, "has no records, but says that there are more",
                           "Check `pagination.more_path`.", err);
        return Q_OK;
    }
    if (is(o, "cursor")) {
        const char *cursor;
        code = cursor_of(t, r, shown, &cursor, err);
        if (!code)
            code = turn_to(t, cursor, shown, err);
    } else if (is(o, "next")) {
        bool done = o->more_path && says_no(r->values[PICK_MORE]);
        code = turn_to_address(t, arena, ask->url, done ? NULL : r->values[PICK_NEXT], shown, err);
    } else {
        code = turn_to_address(t, arena, ask->url, link_next(arena, answer->link), shown, err);
    }
    *more = t->has_next;
    return code;
}

static enum q_code check_total(const struct turner *t, struct q_err *err)
{
    if (t->total < 0 || t->total == t->records)
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_SOURCE,
               "could not read all records of \"%s\" (%s): \"%s\" says %lld, the pages have %lld",
               t->l->path, t->l->session->what, t->l->o->total_path, (long long)t->total,
               (long long)t->records);
    q_hint(
        err,
        "They may have changed meanwhile: run again. If it counts something else, leave `pagination.total_path` out.");
    return code;
}

enum q_code rest_read_pages(struct rest_listing *l, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "listing");
    struct turner t = {.l = l, .arena = arena, .total = -1, .number = first_number(l->o)};
    enum q_code code = Q_OK;
    q_map_init(&t.seen, arena);
    q_buf_init(&t.next, NEXT_MAX);
    for (bool more = true; more && !code;) {
        struct q_arena *page = q_arena_new(arena, "page");
        struct rest_ask ask;
        struct net_response answer;
        struct tap_result result;
        code = q_cancelled() ? q_fail(err, Q_CANCELLED, "cancelled while reading \"%s\"", l->path)
                             : make_request(&t, page, &ask, err);
        if (!code)
            code = read_page(&t, page, &ask, &answer, &result, err);
        if (!code)
            code = turn(&t, page, &ask, &answer, &result, &more, err);
        q_arena_free(page);
    }
    if (!code)
        code = check_total(&t, err);
    q_buf_release(&t.next);
    q_arena_free(arena);
    return code;
}
