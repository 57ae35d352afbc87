/* SPDX-License-Identifier: Apache-2.0 */
/* A page on its own. Its chart stands above the table, so the table is held until all rows are known. */
#include <inttypes.h>

#include "batch/cell.h"
#include "format/write/chart.h"

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1d2126;--soft:#5d656f;--line:#e2e5e9;--back:#fff;"
    "--band:#f6f7f9}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#9aa2ad;--line:#343a42;"
    "--back:#16191d;--band:#1e2227}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n"
    "main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}\n"
    "h1{font-size:26px;line-height:1.25;margin:0 0 6px;font-weight:650}\n"
    ".about{color:var(--soft);margin:0 0 14px;max-width:70ch}\n"
    ".params{display:flex;flex-wrap:wrap;gap:6px 10px;margin:0 0 22px;padding:0;list-style:none;"
    "font-size:13px}\n"
    ".params li{border:1px solid var(--line);border-radius:14px;padding:2px 11px;background:"
    "var(--band)}\n"
    ".params b{font-weight:500;color:var(--soft);margin-right:6px}\n"
    "figure{margin:0 0 26px;overflow-x:auto}\nfigure svg{display:block;max-width:100%;height:auto}\n"
    "figcaption,.note{color:var(--soft);font-size:13px}\n.note{margin:10px 0 0}\n"
    ".rows{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:14px}\n"
    "th{position:sticky;top:0;background:var(--back);text-align:left;font-weight:600;"
    "border-bottom:2px solid var(--line);padding:7px 12px;white-space:nowrap}\n"
    "td{padding:6px 12px;border-bottom:1px solid var(--line);vertical-align:top;"
    "white-space:pre-wrap}\n"
    "tbody tr:hover{background:var(--band)}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".null{color:var(--soft);font-size:12px}\n"
    "@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--band:#fff}"
    "main{max-width:none;padding:0}body{font-size:11pt}table{font-size:9.5pt}"
    "th{position:static}thead{display:table-header-group}tr,figure{break-inside:avoid}"
    ".rows,figure{overflow:visible}}\n"
    "</style>\n";

struct html_state {
    struct chart *chart; /* or NULL */
    struct q_buf cell;
};

static void add_element(struct q_buf *out, const char *open, const char *text, const char *close)
{
    q_buf_adds(out, open);
    writer_escape(out, q_str(text));
    q_buf_adds(out, close);
}

static void add_head(struct writer *w)
{
    const struct write_options *o = &w->options;
    const char *title = o->title ? o->title : "Result";
    q_buf_adds(&w->out,
               "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'\">\n");
    add_element(&w->out, "<title>", title, "</title>\n");
    q_buf_adds(&w->out, style);
    add_element(&w->out, "</head>\n<body>\n<main>\n<h1>", title, "</h1>\n");
    if (o->description)
        add_element(&w->out, "<p class=\"about\">", o->description, "</p>\n");
    if (o->n_params)
        q_buf_adds(&w->out, "<ul class=\"params\">\n");
    for (size_t i = 0; i < o->n_params; i++) {
        add_element(&w->out, "<li><b>", o->params[i].name, "</b>");
        if (o->params[i].text)
            add_element(&w->out, "", o->params[i].text, "</li>\n");
        else
            q_buf_adds(&w->out, "<span class=\"null\">NULL</span></li>\n");
    }
    if (o->n_params)
        q_buf_adds(&w->out, "</ul>\n");
}

static void add_table_head(struct writer *w)
{
    q_buf_adds(&w->out, "<div class=\"rows\">\n<table>\n<thead>\n<tr>");
    for (size_t i = 0; i < w->schema->n; i++)
        add_element(&w->out,
                    q_type_is_number(w->schema->v[i].type) ? "<th scope=\"col\" class=\"n\">"
                                                           : "<th scope=\"col\">",
                    w->schema->v[i].name, "</th>");
    q_buf_adds(&w->out, "</tr>\n</thead>\n<tbody>\n");
}

static enum q_code html_begin(struct writer *w, struct q_err *err)
{
    struct html_state *s = w->state = q_new(w->arena, struct html_state);
    q_buf_init_in(&s->cell, w->arena, WRITE_HTML_MAX);
    enum q_code code = w->options.chart ? chart_new(w, &s->chart, err) : Q_OK;
    if (code)
        return code;
    add_head(w);
    code = writer_flush(w, err);
    w->hold = s->chart != NULL;
    add_table_head(w);
    return code;
}

static void add_cell(struct writer *w, const struct batch_col *col, size_t row)
{
    struct html_state *s = w->state;
    bool number = q_type_is_number(col->type);
    if (batch_is_null(col, row)) {
        q_buf_adds(&w->out,
                   number ? "<td class=\"n null\">NULL</td>" : "<td class=\"null\">NULL</td>");
        return;
    }
    q_buf_clear(&s->cell);
    batch_cell_text(col, row, &s->cell);
    q_buf_adds(&w->out, number ? "<td class=\"n\">" : "<td>");
    writer_escape(&w->out, (struct q_str){q_buf_text(&s->cell), s->cell.n});
    q_buf_adds(&w->out, "</td>");
}

static enum q_code html_batch(struct writer *w, const struct batch *batch, struct q_err *err)
{
    struct html_state *s = w->state;
    enum q_code code = Q_OK;
    if (s->chart)
        chart_add(s->chart, batch);
    for (size_t row = 0; row < batch->rows && !code; row++) {
        q_buf_adds(&w->out, "<tr>");
        for (size_t i = 0; i < batch->n_cols; i++)
            add_cell(w, &batch->cols[i], row);
        q_buf_adds(&w->out, "</tr>\n");
        w->rows++;
        code = writer_spill(w, err);
    }
    return code;
}

/* In front of the table that is held. */
static enum q_code put_chart(struct writer *w, struct chart *chart, struct q_err *err)
{
    struct q_buf svg;
    q_buf_init(&svg, 16 << 20);
    q_buf_adds(&svg, "<figure>\n");
    chart_write(chart, &svg);
    if ((int64_t)chart_points(chart) < w->rows)
        q_buf_printf(&svg, "<figcaption>The chart shows %zu of %" PRId64 " rows.</figcaption>\n",
                     chart_points(chart), w->rows);
    q_buf_adds(&svg, "</figure>\n");
    enum q_code code = q_buf_check(&svg, "the chart", err);
    if (!code)
        code = w->sink.put(w->sink.self, (struct q_str){svg.p, svg.n}, err);
    q_buf_release(&svg);
    return code;
}

static enum q_code html_end(struct writer *w, struct q_err *err)
{
    struct html_state *s = w->state;
    enum q_code code = s->chart ? put_chart(w, s->chart, err) : Q_OK;
    q_buf_printf(&w->out, "</tbody>\n</table>\n</div>\n<p class=\"note\">%" PRId64 " %s", w->rows,
                 w->rows == 1 ? "row" : "rows");
    if (w->options.footer)
        add_element(&w->out, " · ", w->options.footer, "");
    q_buf_adds(&w->out, "</p>\n</main>\n</body>\n</html>\n");
    return code ? code : writer_flush(w, err);
}

const struct write_format writer_html = {"html", "text/html; charset=utf-8", html_begin, html_batch,
                                         html_end};
