"""Frames as the models of frames.py describe them, in their plain form, for property tests."""

import types
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from chat.protocol import base, frames

Plain = st.SearchStrategy[Any]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
ids = st.uuids().map(str)
bodies = texts.filter(str.strip)
# What a validator lets through.
VALID: dict[str, Plain] = {
    "is_uuid": ids,
    "is_client_id": st.from_regex(base.CLIENT_ID, fullmatch=True),
    "is_storable": bodies,
    "_says_something": bodies,
    "_is_query": bodies.filter(lambda text: len(text.split()) <= frames.MAX_QUERY_WORDS),
    "has_no_nul": texts.filter(bool),
}
# What the server tells is not validated: by their names.
IDS = {"id", "sender", "picture"}
ID_LISTS = {"users", "mentions"}
LITTLE = 4


def instances(of: Any) -> Plain:
    """Of a model or a TypedDict, with its names on the wire; what may be left out is left out at times."""
    hints = get_type_hints(of, include_extras=True)
    required: dict[str, Plain] = {}
    optional: dict[str, Plain] = {}
    for name, hint in hints.items():
        if issubclass(of, BaseModel):
            info = of.model_fields.get(name)
            if info is not None:
                (required if info.is_required() else optional)[info.alias or name] = values(hint)
        elif get_origin(hint) is NotRequired:
            optional[name] = _told(name, get_args(hint)[0])
        else:
            required[name] = _told(name, hint)
    return st.fixed_dictionaries(required, optional=optional)


def _told(name: str, hint: Any) -> Plain:
    if name in ID_LISTS:
        return st.lists(ids, max_size=LITTLE)
    return ids if name in IDS else values(hint)


def values(hint: Any) -> Plain:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([values(each) for each in arguments])
    if origin is list:
        return st.lists(values(arguments[0]), min_size=1, max_size=LITTLE)
    if hint is type(None):
        return st.none()
    if is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, BaseModel)):
        return instances(hint)
    return {str: texts, int: st.integers(0, frames.MAX_SEQ), bool: st.booleans()}[hint]


def _annotated(hint: Any, metadata: tuple[Any, ...]) -> Plain:
    bounds: dict[str, int] = {"min_value": 0, "max_value": frames.MAX_SEQ}
    for each in metadata:
        if isinstance(each, AfterValidator):
            return VALID[each.func.__name__]
        if isinstance(each, FieldInfo):
            for limit in each.metadata:
                if isinstance(limit, Ge):
                    bounds["min_value"] = limit.ge
                if isinstance(limit, Le):
                    bounds["max_value"] = limit.le
        assert isinstance(each, FieldInfo | StringConstraints), each
    return st.integers(**bounds) if hint is int else values(hint)


client_frames = st.one_of([instances(model) for model in get_args(frames.ClientFrame)])
