/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/show_result.h"

#include <stdio.h>

#include "cmd/cmd.h"
#include "run/progress.h"

static void print_reasons(const struct run_result *r, const char *relation, const char *kind)
{
    char n[32];
    bool any = false;
    for (size_t i = 0; i < r->reasons.n; i++) {
        const struct run_reason *x = &r->reasons.v[i];
        if (!q_streq(x->relation, relation) || !q_streq(x->kind, kind))
            continue;
        (void)printf("%s%s %s",
                     any                         ? ", "
                     : q_streq(kind, "rejected") ? "    rejected: "
                                                 : "    skipped: ",
                     x->reason, progress_number(n, x->records));
        any = true;
    }
    if (any)
        (void)printf("\n");
}

static void print_misfits(const struct run_result *r, const char *relation)
{
    char n[32];
    for (size_t i = 0; i < r->misfits.n; i++) {
        const struct run_misfit *x = &r->misfits.v[i];
        if (!q_streq(x->relation, relation))
            continue;
        (void)printf("    column \"");
        cmd_put(x->column);
        (void)printf("\": %s value%s no %s, for example \"", progress_number(n, x->records),
                     x->records == 1 ? " is" : "s are", x->expected);
        cmd_put(x->example ? x->example : "");
        (void)printf("\"\n");
    }
}

/* What the watermark is behind the run: a run that changed nothing leaves it. */
static const char *watermark_after(const struct run_result *r, const struct run_reading *x)
{
    bool stopped = q_streq(r->status, "aborted") || q_streq(r->status, "held") ||
                   q_streq(r->status, "would abort") || q_streq(r->status, "would be held");
    return stopped || !x->watermark ? x->before : x->watermark;
}

/* The head of a line "reads updated_at from A to B". */
static const char *range_verb(const struct run_range *x)
{
    return q_streq(x->kind, "hole") ? "fills a hole of" : "reads";
}

static void print_reading(const struct run_result *r, const struct run_reading *x)
{
    char n[32];
    for (size_t i = 0; i < x->ranges.n; i++) {
        const struct run_range *g = &x->ranges.v[i];
        (void)printf("    %s %s from %s to %s%s\n", range_verb(g), x->cursor,
                     g->from ? g->from : "the beginning", g->to ? g->to : "the end",
                     q_streq(g->kind, "backfill") ? " (backfill)" : "");
    }
    if (x->nulls)
        (void)printf("    %s record%s without %s %s read\n", progress_number(n, x->nulls),
                     x->nulls == 1 ? "" : "s", x->cursor, x->nulls == 1 ? "is" : "are");
    const char *now = watermark_after(r, x);
    if (now && x->before && q_streq(now, x->before))
        (void)printf("    watermark %s, as before\n", now);
    else if (now)
        (void)printf("    watermark %s, before %s\n", now, x->before ? x->before : "none");
    if (!x->late)
        return;
    (void)printf("    %s record%s that no run has seen before %s older than the watermark: ",
                 progress_number(n, x->late), x->late == 1 ? "" : "s", x->late == 1 ? "is" : "are");
    if (x->late_to)
        (void)printf("`quern run %s --from '%s' --to '%s'` reads %s\n", r->pipeline, x->late_from,
                     x->late_to, x->late == 1 ? "it" : "them");
    else
        (void)printf("`quern run %s --full` reads %s\n", r->pipeline, x->late == 1 ? "it" : "them");
}

static void print_readings(const struct run_result *r, const char *relation)
{
    for (size_t i = 0; i < r->readings.n; i++)
        if (q_streq(r->readings.v[i].relation, relation))
            print_reading(r, &r->readings.v[i]);
}

static void print_relation(const struct run_result *r, const struct run_relation *x)
{
    char n[4][32];
    (void)printf("  %s: read %s = loaded %s + rejected %s + skipped %s%s\n", x->name,
                 progress_number(n[0], x->read), progress_number(n[1], x->loaded),
                 progress_number(n[2], x->rejected), progress_number(n[3], x->skipped),
                 x->read ? "" : " (vacuous: there was no record)");
    print_reasons(r, x->name, "rejected");
    print_misfits(r, x->name);
    print_reasons(r, x->name, "skipped");
    print_readings(r, x->name);
}

static void print_rules(const struct run_result *r)
{
    char n[2][32];
    for (size_t i = 0; i < r->rules.n; i++) {
        const struct run_rule *x = &r->rules.v[i];
        if (q_streq(x->state, "error"))
            (void)printf("  rule %s: could not be evaluated: %s\n", x->name,
                         x->message ? x->message : "?");
        else if (x->failed)
            (void)printf("  rule %s: %s of %s failed%s%s\n", x->name,
                         progress_number(n[0], x->failed), progress_number(n[1], x->evaluated),
                         x->severity ? ": " : "", x->severity ? x->severity : "");
    }
}

static bool same_kind(const struct run_file *a, const struct run_file *b)
{
    return a->detected && b->detected && q_streq(a->detected, b->detected) &&
           q_streq(a->relation, b->relation);
}

/* Files of one kind are told once. */
static void print_detected(const struct run_result *r)
{
    char n[32];
    for (size_t i = 0; i < r->files.n; i++) {
        const struct run_file *f = &r->files.v[i];
        int64_t before = 0, after = 0;
        for (size_t k = 0; k < i && !before; k++)
            before += same_kind(&r->files.v[k], f);
        if (before || !f->detected || !f->detected[0])
            continue;
        for (size_t k = i + 1; k < r->files.n; k++)
            after += same_kind(&r->files.v[k], f);
        (void)printf("  ");
        cmd_put(f->path);
        if (after)
            (void)printf(" and %s more", progress_number(n, after));
        (void)printf(": ");
        cmd_put(f->detected);
        (void)printf("\n");
    }
}

/* What is rejected, for a plan: key, value and place. */
static void print_samples(const struct run_result *r)
{
    for (size_t i = 0; i < r->samples.n; i++) {
        const struct run_sample *x = &r->samples.v[i];
        const struct run_sample *last = i ? &r->samples.v[i - 1] : NULL;
        if (!last || !q_streq(last->relation, x->relation) || !q_streq(last->reason, x->reason))
            (void)printf("  for example %s of %s:\n", x->reason, x->relation);
        (void)printf("   ");
        if (x->path && x->record_no) {
            (void)printf(" ");
            cmd_put(x->path);
            (void)printf(" record %lld", (long long)x->record_no);
        }
        if (x->key) {
            (void)printf(" ");
            cmd_put(x->key);
        }
        if (x->column)
            (void)printf(" %s", x->column);
        if (x->value) {
            (void)printf(" \"");
            cmd_put(x->value);
            (void)printf("\"");
        }
        (void)printf("\n");
    }
}

static size_t wider(size_t n, const char *text)
{
    size_t m = text ? strlen(text) : 1;
    return m > n ? m : n;
}

static void print_measures(const struct run_result *r)
{
    size_t w[4] = {7, 6, 5, 6}; /* of the titles */
    for (size_t i = 0; i < r->measures.n; i++) {
        const struct run_measure *m = &r->measures.v[i];
        const char *const texts[] = {m->name, m->before, m->after, m->change};
        for (size_t k = 0; k < 4; k++)
            w[k] = wider(w[k], texts[k]);
    }
    if (r->measures.n)
        (void)printf("  %-*s  %*s  %*s  %*s\n", (int)w[0], "measure", (int)w[1], "before",
                     (int)w[2], "after", (int)w[3], "change");
    for (size_t i = 0; i < r->measures.n; i++) {
        const struct run_measure *m = &r->measures.v[i];
        (void)printf("  %-*s  %*s  %*s  %*s\n", (int)w[0], m->name, (int)w[1],
                     m->before ? m->before : "-", (int)w[2], m->after ? m->after : "-", (int)w[3],
                     m->change ? m->change : "-");
    }
}

void show_result_text(const struct run_result *r)
{
    char n[6][32];
    bool stopped = q_streq(r->status, "aborted") || q_streq(r->status, "held");
    bool dry = !q_streq(r->status, "published") && !stopped;
    if (dry)
        (void)printf("%s -> %s: %s\n", r->pipeline, r->target, r->status);
    else
        (void)printf("%s -> %s: run %lld %s in %.2f s\n", r->pipeline, r->target,
                     (long long)r->run_id, r->status, r->seconds);
    if (r->message)
        (void)printf("  %s\n", r->message);
    if (r->next)
        (void)printf("  %s\n", r->next);
    print_detected(r);
    for (size_t i = 0; i < r->relations.n; i++)
        print_relation(r, &r->relations.v[i]);
    (void)printf("  %s inserted %s, updated %s, unchanged %s, superseded %s",
                 stopped ? "would have" : "rows:", progress_number(n[0], r->inserted),
                 progress_number(n[1], r->updated), progress_number(n[2], r->unchanged),
                 progress_number(n[3], r->superseded));
    if (r->opened || r->closed)
        (void)printf("; versions opened %s, closed %s", progress_number(n[4], r->opened),
                     progress_number(n[5], r->closed));
    if (r->deleted)
        (void)printf("; keys deleted %s", progress_number(n[0], r->deleted));
    if (r->spliced)
        (void)printf("; spliced %s", progress_number(n[0], r->spliced));
    if (r->corrected)
        (void)printf("; corrected %s", progress_number(n[0], r->corrected));
    if (r->inferred)
        (void)printf("; members inferred %s", progress_number(n[0], r->inferred));
    (void)printf("\n");
    print_rules(r);
    print_samples(r);
    print_measures(r);
}

static void reasons_json(const struct run_result *r, const char *relation, const char *kind,
                         struct q_json *o)
{
    struct q_json *list = q_json_set_object(o, q_streq(kind, "rejected") ? "rejected_by_reason"
                                                                         : "skipped_by_reason");
    for (size_t i = 0; i < r->reasons.n; i++)
        if (q_streq(r->reasons.v[i].relation, relation) && q_streq(r->reasons.v[i].kind, kind))
            q_json_set_int(list, r->reasons.v[i].reason, r->reasons.v[i].records);
}

static void misfits_json(const struct run_result *r, const char *relation, struct q_json *list)
{
    for (size_t i = 0; i < r->misfits.n; i++) {
        const struct run_misfit *x = &r->misfits.v[i];
        if (!q_streq(x->relation, relation))
            continue;
        struct q_json *o = q_json_push_object(list);
        q_json_set_text(o, "column", x->column);
        q_json_set_text(o, "expected", x->expected);
        q_json_set_int(o, "records", x->records);
        q_json_set_text(o, "example", x->example);
    }
}

static void relation_json(const struct run_result *r, const struct run_relation *x,
                          struct q_json *o)
{
    q_json_set_text(o, "name", x->name);
    q_json_set_int(o, "read", x->read);
    q_json_set_int(o, "loaded", x->loaded);
    q_json_set_int(o, "rejected", x->rejected);
    reasons_json(r, x->name, "rejected", o);
    misfits_json(r, x->name, q_json_set_array(o, "misfits"));
    q_json_set_int(o, "skipped", x->skipped);
    reasons_json(r, x->name, "skipped", o);
    q_json_set_bool(o, "vacuous", x->read == 0);
}

static void rule_json(const struct run_rule *x, struct q_json *o)
{
    q_json_set_text(o, "name", x->name);
    q_json_set_text(o, "state", x->state);
    q_json_set_text(o, "severity", x->severity);
    q_json_set_int(o, "rows", x->rows);
    q_json_set_int(o, "evaluated", x->evaluated);
    q_json_set_int(o, "failed", x->failed);
    q_json_set_bool(o, "vacuous", x->vacuous);
    q_json_set_text(o, "message", x->message);
}

static void file_json(const struct run_file *f, struct q_json *o)
{
    q_json_set_text(o, "relation", f->relation);
    q_json_set_text(o, "path", f->path);
    q_json_set_int(o, "bytes", f->size);
    q_json_set_int(o, "records", f->records);
    q_json_set_int(o, "rejected", f->rejected);
    q_json_set_text(o, "detected", f->detected);
}

static void preview_json(const struct run_result *r, struct q_json *o)
{
    struct q_json *samples = q_json_set_array(o, "samples");
    for (size_t i = 0; i < r->samples.n; i++) {
        const struct run_sample *x = &r->samples.v[i];
        struct q_json *s = q_json_push_object(samples);
        q_json_set_text(s, "relation", x->relation);
        q_json_set_text(s, "reason", x->reason);
        q_json_set_text(s, "key", x->key);
        q_json_set_text(s, "column", x->column);
        q_json_set_text(s, "value", x->value);
        q_json_set_text(s, "file", x->path);
        q_json_set_int(s, "record_no", x->record_no);
    }
    struct q_json *measures = q_json_set_array(o, "measures");
    for (size_t i = 0; i < r->measures.n; i++) {
        const struct run_measure *m = &r->measures.v[i];
        struct q_json *x = q_json_push_object(measures);
        q_json_set_text(x, "name", m->name);
        q_json_set_text(x, "before", m->before);
        q_json_set_text(x, "after", m->after);
        q_json_set_text(x, "change", m->change);
    }
}

static void reading_json(const struct run_result *r, const struct run_reading *x, struct q_json *o)
{
    q_json_set_text(o, "relation", x->relation);
    q_json_set_text(o, "cursor", x->cursor);
    q_json_set_text(o, "type", x->type);
    q_json_set_text(o, "before", x->before);
    q_json_set_text(o, "value", watermark_after(r, x));
    struct q_json *list = q_json_set_array(o, "read");
    for (size_t i = 0; i < x->ranges.n; i++) {
        struct q_json *range = q_json_push_object(list);
        q_json_set_text(range, "kind", x->ranges.v[i].kind);
        q_json_set_text(range, "from", x->ranges.v[i].from);
        q_json_set_text(range, "to", x->ranges.v[i].to);
    }
    q_json_set_int(o, "nulls", x->nulls);
    q_json_set_int(o, "late", x->late);
    q_json_set_text(o, "late_from", x->late_from);
    q_json_set_text(o, "late_to", x->late_to);
}

/* One object a source; null for a pipeline that reads all of all. */
static void readings_json(const struct run_result *r, struct q_json *o)
{
    if (!r->readings.n) {
        q_json_set_null(o, "watermark");
        return;
    }
    struct q_json *list = q_json_set_array(o, "watermark");
    for (size_t i = 0; i < r->readings.n; i++)
        reading_json(r, &r->readings.v[i], q_json_push_object(list));
}

void show_result_json(const struct run_result *r, struct q_json *o)
{
    q_json_set_int(o, "run", r->run_id);
    q_json_set_text(o, "pipeline", r->pipeline);
    q_json_set_text(o, "target", r->target);
    q_json_set_text(o, "status", r->status);
    q_json_set_text(o, "message", r->message);
    q_json_set_text(o, "next", r->next);
    struct q_json *relations = q_json_set_array(o, "relations");
    for (size_t i = 0; i < r->relations.n; i++)
        relation_json(r, &r->relations.v[i], q_json_push_object(relations));
    struct q_json *loaded = q_json_set_object(o, "loaded");
    q_json_set_int(loaded, "inserted", r->inserted);
    q_json_set_int(loaded, "updated", r->updated);
    q_json_set_int(loaded, "unchanged", r->unchanged);
    q_json_set_int(loaded, "superseded", r->superseded);
    q_json_set_int(o, "versions_opened", r->opened);
    q_json_set_int(o, "versions_closed", r->closed);
    q_json_set_int(o, "deleted", r->deleted);
    q_json_set_int(o, "spliced", r->spliced);
    q_json_set_int(o, "corrected", r->corrected);
    q_json_set_int(o, "members_inferred", r->inferred);
    struct q_json *rules = q_json_set_array(o, "rules");
    for (size_t i = 0; i < r->rules.n; i++)
        rule_json(&r->rules.v[i], q_json_push_object(rules));
    struct q_json *files = q_json_set_array(o, "files");
    for (size_t i = 0; i < r->files.n; i++)
        file_json(&r->files.v[i], q_json_push_object(files));
    if (r->samples.n || r->measures.n)
        preview_json(r, o);
    q_json_set_real(o, "seconds", r->seconds);
    readings_json(r, o);
    q_json_set_int(o, "exit", r->exit_code);
}
