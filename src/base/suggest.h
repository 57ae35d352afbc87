/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest right word for a wrong one. */
#ifndef Q_BASE_SUGGEST_H
#define Q_BASE_SUGGEST_H

#include <stddef.h>

#include "base/err.h"

/* The candidate nearest to `word` by edit distance with transpositions (optimal string alignment), or
 * NULL when none is near (more than a third of the longer word's letters and one more differ, or all of them). First of
 * equals. */
const char *q_suggest(const char *word, const char *const *candidates, size_t n);
/* Hint at the nearest candidate, "Did you mean `x`?", or at `otherwise`, a sentence; NULL: no hint then. */
void q_suggest_hint(struct q_err *err, const char *word, const char *const *candidates, size_t n,
                    const char *otherwise);

#endif
