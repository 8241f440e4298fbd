"""The documents as such: valid by their specifications, whole, with examples that are what they say."""

import unittest
import warnings

from documents import references
from openapi_spec_validator import OpenAPIV31SpecValidator
from support import asyncapi, openapi

with warnings.catch_warnings():
    # Its own fields' names.
    warnings.simplefilter("ignore")
    from asyncapi3 import AsyncAPI3


class Documents(unittest.TestCase):
    maxDiff = None

    def test_valid(self):
        OpenAPIV31SpecValidator(openapi().json).validate()
        AsyncAPI3.model_validate(asyncapi().json)

    def test_every_reference_leads_somewhere_and_nothing_is_left_over(self):
        for document in (openapi(), asyncapi()):
            named = references(document.json)
            for reference in named:
                self.assertTrue(document.at(reference), reference)
            for kind, parts in document.json["components"].items():
                for name in parts if kind != "securitySchemes" else ():
                    self.assertIn(f"#/components/{kind}/{name}", named)

    def test_schemas_are_schemas(self):
        for document in (openapi(), asyncapi()):
            for schema in document.json["components"]["schemas"].values():
                document.dialect.check_schema(schema)
        for message in asyncapi().json["components"]["messages"].values():
            asyncapi().dialect.check_schema(message["payload"])

    def test_every_object_has_a_name(self):
        """Generators make names of their own for those that have none."""

        def nameless(schema, depth=0):
            if not isinstance(schema, dict):
                return False
            inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
            return depth > 0 and "properties" in schema or any(nameless(one, depth + 1) for one in inner)

        schemas = [schema for document in (openapi(), asyncapi()) for schema in document.json["components"]["schemas"].values()]
        payloads = [message["payload"] for message in asyncapi().json["components"]["messages"].values()]
        self.assertEqual([schema for schema in schemas + payloads if nameless(schema)], [])

    def test_examples(self):
        count = 0
        contents = [operation.body for operation in openapi().operations if operation.body]
        for operation in openapi().operations:
            contents += [media for answer in operation.answers.values() for media in answer.get("content", {}).values()]
        for media in contents:
            for example in [media[name] for name in ("example",) if name in media] + [one["value"] for one in media.get("examples", {}).values()]:
                self.assertEqual(openapi().problems(media["schema"], example), [])
                count += 1
        for message in asyncapi().json["components"]["messages"].values():
            self.assertTrue(message["examples"], message["name"])
            for example in message["examples"]:
                self.assertEqual(asyncapi().problems(message["payload"], example["payload"]), [])
                count += 1
        self.assertGreater(count, 60)

    def test_operations_have_names_of_their_own_and_known_tags(self):
        names = [operation.id for operation in openapi().operations]
        self.assertEqual(len(names), len(set(names)))
        tags = {tag["name"] for tag in openapi().json["tags"]}
        used = {tag for item in openapi().json["paths"].values() for operation in item.values() if "tags" in operation for tag in operation["tags"]}
        self.assertEqual(used, tags)


if __name__ == "__main__":
    unittest.main()
