/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/retail.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "sample/files.h"

struct file_info {
    const char *name, *header;
    void (*write)(struct sample_job *job, struct sample_out *o);
};

static const struct file_info files[] = {
    {"customers.csv",
     "customer_id,first_name,last_name,email,phone,address,city,state,country,customer_tier,"
     "registration_date,updated_at",
     sample_write_customers},
    {"products.csv",
     "product_id,product_name,category,subcategory,brand,supplier_id,cost_price,retail_price,"
     "product_status,updated_at",
     sample_write_products},
    {"stores.csv",
     "store_id,store_name,address,city,state,country,store_type,opening_date,manager_id",
     sample_write_stores},
    {"employees.csv",
     "employee_id,first_name,last_name,position,department,hire_date,salary,store_id,is_active",
     sample_write_employees},
    {"suppliers.csv",
     "supplier_id,supplier_name,contact_person,email,phone,address,city,country,contract_start,"
     "contract_end",
     sample_write_suppliers},
    {"holidays.csv", "date,name", sample_write_holidays},
    {"sales.csv",
     "transaction_id,customer_id,product_id,store_id,employee_id,sale_date,quantity,unit_price,"
     "discount_amount,total_amount",
     sample_write_sales},
    {"inventory.csv",
     "inventory_id,product_id,store_id,date,opening_stock,received_qty,sold_qty,closing_stock",
     sample_write_inventory},
};

enum { N_FILES = sizeof files / sizeof files[0] };

static enum q_code check_options(const struct sample_retail_options *o, struct q_err *err)
{
    if (o->sales < 1 || o->sales > SAMPLE_RETAIL_SALES_MAX)
        return q_fail(err, Q_USAGE, "cannot make %" PRId64 " sales: the number is 1 to %" PRId64,
                      o->sales, (int64_t)SAMPLE_RETAIL_SALES_MAX);
    int32_t first = q_days_from_civil(1980, 1, 1), last = q_days_from_civil(2200, 12, 31);
    if (o->until < first || o->until > last)
        return q_fail(err, Q_USAGE,
                      "cannot make sales until this date: it is 1980-01-01 to 2200-12-31");
    return Q_OK;
}

static enum q_code write_file(struct sample_job *job, const char *dir, const struct file_info *info,
                              struct sample_file *made, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(job->arena, "sample file");
    struct sample_out *o = q_new(scratch, struct sample_out);
    enum q_code code =
        sample_open(o, scratch, q_path_join(scratch, dir, info->name), info->header, err);
    if (!code) {
        info->write(job, o);
        code = sample_close(o, err);
    }
    *made = (struct sample_file){info->name, o->records, o->bytes};
    q_arena_free(scratch);
    return code;
}

static void list_dirt(const struct sample_job *job, struct sample_retail *out)
{
    for (int i = SAMPLE_CLEAN + 1; i < SAMPLE_KINDS; i++) {
        const struct sample_kind_info *k = &sample_kinds[i];
        *q_vec_push(job->arena, &out->dirt) = (struct sample_dirt){
            k->file, k->name, k->outcome, k->reason, k->rule, job->dirt[i] * k->each};
    }
}

static enum q_code write_dirt(struct q_arena *arena, const struct sample_retail_options *options,
                              const struct sample_retail *made, struct q_err *err)
{
    char date[Q_TIMESTAMP_TEXT], seed[24];
    struct q_json *top = q_json_object(arena);
    q_json_set_int(top, "sales", options->sales);
    (void)snprintf(seed, sizeof seed, "%" PRIu64, options->seed);
    q_json_set_text(top, "seed", seed);
    q_json_set_text(top, "until", q_date_text(options->until, date));
    struct q_json *list = q_json_set_array(top, "files");
    for (size_t i = 0; i < made->files.n; i++) {
        struct q_json *o = q_json_push_object(list);
        q_json_set_text(o, "file", made->files.v[i].name);
        q_json_set_int(o, "records", made->files.v[i].records);
        q_json_set_int(o, "bytes", made->files.v[i].bytes);
    }
    list = q_json_set_array(top, "dirt");
    for (size_t i = 0; i < made->dirt.n; i++) {
        const struct sample_dirt *d = &made->dirt.v[i];
        struct q_json *o = q_json_push_object(list);
        q_json_set_text(o, "file", d->file);
        q_json_set_text(o, "kind", d->kind);
        q_json_set_int(o, "records", d->records);
        q_json_set_text(o, "outcome", d->outcome);
        q_json_set_text(o, "reason", d->reason);
        q_json_set_text(o, "rule", d->rule);
    }
    struct q_buf text;
    q_buf_init(&text, 1 << 20);
    q_json_write(top, true, &text);
    q_buf_addc(&text, '\n');
    enum q_code code = q_file_write(q_path_join(arena, options->dir, "dirt.json"),
                                    (struct q_str){q_buf_text(&text), text.n}, err);
    q_buf_release(&text);
    return code;
}

enum q_code sample_retail(struct q_arena *arena, const struct sample_retail_options *options,
                          struct sample_retail *out, struct q_err *err)
{
    *out = (struct sample_retail){0};
    enum q_code code = check_options(options, err);
    if (!code)
        code = q_dir_make(options->dir, err);
    if (code)
        return code;
    struct sample_job *job = q_new(arena, struct sample_job);
    job->arena = arena;
    sample_world_init(&job->world, arena, options->seed, options->sales, options->until);
    job->sold =
        q_alloc_array(arena, (size_t)(SAMPLE_STOCK_DAYS * job->world.stores * job->world.stocked),
                      sizeof *job->sold);
    for (int i = 0; i < N_FILES && !code; i++)
        code = write_file(job, options->dir, &files[i], q_vec_push(arena, &out->files), err);
    if (code)
        return code;
    list_dirt(job, out);
    return write_dirt(arena, options, out, err);
}
