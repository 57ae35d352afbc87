/* SPDX-License-Identifier: Apache-2.0 */
/* Which source columns and steps a column of the target is made of. */
#include "plan/lineage.h"

#include "support/stages.h"
#include "transform/transform.h"
#include "unit.h"

static const char model_dimension[] = "dimension: dim_item\n"
                                      "key: item_key\n"
                                      "business_key: [item_id]\n"
                                      "columns:\n"
                                      "  item_id: text\n"
                                      "  name: { type: text, history: keep }\n"
                                      "  price: { type: \"decimal(10,2)\", history: previous }\n";
static const char model_fact[] = "fact: orders\n"
                                 "grain: [id]\n"
                                 "columns:\n"
                                 "  id: bigint\n"
                                 "  item: { dimension: dim_item, from: [item_id], at: day }\n"
                                 "  day: date\n"
                                 "  total: \"decimal(38,2)\"\n"
                                 "  note: text\n"
                                 "  label: text\n";

static const char orders[] =
    "pipeline: orders\n"
    "extract:\n"
    "  orders: { from: files, path: a.csv }\n"
    "  items: { from: files, path: b.csv }\n"
    "transform:\n"
    "  - rename: { nr: id, Remark: note }\n"
    "  - cast: { quantity: bigint }\n"
    "  - relation: items\n"
    "    clean: { text: [label] }\n"
    "  - relation: items\n"
    "    filter: \"price > 0\"\n"
    "  - join: { left: orders, right: items, on: item_id }\n"
    "  - derive: { total: \"quantity * price\", note: \"coalesce(note, note_right)\" }\n"
    "  - filter: \"total < 100 and quantity > 0\"\n"
    "  - drop: [quantity]\n"
    "load: { into: orders, mode: upsert }\n";

/* "column <- sources | steps | filters | note" of one column. */
static const char *shown(struct stages *s, const char *column)
{
    struct lineage l;
    struct q_err err = {0};
    struct q_buf *b = q_new(s->arena, struct q_buf);
    q_buf_init_in(b, s->arena, 1 << 16);
    if (lineage_of(s->arena, s->plan, column, &l, &err))
        return q_strdup(s->arena, err.message);
    for (size_t i = 0; i < l.sources.n; i++)
        q_buf_printf(b, "%s%s", i ? ", " : "", l.sources.v[i]);
    for (size_t i = 0; i < l.steps.n; i++)
        q_buf_printf(b, "\n%zu %s -> %s", l.steps.v[i]->number, l.steps.v[i]->text,
                     l.steps.v[i]->relation);
    for (size_t i = 0; i < l.filters.n; i++)
        q_buf_printf(b, "\n(%zu %s)", l.filters.v[i]->number, l.filters.v[i]->text);
    if (l.note)
        q_buf_printf(b, "\n%s", l.note);
    return q_buf_text(b);
}

static void open_plan(struct stages *s, const char *pipeline, const char *table)
{
    static const struct plan_stage *const list[] = {&transform_stage};
    stages_open(s);
    stages_file(s, "model/dim_item.yaml", model_dimension);
    stages_file(s, "model/orders.yaml", model_fact);
    stages_file(s, "pipelines/orders.yaml", orders);
    stages_file(s, "pipelines/items.yaml",
                "pipeline: items\n"
                "extract: { items: { from: files, path: b.csv } }\n"
                "load: { into: dim_item, mode: history, valid_from: seen }\n");
    stages_stage(
        s, "orders",
        "SELECT 1::BIGINT AS nr, 'x' AS item_id, DATE '2024-01-01' AS day, '2' AS quantity, 'r' AS remark");
    stages_stage(
        s, "items",
        "SELECT 'x' AS item_id, 'n' AS name, 1.50::DECIMAL(10,2) AS price, 'm' AS note, ' l ' AS label, "
        "TIMESTAMP '2024-01-01' AS seen");
    if (stages_run(s, pipeline, list, 1))
        fail_msg("%s", s->err.message);
    s->plan->target = model_find(s->plan->model, table);
}

#define FILTERS "\n(4 filter price > 0)\n(7 filter total < 100 and quantity > 0)"

static void a_column_is_followed_through_renames_casts_joins_and_expressions(void **state)
{
    (void)state;
    struct stages s;
    open_plan(&s, "orders", "orders");
    assert_string_equal(shown(&s, "id"), "orders.nr\n1 rename nr to id -> t1_orders" FILTERS);
    assert_string_equal(shown(&s, "total"), "orders.quantity, items.price\n"
                                            "2 cast quantity to bigint -> t2_orders\n"
                                            "5 join items on item_id = item_id -> t5_orders\n"
                                            "6 total = quantity * price -> t6_orders" FILTERS);
    assert_string_equal(shown(&s, "label"),
                        "items.label\n"
                        "3 clean label as text -> t3_items\n"
                        "5 join items on item_id = item_id -> t5_orders" FILTERS);
    stages_close(&s);
}

static void a_joined_column_of_the_same_name_has_its_suffix(void **state)
{
    (void)state;
    struct stages s;
    open_plan(&s, "orders", "orders");
    assert_string_equal(shown(&s, "note"),
                        "orders.remark, items.note\n"
                        "1 rename Remark to note -> t1_orders\n"
                        "5 join items on item_id = item_id -> t5_orders\n"
                        "6 note = coalesce(note, note_right) -> t6_orders" FILTERS);
    stages_close(&s);
}

static void a_key_depends_on_what_it_is_looked_up_by(void **state)
{
    (void)state;
    struct stages s;
    open_plan(&s, "orders", "orders");
    assert_string_equal(shown(&s, "item_key"),
                        "orders.item_id, orders.day" FILTERS
                        "\nkey of the version of dim_item that was valid at day, found by item_id");
    assert_string_equal(shown(&s, "_q_run"), FILTERS "\nthe run that wrote the row");
    assert_string_equal(shown(&s, "nothing"), "cannot tell the lineage of \"nothing\" of orders");
    stages_close(&s);
}

static void columns_of_history_say_what_they_are(void **state)
{
    (void)state;
    struct stages s;
    open_plan(&s, "items", "dim_item");
    assert_string_equal(shown(&s, "item_key"), "\nsurrogate key, given by quern");
    assert_string_equal(shown(&s, "valid_from"), "items.seen\nthe business time of the row");
    assert_string_equal(shown(&s, "previous_price"),
                        "items.price\nthe value before the last change");
    assert_string_equal(shown(&s, "price_changed_at"), "items.price\nthe time of the last change");
    assert_string_equal(shown(&s, "version"), "\nnumber of the version in order of time");
    stages_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_followed_through_renames_casts_joins_and_expressions),
        cmocka_unit_test(a_joined_column_of_the_same_name_has_its_suffix),
        cmocka_unit_test(a_key_depends_on_what_it_is_looked_up_by),
        cmocka_unit_test(columns_of_history_say_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
