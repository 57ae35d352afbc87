/* SPDX-License-Identifier: Apache-2.0 */
/* A file at an address: brought here as a whole before anything looks at it. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "extract/file/internal.h"
#include "net/download.h"

enum { HOURS = 24 };

struct file_remote {
    struct q_arena *arena;
    struct net_client *client;
    struct net_download download;
    const char *path; /* of the temporary file */
};

bool file_is_remote(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
}

static void remove_file(void *self)
{
    struct file_remote *r = self;
    (void)unlink(r->path);
    (void)rmdir(q_path_dir(r->arena, r->path)); /* of the process; others may still use it */
}

/* What is shown of an address in messages, and what its ending is judged by: no parameters. */
static const char *without_parameters(struct q_arena *arena, const char *url)
{
    const char *shown = net_url_shown(arena, url, NULL);
    return q_strndup(arena, shown, strcspn(shown, "?#"));
}

enum q_code file_fetch(struct extract_file *s, struct q_err *err)
{
    static int number;
    struct q_arena *arena = s->arena;
    const char *url = s->o->path;
    struct file_remote *r = q_new(arena, struct file_remote);
    struct extract_file_options *o = q_new(arena, struct extract_file_options);
    struct net_settings *set = q_new(arena, struct net_settings);
    *set = (struct net_settings){.what = "a file source",
                                 .timeout = HOURS * 3600 * Q_USEC_PER_SEC,
                                 .max_bytes = INT64_C(1) << 40};
    *o = *s->o;
    o->path = without_parameters(arena, url);
    s->o = o;
    r->arena = arena;
    const char *dir = q_path_join(arena, s->in->dir ? s->in->dir : ".",
                                  q_printf(arena, ".quern/tmp/%ld", (long)getpid()));
    r->path = q_path_join(arena, dir, q_printf(arena, "remote_%d", ++number));
    enum q_code code = net_open(arena, set, &r->client, err);
    if (!code)
        code = q_dir_make(dir, err);
    if (!code) {
        q_arena_defer(arena, remove_file, r);
        code = net_download(arena, r->client, url, r->path, &r->download, err);
    }
    if (code)
        return code;
    s->remote = r;
    s->items = q_alloc_array(arena, 1, sizeof *s->items);
    s->items[0] = (struct file_item){
        .path = net_url_shown(arena, url, NULL), .full = r->path, .size = r->download.size};
    *q_vec_push(arena, &s->paths) = s->items[0].path;
    return Q_OK;
}

enum q_code extract_file_remote_same(const struct extract_file *s, struct q_err *err)
{
    return s->remote ? net_download_same(s->arena, s->remote->client, &s->remote->download, err)
                     : Q_OK;
}

bool extract_file_is_remote(const struct extract_file *s)
{
    return s->remote != NULL;
}
