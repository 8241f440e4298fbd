"""The limits in the documents are those that the server has: what a schema allows is taken, what it doesn't allow is refused."""

import json
import secrets
import unittest
import urllib.parse

from candidates import candidates
from support import Connection, Person, admin, asyncapi, cluster, openapi

ABSENT = "01989d3b-2f00-7c3a-9a51-5b1f0c8e7d21"
NOT_UNDERSTOOD = {"BAD_REQUEST", "UNKNOWN_TYPE", "CONTENT_TOO_LONG"}
# One connection may send twenty frames a minute that are not understood.
FRAMES_OF_A_CONNECTION = 15
# One character of many: as long as it may be.
LONGEST_EMOJI = "a" + "\u0301" * 31


def variants(document, schema):
    """The schemas of objects that a body or a frame may have."""
    schema = document.resolved(schema)
    return [document.resolved(one) for one in schema["oneOf"]] if "oneOf" in schema else [schema]


def wrong_and_right(document, schema, example):
    """Bodies that differ from the example in one field, each with the field's name and whether the schema allows it."""
    [own] = [one for one in variants(document, schema) if document.allows(one, example)]
    for name, field in own["properties"].items():
        if name == "type":
            continue
        if name in own.get("required", ()):
            without = {other: value for other, value in example.items() if other != name}
            yield name, without, False
        seen = []
        for value in candidates(document, field, example.get(name, "01")):
            if name == "emoji" and isinstance(value, str) and len(value) > 1:
                # What counts as one character no schema can say.
                continue
            if any(type(value) is type(other) and value == other for other in seen):
                continue
            seen.append(value)
            yield name, {**example, name: value}, document.allows(field, value)
        if name == "emoji":
            for value in (LONGEST_EMOJI, LONGEST_EMOJI + "\u0301"):
                yield name, {**example, name: value}, document.allows(field, value)


class HTTPLimits(unittest.TestCase):
    def check(self, answer, is_allowed, sent):
        self.assertEqual(answer.status not in (400, 413), is_allowed, f"{answer.status} for {json.dumps(sent)[:200]}: {answer.body[:200]}")

    def test_bodies(self):
        count = 0
        for operation in openapi().operations:
            if not operation.body or operation.id == "logIn":
                # A log-in has no limits of its own: a name that can't be is as wrong as another one.
                continue
            for example in operation.examples():
                for name, body, is_allowed in wrong_and_right(openapi(), operation.body["schema"], example):
                    with self.subTest(f"{operation}: {name}"):
                        if operation.id == "register" and name != "username" and "username" in body:
                            body["username"] = secrets.token_hex(8)
                        answer = admin().ask(operation.method, operation.path.replace("{userId}", ABSENT), body)
                        self.check(answer, is_allowed, body)
                        count += 1
        self.assertGreater(count, 150)

    def test_parameters(self):
        count = 0
        for operation in openapi().operations:
            for parameter in operation.parameters:
                schema = openapi().resolved(parameter["schema"])
                if parameter["name"] == "cursor":
                    # Only what an earlier page gave is one.
                    continue
                for value, is_allowed in self.values(schema):
                    with self.subTest(f"{operation}: {parameter['name']} {str(value)[:60]}"):
                        path = operation.path
                        if parameter["in"] == "path":
                            path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(value, safe=""))
                        path = path.replace("{conversationId}", "ch:lobby").replace("{userId}", ABSENT).replace("{sessionId}", ABSENT)
                        query = {parameter["name"]: value} if parameter["in"] == "query" else {}
                        self.check(admin().ask(operation.method, path, **query), is_allowed, value)
                        count += 1
        self.assertGreater(count, 100)

    def values(self, schema):
        """As they stand in a URL."""
        document = openapi()
        if schema["type"] == "integer":
            edges = [schema.get("minimum"), schema.get("maximum")]
            found = [(str(edge + step), document.allows(schema, edge + step)) for edge in edges if edge is not None for step in (-1, 0, 1)]
            return found + [("x", False), ("1.5", False)]
        if schema["type"] == "array":
            ids = [f"{number:08x}{ABSENT[8:]}" for number in range(schema["maxItems"] + 1)]
            return [(",".join(part), document.allows(schema, part)) for part in (ids[:1], ids[:-1], ids, ["me"], [ABSENT, ""])]
        example = schema.get("enum", ["ch:lobby" if "ch:" in schema.get("pattern", "") else ABSENT])[0]
        # Of an empty one, and of one with a slash, something else would be asked.
        texts = [value for value in candidates(document, schema, example) if isinstance(value, str) and value and "/" not in value]
        return [(value, document.allows(schema, value)) for value in dict.fromkeys([example, *texts])]


class FrameLimits(unittest.TestCase):
    def setUp(self):
        self.person = Person("ada")
        self.connection = None
        self.sent = 0

    def tearDown(self):
        if self.connection:
            self.connection.close()

    def understood(self, frame):
        """Whether the server takes a frame for what it is, whatever it then answers."""
        # A connection watches so many users in all, those of earlier frames among them.
        users = frame.get("userIds")
        if self.connection is None or self.sent == FRAMES_OF_A_CONNECTION or isinstance(users, list) and len(users) > 1:
            self.tearDown()
            self.connection = self.person.connection()
            self.connection.wait_for("WELCOME")
            self.sent = 0
        self.sent += 1
        ref = secrets.token_hex(8)
        self.connection.send_as_it_is(frame)
        # What is not understood is refused at once, before what comes after it.
        self.connection.send("PING", ref=ref)
        while True:
            answer = self.connection.receive()
            if answer.get("ref") == ref:
                return True
            if answer["type"] == "ERROR" and answer["code"] in NOT_UNDERSTOOD and answer.get("ref") in (None, frame.get("ref")):
                self.connection.wait_for("PONG", ref=ref)
                return False

    def test_frames(self):
        count = 0
        for kind, message in asyncapi().from_clients.items():
            if kind == "AUTH":
                continue
            for example in message["examples"]:
                for name, frame, is_allowed in wrong_and_right(asyncapi(), message["payload"], example["payload"]):
                    with self.subTest(f"{kind}: {name}"):
                        if name != "ref":
                            frame["ref"] = secrets.token_hex(8)
                        self.assertEqual(self.understood(frame), is_allowed, json.dumps(frame, ensure_ascii=False)[:300])
                        count += 1
        self.assertGreater(count, 300)

    def test_token(self):
        message = asyncapi().from_clients["AUTH"]
        for name, frame, is_allowed in wrong_and_right(asyncapi(), message["payload"], message["examples"][0]["payload"]):
            with self.subTest(name), Connection(cluster().url("A")) as connection:
                connection.send_as_it_is(frame)
                self.assertEqual(connection.wait_for("ERROR")["code"] == "UNAUTHENTICATED", is_allowed, json.dumps(frame)[:200])


if __name__ == "__main__":
    unittest.main()
