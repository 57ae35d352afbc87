/* SPDX-License-Identifier: Apache-2.0 */
/* Watermarks and intervals in the warehouse: written by runs, cut, and given back by undo. */
#include "state/reads.h"

#include "base/embed.h"
#include "support/place.h"
#include "unit.h"

struct house {
    struct place place;
    struct db_conn *db;
};

static void exec(struct house *h, const char *sql)
{
    struct q_err err = {0};
    if (db_exec(h->db, sql, NULL, 0, NULL, &err))
        fail_msg("%s: %s", sql, err.message);
}

static struct house house_make(bool tables)
{
    struct house h = {.place = place_make()};
    struct db *db;
    struct q_err err = {0};
    struct db_settings settings = {.threads = 1};
    assert_int_equal(db_open(h.place.arena, &settings, &db, &err), Q_OK);
    assert_int_equal(db_connect(db, h.place.arena, &h.db, &err), Q_OK);
    assert_int_equal(db_attach(h.db, ":memory:", "wh", false, &err), Q_OK);
    exec(&h, "CREATE SCHEMA wh.quern");
    exec(&h, "CREATE TABLE q_run (run_id BIGINT, clock TIMESTAMP)");
    exec(&h, q_embed_text("extract/create_reads.sql"));
    if (!tables)
        return h;
    exec(&h, q_embed_text("state/create_watermarks.sql"));
    exec(&h, q_embed_text("state/create_intervals.sql"));
    return h;
}

/* What a run puts into the workspace, and its publishing step. */
static void publish(struct house *h, int run, const char *before, const char *value, bool anew,
                    const char *lo, const char *hi)
{
    static const char *const parts[] = {"state/replace_intervals.sql", "state/insert_intervals.sql",
                                        "state/insert_watermarks.sql"};
    struct q_err err = {0};
    struct db_param p[] = {db_int("run", run),      db_text("before", before),
                           db_text("value", value), db_bool("anew", anew),
                           db_text("lo", lo),       db_text("hi", hi)};
    exec(h, "DELETE FROM q_run; DELETE FROM q_watermarks; DELETE FROM q_intervals");
    assert_int_equal(db_exec(h->db, "INSERT INTO q_run VALUES ($run, NULL)", p, 6, NULL, &err),
                     Q_OK);
    assert_int_equal(
        db_exec(h->db,
                "INSERT INTO q_watermarks VALUES ('p', 's', 'at', 'timestamp', $before, "
                "$value, $anew, 0, 0, NULL, NULL)",
                p, 6, NULL, &err),
        Q_OK);
    assert_int_equal(db_exec(h->db,
                             "INSERT INTO q_intervals SELECT 's', $lo, $hi WHERE $lo IS NOT NULL",
                             p, 6, NULL, &err),
                     Q_OK);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        exec(h, q_embed_text(parts[i]));
}

/* "watermark; lo..hi lo..hi; begin" of the day of the month and the hour, as texts. */
static const char *shown(struct house *h)
{
    struct q_arena *arena = h->place.arena;
    struct state_reads reads;
    struct q_err err = {0};
    cursor_intervals merged;
    struct db_param begin;
    assert_int_equal(state_reads_get(h->db, arena, "p", "s", &reads, &err), Q_OK);
    if (!reads.n)
        return "nothing";
    const struct state_read *r = &reads.v[0];
    assert_string_equal(r->cursor, "at");
    const char *text = r->has_watermark ? cursor_text(arena, &r->watermark) + 8 : "none";
    state_read_merged(arena, r, &merged);
    for (size_t i = 0; i < merged.n; i++)
        text = q_printf(arena, "%s; %.2s..%.2s", text, cursor_text(arena, &merged.v[i].lo) + 8,
                        cursor_text(arena, &merged.v[i].hi) + 8);
    if (state_read_begin(r, &begin))
        text = q_printf(arena, "%s; from %.2s", text, cursor_text(arena, &begin) + 8);
    return text;
}

#define DAY(d) "2024-01-" d " 00:00:00"

static void a_warehouse_without_the_tables_has_read_nothing(void **state)
{
    (void)state;
    struct house h = house_make(false);
    struct q_err err = {0};
    assert_string_equal(shown(&h), "nothing");
    assert_int_equal(state_restore_intervals(h.db, 1, &err), Q_OK);
    place_drop(&h.place);
}

static void the_newest_run_says_the_watermark_to_the_microsecond_rules_4_and_8(void **state)
{
    (void)state;
    struct house h = house_make(true);
    publish(&h, 1, NULL, "2024-01-05 10:00:00.000001", false, DAY("01"),
            "2024-01-05 10:00:00.000001");
    assert_string_equal(shown(&h), "05 10:00:00.000001; 01..05; from 01");
    publish(&h, 2, "2024-01-05 10:00:00.000001", DAY("07"), false, "2024-01-05 10:00:00.000001",
            DAY("07"));
    assert_string_equal(shown(&h), "07 00:00:00; 01..07; from 01");
    publish(&h, 3, DAY("07"), DAY("07"), false, NULL, NULL);      /* no news */
    publish(&h, 4, DAY("07"), NULL, false, DAY("10"), DAY("12")); /* a backfill */
    assert_string_equal(shown(&h), "07 00:00:00; 01..07; 10..12; from 01");
    publish(&h, 5, DAY("07"), DAY("06"), true, DAY("03"), DAY("06")); /* everything anew */
    assert_string_equal(shown(&h), "06 00:00:00; 03..06; from 03");
    place_drop(&h.place);
}

static void undo_gives_watermark_and_intervals_back_rule_18(void **state)
{
    (void)state;
    struct house h = house_make(true);
    struct q_err err = {0};
    publish(&h, 1, NULL, DAY("05"), false, DAY("01"), DAY("05"));
    publish(&h, 2, DAY("05"), DAY("07"), false, DAY("05"), DAY("07"));
    publish(&h, 3, DAY("07"), NULL, false, DAY("10"), DAY("12"));
    publish(&h, 4, DAY("07"), DAY("06"), true, DAY("03"), DAY("06"));
    assert_int_equal(state_restore_intervals(h.db, 4, &err), Q_OK);
    assert_string_equal(shown(&h), "07 00:00:00; 01..07; 10..12; from 01");
    assert_int_equal(state_restore_intervals(h.db, 3, &err), Q_OK);
    assert_string_equal(shown(&h), "07 00:00:00; 01..07; from 01");
    /* the first run is taken back while the second stands: what it read is a hole, not a time before the beginning */
    assert_int_equal(state_restore_intervals(h.db, 1, &err), Q_OK);
    assert_string_equal(shown(&h), "07 00:00:00; 05..07; from 01"); /* from 05 00:00:00.000001 on */
    assert_int_equal(state_restore_intervals(h.db, 2, &err), Q_OK);
    assert_int_equal(state_restore_intervals(h.db, 1, &err), Q_OK);
    assert_string_equal(shown(&h), "none; from 01");
    place_drop(&h.place);
}

static void a_cut_leaves_what_is_before_and_behind_and_where_reading_began_rule_5(void **state)
{
    (void)state;
    static const struct {
        const char *lo, *hi;
        int64_t changed;
        const char *left;
    } rows[] = {
        {DAY("03"), DAY("04"), 1, "09 00:00:00; 02..03; 04..09; from 02"},
        {DAY("01"), DAY("04"), 1, "09 00:00:00; 04..09; from 02"},
        {DAY("04"), DAY("08"), 2, "09 00:00:00; 02..04; 08..09; from 02"},
        {DAY("01"), DAY("20"), 2, "09 00:00:00; from 02"},
        {DAY("09"), DAY("20"), 0, "09 00:00:00; 02..09; from 02"},
        {DAY("01"), DAY("02"), 0, "09 00:00:00; 02..09; from 02"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house h = house_make(true);
        struct state_reads reads;
        struct cursor_interval hole;
        struct q_err err = {0};
        int64_t changed;
        publish(&h, 1, NULL, DAY("06"), false, DAY("02"), DAY("06"));
        publish(&h, 2, DAY("06"), DAY("09"), false, DAY("06"), DAY("09"));
        struct q_type type = Q_TYPE(Q_T_TIMESTAMP);
        assert_int_equal(state_reads_get(h.db, h.place.arena, NULL, NULL, &reads, &err), Q_OK);
        assert_int_equal(cursor_parse(h.place.arena, type, rows[i].lo, &hole.lo, &err), Q_OK);
        assert_int_equal(cursor_parse(h.place.arena, type, rows[i].hi, &hole.hi, &err), Q_OK);
        assert_int_equal(
            state_intervals_cut(h.db, h.place.arena, &reads.v[0], &hole, &changed, &err), Q_OK);
        assert_int_equal(changed, rows[i].changed);
        assert_string_equal(shown(&h), rows[i].left);
        place_drop(&h.place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warehouse_without_the_tables_has_read_nothing),
        cmocka_unit_test(the_newest_run_says_the_watermark_to_the_microsecond_rules_4_and_8),
        cmocka_unit_test(undo_gives_watermark_and_intervals_back_rule_18),
        cmocka_unit_test(a_cut_leaves_what_is_before_and_behind_and_where_reading_began_rule_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
