"""What waits for somebody, most at risk first; and what was resolved last."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import request, url_for

from gateway.causes import Cause, gather, tell
from gateway.causes.acting import resolved_cause
from gateway.console.frame import console, needs, page, services, user
from gateway.store.ids import now_us

_SHOWN = 50
_MOST_PAGES = 10_000
_LAST_RESOLVED = 5
STATES: Mapping[str, str] = {
    "": "open or acknowledged",
    "open": "open",
    "acknowledged": "acknowledged",
    "ignored": "ignored for now",
    "resolved": "resolved",
}
OWNERS: Mapping[str, str] = {"": "anybody's or nobody's", "me": "mine", "nobody": "nobody's"}
_BEHIND = re.compile(r"([0-9]{1,18})\.([0-9A-Za-z-]{1,100})")


@console.get("/problems")
@needs("viewer")
def problem_list() -> Any:
    """Those that fit the filters of the address, a page at a time."""
    told = {name: request.args.get(name, "").strip()[:200] for name in ("state", "account", "owner", "code", "late")}
    told["state"] = told["state"] if told["state"] in STATES else ""
    told["owner"] = told["owner"] if told["owner"] in OWNERS and _is_ours() else ""
    account = user().account_id or told["account"] or None
    if told["state"] == "resolved":
        return _resolved(account, told)
    now = now_us()
    found = [one for one in gather(services().store, account) if _fits(one, told, now)]
    number = _page_number()
    shown = tell(services(), found[(number - 1) * _SHOWN : number * _SHOWN])
    return _page(
        told,
        causes=shown,
        count=len(found),
        before=_address(told, page=number - 1 if number > 2 else None) if number > 1 else None,
        following=_address(told, page=number + 1) if len(found) > number * _SHOWN else None,
        last_resolved=[] if found else last_resolved(account),
    )


def last_resolved(account: str | None) -> list[Cause]:
    """The problems of which nothing was left last."""
    found = services().store.problem_states.resolved(account, _LAST_RESOLVED)
    return tell(services(), [resolved_cause(one) for one in found])


def _resolved(account: str | None, told: dict[str, str]) -> Any:
    behind = _BEHIND.fullmatch(request.args.get("behind", ""))
    place = (int(behind[1]), behind[2]) if behind else None
    known = services().store.problem_states.resolved(account, _SHOWN + 1, place)
    shown = tell(services(), [resolved_cause(one) for one in known[:_SHOWN]])
    last = known[_SHOWN - 1] if len(known) > _SHOWN else None
    return _page(
        told,
        causes=shown,
        count=None,
        before=_address(told) if behind else None,
        following=_address(told, behind=f"{last.resolved_at}.{last.fingerprint}") if last else None,
        last_resolved=[],
    )


def _page(told: dict[str, str], **more: Any) -> Any:
    is_narrowed = any(told[name] for name in ("account", "owner", "code", "late")) or told["state"] not in ("", "open")
    narrowing = {name: value for name, value in told.items() if value}
    return page(
        "problem_list",
        told=told,
        states=STATES,
        owners=OWNERS,
        is_ours=_is_ours(),
        narrowing=narrowing,
        is_narrowed=is_narrowed,
        **more,
    )


def _fits(one: Cause, told: Mapping[str, str], now: int) -> bool:
    wanted: Mapping[str, Callable[[], bool]] = {
        "": lambda: one.state in ("open", "acknowledged"),
        "me": lambda: one.assigned_to == user().id,
        "nobody": lambda: one.assigned_to is None,
    }
    stands = wanted[""]() if not told["state"] else one.state == told["state"]
    is_whose = not told["owner"] or wanted[told["owner"]]()
    is_late = not told["late"] or one.is_overdue(now)
    return stands and is_whose and is_late and told["code"] in ("", one.code)


def _is_ours() -> bool:
    return user().account_id is None


def _page_number() -> int:
    told = request.args.get("page", "1")
    return min(_MOST_PAGES, max(1, int(told))) if told.isascii() and told.isdigit() and len(told) < 9 else 1


def _address(told: Mapping[str, str], **more: Any) -> str:
    return url_for("console.problem_list", **{name: value for name, value in {**told, **more}.items() if value})
