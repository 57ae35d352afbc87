/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/file share. */
#ifndef Q_EXTRACT_FILE_INTERNAL_H
#define Q_EXTRACT_FILE_INTERNAL_H

#include <pthread.h>

#include "extract/file/file.h"
#include "format/read/csv.h"
#include "format/read/json.h"

enum file_kind { FILE_CSV, FILE_JSON, FILE_PARQUET };

/* One file of a source. */
struct file_item {
    const char *path; /* as shown */
    const char *full; /* to open */
    int64_t size;
    bool empty; /* no byte in it, and that is allowed */
    struct csv_dialect csv;
    struct json_dialect json;
    const char *shown;
    struct read_column *cols;
    struct read_target target;
    struct read_counts counts;
    /* While it is read; under the source's lock. */
    struct q_arena *arena;
    struct q_err why; /* it could not be opened: every worker gets this */
    struct csv_file *csv_file;
    struct json_file *json_file;
    size_t users;
    bool done; /* some worker found its end */
    int64_t read;
};

struct extract_file {
    struct q_arena *arena;
    const struct extract_file_input *in;
    const struct extract_file_options *o;
    enum file_kind kind;
    struct decode_options decode;
    struct csv_settings csv;
    struct q_schema columns; /* without _q_pos */
    struct q_schema with_pos;
    bool inferred;
    q_paths paths;
    struct file_item *items;
    pthread_mutex_t lock;
    struct db_source source;
    const char *select; /* Parquet: the statement */
};

/* The kind by option or by the path's ending. */
Q_MUST_CHECK enum q_code file_kind_of(const struct extract_file_options *o, enum file_kind *out,
                                      struct q_err *err);
/* Settings of the readers from the options. */
Q_MUST_CHECK enum q_code file_settings(struct extract_file *s, struct q_err *err);
/* How a column of this type is cast. */
Q_MUST_CHECK enum q_code file_cast(struct extract_file *s, struct q_type type,
                                   struct batch_cast *out, struct q_err *err);

/* Types for the columns that have none, from all rows of all files. */
Q_MUST_CHECK enum q_code file_infer(struct extract_file *s, struct q_err *err);
/* Members of JSON records, in order of appearance, that the schema does not have yet, added without a type. */
Q_MUST_CHECK enum q_code file_json_members(struct extract_file *s, struct q_err *err);

Q_MUST_CHECK enum q_code file_parquet_describe(struct extract_file *s, struct q_err *err);

#endif
