/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/rng.h"

#include <assert.h>

void sample_alias_init(struct sample_alias *alias, struct q_arena *arena, const uint64_t *weights,
                       uint32_t n)
{
    struct q_arena *scratch = q_arena_new(NULL, "alias");
    alias->n = n;
    alias->keep = q_alloc_array(arena, n, sizeof *alias->keep);
    alias->other = q_alloc_array(arena, n, sizeof *alias->other);
    /* scaled[i] is the weight times n: an index with less than the mean `sum` is filled up from one
     * with more. */
    unsigned __int128 sum = 0;
    unsigned __int128 *scaled = q_alloc_array(scratch, n, sizeof *scaled);
    uint32_t *small = q_alloc_array(scratch, n, sizeof *small);
    uint32_t *large = q_alloc_array(scratch, n, sizeof *large);
    uint32_t n_small = 0, n_large = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += weights[i];
    assert(sum > 0);
    for (uint32_t i = 0; i < n; i++) {
        scaled[i] = (unsigned __int128)weights[i] * n;
        if (scaled[i] < sum)
            small[n_small++] = i;
        else
            large[n_large++] = i;
    }
    while (n_small && n_large) {
        uint32_t s = small[--n_small], l = large[n_large - 1];
        alias->keep[s] = (uint32_t)((scaled[s] << 32) / sum);
        alias->other[s] = l;
        scaled[l] -= sum - scaled[s];
        if (scaled[l] < sum) {
            n_large--;
            small[n_small++] = l;
        }
    }
    while (n_large + n_small) {
        uint32_t i = n_large ? large[--n_large] : small[--n_small];
        alias->keep[i] = UINT32_MAX;
        alias->other[i] = i;
    }
    q_arena_free(scratch);
}

void sample_alias_zipf(struct sample_alias *alias, struct q_arena *arena, uint32_t n, uint32_t flat)
{
    struct q_arena *scratch = q_arena_new(NULL, "zipf");
    uint64_t *weights = q_alloc_array(scratch, n, sizeof *weights);
    for (uint32_t i = 0; i < n; i++)
        weights[i] = (UINT64_C(1) << 32) / (i + flat);
    sample_alias_init(alias, arena, weights, n);
    q_arena_free(scratch);
}
