/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys may stand twice in the batch, without a hash table of all of them: each row sets a bit that its key's hash
 * chooses, and a row that finds its bit set is a suspect. Every second row of a key is one, and about one other row in 32
 * (SEEN_BITS bits a row); only the suspects' keys are then grouped. A Bloom filter with one hash, B. H. Bloom, 1970.
 */
#include <stdatomic.h>

#include "load/internal.h"

enum { SEEN_BITS = 16 };
#define SEEN_LEAST (UINT64_C(1) << 16)
#define SEEN_MOST (UINT64_C(1) << 31) /* 256 MB; beyond it more rows are suspects */

struct seen {
    struct db_function function;
    struct q_type arg;
    _Atomic uint64_t *words;
    uint64_t mask; /* of bit numbers */
};

static void call(void *self, const struct batch *args, struct batch_col *result)
{
    struct seen *s = self;
    const int64_t *hashes = args->cols[0].data;
    bool *out = result->data;
    for (size_t i = 0; i < args->rows; i++) {
        uint64_t bit = (uint64_t)hashes[i] & s->mask, one = UINT64_C(1) << (bit & 63);
        _Atomic uint64_t *word = &s->words[bit >> 6];
        uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
        if (!(before & one))
            before = atomic_fetch_or_explicit(word, one, memory_order_relaxed);
        out[i] = (before & one) != 0;
    }
}

static enum q_code prepare(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    struct seen *s = q_new(ctx->arena, struct seen);
    int64_t rows = 0;
    enum q_code code =
        db_get_ints(ctx->db, sql_make(ctx->arena, "SELECT count(*) FROM %I", step->relation), NULL,
                    0, &rows, 1, 0, err);
    uint64_t bits = SEEN_LEAST;
    while (bits < SEEN_MOST && bits < (uint64_t)rows * SEEN_BITS)
        bits *= 2;
    if (code)
        return code;
    s->mask = bits - 1;
    s->words = q_alloc_array(ctx->arena, bits / 64, sizeof *s->words);
    s->arg = Q_TYPE(Q_T_INT64);
    s->function = (struct db_function){.name = step->spec,
                                       .args = &s->arg,
                                       .n_args = 1,
                                       .result = Q_TYPE(Q_T_BOOL),
                                       .is_volatile = true,
                                       .self = s,
                                       .call = call};
    return db_add_function(ctx->db, &s->function, err);
}

const char *load_seen(struct load *l)
{
    static const char name[] = "q_seen"; /* the next run's replaces it */
    struct plan_step *step = plan_add_step(l->plan, "load", "prepare", l->plan->current.name);
    step->spec = name;
    step->run = prepare;
    return name;
}
