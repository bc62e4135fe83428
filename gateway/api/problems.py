"""The one error shape: RFC 9457 problem+json for everything that is refused or goes wrong."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.api.answers import Problem, as_json, fault_answers
from gateway.store.database import StoreUnavailable
from gateway.store.ids import new_id
from schemas.fault_codes import FAULTS
from schemas.faults import Fault

PROBLEM_TYPE = "application/problem+json"
NOT_THERE = "There is no such thing, or not for this key."

_CODE_OF_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "media_type_unsupported",
}

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is answered with a problem. `status` only where it isn't the code's own."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        message_id: str | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers = code, detail, headers
        self.status = status or FAULTS[code].status or 400
        self.message_id, self.faults = message_id, faults


def not_found() -> Refused:
    """For what isn't there and for what is another account's: nobody can tell one from the other."""
    return Refused("not_found", NOT_THERE)


def unreadable(message_id: str, faults: Sequence[Fault]) -> Refused:
    """For bytes that can't be read, kept as a rejected message."""
    first = faults[0]
    return Refused(first.code, first.detail, message_id=message_id, faults=faults)


def problem(refused: Refused) -> Response:
    """The refusal as a response."""
    answer = Problem(
        type=fault_page(refused.code),
        title=FAULTS[refused.code].title,
        status=refused.status,
        detail=refused.detail,
        code=refused.code,
        message_id=refused.message_id,
        faults=fault_answers(refused.faults) if refused.faults else None,
    )
    response = as_json(answer, refused.status, refused.headers)
    response.mimetype = PROBLEM_TYPE
    return response


def refused_by_server(status: int, reason: str, max_body_bytes: int) -> Refused:
    """For a request that never reached the application. `reason`: what the server says of it, in a few words."""
    if status == 413:
        return too_large(max_body_bytes)
    if status == 500:
        return Refused("internal_error", "The gateway failed at this request.", status=500)
    if status == 431:
        reason = "The headers are larger than the server takes"
    return Refused("bad_parameter", f"{reason.rstrip('.')}.", status=status)


def too_large(limit: int, when: str = "") -> Refused:
    """For more bytes than are taken."""
    return Refused("body_too_large", f"The body is larger than {limit} bytes{when}, which is the limit.")


def fault_page(code: str) -> str:
    """Where a code's story is told."""
    return f"/v1/docs/faults/{code}"


def answer_with_problems(app: Flask) -> None:
    """Give every failure of the application the one shape."""
    app.register_error_handler(Refused, problem)
    app.register_error_handler(StoreUnavailable, _cannot_store)
    app.register_error_handler(HTTPException, http_failure)
    app.register_error_handler(Exception, _bug)


def answer_to(failure: Exception, *, posting: bool) -> Response:
    """The answer to a request that failed so, outside of Flask."""
    if isinstance(failure, Refused):
        return problem(failure)
    return _store_failure(failure, posting=posting) if isinstance(failure, StoreUnavailable) else _bug(failure)


def _cannot_store(failure: StoreUnavailable) -> Response:
    return _store_failure(failure, posting=request.method in ("POST", "PUT"))


def _store_failure(failure: StoreUnavailable, *, posting: bool) -> Response:
    logger.warning("the database did not take or give it: %s", failure)
    detail = "The database can't be reached now. It is safe to send the same request again."
    if posting:
        detail = "It could not be stored durably, so it was not taken. It is safe to send the same request again."
    return problem(Refused("cannot_store", detail, headers={"Retry-After": str(math.ceil(failure.after_seconds))}))


def http_failure(failure: HTTPException) -> Response:
    """What Flask refuses by itself, in the API's shape."""
    status = failure.code or 500
    if not 400 <= status < 500:
        return _bug(failure)
    code = _CODE_OF_STATUS.get(status, "bad_parameter")
    detail = NOT_THERE if status == 404 else str(failure.description or FAULTS[code].meaning)
    allow = ", ".join(sorted(getattr(failure, "valid_methods", None) or ()))
    return problem(Refused(code, detail, status=status, headers={"Allow": allow} if allow else None))


def _bug(failure: Exception) -> Response:
    """Whatever was not foreseen: logged in full under an id, of which alone the caller learns."""
    failure_id = new_id()
    logger.error("request failed, %s: a bug", failure_id, exc_info=failure)
    detail = f"The gateway failed at this request. Name {failure_id} when you ask about it."
    return problem(Refused("internal_error", detail, status=500))
