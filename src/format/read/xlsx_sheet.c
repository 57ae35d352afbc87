/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xlsx_sheet.h"

#include <ctype.h>
#include <stdlib.h>

#include "format/read/xlsx_strings.h"

enum element { OTHER, SHEET_DATA, ROW, CELL, VALUE, INLINE, TEXT, PHONETIC, MERGE };
static const int64_t ROWS_MAX = INT64_C(1) << 40;

struct xlsx_sheet {
    const char *path;
    const struct xlsx_book *book;
    const struct xlsx_limits *limits;
    const struct xlsx_sheet_events *events;
    void *self;
    struct xlsx_zip *zip, *strings_zip; /* two, because both parts are read at a time */
    struct xlsx_strings *strings;
    struct xlsx_part *part;
    enum q_code code; /* of a callback */
    struct q_err why;
    /* The walk. */
    bool in_data, in_row, in_cell, in_value;
    unsigned aside; /* depth below how a text is pronounced */
    int64_t row, col;
    char
        type; /* of the cell: 'n' number, 's' shared, 'i' inline, 'f' text of a formula, 'b', 'e', 'd' */
    int64_t style;
    struct q_buf text;
};

const char *xlsx_letters(int64_t col, char out[static XLSX_LETTERS])
{
    char reversed[XLSX_LETTERS];
    size_t n = 0, k = 0;
    for (col++; col > 0 && n + 1 < XLSX_LETTERS; col = (col - 1) / 26)
        reversed[n++] = (char)('A' + (col - 1) % 26);
    while (n)
        out[k++] = reversed[--n];
    out[k] = 0;
    return out;
}

/* Letters and digits of "B12" or "$B$12"; -1 and 0 where they are missing. The rest of the text. */
static const char *parse_cell(const char *p, const char *end, int64_t *col, int64_t *row)
{
    int64_t c = 0, r = 0;
    p += p < end && *p == '$';
    for (; p < end && isalpha((unsigned char)*p) && c <= XLSX_COLUMNS; p++)
        c = c * 26 + (toupper((unsigned char)*p) - 'A' + 1);
    p += p < end && *p == '$';
    for (; p < end && isdigit((unsigned char)*p) && r < ROWS_MAX; p++)
        r = r * 10 + (*p - '0');
    *col = c - 1;
    *row = r;
    return p;
}

static bool parse_area(const char *p, const char *end, struct xlsx_area *out)
{
    p = parse_cell(p, end, &out->first_col, &out->first_row);
    if (p == end) {
        out->last_col = out->first_col;
        out->last_row = out->first_row;
        return out->first_col >= 0 && out->first_row > 0;
    }
    if (*p != ':' || parse_cell(p + 1, end, &out->last_col, &out->last_row) != end)
        return false;
    out->first_row = out->first_row ? out->first_row : 1;
    return out->first_col >= 0 && out->last_col >= out->first_col && out->last_col < XLSX_COLUMNS &&
           (!out->last_row || out->last_row >= out->first_row);
}

bool xlsx_area_parse(const char *text, struct xlsx_area *out)
{
    return strchr(text, ':') && parse_area(text, text + strlen(text), out);
}

/* ---- events ---- */

static enum element element_of(const char *name)
{
    switch (name[0]) {
    case 'c':
        return name[1] ? OTHER : CELL;
    case 'v':
        return name[1] ? OTHER : VALUE;
    case 't':
        return name[1] ? OTHER : TEXT;
    case 'r':
        return q_streq(name, "row") ? ROW : q_streq(name, "rPh") ? PHONETIC : OTHER;
    case 'i':
        return q_streq(name, "is") ? INLINE : OTHER;
    case 's':
        return q_streq(name, "sheetData") ? SHEET_DATA : OTHER;
    case 'm':
        return q_streq(name, "mergeCell") ? MERGE : OTHER;
    default:
        return OTHER;
    }
}

void xlsx_sheet_fail(struct xlsx_sheet *s, enum q_code code, const struct q_err *err)
{
    if (!s->code) {
        s->code = code;
        s->why = *err;
    }
    xml_push_fail(xlsx_part_push(s->part), "stopped");
}

static int64_t whole_number(struct q_str text)
{
    int64_t n = 0;
    if (!text.n || text.n > 12)
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        if (!isdigit((unsigned char)text.p[i]))
            return -1;
        n = n * 10 + (text.p[i] - '0');
    }
    return n;
}

static void start_row(struct xlsx_sheet *s, const struct xml_tag *tag)
{
    int64_t row = s->row + 1;
    for (size_t i = 0; i < tag->n_attrs; i++)
        if (q_streq(xml_attr_name(tag, i), "r"))
            row = whole_number(xml_attr_value(tag, i));
    if (row <= s->row) {
        xml_push_fail(xlsx_part_push(s->part), "a row behind row %lld has a smaller number",
                      (long long)s->row);
        return;
    }
    s->row = row;
    s->col = -1;
    s->in_row = true;
    s->events->row(s->self, row);
}

static char type_of(struct q_str t)
{
    if (q_str_eq(t, Q_STR("inlineStr")))
        return 'i';
    if (q_str_eq(t, Q_STR("str")))
        return 'f';
    return t.n == 1 && strchr("nsbed", *t.p) ? *t.p : 'f';
}

static void start_cell(struct xlsx_sheet *s, const struct xml_tag *tag)
{
    int64_t col = s->col + 1, row = s->row;
    s->type = 'n';
    s->style = -1;
    for (size_t i = 0; i < tag->n_attrs; i++) {
        const char *name = xml_attr_name(tag, i);
        struct q_str v = xml_attr_value(tag, i);
        if (name[0] == 0 || name[1] != 0)
            continue;
        if (name[0] == 'r' &&
            (parse_cell(v.p, v.p + v.n, &col, &row) != v.p + v.n || row != s->row))
            col = -1;
        else if (name[0] == 's')
            s->style = whole_number(v);
        else if (name[0] == 't')
            s->type = type_of(v);
    }
    if (col <= s->col || col >= XLSX_COLUMNS) {
        xml_push_fail(xlsx_part_push(s->part), "a cell of row %lld has no place or the wrong one",
                      (long long)s->row);
        return;
    }
    s->col = col;
    s->in_cell = true;
    q_buf_clear(&s->text);
}

static void merge(struct xlsx_sheet *s, const struct xml_tag *tag)
{
    struct xlsx_area area;
    for (size_t i = 0; i < tag->n_attrs; i++) {
        struct q_str v = xml_attr_value(tag, i);
        if (q_streq(xml_attr_name(tag, i), "ref") && parse_area(v.p, v.p + v.n, &area))
            s->events->merge(s->self, &area);
    }
}

static void on_start(void *self, const struct xml_tag *tag)
{
    struct xlsx_sheet *s = self;
    enum element e = element_of(tag->name);
    if (s->aside)
        s->aside++;
    else if (e == CELL && s->in_row)
        start_cell(s, tag);
    else if (e == VALUE || e == TEXT)
        s->in_value = s->in_cell && (e == TEXT) == (s->type == 'i');
    else if (e == ROW && s->in_data)
        start_row(s, tag);
    else if (e == SHEET_DATA)
        s->in_data = true;
    else if (e == PHONETIC)
        s->aside = 1;
    else if (e == MERGE && s->events->merge && !s->in_data)
        merge(s, tag);
}

/* A number, which a date may be. */
static void number(struct xlsx_sheet *s, struct xlsx_cell *cell)
{
    cell->kind = XLSX_CELL_NUMBER;
    if (s->style < 0 || (size_t)s->style >= s->book->n_styles || !s->book->styles[s->style])
        return;
    char *end;
    cell->format = (enum xlsx_kind)s->book->styles[s->style];
    cell->days = strtod(q_buf_text(&s->text), &end);
    if (*end == 0 && cell->text.n)
        cell->kind = XLSX_CELL_MOMENT;
}

static void shared(struct xlsx_sheet *s, struct xlsx_cell *cell)
{
    struct q_err why = {0};
    int64_t number = whole_number(cell->text);
    cell->kind = XLSX_CELL_TEXT;
    enum q_code code = xlsx_strings_get(s->strings, number, &cell->text, &why);
    if (code)
        xlsx_sheet_fail(s, code, &why);
    else if (!cell->text.p)
        xml_push_fail(xlsx_part_push(s->part), "the workbook has no shared string %lld",
                      (long long)number);
}

static void end_cell(struct xlsx_sheet *s)
{
    struct xlsx_cell cell = {.row = s->row, .col = s->col, .kind = XLSX_CELL_TEXT};
    s->in_cell = false;
    if (s->text.n && (s->type == 'i' || s->type == 'f'))
        s->text.n = xlsx_unescape(s->text.p, s->text.n);
    cell.text = (struct q_str){q_buf_text(&s->text), s->text.n};
    if (!s->text.n && s->type != 'i' && s->type != 'f')
        return; /* formatted, and nothing in it */
    switch (s->type) {
    case 's':
        shared(s, &cell);
        if (!cell.text.p)
            return;
        break;
    case 'b':
        cell.kind = XLSX_CELL_BOOLEAN;
        cell.text = q_str_eq(cell.text, Q_STR("0")) || q_str_eq(cell.text, Q_STR("false"))
                        ? Q_STR("false")
                        : Q_STR("true");
        break;
    case 'e':
        cell.kind = XLSX_CELL_ERROR;
        break;
    case 'n':
        number(s, &cell);
        break;
    case 'd':
        cell.kind = XLSX_CELL_MOMENT;
        break;
    default:
        break;
    }
    s->events->cell(s->self, &cell);
}

static void on_end(void *self, const char *name)
{
    struct xlsx_sheet *s = self;
    if (s->aside) {
        s->aside--;
        return;
    }
    switch (element_of(name)) {
    case CELL:
        if (s->in_cell)
            end_cell(s);
        break;
    case VALUE:
    case TEXT:
        s->in_value = false;
        break;
    case ROW:
        if (s->in_row)
            s->events->row_end(s->self, s->row);
        s->in_row = false;
        break;
    case SHEET_DATA:
        s->in_data = false;
        break;
    case OTHER:
    case INLINE:
    case PHONETIC:
    case MERGE:
        break;
    }
}

static void on_text(void *self, const char *p, size_t n)
{
    struct xlsx_sheet *s = self;
    if (!s->in_value || s->aside)
        return;
    q_buf_add(&s->text, p, n);
    if (s->text.full)
        xml_push_fail(xlsx_part_push(s->part), "the text of a cell is longer than %zu bytes",
                      s->limits->max_text);
}

/* ---- life ---- */

enum q_code xlsx_sheet_open(struct q_arena *arena, const char *path,
                            const struct xlsx_limits *limits, const struct xlsx_book *book,
                            const char *part, const char *dir,
                            const struct xlsx_sheet_events *events, void *self,
                            struct xlsx_sheet **out, struct q_err *err)
{
    static const struct xml_events xml = {on_start, on_end, on_text};
    struct xlsx_sheet *s = q_new(arena, struct xlsx_sheet);
    s->path = path;
    s->book = book;
    s->events = events;
    s->self = self;
    enum q_code code = xlsx_zip_open(arena, path, limits, &s->zip, err);
    if (!code)
        code = xlsx_zip_open(arena, path, limits, &s->strings_zip, err);
    if (!code) {
        s->limits = xlsx_zip_limits(s->zip);
        q_buf_init_in(&s->text, arena, s->limits->max_text);
        code = xlsx_strings_open(arena, s->strings_zip, book->strings, dir, &s->strings, err);
    }
    if (!code)
        code = xlsx_part_open(arena, s->zip, part, &xml, s, &s->part, err);
    *out = s;
    return code;
}

enum q_code xlsx_sheet_next(struct xlsx_sheet *s, bool *end, struct q_err *err)
{
    enum q_code code = xlsx_part_next(s->part, end, err);
    if (s->code && err)
        *err = s->why;
    return s->code ? s->code : code;
}

struct xml_push *xlsx_sheet_push(const struct xlsx_sheet *s)
{
    return xlsx_part_push(s->part);
}

int64_t xlsx_sheet_file_read(const struct xlsx_sheet *s)
{
    return xlsx_part_file_read(s->part);
}

void xlsx_sheet_close(struct xlsx_sheet *s)
{
    xlsx_part_close(s->part);
    xlsx_strings_close(s->strings);
    xlsx_zip_close(s->zip);
    xlsx_zip_close(s->strings_zip);
}
