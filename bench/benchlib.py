# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: files that are made once, timed commands, medians."""
import os
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUERN = os.environ.get("QUERN_BIN", os.path.join(ROOT, "build", "quern"))
DIR = os.environ.get("BENCH_DIR", os.path.join(os.environ.get("TMPDIR", "/tmp"), "quern-bench"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ROWS = int(os.environ.get("BENCH_ROWS", "6000000"))
DEPS = os.environ.get("QUERN_DEPS", os.path.join(ROOT, ".deps"))
os.makedirs(DIR, exist_ok=True)


def compiled(source):
    """A C program of bench/, linked to the library; its path."""
    out = os.path.join(DIR, os.path.basename(source)[:-2])
    lib = os.path.join(DEPS, "lib")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-Isrc", "-o", out, source,
                    "build/libquern.a", f"-L{lib}", "-lduckdb", f"-Wl,-rpath,{os.path.abspath(lib)}", "-lz", "-lzstd",
                    "-lyajl", "-ljansson", "-lyaml", "-lsqlite3", "-lpthread", "-lm"], cwd=ROOT, check=True)
    return out


def sales_file(rows):
    """The delimited file of the CSV benchmark."""
    path = os.path.join(DIR, f"csv-{rows}.csv")
    if not os.path.exists(path):
        tool = os.path.join(DIR, "generate-csv")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", tool, "bench/csv/generate.c"], cwd=ROOT, check=True)
        with open(path + ".new", "wb") as f:
            subprocess.run([tool, str(rows)], stdout=f, check=True)
        os.rename(path + ".new", path)
    return path


def timed(args, **kw):
    """Seconds from start to exit and the peak of resident memory in MB; a failure ends the benchmark."""
    start = time.perf_counter()
    log = os.path.join(DIR, "last.log")
    with open(log, "wb") as f:
        p = subprocess.Popen(args, stdout=f, stderr=f, **kw)
        _, status, usage = os.wait4(p.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(args)} failed:\n{open(log).read()}")
    return seconds, usage.ru_maxrss * 1024 / 1e6


def median(values):
    return statistics.median(values)


def fresh(path):
    """A copy of a directory below DIR, or an empty one."""
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def verdict(what, figure, most, unit="x"):
    """Print one figure beside its bound; False when it is missed."""
    ok = figure <= most
    print(f"{what}: {figure:.2f} {unit} (at most {most} {unit}){'' if ok else '  MISSED'}")
    return ok
