/* SPDX-License-Identifier: Apache-2.0 */
/* Every driver of a source. */
#include "extract/driver.h"
#include "extract/file/file.h"
#include "extract/mysql/mysql.h"
#include "extract/postgres/postgres.h"
#include "extract/rest/rest.h"
#include "extract/sqlite/sqlite.h"

const struct cfg_driver *const extract_drivers[] = {
    &extract_files.words, &extract_mysql.words,  &extract_postgres.words,
    &extract_rest.words,  &extract_sqlite.words, NULL,
};
