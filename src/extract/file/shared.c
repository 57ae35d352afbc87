/* SPDX-License-Identifier: Apache-2.0 */
/* What several formats of files have in common. */
#include "extract/file/internal.h"

void file_block_close(void *file)
{
    struct block_file *f = file;
    atomic_store(&f->target->counts->footers, blocks_footers(f->blocks));
    blocks_close(f->blocks);
}

int64_t file_block_read(void *file)
{
    return blocks_file_read(((struct block_file *)file)->blocks);
}

enum q_code file_block_locate(void *file, struct blocks_place *places, size_t n, size_t raw_max,
                              struct q_arena *arena, struct q_err *err)
{
    return blocks_locate(((struct block_file *)file)->blocks, places, n, raw_max, arena, err);
}

void *file_turn_worker(struct q_arena *arena)
{
    return q_new(arena, char); /* only to be told from others */
}

bool file_turn_take(struct file_turn *turn, void *worker)
{
    void *nobody = NULL;
    return atomic_compare_exchange_strong(&turn->owner, &nobody, worker) || nobody == worker;
}

void file_shape_json(const struct file_item *f, struct q_json *out)
{
    (void)f;
    q_json_set_text(out, "format", "json");
}
