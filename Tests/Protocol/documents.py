"""The documents as a running server gives them, and what they say of an answer or a frame."""

import json
import re

from jsonschema import Draft7Validator, Draft202012Validator


def closed(part):
    """A schema that takes no field that it doesn't name. The documents leave that open, as answers may gain fields."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: closed(value) for name, value in part.items()}
    return {"additionalProperties": False, **made} if "properties" in part and "type" in part else made


def references(part):
    """Every `$ref` in a document."""
    if isinstance(part, list):
        return {found for one in part for found in references(one)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {found for value in part.values() for found in references(value)}


class Document:
    def __init__(self, json_text, dialect):
        self.json = json.loads(json_text)
        self.dialect = dialect
        self.closed = closed(self.json["components"])

    def at(self, reference):
        found = self.json
        for name in reference.removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        return found

    def resolved(self, part):
        return self.resolved(self.at(part["$ref"])) if "$ref" in part else part

    def problems(self, schema, value):
        """What is wrong with a value by a schema of the document, extra fields included."""
        validator = self.dialect({**closed(schema), "components": self.closed})
        return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]

    def allows(self, schema, value):
        return not self.problems(schema, value)


class OpenAPI(Document):
    def __init__(self, text):
        super().__init__(text, Draft202012Validator)
        self.operations = []
        for path, item in self.json["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    self.operations.append(Operation(self, method.upper(), path, operation, item.get("parameters", [])))

    def operation(self, method, path):
        path = path.split("?")[0]
        return next((found for found in self.operations if found.method == method and found.pattern.fullmatch(path)), None)


class Operation:
    def __init__(self, document, method, path, operation, parameters):
        self.method = method
        self.path = path
        self.id = operation["operationId"]
        self.is_open = operation.get("security") == []
        self.pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        self.parameters = [document.resolved(one) for one in parameters + operation.get("parameters", [])]
        body = document.resolved(operation.get("requestBody", {}))
        self.body = body.get("content", {}).get("application/json")
        self.needs_body = body.get("required", False)
        self.answers = {int(status): document.resolved(answer) for status, answer in operation["responses"].items()}

    def examples(self):
        """Of its body."""
        media = self.body
        return [media["example"]] if "example" in media else [one["value"] for one in media.get("examples", {}).values()]

    def __repr__(self):
        return f"{self.method} {self.path}"


class AsyncAPI(Document):
    def __init__(self, text):
        super().__init__(text, Draft7Validator)
        # The form of the specification's own that a schema's reference may name.
        operations = self.json["operations"].values()
        received = {one["$ref"] for operation in operations if operation["action"] == "receive" for one in operation["messages"]}
        messages = self.json["channels"]["live"]["messages"]
        by_side = {True: {}, False: {}}
        for name in messages:
            message = self.resolved(messages[name])
            by_side[f"#/channels/live/messages/{name}" in received][message["name"]] = message
        self.from_clients = by_side[True]
        self.from_server = by_side[False]
