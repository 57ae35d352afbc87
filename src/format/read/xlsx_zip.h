/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workbook's archive: its parts as streams, with limits against bombs. Backed by libzip, which is loaded when the first
 * one is opened.
 *
 * What is taken out is counted, over all parts: more than `max_bytes`, or more than `max_ratio` times the file's size
 * above 64 MB, is Q_SOURCE. Checksums are checked at the end of each part. One thread.
 */
#ifndef Q_FORMAT_READ_XLSX_ZIP_H
#define Q_FORMAT_READ_XLSX_ZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "format/read/xml_push.h"

struct xlsx_limits {
    int64_t max_bytes, max_ratio; /* 0: as decode.h has them */
    size_t max_text;              /* bytes of a cell, or a tag; 0: 16 MiB */
};

struct xlsx_zip;

/* Q_SOURCE when it is no archive, with what it is where that can be told. Closed with the arena or by close. */
Q_MUST_CHECK enum q_code xlsx_zip_open(struct q_arena *arena, const char *path,
                                       const struct xlsx_limits *limits, struct xlsx_zip **out,
                                       struct q_err *err);
void xlsx_zip_close(struct xlsx_zip *zip);
const char *xlsx_zip_path(const struct xlsx_zip *zip);
const struct xlsx_limits *xlsx_zip_limits(const struct xlsx_zip *zip);
bool xlsx_zip_has(const struct xlsx_zip *zip, const char *name);

/* A part that is parsed as XML, piece by piece. */
struct xlsx_part;

/* `name` as in the archive, without regard to case. The events may fail by xml_push_fail(xlsx_part_push(part), ...). */
Q_MUST_CHECK enum q_code xlsx_part_open(struct q_arena *arena, struct xlsx_zip *zip,
                                        const char *name, const struct xml_events *events,
                                        void *self, struct xlsx_part **out, struct q_err *err);
struct xml_push *xlsx_part_push(const struct xlsx_part *part);
/* The next piece; *end at the end, when the document was complete. */
Q_MUST_CHECK enum q_code xlsx_part_next(struct xlsx_part *part, bool *end, struct q_err *err);
/* About how many bytes of the file stand behind what was read of the part. */
int64_t xlsx_part_file_read(const struct xlsx_part *part);
void xlsx_part_close(struct xlsx_part *part);
/* All of a part. */
Q_MUST_CHECK enum q_code xlsx_part_parse(struct xlsx_zip *zip, const char *name,
                                         const struct xml_events *events, void *self,
                                         struct q_err *err);

#endif
