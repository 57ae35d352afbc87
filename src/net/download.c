/* SPDX-License-Identifier: Apache-2.0 */
#include "net/download.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

struct sink {
    const char *path;
    FILE *file;
    bool page; /* a web page is what is wanted */
};

static enum q_code write_error(const struct sink *s, struct q_err *err)
{
    return q_fail(err, Q_NOSPACE, "could not write the temporary file \"%s\": %s", s->path,
                  strerror(errno));
}

static enum q_code begin(void *self, const struct net_response *answer, struct q_err *err)
{
    struct sink *s = self;
    if (!s->page && strstr(answer->type, "html")) {
        enum q_code code =
            q_fail(err, Q_SOURCE, "could not get \"%s\": it is a web page (%s), not a file",
                   answer->url, answer->type);
        q_hint(err, "Check the address; a login page often stands in front of a file.");
        return code;
    }
    if (s->file)
        (void)fclose(s->file);
    s->file = fopen(s->path, "wbe");
    return s->file ? Q_OK : write_error(s, err);
}

static enum q_code take(void *self, const char *p, size_t n, struct q_err *err)
{
    struct sink *s = self;
    return fwrite(p, 1, n, s->file) == n ? Q_OK : write_error(s, err);
}

enum q_code net_download(struct q_arena *arena, struct net_client *client, const char *url,
                         const char *path, struct net_download *out, struct q_err *err)
{
    struct sink sink = {.path = path};
    sink.page = strstr(url, ".htm") != NULL;
    struct net_request r = {
        .url = url, .identity = true, .begin = begin, .body_to = take, .self = &sink};
    struct net_response answer;
    enum q_code code = net_send(client, &r, arena, &answer, err);
    if (sink.file && fclose(sink.file) != 0 && !code)
        code = write_error(&sink, err);
    if (code) {
        if (sink.file)
            (void)unlink(path);
        if (answer.status == 401 || answer.status == 403)
            q_hint(err,
                   "The address needs credentials; for an API declare a connection of type rest.");
        return code;
    }
    *out = (struct net_download){.url = q_strdup(arena, url),
                                 .shown = answer.url,
                                 .etag = answer.etag,
                                 .changed = answer.changed,
                                 .size = answer.bytes};
    return Q_OK;
}

/* Both tell, and they differ. */
static bool differ(const char *a, const char *b)
{
    return a && b && !q_streq(a, b);
}

enum q_code net_download_same(struct q_arena *arena, struct net_client *client,
                              const struct net_download *file, struct q_err *err)
{
    struct net_request r = {.url = file->url, .method = "HEAD", .identity = true};
    struct net_response now;
    struct q_err why = {0};
    enum q_code code = net_send(client, &r, arena, &now, &why);
    if (code == Q_CANCELLED || (code && (now.status == 404 || now.status == 410))) {
        if (err)
            *err = why;
        return code;
    }
    if (code || !(differ(file->etag, now.etag) || differ(file->changed, now.changed) ||
                  (now.length >= 0 && now.length != file->size)))
        return Q_OK;
    code =
        q_fail(err, Q_SOURCE, "could not read \"%s\" as a whole: it was changed while it was read",
               file->shown);
    q_hint(err, "Run again.");
    return code;
}
