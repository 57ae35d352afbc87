/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader reads a file. */
#include "extract/file/internal.h"

static const struct file_reader *const readers[] = {&file_csv,     &file_fixed, &file_json,
                                                    &file_parquet, &file_xlsx,  &file_xml};
enum { READERS = sizeof readers / sizeof *readers };

static bool reads(const struct file_reader *r, const char *ending)
{
    for (const char *const *e = r->endings; *e; e++)
        if (q_strcaseeq(*e, ending))
            return true;
    return false;
}

/* What stands behind the last point of the path's name, those of compression left aside; "" when nothing does. */
static void ending_of(const char *path, char *out, size_t room)
{
    size_t n = strlen(path);
    for (const char *const *c = (const char *const[]){".gz", ".zst", ".zstd", NULL}; *c; c++)
        if (q_ends(path, *c)) {
            n -= strlen(*c);
            break;
        }
    size_t at = n;
    while (at > 0 && path[at - 1] != '.' && path[at - 1] != '/')
        at--;
    if (at == 0 || path[at - 1] != '.' || n - at >= room)
        at = n;
    memcpy(out, path + at, n - at);
    out[n - at] = 0;
}

const char *file_ending(struct q_arena *arena, const char *path)
{
    char ending[64];
    ending_of(path, ending, sizeof ending);
    return q_strdup(arena, ending);
}

enum q_code file_reader_of(const struct extract_file_options *o, const struct file_reader **out,
                           struct q_err *err)
{
    char ending[64];
    bool declared = o->format && !q_streq(o->format, "auto");
    ending_of(o->path, ending, sizeof ending);
    for (size_t i = 0; i < READERS; i++)
        if (declared ? reads(readers[i], o->format) : reads(readers[i], ending)) {
            *out = readers[i];
            return Q_OK;
        }
    enum q_code code =
        q_fail(err, Q_CONFIG, "cannot tell the format of \"%s\" from its ending", o->path);
    struct q_buf names;
    q_buf_init(&names, Q_ERR_HINT);
    for (size_t i = 1; i < READERS; i++)
        q_buf_printf(&names, "%s%s", i > 1 ? ", " : "", readers[i]->format);
    q_hint(err, "Declare it: `format: %s` (or %s).", readers[0]->format, q_buf_text(&names));
    q_buf_release(&names);
    return code;
}
