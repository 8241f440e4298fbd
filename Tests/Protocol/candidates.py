"""Values at the edges of what a schema takes: those that are just allowed and those that just aren't."""

import re

PREFIXES = ("", "ch:", "https://")
OTHERS = ("", " ", "é", "a b", "A/B", "a\u0000b", "a\u0001b", "a\u007fb", "a\u0085b", "0", "01", "-1", "UPPER", "http://plain.example", "https://", "ch:", "1" * 20, "1" * 21)
NOT = {
    "string": (1, True, [], {}),
    "integer": ("1", "x", 1.5, True, []),
    "boolean": (0, "true", []),
    "array": ("x", 1, {}),
    "object": ("x", 1, []),
}


def candidates(document, schema, value):
    """Values of which the schema allows some and others not.

    `value` is one that is allowed. What the schema says decides in the test; here it only tells where the edges are.
    """
    schema = document.resolved(schema)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = kinds[0]
    found = [value, *NOT[kind], *([None] if "null" in kinds else [])]
    if kind == "string":
        found += texts(schema, value)
    elif kind == "integer":
        found += [edge + step for edge in (schema.get("minimum"), schema.get("maximum")) if edge is not None for step in (-1, 0, 1)]
    elif kind == "array" and "maxItems" in schema:
        found += [[f"{number:08x}{value[0][8:]}" for number in range(count)] for count in (schema["maxItems"], schema["maxItems"] + 1)]
        found += [[one] for one in candidates(document, schema["items"], value[0])]
    elif kind == "object" and "maxProperties" in schema:
        found += [{f"ch:{number}": 1 for number in range(count)} for count in (schema["maxProperties"], schema["maxProperties"] + 1)]
        found += [{name: 1} for name in candidates(document, schema["propertyNames"], next(iter(value))) if isinstance(name, str)]
        found += [{"ch:a": one} for one in candidates(document, schema["additionalProperties"], 1)]
    return found


def texts(schema, value):
    lengths = {schema[name] for name in ("minLength", "maxLength") if name in schema}
    for low, high in re.findall(r"\{(\d+),(\d+)\}", schema.get("pattern", "")):
        lengths |= {int(low), int(high)}
    edges = {length + step for length in lengths for step in (-1, 0, 1)} - {-1}
    found = [*OTHERS, *schema.get("enum", ()), value.upper(), value[:-1], value + "0", value + "/"]
    for prefix in PREFIXES:
        found += [prefix + "a" * length for length in edges]
        found += [prefix + "a" * (length - len(prefix)) for length in edges if length > len(prefix)]
    return found
