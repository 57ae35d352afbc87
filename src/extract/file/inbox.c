/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/file/inbox.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/log.h"
#include "base/map.h"
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

/* Another pipeline of the same process that reads the file. */
struct reader {
    const char *pipeline;
    const char *path; /* as that pipeline shows it */
};

struct entry {
    const char *path; /* relative to the project, unless it is declared otherwise */
    int64_t size, changed_at;
    Q_VEC(struct reader) readers;
};

struct note {
    const char *path; /* of itself */
    const char *dir;  /* of the project */
    const char *warehouse;
    int64_t run_id, first_run;
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

/* Whether it is there as it was read. */
static bool is_there(struct q_arena *arena, const struct note *n, const struct entry *f)
{
    struct q_file_info now;
    if (!q_file_stat(q_path_join(arena, n->dir, f->path), &now))
        return false; /* moved before a crash, or by another source that read it */
    if (now.size == f->size && now.changed_at == f->changed_at)
        return true;
    warn(f->path, "it has changed since", "it stays, and the next run reads it again");
    return false;
}

/* False when it must be tried again. */
static bool put_away(struct q_arena *arena, const struct note *n, const struct entry *f)
{
    struct q_err err = {0};
    const char *path = q_path_join(arena, n->dir, f->path);
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

/* ---- the other pipelines that read a file ---- */

/* What a pipeline has done since the note's first run. */
struct progress {
    const char *pipeline, *status; /* of its last run; NULL: it has not run */
    struct q_map files; /* path and size as key(), of those that published runs have read */
    size_t waiting;     /* files of the note that it has not read */
    const char *first;
};
typedef Q_VEC(struct progress) progress_list;

static const char *key(struct q_arena *arena, const char *path, int64_t size)
{
    return q_printf(arena, "%lld %s", (long long)size, path);
}

static enum q_code take_reading(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct progress *p = arg;
    struct q_arena *arena = p->files.arena;
    (void)err;
    p->status = db_cell_text(arena, b, 0, row);
    const char *path = db_cell_text(arena, b, 1, row);
    if (path && q_streq(p->status, state_status_name(STATE_PUBLISHED)))
        (void)q_map_put(&p->files, key(arena, path, db_cell_int(b, 2, row, -1)), p);
    return Q_OK;
}

static enum q_code progress_of(struct q_arena *arena, struct db_conn *conn, const char *pipeline,
                               const struct note *n, progress_list *known, struct progress **out,
                               struct q_err *err)
{
    for (size_t i = 0; i < known->n; i++)
        if (q_streq(known->v[i].pipeline, pipeline)) {
            *out = &known->v[i];
            return Q_OK;
        }
    struct db_param params[] = {db_text("pipeline", pipeline), db_int("since", n->first_run)};
    *out = q_vec_push(arena, known);
    **out = (struct progress){.pipeline = pipeline};
    q_map_init(&(*out)->files, arena);
    return db_each(conn, q_embed_text("extract/file/list_readings.sql"), params, 2, take_reading,
                   *out, err);
}

/* Whether all of them have published what they read of the file. */
static enum q_code all_have_read(struct q_arena *arena, struct db_conn *conn, const struct note *n,
                                 const struct entry *f, progress_list *known, bool *out,
                                 struct q_err *err)
{
    *out = true;
    for (size_t i = 0; i < f->readers.n; i++) {
        struct progress *p = NULL;
        const struct reader *r = &f->readers.v[i];
        enum q_code code = progress_of(arena, conn, r->pipeline, n, known, &p, err);
        if (code)
            return code;
        if (q_map_has(&p->files, key(arena, r->path, f->size)))
            continue;
        *out = false;
        if (!p->waiting++)
            p->first = f->path;
    }
    return Q_OK;
}

static void warn_waiting(const struct progress *p)
{
    const char *why = !p->status                      ? "has not run"
                      : q_streq(p->status, "held")    ? "is held"
                      : q_streq(p->status, "aborted") ? "was aborted"
                      : q_streq(p->status, "failed")  ? "failed"
                                                      : "has not read it yet";
    char more[48] = "";
    if (p->waiting > 1)
        (void)snprintf(more, sizeof more, " and %zu more", p->waiting - 1);
    q_log(Q_LOG_WARN,
          "\"%s\"%s %s loaded, but pipeline \"%s\", which reads %s too, %s; %s until that is "
          "published",
          p->first, more, *more ? "were" : "was", p->pipeline, *more ? "them" : "it", why,
          *more ? "they stay" : "it stays");
}

/* All files of a note; it is removed when nothing is left to do. *done: how many were dealt with. */
static enum q_code settle_note(struct q_arena *arena, const struct note *n, struct db_conn *conn,
                               bool tell, size_t *done, struct q_err *err)
{
    progress_list known = {0};
    *done = 0;
    for (size_t i = 0; i < n->files.n; i++) {
        const struct entry *f = &n->files.v[i];
        bool there = is_there(arena, n, f), ready = true;
        enum q_code code = there ? all_have_read(arena, conn, n, f, &known, &ready, err) : Q_OK;
        if (code)
            return code;
        *done += !there || (ready && put_away(arena, n, f));
    }
    for (size_t i = 0; i < known.n && tell; i++)
        if (known.v[i].waiting)
            warn_waiting(&known.v[i]);
    if (*done == n->files.n)
        (void)unlink(n->path); /* left behind, its files are not there any more */
    return Q_OK;
}

/* The files that a pattern of a pipeline finds, by where they are: struct reader. */
static void find_again(struct q_arena *arena, const char *dir, const char *pipeline,
                       const char *pattern, struct q_map *out)
{
    q_paths found = {0};
    if (file_is_remote(pattern) || q_glob(arena, q_path_join(arena, dir, pattern), &found, NULL))
        return; /* that pipeline tells itself why it cannot read them */
    for (size_t i = 0; i < found.n; i++) {
        const char *real = q_path_real(arena, found.v[i]);
        if (real) {
            struct reader *r = q_new(arena, struct reader);
            *r = (struct reader){pipeline, file_shown(arena, dir, pattern, found.v[i])};
            (void)q_map_put(out, real, r);
        }
    }
}

/* Note the pipeline with those files that it reads too. */
static void note_reader(struct q_arena *arena, const struct cfg_pipeline *pipeline, struct note *n)
{
    struct q_map theirs;
    q_map_init(&theirs, arena);
    for (size_t i = 0; i < pipeline->sources.n; i++) {
        const struct cfg_source *source = &pipeline->sources.v[i];
        for (size_t o = 0; q_streq(source->from.s, "files") && o < source->options.n; o++)
            if (q_streq(source->options.v[o].key.s, "path"))
                find_again(arena, n->dir, pipeline->name.s, source->options.v[o].value.s, &theirs);
    }
    for (size_t i = 0; theirs.n && i < n->files.n; i++) {
        const char *real = q_path_real(arena, q_path_join(arena, n->dir, n->files.v[i].path));
        const struct reader *r = real ? q_map_get(&theirs, real) : NULL;
        if (r)
            *q_vec_push(arena, &n->files.v[i].readers) = *r;
    }
}

/* ---- notes ---- */

static const char *notes_dir(struct q_arena *arena, const char *dir)
{
    return q_path_join(arena, dir ? dir : ".", ".quern/inbox");
}

static struct note note_of(const struct extract_file *s, struct q_arena *arena,
                           const struct plan_publication *run)
{
    enum action action = action_of(s->o);
    char day[Q_TIMESTAMP_TEXT];
    const int64_t usec_per_day = INT64_C(86400) * Q_USEC_PER_SEC;
    struct note n = {.dir = s->in->dir ? s->in->dir : ".",
                     .warehouse = run->warehouse,
                     .run_id = run->run_id,
                     .first_run = run->first_run,
                     .deletes = action == DELETE};
    n.path = q_printf(arena, "%s/%lld_%s.json", notes_dir(arena, s->in->dir),
                      (long long)run->run_id, s->in->cfg ? s->in->cfg->name.s : s->in->name);
    if (action == MOVE || action == ARCHIVE)
        n.to = folder(s);
    if (action == ARCHIVE) /* a folder a day of the run's clock */
        n.to = q_path_join(arena, n.to,
                           q_strdup(arena, q_date_text((int32_t)(q_now() / usec_per_day), day)));
    for (size_t i = 0; i < s->paths.n; i++)
        *q_vec_push(arena, &n.files) = (struct entry){.path = s->items[i].path,
                                                      .size = s->items[i].size,
                                                      .changed_at = s->items[i].changed_at};
    for (size_t i = 0; i < run->n_together; i++)
        if (!q_streq(run->together[i]->name.s, run->pipeline))
            note_reader(arena, run->together[i], &n);
    return n;
}

static void write_readers(struct q_json *file, const struct entry *f)
{
    struct q_json *readers = f->readers.n ? q_json_set_array(file, "readers") : NULL;
    for (size_t i = 0; i < f->readers.n; i++) {
        struct q_json *r = q_json_push_object(readers);
        q_json_set_text(r, "pipeline", f->readers.v[i].pipeline);
        q_json_set_text(r, "path", f->readers.v[i].path);
    }
}

static struct entry read_entry(struct q_arena *arena, const struct q_json *file)
{
    const struct q_json *readers = q_json_get(file, "readers");
    struct entry f = {.path = q_json_text(q_json_get(file, "path"), ""),
                      .size = q_json_int(q_json_get(file, "size"), -1),
                      .changed_at = q_json_int(q_json_get(file, "changed_at"), -1)};
    for (size_t i = 0; i < q_json_count(readers); i++) {
        const struct q_json *r = q_json_item(readers, i);
        *q_vec_push(arena, &f.readers) = (struct reader){q_json_text(q_json_get(r, "pipeline"), ""),
                                                         q_json_text(q_json_get(r, "path"), "")};
    }
    return f;
}

static enum q_code write_note(struct q_arena *arena, const struct note *n, struct q_err *err)
{
    struct q_json *o = q_json_object(arena);
    q_json_set_text(o, "warehouse", n->warehouse);
    q_json_set_int(o, "run_id", n->run_id);
    q_json_set_int(o, "first_run", n->first_run);
    q_json_set_bool(o, "deletes", n->deletes);
    q_json_set_text(o, "to", n->to);
    struct q_json *files = q_json_set_array(o, "files");
    for (size_t i = 0; i < n->files.n; i++) {
        struct q_json *f = q_json_push_object(files);
        q_json_set_text(f, "path", n->files.v[i].path);
        q_json_set_int(f, "size", n->files.v[i].size);
        q_json_set_int(f, "changed_at", n->files.v[i].changed_at);
        write_readers(f, &n->files.v[i]);
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
                         .first_run = q_json_int(q_json_get(o, "first_run"), 0),
                         .deletes = q_json_bool(q_json_get(o, "deletes"), false),
                         .to = q_json_text(q_json_get(o, "to"), NULL)};
    const struct q_json *files = q_json_get(o, "files");
    for (size_t i = 0; i < q_json_count(files); i++)
        *q_vec_push(arena, &out->files) = read_entry(arena, q_json_item(files, i));
    if (!out->deletes && !out->to)
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it does not say where files go", path);
    return code;
}

void inbox_publishing(const struct extract_file *s, const struct plan_publication *run)
{
    if (action_of(s->o) == KEEP || !s->paths.n)
        return;
    struct q_arena *arena = q_arena_new(NULL, "inbox");
    struct q_err err = {0};
    struct note n = note_of(s, arena, run);
    if (write_note(arena, &n, &err))
        q_log(Q_LOG_WARN, "%s; the files of \"%s\" stay where they are, and will be read again",
              err.message, s->o->path);
    q_arena_free(arena);
}

static enum q_code settle_path(struct q_arena *arena, const char *dir, const char *path,
                               const char *warehouse, struct db_conn *conn, bool tell,
                               struct q_err *err)
{
    struct note n;
    size_t done;
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
    code = settle_note(arena, &n, conn, tell, &done, err);
    if (!code && done && !tell)
        q_log(Q_LOG_INFO, "%zu file%s of run %lld %s put away: it was published before", done,
              done == 1 ? "" : "s", (long long)n.run_id, done == 1 ? "is" : "are");
    return code;
}

bool inbox_is_pending(struct q_arena *arena, const char *dir)
{
    q_paths names = {0};
    return q_dir_list(arena, notes_dir(arena, dir), ".json", &names, NULL) != Q_OK || names.n;
}

/* Names of notes begin with the number of their run. */
static int newest_first(const void *a, const void *b)
{
    long long x = atoll(*(const char *const *)a), y = atoll(*(const char *const *)b);
    return (x < y) - (x > y);
}

enum q_code inbox_settle(struct q_arena *arena, const char *dir, const char *warehouse,
                         struct db_conn *conn, bool tell, struct q_err *err)
{
    q_paths names = {0};
    const char *notes = notes_dir(arena, dir);
    enum q_code code = q_dir_list(arena, notes, ".json", &names, err);
    if (names.n) /* what a later run may put away does not wait for an earlier one */
        qsort(names.v, names.n, sizeof *names.v, newest_first);
    for (size_t i = 0; i < names.n && !code; i++)
        code = settle_path(arena, dir, q_path_join(arena, notes, names.v[i]), warehouse, conn, tell,
                           err);
    return code;
}
