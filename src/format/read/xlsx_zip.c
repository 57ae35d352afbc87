/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xlsx_zip.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "format/decode/decode.h"
#include "format/read/load_lib.h"

enum { PIECE = 1 << 14, LOOK = 1 << 16, TEXT_MAX = 16 << 20, TOKEN_LEAST = 1 << 20 };
static const int64_t RATIO_FROM = 64 << 20, MAX_BYTES = INT64_C(1) << 40;

/* ---- libzip ---- */

struct zip_lib {
    __typeof__(zip_open) *open;
    __typeof__(zip_discard) *discard;
    __typeof__(zip_name_locate) *locate;
    __typeof__(zip_stat_index) *stat;
    __typeof__(zip_fopen_index) *fopen;
    __typeof__(zip_fread) *fread;
    __typeof__(zip_fclose) *fclose;
    __typeof__(zip_file_get_error) *file_error;
    __typeof__(zip_get_error) *error;
    __typeof__(zip_error_strerror) *strerror;
    __typeof__(zip_error_init_with_code) *error_init;
    __typeof__(zip_error_fini) *error_fini;
};

static struct zip_lib lib;
static enum q_code loaded;
static struct q_err why;

static void load(void)
{
    static const char *const names[] = {"libzip.so.5", "libzip.so.4", NULL};
    static const struct lib_function functions[] = {
        {"zip_open", offsetof(struct zip_lib, open)},
        {"zip_discard", offsetof(struct zip_lib, discard)},
        {"zip_name_locate", offsetof(struct zip_lib, locate)},
        {"zip_stat_index", offsetof(struct zip_lib, stat)},
        {"zip_fopen_index", offsetof(struct zip_lib, fopen)},
        {"zip_fread", offsetof(struct zip_lib, fread)},
        {"zip_fclose", offsetof(struct zip_lib, fclose)},
        {"zip_file_get_error", offsetof(struct zip_lib, file_error)},
        {"zip_get_error", offsetof(struct zip_lib, error)},
        {"zip_error_strerror", offsetof(struct zip_lib, strerror)},
        {"zip_error_init_with_code", offsetof(struct zip_lib, error_init)},
        {"zip_error_fini", offsetof(struct zip_lib, error_fini)},
        {0},
    };
    loaded = load_lib(names, functions, "libzip", "libzip4", &lib, &why);
}

static enum q_code load_once(const char *path, struct q_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, load);
    if (loaded && err) {
        *err = why;
        q_context(err, "reading \"%s\"", path);
    }
    return loaded;
}

/* ---- the archive ---- */

struct xlsx_zip {
    const char *path;
    struct xlsx_limits limits;
    zip_t *zip;
    int64_t size; /* of the file */
    int64_t out;  /* bytes taken out of it */
};

/* Does p[0, n) contain a text in UTF-16, as names in an OLE file are? */
static bool has_wide(const char *p, size_t n, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + 2 * length <= n; i++) {
        size_t k = 0;
        while (k < length && p[i + 2 * k] == text[k] && !p[i + 2 * k + 1])
            k++;
        if (k == length)
            return true;
    }
    return false;
}

/* An OLE file holds an old workbook, or a new one that is encrypted. */
static bool is_encrypted(const char *path)
{
    struct q_arena *arena = q_arena_new(NULL, "look");
    char *buf = q_alloc(arena, LOOK);
    bool found = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (int64_t at = 0; fd >= 0 && !found; at += LOOK - 64) {
        ssize_t n = pread(fd, buf, LOOK, at);
        if (n <= 64)
            break;
        found = has_wide(buf, (size_t)n, "EncryptedPackage");
    }
    if (fd >= 0)
        (void)close(fd);
    q_arena_free(arena);
    return found;
}

static enum q_code is_no_workbook(const char *path, const char *head, size_t n, struct q_err *err)
{
    static const char ole[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    enum q_code code;
    size_t at = 0;
    while (at < n && (strchr(" \t\r\n", head[at]) || strchr("\xEF\xBB\xBF", head[at])))
        at++;
    if (n == 0) {
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": the file is empty", path);
    } else if (n >= 8 && memcmp(head, ole, 8) == 0 && is_encrypted(path)) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": the workbook is encrypted", path);
        q_hint(err, "Save it without a password to open it.");
    } else if (n >= 8 && memcmp(head, ole, 8) == 0) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it is an old .xls workbook", path);
        q_hint(err, "Save it as .xlsx (\"Excel Workbook\"), or as CSV.");
    } else if (at < n && head[at] == '<') {
        bool html = strncasecmp(head + at, "<html", 5) == 0 ||
                    strncasecmp(head + at, "<!doctype html", 14) == 0 ||
                    strncasecmp(head + at, "<table", 6) == 0;
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it is %s, not an .xlsx workbook", path,
                      html ? "a page of HTML" : "an XML file");
        q_hint(err, html ? "Open it in a spreadsheet program and save it as .xlsx."
                         : "Set `format: xml`, or save it as .xlsx in a spreadsheet program.");
    } else {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it is no .xlsx workbook", path);
        q_hint(err,
               "A workbook is a zip archive. If it is of another format, say so: `format: csv`.");
    }
    return code;
}

/* The file begins like a zip archive; `zip_code` says why it is none. */
static enum q_code bad_archive(const char *path, int zip_code, struct q_err *err)
{
    zip_error_t e;
    lib.error_init(&e, zip_code);
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not read \"%s\": the archive is cut off or damaged (%s)", path,
               lib.strerror(&e));
    lib.error_fini(&e);
    q_hint(err, "Copy or export the file again.");
    return code;
}

static enum q_code look_at(const char *path, int64_t *size, struct q_err *err)
{
    char head[64] = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return q_fail(err, Q_SOURCE, "could not open \"%s\": %s", path, strerror(errno));
    enum q_code code = Q_OK;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": it is no regular file", path);
    ssize_t n = code ? 0 : pread(fd, head, sizeof head - 1, 0);
    if (n < 0)
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": %s", path, strerror(errno));
    (void)close(fd);
    if (!code && (n < 4 || memcmp(head, "PK", 2) != 0))
        code = is_no_workbook(path, head, (size_t)n, err);
    *size = code ? 0 : st.st_size;
    return code;
}

static void close_deferred(void *zip)
{
    xlsx_zip_close(zip);
}

enum q_code xlsx_zip_open(struct q_arena *arena, const char *path, const struct xlsx_limits *limits,
                          struct xlsx_zip **out, struct q_err *err)
{
    struct xlsx_zip *z = q_new(arena, struct xlsx_zip);
    int zip_code = 0;
    enum q_code code = look_at(path, &z->size, err);
    if (!code)
        code = load_once(path, err);
    if (code)
        return code;
    z->path = q_strdup(arena, path);
    z->limits = *limits;
    if (z->limits.max_bytes <= 0 || z->limits.max_bytes > MAX_BYTES)
        z->limits.max_bytes = MAX_BYTES;
    if (z->limits.max_ratio <= 0)
        z->limits.max_ratio = DECODE_RATIO;
    if (!z->limits.max_text)
        z->limits.max_text = TEXT_MAX;
    z->zip = lib.open(path, ZIP_RDONLY, &zip_code);
    if (!z->zip)
        return bad_archive(path, zip_code, err);
    q_arena_defer(arena, close_deferred, z);
    *out = z;
    return Q_OK;
}

void xlsx_zip_close(struct xlsx_zip *zip)
{
    if (zip && zip->zip)
        lib.discard(zip->zip);
    if (zip)
        zip->zip = NULL;
}

const char *xlsx_zip_path(const struct xlsx_zip *zip)
{
    return zip->path;
}

const struct xlsx_limits *xlsx_zip_limits(const struct xlsx_zip *zip)
{
    return &zip->limits;
}

bool xlsx_zip_has(const struct xlsx_zip *zip, const char *name)
{
    return lib.locate(zip->zip, name, ZIP_FL_NOCASE) >= 0;
}

/* ---- parts ---- */

struct xlsx_part {
    struct xlsx_zip *zip;
    const char *name;
    zip_file_t *file;
    zip_stat_t stat;
    struct xml_push *push;
    char *piece;
    int64_t out;
    bool ended, first;
};

static enum q_code part_error(const struct xlsx_part *p, const char *reason, struct q_err *err)
{
    return q_fail(err, Q_SOURCE, "could not read \"%s\": %s: %s", p->zip->path, p->name, reason);
}

static void close_part(void *part)
{
    xlsx_part_close(part);
}

enum q_code xlsx_part_open(struct q_arena *arena, struct xlsx_zip *zip, const char *name,
                           const struct xml_events *events, void *self, struct xlsx_part **out,
                           struct q_err *err)
{
    struct xlsx_part *p = q_new(arena, struct xlsx_part);
    p->zip = zip;
    p->name = q_strdup(arena, name);
    p->piece = q_alloc(arena, PIECE);
    p->first = true;
    zip_int64_t at = lib.locate(zip->zip, name, ZIP_FL_NOCASE);
    if (at < 0)
        return q_fail(err, Q_SOURCE, "could not read \"%s\": the workbook has no part \"%s\"",
                      zip->path, name);
    if (lib.stat(zip->zip, (zip_uint64_t)at, 0, &p->stat) != 0)
        return part_error(p, lib.strerror(lib.error(zip->zip)), err);
    if ((p->stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && p->stat.encryption_method != ZIP_EM_NONE)
        return part_error(p, "it is encrypted", err);
    p->file = lib.fopen(zip->zip, (zip_uint64_t)at, 0);
    if (!p->file)
        return part_error(p, lib.strerror(lib.error(zip->zip)), err);
    q_arena_defer(arena, close_part, p);
    size_t token = zip->limits.max_text > TOKEN_LEAST ? zip->limits.max_text : TOKEN_LEAST;
    enum q_code code = xml_push_open(arena, zip->path, p->name, events, self, token, &p->push, err);
    *out = p;
    return code;
}

struct xml_push *xlsx_part_push(const struct xlsx_part *part)
{
    return part->push;
}

static enum q_code check_limits(const struct xlsx_zip *z, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (z->out > z->limits.max_bytes) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": more than %lld bytes when unpacked",
                      z->path, (long long)z->limits.max_bytes);
        q_hint(err, "Raise `max_bytes` if the file is to be trusted.");
    } else if (z->out > RATIO_FROM && z->out / z->limits.max_ratio > z->size) {
        code =
            q_fail(err, Q_SOURCE, "cannot read \"%s\": it unpacks to more than %lld times its size",
                   z->path, (long long)z->limits.max_ratio);
        q_hint(err, "Raise `max_ratio` if the file is to be trusted.");
    }
    return code;
}

/* Parts are UTF-8, or rarely UTF-16, which no program known to us writes. */
static enum q_code check_head(const struct xlsx_part *p, size_t n, struct q_err *err)
{
    if (n >= 2 && (memcmp(p->piece, "\xFF\xFE", 2) == 0 || memcmp(p->piece, "\xFE\xFF", 2) == 0))
        return part_error(p, "it is UTF-16, and UTF-8 is expected", err);
    return Q_OK;
}

enum q_code xlsx_part_next(struct xlsx_part *p, bool *end, struct q_err *err)
{
    *end = p->ended;
    if (p->ended)
        return Q_OK;
    zip_int64_t n = lib.fread(p->file, p->piece, PIECE);
    if (n < 0)
        return part_error(p, lib.strerror(lib.file_error(p->file)), err);
    p->zip->out += n;
    p->out += n;
    enum q_code code = check_limits(p->zip, err);
    size_t skip = 0;
    if (!code && p->first && n) {
        code = check_head(p, (size_t)n, err);
        skip = n >= 3 && memcmp(p->piece, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        p->first = false;
    }
    if (!code && n)
        code = xml_push_feed(p->push, p->piece + skip, (size_t)n - skip, err);
    if (!code && n == 0)
        code = xml_push_end(p->push, err);
    p->ended = *end = !code && n == 0;
    return code;
}

int64_t xlsx_part_file_read(const struct xlsx_part *p)
{
    if (!p->stat.size)
        return 0;
    return (int64_t)((double)p->stat.comp_size * (double)p->out / (double)p->stat.size);
}

void xlsx_part_close(struct xlsx_part *p)
{
    if (!p)
        return;
    xml_push_close(p->push);
    if (p->file)
        (void)lib.fclose(p->file); /* read only; errors were told by fread */
    p->file = NULL;
}

enum q_code xlsx_part_parse(struct xlsx_zip *zip, const char *name, const struct xml_events *events,
                            void *self, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "part");
    struct xlsx_part *part;
    bool end = false;
    enum q_code code = xlsx_part_open(arena, zip, name, events, self, &part, err);
    while (!code && !end)
        code = xlsx_part_next(part, &end, err);
    q_arena_free(arena);
    return code;
}
