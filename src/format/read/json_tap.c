/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/json_tap.h"

#include <assert.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/json.h"

enum { HEAD = 256, PATH_BYTES = 4096, VALUE_BYTES = 1 << 16, FRONT_BYTES = 1 << 20 };

enum place { OUTSIDE, AMONG_RECORDS, IN_RECORD };

struct json_tap {
    struct q_arena *arena;
    struct tap_settings set;
    const char *const *front_names;
    size_t n_front;
    struct q_buf front; /* "a":"1","b":"2" */
    /* The document so far. */
    const char *what;
    yajl_handle json;
    struct q_buf head;
    int64_t before; /* bytes in front of the chunk */
    bool started;   /* something but blanks was seen */
    const char *chunk;
    unsigned depth;               /* open objects and arrays */
    bool in_array[TAP_DEPTH + 1]; /* by depth: what is open there is an array */
    struct q_buf path;            /* names down to the current member, joined by points */
    size_t path_ends[TAP_DEPTH + 1];
    enum place place;
    bool found;
    char where[PATH_BYTES];  /* path of the records */
    char other[PATH_BYTES];  /* path of a further array, when nobody said which one */
    char deeper[PATH_BYTES]; /* path of an array further down, for the hint */
    const char *instead;     /* what stands where the records should be */
    unsigned records_depth;  /* of a value that is a record: records_depth + 1 when it is open */
    /* The record. */
    struct q_buf record;
    size_t from; /* where it goes on in the chunk */
    size_t record_path;
    bool has_members;
    struct q_buf texts[TAP_PICKS];
    const char *values[TAP_PICKS];
    int64_t records;
    uint64_t hash;
    /* Why it ended early. */
    enum q_code code;
    struct q_err *err;
};

static int stop(struct json_tap *t, enum q_code code)
{
    t->code = code;
    return 0;
}

/* ---- records ---- */

/* FNV-1a, Fowler/Noll/Vo. */
static void add_hash(struct json_tap *t, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->hash = (t->hash ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
}

/* The record is whole: on one line, with what goes in front. */
static int emit(struct json_tap *t, bool object)
{
    add_hash(t, q_buf_text(&t->record), t->record.n);
    for (size_t i = 0; i < t->record.n; i++)
        if (t->record.p[i] == '\n' || t->record.p[i] == '\r')
            t->record.p[i] = ' ';
    struct q_buf line;
    q_buf_init(&line, t->set.max_record + FRONT_BYTES + 16);
    struct q_str all = {t->record.p, t->record.n};
    if (object && t->n_front) {
        q_buf_addc(&line, '{');
        q_buf_add(&line, t->front.p, t->front.n);
        q_buf_adds(&line, t->has_members ? "," : "");
        q_buf_add(&line, t->record.p + 1, t->record.n - 1);
        all = (struct q_str){line.p, line.n};
    }
    enum q_code code = q_buf_check(&line, "a record", t->err);
    t->records++;
    if (!code)
        code = t->set.take(t->set.self, all, t->values, t->err);
    q_buf_release(&line);
    return code ? stop(t, code) : 1;
}

static int too_long(struct json_tap *t)
{
    enum q_code code =
        q_fail(t->err, Q_SOURCE, "could not read %s: its record %lld is longer than %zu bytes",
               t->what, (long long)t->records + 1, t->set.max_record);
    q_hint(t->err, "If records may be as long as that, raise `max_record`.");
    return stop(t, code);
}

static int take_text(struct json_tap *t, size_t to)
{
    q_buf_add(&t->record, t->chunk + t->from, to - t->from);
    t->from = to;
    return t->record.full ? too_long(t) : 1;
}

/* Offset behind the current token in the chunk. */
static size_t here(const struct json_tap *t)
{
    return yajl_get_bytes_consumed(t->json);
}

static void begin_record(struct json_tap *t)
{
    t->place = IN_RECORD;
    q_buf_clear(&t->record);
    t->from = here(t) - 1;
    t->record_path = t->path.n;
    t->has_members = false;
    for (size_t i = 0; i < t->set.n_picks; i++)
        if (t->set.picks[i].of_record)
            t->values[i] = NULL;
}

/* A scalar that stands where a record should be: the reader of records will refuse it. */
static int emit_scalar(struct json_tap *t, struct q_str text, bool quoted)
{
    q_buf_clear(&t->record);
    if (quoted)
        q_json_quote(&t->record, text);
    else
        q_buf_add(&t->record, text.p, text.n);
    return t->record.full ? too_long(t) : emit(t, false);
}

/* ---- paths ---- */

/* The current member's path; not within arrays other than the records. */
static bool path_counts(const struct json_tap *t, unsigned from)
{
    for (unsigned d = from; d <= t->depth; d++)
        if (t->in_array[d])
            return false;
    return true;
}

static const char *path_text(const struct json_tap *t)
{
    return q_buf_text(&t->path);
}

static void pick(struct json_tap *t, struct q_str text, bool is_null)
{
    bool inside = t->place == IN_RECORD;
    if (!t->set.n_picks || !path_counts(t, inside ? t->records_depth + 1 : 1))
        return;
    const char *path = path_text(t) + (inside && t->record_path ? t->record_path + 1 : 0);
    for (size_t i = 0; i < t->set.n_picks; i++) {
        const struct tap_pick *p = &t->set.picks[i];
        if (p->of_record != inside || !q_streq(p->path, path))
            continue;
        q_buf_clear(&t->texts[i]);
        q_buf_add(&t->texts[i], text.p, text.n);
        t->values[i] = is_null || t->texts[i].full ? NULL : q_buf_text(&t->texts[i]);
    }
}

static bool parents_are_objects(const struct json_tap *t, unsigned parents)
{
    for (unsigned d = 1; d <= parents; d++)
        if (t->in_array[d])
            return false;
    return true;
}

/* Does the value at the current path stand where the records are? */
static bool at_records(const struct json_tap *t, unsigned parents)
{
    return t->set.records && parents_are_objects(t, parents) &&
           q_streq(t->set.records, path_text(t));
}

static void keep_path(const struct json_tap *t, char *out)
{
    (void)memcpy(out, path_text(t), t->path.n + 1);
}

/* ---- events ---- */

static int on_scalar(struct json_tap *t, struct q_str text, bool is_null, bool quoted)
{
    if (t->place == AMONG_RECORDS)
        return emit_scalar(t, is_null ? Q_STR("null") : text, quoted);
    if (t->place == OUTSIDE && at_records(t, t->depth))
        t->instead = is_null ? "null" : quoted ? "a text" : "a number or truth value";
    pick(t, text, is_null);
    return 1;
}

static int on_null(void *self)
{
    return on_scalar(self, (struct q_str){"", 0}, true, false);
}
static int on_boolean(void *self, int value)
{
    return on_scalar(self, value ? Q_STR("true") : Q_STR("false"), false, false);
}
static int on_number(void *self, const char *text, size_t n)
{
    return on_scalar(self, (struct q_str){text, n}, false, false);
}
static int on_string(void *self, const unsigned char *text, size_t n)
{
    return on_scalar(self, (struct q_str){(const char *)text, n}, false, true);
}

/* An array begins outside of records: is it theirs? */
static void judge_array(struct json_tap *t)
{
    if (!parents_are_objects(t, t->depth - 1))
        return;
    if (t->set.records ? !at_records(t, t->depth - 1) : t->depth > 2) {
        if (!t->deeper[0])
            keep_path(t, t->deeper);
    } else if (t->found) {
        if (!t->other[0])
            keep_path(t, t->other);
    } else {
        t->found = true;
        t->place = AMONG_RECORDS;
        t->records_depth = t->depth;
        keep_path(t, t->where);
    }
}

static int on_open(struct json_tap *t, bool array)
{
    if (t->depth == TAP_DEPTH)
        return stop(t, q_fail(t->err, Q_SOURCE,
                              "could not read %s: it is nested deeper than %d levels", t->what,
                              TAP_DEPTH));
    t->depth++;
    t->in_array[t->depth] = array;
    t->path_ends[t->depth] = t->path.n;
    if (t->place == AMONG_RECORDS) {
        begin_record(t);
    } else if (t->place == OUTSIDE && array) {
        judge_array(t);
    } else if (t->place == OUTSIDE && t->depth == 1 && t->set.records &&
               q_streq(t->set.records, ".")) {
        t->found = true;
        t->records_depth = 0;
        begin_record(t);
    } else if (t->place == OUTSIDE && at_records(t, t->depth - 1)) {
        t->instead = "an object";
    }
    return 1;
}

static int on_close(void *self)
{
    struct json_tap *t = self;
    bool object = !t->in_array[t->depth];
    t->path.n = t->path_ends[t->depth];
    if (t->path.p)
        t->path.p[t->path.n] = 0;
    if (t->place == IN_RECORD && t->depth == t->records_depth + 1) {
        t->depth--;
        t->place = t->records_depth ? AMONG_RECORDS : OUTSIDE;
        return take_text(t, here(t)) && emit(t, object);
    }
    if (t->place == AMONG_RECORDS && t->depth == t->records_depth)
        t->place = OUTSIDE;
    t->depth--;
    return 1;
}

static int on_map_open(void *self)
{
    return on_open(self, false);
}
static int on_array_open(void *self)
{
    return on_open(self, true);
}

static int has_front(struct json_tap *t, const char *name)
{
    enum q_code code =
        q_fail(t->err, Q_SOURCE, "could not read %s: its record %lld has a member \"%s\" itself",
               t->what, (long long)t->records + 1, name);
    q_hint(t->err,
           "Give the column that is added another name: `each: { as: { ...: another_name } }`.");
    return stop(t, code);
}

static int on_key(void *self, const unsigned char *name, size_t n)
{
    struct json_tap *t = self;
    t->path.n = t->path_ends[t->depth];
    if (t->place == IN_RECORD && t->depth == t->records_depth + 1) {
        t->has_members = true;
        for (size_t i = 0; i < t->n_front; i++)
            if (strlen(t->front_names[i]) == n && memcmp(t->front_names[i], name, n) == 0)
                return has_front(t, t->front_names[i]);
    }
    if (t->path.n)
        q_buf_addc(&t->path, '.');
    q_buf_add(&t->path, name, n);
    if (!t->path.full)
        return 1;
    return stop(t, q_fail(t->err, Q_SOURCE,
                          "could not read %s: names of its members have more than %d bytes",
                          t->what, PATH_BYTES));
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_map_open,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_array_open,
    .yajl_end_array = on_close,
};

/* ---- life ---- */

static void free_parser(void *self)
{
    struct json_tap *t = self;
    if (t->json)
        yajl_free(t->json);
}

struct json_tap *json_tap_new(struct q_arena *arena, const struct tap_settings *settings)
{
    struct json_tap *t = q_new(arena, struct json_tap);
    assert(settings->n_picks <= TAP_PICKS);
    t->arena = arena;
    t->set = *settings;
    q_buf_init_in(&t->head, arena, HEAD);
    q_buf_init_in(&t->path, arena, PATH_BYTES - 1);
    q_buf_init_in(&t->record, arena, settings->max_record);
    q_buf_init_in(&t->front, arena, FRONT_BYTES);
    for (size_t i = 0; i < settings->n_picks; i++)
        q_buf_init_in(&t->texts[i], arena, VALUE_BYTES);
    q_arena_defer(arena, free_parser, t);
    return t;
}

void json_tap_put_front(struct json_tap *t, const char *const *names, const char *const *values,
                        size_t n)
{
    t->front_names = names;
    t->n_front = n;
    q_buf_clear(&t->front);
    for (size_t i = 0; i < n; i++) {
        q_buf_adds(&t->front, i ? "," : "");
        q_json_quote(&t->front, q_str(names[i]));
        q_buf_addc(&t->front, ':');
        q_json_quote(&t->front, q_str(values[i]));
    }
}

void json_tap_begin(struct json_tap *t, const char *what)
{
    free_parser(t);
    t->json = yajl_alloc(&callbacks, NULL, t);
    /* Bytes that are no UTF-8 cost their record, not the document. */
    (void)yajl_config(t->json, yajl_dont_validate_strings, 1);
    t->what = what;
    q_buf_clear(&t->head);
    q_buf_clear(&t->path);
    q_buf_clear(&t->record);
    t->before = 0;
    t->started = t->found = false;
    t->depth = 0;
    t->place = OUTSIDE;
    t->where[0] = t->other[0] = t->deeper[0] = 0;
    t->instead = NULL;
    memset(t->values, 0, sizeof t->values);
    t->records = 0;
    t->hash = UINT64_C(14695981039346656037);
    t->code = Q_OK;
}

struct q_str json_tap_head(const struct json_tap *t)
{
    return (struct q_str){q_buf_text(&t->head), t->head.n};
}

static enum q_code bad_json(struct json_tap *t, struct q_err *err)
{
    return q_fail(err, Q_SOURCE, "could not read %s: it is no valid JSON at byte %lld", t->what,
                  (long long)(t->before + (int64_t)here(t)) + 1);
}

enum q_code json_tap_feed(struct json_tap *t, const char *p, size_t n, struct q_err *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    q_buf_add(&t->head, p, n < HEAD - t->head.n ? n : HEAD - t->head.n);
    if (t->before == 0 && n >= 3 && memcmp(p, mark, 3) == 0) { /* a byte order mark */
        p += 3;
        n -= 3;
        t->before = 3;
    }
    for (size_t i = 0; i < n && !t->started; i++)
        t->started = !memchr(" \t\r\n", p[i], 4);
    t->chunk = p;
    t->from = 0;
    t->err = err;
    yajl_status status = yajl_parse(t->json, (const unsigned char *)p, n);
    if (t->code)
        return t->code;
    if (status != yajl_status_ok)
        return bad_json(t, err);
    t->before += (int64_t)n;
    return t->place == IN_RECORD && !take_text(t, n) ? t->code : Q_OK;
}

/* The document is whole, but where are its records? */
static enum q_code not_found(struct json_tap *t, struct q_err *err)
{
    const char *records = t->set.records;
    enum q_code code;
    if (records && !*records) {
        code = q_fail(err, Q_SOURCE,
                      "could not read %s: it is no array of records as the first one was", t->what);
    } else if (records && t->instead) {
        code = q_fail(err, Q_SOURCE, "could not read %s: \"%s\" is %s, not an array of records",
                      t->what, records, t->instead);
    } else if (records) {
        code = q_fail(err, Q_SOURCE, "could not read %s: it has no \"%s\"", t->what, records);
        if (t->deeper[0])
            q_hint(err, "There is an array at `%s`.", t->deeper);
        else
            q_hint(err, "`records` is the path of the array of records, like data.items.");
    } else {
        code = q_fail(err, Q_SOURCE, "could not read %s: it has no array of records", t->what);
        if (t->deeper[0])
            q_hint(err, "There is an array further down: declare `records: %s`.", t->deeper);
        else
            q_hint(err, "If the answer is one record, declare `records: .`.");
    }
    return code;
}

enum q_code json_tap_end(struct json_tap *t, struct tap_result *out, struct q_err *err)
{
    t->err = err;
    t->chunk = "";
    t->from = 0;
    yajl_status status = yajl_complete_parse(t->json);
    if (t->code)
        return t->code;
    if (!t->started)
        return q_fail(err, Q_SOURCE, "could not read %s: it is empty", t->what);
    if (status != yajl_status_ok)
        return q_fail(err, Q_SOURCE,
                      "could not read %s: it is cut: it ends within a value, behind %lld bytes",
                      t->what, (long long)t->before);
    if (!t->found)
        return not_found(t, err);
    if (t->other[0]) {
        enum q_code code =
            q_fail(err, Q_SOURCE, "could not read %s: \"%s\" and \"%s\" are both arrays", t->what,
                   t->where, t->other);
        q_hint(err, "Say which one holds the records: `records: %s`.", t->where);
        return code;
    }
    if (!t->set.records)
        t->set.records = q_strdup(t->arena, t->where);
    *out = (struct tap_result){t->records, t->hash, t->where, t->values};
    return Q_OK;
}
