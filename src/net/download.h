/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file over HTTP, as a whole or not at all.
 *
 * It is written to a local file as it is on the server (not decompressed), under the client's guarantees (net/http.h): a cut
 * transfer is tried again from its beginning and never leaves a part. What the server says of the file (ETag, Last-Modified,
 * length) is kept, so that net_download_same() can tell whether it is still the same.
 */
#ifndef Q_NET_DOWNLOAD_H
#define Q_NET_DOWNLOAD_H

#include "net/http.h"

struct net_download {
    const char *url; /* as it was asked for: may hold secrets */
    const char *shown;
    const char *etag, *changed; /* NULL: not told */
    int64_t size;               /* bytes */
};

/* Into `path`, which is made anew. Q_SOURCE: not there, not whole, or a web page in place of a file; Q_NOSPACE: it could not be
 * written. On an error there is no file. */
Q_MUST_CHECK enum q_code net_download(struct q_arena *arena, struct net_client *client,
                                      const char *url, const char *path, struct net_download *out,
                                      struct q_err *err);
/* Ask for the headers again. Q_SOURCE when the file on the server is another one by now; a server that does not answer HEAD,
 * or tells nothing, is taken to have the same. */
Q_MUST_CHECK enum q_code net_download_same(struct q_arena *arena, struct net_client *client,
                                           const struct net_download *file, struct q_err *err);

#endif
