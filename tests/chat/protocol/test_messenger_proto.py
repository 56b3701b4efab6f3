"""messenger.proto: its names and numbers stay, it knows every frame and field, and its generated module is new."""

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from google.protobuf.internal import api_implementation
from google.protobuf.message import Message

from chat.protocol import frames, group_frames, wire
from chat.protocol.messenger.v1 import messenger_pb2 as pb

SOURCES = Path(wire.__file__).parent
PROTO = "messenger/v1/messenger.proto"
MODELS = {get_args(model.model_fields["t"].annotation)[0]: model for model in get_args(frames.ClientFrame)}


def numbers(message: type[Message]) -> dict[str, int]:
    return {field.name: field.number for field in wire.fields_of(message)}


def test_the_generated_module_is_up_to_date(tmp_path: Path) -> None:
    """`make proto` after a change."""
    command = [
        "-m",
        "grpc_tools.protoc",
        "-I",
        str(SOURCES),
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
        PROTO,
    ]
    subprocess.run([sys.executable, *command], check=True, timeout=60)
    for name in ("messenger_pb2.py", "messenger_pb2.pyi"):
        place = Path(PROTO).with_name(name)
        assert (tmp_path / place).read_text() == (SOURCES / place).read_text(), f"{name}: run make proto"


def test_it_runs_in_c() -> None:
    """Python's own implementation takes twenty times as long."""
    assert api_implementation.Type() == "upb"


def test_the_names_and_numbers_that_were_promised() -> None:
    assert pb.DESCRIPTOR.package == "messenger.v1"
    first = {"message_id": 1, "type": 2, "timestamp": 3, "sender_id": 4, "error_code": 5}
    assert first.items() <= numbers(pb.Acknowledgment).items()
    assert pb.Acknowledgment.DESCRIPTOR.fields_by_name["error_code"].has_presence
    assert not set(range(1, 6)) & {n for name, n in numbers(pb.Acknowledgment).items() if name not in first}
    assert numbers(pb.BatchAcknowledgment) == {"acks": 1}
    words = ("UNKNOWN", "ACCEPTED", "DELIVERED", "SEEN", "REJECTED", "FAILED")
    assert [pb.AckType.Name(n) for n in range(6)] == [f"ACK_{word}" for word in words]


def test_every_frame_of_a_client_is_there_with_every_field() -> None:
    fields = {field.name: wire.message_of(field) for field in wire.fields_of(pb.ClientFrame)}
    assert fields.keys() == MODELS.keys()
    for t, model in MODELS.items():
        assert _names(model) - {"t"} <= numbers(fields[t]).keys(), t
    assert _names(frames.Place) <= numbers(pb.Place).keys()
    assert _names(frames.Acknowledgment) <= numbers(pb.Acknowledgment).keys()


def _names(model: Any) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


@pytest.mark.parametrize(
    ("message", "shape"),
    [(pb.Entry, frames.Entry), (pb.Change, frames.Changed), (pb.Absence, frames.Absence), (pb.Event, frames.Event)],
)
def test_every_field_of_what_the_server_tells_is_there(message: type[Message], shape: Any) -> None:
    optional = {field.name: field.has_presence or field.is_repeated for field in wire.fields_of(message)}
    assert set(shape.__annotations__) <= optional.keys()
    assert all(optional[name] == (name in shape.__optional_keys__) for name in shape.__annotations__)


def test_words_are_those_of_the_models() -> None:
    known = {
        "AckType": {"ACCEPTED", "REJECTED", "FAILED", *get_args(frames.AckType)},
        "Why": set(get_args(frames.Why)),
        "Whom": {"me", "all"},
        "Role": set(get_args(group_frames.Role)),
        "Adding": set(get_args(group_frames.Adding)),
        "HistoryFrom": set(get_args(group_frames.HistoryFrom)),
        "EventType": set(get_args(frames.EventType)),
        "ChangeType": set(get_args(frames.Changed.__annotations__["type"])),
    }
    for name, words in known.items():
        enum = pb.DESCRIPTOR.enum_types_by_name[name]
        assert {word for number, word in wire.words_of(enum).items() if number} == words
    assert all(enum.values[0].name.endswith("_UNKNOWN") for enum in pb.DESCRIPTOR.enum_types_by_name.values())
