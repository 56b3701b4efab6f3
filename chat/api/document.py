"""The OpenAPI document of the API, and a page to read it by: plain HTML made here, without a line of script.

django-ninja writes down what each route takes and answers; here is added what holds for all of them: what may go
wrong, and an example of each.
"""

import json
from functools import cache
from typing import Any

from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from ninja.openapi.schema import OpenAPISchema

from chat.api.examples import EXAMPLES, PATHS
from chat.api.responses import Problem
from chat.api.routes import api
from chat.api.statuses import STATUS

PREFIX = "api/v1/"
PROBLEM = "application/problem+json"
RETRY_AFTER = {"Retry-After": {"description": "Whole seconds, rounded up.", "schema": {"type": "integer"}}}
SAFE = ("GET", "HEAD")
WENT_WRONG = {
    "401": "The token (or the password) is none, or none any more: sign in again.",
    "429": "Asked too fast.",
    "503": "Not just now: ask again, the same.",
    "4XX": "Refused; the same request will be refused again.",
    "5XX": "Something went wrong on the server.",
}


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = OpenAPISchema(api, PREFIX)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    found["components"]["schemas"]["Problem"] = problem
    for operations in found["paths"].values():
        for operation in operations.values():
            _add_problems(operation)
            _add_examples(operation)
    return found


def _add_problems(operation: dict[str, Any]) -> None:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = {str(status): response for status, response in operation["responses"].items()}
    for status, description in WENT_WRONG.items():
        headers = {"headers": RETRY_AFTER} if status in ("429", "503", "5XX") else {}
        responses[status] = {"description": description, "content": content} | headers
    operation["responses"] = responses


def _add_examples(operation: dict[str, Any]) -> None:
    example = EXAMPLES[operation["operationId"]]
    if example.body is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = example.body
    if example.content:
        [body] = operation["requestBody"]["content"].values()
        body["example"] = example.content
    if example.answer is not None:
        first = next(iter(operation["responses"].values()))
        first["content"]["application/json"]["example"] = example.answer
    for parameter in operation["parameters"]:
        _leave_null_out(parameter["schema"])
        places: dict[str, dict[str, Any]] = {"path": PATHS, "header": dict(example.headers)}
        known = places.get(parameter["in"], example.query)
        if parameter["name"] in known:
            parameter["example"] = known[parameter["name"]]


def _leave_null_out(schema: dict[str, Any]) -> None:
    """An address cannot say it: what is null is left out there."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    for kind in kinds:
        schema.update(kind)


async def openapi(request: HttpRequest) -> HttpResponse:
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    return HttpResponse(_text(), content_type="application/json", headers={"Cache-Control": "public, max-age=300"})


async def docs(request: HttpRequest) -> HttpResponse:
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    headers = {"Cache-Control": "public, max-age=300", "Content-Security-Policy": build_policy()}
    return HttpResponse(_page(), headers=headers)


@cache
def _text() -> bytes:
    return json.dumps(document(), separators=(",", ":")).encode()


@cache
def _page() -> str:
    operations = [
        _shown(path, method, operation)
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    ]
    tags = list(dict.fromkeys(operation["tag"] for operation in operations))
    groups = [(tag, [each for each in operations if each["tag"] == tag]) for tag in tags]
    schemas = sorted(document()["components"]["schemas"].items())
    shown = [
        {"name": name, "about": schema.get("description", ""), "text": json.dumps(schema, indent=2)}
        for name, schema in schemas
    ]
    codes = [{"code": code.value, "status": status, "text": code.text} for code, status in STATUS.items()]
    return render_to_string("api/docs.html", {"groups": groups, "schemas": shown, "codes": codes})


def _shown(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    example = EXAMPLES[operation["operationId"]]
    return {
        "id": operation["operationId"],
        "tag": operation["tags"][0],
        "method": method.upper(),
        "path": path,
        "open": not operation.get("security"),
        "about": operation.get("description", ""),
        "parameters": operation["parameters"],
        "statuses": list(operation["responses"])[: -len(WENT_WRONG)],
        "body": _indented(example.body) or example.content,
        "answer": _indented(example.answer),
    }


def _indented(example: dict[str, Any] | None) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
