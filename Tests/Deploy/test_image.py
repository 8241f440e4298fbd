"""What can be said of the image without making it: how its size is counted, and what it is made of."""

import os
import pathlib
import tempfile
import unittest

import dockerfile
import image


class Image(unittest.TestCase):
    def test_its_size_is_that_of_its_files_each_once(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            (root / "usr/bin").mkdir(parents=True)
            (root / "usr/bin/program").write_bytes(bytes(10_001))
            os.link(root / "usr/bin/program", root / "usr/bin/another-name")
            (root / "bin").symlink_to("usr/bin")
            self.assertEqual(image.size(root), 10_001 + len("usr/bin"))

    def test_it_is_made_of_a_debian_with_what_the_first_stage_builds(self):
        self.assertEqual(image.suite(), "bookworm")
        files, last = image.stages()
        self.assertIn("--from=build /out/switchboard /usr/local/bin/switchboard", files.all("COPY"))
        self.assertEqual(last.last("WORKDIR"), "/var/lib/switchboard")
        self.assertIn("--static-swift-stdlib", dockerfile.swift_build(dockerfile.read(image.ROOT / "Dockerfile")[0]))

    def test_a_container_is_given_nothing_of_this_machine_s(self):
        made = image.Image("/somewhere", (10001, 10001), {"PORT": "8000"}, volume="/data")
        self.assertEqual(made.variables({"PORT": "1"}), {"PATH": image.SEARCH_PATH, "HOME": "/data", "PORT": "1"})
        self.assertEqual(made.words(["switchboard"])[-4:], ["--userspec=10001:10001", "--groups=", "/somewhere", "switchboard"])


if __name__ == "__main__":
    unittest.main()
