"""Images without Docker: a Debian by debootstrap, a Dockerfile's steps in it, the image out of that, and programs in namespaces of their own.

All of it needs root, and what is sealed a mount namespace of its own.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time

import dockerfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the slim images leave out of every package.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/groff/*
"""
# As those images have it: a step that installs packages leaves no copy of them behind.
CLEAN = """DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
"""


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def expect(condition, text):
    if not condition:
        raise SystemExit(f"FAIL  {text}")


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def size(folder):
    """In bytes, as Docker counts an image: what is in its files, each once however many names it has; folders take nothing."""
    sizes = {}
    for path in pathlib.Path(folder).rglob("*"):
        status = path.lstat()
        if path.is_symlink() or not path.is_dir():
            sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


class Archive:
    """Where this machine gets its Debian packages, and how."""

    def __init__(self, suite):
        self.suite = suite
        self.sources = []
        if shutil.which("apt-get"):
            for release in (suite, f"{suite}-updates", f"{suite}-security"):
                found = output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Suite: {release}") or output(
                    "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release}"
                )
                self.sources += [(uri, release) for uri in dict.fromkeys(found.split()) if "debian" in uri][:1]
        if not self.sources or self.sources[0][1] != suite:
            self.sources = [("http://deb.debian.org/debian/", suite)]

    @property
    def mirror(self):
        return self.sources[0][0]

    def set_up(self, root):
        (root / "etc/apt/sources.list").write_text("".join(f"deb {uri} {release} main\n" for uri, release in self.sources))
        if shutil.which("apt-config"):
            # A proxy, say; nothing that runs a program.
            options = [line for line in output("apt-config", "dump").splitlines() if re.match(r"Acquire::(http|https|Check)", line)]
            (root / "etc/apt/apt.conf.d/90this-machine").write_text("\n".join(options) + "\n")


class Debian:
    """A slim Debian, as Docker's images of it are, and what is done in it."""

    def __init__(self, root):
        self.root = root

    def make(self, archive):
        say(f"Debian {archive.suite} from {archive.mirror} by debootstrap")
        began = time.monotonic()
        log = self.root.parent / "debootstrap.log"
        with open(log, "wb") as file:
            made = subprocess.run(
                ["debootstrap", "--variant=minbase", archive.suite, str(self.root), archive.mirror],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )
        expect(made.returncode == 0, f"debootstrap ended with {made.returncode}; is {archive.mirror} reached?\n{log.read_text()[-2000:]}")
        self.slim()
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        archive.set_up(self.root)
        for left_over in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(self.root / left_over, ignore_errors=True)
            (self.root / left_over).mkdir(parents=True)
        for log in (self.root / "var/log").glob("*.log"):
            log.unlink()
        say(f"{megabytes(size(self.root))} in {time.monotonic() - began:.0f} s")

    def slim(self):
        """Leaves out of the base what the slim images leave out of it, and has later packages leave it out too."""
        (self.root / "etc/dpkg/dpkg.cfg.d/docker").write_text(SLIM)
        (self.root / "etc/apt/apt.conf.d/docker-clean").write_text(CLEAN)
        for line in SLIM.splitlines():
            action, pattern = line.split()
            for path in self.root.glob(pattern.lstrip("/")) if action == "path-exclude" else ():
                if path.is_dir() and not path.is_symlink() and "usr/share/doc/" in str(path):
                    for file in path.rglob("*"):
                        if not file.is_dir() and file.name != "copyright":
                            file.unlink()
                elif path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def copy(self, root):
        output("cp", "--archive", str(self.root), str(root))
        return Debian(root)

    def run(self, text, folder="/"):
        """A RUN of a Dockerfile."""
        shown = " ".join(text.split())
        say(f"RUN {shown[:100]}{'…' if len(shown) > 100 else ''}")
        environment = {"PATH": SEARCH_PATH, "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        words = ["chroot", str(self.root), "/bin/sh", "-c", f"cd {folder} && {{ {text}\n}}"]
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(ended.returncode == 0, f"RUN {text} ended with {ended.returncode}: {ended.stdout[-1000:]}{ended.stderr[-2000:]}")

    def carry_out(self, stage, program):
        """The steps of a stage that copies nothing but what the first stage has built."""
        folder = "/"
        for instruction, text in stage.steps:
            if instruction == "RUN":
                self.run(text, folder)
            elif instruction == "COPY":
                source, target = text.split()[-2:]
                expect(text.startswith("--from=build "), f"COPY {text}: only what the first stage has built is copied")
                expect(source == "/out/switchboard", f"COPY {text}: the first stage leaves /out/switchboard")
                shutil.copy(program, self.root / target.lstrip("/"))
            elif instruction == "WORKDIR":
                folder = text
                (self.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)


class Image:
    """What a container's root is made of, and how a platform runs a program in it."""

    def __init__(self, root, user, environment, volume=None):
        self.root = pathlib.Path(root)
        self.user = user
        self.environment = environment
        self.volume = volume

    def words(self, command):
        """A command as the platform runs it: another root, no capability, not root."""
        user, group = self.user
        identity = ["chroot", f"--userspec={user}:{group}", "--groups=", str(self.root)]
        return ["setpriv", "--no-new-privs", "--inh-caps=-all", "--", *identity, *command]

    def variables(self, own):
        return {"PATH": SEARCH_PATH, "HOME": self.volume or "/tmp", **self.environment, **own}

    def seal(self):
        """As compose.yaml has it: nothing can be written but the volume. Devices and the like are the platform's."""
        subprocess.run(["mount", "--bind", str(self.root), str(self.root)], check=True)
        for folder in ("proc", "dev/shm"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        if self.volume:
            user, group = self.user
            self.mount("tmpfs", self.volume, f"mode=750,uid={user},gid={group}")
        self.mount("proc", "proc")
        for device in ("null", "zero", "random", "urandom"):
            (self.root / "dev" / device).touch()
            subprocess.run(["mount", "--bind", f"/dev/{device}", str(self.root / "dev" / device)], check=True)
        # Platforms give 64 MB of it.
        self.mount("tmpfs", "dev/shm", "mode=1777,size=64m")
        subprocess.run(["mount", "-o", "remount,bind,ro", str(self.root)], check=True)

    def mount(self, kind, place, options="rw"):
        subprocess.run(["mount", "-t", kind, "-o", options, kind, str(self.root / place.lstrip("/"))], check=True)


def stages():
    """Of the Dockerfile: the one that the image's files are put together in, and the last."""
    *_, files, last = dockerfile.read(ROOT / "Dockerfile")
    expect((files.name, last.base) == ("files", "scratch"), "the last stage is not made of files alone")
    return files, last


def suite():
    """The Debian of the image's files."""
    return re.fullmatch(r"debian:(\w+)-slim", stages()[0].base).group(1)


def make(debian, program, root):
    """The Dockerfile's image.

    debian: a fresh one, which the files are put together in. program: what the first stage builds. root: where the image is made.
    """
    files, stage = stages()
    debian.carry_out(files, program)
    image = Image(root, stage.user, stage.environment, volume=stage.last("WORKDIR"))
    for text in stage.all("COPY"):
        *options, source, target = text.split()
        expect(options and options[0] == "--from=files", f"COPY {text}: only what the stage before has put together is copied")
        owner = [option.removeprefix("--chown=") for option in options if option.startswith("--chown=")] or ["0:0"]
        place = image.root / target.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        output("cp", "--recursive", "--no-dereference", "--preserve=mode", f"{debian.root}{source}/.", str(place))
        output("chown", "--recursive", "--no-dereference", owner[0], str(place))
    return image
