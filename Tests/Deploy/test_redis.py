"""The command that compose.yaml starts Redis with, and its health check, with Debian's Redis."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Redis(unittest.TestCase):
    def setUp(self):
        service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["redis"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchboard-redis."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "redis_password").write_text("correct-horse\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = self.here(service["command"][0])
        self.assertEqual(command.count("redis-server -"), 1)
        command = command.replace("redis-server -", f"redis-server - --port {self.port} --bind 127.0.0.1 --dir {self.folder}")
        self.health = self.here(service["healthcheck"]["test"][1]).replace("redis-cli", f"redis-cli -p {self.port}")
        with open(self.folder / "log", "wb") as log:
            self.redis = subprocess.Popen([*service["entrypoint"], command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self.end)

    def here(self, text):
        """As compose reads it, with the secret of this test."""
        return text.replace("$$", "$").replace("/run/secrets/", f"{self.folder}/")

    def end(self):
        subprocess.run(["redis-cli", "-p", str(self.port), "-a", "correct-horse", "shutdown", "nosave"], capture_output=True)
        self.redis.wait(15)

    def answer(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True).stdout.strip()

    def test_it_becomes_healthy_asks_for_the_password_and_keeps_nothing(self):
        deadline = time.monotonic() + 30
        while subprocess.run(["sh", "-c", self.health]).returncode != 0:
            self.assertLess(time.monotonic(), deadline, (self.folder / "log").read_text())
            self.assertIsNone(self.redis.poll(), (self.folder / "log").read_text())
            time.sleep(0.05)
        self.assertIn("NOAUTH", self.answer("get", "x"))
        self.assertEqual(self.answer("-a", "correct-horse", "--no-auth-warning", "config", "get", "save"), "save")
        self.assertEqual(self.answer("-a", "correct-horse", "--no-auth-warning", "config", "get", "maxmemory-policy"), "maxmemory-policy\nnoeviction")
        # Nobody sees it among the processes of the machine.
        self.assertNotIn("correct-horse", pathlib.Path(f"/proc/{self.redis.pid}/cmdline").read_text())
        (self.folder / "redis_password").write_text("another one")
        self.assertNotEqual(subprocess.run(["sh", "-c", self.health], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
