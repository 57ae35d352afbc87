/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files as a source: CSV, NDJSON, JSON, Parquet, XML and XLSX, one or many (a glob), plain or compressed.
 *
 * The driver `extract_files` is this module; what follows is for those who read a file without a pipeline.
 *
 * Life: extract_file_describe() finds the files, looks at each and settles the columns; extract_file_open() makes the
 * rows readable by the engine; after the scan come the numbers and the places of positions. Files are numbered in the
 * order of their paths; a row's `_q_pos` is q_pos(file, offset), for Parquet q_pos(file, row). Rows are read by several
 * workers, blocks of a file and files in parallel; what is read does not depend on their number.
 *
 * Columns, in order: the declared ones, then what else the files have, in order of the first file. A column without a
 * declared or pinned type is inferred over all rows (SEMANTICS 34). Files are matched by the names of their headers (exactly, else
 * without regard to case), so that files may have their columns in different orders.
 *
 * Errors are Q_SOURCE (missing, unreadable, empty, broken) or Q_CONFIG (wrong options), with path and place.
 *
 * A source belongs to its arena. describe and open are called by one thread; the engine's workers do the rest.
 *
 *     struct extract_file_options o = {0};
 *     code = q_opt_defaults(extract_file_opts, arena, &o, err);
 *     o.path = "inbox/sales_*.csv";
 *     struct extract_file_input in = {.dir = project_dir, .name = "sales", .options = &o, .declared = &columns,
 *                                     .sink = &sink, .db = conn, .workers = 2};
 *     struct extract_file *s;
 *     code = extract_file_describe(arena, &in, &s, err);
 *     const struct db_source *rows;
 *     code = extract_file_open(s, &rows, err);
 *     code = db_add_source(conn, rows, err);     // rows->name is "read_sales"
 *     db_exec(conn, "CREATE TABLE s_sales AS " and extract_file_select(s))
 *     for (size_t i = 0; i < extract_file_paths(s)->n; i++) show(extract_file_stats(s, i));
 */
#ifndef Q_EXTRACT_FILE_H
#define Q_EXTRACT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "base/opt.h"
#include "batch/reject.h"
#include "batch/type.h"
#include "db/db.h"
#include "extract/driver.h"

/* The keys of a `from: files` source; `columns` and `optional` are the project's own. */
struct extract_file_options {
    const char *path;   /* file or glob, relative to the project */
    const char *format; /* auto: by the ending */
    const char *delimiter, *quote, *escape, *header;
    q_texts null_text, formats;
    int64_t skip_lines, footer_lines;
    const char *footer, *comment;
    const char *too_few_fields, *too_many_fields, *duplicate_columns;
    const char *encoding, *compression;
    const char *unit, *padding; /* fixed width */
    int64_t type_at, type_width;
    q_texts type_value;
    bool trim, decimal_comma, implied_point;
    const char *after_load, *after_move, *after_archive;
    const char *thousands, *round;
    const char *missing_columns, *extra_columns;
    int64_t max_record, max_bytes, max_ratio;
    const char *records, *repeated, *joined_by; /* XML */
    const char *sheet, *range, *errors;         /* XLSX */
    int64_t skip_rows, header_rows;
};
extern const struct q_opt extract_file_opts[];
/* `from: files`. */
extern const struct extract_driver extract_files;

struct read_places; /* format/read/slab.h */

struct extract_file_input {
    const char *dir;  /* paths are relative to it; NULL: the working directory */
    const char *name; /* of the relation */
    const struct extract_file_options *options;
    const struct cfg_source *cfg;     /* columns with `path`, `at`, `width`; may be NULL */
    const struct q_schema *declared;  /* may be NULL; Q_T_NONE: to be inferred */
    const struct q_schema *pinned;    /* what quern.lock says; may be NULL */
    const q_texts *may_lack;          /* pinned columns that a file may lack; NULL: none */
    bool accept_gone;                 /* pinned columns that are in no header are none any more */
    enum cfg_contract contract;       /* evolve: new columns and wider types are found out */
    bool optional;                    /* no file, or an empty one, is no error */
    const struct reject_sink *sink;   /* needed by open */
    struct db_conn *db;               /* needed for Parquet */
    size_t workers;                   /* 0: one */
    size_t block_size;                /* for tests; 0: the default */
    const struct read_places *places; /* how positions are made; NULL: by file and offset */
};

struct extract_file;

/* All pointers of `in` outlive the source. */
Q_MUST_CHECK enum q_code extract_file_describe(struct q_arena *arena,
                                               const struct extract_file_input *in,
                                               struct extract_file **out, struct q_err *err);
/* Columns without _q_pos. */
const struct q_schema *extract_file_columns(const struct extract_file *s);
/* In order of file number, as matched, relative to `dir` when the path is. */
const q_paths *extract_file_paths(const struct extract_file *s);
/* About how many bytes of text they hold: compressed ones hold several times their size. */
int64_t extract_file_bytes(const struct extract_file *s);
/* Some type was inferred: it should be pinned. */
bool extract_file_inferred(const struct extract_file *s);
/* Columns that are not in every file, though that is no error. */
const q_texts *extract_file_may_lack(const struct extract_file *s);
/* Columns whose pinned types were too narrow. */
const struct extract_widened *extract_file_widened(const struct extract_file *s, size_t *n);

/* The rows as a source for db_add_source(): all columns and _q_pos. *out is NULL for Parquet, which has none. May be
 * called again after a scan, for another one: counts start over. */
Q_MUST_CHECK enum q_code extract_file_open(struct extract_file *s, const struct db_source **out,
                                           struct q_err *err);
/* A SELECT of all columns and _q_pos, of whatever format. */
const char *extract_file_select(const struct extract_file *s);
/* Close the files; locating still works. */
void extract_file_close(struct extract_file *s);

/* What is needed to read a record of file i alone, as JSON: {"format": "csv", "delimiter": ",", "names": [...]} or
 * {"format": "json"}. NULL for Parquet, whose rows are never rejected by the reader, and for an empty file. */
const char *extract_file_shape(const struct extract_file *s, size_t i);

/* Of file i. Any thread, also during the scan. */
struct extract_stats extract_file_stats(struct extract_file *s, size_t i);

/* `places` sorted by pos, after the scan. Reads again only what is needed. */
Q_MUST_CHECK enum q_code extract_file_locate(struct extract_file *s, struct extract_place *places,
                                             size_t n, struct q_arena *arena, struct q_err *err);

/* The file is at an address. */
bool extract_file_is_remote(const struct extract_file *s);
/* Q_SOURCE when the file at the address is no longer the one that was read. */
Q_MUST_CHECK enum q_code extract_file_remote_same(const struct extract_file *s, struct q_err *err);
/* In records with members by name: the one that a declared column takes, by its `path` or `from`, or `path` within `from`;
 * "$." in front is no part of it. NULL: the one of its name. */
const char *extract_file_member(struct q_arena *arena, const struct cfg_column *column);

#endif
