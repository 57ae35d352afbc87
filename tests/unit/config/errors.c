/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in a project is said with its place, what was expected, and the nearest right word. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "config/config.h"

struct file {
    const char *path, *text;
};

/* A small project; a case puts its files over it. */
static const struct file base[] = {
    {"quern.yaml", "project: p\nenvironments: { dev: { warehouse: { type: duckdb, path: w } } }\n"},
    {"model/d.yaml",
     "dimension: d\nkey: d_key\nbusiness_key: [id]\ncolumns: { id: text, name: text }\n"},
    {"model/day.yaml",
     "dimension: day\nkey: day_id\ngenerate: date\nfrom: 2020-01-01\nto: 2020-12-31\n"},
    {"model/f.yaml", "fact: f\ngrain: [n]\ncolumns: { n: bigint }\n"},
    {"pipelines/p.yaml",
     "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: f, mode: upsert }\n"},
};

struct options {
    const char *path, *delimiter;
    int64_t skip;
    q_texts null_text;
    struct q_secret token;
};

static const struct q_opt file_opts[] = {
    {.name = "path",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct options, path),
     .required = true},
    {.name = "delimiter", .type = Q_OPT_TEXT, .offset = offsetof(struct options, delimiter)},
    {.name = "skip", .type = Q_OPT_INT, .offset = offsetof(struct options, skip), .max = 9},
    {.name = "null_text", .type = Q_OPT_TEXTS, .offset = offsetof(struct options, null_text)},
    {.name = "token", .type = Q_OPT_SECRET, .offset = offsetof(struct options, token)},
    {0},
};
static const struct cfg_driver file_driver = {.name = "files", .source = file_opts};
static const struct cfg_driver *const drivers[] = {&file_driver, NULL};

struct trial {
    struct file files[3];
    const char *message; /* begins with it */
};

/* ---- pieces of files ---- */

#define PROJECT "project: p\nenvironments: { dev: { warehouse: { type: duckdb, path: w } } }\n"
#define QUERN(lines)                    \
    {                                   \
        {                               \
            "quern.yaml", PROJECT lines \
        }                               \
    }
#define WAREHOUSE(text)                                                                  \
    {                                                                                    \
        {                                                                                \
            "quern.yaml", "project: p\nenvironments: { dev: { warehouse: " text " } }\n" \
        }                                                                                \
    }
#define DIMENSION(columns)                                                                     \
    {                                                                                          \
        {                                                                                      \
            "model/d.yaml",                                                                    \
                "dimension: d\nkey: d_key\nbusiness_key: [id]\ncolumns:\n  id: text\n" columns \
        }                                                                                      \
    }
#define DATE(lines)                                                                 \
    {                                                                               \
        {                                                                           \
            "model/day.yaml", "dimension: day\nkey: day_id\ngenerate: date\n" lines \
        }                                                                           \
    }
#define FACT(columns)                                                              \
    {                                                                              \
        {                                                                          \
            "model/f.yaml", "fact: f\ngrain: [n]\ncolumns:\n  n: bigint\n" columns \
        }                                                                          \
    }
#define SOURCE(text)                                                                      \
    {                                                                                     \
        {                                                                                 \
            "pipelines/p.yaml",                                                           \
                "pipeline: p\nextract:\n  s: " text "\nload: { into: f, mode: upsert }\n" \
        }                                                                                 \
    }
#define TWO \
    "pipeline: p\nload: { into: f, mode: upsert }\nextract: { a: { from: files, path: x }, b: { from: files, path: x }, c: { from: files, path: x } }\ntransform:\n"
#define STEPS(lines)                      \
    {                                     \
        {                                 \
            "pipelines/p.yaml", TWO lines \
        }                                 \
    }
#define ALL "  - join: { left: a, right: b, on: n }\n  - join: { left: a, right: c, on: n }\n"
#define RULES(lines)                                                                                                     \
    {                                                                                                                    \
        {                                                                                                                \
            "pipelines/p.yaml",                                                                                          \
                "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: f, mode: upsert }\ncheck:\n" lines \
        }                                                                                                                \
    }
#define LOAD(lines)                                                                               \
    {                                                                                             \
        {                                                                                         \
            "pipelines/p.yaml",                                                                   \
                "pipeline: p\nextract: { s: { from: files, path: x } }\nload:\n  into: f\n" lines \
        }                                                                                         \
    }
#define REPORT(lines)                                            \
    {                                                            \
        {                                                        \
            "reports/r.yaml", "report: r\nsql: select 1\n" lines \
        }                                                        \
    }

/* ---- the cases ---- */

static const struct trial yaml_trials[] = {
    {{{"model/x.yaml", ""}}, "model/x.yaml:1:1: the file is empty"},
    {{{"model/x.yaml", "# only\n"}}, "model/x.yaml:1:1: the file is empty"},
    {{{"model/x.yaml", "fact: x\n\tgrain: [a]\n"}}, "model/x.yaml:2:1: a tab cannot indent YAML"},
    {{{"model/x.yaml", "columns:\n  a: b\n \tc: d\n"}},
     "model/x.yaml:3:2: a tab cannot indent YAML"},
    {{{"model/x.yaml", "fact: x\nfact: y\n"}},
     "model/x.yaml:2:1: key \"fact\" is given twice; the first is in line 1"},
    {{{"model/x.yaml", "fact: x\n---\nfact: y\n"}},
     "model/x.yaml:2:1: a second document begins here; a file holds one"},
    {{{"model/x.yaml", "fact: \"\xC3\xA4\xFF\"\n"}},
     "model/x.yaml:1:9: the file is not valid UTF-8 (byte 0xff)"},
    {{{"model/x.yaml", "fact: a\001\n"}},
     "model/x.yaml:1:8: not valid YAML: control characters are not allowed (byte 0x01)"},
    {{{"model/x.yaml", "fact: a: b\n"}},
     "model/x.yaml:1:8: not valid YAML: mapping values are not allowed in this context"},
    {{{"model/x.yaml", "fact: [a\n"}},
     "model/x.yaml:2:1: not valid YAML: did not find expected ',' or ']'"},
    {{{"model/x.yaml", "fact: \"a\n"}},
     "model/x.yaml:2:1: not valid YAML: found unexpected end of stream"},
    {{{"model/x.yaml", "fact: !!str a\n"}},
     "model/x.yaml:1:7: tags (tag:yaml.org,2002:str) cannot be used"},
    {{{"model/x.yaml", "fact: *a\n"}},
     "model/x.yaml:1:7: alias *a has no anchor &a in front of it"},
    {{{"model/x.yaml", "fact: &a { x: *a }\n"}},
     "model/x.yaml:1:15: alias *a has no anchor &a in front of it"},
    {{{"model/x.yaml", "<<: { a: b }\n"}}, "model/x.yaml:1:1: merge keys (<<) cannot be used"},
    {{{"model/x.yaml", "fact: \"a\\0b\"\n"}},
     "model/x.yaml:1:7: a text cannot contain a NUL character"},
    {{{"model/x.yaml", "[a]: b\n"}}, "model/x.yaml:1:1: expected a key, found a list"},
    {{{"model/x.yaml", "~: b\n"}}, "model/x.yaml:1:1: expected a key, found nothing"},
    {{{"model/x.yaml", "a: { b: f(a, c: d }\n"}}, "model/x.yaml:1:1: a file in model/ begins with"},
    {{{"model/x.yaml", "a: { b: f(a, g, c: d }\n"}},
     "model/x.yaml:1:9: a parenthesis in this value is not closed"},
    {{{"model/x.yaml", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"}},
     "model/x.yaml:1:33: more than 32 levels of maps and lists"},
};

static const struct trial project_trials[] = {
    {{{"quern.yaml", "- a\n"}},
     "quern.yaml:1:1: expected a map of keys and values for the project, found a list"},
    {{{"quern.yaml", "project: p\n"}},
     "quern.yaml:1:1: the project has no \"environments\"; for example `environments: {"},
    {{{"quern.yaml", "environments: { dev: { warehouse: { type: duckdb, path: w } } }\n"}},
     "quern.yaml:1:1: the project has no \"project\"; for example `project: retail`"},
    {QUERN("timezone: Europe/Berlin\n"),
     "quern.yaml:3:11: expected UTC for \"timezone\", found \"Europe/Berlin\""},
    {QUERN("variabels: {}\n"),
     "quern.yaml:3:1: unknown key \"variabels\"; did you mean \"variables\"?"},
    {QUERN("default_environment: prod\n"), "quern.yaml:3:22: unknown environment \"prod\""},
    {QUERN("defaults: { on_fail: wait }\n"),
     "quern.yaml:3:22: expected reject, abort or hold for \"on_fail\", found \"wait\""},
    {QUERN("defaults: { max_rejects: many }\n"),
     "quern.yaml:3:26: expected a number of rows or a share like 1% for \"max_rejects\", found \"many\""},
    {QUERN("defaults: { initial_valid_from: never }\n"),
     "quern.yaml:3:33: expected a date or time like 1000-01-01 for \"initial_valid_from\", found \"never\""},
    {QUERN("defaults: { open_end: 2999-12-31 }\n"),
     "quern.yaml:3:23: expected null or 9999-12-31 for \"open_end\", found \"2999-12-31\""},
    {QUERN("connections: { erp: { type: oracle } }\n"),
     "quern.yaml:3:29: expected postgres, mysql, sqlite or rest for \"type\", found \"oracle\""},
    {QUERN("connections: { erp: { type: postgers } }\n"),
     "quern.yaml:3:29: expected postgres, mysql, sqlite or rest for \"type\", found \"postgers\"; did you mean \"postgres\"?"},
    {QUERN("connections: { erp: { type: mysql } }\n"),
     "quern.yaml:3:29: this version does not have \"type: mysql\" yet"},
    {QUERN("connections: { erp: { host: a } }\n"),
     "quern.yaml:3:21: connection \"erp\" has no \"type\"; for example `type: postgres`"},
    {QUERN("connections: { files: { type: mysql } }\n"),
     "quern.yaml:3:16: \"files\" cannot be the name of a connection"},
    {WAREHOUSE("{ type: postgres, url: x }"),
     "quern.yaml:2:43: this version does not have \"type: postgres\" yet; it has duckdb"},
    {WAREHOUSE("{ type: duckbd, path: w }"),
     "quern.yaml:2:43: expected duckdb for \"type\", found \"duckbd\"; did you mean \"duckdb\"?"},
    {WAREHOUSE("{ type: duckdb }"),
     "quern.yaml:2:35: the warehouse has no \"path\"; for example `path: warehouse.duckdb`"},
    {WAREHOUSE("{ type: duckdb, path: w, memory_limit: much }"),
     "quern.yaml:2:74: expected a size like \"2 GB\" for \"memory_limit\", found \"much\""},
    {WAREHOUSE("{ type: duckdb, path: w, threads: 0 }"),
     "quern.yaml:2:69: expected a whole number from 1 to 1024 for \"threads\", found \"0\""},
    {{{"quern.yaml", "project: p\nenvironments: []\n"}},
     "quern.yaml:2:15: expected a map of at least one environment for \"environments\", found a list"},
    {{{"quern.yaml", "project: a b\n"}},
     "quern.yaml:1:10: \"a b\" cannot be the name of project: it is made of letters, digits and _ and -"},
};

static const struct trial variable_trials[] = {
    {SOURCE("{ from: files, path: \"${in_box}\" }"),
     "pipelines/p.yaml:3:28: variable \"in_box\" is not set"},
    {SOURCE("{ from: files, path: \"${in box}\" }"),
     "pipelines/p.yaml:3:28: expected a name and \"}\" behind \"${\""},
    {SOURCE("{ from: files, path: \"${}\" }"),
     "pipelines/p.yaml:3:28: expected a name and \"}\" behind \"${\""},
    {{{"reports/r.yaml", "report: r\nsql: |\n\n  select 1\n  from ${nowhere}\n"}},
     "reports/r.yaml:5:8: variable \"nowhere\" is not set"},
    {QUERN("variables: { a: \"${b}\", b: x }\n"), "quern.yaml:3:18: variable \"b\" is not set"},
    {QUERN("variables: { a-b: x }\n"),
     "quern.yaml:3:14: \"a-b\" cannot be the name of a variable: it is made of letters, digits and _"},
    {QUERN("variables: [a]\n"),
     "quern.yaml:3:12: expected a map of names and values for \"variables\", found a list"},
    {QUERN("variables: { a: [x] }\n"), "quern.yaml:3:17: expected a text for \"a\", found a list"},
    {{{"quern.yaml", PROJECT "secrets: s.env\n"}, {"s.env", "A=1\nnot an assignment\n"}},
     "s.env:2:1: expected NAME=value"},
    {{{"quern.yaml", PROJECT "secrets: s.env\n"}, {"s.env", "A=1\nA=2\n"}},
     "s.env:2:1: \"A\" is given twice"},
    {{{"quern.yaml",
       "project: p\nenvironments: { dev: { warehouse: { type: duckdb, path: \"${W}\" } } }\n"}},
     "quern.yaml:2:58: variable \"W\" is not set"},
};

static const struct trial model_trials[] = {
    {{{"model/x.yaml", "pipeline: p\n"}},
     "model/x.yaml:1:1: \"pipeline\" belongs in pipelines/, not in model/"},
    {{{"pipelines/x.yaml", "report: p\n"}},
     "pipelines/x.yaml:1:1: \"report\" belongs in reports/, not in pipelines/"},
    {{{"reports/x.yaml", "dimension: p\n"}},
     "reports/x.yaml:1:1: \"dimension\" belongs in model/, not in reports/"},
    {{{"model/x.yaml", "project: p\n"}},
     "model/x.yaml:1:1: \"project\" belongs in quern.yaml, not in model/"},
    {{{"model/x.yaml", "dimenson: p\n"}},
     "model/x.yaml:1:1: unknown key \"dimenson\"; did you mean \"dimension\"?"},
    {{{"model/x.yaml", "- a\n"}},
     "model/x.yaml:1:1: a file in model/ begins with \"dimension: NAME\" or \"fact: NAME\""},
    {DIMENSION("  city: { type: text, histroy: keep }\n"),
     "model/d.yaml:6:23: unknown key \"histroy\"; did you mean \"history\"?"},
    {DIMENSION("  city: { type: text, zzz: keep }\n"),
     "model/d.yaml:6:23: unknown key \"zzz\" in column \"city\""},
    {DIMENSION("  city: { type: text, history: kep }\n"),
     "model/d.yaml:6:32: expected overwrite, keep or previous for \"history\", found \"kep\"; did you mean \"keep\"?"},
    {DIMENSION("  city: { history: keep }\n"),
     "model/d.yaml:6:9: column \"city\" has no \"type\"; for example `type: text`"},
    {DIMENSION("  city: [text]\n"),
     "model/d.yaml:6:9: expected a map of keys and values for column \"city\", found a list"},
    {DIMENSION("  city: { type: [text] }\n"),
     "model/d.yaml:6:17: expected a text for \"type\", found a list"},
    {DIMENSION("  city: { type: \"\" }\n"),
     "model/d.yaml:6:17: expected a text for \"type\", found an empty text"},
    {DIMENSION("  city: { type: text, nullable: maybe }\n"),
     "model/d.yaml:6:33: expected true or false for \"nullable\", found \"maybe\""},
    {DIMENSION("  ID: text\n"),
     "model/d.yaml:6:3: column \"ID\" is declared twice; the first is model/d.yaml:5:3"},
    {DIMENSION("  d_key: bigint\n"),
     "model/d.yaml:6:3: column \"d_key\" is declared twice; the first is model/d.yaml:2:6"},
    {{{"model/d.yaml", "dimension: d\nbusiness_key: [id]\ncolumns: { id: text }\n"}},
     "model/d.yaml:1:1: dimension \"d\" has no \"key\"; for example `key: customer_key`"},
    {{{"model/d.yaml", "dimension: d\nkey: k\ncolumns: { id: text }\n"}},
     "model/d.yaml:1:1: dimension \"d\" has no \"business_key\"; for example"},
    {{{"model/d.yaml", "dimension: d\nkey: k\nbusiness_key: [idd]\ncolumns: { id: text }\n"}},
     "model/d.yaml:3:16: unknown business key column \"idd\"; did you mean \"id\"?"},
    {{{"model/d.yaml", "dimension: d\nkey: k\nbusiness_key: [id, id]\ncolumns: { id: text }\n"}},
     "model/d.yaml:3:20: business key column \"id\" is declared twice"},
    {{{"model/d.yaml", "dimension: d\nkey: k\nbusiness_key: []\ncolumns: { id: text }\n"}},
     "model/d.yaml:3:15: expected at least one text for \"business_key\", found an empty list"},
    {{{"model/d.yaml", "dimension: d\nkey: k\nbusiness_key: id\ncolumns: {}\n"}},
     "model/d.yaml:4:10: expected a map of columns for \"columns\", found a map"},
    {{{"model/f.yaml", "fact: f\ngrain: [m]\ncolumns: { n: bigint }\n"}},
     "model/f.yaml:2:9: unknown grain column \"m\""},
    {{{"model/f.yaml", "fact: f\ncolumns: { n: bigint }\n"}},
     "model/f.yaml:1:1: fact \"f\" has no \"grain\"; for example `grain: [transaction_id]`"},
    {{{"model/g.yaml", "fact: D\ngrain: n\ncolumns: { n: bigint }\n"}},
     "model/g.yaml:1:7: table \"D\" is declared twice; the first is model/d.yaml:1:12"},
    {DATE("from: 2020-01-01\n"),
     "model/day.yaml:1:1: dimension \"day\" has no \"to\"; for example `to: 2030-12-31`"},
    {DATE("from: 2020-01-01\nto: 2019-01-01\n"), "model/day.yaml:5:5: \"to\" lies before \"from\""},
    {DATE("from: 2020-02-30\nto: 2020-03-01\n"),
     "model/day.yaml:4:7: expected a date like 2026-01-01 for \"from\", found \"2020-02-30\""},
    {DATE("from: 2020-01-01\nto: 2020-12-31\nfiscal_year_start: 13\n"),
     "model/day.yaml:6:20: expected a whole number from 1 to 12 for \"fiscal_year_start\", found \"13\""},
    {DATE("from: 2020-01-01\nto: 2020-12-31\nweekend: [sunnday]\n"),
     "model/day.yaml:6:11: expected monday, tuesday, wednesday, thursday, friday, saturday or sunday for \"weekend\", found \"sunnday\"; did you mean \"sunday\"?"},
    {DATE("from: 2020-01-01\nto: 2020-12-31\ncolumns: {}\n"),
     "model/day.yaml:6:1: unknown key \"columns\" in dimension \"day\""},
};

static const struct trial role_trials[] = {
    {FACT("  c: { dimension: dd }\n"),
     "model/f.yaml:5:19: unknown dimension \"dd\"; did you mean \"d\"?"},
    {FACT("  c: { dimension: f }\n"), "model/f.yaml:5:19: \"f\" is a fact, not a dimension"},
    {FACT("  c: { dimension: d, type: text }\n"),
     "model/f.yaml:5:22: column \"c\" refers to a dimension and so cannot have \"type\""},
    {FACT("  c: { type: text, from: [a] }\n"),
     "model/f.yaml:5:20: \"from\" needs \"dimension\": it belongs to a column that refers to one"},
    {FACT("  c: { type: text, missing: fail }\n"),
     "model/f.yaml:5:20: \"missing\" needs \"dimension\""},
    {FACT("  c: { dimension: day, missing: infer }\n"),
     "model/f.yaml:5:19: role \"c\" cannot infer members of \"day\": quern generates its days; widen its range, or use "
     "`missing: unknown`"},
    {FACT("  c: { dimension: d, from: [a, b] }\n"),
     "model/f.yaml:5:29: \"from\" has 2 columns and the business key of \"d\" has 1"},
    {FACT("  c: { dimension: d, at: dy }\n"), "model/f.yaml:5:26: unknown column \"dy\""},
    {FACT("  c: { dimension: d, at: sold }\n  solt: { dimension: day }\n"),
     "model/f.yaml:5:26: unknown column \"sold\"; did you mean \"solt\"?"},
    {FACT("  c: { dimension: d, at_end_of_day: true }\n"),
     "model/f.yaml:5:22: \"at_end_of_day\" needs \"at\""},
    {FACT("  c: { dimension: d, key: n }\n"),
     "model/f.yaml:5:27: column \"n\" is declared twice; the first is model/f.yaml:4:3"},
    {FACT("  c: { dimension: d, key: id }\n"),
     "model/f.yaml:5:3: column \"id\" is both the key of the role and a column that it keeps"},
};

static const struct trial source_trials[] = {
    {{{"pipelines/p.yaml", "pipeline: p\nload: { into: f, mode: upsert }\n"}},
     "pipelines/p.yaml:1:1: pipeline \"p\" has no \"extract\"; for example `extract: {"},
    {{{"pipelines/p.yaml", "pipeline: p\nextract: {}\n"}},
     "pipelines/p.yaml:2:10: expected a map of at least one source for \"extract\", found a map"},
    {{{"pipelines/q.yaml",
       "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: f, mode: upsert }\n"}},
     "pipelines/q.yaml:1:11: pipeline \"p\" is declared twice; the first is pipelines/p.yaml:1:11"},
    {SOURCE("{ path: x }"),
     "pipelines/p.yaml:3:6: source \"s\" has no \"from\"; for example `from: files`"},
    {SOURCE("{ from: files }"),
     "pipelines/p.yaml:3:6: source \"s\" has no \"path\"; for example `path: \"inbox/*.csv\"`"},
    {SOURCE("{ from: file, path: x }"),
     "pipelines/p.yaml:3:14: unknown connection \"file\"; did you mean \"files\"?"},
    {SOURCE("{ from: erp, table: x }"), "pipelines/p.yaml:3:14: unknown connection \"erp\""},
    {SOURCE("{ from: files, path: x, delimeter: a }"),
     "pipelines/p.yaml:3:30: unknown key \"delimeter\"; did you mean \"delimiter\"?"},
    {SOURCE("{ from: files, path: x, skip: some }"),
     "pipelines/p.yaml:3:36: cannot read skip: \"some\" is not a whole number"},
    {SOURCE("{ from: files, path: x, skip: [1] }"),
     "pipelines/p.yaml:3:36: expected one value for \"skip\", found a list"},
    {SOURCE("{ from: files, path: x, skip: { a: b } }"),
     "pipelines/p.yaml:3:36: expected a text for \"skip\", found a map"},
    {SOURCE("{ from: files, path: x, null_text: [a, [b]] }"),
     "pipelines/p.yaml:3:45: expected a text for \"null_text\", found a list"},
    {SOURCE("{ from: files, path: x, columns: a }"),
     "pipelines/p.yaml:3:39: expected a map of columns and types for \"columns\", found \"a\""},
    {SOURCE("{ from: files, path: x, columns: { a: text, A: text } }"),
     "pipelines/p.yaml:3:50: column \"A\" is declared twice; the first is pipelines/p.yaml:3:41"},
    {SOURCE("{ from: files, path: x, columns: { a: { tpye: text } } }"),
     "pipelines/p.yaml:3:46: unknown key \"tpye\"; did you mean \"type\"?"},
    {SOURCE("files"),
     "pipelines/p.yaml:3:6: expected a map of keys and values for source \"s\", found \"files\""},
};

static const struct trial step_trials[] = {
    {STEPS(ALL "  - renam: { a: b }\n"),
     "pipelines/p.yaml:7:5: unknown key \"renam\"; did you mean \"rename\"?"},
    {STEPS(ALL "  - rename: [a]\n"),
     "pipelines/p.yaml:7:13: expected a map of names and texts for \"rename\", found a list"},
    {STEPS(ALL "  - relation: a\n"),
     "pipelines/p.yaml:7:5: the step says nothing to do; for example `- rename: { old: new }`"},
    {STEPS(ALL "  - drop: a\n    select: b\n"),
     "pipelines/p.yaml:8:5: \"drop\" and \"select\" stand in one step; begin each with its own \"-\""},
    {STEPS(ALL "  - filter: \"a > 1\"\n    relation: x\n"),
     "pipelines/p.yaml:8:15: unknown relation \"x\""},
    {STEPS(ALL "  - cast: { a: { formats: x } }\n"),
     "pipelines/p.yaml:7:16: the cast of \"a\" has no \"type\"; for example `type: date`"},
    {STEPS(ALL "  - clean: { mail: a }\n"),
     "pipelines/p.yaml:7:14: unknown key \"mail\"; did you mean \"email\"?"},
    {STEPS(ALL "  - derive: { a: \"\" }\n"),
     "pipelines/p.yaml:7:18: expected an expression for \"a\", found an empty text"},
    {STEPS("  - join: { left: a, right: bb, on: n }\n"),
     "pipelines/p.yaml:5:29: unknown relation \"bb\"; did you mean \"b\"?"},
    {STEPS("  - join: { left: x, right: b, on: n }\n"),
     "pipelines/p.yaml:5:19: unknown relation \"x\""},
    {STEPS("  - join: { left: a, right: b }\n"),
     "pipelines/p.yaml:5:11: the join has no \"on\"; for example `on: transaction_id`"},
    {STEPS("  - join: { left: a, right: b, on: {} }\n"),
     "pipelines/p.yaml:5:36: expected at least one column for \"on\", found a map"},
    {STEPS("  - join: { left: a, right: b, on: n, kind: outer }\n"),
     "pipelines/p.yaml:5:45: expected inner, left, right or full for \"kind\", found \"outer\""},
    {STEPS("  - join: { left: a, right: a, on: n }\n"),
     "pipelines/p.yaml:5:29: relation \"a\" is joined into itself"},
    {STEPS("  - join: { left: a, right: b, on: n }\n  - join: { left: b, right: a, on: n }\n"),
     "pipelines/p.yaml:6:29: joins in a circle: b -> a -> b"},
    {STEPS(
         "  - join: { left: b, right: a, on: n }\n  - join: { left: c, right: b, on: n }\n  - join: { left: a, right: c, on: n }\n"),
     "pipelines/p.yaml:7:29: joins in a circle: a -> b -> c -> a"},
    {STEPS("  - join: { left: a, right: b, on: n }\n"),
     "pipelines/p.yaml:3:70: more than one main result: \"a\" and \"c\"; join \"c\" into \"a\""},
    {STEPS("  - join: { left: b, right: a, on: n }\n  - join: { left: b, right: c, on: n }\n"),
     "pipelines/p.yaml:5:29: the main relation \"a\" is joined into \"b\"; write \"b\" first under \"extract\""},
    {STEPS(ALL "  - drop: n\n    relation: b\n"),
     "pipelines/p.yaml:8:15: nothing uses \"b\" after this step"},
    {STEPS("  - join: { left: a, right: b, on: n }\n    relation: a\n"),
     "pipelines/p.yaml:6:5: a join names its relations by \"left\" and \"right\""},
    {{{"pipelines/p.yaml", "pipeline: p\ntransform: { a: b }\n"}},
     "pipelines/p.yaml:2:12: expected a list of steps, each with a \"-\" in front for \"transform\", found a map"},
};

static const struct trial rule_trials[] = {
    {RULES("  - not_nul: [a]\n"),
     "pipelines/p.yaml:5:5: unknown key \"not_nul\"; did you mean \"not_null\"?"},
    {RULES("  - name: x\n"),
     "pipelines/p.yaml:5:5: the rule says nothing to check; for example `- not_null: [customer_id]`"},
    {RULES("  - not_null: a\n    unique: a\n"),
     "pipelines/p.yaml:6:5: \"not_null\" and \"unique\" stand in one rule; begin each with its own \"-\""},
    {RULES("  - not_null: a\n    name: x\n  - unique: b\n    name: x\n"),
     "pipelines/p.yaml:8:11: rule \"x\" is given twice; the first is in line 5"},
    {RULES("  - unique: a\n    error: 0\n"),
     "pipelines/p.yaml:6:12: expected a threshold like \"> 0\", \">= 5\" or \"> 0.5%\" for \"error\", found \"0\""},
    {RULES("  - unique: a\n    error: \"> 0.00001%\"\n"),
     "pipelines/p.yaml:6:12: expected a threshold"},
    {RULES("  - unique: a\n    error: \"> 101%\"\n"),
     "pipelines/p.yaml:6:12: expected a threshold"},
    {RULES("  - unique: a\n    error: \"> 1.5\"\n"), "pipelines/p.yaml:6:12: expected a threshold"},
    {RULES("  - unique: a\n    error: \"< 1\"\n"), "pipelines/p.yaml:6:12: expected a threshold"},
    {RULES("  - unique: a\n    error: \">\"\n"), "pipelines/p.yaml:6:12: expected a threshold"},
    {RULES("  - unique: a\n    error: > 1%\n"),
     "pipelines/p.yaml:6:14: not valid YAML: did not find expected comment or line break"},
    {RULES("  - unique: { columns: a, error: \"> 0\" }\n    error: \"> 1\"\n"),
     "pipelines/p.yaml:6:12: \"error\" is given beside the rule and inside it"},
    {RULES("  - between: { column: a }\n"),
     "pipelines/p.yaml:5:5: \"between\" has neither \"min\" nor \"max\""},
    {RULES("  - between: { min: 1 }\n"),
     "pipelines/p.yaml:5:14: between has no \"column\"; for example `column: quantity`"},
    {RULES("  - between: { column: a, min: 10, max: 9 }\n"),
     "pipelines/p.yaml:5:32: \"min\" is above \"max\""},
    {RULES("  - between: { column: a, min: 1.5, max: 1.25 }\n"),
     "pipelines/p.yaml:5:32: \"min\" is above \"max\""},
    {RULES("  - between: { column: a, min: 2020-01-02, max: 2020-01-01 }\n"),
     "pipelines/p.yaml:5:32: \"min\" is above \"max\""},
    {RULES("  - between: { column: a, min: [1] }\n"),
     "pipelines/p.yaml:5:32: expected a number, date or text for \"min\", found a list"},
    {RULES("  - row_count: { min: a }\n"),
     "pipelines/p.yaml:5:23: expected a whole number not below 0 for \"min\", found \"a\""},
    {RULES("  - row_count: { min: 2, max: 1 }\n"),
     "pipelines/p.yaml:5:23: \"min\" is above \"max\""},
    {RULES("  - row_count: {}\n"),
     "pipelines/p.yaml:5:5: \"row_count\" has neither \"min\" nor \"max\""},
    {RULES("  - in_set: { column: a, values: x }\n"),
     "pipelines/p.yaml:5:34: expected a list of values for \"values\", found \"x\""},
    {RULES("  - in_set: { column: a, values: [{ x: y }] }\n"),
     "pipelines/p.yaml:5:35: expected values for \"values\", found a map"},
    {RULES("  - matches: { column: a }\n"),
     "pipelines/p.yaml:5:14: matches has no \"pattern\"; for example"},
    {RULES("  - reference: { column: a, to: e }\n"), "pipelines/p.yaml:5:33: unknown table \"e\""},
    {RULES("  - reference: { column: a, to: d.nam }\n"),
     "pipelines/p.yaml:5:33: unknown column \"nam\"; did you mean \"name\"?"},
    {RULES("  - reference: { column: a, to: .name }\n"),
     "pipelines/p.yaml:5:33: expected a table or table.column for \"to\", found \".name\""},
    {RULES("  - not_null: a\n    nulls: ignore\n"),
     "pipelines/p.yaml:6:12: expected pass or fail for \"nulls\", found \"ignore\""},
    {RULES("  - not_null: a\n    on_empty: [x]\n"),
     "pipelines/p.yaml:6:15: expected pass or fail for \"on_empty\", found a list"},
    {RULES("  - duplicate_row: { inside: x }\n"),
     "pipelines/p.yaml:5:22: unknown key \"inside\" in duplicate_row"},
    {RULES("  not_null: a\n"),
     "pipelines/p.yaml:5:3: expected a list of rules, each with a \"-\" in front for \"check\", found a map"},
};

static const struct trial load_trials[] = {
    {LOAD("  mode: upsrt\n"),
     "pipelines/p.yaml:5:9: expected append, insert_only, upsert, replace, replace_slice or history for \"mode\", found \"upsrt\"; did you mean \"upsert\"?"},
    {LOAD("  mode: snapshot\n"),
     "pipelines/p.yaml:5:9: expected append, insert_only, upsert, replace, replace_slice or history for \"mode\", found \"snapshot\""},
    {LOAD(""), "pipelines/p.yaml:4:3: the load has no \"mode\"; for example `mode: upsert`"},
    {LOAD("  mode: upsert\n  late: splice\n"),
     "pipelines/p.yaml:6:3: \"late\" needs `mode: history`"},
    {LOAD("  mode: append\n  update: [x]\n"),
     "pipelines/p.yaml:6:3: \"update\" needs `mode: upsert`"},
    {LOAD("  mode: append\n  snapshot: full\n"),
     "pipelines/p.yaml:6:3: \"snapshot\" needs `mode: history` or `mode: upsert`"},
    {LOAD("  mode: upsert\n  deletes: delete\n"),
     "pipelines/p.yaml:6:3: \"deletes\" needs `snapshot: full`"},
    {LOAD("  mode: upsert\n  max_shrink: 10%\n"),
     "pipelines/p.yaml:6:3: \"max_shrink\" needs `snapshot: full`"},
    {LOAD("  mode: upsert\n  snapshot: full\n  deletes: close\n"),
     "pipelines/p.yaml:7:3: `deletes: close` needs `mode: history`"},
    {LOAD("  mode: history\n  snapshot: full\n  deletes: delete\n"),
     "pipelines/p.yaml:7:3: history is not deleted: use `deletes: close` or `deletes: tombstone`"},
    {LOAD("  mode: upsert\n  on_fail: wait\n"),
     "pipelines/p.yaml:6:12: expected reject, abort or hold for \"on_fail\", found \"wait\""},
    {LOAD("  mode: upsert\n  ties: first\n"),
     "pipelines/p.yaml:6:9: expected last for \"ties\", found \"first\""},
    {LOAD("  mode: upsert\n  max_rejects: \"> 1%\"\n"),
     "pipelines/p.yaml:6:16: expected a number of rows or a share like 1% for \"max_rejects\", found \"> 1%\""},
    {LOAD("  mode: upsert\n  valid_from: t\n"),
     "pipelines/p.yaml:6:3: \"valid_from\" needs `mode: history`"},
    {LOAD("  mode: history\n"),
     "pipelines/p.yaml:4:9: cannot load into \"f\" with `mode: history`: it is a fact"},
    {{{"pipelines/p.yaml",
       "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: ff, mode: upsert }\n"}},
     "pipelines/p.yaml:3:15: unknown table \"ff\"; did you mean \"f\"?"},
    {{{"pipelines/p.yaml",
       "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: day, mode: upsert }\n"}},
     "pipelines/p.yaml:3:15: cannot load into \"day\": quern generates it"},
};

static const struct trial report_trials[] = {
    {{{"reports/r.yaml", "report: r\n"}},
     "reports/r.yaml:1:1: report \"r\" has no \"sql\"; for example"},
    {{{"reports/q.yaml", "report: r\nsql: a\n"}, {"reports/r.yaml", "report: r\nsql: a\n"}},
     "reports/r.yaml:1:9: report \"r\" is declared twice; the first is reports/q.yaml:1:9"},
    {REPORT("parameters: { y: { type: int } }\n"),
     "reports/r.yaml:3:26: expected boolean, integer, bigint, decimal(p,s), double, text, date or timestamp for \"type\", found \"int\""},
    {REPORT("parameters: { y: intger }\n"),
     "reports/r.yaml:3:18: expected boolean, integer, bigint, decimal(p,s), double, text, date or timestamp for \"type\", found \"intger\"; did you mean \"integer\"?"},
    {REPORT("parameters: { y: \"decimal(40,2)\" }\n"), "reports/r.yaml:3:18: expected boolean"},
    {REPORT("parameters: { y: \"decimal(p,s)\" }\n"),
     "reports/r.yaml:3:18: expected a decimal with its digits like decimal(12,2) for \"type\""},
    {REPORT("parameters: { y: { default: 1 } }\n"),
     "reports/r.yaml:3:18: parameter \"y\" has no \"type\"; for example `type: integer`"},
    {REPORT("parameters: { y: { type: integer, default: 1.5 } }\n"),
     "reports/r.yaml:3:44: expected a value of type integer for \"default\", found \"1.5\""},
    {REPORT("parameters: { y: { type: integer, default: 3000000000 } }\n"),
     "reports/r.yaml:3:44: expected a value of type integer"},
    {REPORT("parameters: { y: { type: boolean, default: si } }\n"),
     "reports/r.yaml:3:44: expected a value of type boolean"},
    {REPORT("parameters: { y: { type: date, default: today } }\n"),
     "reports/r.yaml:3:41: expected a value of type date"},
    {REPORT("parameters: { y: { type: \"decimal(4,1)\", default: x } }\n"),
     "reports/r.yaml:3:51: expected a value of type decimal(4,1)"},
    {REPORT("parameters: { y: { type: timestamp, default: x } }\n"),
     "reports/r.yaml:3:46: expected a value of type timestamp"},
    {REPORT("parameters: { y z: text }\n"),
     "reports/r.yaml:3:15: \"y z\" cannot be the name of a parameter"},
    {REPORT("chart: { type: pie, x: a, y: b }\n"),
     "reports/r.yaml:3:16: expected bar, line, area or hbar for \"type\", found \"pie\""},
    {REPORT("chart: { type: bar, y: b }\n"),
     "reports/r.yaml:3:8: the chart has no \"x\"; for example `x: product_name`"},
};

/* ---- running them ---- */

static void write_files(struct q_arena *arena, const char *dir, const struct file *files, size_t n)
{
    for (size_t i = 0; i < n && files[i].path; i++) {
        const char *path = q_path_join(arena, dir, files[i].path);
        assert_int_equal(q_dir_make(q_path_dir(arena, path), NULL), Q_OK);
        assert_int_equal(q_file_write(path, q_str(files[i].text), NULL), Q_OK);
    }
}

static enum q_code load_files(struct q_arena *arena, const struct file *files, size_t n,
                              const char *env, struct q_err *err)
{
    char dir[] = "/tmp/quern-errors-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_files(arena, dir, base, sizeof base / sizeof *base);
    write_files(arena, dir, files, n);
    struct cfg_options options = {.dir = dir, .env = env, .drivers = drivers};
    struct cfg_project *project = NULL;
    enum q_code code = cfg_load(arena, &options, &project, err);
    assert_int_equal(q_dir_remove(dir, NULL), Q_OK);
    return code;
}

static void run_trials(const struct trial *trials, size_t n)
{
    int wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct q_arena *arena = q_arena_new(NULL, "trial");
        struct q_err err = {0};
        enum q_code code = load_files(arena, trials[i].files, 3, NULL, &err);
        if (code != Q_CONFIG || !q_starts(err.message, trials[i].message)) {
            wrong++;
            print_error("%zu: expected: %s\n   found %d: %s\n", i, trials[i].message, (int)code,
                        err.message);
        }
        q_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

#define TRIALS(name, table)                                 \
    static void name(void **state)                          \
    {                                                       \
        (void)state;                                        \
        run_trials(table, sizeof(table) / sizeof *(table)); \
    }

TRIALS(broken_yaml_says_where, yaml_trials)
TRIALS(wrong_project_files_say_where, project_trials)
TRIALS(unset_variables_say_where, variable_trials)
TRIALS(wrong_models_say_where, model_trials)
TRIALS(wrong_roles_say_where, role_trials)
TRIALS(wrong_sources_say_where, source_trials)
TRIALS(wrong_steps_say_where, step_trials)
TRIALS(wrong_rules_say_where, rule_trials)
TRIALS(wrong_loads_say_where, load_trials)
TRIALS(wrong_reports_say_where, report_trials)

static void the_small_project_is_right(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "trial");
    struct q_err err = {0};
    assert_int_equal(load_files(arena, NULL, 0, NULL, &err), Q_OK);
    q_arena_free(arena);
}

static void an_unknown_environment_is_refused(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "trial");
    struct q_err err = {0};
    assert_int_equal(load_files(arena, NULL, 0, "dv", &err), Q_CONFIG);
    assert_non_null(strstr(err.message, "unknown environment \"dv\"; did you mean \"dev\"?"));
    q_arena_free(arena);
}

static void a_missing_project_says_how_to_make_one(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "trial");
    char dir[] = "/tmp/quern-errors-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct cfg_options options = {.dir = dir};
    struct cfg_project *project = NULL;
    struct q_err err = {0};
    assert_int_equal(cfg_load(arena, &options, &project, &err), Q_CONFIG);
    assert_string_equal(err.message,
                        q_printf(arena, "no project in \"%s\": there is no quern.yaml", dir));
    assert_non_null(strstr(err.hint, "quern init DIR --template retail"));
    assert_int_equal(q_dir_remove(dir, NULL), Q_OK);
    assert_int_equal(cfg_load(arena, &options, &project, &err), Q_CONFIG);
    assert_non_null(strstr(err.message, "there is no such directory"));
    q_arena_free(arena);
}

static void further_errors_are_counted(void **state)
{
    (void)state;
    static const struct file files[] = {
        {"model/d.yaml",
         "dimension: d\nkey: d_key\nbusiness_key: [id]\ncolumns:\n  id: { tpye: text, nulable: no }\n"},
        {"pipelines/p.yaml", "pipelin: p\n"},
    };
    struct q_arena *arena = q_arena_new(NULL, "trial");
    struct q_err err = {0};
    assert_int_equal(load_files(arena, files, 2, NULL, &err), Q_CONFIG);
    assert_string_equal(err.message,
                        "model/d.yaml:5:9: unknown key \"tpye\"; did you mean \"type\"?");
    assert_string_equal(
        err.hint,
        "The keys of column \"id\" are type, nullable, check, sensitive, description, history.");
    assert_string_equal(err.detail, "2 more errors; the next one is at model/d.yaml:5:21.");
    q_arena_free(arena);
}

static void a_secret_is_never_shown(void **state)
{
    (void)state;
    static const struct file trials[][3] = {
        {{"quern.yaml", PROJECT "secrets: s.env\n"},
         {"s.env", "S=hush\n"},
         {"pipelines/p.yaml",
          "pipeline: p\nextract: { s: { from: files, path: x, skip: \"${S}\" } }\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\nvariables: { V: \"a${S}\" }\n"},
         {"s.env", "S=hush\n"},
         {"model/f.yaml",
          "fact: f\ngrain: [n]\ncolumns: { n: { type: bigint, nullable: \"${V}\" } }\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\n"},
         {"s.env", "S=hush\n"},
         {"pipelines/p.yaml",
          "pipeline: p\nextract: { s: { from: files, path: x } }\nload: { into: f, mode: \"${S}\" }\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\n"}, {"s.env", "hush\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\n"},
         {"s.env", "S=hush\n"},
         {"model/f.yaml", "fact: ${S}\ngrain: [n]\ncolumns: { n: bigint }\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\n"},
         {"s.env", "S=hush\n"},
         {"model/f.yaml", "fact: f\ngrain: [\"${S}\"]\ncolumns: { n: bigint }\n"}},
        {{"quern.yaml", PROJECT "secrets: s.env\n"},
         {"s.env", "S=hush\n"},
         {"pipelines/p.yaml",
          "pipeline: p\nextract: { s: { from: \"${S}\", path: x } }\nload: { into: f, mode: upsert }\n"}},
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        struct q_arena *arena = q_arena_new(NULL, "trial");
        struct q_err err = {0};
        assert_int_equal(load_files(arena, trials[i], 3, NULL, &err), Q_CONFIG);
        if (!err.message[0] || strstr(err.message, "hush") || strstr(err.hint, "hush") ||
            strstr(err.detail, "hush"))
            fail_msg("%zu: %s (%s)", i, err.message, err.hint);
        q_arena_free(arena);
    }
}

static void an_unreadable_file_is_named(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "trial");
    struct q_err err = {0};
    static const struct file inside[] = {{"model/x.yaml/file", ""}};
    assert_int_equal(load_files(arena, inside, 1, NULL, &err), Q_CONFIG);
    assert_non_null(strstr(err.message, "model/x.yaml\": it is a directory"));
    q_arena_free(arena);
}

/* Values that aliases multiply: 10^9 of them in ten lines. */
static void aliases_are_bounded(void **state)
{
    (void)state;
    static const struct file wide[] = {
        {"model/x.yaml",
         "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
         "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
         "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"}};
    struct q_arena *arena = q_arena_new(NULL, "trial");
    struct q_err err = {0};
    assert_int_equal(load_files(arena, wide, 1, NULL, &err), Q_CONFIG);
    assert_non_null(strstr(err.message, "more than 100000 values"));
    const char *deep = "a0: &a0 [x]\n";
    for (int i = 1; i < 40; i++)
        deep = q_printf(arena, "%sa%d: &a%d [*a%d]\n", deep, i, i, i - 1);
    assert_int_equal(load_files(arena, &(struct file){"model/x.yaml", deep}, 1, NULL, &err),
                     Q_CONFIG);
    assert_non_null(strstr(err.message, "more than 32 levels"));
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_small_project_is_right),
        cmocka_unit_test(broken_yaml_says_where),
        cmocka_unit_test(wrong_project_files_say_where),
        cmocka_unit_test(unset_variables_say_where),
        cmocka_unit_test(wrong_models_say_where),
        cmocka_unit_test(wrong_roles_say_where),
        cmocka_unit_test(wrong_sources_say_where),
        cmocka_unit_test(wrong_steps_say_where),
        cmocka_unit_test(wrong_rules_say_where),
        cmocka_unit_test(wrong_loads_say_where),
        cmocka_unit_test(wrong_reports_say_where),
        cmocka_unit_test(an_unknown_environment_is_refused),
        cmocka_unit_test(a_missing_project_says_how_to_make_one),
        cmocka_unit_test(further_errors_are_counted),
        cmocka_unit_test(a_secret_is_never_shown),
        cmocka_unit_test(an_unreadable_file_is_named),
        cmocka_unit_test(aliases_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
