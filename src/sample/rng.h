/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance that is the same on every machine: integers only.
 *
 * xoshiro256** 1.0 by David Blackman and Sebastiano Vigna (public domain, prng.di.unimi.it), its
 * state filled by splitmix64 of the same authors. Bounded numbers by Lemire's multiplication without
 * the rejection step: the bias is below 2^-32 for bounds below 2^32.
 */
#ifndef Q_SAMPLE_RNG_H
#define Q_SAMPLE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct sample_rng {
    uint64_t s[4];
};

static inline uint64_t sample_splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A stream of its own for each (seed, kind of thing, number of the thing). */
static inline struct sample_rng sample_rng_for(uint64_t seed, uint64_t kind, uint64_t id)
{
    uint64_t state = seed;
    state = sample_splitmix(&state) ^ kind;
    state = sample_splitmix(&state) ^ id;
    struct sample_rng r;
    for (int i = 0; i < 4; i++)
        r.s[i] = sample_splitmix(&state);
    return r;
}

static inline uint64_t sample_rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static inline uint64_t sample_next(struct sample_rng *r)
{
    uint64_t *s = r->s, result = sample_rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = sample_rotl(s[3], 45);
    return result;
}

/* 0 .. n - 1; n > 0. */
static inline uint64_t sample_below(struct sample_rng *r, uint64_t n)
{
    return (uint64_t)((unsigned __int128)sample_next(r) * n >> 64);
}

/* lo .. hi, both included. */
static inline int64_t sample_between(struct sample_rng *r, int64_t lo, int64_t hi)
{
    return lo + (int64_t)sample_below(r, (uint64_t)(hi - lo) + 1);
}

/* True in `percent` of 100 cases. */
static inline int sample_percent(struct sample_rng *r, unsigned percent)
{
    return sample_below(r, 100) < percent;
}

/* Draws an index with the probability of its weight, in constant time: Walker's alias method, tables
 * built by Vose's algorithm (IEEE TSE 17(9), 1991) in integers. */
struct sample_alias {
    uint32_t n;
    uint32_t *keep; /* of 2^32: take the index itself, else its other */
    uint32_t *other;
};

/* At least one weight is not 0; n <= 2^24, weights < 2^34. */
void sample_alias_init(struct sample_alias *alias, struct q_arena *arena, const uint64_t *weights,
                       uint32_t n);
/* Long-tailed: the index k has the weight 1 / (k + flat), Zipf's law with a flattened head. */
void sample_alias_zipf(struct sample_alias *alias, struct q_arena *arena, uint32_t n,
                       uint32_t flat);

static inline uint32_t sample_draw(const struct sample_alias *alias, struct sample_rng *r)
{
    uint64_t x = sample_next(r);
    uint32_t i = (uint32_t)((x >> 32) * alias->n >> 32);
    return (uint32_t)x < alias->keep[i] ? i : alias->other[i];
}

#endif
