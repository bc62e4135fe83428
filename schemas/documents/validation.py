"""What pydantic found wrong with a canonical document, as faults.

The codecs validate once, at the end, and hand pydantic's error here; so every format answers the same codes for the
same mistake. `location` is left empty: only the codec knows where a pointer stands in what was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from schemas.faults import Fault
from schemas.values import plain

SHOWN = 200
"""Characters of a wrong value that a fault shows."""

_NUMBER = "a decimal number of at most 20 digits before and 10 after the point"
_DATE = "a date, YYYY-MM-DD"
_DATE_TIME = "a date and time with an offset, YYYY-MM-DDThh:mm:ss+hh:mm"
_TIME = "a time, hh:mm:ss, with an offset where one is meant"

_PATTERNS = {
    "^[A-Z]{3}$": "an ISO 4217 currency code of three capital letters",
    "^[0-9a-f]{64}$": "a SHA-256 as 64 hexadecimal digits in small letters",
}

_BY_TYPE: Mapping[str, tuple[str, str]] = {
    "missing": ("missing_field", "a value"),
    "extra_forbidden": ("unknown_field", "no field of this name"),
    "unexpected_keyword_argument": ("unknown_field", "no field of this name"),
    "decimal_parsing": ("not_a_number", _NUMBER),
    "decimal_type": ("not_a_number", _NUMBER),
    "decimal_max_digits": ("not_a_number", _NUMBER),
    "decimal_max_places": ("not_a_number", _NUMBER),
    "decimal_whole_digits": ("not_a_number", _NUMBER),
    "finite_number": ("not_a_number", _NUMBER),
    "int_parsing": ("not_a_number", "a whole number"),
    "int_parsing_size": ("not_a_number", "a whole number of fewer digits"),
    "int_type": ("not_a_number", "a whole number"),
    "int_from_float": ("not_a_number", "a whole number"),
    "bool_parsing": ("bad_value", "true or false"),
    "bool_type": ("bad_value", "true or false"),
    "string_type": ("bad_value", "a text"),
    "string_unicode": ("bad_value", "a text of Unicode characters"),
    "tuple_type": ("bad_value", "a list"),
    "model_type": ("bad_value", "an object"),
    "dataclass_type": ("bad_value", "an object"),
    "model_attributes_type": ("bad_value", "an object"),
    "dict_type": ("bad_value", "an object"),
    "timezone_aware": ("not_a_date", _DATE_TIME),
}
_BY_FAMILY: tuple[tuple[str, tuple[str, str]], ...] = (
    ("datetime_", ("not_a_date", _DATE_TIME)),
    ("date_", ("not_a_date", _DATE)),
    ("time_", ("not_a_date", _TIME)),
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a codec puts where a value stood that it couldn't convert. Pydantic refuses it in every field, and so gives
    the fault its place; code and expectation are the codec's own."""

    text: str
    code: str
    expected: str

    def __str__(self) -> str:
        return self.text


def faults_of(error: ValidationError, *, prefix: str = "") -> tuple[Fault, ...]:
    """Every mistake pydantic found: our code, a JSON Pointer below `prefix`, the value, what was expected."""
    return tuple(_fault(one, prefix) for one in error.errors(include_url=False) if not _is_only_emptied(one))


def _is_only_emptied(error: ErrorDetails) -> bool:
    """A list is not too short because pydantic refused what is in it: it counts only the members that it took."""
    return error["type"] == "too_short" and bool(error["input"])


def trusting_validator(model: type[BaseModel]) -> Callable[[object], Any]:
    """The model's validation for what a codec has put together itself: every number is one that `schemas.values.exact`
    made, every text is without white space around it, and every field is one that the model has, so that these aren't
    looked for once more.

    What it makes of such an object is what the model makes of it. What it refuses may still be for the model to judge.
    """
    return SchemaValidator(_trusting(model.__pydantic_core_schema__), _use_prebuilt=False).validate_python


def _trusting(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_trusting(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "function-after" and schema["function"].get("function") is plain:
        return schema["schema"]
    trusting = {
        name: value if name in _AS_IT_IS else _trusting(value)
        for name, value in schema.items()
        if name != "strip_whitespace"
    }
    return trusting | {"config": {"extra_fields_behavior": "ignore"}} if schema.get("type") == "model" else trusting


_AS_IT_IS = frozenset(("cls", "default", "function", "metadata", "serialization"))
"""Of a core schema what is no schema."""


def only_in_a_change(function: Any, other_lines: Any, actions: Iterable[Any]) -> tuple[Fault, ...]:
    """What a new order says to do with lines, which only a change can mean: read as an order it would ship what it
    deletes. `actions` are the lines', in their order."""
    if function not in (None, "original"):
        return ()
    detail, expected = "is a change's, and this is a new order", "none in an original; function: change in a change"
    paths = [("/other_lines", other_lines), *((f"/lines/{index}/action", one) for index, one in enumerate(actions))]
    return tuple(
        Fault("bad_value", f"{path.rpartition('/')[2]} {detail}", path, "", value, expected)
        for path, value in paths
        if value is not None
    )


def duplicate_lines(line_numbers: Iterable[object]) -> tuple[Fault, ...]:
    """A fault for each line whose number an earlier line has; compared as texts, so `1` and `01` are two."""
    first: dict[str, int] = {}
    faults = []
    for index, number in enumerate(line_numbers):
        if not isinstance(number, str) or first.setdefault(number, index) == index:
            continue
        detail = f"line {first[number] + 1} of the order has the same number"
        path = f"/lines/{index}/line_number"
        faults.append(Fault("duplicate_line", detail, path=path, value=shown(number), expected="a number of its own"))
    return tuple(faults)


def pointer(steps: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of these member names and indexes: `("lines", 0, "unit")` → `/lines/0/unit`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def shown(value: object) -> str | None:
    """A value as a fault shows it: text, at most 200 characters; None for nothing and for whole objects and lists."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _digits(value) if isinstance(value, (Decimal, int)) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _digits(value: Decimal | int) -> str:
    """A number as text; one too long for Python to write (4,300 digits) is named instead of written."""
    try:
        if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < SHOWN:
            return f"{value:f}"
        return str(value)
    except ValueError:
        return "a number of thousands of digits"


def _fault(error: ErrorDetails, prefix: str) -> Fault:
    path = prefix + pointer(step[:SHOWN] if isinstance(step, str) else step for step in error["loc"])
    if isinstance(error["input"], Unreadable):
        return _unreadable_fault(error["input"], error, path)
    code, expected = _code_and_expected(error)
    value = None if error["type"] == "missing" else shown(error["input"])
    return Fault(code, _detail(code, error, expected), path=path, value=value, expected=expected)


def _unreadable_fault(value: Unreadable, error: ErrorDetails, path: str) -> Fault:
    detail = f"{_field_name(error)} must be {value.expected}"
    return Fault(value.code, detail, path=path, value=shown(value.text), expected=value.expected)


def _field_name(error: ErrorDetails) -> str:
    name = next((str(step) for step in reversed(error["loc"]) if isinstance(step, str)), "the document")
    return name if len(name) <= SHOWN else name[: SHOWN - 1] + "…"


def _code_and_expected(error: ErrorDetails) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx") or {}
    if kind in _WITH_CONTEXT:
        return _WITH_CONTEXT[kind](error, context)
    if error["input"] is None:
        return "missing_field", "a value"
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    return next((found for family, found in _BY_FAMILY if kind.startswith(family)), ("bad_value", error["msg"]))


def _too_short(error: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str]:
    if error["loc"][-1:] == ("lines",):
        return "no_lines", "at least one line"
    return "missing_field", f"at least {context.get('min_length', 1)}"


def _too_long(error: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str]:
    if error["loc"][-1:] == ("lines",):
        return "too_many_lines", f"at most {context['max_length']} lines"
    return "too_long", f"at most {context['max_length']}"


def _beyond_bound(error: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str]:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    expected = " and ".join(f"{word} {context[name]}" for name, word in words.items() if name in context)
    return ("quantity_not_positive" if error["loc"][-1:] == ("quantity",) else "bad_value"), expected


_WITH_CONTEXT: Mapping[str, Callable[[ErrorDetails, Mapping[str, Any]], tuple[str, str]]] = {
    "too_short": _too_short,
    "too_long": _too_long,
    "string_too_short": lambda error, context: ("missing_field", "a text that is not empty"),
    "string_too_long": lambda error, context: ("too_long", f"at most {context['max_length']} characters"),
    "string_pattern_mismatch": lambda error, context: (
        "bad_value",
        _PATTERNS.get(context["pattern"], f"a text of the form {context['pattern']}"),
    ),
    "literal_error": lambda error, context: ("bad_value", context["expected"].replace("'", "")),
    "greater_than": _beyond_bound,
    "greater_than_equal": _beyond_bound,
    "less_than": _beyond_bound,
    "less_than_equal": _beyond_bound,
    "value_error": lambda error, context: ("not_a_number", _NUMBER),
}
"""`value_error` is only ever raised by `ExactDecimal` (schemas.values.plain)."""


def _detail(code: str, error: ErrorDetails, expected: str) -> str:
    name = _field_name(error)
    if code == "missing_field":
        return f"{name} is missing or empty"
    if code == "unknown_field":
        return f"{name} is not a field here"
    if error["type"] == "value_error":
        return f"{name}: {error['ctx']['error']}"
    return f"{name} must be {expected}"
