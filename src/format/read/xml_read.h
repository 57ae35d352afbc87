/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the XML reader: the tree of what columns take, and the walk through a document. Only its files include this.
 *
 * A node stands for an element or attribute on a path below the record. While a file is read the tree is made from the
 * columns and does not grow: what it does not have, nobody asked for. While a file is looked at it grows with what is
 * there.
 */
#ifndef Q_FORMAT_READ_XML_READ_H
#define Q_FORMAT_READ_XML_READ_H

#include <stdatomic.h>

#include "base/file.h"
#include "base/vec.h"
#include "format/read/rows.h"
#include "format/read/xml.h"
#include "format/read/xml_push.h"

struct xml_node {
    const char *name;
    const char *seen; /* the document's own pointer for the name, once it was met */
    bool attribute;
    bool claimed; /* some column has this very path */
    struct xml_node *parent, *children, *last, *next;
    struct xml_node *hint; /* the child that was found last: the next one is likely behind it */
    Q_VEC(size_t) cols;
    /* Of a look. */
    struct xml_member member;
    bool has_elements, has_text;
    int64_t record; /* the last one that has it */
};

/* A child by name; `make`: made when it is not there, else NULL. */
struct xml_node *xml_child(struct xml_node *node, const char *name, bool attribute,
                           struct q_arena *make);
/* The same by the document's own pointer: quicker. */
struct xml_node *xml_child_seen(struct xml_node *node, const char *name, bool attribute);
/* Another document: its pointers are others. */
void xml_forget_seen(struct xml_node *node);

/* A column that takes something of an element around the record. */
struct xml_above {
    size_t col;
    struct xml_path path;
};

/* What an open element has for such a column. */
struct xml_above_value {
    struct q_buf text;
    enum { XML_NONE, XML_TEXT, XML_NIL, XML_TWICE } state;
    bool wanted; /* a record has asked when there was none */
};

struct xml_level {
    const char *name;
    struct xml_node *node; /* inside a record; NULL: nothing is asked for here */
    bool on_path;          /* it and all around it are on the path of the records */
    bool capturing, nil;
    bool has_elements, has_text;
    size_t text_from;
    int64_t records;
    struct xml_above_value *above; /* [n_above] */
};

struct xml_look {
    struct q_arena *arena;
    struct xml_node root;
    Q_VEC(struct xml_node *) nodes; /* in order of appearance */
    int64_t records;
    struct xml_member own;
    bool has_own;
    const char *others; /* xml_others() of the first file without records */
    Q_VEC(struct xml_member) members;
    struct q_buf padded; /* a text with room behind it to read ahead */
};

struct xml_file {
    struct q_arena *arena;
    const char *path;
    const struct xml_dialect *dialect;
    const struct read_target *target;
    const char *const *paths;
    struct decode *decode;
    struct xml_push *push;
    char *piece;
    size_t piece_size;
    size_t max_record;
    bool ended;
    _Atomic int64_t file_read;
    /* The walk. */
    struct xml_level levels[XML_DEPTH + 1];
    size_t depth;
    size_t record_depth; /* 0: outside */
    size_t captures;     /* open elements whose text is kept */
    struct q_buf text;   /* of these */
    struct q_buf own;    /* the record's own text */
    size_t deepest;      /* levels of the path of records that were found */
    q_paths
        others; /* while there is no record: names of the elements where records were looked for */
    bool more_others; /* and there are more than these */
    int64_t records;  /* begun */
    int64_t counted;  /* of them, told to the target */
    int64_t record_line;
    size_t repeated; /* a column with several values in this record, or n_cols */
    struct rows rows;
    struct xml_node root; /* the record */
    Q_VEC(size_t) own_cols;
    Q_VEC(size_t) ordinal_cols;
    Q_VEC(struct xml_above) above;
    bool *found; /* by column: some record has it */
    enum q_code sink_code;
    struct q_err sink_err;
    /* Other uses of the same walk. */
    struct xml_look *look;
    struct blocks_place *places; /* to be located, n_places of them from at_place on */
    size_t n_places, at_place, raw_max;
    struct q_arena *places_arena;
};

/* The tree and lists of columns from the target and the paths. */
Q_MUST_CHECK enum q_code xml_compile(struct xml_file *f, struct q_err *err);

/* For all uses: open and walk a piece further; f->ended at the end. */
Q_MUST_CHECK enum q_code xml_walk_open(struct xml_file *f, struct q_err *err);
Q_MUST_CHECK enum q_code xml_walk(struct xml_file *f, struct q_err *err);

/* Called by the walk while a file is looked at. */
void xml_look_attributes(struct xml_file *f, struct xml_node *node, const struct xml_tag *tag);
void xml_look_element(struct xml_file *f, struct xml_node *node, const struct xml_level *level,
                      struct q_str text);
void xml_look_record(struct xml_file *f, struct q_str own);
struct xml_node *xml_look_child(struct xml_file *f, struct xml_node *node, const char *name,
                                bool attribute);

/* Without white space at both ends, as XML has it. */
struct q_str xml_trim(struct q_str s);

#endif
