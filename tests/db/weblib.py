# SPDX-License-Identifier: Apache-2.0
"""An HTTP server for tests, in a thread of the test: what it answers is said by functions, what it was asked is kept.

    with weblib.Api() as api:
        @api.at("/v1/orders")
        def orders(ask):                     # ask.method, .path, .query {name: text}, .headers, .body
            return [{"id": 1}]               # JSON; or weblib.Answer(status, body, headers), or raw bytes for the socket
        ... api.url, api.asked
"""
import gzip
import http.server
import json
import os
import ssl
import subprocess
import threading
import urllib.parse


class Ask:
    def __init__(self, method, path, headers, body):
        url = urllib.parse.urlsplit(path)
        self.method, self.path, self.headers, self.body = method, url.path, headers, body
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.whole = path


class Answer:
    """`length`: a Content-Length other than the true one; `cut`: bytes after which the connection is closed; `wait`: seconds
    before the body; `packed`: gzip."""

    def __init__(self, status=200, body=b"", headers=None, length=None, cut=None, wait=None, packed=False, chunked=False,
                 kind="application/json"):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        self.status, self.headers = status, dict(headers or {})
        self.body = body.encode() if isinstance(body, str) else body
        self.length, self.cut, self.wait, self.packed, self.chunked, self.kind = length, cut, wait, packed, chunked, kind


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go out on their own

    def log_message(self, *unused):
        pass

    def answer(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ask = Ask(self.command, self.path, self.headers, body)
        with api.lock:
            api.asked.append(ask)
            function = api.routes.get(ask.path)
        try:
            found = function(ask) if function else Answer(404, {"error": "no such path"})
            self.send(found if isinstance(found, Answer) else Answer(body=found))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_HEAD = answer

    def send(self, a):
        body = gzip.compress(a.body) if a.packed else a.body
        self.send_response(a.status)
        for name, value in a.headers.items():
            self.send_header(name, value)
        if a.kind:
            self.send_header("Content-Type", a.kind)
        if a.packed:
            self.send_header("Content-Encoding", "gzip")
        if a.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 65536]), body[i:i + 65536]) for i in range(0, len(body), 65536))
            body += b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body) if a.length is None else a.length))
        self.end_headers()
        self.wfile.flush()
        if a.wait:
            self.server.api.over.wait(a.wait)
        if self.command != "HEAD":
            self.wfile.write(body if a.cut is None else body[:a.cut])
        if a.cut is not None or a.wait:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *unused):
        pass


class Api:
    def __init__(self, certificate=None):
        """`certificate`: of make_certificate(), for https."""
        self.routes, self.asked, self.lock, self.over = {}, [], threading.Lock(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.api = self
        self.port = self.server.server_address[1]
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def at(self, path, answer=None):
        """Answers for a path: a value, or a function as decorator."""
        def mark(function):
            self.routes[path] = function
            return function
        if answer is None:
            return mark
        self.routes[path] = lambda ask: answer
        return answer

    def clear(self):
        with self.lock:
            self.routes.clear()
            self.asked.clear()

    def paths(self):
        return [ask.whole for ask in self.asked]


def make_certificate(folder):
    """(certificate, key) for 127.0.0.1, signed by itself."""
    names = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-out", names[0], "-keyout", names[1]], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return names
