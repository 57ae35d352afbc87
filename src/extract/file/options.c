/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/suggest.h"
#include "extract/file/internal.h"

#define AT(field) offsetof(struct extract_file_options, field)

const struct q_opt extract_file_opts[] = {
    {.name = "path",
     .arg = "GLOB",
     .type = Q_OPT_TEXT,
     .offset = AT(path),
     .required = true,
     .help = "file or pattern (*, ?, [..]), relative to the project"},
    {.name = "format",
     .arg = "F",
     .type = Q_OPT_CHOICE,
     .offset = AT(format),
     .choices = "auto|csv|fixed|ndjson|json|parquet|xml|xlsx",
     .fallback = "auto",
     .help = "of the files; auto: by their ending, .gz and .zst left aside"},
    {.name = "delimiter",
     .arg = "C",
     .type = Q_OPT_TEXT,
     .offset = AT(delimiter),
     .fallback = "auto",
     .help = "between fields: one or more characters, tab, or auto (, ; tab |)"},
    {.name = "quote",
     .arg = "C",
     .type = Q_OPT_TEXT,
     .offset = AT(quote),
     .fallback = "\"",
     .help = "around fields: one character, or none"},
    {.name = "escape",
     .arg = "C",
     .type = Q_OPT_TEXT,
     .offset = AT(escape),
     .help = "before a quote in a quoted field; default: the quote itself"},
    {.name = "header",
     .arg = "YES",
     .type = Q_OPT_CHOICE,
     .offset = AT(header),
     .choices = "auto|true|false|find",
     .fallback = "auto",
     .help =
         "the first record names the columns; auto: yes when columns are declared, else if it looks so; find: the "
         "first line with all declared columns does, and what is above it is no data"},
    {.name = "null_text",
     .arg = "TEXT",
     .type = Q_OPT_TEXTS,
     .offset = AT(null_text),
     .help = "unquoted text that means NULL, besides the empty field"},
    {.name = "skip_lines",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(skip_lines),
     .fallback = "0",
     .max = 1000000,
     .help = "lines at the top that are no data"},
    {.name = "footer_lines",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(footer_lines),
     .fallback = "0",
     .max = BLOCKS_FOOTER_MAX,
     .help = "lines at the end that are no data; they are counted as skipped"},
    {.name = "footer",
     .arg = "PATTERN",
     .type = Q_OPT_TEXT,
     .offset = AT(footer),
     .help =
         "lines at the end that match it (*, ?) are no data; with footer_lines all of those must match"},
    {.name = "comment",
     .arg = "C",
     .type = Q_OPT_TEXT,
     .offset = AT(comment),
     .help = "lines that begin with this character are no data"},
    {.name = "too_few_fields",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(too_few_fields),
     .choices = "reject|null",
     .fallback = "reject",
     .help = "when a record ends early; null: the values that it lacks are NULL"},
    {.name = "too_many_fields",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(too_many_fields),
     .choices = "reject|cut",
     .fallback = "reject",
     .help = "when a record has more fields than columns; cut: those are left out"},
    {.name = "duplicate_columns",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(duplicate_columns),
     .choices = "error|number",
     .fallback = "error",
     .help = "when a header has a name twice; number: the second one becomes name_2"},
    {.name = "unit",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(unit),
     .choices = "characters|bytes",
     .fallback = "characters",
     .help = "fixed width: what `at` and `width` count; bytes: of UTF-8"},
    {.name = "padding",
     .arg = "SIDE",
     .type = Q_OPT_CHOICE,
     .offset = AT(padding),
     .choices = "both|left|right|none",
     .fallback = "both",
     .help = "fixed width: where blanks do not belong to the value"},
    {.name = "record_type.at",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(type_at),
     .min = 0,
     .max = 1 << 24,
     .fallback = "0",
     .help = "fixed width: where the type of a record stands, from 1"},
    {.name = "record_type.width",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(type_width),
     .min = 0,
     .max = 32,
     .fallback = "0",
     .help = "and how wide it is"},
    {.name = "record_type.value",
     .arg = "TEXT",
     .type = Q_OPT_TEXTS,
     .offset = AT(type_value),
     .help = "types that are read, one or a list; records of others are counted as skipped"},
    {.name = "implied_point",
     .type = Q_OPT_FLAG,
     .offset = AT(implied_point),
     .help = "decimals are written without their point: 1234 in a decimal(9,2) is 12.34"},
    {.name = "encoding",
     .arg = "E",
     .type = Q_OPT_TEXT,
     .offset = AT(encoding),
     .fallback = "auto",
     .help =
         "utf-8, utf-16le, windows-1252, latin1 ...; auto: by the byte order mark or the NUL bytes of UTF-16, else "
         "utf-8; guess: the same, and windows-1252 when some line is no UTF-8"},
    {.name = "compression",
     .arg = "C",
     .type = Q_OPT_CHOICE,
     .offset = AT(compression),
     .choices = "auto|none|gzip|zstd",
     .fallback = "auto",
     .help = "auto: by the first bytes"},
    {.name = "trim",
     .type = Q_OPT_FLAG,
     .offset = AT(trim),
     .help = "blanks around unquoted values do not count"},
    {.name = "formats",
     .arg = "FMT",
     .type = Q_OPT_TEXTS,
     .offset = AT(formats),
     .help = "of dates and times, for example %d/%m/%Y; the first that fits counts"},
    {.name = "thousands",
     .arg = "C",
     .type = Q_OPT_TEXT,
     .offset = AT(thousands),
     .help = "character between groups of three digits"},
    {.name = "decimal_comma",
     .type = Q_OPT_FLAG,
     .offset = AT(decimal_comma),
     .help = "numbers have a comma for the point"},
    {.name = "round",
     .arg = "HOW",
     .type = Q_OPT_CHOICE,
     .offset = AT(round),
     .choices = "no|half_up",
     .fallback = "no",
     .help = "what surplus decimal digits get; no: such a value is rejected"},
    {.name = "missing_columns",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(missing_columns),
     .choices = "error|null",
     .fallback = "error",
     .help = "when a file lacks a column that the others, or the lock file, have"},
    {.name = "extra_columns",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(extra_columns),
     .choices = "contract|error|ignore",
     .fallback = "contract",
     .help =
         "when a file has a column that the first one, or the lock file, has not; contract: as `contract` says"},
    {.name = "after_load",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(after_load),
     .choices = "keep|delete",
     .fallback = "keep",
     .help = "what is done with the files once the run that read them is published"},
    {.name = "after_load.move",
     .arg = "DIR",
     .type = Q_OPT_TEXT,
     .offset = AT(after_move),
     .help = "move them to this folder; a name that is taken gets the run's number"},
    {.name = "after_load.archive",
     .arg = "DIR",
     .type = Q_OPT_TEXT,
     .offset = AT(after_archive),
     .help = "move them to a folder of the day in this folder"},
    {.name = "max_record",
     .arg = "SIZE",
     .type = Q_OPT_SIZE,
     .offset = AT(max_record),
     .fallback = "16 MiB",
     .help = "a longer record means that the file is broken"},
    {.name = "max_bytes",
     .arg = "SIZE",
     .type = Q_OPT_SIZE,
     .offset = AT(max_bytes),
     .fallback = "1024 GiB",
     .help = "a file that decodes to more is refused"},
    {.name = "max_ratio",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(max_ratio),
     .fallback = "2000",
     .min = 1,
     .max = 1000000,
     .help = "a file that decodes to more than so many times its size is refused"},
    {.name = "records",
     .arg = "PATH",
     .type = Q_OPT_TEXT,
     .offset = AT(records),
     .help =
         "where the records are: XML /catalog/product or //product; JSON data.orders, $.orders[*].lines[*]"},
    {.name = "repeated",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(repeated),
     .choices = "reject|first|join",
     .fallback = "reject",
     .help = "XML: when a record has several elements where a column takes one"},
    {.name = "joined_by",
     .arg = "TEXT",
     .type = Q_OPT_TEXT,
     .offset = AT(joined_by),
     .fallback = ",",
     .help = "XML: between the texts of `repeated: join`"},
    {.name = "sheet",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = AT(sheet),
     .help = "XLSX: name or number of the sheet; default: the first"},
    {.name = "range",
     .arg = "CELLS",
     .type = Q_OPT_TEXT,
     .offset = AT(range),
     .help = "XLSX: cells that are read, header included: B3:F200, B3:F, B:F"},
    {.name = "skip_rows",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(skip_rows),
     .fallback = "0",
     .max = 1048576,
     .help = "XLSX: rows at the top of the sheet that are no data"},
    {.name = "header_rows",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(header_rows),
     .fallback = "1",
     .min = 1,
     .max = 20,
     .help = "XLSX: rows of the header, whose texts are joined"},
    {.name = "errors",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = AT(errors),
     .choices = "reject|null",
     .fallback = "reject",
     .help = "XLSX: what a cell like #N/A does to its row"},
    {0},
};

/* One character by name or as itself; 0 for `nothing`. */
static enum q_code one_character(const char *text, const char *what, const char *nothing, char *out,
                                 struct q_err *err)
{
    *out = 0;
    if (!text || !*text || (nothing && q_streq(text, nothing)))
        return Q_OK;
    if (q_streq(text, "tab") || q_streq(text, "\\t")) {
        *out = '\t';
        return Q_OK;
    }
    if (strlen(text) != 1 || *text == '\n' || *text == '\r' || (unsigned char)*text > 126)
        return q_fail(err, Q_CONFIG, "cannot use \"%s\" as %s: it must be one ASCII character%s%s",
                      text, what, nothing ? " or " : "", nothing ? nothing : "");
    *out = *text;
    return Q_OK;
}

static bool is(const char *setting, const char *word)
{
    return setting && q_streq(setting, word);
}

/* NULL: to be detected. */
static enum q_code delimiter_setting(const struct extract_file_options *o, const char **out,
                                     struct q_err *err)
{
    enum { LONGEST = 16 };
    const char *d = o->delimiter;
    *out = NULL;
    if (!d || !*d || q_streq(d, "auto"))
        return Q_OK;
    *out = q_streq(d, "tab") || q_streq(d, "\\t") ? "\t" : d;
    bool plain = strlen(d) <= LONGEST;
    for (const char *p = *out; *p; p++)
        plain &= *p != '\n' && *p != '\r' && (unsigned char)*p <= 126;
    return plain ? Q_OK
                 : q_fail(
                       err, Q_CONFIG,
                       "cannot use \"%s\" as delimiter: it must be one to %d ASCII characters, tab "
                       "or auto",
                       d, LONGEST);
}

static enum q_code header_setting(struct extract_file *s, struct q_err *err)
{
    const char *header = s->o->header;
    const struct q_schema *declared = s->in->declared;
    s->csv.header = CSV_HEADER_DETECT;
    if (is(header, "false")) {
        s->csv.header = CSV_HEADER_NO;
    } else if (is(header, "find")) {
        s->csv.header = CSV_HEADER_FIND;
        for (size_t i = 0; declared && i < declared->n; i++)
            *q_vec_push(s->arena, &s->csv.expected) = file_name_in_source(s, declared->v[i].name);
        if (!s->csv.expected.n)
            return q_fail(
                err, Q_CONFIG,
                "cannot use `header: find` without `columns`: they say what it looks for");
    } else if (is(header, "true") || (declared && declared->n) || s->in->pinned) {
        s->csv.header = CSV_HEADER_YES;
    }
    return Q_OK;
}

/* Delimiter, quote, escape and comment must not be mistaken for each other. */
static enum q_code check_apart(const struct csv_settings *csv, struct q_err *err)
{
    const char *d = csv->delimiter;
    for (; d && *d; d++)
        if (*d == csv->quote || *d == csv->escape)
            return q_fail(err, Q_CONFIG, "cannot use \"%c\" as delimiter and as quote or escape",
                          *d);
    if (csv->comment && (csv->comment == (csv->quote ? csv->quote : '"') ||
                         (csv->delimiter && csv->comment == *csv->delimiter)))
        return q_fail(err, Q_CONFIG, "cannot use \"%c\" for comments and as delimiter or quote",
                      csv->comment);
    return Q_OK;
}

enum q_code file_settings(struct extract_file *s, struct q_err *err)
{
    const struct extract_file_options *o = s->o;
    s->decode = (struct decode_options){.compression = o->compression,
                                        .encoding = o->encoding,
                                        .max_bytes = o->max_bytes,
                                        .max_ratio = o->max_ratio};
    s->csv = (struct csv_settings){
        .no_quote = is(o->quote, "none"),
        .skip_lines = o->skip_lines,
        .footer_lines = (size_t)o->footer_lines,
        .footer = o->footer && *o->footer ? o->footer : NULL,
        .number_duplicates = is(o->duplicate_columns, "number"),
        .pad = is(o->too_few_fields, "null"),
        .cut = is(o->too_many_fields, "cut"),
        .max_record = o->max_record > 0 ? (size_t)o->max_record : 0,
        .block_size = s->in->block_size,
    };
    if (o->max_record > BATCH_SPAN_MAX / 4)
        return q_fail(err, Q_CONFIG, "cannot use a `max_record` of more than 256 MiB");
    enum q_code code = header_setting(s, err);
    if (!code)
        code = delimiter_setting(o, &s->csv.delimiter, err);
    if (!code)
        code = one_character(o->quote, "quote", "none", &s->csv.quote, err);
    if (!code)
        code = one_character(o->escape, "escape", NULL, &s->csv.escape, err);
    if (!code)
        code = one_character(o->comment, "comment", NULL, &s->csv.comment, err);
    if (!code)
        code = check_apart(&s->csv, err);
    char thousands;
    if (!code)
        code = one_character(o->thousands, "thousands", NULL, &thousands, err);
    if (!code && thousands &&
        (thousands == (o->decimal_comma ? ',' : '.') || (thousands >= '0' && thousands <= '9')))
        code = q_fail(err, Q_CONFIG,
                      "cannot use \"%c\" between thousands: it is a digit or the decimal point",
                      thousands);
    return code;
}

static bool is_time(struct q_type type)
{
    return type.id == Q_T_DATE || type.id == Q_T_TIME || type.id == Q_T_TIMESTAMP ||
           type.id == Q_T_TIMESTAMPTZ;
}

enum q_code file_cast(struct extract_file *s, struct q_type type, struct batch_cast *out,
                      struct q_err *err)
{
    const struct extract_file_options *o = s->o;
    *out = (struct batch_cast){
        .type = type,
        .empty_fails = s->reader->has_null,
        .trim = o->trim,
        .round_half_up = is(o->round, "half_up"),
        .decimal_comma = o->decimal_comma,
        .implied_point = o->implied_point && type.id == Q_T_DECIMAL,
        .nulls = o->null_text.v,
        .n_nulls = s->reader->has_null ? 0 : o->null_text.n,
    };
    if (q_type_is_number(type) && o->thousands)
        out->thousands = o->thousands[0];
    if (!is_time(type))
        return Q_OK;
    q_texts formats = {0};
    for (size_t i = 0; i < o->formats.n; i++) {
        /* A format of dates is none of timestamps; one that fits no type is a mistake. */
        if (!batch_format_check(o->formats.v[i], type, NULL))
            *q_vec_push(s->arena, &formats) = o->formats.v[i];
        else if (batch_format_check(o->formats.v[i], Q_TYPE(Q_T_TIMESTAMPTZ), NULL) &&
                 batch_format_check(o->formats.v[i], Q_TYPE(Q_T_TIMESTAMP), NULL) &&
                 batch_format_check(o->formats.v[i], Q_TYPE(Q_T_TIME), NULL))
            return batch_format_check(o->formats.v[i], type, err);
    }
    out->formats = formats.v;
    out->n_formats = formats.n;
    return Q_OK;
}
