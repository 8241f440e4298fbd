"""The nginx site with TLS, really started, with its own ports and certificate. (The proxy of compose.yaml is tested by AppTests.)"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Upstream:
    """Takes connections, reads a request from each and answers it as it is told; None closes the connection instead."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                text = b""
                while b"\r\n\r\n" not in text:
                    text += connection.recv(65536)
                self.requests.append(text.split()[0].decode())
                if self.answer:
                    connection.sendall(self.answer)

    def close(self):
        # What waits in accept would go on waiting.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Site(unittest.TestCase):
    """Nothing listens where it expects the one instance."""

    def setUp(self):
        self.start([f"server 127.0.0.1:{free_port()} max_fails=1 fail_timeout=2s;"])

    def start(self, servers):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchboard-nginx."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.plain, self.tls = free_port(), free_port()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=chat.example.com", "-addext", "subjectAltName=DNS:chat.example.com",
             "-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"],
            check=True, capture_output=True,
        )
        changes = {
            "/etc/ssl/switchboard/": f"{self.folder}/",
            "/etc/nginx/switchboard-server.conf": f"{DEPLOY}/nginx/switchboard-server.conf",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.tls} ssl",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "server 127.0.0.1:8001 max_fails=1 fail_timeout=2s;": servers[0],
            "server 127.0.0.1:8002 max_fails=1 fail_timeout=2s;": "".join(servers[1:]),
        }
        site = (DEPLOY / "nginx/sites/switchboard.conf").read_text()
        for old, new in changes.items():
            self.assertIn(old, site)
            site = site.replace(old, new)
        folders = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log stderr notice; events {{}}\n"
            f"http {{ {folders} include {DEPLOY}/nginx/switchboard-http.conf;\n{site} }}\n"
        )
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        arguments = [nginx, "-p", self.folder, "-c", configuration]
        with open(self.folder / "log", "wb") as log:
            self.nginx = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self.end)
        deadline = time.monotonic() + 30
        while True:
            self.assertIsNone(self.nginx.poll(), (self.folder / "log").read_text())
            try:
                socket.create_connection(("127.0.0.1", self.tls)).close()
                return
            except OSError:
                self.assertLess(time.monotonic(), deadline, "nginx doesn't listen")
                time.sleep(0.05)

    def end(self):
        self.nginx.send_signal(signal.SIGTERM)
        self.nginx.wait(15)

    def ask(self, method):
        """The status of an answer by TLS."""
        context = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=20, context=context)
        connection.request(method, "/api/channels", body=b"{}" if method == "POST" else None)
        return connection.getresponse().status


class Front(Site):
    def test_plain_http_is_sent_to_tls(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=20)
        connection.request("GET", "/api/me?x=1", headers={"Host": "chat.example.com"})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.getheader("Location")), (308, "https://chat.example.com/api/me?x=1"))

    def test_tls_and_the_answer_without_an_instance(self):
        context = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), 20), server_hostname="chat.example.com") as secure:
            self.assertIn(secure.version(), ("TLSv1.2", "TLSv1.3"))
            secure.sendall(b"GET /readyz HTTP/1.1\r\nHost: chat.example.com\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: secure.recv(65536), b""))
        head, _, body = text.partition(b"\r\n\r\n")
        self.assertIn(b" 503 ", head.splitlines()[0])
        self.assertIn(b"Strict-Transport-Security: max-age=", head)
        self.assertEqual(json.loads(body)["error"]["code"], "STORE_UNAVAILABLE")

    def test_old_tls_is_refused(self):
        context = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            context.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), 20), server_hostname="chat.example.com")


class Retries(Site):
    """The first instance is asked first; the second one only where the first doesn't do."""

    OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"

    def setUp(self):
        self.second = Upstream(self.OK)
        self.addCleanup(self.second.close)

    def begin(self, answer):
        self.first = Upstream(answer)
        self.addCleanup(self.first.close)
        self.start([f"server 127.0.0.1:{self.first.port} max_fails=1 fail_timeout=2s;", f"server 127.0.0.1:{self.second.port} backup;"])

    def test_a_post_that_may_have_been_carried_out_is_not_sent_again(self):
        self.begin(None)
        self.assertEqual(self.ask("POST"), 503)
        self.assertEqual((self.first.requests, self.second.requests), (["POST"], []))

    def test_a_get_is_sent_to_the_next_one(self):
        self.begin(None)
        self.assertEqual(self.ask("GET"), 200)
        self.assertEqual((self.first.requests, self.second.requests), (["GET"], ["GET"]))

    def test_a_get_goes_on_where_an_instance_says_503_and_a_post_is_told_so(self):
        self.begin(self.BUSY)
        self.assertEqual(self.ask("POST"), 503)
        self.assertEqual(self.second.requests, [])
        self.end()
        self.begin(self.BUSY)
        self.assertEqual(self.ask("GET"), 200)

    def test_a_post_that_was_never_sent_goes_to_the_next_one(self):
        self.start([f"server 127.0.0.1:{free_port()} max_fails=1 fail_timeout=2s;", f"server 127.0.0.1:{self.second.port} backup;"])
        self.assertEqual(self.ask("POST"), 200)
        self.assertEqual(self.second.requests, ["POST"])


if __name__ == "__main__":
    unittest.main()
