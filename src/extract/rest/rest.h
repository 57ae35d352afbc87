/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A REST API as a source: JSON over HTTP, page by page. docs/rest.md has every option.
 *
 * A part is a page. Pages are fetched once a run, in order, and their records written to a temporary file below
 * .quern/tmp, one a line; what is read from it (again and again: to find types, to load, to tell where a reject stands)
 * goes through the reader of JSON files, with the same casts and rejects. `_q_pos` is q_pos(page, offset of the record
 * among the page's). Memory is bounded by the longest record, disk by `max_bytes`.
 *
 * When all types are declared or pinned nothing is fetched before the run's step; else describe() has to fetch.
 */
#ifndef Q_EXTRACT_REST_H
#define Q_EXTRACT_REST_H

#include "extract/driver.h"

extern const struct extract_driver extract_rest;

#endif
