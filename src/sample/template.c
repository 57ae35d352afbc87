/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/template.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/embed.h"

static const char prefix[] = "sample/templates/";

/* Q_USAGE when there is anything in it but .git; a directory that does not exist is fine. */
static enum q_code check_empty(const char *dir, struct q_err *err)
{
    DIR *d = opendir(dir);
    if (!d && errno == ENOENT)
        return Q_OK;
    if (!d)
        return q_fail(err, Q_NOSPACE, "could not open directory \"%s\": %s", dir, strerror(errno));
    enum q_code code = Q_OK;
    for (struct dirent *e; !code && (e = readdir(d)) != NULL;) {
        if (q_streq(e->d_name, ".") || q_streq(e->d_name, "..") || q_streq(e->d_name, ".git"))
            continue;
        code = q_fail(err, Q_USAGE, "cannot make a project in \"%s\": it is not empty", dir);
        q_detail(err, "It holds \"%s\".", e->d_name);
        q_hint(err, "Name a new directory: quern init DIR.");
    }
    (void)closedir(d);
    return code;
}

/* "dot.gitignore" is written as ".gitignore": under its own name it would work in our repository. */
static const char *shown_name(struct q_arena *arena, const char *path)
{
    const char *base = q_path_base(path);
    if (!q_starts(base, "dot."))
        return path;
    return q_printf(arena, "%.*s%s", (int)(base - path), path, base + strlen("dot"));
}

enum q_code sample_template_write(struct q_arena *arena, const char *name, const char *dir,
                                  q_paths *written, struct q_err *err)
{
    const char *root = q_printf(arena, "%s%s/", prefix, name);
    enum q_code code = check_empty(dir, err);
    size_t n = 0;
    for (size_t i = 0; i < q_embed_count && !code; i++) {
        const struct q_embed *file = &q_embed_files[i];
        if (!q_starts(file->path, root))
            continue;
        const char *inside = shown_name(arena, file->path + strlen(root));
        const char *path = q_path_join(arena, dir, inside);
        n++;
        code = q_dir_make(q_path_dir(arena, path), err);
        if (!code)
            code = q_file_write(path, (struct q_str){(const char *)file->data, file->size}, err);
        if (!code && written)
            *q_vec_push(arena, written) = inside;
    }
    if (!code && !n)
        return q_fail(err, Q_USAGE, "unknown template \"%s\": it is one of retail, empty", name);
    return code;
}
