/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions and operators: one row a form, in order of group and name; forms of one name stand together and the first
 * that fits is taken. Arithmetic and casts are spelled in emit.c because their SQL depends on widths.
 */
#include "sql/expr/node.h"

#define OPERATOR(name, params, result, sql)       \
    {                                             \
        name, params, result, FUNC_OPERATOR, sql, \
        {                                         \
            0                                     \
        }                                         \
    }
#define FUNC(group, name, params, result, flags, sql, signature, help) \
    {                                                                  \
        name, params, result, flags, sql,                              \
        {                                                              \
            group, signature, help                                     \
        }                                                              \
    }
#define FORM(name, params, result, flags, sql) \
    {                                          \
        name, params, result, flags, sql,      \
        {                                      \
            0                                  \
        }                                      \
    }

const struct func func_table[] = {
    /* Logic and comparison */
    OPERATOR("or", "bb", RESULT_BOOL, "($1 OR $2)"),
    OPERATOR("and", "bb", RESULT_BOOL, "($1 AND $2)"),
    OPERATOR("not", "b", RESULT_BOOL, "(NOT $1)"),
    OPERATOR("=", "cc", RESULT_BOOL, "($1 = $2)"),
    OPERATOR("<>", "cc", RESULT_BOOL, "($1 <> $2)"),
    OPERATOR("<", "cc", RESULT_BOOL, "($1 < $2)"),
    OPERATOR("<=", "cc", RESULT_BOOL, "($1 <= $2)"),
    OPERATOR(">", "cc", RESULT_BOOL, "($1 > $2)"),
    OPERATOR(">=", "cc", RESULT_BOOL, "($1 >= $2)"),
    OPERATOR("in", "cc*", RESULT_BOOL, "($1 IN ($+))"),
    OPERATOR("not in", "cc*", RESULT_BOOL, "($1 NOT IN ($+))"),
    OPERATOR("between", "ccc", RESULT_BOOL, "($1 BETWEEN $2 AND $3)"),
    OPERATOR("not between", "ccc", RESULT_BOOL, "($1 NOT BETWEEN $2 AND $3)"),
    OPERATOR("like", "tt", RESULT_BOOL, "($1 LIKE $2)"),
    OPERATOR("not like", "tt", RESULT_BOOL, "($1 NOT LIKE $2)"),
    OPERATOR("ilike", "tt", RESULT_BOOL, "($1 ILIKE $2)"),
    OPERATOR("not ilike", "tt", RESULT_BOOL, "($1 NOT ILIKE $2)"),
    OPERATOR("is null", "a", RESULT_BOOL, "($1 IS NULL)"),
    OPERATOR("is not null", "a", RESULT_BOOL, "($1 IS NOT NULL)"),
    OPERATOR("is distinct from", "cc", RESULT_BOOL, "($1 IS DISTINCT FROM $2)"),
    OPERATOR("is not distinct from", "cc", RESULT_BOOL, "($1 IS NOT DISTINCT FROM $2)"),
    OPERATOR("||", "tt", RESULT_TEXT, "($1 || $2)"),
    /* Arithmetic */
    OPERATOR("+", "nn", RESULT_ADD, "($1 + $2)"),
    OPERATOR("-", "nn", RESULT_ADD, "($1 - $2)"),
    OPERATOR("*", "nn", RESULT_MULTIPLY, "($1 * $2)"),
    OPERATOR("/", "nn", RESULT_DIVIDE, NULL),
    OPERATOR("%", "nn", RESULT_MOD, "($1 % $2)"),
    OPERATOR("negate", "n", RESULT_NEGATE, "(-$1)"),
    {"+", "dj", RESULT_DATE, FUNC_OPERATOR | FUNC_FAILS, "($1 + TRY_CAST($2 AS INTEGER))", {0}},
    {"-", "dj", RESULT_DATE, FUNC_OPERATOR | FUNC_FAILS, "($1 - TRY_CAST($2 AS INTEGER))", {0}},
    OPERATOR("-", "dd", RESULT_INT, "date_diff('day', $2, $1)"),

    /* Any type */
    FUNC("any", "coalesce", "cc*", RESULT_COMMON, 0, "coalesce($*)", "coalesce(a, b, ...)",
         "The first value that is not NULL."),
    FUNC("any", "greatest", "cc*", RESULT_COMMON, 0, "greatest($*)", "greatest(a, b, ...)",
         "The largest value; NULLs are left out."),
    FUNC("any", "least", "cc*", RESULT_COMMON, 0, "least($*)", "least(a, b, ...)",
         "The smallest value; NULLs are left out."),
    FUNC("any", "nullif", "cc", RESULT_COMMON, 0, "nullif($1, $2)", "nullif(a, b)",
         "NULL when a = b, else a."),

    /* Dates and times */
    FUNC("date", "add_days", "dj", RESULT_DATE, FUNC_FAILS, "($1 + TRY_CAST($2 AS INTEGER))",
         "add_days(date, days)", "So many days later; also for timestamps."),
    FORM("add_days", "sj", RESULT_TIMESTAMP, FUNC_FAILS, "($1 + to_days(TRY_CAST($2 AS INTEGER)))"),
    FUNC("date", "add_months", "dj", RESULT_DATE, FUNC_FAILS,
         "CAST($1 + to_months(TRY_CAST($2 AS INTEGER)) AS DATE)", "add_months(date, months)",
         "So many months later, at most the month's last day; also for timestamps."),
    FORM("add_months", "sj", RESULT_TIMESTAMP, FUNC_FAILS,
         "($1 + to_months(TRY_CAST($2 AS INTEGER)))"),
    FUNC("date", "date", "s", RESULT_DATE, 0, "CAST($1 AS DATE)", "date(timestamp)",
         "The day of a timestamp, without its time."),
    FORM("date", "d", RESULT_DATE, 0, "$1"),
    FUNC("date", "date_trunc", "UD", RESULT_SECOND, 0, "CAST(date_trunc($1, $2) AS $T)",
         "date_trunc('unit', time)",
         "The begin of the year, quarter, month, week (ISO), day, hour, minute or second."),
    FUNC("date", "day", "D", RESULT_INT, 0, "day($1)", "day(time)", "Day of the month, 1 to 31."),
    FUNC("date", "day_of_year", "D", RESULT_INT, 0, "dayofyear($1)", "day_of_year(time)",
         "1 to 366."),
    FUNC("date", "days_between", "DD", RESULT_INT, 0, "date_diff('day', $1, $2)",
         "days_between(from, to)",
         "Midnights between two times; negative when `to` is the earlier one."),
    FUNC("date", "format_date", "DF", RESULT_TEXT, 0, "strftime($1, $2)",
         "format_date(time, '%Y-%m')", "As text, by strftime's letters."),
    FUNC("date", "hour", "s", RESULT_INT, 0, "hour($1)", "hour(timestamp)", "0 to 23."),
    FUNC("date", "last_day", "D", RESULT_DATE, 0, "last_day($1)", "last_day(time)",
         "The last day of its month."),
    FUNC("date", "make_date", "jjj", RESULT_DATE, FUNC_FAILS, "make_date($1, $2, $3)",
         "make_date(year, month, day)",
         "The date of three numbers; a row with an impossible one fails."),
    FUNC("date", "minute", "s", RESULT_INT, 0, "minute($1)", "minute(timestamp)", "0 to 59."),
    FUNC("date", "month", "D", RESULT_INT, 0, "month($1)", "month(time)", "1 to 12."),
    FUNC("date", "months_between", "DD", RESULT_INT, 0, "date_sub('month', $1, $2)",
         "months_between(from, to)",
         "Whole months that have passed; negative when `to` is the earlier one."),
    FUNC("date", "now", "", RESULT_TIMESTAMP, FUNC_CLOCK, NULL, "now()",
         "The run's clock, UTC, where there is one."),
    FUNC("date", "quarter", "D", RESULT_INT, 0, "quarter($1)", "quarter(time)", "1 to 4."),
    FUNC("date", "second", "s", RESULT_INT, 0, "second($1)", "second(timestamp)", "0 to 59."),
    FUNC("date", "seconds_between", "ss", RESULT_INT, 0, "date_sub('second', $1, $2)",
         "seconds_between(from, to)", "Whole seconds that have passed."),
    FUNC("date", "week", "D", RESULT_INT, 0, "week($1)", "week(time)", "ISO week, 1 to 53."),
    FUNC("date", "weekday", "D", RESULT_INT, 0, "isodow($1)", "weekday(time)",
         "ISO weekday, Monday 1 to Sunday 7."),
    FUNC("date", "year", "D", RESULT_INT, 0, "year($1)", "year(time)", "Calendar year."),

    /* Numbers */
    FUNC("number", "abs", "n", RESULT_NEGATE, 0, "abs($1)", "abs(x)",
         "The value without its sign."),
    FUNC("number", "ceil", "n", RESULT_WHOLE, 0, "ceil($1)", "ceil(x)",
         "The smallest whole number not below x."),
    FUNC("number", "exp", "f", RESULT_DOUBLE, 0, "exp($1)", "exp(x)",
         "e to the power of x, as double."),
    FUNC("number", "floor", "n", RESULT_WHOLE, 0, "floor($1)", "floor(x)",
         "The largest whole number not above x."),
    FUNC("number", "ln", "f", RESULT_DOUBLE, FUNC_FAILS, "ln($1)", "ln(x)",
         "Natural logarithm, as double; a row with x <= 0 fails."),
    FUNC("number", "log10", "f", RESULT_DOUBLE, FUNC_FAILS, "log10($1)", "log10(x)",
         "Decimal logarithm, as double; a row with x <= 0 fails."),
    FUNC("number", "mod", "nn", RESULT_MOD, 0, "($1 % $2)", "mod(x, y)",
         "The rest of x / y with the sign of x; NULL for y = 0."),
    FUNC("number", "power", "ff", RESULT_DOUBLE, 0, "power($1, $2)", "power(x, y)",
         "x to the power of y, as double."),
    FUNC("number", "round", "n?K", RESULT_ROUND, 0, "round($1, $2)", "round(x[, digits])",
         "Rounded half away from zero, to whole numbers unless digits are given."),
    FUNC("number", "sign", "n", RESULT_INT, 0, "CAST(sign($1) AS BIGINT)", "sign(x)",
         "-1, 0 or 1."),
    FUNC("number", "sqrt", "f", RESULT_DOUBLE, FUNC_FAILS, "sqrt($1)", "sqrt(x)",
         "Square root, as double; a row with x < 0 fails."),
    FUNC("number", "trunc", "n", RESULT_WHOLE, 0, "trunc($1)", "trunc(x)",
         "The whole number towards zero."),

    /* Text */
    FUNC("text", "concat", "tt*", RESULT_TEXT, 0, "concat($*)", "concat(a, b, ...)",
         "One text behind the other; NULL counts as empty (with || it does not)."),
    FUNC("text", "contains", "tt", RESULT_BOOL, 0, "contains($1, $2)", "contains(text, part)",
         "Whether the part occurs in it."),
    FUNC("text", "ends_with", "tt", RESULT_BOOL, 0, "suffix($1, $2)", "ends_with(text, part)",
         "Whether it ends with the part."),
    FUNC("text", "left", "tj", RESULT_TEXT, FUNC_FAILS, "left($1, $2)", "left(text, n)",
         "The first n characters; all but the last -n when n is negative."),
    FUNC("text", "length", "t", RESULT_INT, 0, "length($1)", "length(text)",
         "Number of characters."),
    FUNC("text", "lower", "t", RESULT_TEXT, 0, "lower($1)", "lower(text)", "In lower case."),
    FUNC("text", "lpad", "tKP", RESULT_TEXT, 0, "lpad($1, $2, $3)", "lpad(text, n, 'fill')",
         "Filled from the left, or cut, to n characters."),
    FUNC("text", "ltrim", "t?t", RESULT_TEXT, 0, "ltrim($*)", "ltrim(text[, characters])",
         "Without these characters (spaces) at the begin."),
    FUNC("text", "md5", "t", RESULT_TEXT, 0, "md5($1)", "md5(text)", "MD5 in hexadecimal."),
    FUNC("text", "position", "tt", RESULT_INT, 0, "instr($1, $2)", "position(text, part)",
         "Where the part first begins, from 1; 0 when it does not occur."),
    FUNC("text", "regex_extract", "tR?K", RESULT_TEXT, 0, "regexp_extract($*)",
         "regex_extract(text, 'pattern'[, group])",
         "The first match, or its group; empty when there is none."),
    FUNC("text", "regex_full_match", "tR", RESULT_BOOL, 0, "regexp_full_match($1, $2)",
         "regex_full_match(text, 'pattern')", "Whether the whole text matches."),
    FUNC("text", "regex_match", "tR", RESULT_BOOL, 0, "regexp_matches($1, $2)",
         "regex_match(text, 'pattern')",
         "Whether any part of the text matches; ^ and $ tie it to the ends."),
    FUNC("text", "regex_replace", "tRt", RESULT_TEXT, 0, "regexp_replace($1, $2, $3, 'g')",
         "regex_replace(text, 'pattern', new)", "All matches replaced; \\1 is the first group."),
    FUNC("text", "repeat", "tK", RESULT_TEXT, 0, "repeat($1, $2)", "repeat(text, n)",
         "n times the text."),
    FUNC("text", "replace", "ttt", RESULT_TEXT, 0, "replace($1, $2, $3)", "replace(text, old, new)",
         "All occurrences replaced."),
    FUNC("text", "reverse", "t", RESULT_TEXT, 0, "reverse($1)", "reverse(text)",
         "Last character first."),
    FUNC("text", "right", "tj", RESULT_TEXT, FUNC_FAILS, "right($1, $2)", "right(text, n)",
         "The last n characters; all but the first -n when n is negative."),
    FUNC("text", "rpad", "tKP", RESULT_TEXT, 0, "rpad($1, $2, $3)", "rpad(text, n, 'fill')",
         "Filled from the right, or cut, to n characters."),
    FUNC("text", "rtrim", "t?t", RESULT_TEXT, 0, "rtrim($*)", "rtrim(text[, characters])",
         "Without these characters (spaces) at the end."),
    FUNC("text", "split_part", "ttj", RESULT_TEXT, FUNC_FAILS, "split_part($1, $2, $3)",
         "split_part(text, separator, n)", "The n-th part, from 1; empty when there are fewer."),
    FUNC("text", "starts_with", "tt", RESULT_BOOL, 0, "prefix($1, $2)", "starts_with(text, part)",
         "Whether it begins with the part."),
    FUNC("text", "strip_accents", "t", RESULT_TEXT, 0, "strip_accents($1)", "strip_accents(text)",
         "Letters without accents."),
    FUNC("text", "substr", "tj?j", RESULT_TEXT, FUNC_FAILS, "substr($*)",
         "substr(text, from[, length])", "Part of a text; the first character is 1, -1 the last."),
    FUNC(
        "text", "title", "t", RESULT_TEXT, 0,
        "array_to_string(list_transform(string_split(lower($1), ' '), lambda w: upper(w[1]) || w[2:]), ' ')",
        "title(text)", "Each word's first letter in upper case, the others in lower case."),
    FUNC("text", "trim", "t?t", RESULT_TEXT, 0, "trim($*)", "trim(text[, characters])",
         "Without these characters (spaces) at both ends."),
    FUNC("text", "upper", "t", RESULT_TEXT, 0, "upper($1)", "upper(text)", "In upper case."),
};

const size_t func_count = sizeof func_table / sizeof func_table[0];

const struct expr_function *expr_functions(size_t *n)
{
    static struct expr_function shown[sizeof func_table / sizeof func_table[0]];
    static size_t count;
    if (!count) {
        size_t k = 0;
        for (size_t i = 0; i < func_count; i++)
            if (func_table[i].doc.signature)
                shown[k++] = func_table[i].doc;
        count = k;
    }
    *n = count;
    return shown;
}
