/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON file looks like, and where in a document its records begin. */
#include <string.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "format/read/json.h"
#include "format/read/json_text.h"

enum { LOOK = 1 << 16, NAME_BYTES = 1024, NAMES_SHOWN = 20 };

/* ---- a document, byte by byte ---- */

struct reader {
    const char *path;
    struct decode *d;
    char *buf;
    size_t at, n;
    int64_t before; /* stream offset of buf[0] */
    enum q_code code;
    struct q_err *err;
};

/* The next byte; -1 at the end, or when the file cannot be read. */
static int next(struct reader *r)
{
    if (r->at == r->n) {
        r->before += (int64_t)r->n;
        r->at = r->n = 0;
        if (!r->code)
            r->code = decode_read(r->d, r->buf, LOOK, &r->n, r->err);
        if (r->code || !r->n)
            return -1;
    }
    return (unsigned char)r->buf[r->at++];
}

static int next_no_blank(struct reader *r)
{
    int c;
    do
        c = next(r);
    while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
    return c;
}

static enum q_code broken(struct reader *r, const char *what)
{
    return r->code ? r->code
                   : q_fail(r->err, Q_SOURCE, "could not read \"%s\": %s at byte %lld", r->path,
                            what, (long long)(r->before + (int64_t)r->at));
}

/* The rest of a string, its quote is read; what fits is kept. False at the end of the file. */
static bool read_string(struct reader *r, struct q_buf *out)
{
    for (int c; (c = next(r)) != '"';) {
        if (c < 0)
            return false;
        q_buf_addc(out, (char)c);
        if (c == '\\') {
            c = next(r);
            if (c < 0)
                return false;
            q_buf_addc(out, (char)c);
        }
    }
    return true;
}

/* Go behind the value that begins with c; gives the byte behind it, -1 at the end of the file. */
static int skip_value(struct reader *r, int c, struct q_buf *scratch)
{
    int64_t depth = 0;
    for (; c >= 0; c = next(r)) {
        if (c == '"') {
            q_buf_clear(scratch);
            if (!read_string(r, scratch))
                return -1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (!depth)
                return c;
            depth--;
        } else if (c == ',' && !depth) {
            return c;
        }
    }
    return -1;
}

static enum q_code no_member(struct reader *r, const char *records, const char *name,
                             const q_paths *names)
{
    enum q_code code = q_fail(
        r->err, Q_SOURCE, "could not find the records \"%s\" in \"%s\": there is no member \"%s\"",
        records, r->path, name);
    struct q_buf list;
    q_buf_init(&list, Q_ERR_DETAIL - 64);
    for (size_t i = 0; i < names->n; i++)
        q_buf_printf(&list, "%s%s", i ? ", " : "", names->v[i]);
    if (names->n)
        q_detail(r->err, "There are: %s.", q_buf_text(&list));
    q_buf_release(&list);
    q_suggest_hint(r->err, name, names->v, names->n, NULL);
    return code;
}

/* Go to the member of the object whose brace was read; *c is the first byte of its value. */
static enum q_code find_member(struct reader *r, struct q_arena *arena, const char *records,
                               const char *name, int *c)
{
    struct q_buf text;
    q_paths names = {0};
    q_buf_init(&text, NAME_BYTES);
    *c = next_no_blank(r);
    while (*c == '"') {
        q_buf_clear(&text);
        if (!read_string(r, &text) || next_no_blank(r) != ':')
            break;
        *c = next_no_blank(r);
        if (!text.full && q_streq(q_buf_text(&text), name)) {
            q_buf_release(&text);
            return Q_OK;
        }
        if (names.n < NAMES_SHOWN && !text.full)
            *q_vec_push(arena, &names) = q_strdup(arena, q_buf_text(&text));
        *c = skip_value(r, *c, &text);
        if (*c == ',')
            *c = next_no_blank(r);
    }
    q_buf_release(&text);
    return *c == '}' ? no_member(r, records, name, &names)
                     : broken(r, "the document is not closed, or no JSON,");
}

/* The offset behind the bracket of the array at `records`. */
static enum q_code find_array(struct q_arena *arena, const char *path,
                              const struct decode_options *decode, const char *records,
                              const q_paths *names, int64_t *start, struct q_err *err)
{
    struct reader r = {.path = path, .buf = q_alloc(arena, LOOK), .err = err};
    r.code = decode_open(arena, path, decode, &r.d, err);
    if (r.code)
        return r.code;
    int c = next_no_blank(&r);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < names->n && !code; i++) {
        if (c != '{')
            return q_fail(err, Q_SOURCE,
                          "could not find the records \"%s\" in \"%s\": %s is no object", records,
                          path, i ? names->v[i - 1] : "the document");
        code = find_member(&r, arena, records, names->v[i], &c);
    }
    if (!code && c != '[')
        code =
            q_fail(err, Q_SOURCE, "could not find the records \"%s\" in \"%s\": there is no array",
                   records, path);
    *start = r.before + (int64_t)r.at;
    return code;
}

/* ---- what the beginning tells ---- */

/* Objects one a line: the first one ends on its line. */
static bool is_lines(const char *head, size_t at, size_t n)
{
    bool deep = false;
    const char *line = memchr(head + at, '\n', n - at);
    if (!line && n == LOOK)
        return false; /* one long line: a document */
    const char *end = line ? line : head + n, *behind = json_value_end(head + at, end, 0, &deep);
    return deep || (behind && json_blanks(behind, end) == end);
}

static enum q_code detect(struct q_arena *arena, struct q_arena *scratch, const char *path,
                          const struct decode_options *decode, const struct json_settings *set,
                          const char *head, size_t n, struct json_dialect *out, struct q_err *err)
{
    size_t at = blocks_skip_blanks(head, n, 0);
    if (at == n)
        return q_fail(err, Q_SOURCE, "could not read \"%s\": the file is empty", path);
    bool array = head[at] == '[' && !set->lines;
    bool lines = !array && (set->lines || head[at] != '{' || is_lines(head, at, n));
    enum q_code code = json_records_parse(arena, set->records, lines, &out->records, err);
    const q_paths *names = &out->records.document;
    bool has_array = array || names->n || out->records.levels;
    if (code)
        return code;
    if (lines) {
        out->rules.kind = BLOCKS_LINES;
    } else if (out->records.whole || !has_array) {
        out->rules.kind = BLOCKS_VALUES;
        out->start = (int64_t)at;
    } else {
        out->rules.kind = BLOCKS_ARRAY;
        out->rules.around = names->n;
        code = find_array(scratch, path, decode, set->records ? set->records : "$", names,
                          &out->start, err);
    }
    return code;
}

enum q_code json_detect(struct q_arena *arena, const char *path,
                        const struct decode_options *decode, const struct json_settings *settings,
                        struct json_dialect *out, struct q_err *err)
{
    static const char *const kinds[] = {[BLOCKS_LINES] = "JSON, one object a line",
                                        [BLOCKS_VALUES] = "JSON objects",
                                        [BLOCKS_ARRAY] = "JSON array"};
    struct q_arena *scratch = q_arena_new(NULL, "detect");
    char *head = q_alloc(scratch, LOOK + JSON_PAD);
    size_t n = 0;
    struct decode *d = NULL;
    *out = (struct json_dialect){
        .rules = {.max_record = settings->max_record, .block_size = settings->block_size}};
    enum q_code code = decode_open(scratch, path, decode, &d, err);
    if (!code)
        code = decode_read(d, head, LOOK, &n, err);
    if (!code)
        code = detect(arena, scratch, path, decode, settings, head, n, out, err);
    if (!code)
        out->shown = q_printf(arena, "%s%s%s, %s",
                              out->rules.around ? "JSON document" : kinds[out->rules.kind],
                              settings->records ? ", records " : "",
                              settings->records ? settings->records : "", decode_describe(d));
    q_arena_free(scratch);
    return code;
}
