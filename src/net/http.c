/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "net/internal.h"

enum {
    HEAD_KEPT = 2048,      /* of an answer that is an error */
    HEADERS_MAX = 1 << 16, /* of one header that is kept */
    SHOWN = 300,           /* bytes of an answer in a message */
    RATIO_FROM = 1 << 20,  /* smaller bodies may be as dense as they like */
    SECRET_LEAST = 4,
};

/* One request on its way: its tries, and the redirects of each. */
struct trip {
    struct net_client *client;
    const struct net_request *request;
    struct q_arena *arena;
    struct net_response *out;
    struct q_err *err;
    const char *url;
    bool get; /* a redirect has made it a GET */
    /* of the current hop */
    enum q_code code; /* of a callback: it is the result */
    bool begun;
    struct q_buf link, head;
    const char *retry_after;
    char reason[CURL_ERROR_SIZE];
};

/* ---- life ---- */

static void close_client(void *arg)
{
    struct net_client *c = arg;
    c->lib->easy_cleanup(c->easy);
}

static void fill_defaults(struct net_settings *s)
{
    const struct {
        int64_t *field;
        int64_t fallback;
    } defaults[] = {
        {&s->connect_timeout, 10 * Q_USEC_PER_SEC}, {&s->timeout, 300 * Q_USEC_PER_SEC},
        {&s->idle_timeout, 60 * Q_USEC_PER_SEC},    {&s->retries, 4},
        {&s->retry_wait, Q_USEC_PER_SEC / 2},       {&s->retry_max, 60 * Q_USEC_PER_SEC},
        {&s->rate_period, Q_USEC_PER_SEC},          {&s->burst, 1},
        {&s->max_bytes, INT64_C(256) << 20},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (!*defaults[i].field)
            *defaults[i].field = defaults[i].fallback;
    if (s->retries < 0)
        s->retries = 0;
}

enum q_code net_open(struct q_arena *arena, const struct net_settings *settings,
                     struct net_client **out, struct q_err *err)
{
    const struct net_lib *lib = net_lib(err);
    if (!lib)
        return Q_SOURCE;
    if (settings->ca_file && access(settings->ca_file, R_OK) != 0)
        return q_fail(err, Q_CONFIG, "could not read the certificates of %s in \"%s\"",
                      settings->what, settings->ca_shown ? settings->ca_shown : settings->ca_file);
    struct net_client *c = q_new(arena, struct net_client);
    c->arena = arena;
    c->set = *settings;
    fill_defaults(&c->set);
    c->lib = lib;
    c->tokens = (double)c->set.burst;
    c->refilled = q_ticks();
    c->easy = lib->easy_init();
    if (!c->easy)
        q_out_of_memory(0);
    q_arena_defer(arena, close_client, c);
    *out = c;
    return Q_OK;
}

void net_secret(struct net_client *c, const char *value)
{
    if (!value || strlen(value) < SECRET_LEAST)
        return;
    *q_vec_push(c->arena, &c->secrets) = q_strdup(c->arena, value);
    const char *encoded = net_url_segment(c->arena, value);
    if (!q_streq(encoded, value))
        *q_vec_push(c->arena, &c->secrets) = encoded;
}

/* Length of the longest secret that stands at p, 0 when there is none. */
static size_t secret_at(const struct net_client *c, const char *p, size_t left)
{
    size_t best = 0;
    for (size_t i = 0; i < c->secrets.n; i++) {
        size_t n = strlen(c->secrets.v[i]);
        if (n <= left && n > best && memcmp(p, c->secrets.v[i], n) == 0)
            best = n;
    }
    return best;
}

const char *net_excerpt(struct net_client *c, struct q_arena *arena, const char *p, size_t n,
                        size_t max)
{
    struct q_buf b;
    q_buf_init(&b, max + 16);
    size_t at = 0;
    while (at < n && b.n < max) {
        size_t secret = secret_at(c, p + at, n - at), length = q_utf8_length(p + at, n - at);
        if (secret)
            q_buf_adds(&b, "***");
        else if (length == 1 && ((unsigned char)p[at] < 0x20 || p[at] == 0x7F))
            q_buf_adds(&b, b.n && b.p[b.n - 1] == ' ' ? "" : " ");
        else if (length)
            q_buf_add(&b, p + at, length);
        else
            q_buf_addc(&b, '?');
        at += secret ? secret : length ? length : 1;
    }
    if (at < n)
        q_buf_adds(&b, "...");
    const char *text = q_strdup(arena, q_buf_text(&b));
    q_buf_release(&b);
    return text;
}

static const char *shown(struct net_client *c, struct q_arena *arena, const char *url)
{
    const char *text = net_url_shown(arena, url, NULL);
    return net_excerpt(c, arena, text, strlen(text), strlen(text) + 1);
}

/* ---- an answer comes in ---- */

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + 32);
}

static size_t on_header(char *p, size_t size, size_t n, void *self)
{
    struct trip *t = self;
    size_t total = size * n;
    const char *colon = memchr(p, ':', total);
    if (total >= 5 &&
        memcmp(p, "HTTP/", 5) == 0) { /* another answer begins: what was said before it is void */
        t->out->type = "";
        t->out->etag = t->out->changed = t->retry_after = NULL;
        q_buf_clear(&t->link);
    }
    if (!colon)
        return total;
    struct q_str value = q_str_trim((struct q_str){colon + 1, total - (size_t)(colon + 1 - p)});
    char *name = q_strndup(t->arena, p, (size_t)(colon - p));
    lower(name);
    char *text = q_strndup(t->arena, value.p, value.n);
    if (q_streq(name, "content-type")) {
        lower(text);
        t->out->type = text;
    } else if (q_streq(name, "etag")) {
        t->out->etag = text;
    } else if (q_streq(name, "last-modified")) {
        t->out->changed = text;
    } else if (q_streq(name, "retry-after")) {
        t->retry_after = text;
    } else if (q_streq(name, "link")) {
        q_buf_adds(&t->link, t->link.n ? ", " : "");
        q_buf_adds(&t->link, text);
    }
    return total;
}

/* What is known of the answer once its headers are in. */
static void note_answer(struct trip *t)
{
    const struct net_lib *l = t->client->lib;
    long status = 0;
    curl_off_t length = -1, received = 0;
    (void)l->easy_getinfo(t->client->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)l->easy_getinfo(t->client->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    (void)l->easy_getinfo(t->client->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    t->out->status = (int)status;
    t->out->length = length;
    t->out->received = received;
}

static bool is_good(const struct trip *t)
{
    return t->out->status >= 200 && t->out->status < 300;
}

static enum q_code begin(struct trip *t)
{
    t->begun = true;
    t->out->link = t->link.n ? q_strdup(t->arena, q_buf_text(&t->link)) : NULL;
    return t->request->begin ? t->request->begin(t->request->self, t->out, t->err) : Q_OK;
}

/* A body that is too large, or that unpacks to more than any honest one. */
static enum q_code check_size(struct trip *t)
{
    struct net_response *out = t->out;
    const struct net_settings *set = &t->client->set;
    if (out->bytes > set->max_bytes)
        return q_fail(
            t->err, Q_SOURCE,
            "could not get \"%s\" (%s): the answer has more than the %lld bytes that are allowed",
            out->url, set->what, (long long)set->max_bytes);
    if (!t->request->identity && out->bytes > RATIO_FROM && out->received > 0 &&
        out->bytes / NET_RATIO > out->received)
        return q_fail(
            t->err, Q_SOURCE,
            "could not get \"%s\" (%s): %lld bytes became more than %lld, which no honest answer does",
            out->url, set->what, (long long)out->received, (long long)out->bytes);
    return Q_OK;
}

static size_t on_body(char *p, size_t size, size_t n, void *self)
{
    struct trip *t = self;
    size_t total = size * n;
    note_answer(t);
    t->out->bytes += (int64_t)total;
    if (!is_good(t)) {
        q_buf_add(&t->head, p, total < HEAD_KEPT - t->head.n ? total : HEAD_KEPT - t->head.n);
        return t->out->bytes > t->client->set.max_bytes ? 0 : total;
    }
    if (!t->begun)
        t->code = begin(t);
    if (!t->code)
        t->code = check_size(t);
    if (!t->code && t->request->body_to)
        t->code = t->request->body_to(t->request->self, p, total, t->err);
    return t->code ? 0 : total;
}

static int on_progress(void *self, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)self;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return q_cancelled();
}

/* ---- one hop ---- */

/* curl_easy_setopt() fails where memory ends, or for what this libcurl does not know. */
static void set_long(struct trip *t, CURLoption option, long value)
{
    if (t->client->lib->easy_setopt(t->client->easy, option, value) != CURLE_OK && !t->code)
        t->code = q_fail(t->err, Q_INTERNAL, "this libcurl does not take option %d", (int)option);
}

static void set_ptr(struct trip *t, CURLoption option, const void *value)
{
    if (t->client->lib->easy_setopt(t->client->easy, option, value) != CURLE_OK && !t->code)
        t->code = q_fail(t->err, Q_INTERNAL, "this libcurl does not take option %d", (int)option);
}

static struct curl_slist *header_list(struct trip *t)
{
    const struct net_lib *l = t->client->lib;
    const struct net_request *r = t->request;
    struct curl_slist *list = l->slist_append(NULL, "User-Agent: quern");
    for (size_t i = 0; i < r->n_headers; i++)
        if (!r->headers[i].secret || !t->out->other_origin)
            list =
                l->slist_append(list, q_printf(t->arena, *r->headers[i].value ? "%s: %s" : "%s;%s",
                                               r->headers[i].name, r->headers[i].value));
    if (r->body && !t->get) {
        list = l->slist_append(list, "Expect:");
        if (r->body_type)
            list = l->slist_append(list, q_printf(t->arena, "Content-Type: %s", r->body_type));
    }
    return r->identity ? l->slist_append(list, "Accept-Encoding: identity") : list;
}

static long milliseconds(int64_t usec)
{
    return usec < 1000 ? 1 : (long)(usec / 1000);
}

static void prepare(struct trip *t, struct curl_slist *headers)
{
    const struct net_settings *s = &t->client->set;
    const struct net_request *r = t->request;
    t->client->lib->easy_reset(t->client->easy);
    set_ptr(t, CURLOPT_ERRORBUFFER, t->reason);
    set_ptr(t, CURLOPT_URL, t->url);
    set_ptr(t, CURLOPT_PROTOCOLS_STR, "http,https");
    set_long(t, CURLOPT_NOSIGNAL, 1);
    set_long(t, CURLOPT_FOLLOWLOCATION, 0);
    set_ptr(t, CURLOPT_HTTPHEADER, headers);
    set_long(t, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(s->connect_timeout));
    set_long(t, CURLOPT_TIMEOUT_MS, milliseconds(s->timeout));
    set_long(t, CURLOPT_LOW_SPEED_LIMIT, 1);
    set_long(t, CURLOPT_LOW_SPEED_TIME, (milliseconds(s->idle_timeout) + 999) / 1000);
    if (!r->identity)
        set_ptr(t, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    if (s->ca_file)
        set_ptr(t, CURLOPT_CAINFO, s->ca_file);
    set_long(t, CURLOPT_SSL_VERIFYPEER, !s->insecure);
    set_long(t, CURLOPT_SSL_VERIFYHOST, s->insecure ? 0 : 2);
    if (r->user && !t->out->other_origin) {
        set_long(t, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        set_ptr(t, CURLOPT_USERNAME, r->user);
        set_ptr(t, CURLOPT_PASSWORD, r->password);
    }
    if (r->body && !t->get) {
        set_long(t, CURLOPT_POST, 1);
        set_long(t, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
        set_ptr(t, CURLOPT_POSTFIELDS, r->body);
    }
    if (r->method && q_streq(r->method, "HEAD"))
        set_long(t, CURLOPT_NOBODY, 1);
    else if (r->method && !t->get)
        set_ptr(t, CURLOPT_CUSTOMREQUEST, r->method);
    set_ptr(t, CURLOPT_HEADERDATA, t);
    set_ptr(t, CURLOPT_WRITEDATA, t);
    set_long(t, CURLOPT_NOPROGRESS, 0);
    const struct net_lib *l = t->client->lib; /* pointers to functions are no pointers to objects */
    (void)l->easy_setopt(t->client->easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)l->easy_setopt(t->client->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)l->easy_setopt(t->client->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
}

static CURLcode hop(struct trip *t)
{
    t->code = net_pace(t->client, t->err);
    t->begun = false;
    t->reason[0] = 0;
    t->out->status = 0;
    t->out->bytes = t->out->received = 0;
    t->out->length = -1;
    t->out->url = shown(t->client, t->arena, t->url);
    q_buf_clear(&t->head);
    if (t->code)
        return CURLE_ABORTED_BY_CALLBACK;
    struct curl_slist *headers = header_list(t);
    prepare(t, headers);
    CURLcode result = t->code ? CURLE_FAILED_INIT : t->client->lib->easy_perform(t->client->easy);
    t->client->lib->slist_free_all(headers);
    if (result == CURLE_OK) {
        note_answer(t);
        if (is_good(t) && !t->begun)
            t->code = begin(t);
    }
    return result;
}

/* ---- redirects ---- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Turn to where the answer points; *again when there is another hop to make. */
static enum q_code follow(struct trip *t, int hops, bool *again)
{
    char *target = NULL;
    *again = false;
    (void)t->client->lib->easy_getinfo(t->client->easy, CURLINFO_REDIRECT_URL, &target);
    if (!is_redirect(t->out->status) || !target)
        return Q_OK;
    const char *what = t->client->set.what, *next = q_strdup(t->arena, target),
               *to = shown(t->client, t->arena, next), *why;
    if (!net_url_check(next, &why))
        return q_fail(t->err, Q_SOURCE, "could not get \"%s\" (%s): it redirects to \"%s\": %s",
                      t->out->url, what, to, why);
    if (hops >= NET_REDIRECTS)
        return q_fail(t->err, Q_SOURCE, "could not get \"%s\" (%s): more than %d redirects",
                      t->out->url, what, NET_REDIRECTS);
    if (!net_url_same_origin(t->url, next)) {
        t->out->other_origin = true;
        if (t->request->secret_body)
            return q_fail(
                t->err, Q_SOURCE,
                "could not get \"%s\" (%s): it redirects to \"%s\", where the request's secrets must not go",
                t->out->url, what, to);
    }
    bool keeps = t->out->status == 307 || t->out->status == 308;
    t->get |= !keeps && (t->out->status == 303 || t->request->body);
    t->url = next;
    *again = true;
    return Q_OK;
}

/* ---- tries ---- */

/* A cause that may pass: what the library says of it. */
static bool may_pass(CURLcode result)
{
    switch ((int)result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING:
        return true;
    default:
        return false;
    }
}

static bool status_may_pass(int status)
{
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
           status == 503 || status == 504;
}

static const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {410, "Gone"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].status == status)
            return texts[i].text;
    return status >= 300 && status < 400 ? "a redirect without an address" : "";
}

/* " after 5 tries", or nothing. */
static const char *after(const struct trip *t)
{
    return t->out->tries > 1 ? q_printf(t->arena, " after %d tries", t->out->tries) : "";
}

static enum q_code answer_error(struct trip *t)
{
    const char *text = status_text(t->out->status);
    enum q_code code =
        q_fail(t->err, Q_SOURCE, "could not get \"%s\" (%s): the server answers %d%s%s%s",
               t->out->url, t->client->set.what, t->out->status, *text ? " " : "", text, after(t));
    t->out->head = net_excerpt(t->client, t->arena, q_buf_text(&t->head), t->head.n, SHOWN);
    if (*t->out->head)
        q_detail(t->err, "It says: %s", t->out->head);
    if (t->out->other_origin)
        q_hint(
            t->err,
            "It was redirected to another host, which gets no credentials; give its address as `url`.");
    return code;
}

static enum q_code transfer_error(struct trip *t, CURLcode result)
{
    const struct net_settings *s = &t->client->set;
    const char *said = *t->reason ? t->reason : t->client->lib->easy_strerror(result);
    if (q_cancelled())
        return q_fail(t->err, Q_CANCELLED, "cancelled while reading \"%s\"", t->out->url);
    enum q_code code =
        q_fail(t->err, Q_SOURCE, "could not get \"%s\" (%s): %s%s", t->out->url, s->what,
               net_excerpt(t->client, t->arena, said, strlen(said), SHOWN), after(t));
    switch ((int)result) {
    case CURLE_PEER_FAILED_VERIFICATION:
        q_hint(
            t->err,
            "If the server's certificate is from an authority of your own, name its PEM file as `ca_file`.");
        break;
    case CURLE_SSL_CONNECT_ERROR:
        q_hint(t->err,
               "No encrypted connection came about; does the server speak http, not https?");
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        q_hint(t->err, "Check the address, and that the server runs and is reachable from here.");
        break;
    case CURLE_OPERATION_TIMEDOUT:
        q_hint(
            t->err,
            "If the server needs longer, raise `timeout`, `idle_timeout` or `connect_timeout` (`timeout: 10 min`).");
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        q_detail(t->err, "The connection was cut behind %lld bytes of the answer.",
                 (long long)t->out->bytes);
        break;
    default:
        break;
    }
    return code;
}

/* One try with its redirects. *again: another one may help. */
static enum q_code attempt(struct trip *t, bool *again)
{
    CURLcode result = CURLE_OK;
    bool more = true;
    t->url = t->request->url;
    t->get = t->out->other_origin = false;
    for (int hops = 0; more; hops++) {
        result = hop(t);
        more = false;
        if (result == CURLE_OK && !t->code)
            t->code = follow(t, hops, &more);
        if (t->code)
            break;
    }
    *again = false;
    if (t->code)
        return t->code;
    if (result != CURLE_OK) {
        *again = may_pass(result) && !q_cancelled();
        return transfer_error(t, result);
    }
    if (is_good(t))
        return Q_OK;
    *again = status_may_pass(t->out->status);
    return answer_error(t);
}

/* Whether to try again, behind a pause. */
static enum q_code wait_for_next(struct trip *t, bool *again)
{
    const struct net_settings *s = &t->client->set;
    int64_t asked = t->retry_after && t->out->status
                        ? net_retry_after(t->client->lib, t->retry_after, q_now())
                        : -1;
    bool too_long;
    struct q_err why = {0};
    enum q_code code = net_pause(t->client, asked, &too_long, &why);
    if (code) {
        if (t->err)
            *t->err = why;
        return code;
    }
    if (too_long) {
        *again = false;
        q_hint(t->err,
               "The server asks to wait %lld s. Run again then, or raise `retry_max` (now %lld s).",
               (long long)(asked / Q_USEC_PER_SEC), (long long)(s->retry_max / Q_USEC_PER_SEC));
    }
    return Q_OK;
}

enum q_code net_send(struct net_client *client, const struct net_request *request,
                     struct q_arena *arena, struct net_response *out, struct q_err *err)
{
    struct q_err last = {0}; /* of a try: the caller's stays untouched when a later one succeeds */
    struct trip t = {
        .client = client, .request = request, .arena = arena, .out = out, .err = &last};
    const char *why;
    *out = (struct net_response){
        .url = shown(client, arena, request->url), .type = "", .head = "", .length = -1};
    if (!net_url_check(request->url, &why))
        return q_fail(err, Q_CONFIG, "cannot get \"%s\" (%s): %s", out->url, client->set.what, why);
    q_buf_init(&t.link, HEADERS_MAX);
    q_buf_init(&t.head, HEAD_KEPT);
    net_pause_reset(client);
    enum q_code code = Q_OK;
    for (bool again = true; again;) {
        out->tries++;
        code = attempt(&t, &again);
        again = again && out->tries <= client->set.retries;
        if (again) {
            enum q_code waited = wait_for_next(&t, &again);
            code = waited ? waited : code;
            again = again && !waited;
        }
    }
    q_buf_release(&t.link);
    q_buf_release(&t.head);
    if (code && err)
        *err = last;
    return code;
}
