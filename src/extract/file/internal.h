/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/file share. */
#ifndef Q_EXTRACT_FILE_INTERNAL_H
#define Q_EXTRACT_FILE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/json.h"
#include "extract/file/file.h"
#include "format/read/csv.h"
#include "format/read/json.h"

struct extract_file;
struct file_item;

/*
 * A format of files. One structure each, listed in readers.c; a new format is one more.
 *
 * Life: describe() instead of all others, or for each file detect() and then, any number of times, open(), worker() once a
 * thread, fill() until it leaves room in the batch, close(), locate(). open(), close() and detect() are called by one thread
 * at a time; fill() by several with a worker each, which goes from file to file; read() by any. What open() gives belongs to
 * its arena and stays after close(), for locate().
 */
struct file_reader {
    const char *format;         /* as `format` names it */
    const char *const *endings; /* of file names, NULL at the end */
    bool has_null;              /* it has a null of its own, so an empty text is a text */
    bool declared_only;         /* its columns are the declared ones, whatever the lock file says */
    bool is_packed;             /* it holds several times its size */
    /* MAY, instead of the others: s->columns and s->select, a statement of the engine. */
    enum q_code (*describe)(struct extract_file *s, struct q_err *err);
    /* MUST: what the file's beginning tells. Fills f->shown and f->dialect, and f->names and f->header when its records
     * have fields by position. An empty file is Q_SOURCE. */
    enum q_code (*detect)(struct extract_file *s, struct file_item *f, struct q_err *err);
    /* MUST. `target` outlives the opened file. */
    enum q_code (*open)(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                        const struct read_target *target, void **file, struct q_err *err);
    void (*close)(void *file);              /* MUST: the handles; may be called twice */
    int64_t (*read)(void *file);            /* MUST: bytes of the file read so far */
    void *(*worker)(struct q_arena *arena); /* MUST */
    /* MUST: append rows until the batch has BATCH_ROWS; fewer: the file has no more for this worker. */
    enum q_code (*fill)(void *worker, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err);
    /* MUST where records are members by name (no f->names): show every member of every good record. Else NULL. */
    enum q_code (*look)(void *worker, void *file, read_see *see, void *self, struct q_err *err);
    /* MAY, instead of look() or of guessing from texts: columns and types that nobody declared, by rules of its own. */
    enum q_code (*infer)(struct extract_file *s, struct q_err *err);
    /* MUST: places sorted by offset, of a file that was read to its end. */
    enum q_code (*locate)(void *file, struct blocks_place *places, size_t n, size_t raw_max,
                          struct q_arena *arena, struct q_err *err);
    /* MAY: records that are skipped, beside footers, by reason; after close(). Returns how many there are, up to `max`. */
    size_t (*skips)(void *file, struct q_arena *arena, struct extract_skip *out, size_t max);
    /* MAY: what else is to be told of a file that was read; after close(). NULL: nothing. */
    const char *(*remark)(void *file, struct q_arena *arena);
    /* MAY: once f->target is set: what is declared of its columns. */
    enum q_code (*check)(struct extract_file *s, const struct file_item *f, struct q_err *err);
    /* MAY: extract_file_shape(). */
    void (*shape)(const struct file_item *f, struct q_json *out);
};

/* ---- common to several formats: shared.c ---- */

/* Of files that are read in blocks: what is opened is a struct block_file first. */
void file_block_close(void *file);
int64_t file_block_read(void *file);
Q_MUST_CHECK enum q_code file_block_locate(void *file, struct blocks_place *places, size_t n,
                                           size_t raw_max, struct q_arena *arena,
                                           struct q_err *err);

/* Of files that are read front to back: one worker reads a file, the others go on to the next. */
struct file_turn {
    _Atomic(void *) owner;
};
void *file_turn_worker(struct q_arena *arena);
bool file_turn_take(struct file_turn *turn, void *worker);

/* What is told of a record is JSON, so it is read alone as such. */
void file_shape_json(const struct file_item *f, struct q_json *out);

extern const struct file_reader file_csv, file_fixed, file_json, file_parquet, file_xlsx, file_xml;

/* One file of a source. */
struct file_item {
    const char *path; /* as shown */
    const char *full; /* to open */
    int64_t size;
    int64_t changed_at; /* when it was found */
    bool empty;         /* no byte in it, and that is allowed */
    struct decode_options decode;
    const char *shown;   /* what was detected, one line */
    const void *dialect; /* the reader's own */
    q_paths names;       /* of its fields by position; none: its records have members by name */
    bool header;         /* the names stand in the file */
    struct read_column *cols;
    struct read_target target;
    struct read_counts counts;
    /* While it is read; under the source's lock. */
    struct q_arena *arena;
    struct q_err why; /* it could not be opened: every worker gets this */
    void *file;       /* of the reader's open() */
    size_t users;
    bool done; /* some worker found its end */
    int64_t read;
    const char *told;           /* after it was read: `shown`, and what was left out of it */
    struct extract_skip *skips; /* likewise */
    size_t n_skips;
};

struct extract_file {
    struct q_arena *arena;
    const struct extract_file_input *in;
    const struct extract_file_options *o;
    const struct file_reader *reader;
    struct decode_options decode;
    struct csv_settings csv;
    struct q_schema columns; /* without _q_pos */
    struct q_schema with_pos;
    bool inferred;
    q_texts may_lack;
    struct extract_widened *widened; /* n_widened of them */
    size_t n_widened;
    q_paths paths;
    struct file_item *items;
    pthread_mutex_t lock;
    struct db_source source;
    struct file_remote *remote; /* it is at an address; NULL: local files */
    const char *select;         /* when the engine reads it: the statement */
};

/* A file that the pattern finds in `dir` (NULL: the working directory), as it is shown: a part of `full`. */
const char *file_shown(struct q_arena *arena, const char *dir, const char *pattern,
                       const char *full);
/* http:// or https:// */
bool file_is_remote(const char *path);
/* Bring the file of that address here; it is the only one. Takes its parameters, which may be secret, out of s->o->path. */
Q_MUST_CHECK enum q_code file_fetch(struct extract_file *s, struct q_err *err);

/* The ending of a file's name, those of compression left aside; "" when it has none. */
const char *file_ending(struct q_arena *arena, const char *path);
/* The reader by option or by the path's ending. */
Q_MUST_CHECK enum q_code file_reader_of(const struct extract_file_options *o,
                                        const struct file_reader **out, struct q_err *err);
/* Settings of the readers from the options. */
Q_MUST_CHECK enum q_code file_settings(struct extract_file *s, struct q_err *err);
/* Whether a declared column takes the member of a record, or a part of it. */
bool file_is_taken(const struct extract_file *s, const char *name);
/* What the file calls a column: `from`, else its name. */
const char *file_name_in_source(const struct extract_file *s, const char *column);
/* The path of the member that a column takes; NULL: by its name. */
const char *file_member_of(struct extract_file *s, const char *name);
/* How a column of this type is cast. */
Q_MUST_CHECK enum q_code file_cast(struct extract_file *s, struct q_type type,
                                   struct batch_cast *out, struct q_err *err);

/* Wider types for pinned columns whose values do not fit them, from all rows of all files. */
Q_MUST_CHECK enum q_code file_widen(struct extract_file *s, struct q_err *err);
/* Types for the columns that have none, from all rows of all files. */
Q_MUST_CHECK enum q_code file_infer(struct extract_file *s, struct q_err *err);
/* Members of records, in order of appearance, that the schema does not have yet, and their types. */
Q_MUST_CHECK enum q_code file_infer_members(struct extract_file *s, struct q_err *err);

#endif
