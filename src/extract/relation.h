/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that is a relation of a SQL database: a table or a query, with the condition of the pipeline. Here is what the
 * drivers of such databases share; what they ask their server for beyond it, and how they take its rows, is theirs.
 *
 * A driver's options begin with struct extract_relation_options, its reader with struct extract_relation:
 *
 *     describe   extract_relation_begin(&r->rel, &extract_shop, arena, in);
 *                code = extract_relation_check(&r->rel, err);
 *                r->rel.item = "`orders`";  r->rel.columns = {"q.`id`", "q.`total`"};      as the server spells them
 *                code = extract_fields_settle(arena, in, &names, r->rel.object, &r->rel.fields, err);
 *                ... types of the fields ...
 *                extract_relation_described(&r->rel);
 *     bind       q = extract_relation_select(&r->rel, "q.`id`");    SELECT q.`total`, q.`id` FROM `orders` AS q
 *                filtered = extract_relation_filter(&r->rel, q);     WHERE (total > 0)
 *     open       *out = extract_relation_rows(&r->rel, (struct db_source){.open = ..., .fill = ..., .close = ...});
 *
 * The relation is one part. A row's position is a key of the table (`pos_is_key`) or its number in the result, from 0.
 * Everything belongs to the arena of begin(); the counts of the target may be read while workers read rows.
 */
#ifndef Q_EXTRACT_RELATION_H
#define Q_EXTRACT_RELATION_H

#include "extract/fields.h"
#include "sql/build.h"

struct extract_relation_options {
    const char *table, *query, *where;
};

/* Their rows of an option table, of a struct that begins with them. `also`: other spellings of a table's name; `whose`: the
 * SQL is written in whose words. Texts in quotes. */
#define EXTRACT_RELATION_OPTS(also, whose)                              \
    {.name = "table",                                                   \
     .arg = "NAME",                                                     \
     .type = Q_OPT_TEXT,                                                \
     .offset = offsetof(struct extract_relation_options, table),        \
     .help = "table or view to read" also "; this or query"},           \
        {.name = "query",                                               \
         .arg = "SQL",                                                  \
         .type = Q_OPT_TEXT,                                            \
         .offset = offsetof(struct extract_relation_options, query),    \
         .help = "SELECT to read, in " whose " words"},                 \
    {                                                                   \
        .name = "where", .arg = "SQL", .type = Q_OPT_TEXT,              \
        .offset = offsetof(struct extract_relation_options, where),     \
        .help = "condition in " whose " words: only such rows are read" \
    }

struct extract_relation {
    struct extract_source base; /* first */
    struct q_arena *arena;
    const struct extract_input *in;
    const struct extract_relation_options *asked;
    const char *object;   /* table "orders" of connection "erp" */
    const char *path;     /* erp: orders */
    const char *detected; /* one line for the record of the run */
    const char *item;     /* what is read, quoted; has the alias q */
    q_texts columns;      /* of the relation, as they stand behind SELECT */
    struct extract_fields fields;
    struct q_schema with_pos;
    struct record_target *target;
    bool pos_is_key;
    struct db_source source;
};

/* Empty, with its names. `in->options` begin with struct extract_relation_options. */
void extract_relation_begin(struct extract_relation *r, const struct extract_driver *driver,
                            struct q_arena *arena, const struct extract_input *in);
/* Either a table or a query, which must be there. Q_CONFIG. */
Q_MUST_CHECK enum q_code extract_relation_check(const struct extract_relation *r,
                                                struct q_err *err);
/* Where an option of the source stands; the source itself where it is not given. */
struct cfg_pos extract_relation_option_pos(const struct extract_relation *r, const char *key);
/* All fields have their types: makes the schemas and the target. */
void extract_relation_described(struct extract_relation *r);
/* The statement whose columns are those of the relation. */
const char *extract_relation_all(const struct extract_relation *r);
/* SELECT of the columns that are asked for, and of the position where `pos` is not NULL, up to FROM. */
struct sql *extract_relation_select(const struct extract_relation *r, const char *pos);
/* Appends WHERE with the pipeline's own condition; false when it has none. */
bool extract_relation_filter(const struct extract_relation *r, struct sql *q);
/* The rows as a source of the engine. `rows` has what only the driver knows: workers and functions, whose `self` is r.
 * Counts start over. */
const struct db_source *extract_relation_rows(struct extract_relation *r, struct db_source rows);

/* Of struct extract_driver; these two of any source of a database. */
size_t extract_relation_n_parts(struct extract_source *s);
const char *extract_relation_shape(struct extract_source *s, size_t part);
/* Of readers that begin with struct extract_relation. */
struct extract_stats extract_relation_stats(struct extract_source *s, size_t part);
enum q_code extract_relation_locate(struct extract_source *s, struct extract_place *places,
                                    size_t n, struct q_arena *arena, struct q_err *err);

#endif
