"""Prints the lines of messagepack.txt: what PyPI's msgpack makes of a value, and the value in the notation of MessagePackTests.

python3 -m venv venv && venv/bin/pip install msgpack==1.2.4 && venv/bin/python Tests/Vectors/messagepack.py > Tests/Vectors/messagepack.txt
"""

import random
import struct

import msgpack


def notation(value):
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"i{value}"
    if isinstance(value, float):
        return "d" + struct.pack(">d", value).hex()
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, bytes):
        return "b" + value.hex()
    if isinstance(value, msgpack.Timestamp):
        return f"t{value.seconds}.{value.nanoseconds}"
    if isinstance(value, msgpack.ExtType):
        return f"x{value.code}:{value.data.hex()}"
    if isinstance(value, list):
        return "[" + " ".join(map(notation, value)) + "]"
    return "{" + " ".join(f"{notation(name)}={notation(member)}" for name, member in value.items()) + "}"


def edges():
    yield from (None, True, False, [], {}, "", b"", 0.0, -0.0, 0.1, -1.5, 1e300, float("inf"), float("-inf"))
    for bits in (5, 7, 8, 15, 16, 31, 32, 53, 63):
        for number in (2**bits - 1, 2**bits, 2**bits + 1):
            yield number
            if number <= 2**63:
                yield -number
    yield 2**64 - 1
    for count in (1, 15, 16, 31, 32, 255, 256):
        yield "x" * count
        yield bytes(count)
        yield [None] * count
        yield {str(number): number for number in range(count)}
    for count in (0, 1, 2, 3, 4, 8, 15, 16, 17, 255, 256):
        yield msgpack.ExtType(42, bytes(range(256))[:count] + bytes(max(0, count - 256)))
    for seconds in (0, 1, 2**32 - 1, 2**32, 2**34 - 1, 2**34, -1, -(2**40)):
        for nanoseconds in (0, 1, 999_999_999):
            yield msgpack.Timestamp(seconds, nanoseconds)
    yield "naïve 🙂 日本語 \u0000"


def random_value(source, depth=0):
    kind = source.randrange(10 if depth < 3 else 7)
    if kind == 0:
        return source.choice([None, True, False])
    if kind in (1, 2):
        size = source.randrange(1, 64)
        return source.getrandbits(size) * source.choice([1, -1])
    if kind == 3:
        return source.uniform(-1e6, 1e6)
    if kind in (4, 5):
        return "".join(source.choice("abc äß€🙂\n\"") for _ in range(source.randrange(40)))
    if kind == 6:
        return source.randbytes(source.randrange(20))
    if kind == 7:
        return [random_value(source, depth + 1) for _ in range(source.randrange(6))]
    return {f"name{number}": random_value(source, depth + 1) for number in range(source.randrange(6))}


source = random.Random(20260108)
for value in [*edges(), *(random_value(source) for _ in range(150))]:
    print(msgpack.packb(value).hex(), notation(value), sep="\t")
