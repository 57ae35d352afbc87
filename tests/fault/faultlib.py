# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: a retail project in a temporary directory, and a way to run quern in it."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUERN = os.environ.get("QUERN_BIN", os.path.join(ROOT, "build", "quern"))


def run(args, cwd, expect=None, **kw):
    """quern with these arguments; the exit code must be `expect` unless it is None."""
    p = subprocess.run([QUERN, *args], cwd=cwd, capture_output=True, text=True, timeout=300, **kw)
    if expect is not None and p.returncode != expect:
        fail(f"quern {' '.join(args)}: exit {p.returncode}, expected {expect}\n{p.stdout}\n{p.stderr}")
    return p


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def check(condition, message):
    if not condition:
        fail(message)


def project(sales=5000, seed=3):
    """A retail project with generated files, not loaded yet; its directory."""
    parent = tempfile.mkdtemp(prefix="quern-fault-")
    run(["init", "shop", "--template", "retail"], parent, 0)
    shop = os.path.join(parent, "shop")
    run(["generate", "retail", "--sales", str(sales), "--seed", str(seed), "-o", "inbox"], shop, 0)
    return shop


def rows(shop, sql):
    """The rows of a query, as a list of lists of text."""
    p = run(["query", sql, "--format", "json"], shop, 0)
    return [list(r.values()) for r in json.loads(p.stdout)]


def fingerprint(shop, tables=("sales_fact", "inventory_fact", "dim_customers_versions", "dim_products_versions")):
    """Counts and content of tables, without the run that wrote them; None for what is not there."""
    if not os.path.exists(os.path.join(shop, "warehouse.duckdb")):
        return None
    have = {r[0] for r in rows(shop, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")}
    out = []
    for t in tables:
        if t not in have:
            out.append((t, None))
            continue
        n = rows(shop, f"SELECT count(*) AS n, sum(hash(t)::HUGEINT)::VARCHAR AS h FROM (SELECT * EXCLUDE (_q_run) FROM {t}) AS t")
        out.append((t, tuple(map(str, n[0]))))
    return tuple(out)


def no_leftovers(shop):
    """Nothing of a finished run is left in the project directory."""
    for sub in ("runs", "tmp"):
        d = os.path.join(shop, ".quern", sub)
        left = os.listdir(d) if os.path.isdir(d) else []
        check(not left, f"left behind in {d}: {left}")
