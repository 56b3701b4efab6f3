"""Frames of the server as messenger.proto describes them, in their plain form, for property tests."""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from chat.protocol import wire
from chat.protocol.frames import MAX_SEQ
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from tests.chat.protocol.strategies import LITTLE, Plain, texts

numbers = st.integers(0, MAX_SEQ)
pairs = st.tuples(numbers, st.none() | numbers).map(list)
SCALARS = {
    FieldDescriptor.TYPE_BYTES: st.uuids().map(str),
    FieldDescriptor.TYPE_STRING: texts,
    FieldDescriptor.TYPE_INT64: numbers,
    FieldDescriptor.TYPE_BOOL: st.booleans(),
}


def plain(message: type[Message]) -> Plain:
    """What is there whatever is sent always is."""
    required: dict[str, Plain] = {}
    optional: dict[str, Plain] = {}
    for field in wire.fields_of(message):
        may_be_left_out = (field.has_presence or field.type == field.TYPE_BYTES) and not field.is_repeated
        (optional if may_be_left_out else required)[field.name] = _values(field)
    return st.fixed_dictionaries(required, optional=optional)


def _values(field: FieldDescriptor) -> Plain:
    one = _value(field)
    return st.lists(one, max_size=LITTLE) if field.is_repeated else one


def _value(field: FieldDescriptor) -> Plain:
    if field.type == field.TYPE_ENUM:
        words: list[Any] = [word for number, word in wire.words_of(field.enum_type).items() if number]
        return st.sampled_from(words)
    if field.message_type is None:
        return SCALARS[field.type]
    message = wire.message_of(field)
    if message is pb.Range:
        return pairs
    return st.lists(pairs, max_size=LITTLE) if message is pb.Ranges else plain(message)


def _frame(field: FieldDescriptor) -> Plain:
    return plain(wire.message_of(field)).map(lambda fields: {"t": field.name} | fields)


server_frames = st.one_of([_frame(field) for field in wire.fields_of(pb.ServerFrame)])
