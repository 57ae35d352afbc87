/* SPDX-License-Identifier: Apache-2.0 */
#include "db/mysql/internal.h"

enum { BINARY_CHARSET = 63, WIDTH_MAX = 38, BIT_MAX = 63, UNSIGNED_BIGINT_DIGITS = 20 };

static bool attribute_is(const struct mysql_library *lib, const MYSQL_FIELD *field,
                         enum mariadb_field_attr_t which, const char *word)
{
    MARIADB_CONST_STRING text = {0};
    return !lib->field_attr(&text, field, which) && text.length == strlen(word) &&
           memcmp(text.str, word, text.length) == 0;
}

/* Digits as declared: the shown length has the point and the sign in it. */
static struct q_type decimal_type(const MYSQL_FIELD *f)
{
    unsigned long digits = f->length - (f->decimals > 0) - !(f->flags & UNSIGNED_FLAG);
    unsigned scale = f->decimals < WIDTH_MAX ? f->decimals : WIDTH_MAX;
    unsigned width = digits < WIDTH_MAX ? (unsigned)digits : WIDTH_MAX;
    width = width < scale ? scale : width;
    return Q_DECIMAL((uint8_t)(width ? width : 1), (uint8_t)scale);
}

static struct q_type text_type(const struct mysql_library *lib, const MYSQL_FIELD *f)
{
    if (attribute_is(lib, f, MARIADB_FIELD_ATTR_FORMAT_NAME, "json"))
        return Q_TYPE(Q_T_JSON);
    if (attribute_is(lib, f, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "uuid"))
        return Q_TYPE(Q_T_UUID);
    if (attribute_is(lib, f, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "inet6") ||
        attribute_is(lib, f, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "inet4"))
        return Q_TYPE(Q_T_TEXT);
    return Q_TYPE(f->charsetnr == BINARY_CHARSET ? Q_T_BLOB : Q_T_TEXT);
}

static struct q_type bit_type(const MYSQL_FIELD *f)
{
    if (f->length == 1)
        return Q_TYPE(Q_T_BOOL);
    return f->length > BIT_MAX ? Q_DECIMAL(UNSIGNED_BIGINT_DIGITS, 0) : Q_TYPE(Q_T_INT64);
}

struct q_type mysqldb_type(const struct mysql_library *lib, const MYSQL_FIELD *f,
                           const char **there)
{
    bool is_unsigned = f->flags & UNSIGNED_FLAG;
    *there = "";
    switch ((int)f->type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_YEAR:
        return Q_TYPE(Q_T_INT16);
    case MYSQL_TYPE_SHORT:
        return Q_TYPE(is_unsigned ? Q_T_INT32 : Q_T_INT16);
    case MYSQL_TYPE_INT24:
        return Q_TYPE(Q_T_INT32);
    case MYSQL_TYPE_LONG:
        return Q_TYPE(is_unsigned ? Q_T_INT64 : Q_T_INT32);
    case MYSQL_TYPE_LONGLONG:
        return is_unsigned ? Q_DECIMAL(UNSIGNED_BIGINT_DIGITS, 0) : Q_TYPE(Q_T_INT64);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        return decimal_type(f);
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        return Q_TYPE(Q_T_DOUBLE);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
        return Q_TYPE(Q_T_DATE);
    case MYSQL_TYPE_DATETIME:
        return Q_TYPE(Q_T_TIMESTAMP);
    case MYSQL_TYPE_TIMESTAMP:
        return Q_TYPE(Q_T_TIMESTAMPTZ);
    case MYSQL_TYPE_TIME:
        return Q_TYPE(Q_T_TIME);
    case MYSQL_TYPE_BIT:
        return bit_type(f);
    case MYSQL_TYPE_JSON:
        return Q_TYPE(Q_T_JSON);
    case MYSQL_TYPE_NULL:
        return Q_TYPE(Q_T_TEXT);
    case MYSQL_TYPE_GEOMETRY:
        *there = "GEOMETRY";
        return Q_TYPE(Q_T_OTHER);
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_ENUM:
    case MYSQL_TYPE_SET:
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
        return text_type(lib, f);
    default:
        *there = "a type that is not known";
        return Q_TYPE(Q_T_OTHER);
    }
}
