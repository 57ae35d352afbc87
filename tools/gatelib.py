# SPDX-License-Identifier: Apache-2.0
"""What the gates share. A gate is `tools/gate-NAME [ROOT]`: it prints one line a finding, `file:line: what, and what to do`,
and exits with 1 if there is one. ROOT is another tree to look at (tools/gate-selftest)."""
import os
import re
import sys

TOOLS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(TOOLS)


def files(*suffixes, under=("src",)):
    """Paths relative to ROOT, sorted."""
    found = []
    for top in under:
        for folder, dirs, names in os.walk(os.path.join(ROOT, top)):
            dirs[:] = [d for d in dirs if not d.startswith((".", "__"))]
            found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def data_lines(path):
    """Lines of a data file below ROOT (else of our own tools/), without comments and empty ones."""
    own = os.path.join(ROOT, path)
    with open(own if os.path.exists(own) else os.path.join(TOOLS, os.path.basename(path)), encoding="utf-8") as f:
        return [(number, line.strip()) for number, line in enumerate(f, 1) if line.strip() and not line.startswith("#")]


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, strings=True):
    """C text with comments (and strings) replaced by spaces; offsets and line numbers stay."""
    def spaces(match):
        token = match.group()
        if token[0] in "\"'" and not strings:
            return token
        quote = token[0] if token[0] in "\"'" else " "
        middle = re.sub(r"[^\n]", " ", token)
        return quote + middle[1:-1] + quote if quote != " " else middle
    return TOKEN.sub(spaces, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def literals(text):
    """(offset, content) of each string literal; neighbours are joined as the compiler does. Comments do not count."""
    code = blank(text, strings=False)
    found, end = [], None
    for match in TOKEN.finditer(code):
        if match.group()[0] != '"':
            end = None
            continue
        if end is not None and not code[end : match.start()].strip():
            found[-1] = (found[-1][0], found[-1][1] + match.group()[1:-1])
        elif code[code.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip().startswith("#include"):
            continue
        else:
            found.append((match.start(), match.group()[1:-1]))
        end = match.end()
    return found


def finish(findings):
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
