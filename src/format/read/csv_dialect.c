/* SPDX-License-Identifier: Apache-2.0 */
/* What a delimited file looks like, from its first megabyte. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "batch/cast.h"
#include "format/read/csv.h"
#include "format/read/utf8.h"

enum { SAMPLE = 1 << 20, LOOK_RECORDS = 200, NAME_MAX_BYTES = 4096, COLUMNS_MAX = 10000 };

struct sample {
    struct q_arena *arena;
    const char *path;
    const char *p;
    size_t n, at;    /* records from `at` on */
    size_t preamble; /* lines above the header that were left out */
    bool whole;      /* it is the whole file */
};

/* Behind the record at `at`; the sample's end counts when the file ends there too. */
static size_t record_end(const struct sample *s, const struct blocks_rules *r, size_t at)
{
    size_t open_quote, end = blocks_record_end(r, s->p, s->n, at, &open_quote);
    if (end == BLOCKS_NO_END && s->whole && open_quote == BLOCKS_NO_END && at < s->n)
        return s->n;
    return end;
}

/* Without its line end. */
static size_t content_end(const struct sample *s, const struct blocks_rules *r, size_t at,
                          size_t end)
{
    end -= end > at && s->p[end - 1] == (r->cr ? '\r' : '\n');
    end -= end > at && !r->cr && s->p[end - 1] == '\r';
    return end;
}

static size_t count_fields(const struct sample *s, const struct blocks_rules *r, size_t at,
                           size_t end)
{
    size_t fields = 1;
    while ((at = blocks_field_end(r, s->p, end, at)) < end) {
        fields++;
        at += blocks_delimiter_n(r);
    }
    return fields;
}

static const char candidates[] = ",;\t|"; /* for the delimiter */

struct score {
    size_t fields, agreeing, records;
};

static struct score try_delimiter(const struct sample *s, struct blocks_rules r, char delimiter)
{
    struct score score = {0};
    r.delimiter = delimiter;
    for (size_t at = s->at; score.records < LOOK_RECORDS;) {
        size_t end = record_end(s, &r, at);
        if (end == BLOCKS_NO_END)
            break;
        size_t content = content_end(s, &r, at, end);
        if (content > at && !blocks_is_comment(&r, s->p, at, content)) {
            size_t fields = count_fields(s, &r, at, content);
            if (!score.records)
                score.fields = fields;
            score.agreeing += fields == score.fields;
            score.records++;
        }
        at = end;
    }
    return score;
}

/* The delimiter with which most records have as many fields as the first one, and more than one. */
static char find_delimiter(const struct sample *s, const struct blocks_rules *r)
{
    struct score best = {0};
    char found = ',';
    for (const char *c = candidates; *c; c++) {
        struct score now = try_delimiter(s, *r, *c);
        if (now.fields < 2 || now.agreeing * 2 < now.records)
            continue;
        if (now.agreeing > best.agreeing ||
            (now.agreeing == best.agreeing && now.fields > best.fields)) {
            best = now;
            found = *c;
        }
    }
    return found;
}

static enum q_code skip_lines(struct sample *s, const struct blocks_rules *r, int64_t lines,
                              struct q_err *err)
{
    for (int64_t i = 0; i < lines; i++) {
        const char *end = memchr(s->p + s->at, r->cr ? '\r' : '\n', s->n - s->at);
        if (!end)
            return q_fail(err, Q_SOURCE,
                          "could not read \"%s\": it has fewer than %lld lines to skip", s->path,
                          (long long)lines);
        s->at = (size_t)(end - s->p) + 1;
        s->preamble++;
    }
    return Q_OK;
}

/* The fields of a record as text. */
static enum q_code split(const struct sample *s, const struct blocks_rules *r, size_t at,
                         size_t end, q_paths *out, struct q_err *err)
{
    for (bool more = true; more;) {
        size_t behind = blocks_field_end(r, s->p, end, at), n = behind - at, m = n;
        if (n > NAME_MAX_BYTES || out->n == COLUMNS_MAX)
            return q_fail(
                err, Q_SOURCE,
                "could not read the header of \"%s\": field %zu is too long or one too many",
                s->path, out->n + 1);
        char *text = q_alloc(s->arena, n + 1 + BATCH_CAST_PAD);
        memcpy(text, s->p + at, n);
        if (r->quote && n && text[0] == r->quote && !csv_unquote(r, s->p + at, n, text, &m))
            return q_fail(err, Q_SOURCE,
                          "could not read the header of \"%s\": text behind the quote of field %zu",
                          s->path, out->n + 1);
        text[m] = 0;
        *q_vec_push(s->arena, out) = text;
        more = behind < end;
        at = behind + blocks_delimiter_n(r);
    }
    return Q_OK;
}

static bool is_duplicate(const q_paths *names, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (q_strcaseeq(names->v[k], names->v[i]))
            return true;
    return false;
}

/* All fields are different texts that are no values. */
static bool looks_like_header(const q_paths *fields)
{
    for (size_t i = 0; i < fields->n; i++) {
        struct batch_guess guess = {0};
        struct q_str text = q_str(fields->v[i]);
        if (!text.n || is_duplicate(fields, i))
            return false;
        batch_guess_add(&guess, text);
        if (batch_guess_type(&guess).id != Q_T_TEXT)
            return false;
    }
    return true;
}

/* "name_2", or the next number that no name of the header has. */
static const char *numbered(const struct sample *s, const q_paths *names, const char *name)
{
    for (size_t k = 2;; k++) {
        const char *made = q_printf(s->arena, "%s_%zu", name, k);
        bool taken = false;
        for (size_t i = 0; i < names->n && !taken; i++)
            taken = q_strcaseeq(names->v[i], made);
        if (!taken)
            return made;
    }
}

static enum q_code twice(const struct sample *s, const char *name, struct q_err *err)
{
    enum q_code code = q_fail(
        err, Q_SOURCE, "could not read the header of \"%s\": the name \"%s\" stands there twice",
        s->path, name);
    q_hint(err, "Declare `duplicate_columns: number` to call the second one \"%s_2\".", name);
    return code;
}

static enum q_code check_header(const struct sample *s, const struct csv_settings *settings,
                                q_paths *names, struct q_err *err)
{
    for (size_t i = 0; i < names->n; i++) {
        struct q_str trimmed = q_str_trim(q_str(names->v[i]));
        if (!utf8_clean(names->v[i], strlen(names->v[i]))) {
            enum q_code code =
                q_fail(err, Q_SOURCE, "could not read the header of \"%s\": field %zu is not UTF-8",
                       s->path, i + 1);
            q_hint(err, "Declare the file's `encoding`, for example windows-1252.");
            return code;
        }
        names->v[i] = trimmed.n ? q_strndup(s->arena, trimmed.p, trimmed.n)
                                : q_printf(s->arena, "column%zu", i + 1);
        if (!is_duplicate(names, i))
            continue;
        if (!settings->number_duplicates)
            return twice(s, names->v[i], err);
        names->v[i] = numbered(s, names, names->v[i]);
    }
    return Q_OK;
}

/* Go to the next record that is neither empty nor a comment; its end, or BLOCKS_NO_END. */
static size_t next_record(struct sample *s, const struct blocks_rules *r)
{
    for (;;) {
        size_t end = record_end(s, r, s->at);
        size_t content = end == BLOCKS_NO_END ? s->at : content_end(s, r, s->at, end);
        if (end == BLOCKS_NO_END ||
            (content > s->at && !blocks_is_comment(r, s->p, s->at, content)))
            return end;
        s->at = end;
    }
}

/* Does the line p[at, end) have all the names? `missing`: one that it has not. */
static bool has_names(const struct sample *s, const struct blocks_rules *r, size_t at, size_t end,
                      const q_paths *names, size_t *found, const char **missing)
{
    q_paths fields = {0};
    *found = 0;
    if (split(s, r, at, end, &fields, NULL))
        return false;
    for (size_t i = 0; i < names->n; i++) {
        bool there = false;
        for (size_t f = 0; f < fields.n && !there; f++) {
            struct q_str name = q_str_trim(q_str(fields.v[f]));
            there = q_strcaseeq(q_strndup(s->arena, name.p, name.n), names->v[i]);
        }
        *found += there;
        if (!there)
            *missing = names->v[i];
    }
    return *found == names->n;
}

/* The first line that has all expected names is the header; what is above it is no data. */
static enum q_code find_header(struct sample *s, const struct csv_settings *settings,
                               struct csv_dialect *d, struct q_err *err)
{
    size_t best = 0, best_line = 0, line = 1;
    const char *missing = settings->expected.v[0], *lacks = missing;
    for (size_t at = s->at; at < s->n && line <= CSV_FIND_LINES; line++) {
        const char *eol = memchr(s->p + at, d->rules.cr ? '\r' : '\n', s->n - at);
        size_t end = eol ? (size_t)(eol - s->p) + 1 : s->n;
        for (const char *c = settings->delimiter ? "?" : candidates; *c; c++) {
            size_t found;
            if (!settings->delimiter)
                d->rules.delimiter = *c;
            if (has_names(s, &d->rules, at, content_end(s, &d->rules, at, end), &settings->expected,
                          &found, &missing)) {
                s->at = at;
                s->preamble += line - 1;
                return Q_OK;
            }
            if (found > best) {
                best = found;
                best_line = line;
                lacks = missing;
            }
        }
        at = end;
    }
    enum q_code code =
        q_fail(err, Q_SOURCE,
               "could not find the header of \"%s\": none of its first %zu lines has "
               "all declared columns",
               s->path, line - 1);
    if (best)
        q_detail(err, "Line %zu has %zu of %zu; it lacks \"%s\".",
                 best_line + (size_t)settings->skip_lines, best, settings->expected.n, lacks);
    q_hint(err, "Columns have the names of the header, or say them: `from: \"Name in the file\"`.");
    return code;
}

/* Names of the columns, and where the records start. */
static enum q_code find_names(struct sample *s, const struct csv_settings *settings,
                              struct csv_dialect *d, struct q_err *err)
{
    q_paths fields = {0};
    size_t end = next_record(s, &d->rules);
    if (end == BLOCKS_NO_END)
        return q_fail(err, Q_SOURCE, "could not read \"%s\": %s", s->path,
                      s->at == s->n ? "it has no header and no records"
                                    : "no end of its first record was found");
    enum q_code code =
        split(s, &d->rules, s->at, content_end(s, &d->rules, s->at, end), &fields, err);
    if (code)
        return code;
    d->header = settings->header == CSV_HEADER_YES || settings->header == CSV_HEADER_FIND ||
                (settings->header == CSV_HEADER_DETECT && looks_like_header(&fields));
    d->names = fields;
    if (d->header) {
        s->at = end;
        code = check_header(s, settings, &d->names, err);
    } else {
        for (size_t i = 0; i < fields.n; i++)
            d->names.v[i] = q_printf(s->arena, "column%zu", i + 1);
    }
    d->start = (int64_t)s->at;
    d->rules.keep_blank = fields.n == 1;
    return code;
}

/* "\n", "\r\n", "\r" or that they are mixed, in the sample. */
static const char *line_ends(const struct sample *s, const struct blocks_rules *r)
{
    if (r->cr)
        return "\\r";
    size_t all = 0, with_cr = 0;
    for (const char *p = s->p; (p = memchr(p, '\n', (size_t)(s->p + s->n - p))); p++) {
        all++;
        with_cr += p > s->p && p[-1] == '\r';
    }
    return with_cr == 0 ? "\\n" : with_cr == all ? "\\r\\n" : "\\n and \\r\\n mixed";
}

static const char *describe(const struct sample *s, const struct csv_dialect *d,
                            const char *encoding)
{
    const struct blocks_rules *r = &d->rules;
    const char *escape =
        r->escape == r->quote || !r->quote ? "" : q_printf(s->arena, ", escape %c", r->escape);
    const char *quote = r->quote ? q_printf(s->arena, "quote %c", r->quote) : "no quotes";
    const char *delimiter = r->delimiters          ? q_printf(s->arena, "\"%s\"", r->delimiters)
                            : r->delimiter == '\t' ? "tab"
                                                   : q_printf(s->arena, "\"%c\"", r->delimiter);
    const char *header = !d->header     ? "no header"
                         : !s->preamble ? "header"
                                        : q_printf(s->arena, "header behind %zu line%s",
                                                   s->preamble, s->preamble == 1 ? "" : "s");
    return q_printf(s->arena, "delimiter %s, %s%s, line ends %s, %s, %zu columns, %s", delimiter,
                    quote, escape, line_ends(s, r), header, d->names.n, encoding);
}

static enum q_code read_sample(struct sample *s, const struct decode_options *decode,
                               const char **encoding, struct q_err *err)
{
    struct decode *file;
    char *buf = q_alloc(s->arena, SAMPLE + BATCH_CAST_PAD);
    enum q_code code = decode_open(s->arena, s->path, decode, &file, err);
    if (code)
        return code;
    code = decode_read(file, buf, SAMPLE, &s->n, err);
    *encoding = decode_describe(file);
    s->p = buf;
    s->whole = s->n < SAMPLE;
    decode_close(file);
    if (!code && s->n == 0)
        code =
            q_fail(err, Q_SOURCE,
                   "could not read \"%s\": the file is empty, it has not even a header", s->path);
    return code;
}

static void keep(struct q_arena *arena, struct csv_dialect *d)
{
    q_paths names = {0};
    for (size_t i = 0; i < d->names.n; i++)
        *q_vec_push(arena, &names) = q_strdup(arena, d->names.v[i]);
    d->names = names;
    d->shown = q_strdup(arena, d->shown);
}

enum q_code csv_detect(struct q_arena *arena, const char *path, const struct decode_options *decode,
                       const struct csv_settings *settings, struct csv_dialect *out,
                       struct q_err *err)
{
    struct sample s = {.arena = q_arena_new(NULL, "detect"), .path = path};
    const char *encoding = NULL;
    size_t delimiter_n = settings->delimiter ? strlen(settings->delimiter) : 0;
    struct csv_dialect d = {.pad = settings->pad,
                            .cut = settings->cut,
                            .rules = {.kind = BLOCKS_CSV,
                                      .delimiter = delimiter_n ? settings->delimiter[0] : 0,
                                      .delimiters = delimiter_n > 1 ? settings->delimiter : NULL,
                                      .delimiters_n = delimiter_n,
                                      .comment = settings->comment,
                                      .footer_lines = settings->footer_lines,
                                      .footer = settings->footer,
                                      .quote = settings->no_quote ? 0
                                               : settings->quote  ? settings->quote
                                                                  : '"',
                                      .max_record = settings->max_record,
                                      .block_size = settings->block_size}};
    d.rules.escape = settings->escape ? settings->escape : d.rules.quote;
    enum q_code code = read_sample(&s, decode, &encoding, err);
    if (!code) {
        d.rules.cr = !memchr(s.p, '\n', s.n) && memchr(s.p, '\r', s.n);
        code = skip_lines(&s, &d.rules, settings->skip_lines, err);
    }
    if (!code && settings->header == CSV_HEADER_FIND)
        code = find_header(&s, settings, &d, err);
    if (!code) {
        if (!d.rules.delimiter)
            d.rules.delimiter = find_delimiter(&s, &d.rules);
        code = find_names(&s, settings, &d, err);
    }
    if (!code) {
        d.shown = describe(&s, &d, encoding);
        keep(arena, &d);
        *out = d;
    }
    q_arena_free(s.arena);
    return code;
}
