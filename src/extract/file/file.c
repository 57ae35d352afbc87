/* SPDX-License-Identifier: Apache-2.0 */
/* Which files, which columns. */
#include "extract/file/file.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/suggest.h"
#include "extract/contract.h"
#include "extract/file/inbox.h"
#include "extract/file/internal.h"
#include "sql/build.h"

static enum q_code no_files(struct extract_file *s, struct q_err *err)
{
    if (s->in->optional)
        return Q_OK;
    bool pattern = q_glob_is_pattern(s->o->path);
    struct q_file_info info;
    const char *full = s->in->dir ? q_path_join(s->arena, s->in->dir, s->o->path) : s->o->path;
    if (!pattern && !q_file_stat(full, &info) && errno == EACCES)
        return q_fail(err, Q_SOURCE, "could not open \"%s\": %s", s->o->path, strerror(EACCES));
    enum q_code code =
        pattern ? q_fail(err, Q_SOURCE, "could not find a file that matches \"%s\"", s->o->path)
                : q_fail(err, Q_SOURCE, "could not find the file \"%s\"", s->o->path);
    if (s->in->dir && s->o->path[0] != '/')
        q_detail(err, "The path is relative to \"%s\".", s->in->dir);
    q_hint(err, "If it may be missing, declare `optional: true`.");
    return code;
}

const char *file_shown(struct q_arena *arena, const char *dir, const char *pattern,
                       const char *full)
{
    size_t n = dir && pattern[0] != '/' ? strlen(q_path_join(arena, dir, "")) : 0;
    const char *path = strlen(full) > n ? full + n : full;
    while (n && *path == '/')
        path++;
    return path;
}

static enum q_code find_files(struct extract_file *s, struct q_err *err)
{
    const char *dir = s->in->dir;
    q_paths full = {0};
    if (file_is_remote(s->o->path))
        return file_fetch(s, err);
    enum q_code code =
        q_glob(s->arena, dir ? q_path_join(s->arena, dir, s->o->path) : s->o->path, &full, err);
    if (code)
        return code;
    if (!full.n)
        return no_files(s, err);
    if (full.n > INT64_C(1) << (63 - Q_POS_FILE_SHIFT))
        return q_fail(err, Q_SOURCE, "cannot read \"%s\": it matches %zu files", s->o->path,
                      full.n);
    s->items = q_alloc_array(s->arena, full.n, sizeof *s->items);
    for (size_t i = 0; i < full.n; i++) {
        struct file_item *f = &s->items[i];
        struct q_file_info info;
        f->full = full.v[i];
        f->path = file_shown(s->arena, dir, s->o->path, f->full);
        if (q_file_stat(f->full, &info)) {
            f->size = info.size;
            f->changed_at = info.changed_at;
            if (info.is_dir) {
                code = q_fail(err, Q_SOURCE, "could not read \"%s\": it is a directory", f->path);
                q_hint(err, "Give a pattern for the files in it, for example `%s/*.csv`.", f->path);
                return code;
            }
        }
        *q_vec_push(s->arena, &s->paths) = f->path;
    }
    return Q_OK;
}

static enum q_code look_at(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct q_file_info info;
    if (q_file_stat(f->full, &info) && !info.is_dir && info.size == 0 && s->in->optional) {
        f->empty = true;
        f->shown = "empty";
        return Q_OK;
    }
    f->decode = s->decode;
    if (q_strcaseeq(s->o->encoding ? s->o->encoding : "", "guess")) {
        enum q_code code = decode_guess(s->arena, f->full, &f->decode, err);
        if (code)
            return code;
    }
    return s->reader->detect(s, f, err);
}

/* Type of a column by declaration, else by the lock file, else none yet. */
static struct q_type known_type(const struct extract_file *s, const char *name)
{
    const struct q_schema *from[] = {s->in->declared, s->in->pinned};
    for (size_t k = 0; k < 2; k++) {
        ptrdiff_t at = from[k] ? q_schema_find(from[k], name) : -1;
        if (at >= 0 && from[k]->v[at].type.id != Q_T_NONE)
            return from[k]->v[at].type;
    }
    return Q_TYPE(Q_T_NONE);
}

const char *file_name_in_source(const struct extract_file *s, const char *column)
{
    for (size_t i = 0; s->in->cfg && i < s->in->cfg->columns.n; i++) {
        const struct cfg_column *c = &s->in->cfg->columns.v[i];
        if (c->from.n && q_streq(c->name.s, column))
            return c->from.v[0].s;
    }
    return column;
}

bool file_is_taken(const struct extract_file *s, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; s->in->cfg && i < s->in->cfg->columns.n; i++) {
        const char *member = extract_file_member(s->arena, &s->in->cfg->columns.v[i]);
        if (member && strncmp(member, name, n) == 0 && (!member[n] || strchr(".[/", member[n])))
            return true;
    }
    return false;
}

/* The declared column that a name of the file goes to under another name. */
static bool is_renamed(const struct extract_file *s, const char *name)
{
    for (size_t i = 0; s->in->cfg && i < s->in->cfg->columns.n; i++) {
        const struct cfg_column *c = &s->in->cfg->columns.v[i];
        if (c->from.n && q_strcaseeq(c->from.v[0].s, name))
            return true;
    }
    return false;
}

static void add_column(struct extract_file *s, const char *name)
{
    if (q_schema_find(&s->columns, name) < 0)
        (void)q_schema_add(s->arena, &s->columns, name, known_type(s, name));
}

/* Index of a name among the header's: the same, else the same but for case; -1. */
static ptrdiff_t find_name(const q_paths *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (q_streq(names->v[i], name))
            return (ptrdiff_t)i;
    for (size_t i = 0; i < names->n; i++)
        if (q_strcaseeq(names->v[i], name))
            return (ptrdiff_t)i;
    return -1;
}

/* Whether it was said before this run which columns there are. */
static bool shape_is_known(const struct extract_file *s)
{
    return s->in->pinned ||
           (s->in->contract != CFG_EVOLVE && contract_is_declared(s->in->declared));
}

/* A name of a header that is no column yet. What will not be read needs no type. */
static void add_found(struct extract_file *s, const char *name)
{
    if (q_schema_find(&s->columns, name) >= 0 || is_renamed(s, name))
        return;
    add_column(s, name);
    if (s->in->contract != CFG_EVOLVE && shape_is_known(s))
        s->columns.v[q_schema_find(&s->columns, name)].type = Q_TYPE(Q_T_TEXT);
}

/* Names of the headers that no column has yet: all of the first file, and what the others have beside them. */
static void add_headers(struct extract_file *s)
{
    bool first = !s->in->pinned;
    bool others = !s->o->extra_columns || q_streq(s->o->extra_columns, "contract");
    size_t known = s->columns.n;
    for (size_t f = 0; f < s->paths.n; f++) {
        const struct file_item *item = &s->items[f];
        if (item->empty)
            continue;
        bool by_position = !item->header && s->columns.n;
        for (size_t i = 0; i < item->names.n && !by_position && (first || others); i++)
            add_found(s, item->names.v[i]);
        if (first)
            known = s->columns.n;
        first = false;
    }
    for (size_t c = known; c < s->columns.n; c++)
        for (size_t f = 0; f < s->paths.n; f++)
            if (!s->items[f].empty && find_name(&s->items[f].names, s->columns.v[c].name) < 0) {
                *q_vec_push(s->arena, &s->may_lack) = s->columns.v[c].name;
                break;
            }
}

/* Whether some file has the column; files without names of columns may. */
static bool is_anywhere(const struct extract_file *s, const char *column)
{
    for (size_t f = 0; f < s->paths.n; f++)
        if (!s->items[f].header ||
            find_name(&s->items[f].names, file_name_in_source(s, column)) >= 0)
            return true;
    return false;
}

/* Declared columns, pinned ones, and what the headers have. */
static void settle_columns(struct extract_file *s)
{
    for (size_t i = 0; s->in->declared && i < s->in->declared->n; i++)
        add_column(s, s->in->declared->v[i].name);
    for (size_t i = 0; s->in->pinned && !s->reader->declared_only && i < s->in->pinned->n; i++)
        if (!s->in->accept_gone || is_anywhere(s, s->in->pinned->v[i].name))
            add_column(s, s->in->pinned->v[i].name);
    for (size_t i = 0; s->in->may_lack && i < s->in->may_lack->n; i++)
        *q_vec_push(s->arena, &s->may_lack) = s->in->may_lack->v[i];
    if (!s->reader->look && !s->reader->declared_only)
        add_headers(s);
}

static bool may_lack(const struct extract_file *s, const char *column)
{
    for (size_t i = 0; i < s->may_lack.n; i++)
        if (q_streq(s->may_lack.v[i], column))
            return true;
    return s->o->missing_columns && q_streq(s->o->missing_columns, "null");
}

static enum q_code missing_column(const struct file_item *f, const char *name, struct q_err *err)
{
    enum q_code code = q_fail(err, Q_SOURCE, "could not find column \"%s\" in the header of \"%s\"",
                              name, f->path);
    const char *near = q_suggest(name, f->names.v, f->names.n);
    struct q_buf list;
    q_buf_init(&list, Q_ERR_DETAIL - 64);
    for (size_t i = 0; i < f->names.n; i++)
        q_buf_printf(&list, "%s%s", i ? ", " : "", f->names.v[i]);
    q_detail(err, "The header has: %s.", q_buf_text(&list));
    q_buf_release(&list);
    if (near)
        q_hint(err, "Did you mean `%s`? Else declare `missing_columns: null`.", near);
    else
        q_hint(
            err,
            "Declare `missing_columns: null` if files may lack it. If it is gone for good, and not "
            "declared: `quern run --accept-contract`.");
    return code;
}

static enum q_code extra_column(const struct extract_file *s, const struct file_item *f,
                                const char *name, struct q_err *err)
{
    enum q_code code = q_fail(
        err, Q_SOURCE, "the file \"%s\" has a column \"%s\" that is not expected", f->path, name);
    q_hint(
        err,
        s->in->pinned
            ? "Declare it under `columns`, delete quern.lock's entry, or set `extra_columns: ignore`."
            : "Declare it under `columns`, or set `extra_columns: ignore`.");
    return code;
}

static enum q_code match_names(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    const q_paths *names = &f->names;
    if (!f->header) { /* by position */
        if (names->n != s->columns.n)
            return q_fail(
                err, Q_SOURCE,
                "cannot read \"%s\": its first record has %zu fields, expected %zu columns",
                f->path, names->n, s->columns.n);
        for (size_t c = 0; c < s->columns.n; c++) {
            f->cols[c].field = (ptrdiff_t)c;
            f->names.v[c] = s->columns.v[c].name;
        }
        return Q_OK;
    }
    for (size_t c = 0; c < s->columns.n; c++) {
        f->cols[c].field = find_name(names, file_name_in_source(s, s->columns.v[c].name));
        if (f->cols[c].field < 0 && !may_lack(s, s->columns.v[c].name))
            return missing_column(f, file_name_in_source(s, s->columns.v[c].name), err);
    }
    bool refused = s->o->extra_columns && q_streq(s->o->extra_columns, "error");
    for (size_t i = 0; i < names->n && refused; i++)
        if (q_schema_find(&s->columns, names->v[i]) < 0 && !is_renamed(s, names->v[i]))
            return extra_column(s, f, names->v[i], err);
    return Q_OK;
}

const char *extract_file_member(struct q_arena *arena, const struct cfg_column *column)
{
    const char *path = column->path.s, *from = column->from.n ? column->from.v[0].s : NULL;
    if (path && q_streq(path, "$") && !from)
        return path;
    if (path && path[0] == '$')
        path += 1 + (path[1] == '.');
    if (path && !*path)
        path = NULL;
    if (from && strpbrk(from, ".[#$/")) /* it is a name, whatever is in it */
        from = q_printf(arena, "\"%s\"", from);
    return from && path ? q_printf(arena, "%s%s%s", from, *path == '[' ? "" : ".", path)
           : path       ? path
                        : from;
}

const char *file_member_of(struct extract_file *s, const char *name)
{
    for (size_t i = 0; s->in->cfg && i < s->in->cfg->columns.n; i++)
        if (q_streq(s->in->cfg->columns.v[i].name.s, name))
            return extract_file_member(s->arena, &s->in->cfg->columns.v[i]);
    return NULL;
}

/* What the item's fields go to; types may still be unknown and are text then. */
static enum q_code aim(struct extract_file *s, size_t i, struct q_err *err)
{
    struct file_item *f = &s->items[i];
    char text[Q_TYPE_TEXT];
    f->cols = q_alloc_array(s->arena, s->columns.n + 1, sizeof *f->cols);
    for (size_t c = 0; c < s->columns.n; c++) {
        struct q_type type = s->columns.v[c].type;
        if (type.id == Q_T_NONE)
            type = Q_TYPE(Q_T_TEXT);
        f->cols[c].name = s->columns.v[c].name;
        f->cols[c].path = file_member_of(s, s->columns.v[c].name);
        f->cols[c].expected = q_strdup(s->arena, q_type_text(type, text));
        enum q_code code = file_cast(s, type, &f->cols[c].cast, err);
        if (code)
            return code;
    }
    f->target = (struct read_target){.cols = f->cols,
                                     .n_cols = s->columns.n,
                                     .file = (int64_t)i,
                                     .sink = s->in->sink,
                                     .counts = &f->counts,
                                     .places = s->in->places};
    if (!f->empty && s->reader->check) {
        enum q_code code = s->reader->check(s, f, err);
        if (code)
            return code;
    }
    return !f->names.n ? Q_OK : match_names(s, f, err);
}

static enum q_code aim_all(struct extract_file *s, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < s->paths.n; i++)
        code = aim(s, i, err);
    return code;
}

static bool has_unknown(const struct extract_file *s)
{
    for (size_t c = 0; c < s->columns.n; c++)
        if (s->columns.v[c].type.id == Q_T_NONE)
            return true;
    return false;
}

static enum q_code describe_text(struct extract_file *s, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < s->paths.n; i++)
        code = look_at(s, &s->items[i], err);
    if (code)
        return code;
    settle_columns(s);
    code = aim_all(s, err);
    bool declared = contract_is_declared(s->in->declared);
    if (!code && s->in->pinned && !declared && s->in->contract == CFG_EVOLVE)
        code = file_widen(s, err);
    if (!code && s->reader->infer)
        code = !s->columns.n || has_unknown(s) ? s->reader->infer(s, err) : Q_OK;
    else if (!code && s->reader->look && (!declared || s->in->contract != CFG_EVOLVE))
        code = file_infer_members(s, err);
    bool again = !code && s->reader->look && s->inferred && has_unknown(s);
    if (again) /* columns that take their values from paths */
        code = aim_all(s, err);
    if (!code && has_unknown(s) && !s->reader->infer)
        code = file_infer(s, err);
    for (size_t c = 0; c < s->columns.n; c++)
        if (s->columns.v[c].type.id == Q_T_NONE)
            s->columns.v[c].type = Q_TYPE(Q_T_TEXT); /* no value anywhere */
    return code ? code : s->inferred ? aim_all(s, err) : Q_OK;
}

static void destroy_lock(void *s)
{
    for (size_t i = 0; i < ((struct extract_file *)s)->paths.n; i++) {
        struct file_item *f = &((struct extract_file *)s)->items[i];
        f->file = NULL;
        q_arena_free(f->arena);
        f->arena = NULL;
    }
    pthread_mutex_destroy(&((struct extract_file *)s)->lock);
}

enum q_code extract_file_describe(struct q_arena *arena, const struct extract_file_input *in,
                                  struct extract_file **out, struct q_err *err)
{
    struct extract_file *s = q_new(arena, struct extract_file);
    s->arena = arena;
    s->in = in;
    s->o = in->options;
    int rc = pthread_mutex_init(&s->lock, NULL);
    assert(rc == 0);
    (void)rc;
    q_arena_defer(arena, destroy_lock, s);
    enum q_code code = find_files(s, err);
    if (!code)
        code = file_reader_of(s->o, &s->reader, err);
    if (!code)
        code = inbox_check(s, err);
    if (!code)
        code = file_settings(s, err);
    if (!code)
        code =
            s->reader->describe && s->paths.n ? s->reader->describe(s, err) : describe_text(s, err);
    if (code)
        return code;
    if (q_schema_find(&s->columns, "_q_pos") >= 0)
        return q_fail(err, Q_SOURCE,
                      "cannot read \"%s\": its column \"_q_pos\" has a reserved name", s->o->path);
    for (size_t c = 0; c < s->columns.n; c++)
        (void)q_schema_add(arena, &s->with_pos, s->columns.v[c].name, s->columns.v[c].type);
    (void)q_schema_add(arena, &s->with_pos, "_q_pos", Q_TYPE(Q_T_INT64));
    *out = s;
    return Q_OK;
}

const struct q_schema *extract_file_columns(const struct extract_file *s)
{
    return &s->columns;
}

const q_paths *extract_file_paths(const struct extract_file *s)
{
    return &s->paths;
}

enum { EXPANSION = 8 }; /* of compressed text, about */

static bool is_compressed(const struct extract_file *s, const struct file_item *f)
{
    return s->reader->is_packed || q_ends(f->path, ".gz") || q_ends(f->path, ".zst") ||
           q_streq(s->o->compression, "gzip") || q_streq(s->o->compression, "zstd");
}

int64_t extract_file_bytes(const struct extract_file *s)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < s->paths.n; i++)
        bytes += s->items[i].size * (is_compressed(s, &s->items[i]) ? EXPANSION : 1);
    return bytes;
}

enum { SHAPE_MAX = 1 << 20 };

const char *extract_file_shape(const struct extract_file *s, size_t i)
{
    const struct file_item *f = &s->items[i];
    if (!s->reader->shape || f->empty)
        return NULL;
    struct q_json *o = q_json_object(s->arena);
    q_json_set_text(o, "format", s->reader->format);
    s->reader->shape(f, o);
    struct q_buf text;
    q_buf_init(&text, SHAPE_MAX);
    q_json_write(o, false, &text);
    const char *shape = q_strdup(s->arena, q_buf_text(&text));
    q_buf_release(&text);
    return shape;
}

bool extract_file_inferred(const struct extract_file *s)
{
    return s->inferred;
}

const q_texts *extract_file_may_lack(const struct extract_file *s)
{
    return &s->may_lack;
}

const struct extract_widened *extract_file_widened(const struct extract_file *s, size_t *n)
{
    *n = s->n_widened;
    return s->widened;
}

const char *extract_file_select(const struct extract_file *s)
{
    if (s->select)
        return s->select;
    return sql_make(s->arena, "SELECT * FROM %I()", q_printf(s->arena, "read_%s", s->in->name));
}
