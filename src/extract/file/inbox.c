/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/file/inbox.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "extract/file/internal.h"
#include "state/state.h"

enum { NOTE_MAX = 64 << 20, TRIES = 1000 };

/* ---- what is declared ---- */

enum action { KEEP, DELETE, MOVE, ARCHIVE };

static enum action action_of(const struct extract_file_options *o)
{
    if (o->after_move && *o->after_move)
        return MOVE;
    if (o->after_archive && *o->after_archive)
        return ARCHIVE;
    return o->after_load && q_streq(o->after_load, "delete") ? DELETE : KEEP;
}

/* The folder that files go to, relative to the project. */
static const char *folder(const struct extract_file *s)
{
    return action_of(s->o) == MOVE ? s->o->after_move : s->o->after_archive;
}

enum q_code inbox_check(const struct extract_file *s, struct q_err *err)
{
    const struct extract_file_options *o = s->o;
    int given = (o->after_move && *o->after_move) + (o->after_archive && *o->after_archive) +
                (o->after_load && !q_streq(o->after_load, "keep"));
    if (!given)
        return Q_OK;
    if (given > 1)
        return q_fail(err, Q_CONFIG, "cannot do more than one thing with \"%s\" in `after_load`",
                      o->path);
    if (s->remote)
        return q_fail(err, Q_CONFIG, "cannot use `after_load` with \"%s\": it is not a file here",
                      s->paths.v[0]);
    if (s->in->cfg && s->in->cfg->incremental.cursor.s) {
        enum q_code code = q_fail(
            err, Q_CONFIG, "cannot use `after_load` with an incremental source: \"%s\"", o->path);
        q_detail(err, "Records outside of the interval that is read would go with their file.");
        return code;
    }
    if (action_of(o) == DELETE)
        return Q_OK;
    for (size_t i = 0; i < s->paths.n; i++) {
        const char *there = q_path_join(s->arena, folder(s), q_path_base(s->items[i].path));
        if (fnmatch(o->path, there, FNM_PATHNAME) == 0)
            return q_fail(err, Q_CONFIG,
                          "cannot move files to \"%s\": they would be read there again",
                          q_path_dir(s->arena, there));
    }
    return Q_OK;
}

/* ---- one file ---- */

struct entry {
    const char *path; /* relative to the project, unless it is declared otherwise */
    int64_t size, changed_at;
};

struct note {
    const char *path; /* of itself */
    const char *dir;  /* of the project */
    const char *warehouse;
    int64_t run_id;
    bool deletes;
    const char *to;
    Q_VEC(struct entry) files;
};

static void warn(const char *path, const char *why, const char *hint)
{
    q_log(Q_LOG_WARN, "\"%s\" was loaded, but %s; %s", path, why, hint);
}

/* "a.csv" -> "a.7.csv", "a.7-2.csv" ... */
static const char *numbered(struct q_arena *arena, const char *name, int64_t run_id, int attempt)
{
    const char *point = strchr(name + (*name == '.'), '.');
    size_t stem = point ? (size_t)(point - name) : strlen(name);
    const char *suffix = attempt > 1 ? q_printf(arena, "-%d", attempt) : "";
    return attempt ? q_printf(arena, "%.*s.%lld%s%s", (int)stem, name, (long long)run_id, suffix,
                              name + stem)
                   : name;
}

static enum q_code move_one(struct q_arena *arena, const struct note *n, const struct entry *f,
                            struct q_err *err)
{
    bool exists = true;
    for (int attempt = 0; exists && attempt < TRIES; attempt++) {
        const char *to = q_path_join(arena, q_path_join(arena, n->dir, n->to),
                                     numbered(arena, q_path_base(f->path), n->run_id, attempt));
        enum q_code code = q_file_move(q_path_join(arena, n->dir, f->path), to, &exists, err);
        if (code)
            return code;
    }
    return exists ? q_fail(err, Q_NOSPACE,
                           "could not move \"%s\": too many files of its name in \"%s\"", f->path,
                           n->to)
                  : Q_OK;
}

/* False when it must be tried again. */
static bool settle_one(struct q_arena *arena, const struct note *n, const struct entry *f)
{
    struct q_file_info now;
    struct q_err err = {0};
    const char *path = q_path_join(arena, n->dir, f->path);
    if (!q_file_stat(path, &now)) /* moved before a crash, or by another source that read it */
        return true;
    if (now.size != f->size || now.changed_at != f->changed_at) {
        warn(f->path, "it has changed since", "it stays, and the next run reads it again");
        return true;
    }
    if (n->deletes) {
        if (unlink(path) == 0)
            return true;
        warn(f->path, q_printf(arena, "could not be deleted: %s", strerror(errno)),
             "the next run tries again");
        return false;
    }
    if (q_dir_make(q_path_join(arena, n->dir, n->to), &err) == Q_OK &&
        move_one(arena, n, f, &err) == Q_OK)
        return true;
    warn(f->path, err.message, "the next run tries again: see that the folder can be written");
    return false;
}

/* All files of a note; it is removed when nothing is left to do. Returns how many were dealt with. */
static size_t settle_note(struct q_arena *arena, const struct note *n)
{
    size_t done = 0;
    for (size_t i = 0; i < n->files.n; i++)
        done += settle_one(arena, n, &n->files.v[i]);
    if (done == n->files.n)
        (void)unlink(n->path); /* left behind, its files are not there any more */
    return done;
}

/* ---- notes ---- */

static const char *notes_dir(struct q_arena *arena, const char *dir)
{
    return q_path_join(arena, dir ? dir : ".", ".quern/inbox");
}

static struct note note_of(const struct extract_file *s, struct q_arena *arena,
                           const char *warehouse, int64_t run_id)
{
    enum action action = action_of(s->o);
    char day[Q_TIMESTAMP_TEXT];
    const int64_t usec_per_day = INT64_C(86400) * Q_USEC_PER_SEC;
    struct note n = {.dir = s->in->dir ? s->in->dir : ".",
                     .warehouse = warehouse,
                     .run_id = run_id,
                     .deletes = action == DELETE};
    n.path = q_printf(arena, "%s/%lld_%s.json", notes_dir(arena, s->in->dir), (long long)run_id,
                      s->in->cfg ? s->in->cfg->name.s : s->in->name);
    if (action == MOVE || action == ARCHIVE)
        n.to = folder(s);
    if (action == ARCHIVE) /* a folder a day of the run's clock */
        n.to = q_path_join(arena, n.to,
                           q_strdup(arena, q_date_text((int32_t)(q_now() / usec_per_day), day)));
    for (size_t i = 0; i < s->paths.n; i++)
        *q_vec_push(arena, &n.files) =
            (struct entry){s->items[i].path, s->items[i].size, s->items[i].changed_at};
    return n;
}

static enum q_code write_note(struct q_arena *arena, const struct note *n, struct q_err *err)
{
    struct q_json *o = q_json_object(arena);
    q_json_set_text(o, "warehouse", n->warehouse);
    q_json_set_int(o, "run_id", n->run_id);
    q_json_set_bool(o, "deletes", n->deletes);
    q_json_set_text(o, "to", n->to);
    struct q_json *files = q_json_set_array(o, "files");
    for (size_t i = 0; i < n->files.n; i++) {
        struct q_json *f = q_json_push_object(files);
        q_json_set_text(f, "path", n->files.v[i].path);
        q_json_set_int(f, "size", n->files.v[i].size);
        q_json_set_int(f, "changed_at", n->files.v[i].changed_at);
    }
    struct q_buf text;
    q_buf_init(&text, NOTE_MAX);
    q_json_write(o, false, &text);
    enum q_code code = q_buf_check(&text, "a note of loaded files", err);
    if (!code)
        code = q_dir_make(q_path_dir(arena, n->path), err);
    if (!code)
        code = q_file_write(n->path, (struct q_str){text.p, text.n}, err);
    q_buf_release(&text);
    return code;
}

static enum q_code read_note(struct q_arena *arena, const char *dir, const char *path,
                             struct note *out, struct q_err *err)
{
    struct q_str text;
    struct q_json *o = NULL;
    enum q_code code = q_file_read(arena, path, NOTE_MAX, &text, err);
    if (!code)
        code = q_json_parse(arena, text, path, &o, err);
    if (code)
        return code;
    *out = (struct note){.path = path,
                         .dir = dir,
                         .warehouse = q_json_text(q_json_get(o, "warehouse"), ""),
                         .run_id = q_json_int(q_json_get(o, "run_id"), 0),
                         .deletes = q_json_bool(q_json_get(o, "deletes"), false),
                         .to = q_json_text(q_json_get(o, "to"), NULL)};
    const struct q_json *files = q_json_get(o, "files");
    for (size_t i = 0; i < q_json_count(files); i++) {
        const struct q_json *f = q_json_item(files, i);
        *q_vec_push(arena, &out->files) = (struct entry){
            q_json_text(q_json_get(f, "path"), ""), q_json_int(q_json_get(f, "size"), -1),
            q_json_int(q_json_get(f, "changed_at"), -1)};
    }
    if (!out->deletes && !out->to)
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it does not say where files go", path);
    return code;
}

void inbox_publishing(const struct extract_file *s, const char *warehouse, int64_t run_id)
{
    if (action_of(s->o) == KEEP || !s->paths.n)
        return;
    struct q_arena *arena = q_arena_new(NULL, "inbox");
    struct q_err err = {0};
    struct note n = note_of(s, arena, warehouse, run_id);
    if (write_note(arena, &n, &err))
        q_log(Q_LOG_WARN, "%s; if this run is interrupted, its files stay where they are",
              err.message);
    q_arena_free(arena);
}

void inbox_published(const struct extract_file *s, int64_t run_id)
{
    if (action_of(s->o) == KEEP || !s->paths.n)
        return;
    struct q_arena *arena = q_arena_new(NULL, "inbox");
    struct note n = note_of(s, arena, "", run_id);
    (void)settle_note(arena, &n);
    q_arena_free(arena);
}

static enum q_code settle_path(struct q_arena *arena, const char *dir, const char *path,
                               const char *warehouse, struct db_conn *conn, struct q_err *err)
{
    struct note n;
    struct state_found run;
    struct q_err missing = {0};
    enum q_code code = read_note(arena, dir, path, &n, err);
    if (code || !q_streq(n.warehouse, warehouse)) /* of another environment */
        return code;
    code = state_find_run(conn, arena, n.run_id, &run, &missing);
    if (code && code != Q_USAGE) {
        if (err)
            *err = missing;
        return code;
    }
    if (!code && run.status == STATE_HELD)
        return Q_OK;
    if (code || run.status != STATE_PUBLISHED) {
        (void)unlink(path); /* nothing was loaded: its files are read again */
        return Q_OK;
    }
    size_t done = settle_note(arena, &n);
    if (done)
        q_log(Q_LOG_INFO, "%zu file%s of run %lld %s put away: it was published before", done,
              done == 1 ? "" : "s", (long long)n.run_id, done == 1 ? "is" : "are");
    return Q_OK;
}

bool inbox_is_pending(struct q_arena *arena, const char *dir)
{
    q_paths names = {0};
    return q_dir_list(arena, notes_dir(arena, dir), ".json", &names, NULL) != Q_OK || names.n;
}

enum q_code inbox_settle(struct q_arena *arena, const char *dir, const char *warehouse,
                         struct db_conn *conn, struct q_err *err)
{
    q_paths names = {0};
    const char *notes = notes_dir(arena, dir);
    enum q_code code = q_dir_list(arena, notes, ".json", &names, err);
    for (size_t i = 0; i < names.n && !code; i++)
        code = settle_path(arena, dir, q_path_join(arena, notes, names.v[i]), warehouse, conn, err);
    return code;
}
