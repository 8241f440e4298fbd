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
import time
import unittest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchboard-nginx."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.plain, self.tls, nobody = free_port(), free_port(), free_port()
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
            "127.0.0.1:8001": f"127.0.0.1:{nobody}",
            "    server 127.0.0.1:8002 max_fails=1 fail_timeout=2s;\n": "",
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


if __name__ == "__main__":
    unittest.main()
