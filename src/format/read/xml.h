/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML elements as records: columns by path, as typed batches.
 *
 * A file is read by one worker, front to back; files in parallel. The rules:
 *   - A record is an element on the path `records`; what a column takes of it, xml_path.h says. A column without a path
 *     of its own takes the element or attribute of its name, the parts of a name like `address.city` being levels, unless
 *     the name is a path already (it has a / or starts with @).
 *   - No such element in the record is NULL. An empty element is the empty string in text columns and NULL in others;
 *     xsi:nil="true" is NULL. Text is kept as it is written; for other types white space around it does not count.
 *   - Where one value is expected and a record has several: the record is rejected (`repeated`), or the first one counts,
 *     or they are joined.
 *   - A column that no record of the file has is an error unless `missing_null`; a file without records has none.
 *   - A broken document is an error wherever it is broken (xml_push.h), and so are records in each other, an ancestor's
 *     value that comes behind the records that want it, and a path of records whose parent the file does not have.
 *
 * Rejected: repeated, cast; the position is the byte of the record's start tag in the decoded stream, what is told is
 * JSON (rows.h).
 *
 *     code = xml_detect(arena, path, &decode, &settings, &dialect, err);
 *     code = xml_open(arena, path, &dialect, &target, paths, &file, err);
 *     while (!(code = xml_fill(file, wanted, &batch, err)) && batch.rows) use(&batch);
 */
#ifndef Q_FORMAT_READ_XML_H
#define Q_FORMAT_READ_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "batch/cast.h"
#include "format/decode/decode.h"
#include "format/read/blocks.h"
#include "format/read/slab.h"
#include "format/read/xml_path.h"

enum xml_repeat { XML_REJECT, XML_FIRST, XML_JOIN };

struct xml_settings {
    const char *records;
    enum xml_repeat repeated;
    const char *joint; /* XML_JOIN: between the texts; NULL: a comma */
    bool trim;         /* white space around texts does not count */
    bool missing_null;
    size_t max_record; /* bytes of a record's texts; 0: BLOCK_RECORD_MAX */
    size_t piece;      /* bytes that are parsed at a time; 0: the default */
};

struct xml_dialect {
    struct xml_settings settings;
    struct xml_records records;
    struct decode_options decode; /* with the encoding of the prolog */
    const char *shown;            /* "XML, utf-8, records /catalog/product" */
};

/* Look at the beginning. Q_SOURCE when it is no XML, Q_CONFIG when `records` is missing or wrong. */
Q_MUST_CHECK enum q_code xml_detect(struct q_arena *arena, const char *path,
                                    const struct decode_options *decode,
                                    const struct xml_settings *settings, struct xml_dialect *out,
                                    struct q_err *err);

struct xml_file;

/* paths[c]: of target->cols[c], or NULL. All outlive the file. Q_CONFIG when a path is wrong. */
Q_MUST_CHECK enum q_code xml_open(struct q_arena *arena, const char *path,
                                  const struct xml_dialect *dialect,
                                  const struct read_target *target, const char *const *paths,
                                  struct xml_file **out, struct q_err *err);
/* Append rows until the batch has BATCH_ROWS; fewer: the file has no more. */
Q_MUST_CHECK enum q_code xml_fill(struct xml_file *file, const bool *wanted, struct batch *out,
                                  struct q_err *err);
/* Closes the handles. */
void xml_close(struct xml_file *file);
/* Bytes of the file read so far. Any thread. */
int64_t xml_file_read(struct xml_file *file);
/* Of a file that was read to its end and has no record: the elements that are where its records were looked for, "item,
 * vendor"; NULL: there are records, or no elements either. */
const char *xml_others(const struct xml_file *file, struct q_arena *arena);
/* As blocks_locate(), raw being JSON; reads the file again up to the last place. */
Q_MUST_CHECK enum q_code xml_locate(struct xml_file *file, struct blocks_place *places, size_t n,
                                    size_t raw_max, struct q_arena *arena, struct q_err *err);

/* What records have in them: for columns that nobody declared. */
struct xml_member {
    const char
        *name; /* a column's: address.city, id; the path where that is another's name already */
    struct batch_guess guess;
    bool repeated; /* twice in one record: no column */
};

struct xml_look;

/* `arena` outlives the look. */
struct xml_look *xml_look_new(struct q_arena *arena);
/* Read a whole file; several one after the other. Q_SOURCE when it is broken. */
Q_MUST_CHECK enum q_code xml_look_at(struct xml_look *look, const char *path,
                                     const struct xml_dialect *dialect, struct q_err *err);
/* In order of appearance: attributes, elements without elements in them, and texts with elements in between. */
size_t xml_look_members(struct xml_look *look, const struct xml_member **out);
/* xml_others() of the first file without records, or NULL. */
const char *xml_look_others(const struct xml_look *look);

#endif
