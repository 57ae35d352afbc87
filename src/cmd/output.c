/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/suggest.h"
#include "format/encode/encode.h"
#include "format/write/writer.h"

const char *cmd_output_format(struct q_arena *arena, const char *path)
{
    static const struct {
        const char *ending, *format;
    } endings[] = {{".csv", "csv"},
                   {".json", "json"},
                   {".ndjson", "ndjson"},
                   {".jsonl", "ndjson"},
                   {".html", "html"}};
    const char *bare = encode_bare_name(arena, path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (q_ends(bare, endings[i].ending))
            return endings[i].format;
    return NULL;
}

static const char *format_of(const struct cmd_ctx *ctx, const char *path, const char *format)
{
    if (!format && path)
        format = cmd_output_format(ctx->arena, path);
    return format ? format : ctx->global->json ? "json" : "table";
}

/* A device, a pipe or a directory is written as it is: renaming onto it would put a file in its place. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

enum q_code cmd_output_open(struct cmd_ctx *ctx, const char *path, const char *format,
                            struct cmd_output *out, struct q_err *err)
{
    *out = (struct cmd_output){.format = format_of(ctx, path, format), .file = stdout};
    if (path) {
        char target[PATH_MAX]; /* a link keeps pointing at its file */
        out->path = realpath(path, target) ? q_strdup(ctx->arena, target) : path;
        if (!is_special(path))
            out->temp = q_printf(ctx->arena, "%s.%ld.tmp", out->path, (long)getpid());
        out->file = fopen(out->temp ? out->temp : out->path, "we");
        if (!out->file)
            return q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", path, strerror(errno));
    }
    out->sink = write_to_file(out->file);
    const char *how = path ? encode_by_name(path) : NULL;
    if (!how)
        return Q_OK;
    enum q_code code = encode_sink(ctx->arena, how, out->sink, &out->sink, err);
    return code ? cmd_output_close(out, code, err) : Q_OK;
}

enum q_code cmd_output_close(struct cmd_output *out, enum q_code code, struct q_err *err)
{
    if (!out->path)
        return code;
    bool ok = fflush(out->file) == 0 && (!out->temp || fsync(fileno(out->file)) == 0);
    ok = fclose(out->file) == 0 && ok;
    if (!code && ok && (!out->temp || rename(out->temp, out->path) == 0))
        return Q_OK;
    int why = errno;
    if (out->temp)
        (void)unlink(out->temp);
    return code ? code
                : q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", out->path, strerror(why));
}

void cmd_put(const char *text)
{
    enum { LONGEST = 1 << 28 };
    struct q_buf shown;
    q_buf_init(&shown, LONGEST);
    writer_shown(&shown, q_str(text));
    (void)fwrite(shown.p, 1, shown.n, stdout);
    q_buf_release(&shown);
}

enum q_code cmd_print_json(const struct q_json *value, bool pretty, struct q_err *err)
{
    struct q_buf text;
    q_buf_init(&text, 1U << 30);
    q_json_write(value, pretty, &text);
    q_buf_addc(&text, '\n');
    enum q_code code = q_buf_check(&text, "the JSON output", err);
    if (!code)
        (void)fwrite(text.p, 1, text.n, stdout); /* checked at exit */
    q_buf_release(&text);
    return code;
}

enum q_code cmd_unknown(const char *what, const char *name, const q_texts *names,
                        const char *otherwise, struct q_err *err)
{
    enum q_code code = q_fail(err, Q_USAGE, "unknown %s \"%s\"", what, name);
    q_suggest_hint(err, name, names->v, names->n, otherwise);
    return code;
}

enum q_code cmd_find_table(const struct cmd_ctx *ctx, const char *name,
                           const struct model_table **out, struct q_err *err)
{
    const struct model *m = ctx->model;
    q_texts names = {0};
    *out = model_find(m, name);
    for (size_t i = 0; i < m->n && !*out; i++) {
        *q_vec_push(ctx->arena, &names) = m->tables[i].name;
        if (q_strcaseeq(m->tables[i].stored, name))
            *out = &m->tables[i];
    }
    return *out ? Q_OK : cmd_unknown("table", name, &names, "Tables are the files in model/.", err);
}
