"""The images that scripts/bench measures: the Dockerfile's, and those that other servers would need.

bench_images.py make FOLDER PROGRAM [--peers [REQUIREMENT …]]
    makes them in an empty folder and writes images.json there, with what "switchboard bench image" needs. REQUIREMENTs are what
    python-socketio's server needs from PyPI.
bench_images.py run FOLDER NAME [-e VARIABLE=VALUE …] [-- ARGUMENT …]
    becomes the image's program, in a mount namespace of its own.

It needs root.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import image

PEERS = image.ROOT / "Benchmarks/peers"
NOBODY = (65534, 65534)


def node_ws(debian, _):
    debian.run("apt-get update && apt-get install -y --no-install-recommends nodejs node-ws node-redis && rm -rf /var/lib/apt/lists/*")
    shutil.copy(PEERS / "node-ws/server.js", debian.root / "server.js")
    # Where Debian puts the modules of Node.js.
    return {"NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs"}, ["node", "/server.js"]


def python_socketio(debian, requirements):
    debian.run("apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*")
    version = next((debian.root / "usr/bin").glob("python3.[0-9]*")).name.removeprefix("python")
    image.say(f"pip install {' '.join(requirements)}")
    # By this machine's pip: an image would get them from another stage, so as not to have pip.
    packages = debian.root / f"usr/local/lib/python{version}/dist-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore", "--no-compile",
         "--only-binary=:all:", f"--python-version={version}", f"--target={packages}", *requirements],
        check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr,
    )
    debian.run(f"python3 -m compileall -q /usr/local/lib/python{version}/dist-packages")
    shutil.copy(PEERS / "python-socketio/server.py", debian.root / "server.py")
    return {}, ["python3", "/server.py"]


def make(folder, program, requirements):
    """requirements: nothing of other servers where it is None."""
    base = image.Debian(folder / "debian")
    base.root.mkdir()
    base.make(image.Archive(image.suite()))
    made = image.make(base.copy(folder / "files"), program, folder / "switchboard")
    images = [("switchboard", made, image.stages()[1].command)]
    for name, add in (("node-ws", node_ws), ("python-socketio", python_socketio)) if requirements is not None else ():
        image.say(f"{name} on Debian {image.suite()}")
        debian = base.copy(folder / name)
        environment, command = add(debian, requirements)
        images.append((name, image.Image(debian.root, NOBODY, environment), command))
    (folder / "images.json").write_text(json.dumps([description(folder, *one) for one in images], indent=2))


def description(folder, name, made, command):
    size = image.size(made.root)
    image.say(f"{name}: {image.megabytes(size)}")
    return {
        "name": name,
        "bytes": size,
        "start": ["unshare", "--mount", "--propagation", "private", sys.executable, str(pathlib.Path(__file__).resolve()), "run", str(folder), name],
        "command": command,
        "user": made.user,
        "environment": made.environment,
        "volume": made.volume,
    }


def run(folder, name, variables, arguments):
    found = next(one for one in json.loads((folder / "images.json").read_text()) if one["name"] == name)
    made = image.Image(folder / name, found["user"], found["environment"], found["volume"])
    made.seal()
    words = made.words(found["command"] + arguments)
    os.execvpe(words[0], words, made.variables(dict(variable.split("=", 1) for variable in variables)))


def main():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make")
    making.add_argument("folder", type=pathlib.Path)
    making.add_argument("program")
    making.add_argument("--peers", nargs="*")
    running = verbs.add_parser("run")
    running.add_argument("folder", type=pathlib.Path)
    running.add_argument("name")
    running.add_argument("-e", action="append", default=[])
    running.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    if options.verb == "make":
        make(options.folder.resolve(), options.program, options.peers)
    else:
        run(options.folder, options.name, options.e, options.arguments)


if __name__ == "__main__":
    main()
