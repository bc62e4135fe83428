"""Signing in, by name and password or by a link that is good once, and out."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request, url_for

from gateway.console.frame import console, needs, open_to_anybody, page, services, sign_in_as, sign_out
from gateway.store.users import LONGEST_PASSWORD, SHORTEST_PASSWORD, NotSignedIn


@console.get("/sign-in")
@open_to_anybody
def sign_in() -> Any:
    """The form."""
    if g.user is not None:
        return redirect(_next(request.args.get("next", "")), 303)
    return page("sign_in", next=request.args.get("next", ""))


@console.post("/sign-in")
@open_to_anybody
def sign_in_now() -> Any:
    """Let whoever it is in, or say that the two don't fit."""
    name, password, wanted = (request.form.get(one, "") for one in ("name", "password", "next"))
    try:
        somebody = services().store.users.admit(name[:1_000], password)
    except NotSignedIn as refused:
        said = "Name and password don't fit."
        if refused.seconds:
            said = f"Too many wrong passwords: try again in {refused.seconds} seconds."
        return page("sign_in", 429 if refused.seconds else 403, next=wanted, wrong=said, name=name[:100])
    sign_in_as(somebody)
    return redirect(_next(wanted), 303)


@console.get("/sign-in/<token>")
@open_to_anybody
def choose_password(token: str) -> Any:
    """The form of somebody who came by a link. Looking at it uses nothing up: mail programs look at links."""
    invited = services().store.users.of_link(token)
    return page("choose_password", 200 if invited else 410, invited=invited, shortest=SHORTEST_PASSWORD)


@console.post("/sign-in/<token>")
@open_to_anybody
def choose_password_now(token: str) -> Any:
    """Take the password, and let them in."""
    users, password = services().store.users, request.form.get("password", "")
    invited, wrong = users.of_link(token), None
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        wrong = f"A password has at least {SHORTEST_PASSWORD} characters."
    elif password != request.form.get("again", ""):
        wrong = "The two are not the same."
    if invited is None or wrong is not None:
        told = {"invited": invited, "wrong": wrong, "shortest": SHORTEST_PASSWORD}
        return page("choose_password", 400 if invited else 410, **told)
    somebody = users.use_link(token, password)
    if somebody is None:  # somebody else was faster
        return page("choose_password", 410, invited=None, shortest=SHORTEST_PASSWORD)
    sign_in_as(somebody)
    return redirect(url_for("console.home"), 303)


@console.post("/sign-out")
@needs("viewer")
def sign_out_now() -> Any:
    """Leave."""
    sign_out()
    return redirect(url_for("console.sign_in"), 303)


def _next(wanted: str) -> str:
    """Where they wanted to go, as long as that is a page of ours."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours else url_for("console.home")
