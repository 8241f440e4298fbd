"""What the files for platforms say fits together, and fits the program."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

import dockerfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What the server allows itself besides DRAIN_SECONDS (Sources/App/Server.swift).
GRACE = 5


def settings():
    """Every variable that docs/settings.md names; a test has that table be the program's own."""
    text = (ROOT / "docs/settings.md").read_text()
    names = {name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])}
    return names | set(re.findall(r"`([A-Z_]+_FILE)`", text))


def load(path):
    return yaml.safe_load((ROOT / path).read_text())


def seconds(text):
    return int(str(text).rstrip("s"))


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = load("compose.yaml")
        cls.services = cls.compose["services"]

    def test_backends_and_verify_are_given_settings_that_the_program_knows(self):
        for service in ("backend", "verify"):
            self.assertLessEqual(set(self.services[service]["environment"]), settings())

    def test_every_secret_is_declared_made_and_found_where_it_is_looked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / "secrets"
            subprocess.run([ROOT / "scripts/secrets", place], check=True, capture_output=True)
            made = {path.name: path.read_text().strip() for path in place.iterdir()}
            self.assertEqual({path.stat().st_mode & 0o777 for path in place.iterdir()}, {0o444})
            again = subprocess.run([ROOT / "scripts/secrets", place], check=True, capture_output=True)
            self.assertEqual(again.stderr, b"")
        declared = self.compose["secrets"]
        self.assertEqual({name: f"./secrets/{name}" for name in made}, {name: secret["file"] for name, secret in declared.items()})
        self.assertEqual(len(set(made.values())), len(made))
        self.assertIn(made["mongo_password"], made["db_uri"])
        self.assertGreaterEqual(len(made["jwt_secret"]), 32)
        self.assertTrue(6 <= len(made["mongo_keyfile"]) <= 1024)
        for name, service in self.services.items():
            text = yaml.dump([service.get("environment"), service.get("command"), service.get("healthcheck")])
            if name == "mongo-init":
                script = (ROOT / "deploy/compose/mongo-init.js").read_text()
                text += " ".join(f"/run/secrets/{secret}" for secret in re.findall(r"secret\('(\w+)'\)", script))
            self.assertEqual(set(re.findall(r"/run/secrets/(\w+)", text)), set(service.get("secrets", [])), name)

    def test_what_waits_waits_for_something_that_can_be_healthy(self):
        for name, service in self.services.items():
            waits = service.get("depends_on", {})
            for other, condition in waits.items() if isinstance(waits, dict) else ():
                self.assertIn(other, self.services, name)
                if condition["condition"] == "service_healthy":
                    self.assertIn("healthcheck", self.services[other], other)

    def test_nothing_but_the_load_balancer_is_open_to_others(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertTrue(name == "proxy" or port.startswith("127.0.0.1:"), f"{name} {port}")
        for name in ("redis", "mongo", "backend"):
            self.assertNotIn("ports", self.services[name])

    def test_every_service_has_limits_and_comes_back(self):
        for name, service in self.services.items():
            if name in ("mongo-init", "verify"):
                continue
            self.assertEqual(service["restart"], "unless-stopped", name)
            self.assertIn("memory", service["deploy"]["resources"]["limits"], name)

    def test_files_that_are_mounted_are_there(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((ROOT / source).exists(), f"{name}: {source}")
                else:
                    self.assertIn(source, self.compose["volumes"], name)

    def test_an_instance_has_time_to_drain(self):
        backend = self.services["backend"]
        self.assertGreater(seconds(backend["stop_grace_period"]), int(backend["environment"]["DRAIN_SECONDS"]) + GRACE)

    def test_the_proxy_gets_every_value_and_reaches_the_port(self):
        template = (ROOT / "deploy/nginx/templates/switchboard.conf.template").read_text()
        environment = self.services["proxy"]["environment"]
        self.assertEqual(set(re.findall(r"\$\{(\w+)\}", template)), set(environment))
        self.assertIn(f"server backend:{self.services['backend']['environment']['PORT']} ", environment["SWITCHBOARD_SERVERS"])
        self.assertTrue(self.services["proxy"]["ports"][0].endswith(f":{environment['SWITCHBOARD_LISTEN']}"))

    def test_prometheus_asks_where_metrics_are(self):
        job = load("deploy/prometheus/prometheus.yml")["scrape_configs"][0]["dns_sd_configs"][0]
        self.assertEqual(job["names"], ["backend"])
        self.assertEqual(str(job["port"]), self.services["backend"]["environment"]["METRICS_PORT"])
        for rules in load("deploy/prometheus/prometheus.yml")["rule_files"]:
            self.assertTrue((ROOT / "deploy/prometheus" / rules).exists(), rules)

    def test_grafana_is_told_where_things_are(self):
        source = load("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"][0]
        self.assertEqual(source["url"], "http://prometheus:9090")
        folder = load("deploy/grafana/provisioning/dashboards/switchboard.yml")["providers"][0]["options"]["path"]
        mounts = [volume.split(":")[1] for volume in self.services["grafana"]["volumes"]]
        self.assertIn(folder, mounts)


class Image(unittest.TestCase):
    def test_it_has_the_settings_that_the_program_knows_and_no_root(self):
        stage = dockerfile.read(ROOT / "Dockerfile")[-1]
        # One of libmongoc's own besides.
        self.assertLessEqual(set(stage.environment), settings() | {"MONGOC_DISABLE_SHM"})
        self.assertGreater(stage.user[0], 999)
        self.assertEqual(stage.last("EXPOSE"), stage.environment["PORT"])

    def test_the_builder_is_sent_no_secret(self):
        lines = (ROOT / ".dockerignore").read_text().split()
        self.assertIn("*", lines)
        self.assertFalse({"!secrets", "!.env", "!data"} & set(lines))


class Systemd(unittest.TestCase):
    def setUp(self):
        self.unit = (ROOT / "deploy/systemd/switchboard@.service").read_text()

    def values(self, key):
        return re.findall(rf"^{key}=(.*)$", self.unit, re.MULTILINE)

    def test_its_settings_are_those_of_the_program(self):
        names = {pair.split("=")[0] for line in self.values("Environment") for pair in line.split()}
        example = (ROOT / "deploy/systemd/switchboard.env").read_text()
        names |= {line.split("=")[0] for line in example.splitlines() if line and not line.startswith("#")}
        self.assertLessEqual(names, settings())

    def test_every_credential_is_read(self):
        given = {value.split(":")[0] for value in self.values("LoadCredential")}
        self.assertEqual(given, set(re.findall(r"%d/(\w+)", self.unit)))

    def test_an_instance_has_time_to_drain(self):
        example = (ROOT / "deploy/systemd/switchboard.env").read_text()
        drain = int(re.search(r"^DRAIN_SECONDS=(\d+)$", example, re.MULTILINE).group(1))
        self.assertGreater(int(self.values("TimeoutStopSec")[0]), drain + GRACE)


    def test_it_is_started_until_it_runs_but_not_with_wrong_settings(self):
        sections = re.split(r"^\[(\w+)\]$", self.unit, flags=re.MULTILINE)
        sections = dict(zip(sections[1::2], sections[2::2]))
        # In another section systemd passes over it.
        self.assertRegex(sections["Unit"], r"(?m)^StartLimitIntervalSec=0$")
        self.assertEqual(self.values("StartLimitBurst"), [])
        self.assertEqual(self.values("Restart"), ["on-failure"])
        self.assertEqual(self.values("RestartSec"), ["2"])
        self.assertEqual(self.values("RestartPreventExitStatus"), ["78"])


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = load("deploy/kubernetes/deployment.yaml")
        cls.pod = cls.deployment["spec"]["template"]["spec"]
        cls.container = cls.pod["containers"][0]
        cls.data = load("deploy/kubernetes/configmap.yaml")["data"]

    def test_its_settings_are_those_of_the_program(self):
        names = set(self.data) | {variable["name"] for variable in self.container["env"]}
        self.assertLessEqual(names, settings())

    def test_every_secret_is_read(self):
        keys = set(load("deploy/kubernetes/secret.example.yaml")["stringData"])
        files = {variable["value"].rsplit("/", 1)[1] for variable in self.container["env"] if variable["name"].endswith("_FILE")}
        self.assertEqual(keys, files)

    def test_an_instance_has_time_to_drain(self):
        pause = int(self.container["lifecycle"]["preStop"]["exec"]["command"][1])
        self.assertGreater(self.pod["terminationGracePeriodSeconds"], pause + int(self.data["DRAIN_SECONDS"]) + GRACE)

    def test_all_of_it_means_the_same_pods(self):
        labels = self.deployment["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(self.deployment["spec"]["selector"]["matchLabels"], labels)
        for name in ("service", "poddisruptionbudget", "networkpolicy"):
            spec = load(f"deploy/kubernetes/{name}.yaml")["spec"]
            selector = spec.get("selector") or spec["podSelector"]
            self.assertEqual(selector.get("matchLabels", selector), labels, name)

    def test_the_user_is_the_image_s_and_the_ports_are_named(self):
        stage = dockerfile.read(ROOT / "Dockerfile")[-1]
        self.assertEqual((self.pod["securityContext"]["runAsUser"], self.pod["securityContext"]["runAsGroup"]), stage.user)
        ports = {port["name"]: str(port["containerPort"]) for port in self.container["ports"]}
        self.assertEqual(ports, {"http": stage.environment["PORT"], "metrics": self.data["METRICS_PORT"]})

    def test_everything_is_applied_but_the_example(self):
        listed = set(load("deploy/kubernetes/kustomization.yaml")["resources"])
        there = {path.name for path in (ROOT / "deploy/kubernetes").glob("*.yaml")}
        self.assertEqual(there - listed, {"kustomization.yaml", "secret.example.yaml"})


if __name__ == "__main__":
    unittest.main()
