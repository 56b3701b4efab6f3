"""What docs/protocol.md shows as JSON is what messenger.v1.proto says: its examples go both ways, and a real server
that is spoken to in it sends the same frames.
"""

import asyncio
import re
from typing import Any

import pytest

from bench import encoding
from chat.protocol import codec_json, codec_proto, wire
from chat.protocol.frames import PROTO_SUBPROTOCOL
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from tests.acceptance.servers import House
from tests.docs.examples import BLOCK, DOCS, Example, examples, section
from tests.docs.shapes import Shapes
from tests.docs.talk import Talk

DOCUMENT = (DOCS / "protocol.md").read_text()
EXAMPLES = examples(DOCUMENT)
CLIENT = [example for example in EXAMPLES if example.side == "client"]
SERVER = [example for example in EXAMPLES if example.side == "server"]


def said(value: Any) -> Any:
    """Without what is null or an empty list: this encoding has no way to say these."""
    if isinstance(value, dict):
        return {key: said(inner) for key, inner in value.items() if inner is not None and inner != []}
    return [said(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("example", CLIENT, ids=lambda example: example.frame["t"])
def test_a_client_frame_is_understood(example: Example) -> None:
    assert codec_proto.decode(wire.write(pb.ClientFrame, example.frame)) == codec_json.decode(example.text)


@pytest.mark.parametrize("example", SERVER, ids=lambda example: example.frame["t"])
def test_a_server_frame_comes_back(example: Example) -> None:
    assert said(wire.read(pb.ServerFrame, codec_proto.encode(example.frame))) == said(example.frame)


@pytest.mark.acceptance
@pytest.mark.timeout(600)
def test_a_real_server_sends_the_same_in_it() -> None:
    with House() as house:
        talk = Talk(house, PROTO_SUBPROTOCOL)
        asyncio.run(talk.run())
    documented, real = Shapes(example.frame for example in SERVER), Shapes(talk.heard)
    shown, met, filled = _fields(documented), _fields(real), _fields(Shapes(map(said, talk.heard)))
    assert shown.keys() == met.keys() == filled.keys()
    # A list may be there and empty where JSON has none.
    assert {place for place, names in shown.items() if not filled[place] <= names <= met[place]} == set()
    assert _kinds(documented) == {path: kinds for path, kinds in _kinds(real).items() if path in documented.kinds}


def _fields(shapes: Shapes) -> dict[str, frozenset[str]]:
    """By place, all that can stand there."""
    return {path: frozenset().union(*keys) for path, keys in shapes.keys.items()}


def _kinds(shapes: Shapes) -> dict[str, set[str]]:
    told = {path: kinds - {"NoneType"} for path, kinds in shapes.kinds.items()}
    return {path: kinds for path, kinds in told.items() if kinds}


def test_the_bytes_of_the_example_are_those_of_its_frame() -> None:
    part = section(DOCUMENT, "Protocol Buffers")
    (frame,) = examples(part)
    (shown,) = [block["text"] for block in BLOCK.finditer(part) if block["info"] == "hex"]
    data = bytes.fromhex("".join(re.split(r"\s{3,}", line)[0] for line in shown.splitlines()))
    assert wire.write(pb.ClientFrame, frame.frame) == data
    assert codec_proto.decode(data) == codec_json.decode(frame.text)


def test_what_the_document_says_of_sizes_is_so() -> None:
    """A third, half: and not much more."""
    costs = {cost.name: cost for cost in encoding.measure(1)}
    assert costs["receipts of a device"].smaller > 66 and costs["receipts told"].smaller > 66
    assert costs["message pushed"].smaller > 45
    assert costs["message accepted"].smaller > 50
