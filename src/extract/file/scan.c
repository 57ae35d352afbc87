/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of all files as one source of the engine, and their places afterwards. */
#include "extract/file/internal.h"

/* What was left out or mended, behind what was detected. */
static void tell(struct extract_file *s, struct file_item *f)
{
    enum { SKIPS_MAX = 66, TOLD_MAX = 4096 };
    const struct {
        const char *one, *many;
        int64_t n;
    } notes[] = {
        {"comment line", "comment lines", atomic_load(&f->counts.comments)},
        {"footer line", "footer lines", atomic_load(&f->counts.footers)},
        {"record with too few fields", "records with too few fields",
         atomic_load(&f->counts.padded)},
        {"record cut", "records cut", atomic_load(&f->counts.cut)},
        {"empty row skipped", "empty rows skipped", atomic_load(&f->counts.empty_rows)},
    };
    const char *remark = s->reader->remark ? s->reader->remark(f->file, f->arena) : NULL;
    struct q_buf told;
    q_buf_init(&told, TOLD_MAX);
    q_buf_adds(&told, f->shown);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (notes[i].n)
            q_buf_printf(&told, ", %lld %s", (long long)notes[i].n,
                         notes[i].n == 1 ? notes[i].one : notes[i].many);
    if (remark)
        q_buf_printf(&told, ", %s", remark);
    f->told = q_strdup(f->arena, q_buf_text(&told));
    q_buf_release(&told);
    f->skips = q_alloc_array(f->arena, SKIPS_MAX, sizeof *f->skips);
    f->n_skips = 0;
    if (notes[1].n)
        f->skips[f->n_skips++] = (struct extract_skip){"footer", notes[1].n};
    if (s->reader->skips)
        f->n_skips +=
            s->reader->skips(f->file, f->arena, f->skips + f->n_skips, SKIPS_MAX - f->n_skips);
}

static void file_item_close(struct extract_file *s, struct file_item *f)
{
    if (!f->file)
        return;
    s->reader->close(f->file);
    f->read = s->reader->read(f->file);
    tell(s, f);
}

/* ---- workers ---- */

struct file_worker {
    struct extract_file *s;
    struct q_arena *arena;
    const bool *wanted;
    size_t file;  /* index of the one that is read */
    bool entered; /* it counts among the file's users */
    void *own;    /* the reader's */
};

static enum q_code open_worker(void *self, const bool *wanted, void **out, struct q_err *err)
{
    (void)err;
    struct extract_file *s = self;
    struct q_arena *arena = q_arena_new(NULL, "reader");
    struct file_worker *w = q_new(arena, struct file_worker);
    bool *copy = q_alloc_array(arena, s->with_pos.n, sizeof *copy);
    memcpy(copy, wanted, s->with_pos.n * sizeof *copy);
    w->s = s;
    w->arena = arena;
    w->wanted = copy;
    w->own = s->reader->worker(arena);
    *out = w;
    return Q_OK;
}

/* Go into the next file that still has something; false at the end of all. */
static enum q_code enter(struct file_worker *w, bool *found, struct q_err *err)
{
    struct extract_file *s = w->s;
    enum q_code code = Q_OK;
    *found = false;
    pthread_mutex_lock(&s->lock);
    while (w->file < s->paths.n && (s->items[w->file].empty || s->items[w->file].done))
        w->file++;
    if (w->file < s->paths.n) {
        struct file_item *f = &s->items[w->file];
        if (!f->arena) {
            f->arena = q_arena_new(NULL, "file");
            code = s->reader->open(s, f, f->arena, &f->target, &f->file, &f->why);
        } else if (!f->file) {
            code = f->why.code;
        }
        if (code && err)
            *err = f->why;
        f->users++;
        w->entered = *found = true;
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

static void leave(struct file_worker *w, bool done)
{
    if (!w->entered)
        return;
    w->entered = false;
    pthread_mutex_lock(&w->s->lock);
    struct file_item *f = &w->s->items[w->file];
    f->users--;
    f->done |= done;
    if (f->done && f->users == 0)
        file_item_close(w->s, f);
    pthread_mutex_unlock(&w->s->lock);
}

static enum q_code fill(void *worker, struct batch *out, struct q_err *err)
{
    struct file_worker *w = worker;
    while (out->rows < BATCH_ROWS) {
        if (!w->entered) {
            bool found;
            enum q_code code = enter(w, &found, err);
            if (code || !found)
                return code;
        }
        struct file_item *f = &w->s->items[w->file];
        enum q_code code = w->s->reader->fill(w->own, f->file, w->wanted, out, err);
        if (code)
            return code;
        if (out->rows < BATCH_ROWS)
            leave(w, true);
    }
    return Q_OK;
}

static void close_worker(void *worker)
{
    struct file_worker *w = worker;
    leave(w, false);
    q_arena_free(w->arena);
}

/* A row of the files takes about this many bytes: for the engine's estimate only. */
enum { ROW_BYTES = 100 };

enum q_code extract_file_open(struct extract_file *s, const struct db_source **out,
                              struct q_err *err)
{
    *out = NULL;
    if (s->select)
        return Q_OK;
    if (!s->in->sink)
        return q_fail(err, Q_INTERNAL, "cannot read \"%s\": nobody takes its rejects", s->o->path);
    int64_t bytes = 0;
    for (size_t i = 0; i < s->paths.n; i++) {
        struct file_item *f = &s->items[i];
        q_arena_free(f->arena);
        f->arena = NULL;
        f->file = NULL;
        f->users = 0;
        f->done = false;
        f->read = 0;
        f->told = NULL;
        f->skips = NULL;
        f->n_skips = 0;
        f->counts = (struct read_counts){0};
        bytes += f->size;
    }
    s->source = (struct db_source){
        .name = q_printf(s->arena, "read_%s", s->in->name),
        .schema = &s->with_pos,
        .self = s,
        .max_workers = s->in->workers ? s->in->workers : 1,
        .estimated_rows = bytes / ROW_BYTES,
        .open = open_worker,
        .fill = fill,
        .close = close_worker,
    };
    *out = &s->source;
    return Q_OK;
}

void extract_file_close(struct extract_file *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->paths.n; i++)
        file_item_close(s, &s->items[i]);
    pthread_mutex_unlock(&s->lock);
}

struct extract_stats extract_file_stats(struct extract_file *s, size_t i)
{
    struct file_item *f = &s->items[i];
    pthread_mutex_lock(&s->lock);
    struct extract_stats stats = {
        .path = f->path,
        .detected = s->select ? s->reader->format
                    : f->told ? f->told
                              : f->shown,
        .size = f->size,
        .read = f->file ? s->reader->read(f->file) : f->read,
        .records =
            s->select ? -1 : atomic_load(&f->counts.records) + atomic_load(&f->counts.footers),
        .rejected = atomic_load(&f->counts.rejected),
        .skips = f->skips,
        .n_skips = f->n_skips,
    };
    pthread_mutex_unlock(&s->lock);
    return stats;
}

/* The places of one file. */
static enum q_code locate_in(struct extract_file *s, struct file_item *f,
                             struct extract_place *places, size_t n, struct q_arena *arena,
                             struct q_err *err)
{
    for (size_t i = 0; i < n; i++) {
        places[i] = (struct extract_place){.pos = places[i].pos, .path = f->path, .raw = {"", 0}};
        if (s->select)
            places[i].ordinal = q_pos_offset(places[i].pos) + 1;
    }
    if (!f->file)
        return Q_OK;
    struct blocks_place *found = q_alloc_array(arena, n, sizeof *found);
    for (size_t i = 0; i < n; i++)
        found[i].offset = q_pos_offset(places[i].pos);
    enum q_code code = s->reader->locate(f->file, found, n, REJECT_RAW_MAX, arena, err);
    for (size_t i = 0; !code && i < n; i++) {
        places[i].ordinal = found[i].ordinal;
        places[i].line = found[i].line;
        places[i].raw = found[i].raw;
    }
    return code;
}

enum q_code extract_file_locate(struct extract_file *s, struct extract_place *places, size_t n,
                                struct q_arena *arena, struct q_err *err)
{
    for (size_t from = 0, to; from < n; from = to) {
        int64_t file = q_pos_file(places[from].pos);
        for (to = from + 1; to < n && q_pos_file(places[to].pos) == file;)
            to++;
        if (file < 0 || (size_t)file >= s->paths.n)
            return q_fail(err, Q_INTERNAL, "cannot find file number %lld of \"%s\"",
                          (long long)file, s->o->path);
        enum q_code code = locate_in(s, &s->items[file], places + from, to - from, arena, err);
        if (code)
            return code;
    }
    return Q_OK;
}
