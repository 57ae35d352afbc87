/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 64 };

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int differ(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
}

static int distance(const char *a, size_t n, const char *b, size_t m)
{
    int rows[3][LONGEST + 1];
    int *before = rows[0], *prev = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        prev[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] =
                min(min(prev[j] + 1, row[j - 1] + 1), prev[j - 1] + differ(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) && !differ(a[i - 2], b[j - 1]))
                row[j] = min(row[j], before[j - 2] + 1);
        }
        int *spare = before;
        before = prev;
        prev = row;
        row = spare;
    }
    return prev[m];
}

const char *q_suggest(const char *word, const char *const *candidates, size_t n)
{
    size_t len = strlen(word);
    const char *best = NULL;
    int best_distance = 0;
    for (size_t i = 0; len <= LONGEST && i < n; i++) {
        size_t m = strlen(candidates[i]);
        if (m > LONGEST)
            continue;
        int d = distance(word, len, candidates[i], m);
        int limit = (int)(len > m ? len : m) / 3 + 1;
        if (d <= limit && d < (int)(len > m ? len : m) && (!best || d < best_distance)) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}

void q_suggest_hint(struct q_err *err, const char *word, const char *const *candidates, size_t n,
                    const char *otherwise)
{
    const char *near = q_suggest(word, candidates, n);
    if (near)
        q_hint(err, "Did you mean `%s`?", near);
    else if (otherwise)
        q_hint(err, "%s", otherwise);
}
