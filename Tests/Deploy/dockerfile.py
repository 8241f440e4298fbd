"""Reads a Dockerfile as far as the checks need it: its stages, and the steps of each."""

import json
import re
import shlex


class Stage:
    def __init__(self, base, name):
        self.base = base
        self.name = name
        # Pairs of an instruction and what follows it, in their order.
        self.steps = []

    def all(self, instruction):
        return [text for name, text in self.steps if name == instruction]

    def last(self, instruction):
        found = self.all(instruction)
        if not found:
            raise ValueError(f"the Dockerfile has no {instruction} in its stage {self.name or self.base}")
        return found[-1]

    @property
    def environment(self):
        """What ENV sets; values name no other variable here."""
        pairs = (pair for text in self.all("ENV") for pair in shlex.split(text))
        return dict(pair.split("=", 1) for pair in pairs)

    @property
    def user(self):
        user, group = self.last("USER").split(":")
        return int(user), int(group)

    @property
    def command(self):
        return json.loads(self.last("ENTRYPOINT")) + json.loads(self.last("CMD"))

    @property
    def healthcheck(self):
        """Its command, and its options in seconds."""
        options, command = re.fullmatch(r"((?:--\S+\s+)*)CMD\s+(\[.*\])", self.last("HEALTHCHECK")).groups()
        values = dict(option[2:].split("=") for option in options.split())
        return json.loads(command), {name: int(value.rstrip("s")) for name, value in values.items()}


def read(path):
    """The stages of a file, in their order."""
    text = "".join(line for line in open(path, encoding="utf-8") if not line.lstrip().startswith("#"))
    stages = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip():
            continue
        instruction, rest = line.split(None, 1)
        if instruction == "FROM":
            words = rest.split()
            stages.append(Stage(words[0], words[2] if len(words) > 2 else None))
        elif stages:
            # Options of a RUN are about the builder's caches.
            stages[-1].steps.append((instruction, re.sub(r"^(--mount=\S+\s+)+", "", rest.strip()) if instruction == "RUN" else rest.strip()))
    return stages


def swift_build(stage):
    """The `swift build …` of a stage, as words."""
    for text in stage.all("RUN"):
        for command in text.split("&&"):
            words = shlex.split(command)
            if words[:2] == ["swift", "build"]:
                return words
    raise ValueError("no RUN of the stage is a swift build")
