/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "prove/internal.h"
#include "sql/build.h"

enum { CUSTOMERS = 2000, SALES = 8000, EVENTS = 8000, FILE_BYTES = 256 << 20 };
enum {
    LEAST_MEMORY = 120 << 20,
    MOST_MEMORY = 260 << 20
}; /* of address space, where a run needs more */

static const char *const pipelines[] = {"customers", "sales", "events"};
enum { N_PIPELINES = sizeof pipelines / sizeof pipelines[0], APPENDS = 2 };

static const char *const files[][2] = {
    {"prove/crash/quern.yaml", "quern.yaml"},
    {"prove/crash/dim_c.yaml", "model/dim_c.yaml"},
    {"prove/crash/sales.yaml", "model/sales.yaml"},
    {"prove/crash/events.yaml", "model/events.yaml"},
    {"prove/crash/load_c.yaml", "pipelines/customers.yaml"},
    {"prove/crash/load_sales.yaml", "pipelines/sales.yaml"},
    {"prove/crash/load_events.yaml", "pipelines/events.yaml"},
};

struct crash {
    struct q_arena *arena;
    const struct prove_crash_options *o;
    struct prove_crash_result *out;
    const char *dir, *warehouse, *saved;
    struct model *model;
    uint64_t random;
    const char *before, *after[N_PIPELINES];
    double seconds[N_PIPELINES]; /* that a run takes */
    int64_t bytes[N_PIPELINES];  /* of the warehouse after it */
};

const char *prove_crash_name(enum prove_crash_kind kind)
{
    switch (kind) {
    case PROVE_KILL:
        return "killed";
    case PROVE_DISK:
        return "no room on disk";
    case PROVE_MEMORY:
        return "little memory";
    case PROVE_CRASH_KINDS:
        break;
    }
    return "?";
}

/* splitmix64, Steele, Lea, Flood 2014. */
static uint64_t next_random(struct crash *c)
{
    uint64_t z = (c->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 .. below-1 */
static int64_t random_below(struct crash *c, int64_t below)
{
    return below > 0 ? (int64_t)(next_random(c) % (uint64_t)below) : 0;
}

/* ---- the project ---- */

static void remove_dir(void *path)
{
    struct q_err err = {0};
    if (q_dir_remove(path, &err))
        q_log(Q_LOG_WARN, "%s", err.message);
}

static enum q_code make_dir(struct crash *c, struct q_err *err)
{
    const char *root = getenv("TMPDIR");
    char *path = q_printf(c->arena, "%s/quern-crash-XXXXXX", root && *root ? root : "/tmp");
    if (!mkdtemp(path))
        return q_fail(err, Q_NOSPACE, "could not make \"%s\": %s", path, strerror(errno));
    q_arena_defer(c->arena, remove_dir, path);
    c->dir = path;
    c->warehouse = q_path_join(c->arena, path, "warehouse.duckdb");
    c->saved = q_path_join(c->arena, path, "saved.duckdb");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !code; i++) {
        const char *to = q_path_join(c->arena, path, files[i][1]);
        code = q_dir_make(q_path_dir(c->arena, to), err);
        if (!code)
            code = q_file_write(to, q_str(q_embed_text(files[i][0])), err);
    }
    return code;
}

static enum q_code write_rows(struct crash *c, const char *name, struct q_buf *text,
                              struct q_err *err)
{
    enum q_code code = q_buf_check(text, name, err);
    if (!code)
        code = q_file_write(q_path_join(c->arena, c->dir, name), (struct q_str){text->p, text->n},
                            err);
    q_buf_release(text);
    return code;
}

/* The second delivery has changes, late rows, new and missing keys. */
static enum q_code write_customers(struct crash *c, bool second, struct q_err *err)
{
    struct q_buf b;
    q_buf_init(&b, FILE_BYTES);
    q_buf_adds(&b, "id,name,city,tier,at\n");
    for (int i = 0; i < CUSTOMERS + (second ? 200 : 0); i++) {
        if (second && i % 11 == 0)
            continue;
        q_buf_printf(&b, "%d,n%d,c%d,t%d,2024-0%d-01 00:00:00\n", i, i + (second && i % 5 == 0),
                     i % 50 + (second && i % 3 == 0 ? 1 : 0), i % 4 + (second && i % 7 == 0),
                     second ? 6 : 3);
        if (second && i % 9 == 1)
            q_buf_printf(&b, "%d,n%d,late,t%d,2024-04-01 00:00:00\n", i, i, i % 4);
    }
    return write_rows(c, "c.csv", &b, err);
}

static enum q_code write_facts(struct crash *c, bool second, struct q_err *err)
{
    struct q_buf b;
    int shift = second ? SALES / 2 : 0;
    q_buf_init(&b, FILE_BYTES);
    q_buf_adds(&b, "sale,day,id,amount\n");
    for (int i = 0; i < SALES; i++)
        q_buf_printf(&b, "%d,2024-%02d-15,%d,%d.%02d\n", i + shift, i % 12 + 1, i % CUSTOMERS,
                     i % 977 + shift % 7, i % 100);
    enum q_code code = write_rows(c, "s.csv", &b, err);
    q_buf_init(&b, FILE_BYTES);
    q_buf_adds(&b, "event,note\n");
    for (int i = 0; i < EVENTS; i++)
        q_buf_printf(&b, "%d,note number %d of many\n", i + (second ? EVENTS : 0), i);
    return code ? code : write_rows(c, "e.csv", &b, err);
}

static enum q_code deliver(struct crash *c, bool second, struct q_err *err)
{
    enum q_code code = write_customers(c, second, err);
    return code ? code : write_facts(c, second, err);
}

/* ---- child processes ---- */

struct limits {
    enum prove_crash_kind kind;
    int64_t delay; /* PROVE_KILL: microseconds; negative: never */
    int64_t bytes; /* PROVE_DISK: no file may be larger; PROVE_MEMORY: of address space */
};

static void become_run(const struct crash *c, const char *pipeline, const struct limits *l)
{
    int log = open(q_path_join(c->arena, c->dir, "log"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    struct rlimit r = {(rlim_t)l->bytes, (rlim_t)l->bytes};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    if (l->kind == PROVE_DISK) {
        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &r))
            _exit(126);
    }
    /* The engine takes a memory_limit below 128 MB for that, which these loads do not need: so the real thing. */
    if (l->kind == PROVE_MEMORY && setrlimit(RLIMIT_AS, &r))
        _exit(126);
    (void)execl(c->o->program, "quern", "run", pipeline, "--project", c->dir, "--quiet", "--env",
                "roomy", "--as-of", "2024-07-01", "--wait", "0", (char *)NULL);
    _exit(127);
}

/* *status: as of waitpid(). */
static enum q_code run_child(struct crash *c, const char *pipeline, const struct limits *l,
                             int *status, struct q_err *err)
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        return q_fail(err, Q_NOMEM, "could not start a process: %s", strerror(errno));
    if (pid == 0)
        become_run(c, pipeline, l);
    if (l->kind == PROVE_KILL && l->delay >= 0) {
        (void)usleep((useconds_t)l->delay);
        (void)kill(pid, SIGKILL);
    }
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return q_fail(err, Q_INTERNAL, "could not wait for a process: %s", strerror(errno));
    return q_cancelled() ? q_fail(err, Q_CANCELLED, "cancelled") : Q_OK;
}

/* The first lines that the last child printed. */
static const char *child_said(struct crash *c)
{
    struct q_str text;
    struct q_err unused = {0};
    if (q_file_read(c->arena, q_path_join(c->arena, c->dir, "log"), FILE_BYTES, &text, &unused))
        return "";
    return q_strndup(c->arena, text.p, text.n < 300 ? text.n : 300);
}

/* ---- the target ---- */

static enum q_code copy(struct crash *c, const char *from, const char *to, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(c->arena, "copy");
    struct q_str text;
    enum q_code code = q_file_read(scratch, from, FILE_BYTES, &text, err);
    if (!code)
        code = q_file_write(to, text, err);
    q_arena_free(scratch);
    return code;
}

static enum q_code restore(struct crash *c, struct q_err *err)
{
    (void)unlink(q_printf(c->arena, "%s.wal", c->warehouse));
    (void)unlink(q_printf(c->arena, "%s.lock", c->warehouse));
    enum q_code code = q_dir_remove(q_path_join(c->arena, c->dir, ".quern"), err);
    return code ? code : copy(c, c->saved, c->warehouse, err);
}

/* `recorded` (may be NULL): runs that did not publish and are on record. */
static enum q_code look(struct crash *c, const char **content, int64_t *recorded, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(c->arena, "look");
    struct db_settings settings = {.threads = 1};
    struct db *db;
    struct db_conn *conn;
    const char *found = "";
    enum q_code code = db_open(scratch, &settings, &db, err);
    if (!code)
        code = db_connect(db, scratch, &conn, err);
    if (!code)
        code = db_attach(conn, c->warehouse, "wh", true, err);
    if (!code)
        code = prove_fingerprint(conn, scratch, c->model, &found, err);
    if (!code && recorded)
        code = db_get_ints(conn, q_embed_text("prove/count_unpublished.sql"), NULL, 0, recorded, 1,
                           0, err);
    *content = q_strdup(c->arena, found);
    q_arena_free(scratch);
    return code;
}

static enum q_code load_model(struct crash *c, struct q_err *err)
{
    struct cfg_project *project;
    struct cfg_options o = {.dir = c->dir};
    enum q_code code = cfg_load(c->arena, &o, &project, err);
    return code ? code : model_build(c->arena, project, &c->model, err);
}

/* One pipeline undisturbed. `again`: it was run before, and a load that only appends rejects every row then. */
static enum q_code run_well(struct crash *c, size_t pipeline, bool again, struct q_err *err)
{
    struct limits none = {.kind = PROVE_KILL, .delay = -1};
    int status;
    int64_t start = q_ticks();
    int wanted = again && pipeline == APPENDS ? q_code_exit(Q_FAILED) : 0;
    enum q_code code = run_child(c, pipelines[pipeline], &none, &status, err);
    if (!code && (!WIFEXITED(status) || WEXITSTATUS(status) != wanted))
        code = q_fail(err, Q_INTERNAL, "pipeline \"%s\" of the crash suite does not run: %s",
                      pipelines[pipeline], child_said(c));
    c->seconds[pipeline] = (double)(q_ticks() - start) / 1e6;
    return code;
}

/* The two states that are allowed, for each pipeline. */
static enum q_code learn(struct crash *c, struct q_err *err)
{
    enum q_code code = deliver(c, false, err);
    for (size_t i = 0; i < N_PIPELINES && !code; i++)
        code = run_well(c, i, false, err);
    if (!code)
        code = copy(c, c->warehouse, c->saved, err);
    if (!code)
        code = look(c, &c->before, NULL, err);
    if (!code)
        code = deliver(c, true, err);
    for (size_t i = 0; i < N_PIPELINES && !code; i++) {
        struct q_file_info info;
        code = restore(c, err);
        if (!code)
            code = run_well(c, i, false, err);
        if (!code)
            code = look(c, &c->after[i], NULL, err);
        if (!code && q_streq(c->before, c->after[i]))
            code = q_fail(err, Q_INTERNAL, "pipeline \"%s\" of the crash suite changes nothing",
                          pipelines[i]);
        c->bytes[i] = q_file_stat(c->warehouse, &info) ? info.size : 0;
    }
    return code;
}

/* ---- one crash ---- */

static struct limits choose(struct crash *c, size_t pipeline)
{
    int64_t dice = random_below(c, 100);
    struct limits l = {.kind = dice < 80 ? PROVE_KILL : dice < 95 ? PROVE_DISK : PROVE_MEMORY};
    if (l.kind == PROVE_KILL)
        l.delay = random_below(c, (int64_t)(c->seconds[pipeline] * 1.1e6));
    if (l.kind == PROVE_DISK)
        l.bytes = random_below(c, c->bytes[pipeline] + 65536);
    if (l.kind == PROVE_MEMORY)
        l.bytes = LEAST_MEMORY + random_below(c, MOST_MEMORY - LEAST_MEMORY);
    return l;
}

static size_t journals(struct crash *c)
{
    q_paths names = {0};
    struct q_err unused = {0};
    const char *dir = q_path_join(c->arena, c->dir, ".quern/runs");
    return q_dir_list(c->arena, dir, ".json", &names, &unused) ? 0 : names.n;
}

static void differ(struct crash *c, int64_t number, const char *pipeline, const struct limits *l,
                   const char *what)
{
    *q_vec_push(c->arena, &c->out->differences) =
        q_printf(c->arena, "crash %" PRId64 " (%s, %s, %" PRId64 "): %s", number, pipeline,
                 prove_crash_name(l->kind), l->kind == PROVE_KILL ? l->delay : l->bytes, what);
}

static enum q_code crash_once(struct crash *c, int64_t number, struct q_err *err)
{
    size_t p = (size_t)random_below(c, N_PIPELINES);
    struct limits l = choose(c, p);
    const char *found, *then;
    int64_t recorded = 0;
    int status;
    enum q_code code = restore(c, err);
    if (!code)
        code = run_child(c, pipelines[p], &l, &status, err);
    if (!code)
        code = look(c, &found, NULL, err);
    if (code)
        return code;
    bool is_before = q_streq(found, c->before), is_after = q_streq(found, c->after[p]);
    bool died = journals(c) > 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0 &&
        WEXITSTATUS(status) != q_code_exit(Q_NOSPACE))
        differ(c, number, pipelines[p], &l,
               q_printf(c->arena, "it ended with exit code %d: %s", WEXITSTATUS(status),
                        child_said(c)));
    if (!is_before && !is_after)
        differ(c, number, pipelines[p], &l, "the target is neither as before nor as after");
    c->out->landed[l.kind].before += is_before;
    c->out->landed[l.kind].after += is_after;
    struct q_err failed = {0};
    if (run_well(c, p, is_after, &failed)) {
        differ(c, number, pipelines[p], &l, failed.message);
        return failed.code == Q_CANCELLED ? q_fail(err, Q_CANCELLED, "cancelled") : Q_OK;
    }
    code = look(c, &then, &recorded, err);
    if (!code && !q_streq(then, c->after[p]))
        differ(c, number, pipelines[p], &l, "the next run gave another target");
    if (!code && died && is_before && recorded != 1)
        differ(c, number, pipelines[p], &l, "the run that died is not on record");
    if (!code && journals(c) > 0)
        differ(c, number, pipelines[p], &l, "its journal is left behind");
    return code;
}

enum q_code prove_crash(struct q_arena *arena, const struct prove_crash_options *o,
                        struct prove_crash_result *out, struct q_err *err)
{
    struct crash c = {.arena = q_arena_new(arena, "crash"), .o = o, .out = out, .random = o->seed};
    int64_t start = q_ticks();
    *out = (struct prove_crash_result){0};
    enum q_code code = make_dir(&c, err);
    if (!code)
        code = load_model(&c, err);
    if (!code)
        code = learn(&c, err);
    for (int64_t i = 0; i < o->kills && !code; i++)
        code = crash_once(&c, i + 1, err);
    out->seconds = (double)(q_ticks() - start) / 1e6;
    for (size_t i = 0; i < out->differences.n; i++)
        out->differences.v[i] = q_strdup(arena, out->differences.v[i]);
    if (out->differences.n) { /* the list itself, too */
        q_texts kept = {0};
        for (size_t i = 0; i < out->differences.n; i++)
            *q_vec_push(arena, &kept) = out->differences.v[i];
        out->differences = kept;
    }
    q_arena_free(c.arena);
    return code;
}
