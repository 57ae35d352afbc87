/* SPDX-License-Identifier: Apache-2.0 */
/* Files through the whole way into the engine: what is loaded, what is rejected and where, what is an error. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/cell.h"
#include "db/db.h"
#include "extract/file/file.h"

static char dir[] = "/tmp/quern-files-XXXXXX";
static struct q_arena *process; /* the engine keeps its sources as long as it lives */
static struct db_conn *conn;

struct file {
    const char *name, *text;
    size_t n; /* 0: strlen */
};

struct reading {
    const char *path;
    const char *columns; /* "a integer, b text"; NULL: inferred */
    const char *options; /* "delimiter=;" ..., separated by blanks */
    const char *
        places; /* of the columns in order, separated by blanks: "at:width", "from" or "$path"; NULL: none */
    bool optional;
    size_t workers, block_size;
};

struct result {
    enum q_code code;
    struct q_err err;
    struct q_buf columns, rows, rejects, detected, skipped;
};

static pthread_mutex_t reject_lock = PTHREAD_MUTEX_INITIALIZER;
struct rejects {
    struct q_arena *arena;
    Q_VEC(struct kept {
        int64_t pos;
        int seq;
        const char *text;
    })
    all;
};

static enum q_code put_reject(void *self, const struct reject *r, struct q_err *err)
{
    struct rejects *rejects = self;
    (void)err;
    pthread_mutex_lock(&reject_lock);
    struct kept *k = q_vec_push(rejects->arena, &rejects->all);
    k->pos = r->pos;
    k->seq = (int)rejects->all.n;
    k->text = q_printf(rejects->arena, "%s %s <%.*s>", r->reason, r->column ? r->column : "-",
                       (int)r->value.n, r->value.p ? r->value.p : "");
    pthread_mutex_unlock(&reject_lock);
    return Q_OK;
}

static int by_pos(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return x->pos != y->pos ? (x->pos > y->pos) - (x->pos < y->pos) : x->seq - y->seq;
}

static void set_options(struct q_arena *arena, struct extract_file_options *o, const char *text)
{
    assert_int_equal(q_opt_defaults(extract_file_opts, arena, o, NULL), Q_OK);
    for (char *word = q_strdup(arena, text ? text : ""), *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next)
            *next++ = 0;
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = 0;
        const struct q_opt *opt = q_opt_find(extract_file_opts, word);
        assert_non_null(opt);
        assert_int_equal(q_opt_set(opt, arena, word, value, o, NULL), Q_OK);
    }
}

static void declare(struct q_arena *arena, struct q_schema *schema, const char *text)
{
    for (char *word = q_strdup(arena, text ? text : ""), *next; *word; word = next) {
        next = strstr(word, "; ");
        next = next ? next : word + strlen(word);
        if (*next) {
            *next = 0;
            next += 2;
        }
        char *type = strchr(word, ' ');
        struct q_type t = {0};
        if (type) {
            *type++ = 0;
            assert_int_equal(q_type_parse(type, &t, NULL), Q_OK);
        }
        (void)q_schema_add(arena, schema, word, t);
    }
}

/* The columns as a pipeline declares them, with their places. */
static const struct cfg_source *source_of(struct q_arena *arena, const struct q_schema *declared,
                                          const char *places)
{
    struct cfg_source *cfg = q_new(arena, struct cfg_source);
    char *word = q_strdup(arena, places ? places : ""), *next;
    for (size_t i = 0; i < declared->n; i++, word = next) {
        struct cfg_column *c = q_vec_push(arena, &cfg->columns);
        c->name.s = declared->v[i].name;
        c->name.pos = c->width.pos = c->at.pos = (struct cfg_pos){"pipelines/p.yaml", 1, 1};
        next = word + strcspn(word, " ");
        if (*next)
            *next++ = 0;
        char *colon = strchr(word, ':');
        if (*word == '$' || *word == '#' || *word == '.') {
            c->path.s = word;
        } else if (colon) {
            *colon = 0;
            c->at.s = *word ? word : NULL;
            c->width.s = colon + 1;
        } else if (*word) {
            ((struct cfg_text *)q_vec_push(arena, &c->from))->s = word;
        }
    }
    return cfg;
}

/* Rows in order of position, values separated by |, NULL as ~. */
static enum q_code show_rows(const struct extract_file *s, struct q_arena *arena, struct q_buf *out,
                             struct q_err *err)
{
    struct db_result *r = NULL;
    const struct batch *b;
    const char *select = q_printf(arena, "FROM (%s) ORDER BY _q_pos", extract_file_select(s));
    enum q_code code = db_query(conn, select, NULL, 0, &r, err);
    while (!code && !(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows; i++) {
            for (size_t c = 0; c + 1 < b->n_cols; c++) {
                q_buf_adds(out, c ? "|" : "");
                if (batch_is_null(&b->cols[c], i))
                    q_buf_adds(out, "~");
                else
                    batch_cell_text(&b->cols[c], i, out);
            }
            q_buf_addc(out, '\n');
        }
    db_close(r);
    return code;
}

static enum q_code show_rejects(struct extract_file *s, struct rejects *rejects,
                                struct q_arena *arena, struct q_buf *out, struct q_err *err)
{
    size_t n = rejects->all.n;
    struct extract_place *places = q_alloc_array(arena, n + 1, sizeof *places);
    if (n)
        qsort(rejects->all.v, n, sizeof *rejects->all.v, by_pos);
    for (size_t i = 0; i < n; i++)
        places[i].pos = rejects->all.v[i].pos;
    enum q_code code = extract_file_locate(s, places, n, arena, err);
    for (size_t i = 0; i < n; i++)
        q_buf_printf(out, "%s #%lld line %lld: %s [%.*s]\n", q_path_base(places[i].path),
                     (long long)places[i].ordinal, (long long)places[i].line,
                     rejects->all.v[i].text, (int)places[i].raw.n, places[i].raw.p);
    return code;
}

static struct result read_files(struct q_arena *arena, const struct reading *how)
{
    struct result r = {0};
    struct rejects rejects = {.arena = arena};
    struct reject_sink sink = {&rejects, put_reject};
    struct extract_file_options *options = q_new(arena, struct extract_file_options);
    struct q_schema *declared = q_new(arena, struct q_schema);
    struct extract_file_input *in = q_new(arena, struct extract_file_input);
    static int scans;
    struct extract_file *s;
    const struct db_source *rows;
    struct q_buf *bufs[] = {&r.columns, &r.rows, &r.rejects, &r.detected, &r.skipped};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        q_buf_init(bufs[i], 1 << 20);
    set_options(arena, options, how->options);
    declare(arena, declared, how->columns);
    options->path = how->path;
    *in = (struct extract_file_input){.dir = dir,
                                      .name = q_printf(arena, "f%d", scans++),
                                      .options = options,
                                      .cfg = source_of(arena, declared, how->places),
                                      .declared = declared,
                                      .optional = how->optional,
                                      .sink = &sink,
                                      .db = conn,
                                      .workers = how->workers,
                                      .block_size = how->block_size};
    r.code = extract_file_describe(arena, in, &s, &r.err);
    if (r.code)
        return r;
    for (size_t i = 0; i < extract_file_columns(s)->n; i++) {
        char text[Q_TYPE_TEXT];
        const struct q_column *c = &extract_file_columns(s)->v[i];
        q_buf_printf(&r.columns, "%s%s %s", i ? "; " : "", c->name, q_type_text(c->type, text));
    }
    r.code = extract_file_open(s, &rows, &r.err);
    if (!r.code && rows)
        r.code = db_add_source(conn, rows, &r.err);
    if (!r.code)
        r.code = show_rows(s, arena, &r.rows, &r.err);
    if (!r.code)
        r.code = show_rejects(s, &rejects, arena, &r.rejects, &r.err);
    extract_file_close(s);
    for (size_t i = 0; i < extract_file_paths(s)->n; i++)
        q_buf_printf(&r.detected, "%s\n", extract_file_stats(s, i).detected);
    int64_t records = 0, loaded = 0;
    for (size_t i = 0; i < extract_file_paths(s)->n; i++) {
        struct extract_stats stats = extract_file_stats(s, i);
        records += stats.records - stats.rejected;
        for (size_t k = 0; k < stats.n_skips; k++) {
            records -= stats.skips[k].records;
            q_buf_printf(&r.skipped, "%s %lld\n", stats.skips[k].reason,
                         (long long)stats.skips[k].records);
        }
    }
    for (size_t i = 0; i < r.rows.n; i++)
        loaded += r.rows.p[i] == '\n';
    if (!r.code && rows && !strstr(q_buf_text(&r.rows), "two\nlines"))
        assert_int_equal(records, loaded);
    return r;
}

static void write_files(struct q_arena *arena, const struct file *files)
{
    assert_int_equal(q_dir_remove(dir, NULL), Q_OK);
    assert_int_equal(q_dir_make(dir, NULL), Q_OK);
    for (; files->name; files++)
        assert_int_equal(
            q_file_write(q_path_join(arena, dir, files->name),
                         (struct q_str){files->text, files->n ? files->n : strlen(files->text)},
                         NULL),
            Q_OK);
}

static void release(struct result *r)
{
    q_buf_release(&r->columns);
    q_buf_release(&r->rows);
    q_buf_release(&r->rejects);
    q_buf_release(&r->detected);
    q_buf_release(&r->skipped);
}

/* Read with every combination of workers and blocks: all give the same. */
static void expect(const struct file *files, struct reading how, const char *columns,
                   const char *rows, const char *rejects)
{
    static const size_t blocks[] = {0, 1, 5, 64};
    for (size_t workers = 1; workers <= 3; workers++)
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
            struct q_arena *arena = q_arena_new(process, "test");
            how.workers = workers;
            how.block_size = blocks[b];
            write_files(arena, files);
            struct result r = read_files(arena, &how);
            assert_string_equal(r.err.message, "");
            assert_int_equal(r.code, Q_OK);
            if (columns)
                assert_string_equal(q_buf_text(&r.columns), columns);
            assert_string_equal(q_buf_text(&r.rows), rows);
            assert_string_equal(q_buf_text(&r.rejects), rejects);
            release(&r);
        }
}

/* What is told of the file after it was read. */
static void expect_told(const struct file *files, struct reading how, const char *part)
{
    struct q_arena *arena = q_arena_new(process, "test");
    write_files(arena, files);
    struct result r = read_files(arena, &how);
    assert_string_equal(r.err.message, "");
    if (!strstr(q_buf_text(&r.detected), part))
        fail_msg("\"%s\" does not contain \"%s\"", q_buf_text(&r.detected), part);
    release(&r);
}

static void expect_error(const struct file *files, struct reading how, enum q_code code,
                         const char *part)
{
    struct q_arena *arena = q_arena_new(process, "test");
    write_files(arena, files);
    struct result r = read_files(arena, &how);
    assert_int_equal(r.code, code);
    if (!strstr(r.err.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", r.err.message, part);
    release(&r);
}

#define ONE(text) ((const struct file[]){{"f.csv", (text), sizeof(text) - 1}, {0}})
#define NAMED(name, text) ((const struct file[]){{(name), (text), sizeof(text) - 1}, {0}})
static const struct reading plain = {.path = "f.csv", .columns = "a text; b text; c text"};
static const struct reading typed = {.path = "f.csv",
                                     .columns = "a integer; b decimal(6,2); c date"};

static void quotes_are_read_as_they_are_written(void **state)
{
    (void)state;
    expect(ONE("a,b,c\n\"x, y\",\"he said \"\"so\"\"\",\"two\nlines\"\n"), plain, NULL,
           "x, y|he said \"so\"|two\nlines\n", "");
    expect(ONE("a,b,c\n5\" disk,x\"y\",\"\"\"\"\n"), plain, NULL, "5\" disk|x\"y\"|\"\n", "");
    expect(ONE("a,b,c\n1,,\"\"\n,,\n"), plain, NULL, "1|~|\n~|~|~\n", "");
    expect(ONE("a,b,c\n\"1\",\"2.5\",\"2010-12-01\"\n\"\",\"\",\"\"\n"), typed, NULL,
           "1|2.50|2010-12-01\n~|~|~\n", "");
    struct reading how = plain;
    how.options = "quote=none";
    expect(ONE("a,b,c\n\"x,y,z\n"), how, NULL, "\"x|y|z\n", "");
    how.options = "escape=\\";
    expect(ONE("a,b,c\n\"x\\\"y\",\"\\\\\",\"two\nlines\"\n"), how, NULL, "x\"y|\\|two\nlines\n",
           "");
    how.options = "quote='";
    expect(ONE("a,b,c\n'x,y',\",z\n"), how, NULL, "x,y|\"|z\n", "");
}

static void line_ends_may_be_mixed_or_missing(void **state)
{
    (void)state;
    expect(ONE("a,b,c\r\n1,2,3\r\n4,5,6"), plain, NULL, "1|2|3\n4|5|6\n", "");
    expect(ONE("a,b,c\n1,2,3\r\n\r\n\n4,5,6\n\n"), plain, NULL, "1|2|3\n4|5|6\n", "");
    expect(ONE("a,b,c\r1,2,3\r4,5,6\r"), plain, NULL, "1|2|3\n4|5|6\n", "");
    expect(ONE("a\n1\n\n2\n"), (struct reading){.path = "f.csv", .columns = "a text"}, NULL,
           "1\n~\n2\n", "");
}

static void a_bad_record_is_rejected_with_its_place_and_the_others_load(void **state)
{
    (void)state;
    expect(ONE("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,\n"), plain, NULL, "1|2|3\n",
           "f.csv #1 line 2: too_few_fields - <> [1,2]\n"
           "f.csv #3 line 4: too_many_fields - <> [1,2,3,4]\n"
           "f.csv #4 line 5: too_many_fields - <> [1,2,3,]\n");
    expect(ONE("a,b,c\n\"x\"y,2,3\n1,\"two\nlines\",3\n1,\"2\" ,3\n"), plain, NULL,
           "1|two\nlines|3\n",
           "f.csv #1 line 2: bad_quote a <\"x\"y> [\"x\"y,2,3]\n"
           "f.csv #3 line 5: bad_quote b <\"2\" > [1,\"2\" ,3]\n");
    expect(ONE("a,b,c\n1,\xFF\xFE,3\nx\0,2,3\n\xC3\xA4,2,3\n"), plain, NULL, "\xC3\xA4|2|3\n",
           "f.csv #1 line 2: invalid_utf8 b <\xFF\xFE> [1,\xFF\xFE,3]\n"
           "f.csv #2 line 3: nul_byte a <x> [x]\n");
    expect(
        ONE("a,b,c\n1.5,7.777,2010-12-01\n2,7.70,2010-12-01\n3,1,2010-12-01 10:00:00\n9999999999,1e2,\n"),
        typed, NULL, "2|7.70|2010-12-01\n",
        "f.csv #1 line 2: cast a <1.5> [1.5,7.777,2010-12-01]\n"
        "f.csv #1 line 2: cast b <7.777> [1.5,7.777,2010-12-01]\n"
        "f.csv #3 line 4: cast c <2010-12-01 10:00:00> [3,1,2010-12-01 10:00:00]\n"
        "f.csv #4 line 5: cast a <9999999999> [9999999999,1e2,]\n"
        "f.csv #4 line 5: cast b <1e2> [9999999999,1e2,]\n");
}

static void a_footer_is_left_out_and_counted(void **state)
{
    (void)state;
    struct reading how = plain;
    how.options = "footer_lines=2";
    expect(ONE("a,b,c\n1,2,3\n4,5,6\nTOTAL,2\nend"), how, NULL, "1|2|3\n4|5|6\n", "");
    expect(ONE("a,b,c\n1,\"two\nlines\",3\n\"TO\nTAL\",2\nend\n\n\n"), how, NULL,
           "1|two\nlines|3\n", "");
    expect(ONE("a,b,c\nTOTAL,2\nend\n"), how, NULL, "", "");
    expect_error(ONE("a,b,c\nend\n"), how, Q_SOURCE, "fewer than 2 footer lines");
    expect_told(ONE("a,b,c\n1,2,3\nTOTAL,2\nend"), how, "utf-8, 2 footer lines");
    how.options = "footer=T*L,?";
    expect(ONE("a,b,c\nTOTAL,1\n1,2,3\nTOTAL,1\nTAL,2\n"), how, NULL, "1|2|3\n",
           "f.csv #1 line 2: too_few_fields - <> [TOTAL,1]\n");
    expect(ONE("a,b,c\n1,2,3\n"), how, NULL, "1|2|3\n", "");
    expect(ONE("a,b,c\nTOTAL,1\nTOTAL,2"), how, NULL, "", "");
    how.options = "footer_lines=1 footer=TOTAL*";
    expect(ONE("a,b,c\n1,2,3\nTOTAL,1\n"), how, NULL, "1|2|3\n", "");
    expect_error(ONE("a,b,c\n1,2,3\nTOTAL,1\n4,5,6\n"), how, Q_SOURCE,
                 "its last 1 lines are not as `footer: \"TOTAL*\"` says");
}

static void comments_are_no_records(void **state)
{
    (void)state;
    struct reading how = plain;
    how.options = "comment=#";
    expect(ONE("# made, by\n\n#x\na,b,c\n#1,\"2,3\n1,2,3\n# it's \"so\n4,#5,6\n#\n7,8\n"), how,
           NULL, "1|2|3\n4|#5|6\n", "f.csv #3 line 10: too_few_fields - <> [7,8]\n");
    expect(ONE("a,b,c\n\"#1\",\"two\nlines\n#\",3\n# \"\n"), how, NULL, "#1|two\nlines\n#|3\n", "");
    expect_told(ONE("a,b,c\n#\n1,2,3\n#\n"), how, "utf-8, 2 comment lines");
}

static void the_header_is_searched_for(void **state)
{
    (void)state;
    struct reading how = plain;
    how.options = "header=find";
    expect(ONE("Report of, sales\n\nmade;by;us\nc; A ;b\n3;1;2\n"), how, NULL, "1|2|3\n", "");
    expect_told(ONE("Report\n\na,b,c\n1,2,3\n"), how, "header behind 2 lines");
    expect_error(ONE("x\na,b\n1,2\n"), how, Q_SOURCE, "none of its first 3 lines has all declared");
    expect_error(ONE("x\na,b\n"), (struct reading){.path = "f.csv", .options = "header=find"},
                 Q_CONFIG, "without `columns`");
    how.options = "header=find skip_lines=1";
    expect(ONE("a,b,c\nx\na,b,c\n1,2,3\n"), how, NULL, "1|2|3\n", "");
}

static void a_delimiter_may_have_several_characters(void **state)
{
    (void)state;
    struct reading how = plain;
    how.options = "delimiter=~|~";
    expect(ONE("a~|~b~|~c\n1~|~2~~|~~|\n\"x~|~y\"~|~|~|~\"\"\n1~|~2\n"), how, NULL,
           "1|2~|~|\nx~|~y|||\n", "f.csv #3 line 4: too_few_fields - <> [1~|~2]\n");
    how.options = "delimiter=||";
    expect(ONE("a||b||c\r\n1||2|||3\r\n\"two\nlines\"||\"q\"\"q\"||||\n"), how, NULL, "1|2||3\n",
           "f.csv #2 line 3: too_many_fields - <> [\"two\nlines\"||\"q\"\"q\"||||]\n");
}

static void ragged_records_are_mended_where_that_is_declared(void **state)
{
    (void)state;
    struct reading how = plain;
    const char *both = "1|2|~\n4|5|6\n~|~|~\n7|8|9\n";
    how.options = "too_few_fields=null too_many_fields=cut";
    expect(ONE("a,b,c\n1,2\n4,5,6\n\"\"\n7,8,9,10\n"), how, NULL, "1|2|~\n4|5|6\n|~|~\n7|8|9\n",
           "");
    expect(ONE("a,b,c\r\n1,2\r\n4,5,6\r\n,\r\n7,8,9,\r\n"), how, NULL, both, "");
    expect_told(ONE("a,b,c\n1,2\n4,5,6\n,\n7,8,9,10\n"), how,
                "2 records with too few fields, 1 record cut");
    how.options = "too_few_fields=null";
    expect(ONE("a,b,c\n1\n7,8,9,10\n\xFF,1\n1,\"x\"y\n"), how, NULL, "1|~|~\n",
           "f.csv #2 line 3: too_many_fields - <> [7,8,9,10]\n"
           "f.csv #3 line 4: invalid_utf8 a <\xFF> [\xFF,1]\n"
           "f.csv #4 line 5: bad_quote b <\"x\"y> [1,\"x\"y]\n");
    how = typed;
    how.options = "too_many_fields=cut";
    expect(ONE("a,b,c\nx,1,2010-12-01,z,y\"\n1,2,2010-12-01,\n"), how, NULL, "1|2.00|2010-12-01\n",
           "f.csv #1 line 2: cast a <x> [x,1,2010-12-01,z,y\"]\n");
}

static void an_encoding_is_guessed_where_that_is_declared(void **state)
{
    (void)state;
    struct reading how = plain;
    expect(ONE("a\0,\0b\0,\0c\0\n\0"
               "1\0,\0\xE4\0,\0"
               "3\0\n\0"),
           how, NULL, "1|\xC3\xA4|3\n", "");
    expect_told(ONE("a\0,\0b\0,\0c\0\n\0"
                    "1\0,\0"
                    "2\0,\0"
                    "3\0"),
                how, "utf-16le (by its NUL bytes)");
    how.options = "encoding=guess";
    expect(ONE("a,b,c\n1,\xE4,\x80\n\xC3\xA4,2,3\n"), how, NULL,
           "1|\xC3\xA4|\xE2\x82\xAC\n\xC3\x83\xC2\xA4|2|3\n", "");
    expect_told(ONE("a,b,c\n1,\xE4,\x80\n\xC3\xA4,2,3\n"), how,
                "windows-1252 (guessed: 1 line is not UTF-8)");
    expect(ONE("a,b,c\n\xC3\xA4,2,3\n"), how, NULL, "\xC3\xA4|2|3\n", "");
    expect_told(ONE("a,b,c\n\xC3\xA4,2,3\n"), how, "3 columns, utf-8");
}

static void fixed_width_is_read_by_places(void **state)
{
    (void)state;
    struct reading how = {.path = "f.csv",
                          .columns = "id integer; name text; amount decimal(7,2)",
                          .places = "1:3 5:4 :6",
                          .options = "format=fixed"};
    expect(ONE("001-\xC3\xA4\xC3\xB6 x  1.50and more\n 2 - y  12345.\n\n  3\n"), how, NULL,
           "1|\xC3\xA4\xC3\xB6 x|1.50\n2|y|12345.00\n",
           "f.csv #3 line 4: too_few_fields - <> [  3]\n");
    how.options = "format=fixed too_few_fields=null";
    expect(ONE("  3\r\n\r\n4   zz\r\n              \n"), how, NULL, "3|~|~\n4|zz|~\n~|~|~\n", "");
    expect_told(ONE("  3\n  4       1.50\n"), how,
                "fixed width, 3 fields, utf-8, 1 record with too few");
    how.options = "format=fixed padding=right";
    expect(ONE("1  -   x   1.5\n1  -   x1.5   \n"), how, NULL, "1|   x|1.50\n",
           "f.csv #1 line 1: cast amount <   1.5> [1  -   x   1.5]\n");
    how.options = "format=fixed unit=bytes";
    expect(ONE("001-\xC3\xA4\xC3\xB6  1.50\n"), how, NULL, "1|\xC3\xA4\xC3\xB6|1.50\n", "");
    how.options = "format=fixed implied_point=true";
    expect(ONE("001-xxxx000150\n002-xxxx  -007\n003-xxxx 12.00\n004-xxxx      \n"), how, NULL,
           "1|xxxx|1.50\n2|xxxx|-0.07\n4|xxxx|~\n",
           "f.csv #3 line 3: cast amount <12.00> [003-xxxx 12.00]\n");
    how.options = "format=fixed skip_lines=1 footer=END* comment=#";
    expect(ONE("header\n# x\n001-xxxx000150\n\xFF 1-xxxx000150\nEND 1\n"), how, NULL,
           "1|xxxx|150.00\n", "f.csv #2 line 4: invalid_utf8 - <> [\xFF 1-xxxx000150]\n");
    how.columns = "id; name";
    how.places = "1:3 4:4";
    how.options = "format=fixed";
    expect(ONE("001 xyz\n012 abc\n"), how, "id text; name text", "001|xyz\n012|abc\n", "");
}

static void records_of_other_types_are_counted_by_type(void **state)
{
    (void)state;
    struct reading how = {
        .path = "f.csv", .columns = "id integer; qty integer", .places = "3:3 6:2"};
    const struct file *f = ONE("10  1 5\n20\n10  2 6\n30zzz\n99\n20x\n");
    how.options = "format=fixed record_type.at=1 record_type.width=2 record_type.value=10";
    expect(f, how, NULL, "1|5\n2|6\n", "");
    struct q_arena *arena = q_arena_new(process, "test");
    write_files(arena, f);
    struct result r = read_files(arena, &how);
    assert_string_equal(q_buf_text(&r.skipped),
                        "record_type 20 2\nrecord_type 30 1\nrecord_type 99 1\n");
    release(&r);
    how.options = "format=fixed record_type.at=1 record_type.width=2";
    expect_error(f, how, Q_CONFIG, "needs \"at\", \"width\" and \"value\"");
    how.places = "3:3 6:0";
    how.options = "format=fixed";
    expect_error(f, how, Q_CONFIG, "width");
    how.places = "3:3";
    expect_error(f, how, Q_CONFIG, "column \"qty\" has no `width`");
}

static void columns_are_matched_by_name(void **state)
{
    (void)state;
    const struct reading how = {.path = "f*.csv", .columns = "a integer; b text"};
    expect((const struct file[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "B,A\ny,2\n", 0}, {0}},
           how, "a integer; b text", "1|x\n2|y\n", "");
    expect_error(ONE("a,bb\n1,x\n"), how, Q_SOURCE, "could not find column \"b\"");
    expect_error(ONE("a,b,a\n1,x,2\n"), how, Q_SOURCE, "\"a\" stands there twice");
    struct reading strict = how;
    strict.options = "extra_columns=error";
    struct reading numbered = {.path = "f.csv", .options = "duplicate_columns=number header=true"};
    expect(ONE("a,b,A,a_2,a\n1,x,2,3,4\n"), numbered,
           "a bigint; b text; A_3 bigint; a_2 bigint; a_4 bigint", "1|x|2|3|4\n", "");
    expect_error(
        (const struct file[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "a,b,z\n1,x,2\n", 0}, {0}},
        strict, Q_SOURCE, "column \"z\" that is not expected");
    expect((const struct file[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "a,b,z\n1,x,2\n", 0}, {0}},
           how, "a integer; b text; z bigint", "1|x|~\n1|x|2\n", "");
    struct reading lenient = how;
    lenient.options = "missing_columns=null extra_columns=ignore";
    expect((const struct file[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "z,a\n7,2\n", 0}, {0}},
           lenient, NULL, "1|x\n2|~\n", "");
    struct reading headless = how;
    headless.options = "header=false";
    expect(ONE("1,x\n2,y\n"), headless, NULL, "1|x\n2|y\n", "");
    expect_error(ONE("1,x,3\n"), headless, Q_SOURCE, "3 fields, expected 2");
}

static void types_are_inferred_over_all_rows(void **state)
{
    (void)state;
    const struct reading how = {.path = "f.csv"};
    expect(
        ONE("id,code,price,day,at,note\n1,007,1.5,2010-12-01,2010-12-01 08:00:00,x\n"
            "2,008,10.25,2010-12-02,2010-12-01,\n"),
        how, "id bigint; code text; price decimal(4,2); day date; at timestamp; note text",
        "1|007|1.50|2010-12-01|2010-12-01 08:00:00|x\n2|008|10.25|2010-12-02|2010-12-01 00:00:00|~\n",
        "");
    expect(ONE("1;2\n3;4\n"), how, "column1 bigint; column2 bigint", "1|2\n3|4\n", "");
    struct reading some = how;
    some.columns = "b text";
    expect(ONE("a,b\n1,2\n"), some, "b text; a bigint", "2|1\n", "");
}

static void the_dialect_is_detected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"a,b\n1,2\n", "delimiter \",\", quote \", line ends \\n, header, 2 columns, utf-8\n"},
        {"a;b\r\n1,5;2\r\n",
         "delimiter \";\", quote \", line ends \\r\\n, header, 2 columns, utf-8\n"},
        {"a\tb\n1\t2\r\n",
         "delimiter tab, quote \", line ends \\n and \\r\\n mixed, header, 2 columns, utf-8\n"},
        {"\xEF\xBB\xBF"
         "1|2\r3|4\r",
         "delimiter \"|\", quote \", line ends \\r, no header, 2 columns, utf-8 with BOM\n"},
        {"a\n1\n", "delimiter \",\", quote \", line ends \\n, header, 1 columns, utf-8\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct q_arena *arena = q_arena_new(process, "test");
        write_files(arena, (const struct file[]){{"f.csv", cases[i].text, 0}, {0}});
        struct result r = read_files(arena, &(struct reading){.path = "f.csv"});
        assert_string_equal(q_buf_text(&r.detected), cases[i].shown);
        release(&r);
    }
}

static void json_is_read_by_lines_and_from_arrays(void **state)
{
    (void)state;
    const struct reading lines = {.path = "f.ndjson",
                                  .columns = "a bigint; b.c text; d decimal(9,2)"};
    expect(
        NAMED(
            "f.ndjson",
            "{\"a\":1,\"b\":{\"c\":\"x\"},\"d\":1.50}\n{\"a\":2\n\n[3]\n{\"d\":1e2}\n{\"a\":\"4\",\"b\":null}\n"
            "{\"a\":5,\"a\":6}\n{\"a\":\"\"}\n"),
        lines, NULL, "1|x|1.50\n4|~|~\n",
        "f.ndjson #2 line 2: bad_json - <> [{\"a\":2]\n"
        "f.ndjson #3 line 4: bad_json - <> [[3]]\n"
        "f.ndjson #4 line 5: cast d <1e2> [{\"d\":1e2}]\n"
        "f.ndjson #6 line 7: bad_json - <> [{\"a\":5,\"a\":6}]\n"
        "f.ndjson #7 line 8: cast a <> [{\"a\":\"\"}]\n");
    const struct reading array = {.path = "f.json"};
    expect(NAMED("f.json", "[ {\"a\":1,\"s\":\"],}\"},\n {\"a\":2.5,\"o\":{\"k\":[1, 2]}} ,7]\n"),
           array, "a decimal(2,1); s text; o json", "1.0|],}|~\n2.5|~|{\"k\":[1, 2]}\n",
           "f.json #3 line 2: bad_json - <> [7]\n");
    expect(NAMED("f.json", " [ ]\n"), array, "", "", "");
    expect_error(NAMED("f.json", "[{\"a\":1},{\"a\":2}\n"), array, Q_SOURCE,
                 "the array is not closed");
    expect_error(NAMED("f.json", "[{\"a\":1}] x"), array, Q_SOURCE,
                 "text behind the array at line 1, byte 10");
    expect_error(NAMED("f.json", "[{\"a\":\"x}]"), array, Q_SOURCE,
                 "the string begun at line 1, byte 6 is never closed");
}

static void json_values_are_exact(void **state)
{
    (void)state;
    const struct reading how = {.path = "f.ndjson",
                                .columns = "t text; j json; n decimal(20,3); b boolean"};
    expect(
        NAMED(
            "f.ndjson",
            "{\"t\":\"a\\t\\u00e4\\ud83d\\ude00\\/\\\"\",\"j\":\"x\\ty\",\"n\":12345678901234567.125,\"b\":true}\n"
            "{\"t\":{\"k\" : [1, \"\\u0041\"]},\"j\":[ 1 ],\"n\":-0.5,\"b\":null}\n"
            "{\"\\u0074\":\"\",\"j\":-1.5e3,\"x\":{\"t\":1}}\n"),
        how, NULL,
        "a\t\xC3\xA4\xF0\x9F\x98\x80/\"|\"x\\ty\"|12345678901234567.125|true\n"
        "{\"k\" : [1, \"\\u0041\"]}|[ 1 ]|-0.500|~\n|-1.5e3|~|~\n",
        "");
    expect(
        NAMED(
            "f.ndjson",
            "{\"t\":\"\\ud83d\"}\n{\"t\":\"\\u0000\"}\n{\"t\":\"a\tb\"}\n{\"n\":01}\n{\"n\":1.}\n{\"t\":1,}\n"
            "{\"t\":tru}\n{\"t\":\"\\x\"}\n{\"t\":1} x\n{\"t\":1\n{\"b\":true}\n"),
        how, NULL, "~|~|~|true\n",
        "f.ndjson #1 line 1: bad_json - <> [{\"t\":\"\\ud83d\"}]\nf.ndjson #2 line 2: bad_json - <> [{\"t\":\"\\u0000\"}]\n"
        "f.ndjson #3 line 3: bad_json - <> [{\"t\":\"a\tb\"}]\nf.ndjson #4 line 4: bad_json - <> [{\"n\":01}]\n"
        "f.ndjson #5 line 5: bad_json - <> [{\"n\":1.}]\nf.ndjson #6 line 6: bad_json - <> [{\"t\":1,}]\n"
        "f.ndjson #7 line 7: bad_json - <> [{\"t\":tru}]\nf.ndjson #8 line 8: bad_json - <> [{\"t\":\"\\x\"}]\n"
        "f.ndjson #9 line 9: bad_json - <> [{\"t\":1} x]\nf.ndjson #10 line 10: bad_json - <> [{\"t\":1]\n");
}

/* `n` times "[", and as many brackets that close them. */
static const char *deep(struct q_arena *arena, size_t n)
{
    char *text = q_alloc(arena, 2 * n + 1);
    memset(text, '[', n);
    memset(text + n, ']', n);
    return text;
}

static void json_that_is_too_deep_is_rejected_with_its_place(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(process, "test");
    const struct reading how = {.path = "f.ndjson", .columns = "a bigint"};
    const char *fits = q_printf(arena, "{\"x\":%s,\"a\":1}", deep(arena, 127)),
               *not = q_printf(arena, "{\"x\":%s,\"a\":1}", deep(arena, 128)),
               *far = q_printf(arena, "{\"a\":1,\"x\":%s}", deep(arena, 1000));
    const char *text = q_printf(arena, "%s\n%s\n%s\n{\"a\":2}\n", fits, not, far);
    const struct file files[] = {{"f.ndjson", text, 0}, {0}};
    expect(
        files, how, NULL, "1\n2\n",
        q_printf(arena,
                 "f.ndjson #2 line 2: bad_json - <> [%s]\nf.ndjson #3 line 3: bad_json - <> [%s]\n",
                 not, far));
}

static void json_columns_take_paths(void **state)
{
    (void)state;
    struct reading how = {
        .path = "f.json",
        .columns = "city text; first text; all json; n integer; odd text; c json",
        .places = "$.customer.city $.customer.tags[0] $.customer.tags # $.\"a.b\" customer"};
    const struct file *f = NAMED(
        "f.json",
        "[{\"customer\":{\"tags\":[\"x\",\"y\"],\"city\":\"K\"},\"a.b\":7},\n {\"customer\":{\"tags\":[]}},"
        "{\"customer\":null}]");
    expect(
        f, how, NULL,
        "K|x|[\"x\",\"y\"]|1|7|{\"tags\":[\"x\",\"y\"],\"city\":\"K\"}\n~|~|[]|2|~|{\"tags\":[]}\n~|~|~|3|~|~\n",
        "");
    how.columns = "city; n; c";
    how.places = "$.customer.city # $.customer.tags";
    expect(f, how, "city text; n bigint; c text; a.b bigint",
           "K|1|[\"x\",\"y\"]|7\n~|2|[]|~\n~|3|~|~\n", "");
    static const char *const wrong[] = {"$.a[", "$..a", "$.a[*]", "../a", "$.a[x]"};
    how.columns = "a text";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        how.places = wrong[i];
        expect_error(f, how, Q_CONFIG, "path");
    }
}

static void json_records_stand_inside_of_a_document(void **state)
{
    (void)state;
    struct reading how = {
        .path = "f.json", .columns = "a integer", .options = "records=data.orders"};
    const char rows[] = "1\n2\n3\n";
    expect(
        NAMED(
            "f.json",
            "{\"x\":[{\"orders\":1}],\n\"data\":{\"orders\":[{\"a\":1}, {\"a\":2},\n{\"a\":3}], \"n\":\"]}\"}}\n"),
        how, NULL, rows, "");
    expect(NAMED("f.json", "{\"data\":{\"orders\":[{\"a\":1},{\"a\":2},{\"a\":3}]}}"), how, NULL,
           rows, "");
    expect(
        NAMED(
            "f.json",
            "{\"data\":{\"orders\":[{\"a\":1},{\"a\":2}]}}\n{\"data\":{\"orders\":[]}}\n{\"data\":{\"orders\":[{\"a\":3}]}}\n"),
        how, NULL, rows, "");
    expect(NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}, {\"a\":\"x\"},7]}}\n"), how, NULL,
           "1\n",
           "f.json #2 line 2: cast a <x> [{\"a\":\"x\"}]\nf.json #3 line 2: bad_json - <> [7]\n");
    expect_told(NAMED("f.json", "{\n\"data\":{\"orders\":[]}}"), how,
                "JSON document, records data.orders, utf-8");
    expect_error(NAMED("f.json", "{\n\"date\":{\"orders\":[]}}"), how, Q_SOURCE,
                 "there is no member \"data\"");
    expect_error(NAMED("f.json", "{\n\"data\":{\"orders\":7}}"), how, Q_SOURCE,
                 "there is no array");
    expect_error(NAMED("f.json", "{\n\"data\":[]}"), how, Q_SOURCE, "data is no object");
    expect_error(NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}]}"), how, Q_SOURCE,
                 "the document is not closed");
    expect_error(NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}]}} x"), how, Q_SOURCE,
                 "text behind the document");
    expect_error(NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}"), how, Q_SOURCE,
                 "the array is not closed");
    how.options = "records=$";
    expect(NAMED("f.json", "{\n\"a\":\n1}\n"), how, NULL, "1\n", "");
    how.options = NULL;
    expect(NAMED("f.json", "{\n\"a\":\n1}\n{\"a\":2} {\"a\":3}"), how, NULL, rows, "");
    expect_error(NAMED("f.json", "{\n\"a\":\n1}\n{\"a\":2"), how, Q_SOURCE,
                 "the value that begins is not closed; the file ends at line 3");
}

static void json_records_inside_of_records_are_rows(void **state)
{
    (void)state;
    struct reading how = {.path = "f.json",
                          .columns = "o integer; on integer; n integer; sku text; q integer",
                          .places = "../id ../# # sku $.q",
                          .options = "records=$.orders[*].lines[*]"};
    const char rows[] = "1|1|1|a|1\n1|1|2|b|2\n3|3|1|c|~\n";
    const char document[] =
        "{\"orders\":[\n{\"lines\":[{\"sku\":\"a\",\"q\":1},\n{\"sku\":\"b\",\"q\":2}],\"id\":1},\n{\"id\":2,\"lines\":[]},"
        "{\"id\":3,\"lines\":[{\"sku\":\"c\"}]},{\"id\":4}]}\n";
    expect(NAMED("f.json", document), how, NULL, rows, "");
    how.options = "records=$[*].lines[*]";
    const char array[] =
        "[{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":1},{\"sku\":\"b\",\"q\":2}]},{\"id\":2,\"lines\":null},{\"lines\":[{\"sku\":\"c\"}],\"id\":3}]";
    expect(NAMED("f.json", array), how, NULL, rows, "");
    how.options = "records=lines format=ndjson";
    expect(
        NAMED(
            "f.json",
            "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":1},{\"sku\":\"b\",\"q\":2}]}\n\n{\"id\":2}\n{\"lines\":[{\"sku\":\"c\"}],\"id\":3}"),
        how, NULL, rows, "");
    expect(NAMED("f.json", "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":\"x\"},7,\n"), how, NULL, "",
           "f.json #1 line 1: bad_json - <> []\n");
    expect(
        NAMED("f.json",
              "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":\"x\"},7]}\n{\"id\":2,\"lines\":{}}\n"),
        how, NULL, "",
        "f.json #1 line 1: cast q <x> []\nf.json #1 line 1: bad_json - <> []\nf.json #2 line 2: bad_json - <> []\n");
    how = (struct reading){.path = "f.json",
                           .columns = "id integer; n integer; tag text",
                           .places = "../../id ../# $",
                           .options = "records=$[*].lines[*].tags[*]"};
    expect(
        NAMED("f.json",
              "[{\"id\":1,\"lines\":[{\"tags\":[\"x\",\"y\"]},{\"tags\":[]},{\"tags\":[\"z\"]}]}]"),
        how, NULL, "1|1|x\n1|1|y\n1|3|z\n", "");
    how = (struct reading){.path = "f.json", .options = "records=$[*].lines[*]"};
    expect(NAMED("f.json", array), how, "sku text; q bigint", "a|1\nb|2\nc|~\n", "");
}

static void broken_files_say_where(void **state)
{
    (void)state;
    expect_error(ONE("a,b,c\n1,2,3\n4,\"open,6\n7,8,9\n"), plain, Q_SOURCE,
                 "the quote opened at line 3, byte 14 is never closed");
    expect_error(ONE(""), plain, Q_SOURCE, "the file is empty");
    struct reading how = plain;
    how.options = "max_record=20";
    expect_error(ONE("a,b,c\n1,2,3\n123456789,123456789,123\n"), how, Q_SOURCE,
                 "longer than 20 bytes at line 3, byte 12");
    how = plain;
    how.path = "none.csv";
    expect_error(ONE("a\n"), how, Q_SOURCE, "could not find the file \"none.csv\"");
    how.path = "none*.csv";
    expect_error(ONE("a\n"), how, Q_SOURCE, "could not find a file that matches");
    how.path = ".";
    expect_error(ONE("a\n"), how, Q_SOURCE, "it is a directory");
    how.path = "f.abc";
    expect_error(NAMED("f.abc", "a\n"), how, Q_CONFIG, "cannot tell the format");
    expect_error(ONE("_q_pos,b\n1,2\n"), (struct reading){.path = "f.csv"}, Q_SOURCE,
                 "reserved name");
}

static void only_a_header_is_no_rows_and_optional_files_may_be_missing(void **state)
{
    (void)state;
    expect(ONE("a,b,c\n"), plain, "a text; b text; c text", "", "");
    struct reading how = plain;
    how.optional = true;
    expect(ONE(""), how, "a text; b text; c text", "", "");
    how.path = "none*.csv";
    expect(ONE(""), how, "a text; b text; c text", "", "");
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct reading how = typed;
    static const char *const wrong[] = {"delimiter=ä",   "delimiter=|\"",
                                        "comment=\"",    "delimiter=\"",
                                        "formats=%d/%m", "decimal_comma=true thousands=,",
                                        "quote=xx",      "encoding=klingon"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        how.options = wrong[i];
        expect_error(ONE("a,b,c\n1,2,2010-12-01\n"), how, Q_CONFIG, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_read_as_they_are_written),
        cmocka_unit_test(line_ends_may_be_mixed_or_missing),
        cmocka_unit_test(a_bad_record_is_rejected_with_its_place_and_the_others_load),
        cmocka_unit_test(a_footer_is_left_out_and_counted),
        cmocka_unit_test(comments_are_no_records),
        cmocka_unit_test(the_header_is_searched_for),
        cmocka_unit_test(a_delimiter_may_have_several_characters),
        cmocka_unit_test(ragged_records_are_mended_where_that_is_declared),
        cmocka_unit_test(an_encoding_is_guessed_where_that_is_declared),
        cmocka_unit_test(fixed_width_is_read_by_places),
        cmocka_unit_test(records_of_other_types_are_counted_by_type),
        cmocka_unit_test(columns_are_matched_by_name),
        cmocka_unit_test(types_are_inferred_over_all_rows),
        cmocka_unit_test(the_dialect_is_detected),
        cmocka_unit_test(json_is_read_by_lines_and_from_arrays),
        cmocka_unit_test(json_values_are_exact),
        cmocka_unit_test(json_that_is_too_deep_is_rejected_with_its_place),
        cmocka_unit_test(json_columns_take_paths),
        cmocka_unit_test(json_records_stand_inside_of_a_document),
        cmocka_unit_test(json_records_inside_of_records_are_rows),
        cmocka_unit_test(broken_files_say_where),
        cmocka_unit_test(only_a_header_is_no_rows_and_optional_files_may_be_missing),
        cmocka_unit_test(wrong_options_are_refused),
    };
    process = q_arena_new(NULL, "process");
    const struct db_settings settings = {.threads = 2};
    struct db *db;
    if (!mkdtemp(dir) || db_open(process, &settings, &db, NULL) ||
        db_connect(db, process, &conn, NULL))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    q_arena_free(process);
    return q_dir_remove(dir, NULL) ? 1 : failed;
}
