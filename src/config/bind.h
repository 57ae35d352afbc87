/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From trees to structures by tables: one table of keys per kind of map. The table gives spelling, kind of value, place in
 * the structure, whether it is required, and so also the messages.
 *
 *     static const struct cfg_field chart_fields[] = {
 *         {.key = "type", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_chart, type), .required = true,
 *          .example = "type: bar"},
 *         {0},
 *     };
 *     code = cfg_bind_map(b, node, "the chart", chart_fields, &report->chart);
 *
 * Binding goes on behind an error: the first one is kept with its hint, the others are counted. Functions return
 * Q_CONFIG when something was wrong in what they bound.
 */
#ifndef Q_CONFIG_BIND_H
#define Q_CONFIG_BIND_H

#include "base/map.h"
#include "config/node.h"

/* Where ${NAME} is looked for, in this order: given, process environment, variables, secrets. */
struct cfg_vars {
    const q_texts *given; /* "NAME=value"; may be NULL */
    struct q_map variables, secrets;
    const char *secrets_file; /* as spelled; NULL: none declared */
    bool secrets_missing;
    size_t expanded; /* bytes made so far */
};

struct cfg_bind {
    struct q_arena *arena;
    struct q_err *err; /* never NULL */
    int failures;
    struct cfg_pos next; /* of the second failure */
    const struct cfg_options *options;
    struct cfg_project *project;
    struct cfg_vars vars;
    enum cfg_on_fail on_fail;         /* from `defaults` */
    struct cfg_threshold max_rejects; /* from `defaults` */
};

/* A word that a value may be. */
struct cfg_word {
    const char *word; /* NULL ends the table */
    int value;
    bool later; /* not in this version */
};

enum cfg_field_kind {
    CFG_F_TEXT,  /* struct cfg_text: any text, not empty and no secret */
    CFG_F_IDENT, /* struct cfg_text: letters, digits and _ */
    CFG_F_NAME,  /* struct cfg_text: the same and - */
    CFG_F_EXPR,  /* struct cfg_text with the place of its first character */
    CFG_F_TEXTS, /* cfg_texts: a text or a list of texts, at least one */
    CFG_F_PAIRS, /* cfg_pairs: a map of texts */
    CFG_F_EXPRS, /* cfg_pairs: a map of expressions */
    CFG_F_BOOL,  /* bool */
    CFG_F_NOT,   /* bool, the other way round */
    CFG_F_WORD,  /* an enum or int, one of `words` */
    CFG_F_MAP,   /* a map: the structure at `offset` by `fields` */
    CFG_F_CALL,  /* `call` does it, with the whole structure */
    CFG_F_DONE,  /* bound elsewhere */
};

typedef enum q_code (*cfg_call)(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out);

#define CFG_NOWHERE ((size_t)-1) /* the word is checked and not kept */

struct cfg_field {
    const char *key; /* NULL ends the table */
    enum cfg_field_kind kind;
    size_t offset;
    bool required;
    const char *example;            /* of a required key */
    const struct cfg_word *words;   /* CFG_F_WORD */
    const struct cfg_field *fields; /* CFG_F_MAP */
    const char *what; /* CFG_F_MAP: as it is called in messages, "the chart"; NULL: by its key */
    cfg_call call;    /* CFG_F_CALL */
};

/* ---- errors ---- */

/* Keeps the first error, counts the others. Returns Q_CONFIG. */
enum q_code cfg_wrong(struct cfg_bind *b, struct cfg_pos pos, const char *fmt, ...) Q_PRINTF(3, 4);
/* Hint to the error that cfg_wrong() was just given, when it was kept. */
void cfg_wrong_hint(struct cfg_bind *b, const char *fmt, ...) Q_PRINTF(2, 3);
/* Takes over an error that another function filled. */
enum q_code cfg_wrong_from(struct cfg_bind *b, const struct q_err *err);
/* "expected WANTED for "key", found ...". */
enum q_code cfg_expected(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                         const char *wanted);
/* A secret at a place where it would be shown: in a plan, a name, a message. */
enum q_code cfg_hidden(struct cfg_bind *b, const struct cfg_node *value, const char *key);
/* `unknown KIND "word"; did you mean "near"?` */
enum q_code cfg_unknown(struct cfg_bind *b, struct cfg_pos pos, const char *kind, const char *word,
                        const char *const *known, size_t n);
/* A value as it may be shown: in quotes, cut, or stars. In the arena. */
const char *cfg_shown(struct cfg_bind *b, const struct cfg_node *value);

static inline enum q_code cfg_first(enum q_code before, enum q_code now)
{
    return before ? before : now;
}

/* ---- values ---- */

Q_MUST_CHECK enum q_code cfg_bind_map(struct cfg_bind *b, const struct cfg_node *map,
                                      const char *what, const struct cfg_field *fields, void *out);
Q_MUST_CHECK enum q_code cfg_bind_text(struct cfg_bind *b, const struct cfg_node *value,
                                       const char *key, enum cfg_field_kind kind,
                                       struct cfg_text *out);
Q_MUST_CHECK enum q_code cfg_bind_texts(struct cfg_bind *b, const struct cfg_node *value,
                                        const char *key, cfg_texts *out);
Q_MUST_CHECK enum q_code cfg_bind_word(struct cfg_bind *b, const struct cfg_node *value,
                                       const char *key, const struct cfg_word *words, int *out);
/* Which word of the table a map has as its key; *key is that key. A map has one of them: `what` is "rule" or the like, and
 * `lacks` says what is wrong when there is none. */
Q_MUST_CHECK enum q_code cfg_bind_kind(struct cfg_bind *b, const struct cfg_node *map,
                                       const struct cfg_word *words, const char *what,
                                       const char *lacks, const struct cfg_node **key, int *kind);
Q_MUST_CHECK enum q_code cfg_bind_int(struct cfg_bind *b, const struct cfg_node *value,
                                      const char *key, int64_t min, int64_t max, int64_t *out);
/* "> 0", ">= 5", "> 1%". */
Q_MUST_CHECK enum q_code cfg_bind_threshold(struct cfg_bind *b, const struct cfg_node *value,
                                            const char *key, struct cfg_threshold *out);
/* "100" or "1%". */
Q_MUST_CHECK enum q_code cfg_bind_limit(struct cfg_bind *b, const struct cfg_node *value,
                                        const char *key, struct cfg_threshold *out);
/* One option of a driver's table (NULL: not checked), or a map of several: `auth: { type: x }` is `auth.type`. `prefix` is
 * what stands before the key: "" or "auth.". Each value becomes a pair; where the option takes several texts a list gives one
 * pair a value, and a map "key=value" each. *known becomes false when the table has no such option: nothing is told then.
 * `all_hidden`: whatever is not certainly no secret counts as one. */
Q_MUST_CHECK enum q_code cfg_bind_option(struct cfg_bind *b, const char *prefix,
                                         const struct cfg_node_pair *item,
                                         const struct q_opt *table, bool all_hidden, cfg_pairs *out,
                                         bool *known);
/* A key as text. */
struct cfg_text cfg_key_text(const struct cfg_node *key);
Q_MUST_CHECK enum q_code cfg_check_ident(struct cfg_bind *b, struct cfg_text text, const char *what,
                                         bool dash);

/* ---- ${NAME} ---- */

/* Replace ${NAME} in every value below. Where `open_allowed`, one that is not set stays as it is. */
Q_MUST_CHECK enum q_code cfg_expand(struct cfg_bind *b, struct cfg_node *node, bool open_allowed);
/* The keys `secrets` and `variables` of quern.yaml. */
Q_MUST_CHECK enum q_code cfg_read_vars(struct cfg_bind *b, struct cfg_node *root);

/* ---- the files; each gets an expanded root ---- */

Q_MUST_CHECK enum q_code cfg_bind_project(struct cfg_bind *b, const struct cfg_node *root);
Q_MUST_CHECK enum q_code cfg_bind_model(struct cfg_bind *b, const struct cfg_node *root);
Q_MUST_CHECK enum q_code cfg_bind_pipeline(struct cfg_bind *b, const struct cfg_node *root);
Q_MUST_CHECK enum q_code cfg_bind_report(struct cfg_bind *b, const struct cfg_node *root);
Q_MUST_CHECK enum q_code cfg_bind_steps(struct cfg_bind *b, const struct cfg_node *key,
                                        const struct cfg_node *value, void *out);
Q_MUST_CHECK enum q_code cfg_bind_rules(struct cfg_bind *b, const struct cfg_node *list,
                                        cfg_rules *out);
extern const struct cfg_word cfg_on_fail_words[];

/* An empty project in b->project. `err` is never NULL. */
void cfg_bind_init(struct cfg_bind *b, struct q_arena *arena, const struct cfg_options *options,
                   struct q_err *err);
/* Read and parse a file; `name` is what it is called in places. */
Q_MUST_CHECK enum q_code cfg_read_tree(struct cfg_bind *b, const char *path, const char *name,
                                       struct cfg_node **out);
/* After something was wrong: how many more errors there are goes into the first one, whose code is returned. */
enum q_code cfg_bind_end(struct cfg_bind *b);

/* ---- references between files; fills what they imply: keys and `from` of roles ---- */

Q_MUST_CHECK enum q_code cfg_check_model(struct cfg_bind *b);
Q_MUST_CHECK enum q_code cfg_check_pipelines(struct cfg_bind *b);
/* No two of a kind with one name; sorts. */
Q_MUST_CHECK enum q_code cfg_check_names(struct cfg_bind *b);

#endif
