/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <assert.h>
#include <jansson.h>

struct q_json {
    struct q_arena *arena;
    json_t *j; /* borrowed from the root, or owned by a deferred decref */
};

static void decref(void *j)
{
    json_decref(j);
}

static struct q_json *view(struct q_arena *arena, json_t *j)
{
    if (!j)
        return NULL;
    struct q_json *v = q_new(arena, struct q_json);
    v->arena = arena;
    v->j = j;
    return v;
}

static struct q_json *root(struct q_arena *arena, json_t *j)
{
    if (!j)
        q_out_of_memory(sizeof(void *));
    q_arena_defer(arena, decref, j);
    return view(arena, j);
}

struct q_json *q_json_object(struct q_arena *arena)
{
    return root(arena, json_object());
}

struct q_json *q_json_array(struct q_arena *arena)
{
    return root(arena, json_array());
}

static void set(struct q_json *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object->j, key, value);
    assert(!failed && "not an object, or a key or text that is not UTF-8");
    (void)failed;
}

static void push(struct q_json *array, json_t *value)
{
    int failed = json_array_append_new(array->j, value);
    assert(!failed && "not an array, or a text that is not UTF-8");
    (void)failed;
}

/* Text as a value; bytes that are not UTF-8 (a file's name may have them) become U+FFFD. */
static json_t *text_value(const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (!text)
        return json_null();
    if (q_utf8_valid(text, n, NULL))
        return json_stringn(text, n);
    struct q_buf clean;
    q_buf_init(&clean, n * 3);
    for (size_t i = 0, length; i < n; i += length ? length : 1) {
        length = q_utf8_length(text + i, n - i);
        q_buf_add(&clean, length ? text + i : "\xEF\xBF\xBD", length ? length : 3);
    }
    json_t *value = json_stringn(q_buf_text(&clean), clean.n);
    q_buf_release(&clean);
    return value;
}

void q_json_set_text(struct q_json *object, const char *key, const char *text)
{
    set(object, key, text_value(text));
}

void q_json_set_int(struct q_json *object, const char *key, int64_t value)
{
    set(object, key, json_integer(value));
}

void q_json_set_real(struct q_json *object, const char *key, double value)
{
    set(object, key, json_real(value));
}

void q_json_set_bool(struct q_json *object, const char *key, bool value)
{
    set(object, key, json_boolean(value));
}

void q_json_set_null(struct q_json *object, const char *key)
{
    set(object, key, json_null());
}

struct q_json *q_json_set_object(struct q_json *object, const char *key)
{
    json_t *j = json_object();
    set(object, key, j);
    return view(object->arena, j);
}

struct q_json *q_json_set_array(struct q_json *object, const char *key)
{
    json_t *j = json_array();
    set(object, key, j);
    return view(object->arena, j);
}

void q_json_push_text(struct q_json *array, const char *text)
{
    push(array, text_value(text));
}

void q_json_push_int(struct q_json *array, int64_t value)
{
    push(array, json_integer(value));
}

struct q_json *q_json_push_object(struct q_json *array)
{
    json_t *j = json_object();
    push(array, j);
    return view(array->arena, j);
}

struct q_json *q_json_push_array(struct q_json *array)
{
    json_t *j = json_array();
    push(array, j);
    return view(array->arena, j);
}

static int append(const char *p, size_t n, void *buf)
{
    q_buf_add(buf, p, n);
    return 0;
}

void q_json_write(const struct q_json *value, bool pretty, struct q_buf *out)
{
    size_t flags =
        JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(15);
    int failed = json_dump_callback(value->j, append, out, flags);
    assert(!failed);
    (void)failed;
}

void q_json_quote(struct q_buf *out, struct q_str text)
{
    q_buf_addc(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\')
            continue;
        size_t length = c >= 0x80 ? q_utf8_length(text.p + i, text.n - i) : 0;
        if (length) {
            i += length - 1; /* copied as it is, with what is around it */
            continue;
        }
        q_buf_add(out, text.p + from, i - from);
        if (c >= 0x80)
            q_buf_adds(out, "\xEF\xBF\xBD");
        else if (c == '"' || c == '\\')
            q_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            q_buf_adds(out, "\\n");
        else
            q_buf_printf(out, "\\u%04x", c);
        from = i + 1;
    }
    q_buf_add(out, text.p + from, text.n - from);
    q_buf_addc(out, '"');
}

enum q_code q_json_parse(struct q_arena *arena, struct q_str text, const char *name,
                         struct q_json **out, struct q_err *err)
{
    json_error_t e;
    json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (!j)
        return q_fail(err, Q_CONFIG, "%s:%d:%d: cannot read JSON: %s", name, e.line, e.column,
                      e.text);
    *out = root(arena, j);
    return Q_OK;
}

bool q_json_is_object(const struct q_json *value)
{
    return value && json_is_object(value->j);
}

bool q_json_is_array(const struct q_json *value)
{
    return value && json_is_array(value->j);
}

struct q_json *q_json_get(const struct q_json *object, const char *key)
{
    return object ? view(object->arena, json_object_get(object->j, key)) : NULL;
}

size_t q_json_count(const struct q_json *value)
{
    if (!value)
        return 0;
    return json_is_array(value->j) ? json_array_size(value->j) : json_object_size(value->j);
}

struct q_json *q_json_item(const struct q_json *array, size_t i)
{
    return array ? view(array->arena, json_array_get(array->j, i)) : NULL;
}

const char *q_json_member(const struct q_json *object, size_t i, struct q_json **value)
{
    void *it = json_object_iter(object->j);
    while (it && i--)
        it = json_object_iter_next(object->j, it);
    assert(it);
    if (value)
        *value = view(object->arena, json_object_iter_value(it));
    return json_object_iter_key(it);
}

const char *q_json_text(const struct q_json *value, const char *otherwise)
{
    return value && json_is_string(value->j) ? json_string_value(value->j) : otherwise;
}

int64_t q_json_int(const struct q_json *value, int64_t otherwise)
{
    return value && json_is_integer(value->j) ? json_integer_value(value->j) : otherwise;
}

bool q_json_bool(const struct q_json *value, bool otherwise)
{
    return value && json_is_boolean(value->j) ? json_boolean_value(value->j) : otherwise;
}
