# SPDX-License-Identifier: Apache-2.0
"""What the tests with servers share: servers of their own, projects that read from them, and named tests.

A server is started in a temporary directory, on a free port of 127.0.0.1 and on a socket, as an unprivileged user when the
test is run by root. It ends with the block that started it, by its process id, and with the test's process in any case.

    import dblib

    @dblib.test("a table is read as a whole")
    def whole(db):
        db.sql("CREATE TABLE item (id bigint, name text); INSERT INTO item VALUES (1, 'a')")
        shop = dblib.Project({"quern.yaml": ..., "model/item.yaml": ..., "pipelines/items.yaml": ...})
        shop.quern("run", expect=0)
        dblib.same(shop.rows("SELECT id, name FROM item"), [[1, "a"]])

    if __name__ == "__main__":
        with dblib.PostgreSQL() as db:      # or dblib.MariaDB()
            dblib.main(db)

Where a server's programs are not installed, the test is skipped: status 77, the last line is the reason. QUERN_PG_BIN and
QUERN_MARIADB_BIN name directories of other ones.
"""
import ctypes
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUERN = os.environ.get("QUERN_BIN", os.path.join(ROOT, "build", "quern"))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
UNPRIVILEGED = "nobody"
START_SECONDS = 60
PR_SET_PDEATHSIG = 1


def skip(reason):
    """Ends the program as skipped."""
    print(reason)
    sys.exit(77)


def program(name, variable, *folders):
    """The path of a server's program: in the directory that the environment variable names, in folders, or on PATH."""
    for folder in [os.environ.get(variable, ""), *folders]:
        path = os.path.join(folder, name)
        if folder and os.access(path, os.X_OK):
            return path
    found = shutil.which(name)
    if not found:
        skip(f"{name} is not installed")
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Authority:
    """A certificate authority in a directory: ca.pem is its certificate, other.pem the one of a stranger. `sign` makes key and
    certificate of a server of some names, "DNS:localhost,IP:127.0.0.1"."""

    def __init__(self):
        self.dir = None

    def __enter__(self):
        program("openssl", "QUERN_OPENSSL_BIN")
        self.dir = tempfile.mkdtemp(prefix="quern-ca-")
        for name in ("ca", "other"):
            self.openssl("req", "-x509", *self.NEW, "-days", "2", "-subj", f"/CN=quern test {name}", "-keyout", f"{name}.key",
                         "-out", f"{name}.pem")
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.dir, ignore_errors=True)

    NEW = ("-newkey", "rsa:2048", "-nodes")

    def openssl(self, *args):
        p = subprocess.run(["openssl", *args], cwd=self.dir, capture_output=True, text=True, check=False)
        if p.returncode:
            raise RuntimeError(f"openssl {' '.join(args)} ended with status {p.returncode}:\n{p.stderr}")

    def path(self, name):
        return os.path.join(self.dir, name)

    def sign(self, names, key, certificate):
        self.openssl("req", *self.NEW, "-subj", "/CN=quern test server", "-addext", f"subjectAltName={names}", "-keyout", key,
                     "-out", "request.pem")
        self.openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-copy_extensions", "copy", "-out", certificate)


class Server:
    """What servers have in common. `host`, `port`, `user`, `password`, `database` reach it; `socket_dir` holds its socket."""

    host = "127.0.0.1"
    stop_signal = signal.SIGTERM

    def __init__(self, authority=None):
        self.owner = UNPRIVILEGED if os.getuid() == 0 else None
        self.authority = authority  # of its certificate; None: the server has no TLS
        self.port = free_port()
        self.process = None
        self.dir = None
        self.socket_dir = None
        self.log = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="quern-db-")
        self.socket_dir = self.dir
        self.log = os.path.join(self.dir, "server.log")
        if self.owner:
            entry = pwd.getpwnam(self.owner)
            os.chown(self.dir, entry.pw_uid, entry.pw_gid)
        try:
            if self.authority:
                self.certify(f"IP:{self.host}")
            self.create()
            self.start()
            self.prepare()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *unused):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def as_owner(self, args, **kw):
        """A process as the unprivileged user, which ends with this one."""
        stop = self.stop_signal
        libc = ctypes.CDLL(None)

        def tie():
            libc.prctl(PR_SET_PDEATHSIG, stop)

        if self.owner:
            entry = pwd.getpwnam(self.owner)
            kw.update(user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
        env = dict(os.environ, HOME=self.dir, LC_ALL="C.UTF-8", TZ="UTC")
        return subprocess.Popen(args, cwd=self.dir, env=env, stdin=subprocess.DEVNULL, preexec_fn=tie, **kw)

    def certify(self, names):
        """A key and a certificate for these names, where the server looks for them."""
        for path in (self.key, self.certificate):
            open(path, "w", encoding="utf-8").close()
        self.authority.sign(names, self.key, self.certificate)
        for path in (self.key, self.certificate):
            os.chmod(path, 0o600)
            if self.owner:
                entry = pwd.getpwnam(self.owner)
                os.chown(path, entry.pw_uid, entry.pw_gid)

    @property
    def key(self):
        return os.path.join(self.dir, "server.key")

    @property
    def certificate(self):
        return os.path.join(self.dir, "server.pem")

    def once(self, args):
        """A program that makes something and ends."""
        p = self.as_owner(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out, _ = p.communicate(timeout=300)
        if p.returncode:
            raise RuntimeError(f"{' '.join(args)} ended with status {p.returncode}:\n{out}")

    def start(self):
        """Start it, and wait until it answers. Also after stop()."""
        with open(self.log, "ab") as log:
            self.process = self.as_owner(self.command(), stdout=log, stderr=log)
        late = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > late:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.command()[0]} did not start:\n{log.read()}")
            time.sleep(0.05)

    def stop(self, how=None):
        """End it by its process id; it can be started again."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how or self.stop_signal)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def client(self, args, text, env=None, expect=0):
        p = subprocess.run(args, input=text, env=dict(os.environ, **(env or {})), capture_output=True, text=True,
                           timeout=600, check=False)
        if expect is not None and p.returncode != expect:
            raise AssertionError(f"{args[0]} ended with status {p.returncode}\n{text[:2000]}\n{p.stdout}{p.stderr}")
        return p.stdout


class PostgreSQL(Server):
    """A PostgreSQL server. Superuser `quern` with the password `mill`, which TCP demands; on the socket the peer's name
    counts, and a superuser of the name of whoever runs the tests exists. `settings` are lines of postgresql.conf."""

    stop_signal = signal.SIGINT  # fast shutdown: sessions are ended
    user, password, database = "quern", "mill", "quern"

    def __init__(self, settings=None, authority=None):
        super().__init__(authority)
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: -float(p.split("/")[-2]))
        self.folder = os.path.dirname(program("initdb", "QUERN_PG_BIN", *folders))
        self.psql = program("psql", "QUERN_PG_BIN", self.folder)
        self.settings = dict({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                              "autovacuum": "off", "shared_buffers": "128MB", "max_wal_size": "2GB",
                              "max_prepared_transactions": "5"}, **(settings or {}))

    def create(self):
        password = os.path.join(self.dir, "password")
        with open(password, "w", encoding="utf-8") as f:
            f.write(self.password)
        if self.owner:
            os.chmod(password, 0o644)
        self.once([os.path.join(self.folder, "initdb"), "-D", os.path.join(self.dir, "data"), "-U", self.user, "--no-sync",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256",
                   "--pwfile", password])
        me = pwd.getpwuid(os.getuid()).pw_name
        with open(os.path.join(self.dir, "data", "pg_ident.conf"), "a", encoding="utf-8") as f:
            f.write(f"tests {me} {me}\ntests {me} {self.user}\n")
        with open(os.path.join(self.dir, "data", "pg_hba.conf"), "w", encoding="utf-8") as f:
            f.write("local all all peer map=tests\nhost all all 127.0.0.1/32 scram-sha-256\n")

    def command(self):
        own = {"port": self.port, "listen_addresses": self.host, "unix_socket_directories": self.socket_dir}
        if self.authority:
            own.update({"ssl": "on", "ssl_key_file": self.key, "ssl_cert_file": self.certificate})
        args = [os.path.join(self.folder, "postgres"), "-D", os.path.join(self.dir, "data")]
        for name, value in {**own, **self.settings}.items():
            args += ["-c", f"{name}={value}"]
        return args

    def answers(self):
        p = subprocess.run([os.path.join(self.folder, "pg_isready"), "-q", "-h", self.socket_dir, "-p", str(self.port)],
                           check=False)
        return p.returncode == 0

    def prepare(self):
        me = pwd.getpwuid(os.getuid()).pw_name
        self.sql(f"CREATE DATABASE {self.database}", database="postgres")
        if me != self.user:
            self.sql(f'CREATE ROLE "{me}" SUPERUSER LOGIN')

    def url(self, user=None, password=None, database=None):
        return f"postgres://{user or self.user}:{password or self.password}@{self.host}:{self.port}/{database or self.database}"

    def arguments(self, database=None, user=None):
        return [self.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.socket_dir, "-p", str(self.port),
                "-U", user or self.user, "-d", database or self.database]

    def sql(self, text, database=None):
        """Run statements; the rows of queries as lines, columns separated by |, NULL empty."""
        return self.client([*self.arguments(database), "-A", "-t"], text)

    def script(self, path, database=None):
        return self.client([*self.arguments(database), "-f", path], "")

    def session(self):
        return Session([*self.arguments(), "-A", "-t"], "\\echo {}\n")


class MariaDB(Server):
    """A MariaDB server. User `quern` with the password `mill` and all privileges over TCP; `root` on the socket without a
    password. `settings` are options of mariadbd without their dashes."""

    user, password, database = "quern", "mill", "quern"

    def __init__(self, settings=None, authority=None):
        super().__init__(authority)
        folders = ("/usr/sbin", "/usr/bin")
        self.mariadbd = program("mariadbd", "QUERN_MARIADB_BIN", *folders)
        self.install = program("mariadb-install-db", "QUERN_MARIADB_BIN", *folders)
        self.shell = program("mariadb", "QUERN_MARIADB_BIN", *folders)
        self.settings = dict({"character-set-server": "utf8mb4", "innodb-flush-log-at-trx-commit": "0",
                              "innodb-buffer-pool-size": "128M", "innodb-log-file-size": "256M", "sync-binlog": "0",
                              "local-infile": "1"}, **(settings or {}))

    @property
    def socket(self):
        return os.path.join(self.socket_dir, "mariadb.sock")

    def create(self):
        self.once([self.install, "--no-defaults", "--datadir=" + os.path.join(self.dir, "data"),
                   "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])

    def command(self):
        own = {"datadir": os.path.join(self.dir, "data"), "port": self.port, "bind-address": self.host,
               "socket": self.socket, "pid-file": os.path.join(self.dir, "mariadb.pid"), "tmpdir": self.dir}
        if self.authority:
            own.update({"ssl-key": self.key, "ssl-cert": self.certificate})
        return [self.mariadbd, "--no-defaults", "--skip-name-resolve",
                *[f"--{name}={value}" for name, value in {**own, **self.settings}.items()]]

    def answers(self):
        p = subprocess.run([*self.arguments(""), "-e", "SELECT 1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=False)
        return p.returncode == 0

    def prepare(self):
        self.sql(f"CREATE DATABASE {self.database}; CREATE USER '{self.user}'@'{self.host}' IDENTIFIED BY '{self.password}'; "
                 f"GRANT ALL PRIVILEGES ON *.* TO '{self.user}'@'{self.host}' WITH GRANT OPTION", database="")

    def url(self, user=None, password=None, database=None):
        return f"mysql://{user or self.user}:{password or self.password}@{self.host}:{self.port}/{database or self.database}"

    def arguments(self, database=None):
        database = self.database if database is None else database
        return [self.shell, "--no-defaults", "--default-character-set=utf8mb4", "-u", "root", "-S", self.socket,
                *([database] if database else [])]

    def sql(self, text, database=None):
        """Run statements; the rows of queries as lines, columns separated by tabs, NULL as NULL."""
        return self.client([*self.arguments(database), "-N", "-B"], text)

    def script(self, path, database=None):
        with open(path, encoding="utf-8") as f:
            return self.client(self.arguments(database), f.read())

    def session(self):
        return Session([*self.arguments(), "-N", "-B", "-n"], "SELECT '{}';\n")


class Session:
    """A client that stays connected, to hold a transaction open: with db.session() as s: s.sql("BEGIN"); ..."""

    def __init__(self, args, echo):
        self.echo, self.number = echo, 0
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def sql(self, text):
        """Run statements and wait for their end; lines of what they print."""
        self.number += 1
        mark = f"done {self.number}"
        self.process.stdin.write(text.rstrip().rstrip(";") + ";\n" + self.echo.format(mark))
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == mark:
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError("the session has ended:\n" + "\n".join(lines))


class Project:
    """A quern project in a temporary directory, made of {path: text}."""

    def __init__(self, files):
        self.dir = tempfile.mkdtemp(prefix="quern-project-", dir=os.getcwd())
        self.write(files)

    def write(self, files):
        for name, text in files.items():
            path = os.path.join(self.dir, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    def start(self, *args, **env):
        """quern in the background: a Popen whose stdout and stderr are pipes."""
        return subprocess.Popen([QUERN, *args], cwd=self.dir, env=dict(os.environ, **env), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def quern(self, *args, expect=0, cwd="", **env):
        """quern with these arguments, environment variables as keywords; `expect` None: any exit status."""
        p = subprocess.run([QUERN, *args], cwd=os.path.join(self.dir, cwd), env=dict(os.environ, **env), capture_output=True, text=True,
                           timeout=600, check=False)
        if expect is not None and p.returncode != expect:
            raise AssertionError(f"quern {' '.join(args)}: exit {p.returncode}, expected {expect}\n{p.stdout}{p.stderr}")
        return p

    def run(self, *args, expect=0, **env):
        """`quern run --json`: the objects that it prints, one a pipeline."""
        p = self.quern("run", "--json", *args, expect=expect, **env)
        return [json.loads(line) for line in p.stdout.splitlines() if line.startswith("{")]

    def rows(self, sql):
        """The rows of a query of the warehouse."""
        return [list(row.values()) for row in json.loads(self.quern("query", sql, "--format", "json").stdout)]


# ---- named tests

TESTS = []


def test(sentence):
    """Marks a function of a server as a test of this name."""
    def mark(function):
        TESTS.append((sentence, function))
        return function
    return mark


def same(found, expected, what="found"):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}\n    expected: {expected!r}")


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in:\n{text}")


def lacks(text, *parts):
    for part in parts:
        if part in text:
            raise AssertionError(f"{part!r} is in:\n{text}")


def main(db):
    """Run the tests, or those whose name contains an argument of the program, and end it."""
    bad = 0
    for sentence, function in TESTS:
        if len(sys.argv) > 1 and not any(a in sentence for a in sys.argv[1:]):
            continue
        try:
            function(db)
            print(f"ok - {sentence}", flush=True)
        except Exception as e:  # the next ones are still run
            bad += 1
            where = traceback.extract_tb(e.__traceback__)
            mine = [f for f in where if f.filename != os.path.abspath(__file__)]
            print(f"not ok - {sentence}")
            print(f"  {type(e).__name__} at line {mine[-1].lineno if mine else '?'}")
            print("".join(f"  {line}\n" for line in str(e).splitlines()), end="", flush=True)
    db.__exit__(None, None, None)
    sys.exit(1 if bad else 0)


def in_background(function, *args):
    """Run a function in a thread; join() gives its result."""
    class Background(threading.Thread):
        def run(self):
            self.result = function(*args)

        def join(self, timeout=600):
            super().join(timeout)
            return self.result
    thread = Background(daemon=True)
    thread.start()
    return thread
