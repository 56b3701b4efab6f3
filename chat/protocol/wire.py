"""The frames' plain form (what JSON shows) and the messages of messenger.proto, both ways, by one table.

The table is made of the descriptors, by the rules at the head of messenger.proto, and, for what clients send, of the
models: a new field needs nothing here. Nothing is validated: whatever a client sent is for the models to judge, so what
is not as it should be is read as something that they refuse.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast, get_args

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chat.protocol.frames import MAX_POSITIONS, ClientFrame
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.straight import Check, Convert, Reading, Writing

Model = type[BaseModel]
Frame = type[pb.ClientFrame] | type[pb.ServerFrame]

# A list of a client's is read until it is certainly too long for its model.
MOST = MAX_POSITIONS + 1
ID_BYTES = 16
# Ids of messages are met once; the others again and again.
KNOWN_IDS = 4_096
MESSAGE_IDS = {"messenger.v1.Entry.id", "messenger.v1.Acknowledgment.message_id"}
# Words in capitals in JSON too.
CAPITALS = {"AckType"}


def id_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def id_text(raw: bytes) -> str:
    """Of sixteen bytes."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_known_bytes = lru_cache(KNOWN_IDS)(id_bytes)
_known_texts = lru_cache(KNOWN_IDS)(id_text)


def _known_text(raw: bytes) -> str:
    """Of bytes that are no id's: nothing. They may be many, and are not to be kept."""
    return _known_texts(raw) if len(raw) == ID_BYTES else ""


class Shape:
    """One message type, and of the client's messages their model: what it does not have is not read.

    `read(message)` gives its plain form. `write(plain)` gives the arguments for its constructor, which leaves out what
    is None.
    """

    __slots__ = ("_type", "read", "write")

    def __init__(self, message: type[Message], model: Model | None = None) -> None:
        self._type = message
        stated = {info.alias or name: info for name, info in model.model_fields.items()} if model else {}
        reading, writing = Reading(), Writing()
        for field in fields_of(message):
            info = stated.get(field.name)
            read, write = _converters(field, _element_model(info), None if model is None else MOST)
            if write is not None:
                writing.add(field.name, write)
            if info is not None or model is None:
                reading.add(field.name, read, _check(field, info))
        self.read = reading.compiled()
        self.write = writing.compiled()

    def encode(self, plain: Mapping[str, Any]) -> bytes:
        """Raises KeyError and ValueError for what messenger.proto does not know."""
        return self._type(**self.write(plain)).SerializeToString()


def fields_of(message: type[Message]) -> list[FieldDescriptor]:
    return cast(list[FieldDescriptor], list(message.DESCRIPTOR.fields))


def message_of(field: FieldDescriptor) -> type[Message]:
    """Of a field that is a message, its type."""
    return GetMessageClass(cast(Descriptor, field.message_type))


def _check(field: FieldDescriptor, info: FieldInfo | None) -> Check:
    """How it is known whether the field is there: one of a client's that counts as zero when it is not, always is."""
    if info is not None and (info.is_required() or info.default == field.default_value):
        return Check.NONE
    if field.has_presence:
        return Check.HAS_FIELD
    return Check.NOT_EMPTY if field.type == field.TYPE_BYTES and not field.is_repeated else Check.NONE


def _element_model(info: FieldInfo | None) -> Model | None:
    """Of a list of models, theirs."""
    inner = get_args(info.annotation) if info is not None else ()
    return inner[0] if inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel) else None


def _converters(field: FieldDescriptor, model: Model | None, most: int | None) -> tuple[Convert | None, Convert | None]:
    """To the plain form (of a list at most `most`), and from it; None: it is the same."""
    read: Convert | None = None
    write: Convert | None = None
    if field.type == field.TYPE_BYTES:
        met_once = field.full_name in MESSAGE_IDS
        read, write = (id_text, id_bytes) if met_once else (_known_text, _known_bytes)
    elif field.type == field.TYPE_ENUM:
        words = words_of(cast(EnumDescriptor, field.enum_type))
        read, write = words.get, {word: number for number, word in words.items()}.__getitem__
    elif field.message_type is not None:
        read, write = _PAIRS.get(message_of(field)) or _nested(message_of(field), model)
    if field.is_repeated and read is not None and write is not None:
        return _each(read, most), _each(write, None)
    return read, write


def words_of(enum: EnumDescriptor) -> dict[int, str]:
    """By number, without what the names of all values begin with: the first one is PREFIX_UNKNOWN."""
    prefix = enum.values[0].name.removesuffix("UNKNOWN")
    words = {value.number: value.name.removeprefix(prefix) for value in enum.values}
    return words if enum.name in CAPITALS else {number: word.lower() for number, word in words.items()}


def _read_pair(message: pb.Range) -> list[int | None]:
    return [getattr(message, "from"), message.to if message.HasField("to") else None]


def _write_pair(pair: Sequence[int | None]) -> dict[str, int | None]:
    return {"from": pair[0], "to": pair[1]}


def _read_pairs(message: pb.Ranges) -> list[list[int | None]]:
    return [_read_pair(each) for each in message.ranges]


def _write_pairs(pairs: Sequence[Sequence[int | None]]) -> dict[str, Any]:
    return {"ranges": [_write_pair(pair) for pair in pairs]}


_PAIRS: dict[type[Message], tuple[Convert, Convert]] = {
    pb.Range: (_read_pair, _write_pair),
    pb.Ranges: (_read_pairs, _write_pairs),
}


def _nested(message: type[Message], model: Model | None) -> tuple[Convert, Convert]:
    shape = Shape(message, model)
    return shape.read, shape.write


def _each(convert: Convert, most: int | None) -> Convert:
    return lambda values: [convert(value) for value in values[:most]]


MODELS: dict[str, Model] = {get_args(model.model_fields["t"].annotation)[0]: model for model in get_args(ClientFrame)}
_SHAPES: dict[Frame, dict[str, Shape]] = {
    pb.ClientFrame: {field.name: Shape(message_of(field), MODELS[field.name]) for field in fields_of(pb.ClientFrame)},
    pb.ServerFrame: {field.name: Shape(message_of(field)) for field in fields_of(pb.ServerFrame)},
}


def write(kind: Frame, frame: Mapping[str, Any]) -> bytes:
    """A whole frame. Raises KeyError for one that messenger.proto does not know, ValueError for such a field."""
    t = frame["t"]
    fields = _SHAPES[kind][t].write(frame)
    del fields["t"]
    return kind(**{t: fields}).SerializeToString()


def read(kind: Frame, data: bytes) -> dict[str, Any]:
    """A whole frame; nothing for a kind that is not known. Raises google.protobuf.message.DecodeError."""
    frame = kind.FromString(data)
    t = frame.WhichOneof("frame")
    if not t:
        return {}
    plain = _SHAPES[kind][t].read(getattr(frame, t))
    plain["t"] = t
    return plain
