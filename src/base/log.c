/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* A longer message is cut; JSON may write a byte as six. */
enum { MESSAGE_MAX = 1 << 17, LINE_MAX_BYTES = MESSAGE_MAX * 6 + 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum q_log_level threshold = Q_LOG_INFO;
static bool as_json;
static bool transient_shown;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void q_log_setup(enum q_log_level least, bool json)
{
    threshold = least;
    as_json = json;
}

bool q_log_wants(enum q_log_level level)
{
    return level >= threshold;
}

static void erase_transient(void)
{
    if (transient_shown)
        (void)fputs("\r\033[K", stderr);
    transient_shown = false;
}

/* File names and values of users stand in messages: what would control a terminal becomes a question mark. */
static void tame(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            p[i] = '?';
    }
}

static void write_out(char *p, size_t n)
{
    tame(p, n);
    pthread_mutex_lock(&lock);
    erase_transient();
    (void)fwrite(p, 1, n, stderr);
    (void)fflush(stderr);
    pthread_mutex_unlock(&lock);
}

void q_log_transient(const char *line)
{
    pthread_mutex_lock(&lock);
    erase_transient();
    if (line) {
        (void)fprintf(stderr, "\r%s", line);
        transient_shown = true;
    }
    (void)fflush(stderr);
    pthread_mutex_unlock(&lock);
}

static void json_head(struct q_buf *out, enum q_log_level level, const char *message)
{
    char time[Q_TIMESTAMP_TEXT];
    q_buf_printf(out,
                 "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", q_timestamp_text(q_now(), time),
                 level_names[level]);
    q_json_quote(out, q_str(message));
}

void q_log(enum q_log_level level, const char *fmt, ...)
{
    if (!q_log_wants(level))
        return;
    struct q_buf line;
    q_buf_init(&line, LINE_MAX_BYTES);
    struct q_arena *scratch = q_arena_new(NULL, "message");
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    size_t size = n < 0 ? 1 : (n < MESSAGE_MAX ? (size_t)n : MESSAGE_MAX) + 1;
    char *text = q_alloc(scratch, size);
    (void)vsnprintf(text, size, fmt, again);
    va_end(again);
    if (as_json) {
        json_head(&line, level, text);
        q_buf_adds(&line, "}\n");
    } else {
        const char *prefix = level == Q_LOG_WARN    ? "warning: "
                             : level == Q_LOG_ERROR ? "error: "
                                                    : "";
        q_buf_printf(&line, "%s%s\n", prefix, text);
    }
    write_out(line.p, line.n);
    q_arena_free(scratch);
    q_buf_release(&line);
}

static void error_text(struct q_buf *out, const struct q_err *err)
{
    q_buf_printf(out, "error: %s\n", err->message);
    for (int i = 0; i < err->contexts; i++)
        q_buf_printf(out, "  while %s\n", err->context[i]);
    if (err->detail[0])
        q_buf_printf(out, "  %s\n", err->detail);
    if (err->hint[0])
        q_buf_printf(out, "hint: %s\n", err->hint);
    if (err->code == Q_INTERNAL)
        q_buf_printf(out, "  This is a defect of quern, found at %s:%d.\n", err->src_file,
                     err->src_line);
}

static void error_json(struct q_buf *out, const struct q_err *err)
{
    json_head(out, Q_LOG_ERROR, err->message);
    q_buf_printf(out, ",\"code\":\"%s\",\"exit\":%d,\"retry\":%s,\"context\":[",
                 q_code_name(err->code), q_code_exit(err->code),
                 q_code_retry(err->code) == Q_RETRY_LATER ? "true" : "false");
    for (int i = 0; i < err->contexts; i++) {
        if (i)
            q_buf_addc(out, ',');
        q_json_quote(out, q_str(err->context[i]));
    }
    q_buf_adds(out, "],\"detail\":");
    q_json_quote(out, q_str(err->detail));
    q_buf_adds(out, ",\"hint\":");
    q_json_quote(out, q_str(err->hint));
    q_buf_adds(out, "}\n");
}

void q_log_error(const struct q_err *err)
{
    struct q_buf out;
    q_buf_init(&out, 1 << 18);
    if (as_json)
        error_json(&out, err);
    else
        error_text(&out, err);
    write_out(out.p, out.n);
    q_buf_release(&out);
}
