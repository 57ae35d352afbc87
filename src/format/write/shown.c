/* SPDX-License-Identifier: Apache-2.0 */
/* Text for eyes: its width, what must not reach a terminal or a page as it is. */
#include "format/write/writer.h"

unsigned writer_rune(const char *p, size_t left, size_t *n)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t want = u[0] < 0x80 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    if (want > left) {
        *n = 1;
        return 0xFFFD;
    }
    *n = want;
    unsigned rune = want == 1 ? u[0] : u[0] & (0x7Fu >> want);
    for (size_t i = 1; i < want; i++)
        rune = rune << 6 | (u[i] & 0x3F);
    return rune;
}

struct range {
    unsigned from, to;
};

/* Combining marks and other characters without a width of their own (Unicode 15, the common blocks). */
static const struct range zero[] = {
    {0x0300, 0x036F},  {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x06D6, 0x06DC},  {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A},  {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
    {0x2060, 0x2060},  {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0xE0100, 0xE01EF}};
/* East Asian wide and fullwidth, and emoji that are shown wide (Unicode 15, EastAsianWidth.txt, merged). */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x26BD, 0x26BE},
    {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},
    {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18AFF}, {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF},
    {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F64F},
    {0x1F680, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1FAFF}, {0x20000, 0x3FFFD}};

static bool within(unsigned rune, const struct range *ranges, size_t n)
{
    size_t lo = 0;
    while (n) {
        size_t half = n / 2;
        if (rune > ranges[lo + half].to) {
            lo += half + 1;
            n -= half + 1;
        } else if (rune < ranges[lo + half].from) {
            n = half;
        } else {
            return true;
        }
    }
    return false;
}

size_t writer_width(struct q_str text)
{
    size_t width = 0, n;
    for (size_t i = 0; i < text.n; i += n) {
        unsigned rune = writer_rune(text.p + i, text.n - i, &n);
        if (rune < 0x300)
            width++;
        else if (within(rune, wide, sizeof wide / sizeof wide[0]))
            width += 2;
        else if (!within(rune, zero, sizeof zero / sizeof zero[0]))
            width++;
    }
    return width;
}

/* Controls, and the characters that turn the direction of what follows. */
static bool hidden(unsigned rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune < 0xA0) || (rune >= 0x200E && rune <= 0x200F) ||
           (rune >= 0x2028 && rune <= 0x202E) || (rune >= 0x2066 && rune <= 0x2069);
}

void writer_shown(struct q_buf *out, struct q_str text)
{
    size_t n, plain = 0;
    for (size_t i = 0; i < text.n; i += n) {
        unsigned rune = writer_rune(text.p + i, text.n - i, &n);
        if (!hidden(rune))
            continue;
        q_buf_add(out, text.p + plain, i - plain);
        plain = i + n;
        if (rune == '\n')
            q_buf_adds(out, "\\n");
        else if (rune == '\t')
            q_buf_adds(out, "\\t");
        else if (rune == '\r')
            q_buf_adds(out, "\\r");
        else
            q_buf_printf(out, "\\u%04x", rune);
    }
    q_buf_add(out, text.p + plain, text.n - plain);
}

void writer_escape(struct q_buf *out, struct q_str text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t plain = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        const char *at = c ? strchr(special, c) : NULL;
        bool control = c < 0x20 && c != '\n' && c != '\t'; /* not allowed in SVG */
        if (!at && !control)
            continue;
        q_buf_add(out, text.p + plain, i - plain);
        plain = i + 1;
        q_buf_adds(out, at ? entities[at - special] : "\xEF\xBF\xBD");
    }
    q_buf_add(out, text.p + plain, text.n - plain);
}
