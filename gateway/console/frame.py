"""What every page stands in: who is signed in and what they may do, forms that only our pages can send, and headers
that let a browser run nothing but what is ours.

Each view says by `needs` who may use it; one that doesn't is refused when the program starts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from gateway.api.access import over_tls
from gateway.api.door import door
from gateway.api.problems import http_failure
from gateway.console.sections import account_sections
from gateway.console.words import FILTERS
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import new_id
from gateway.store.users import Role, TooMany, User

_NOBODY = "nobody"
"""Of a page that needs nobody to be signed in."""
_SIGN_IN = "sign_in"
SOON = {"Retry-After": "2"}
"""Beside an answer that a moment later would be another one."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_LARGEST_FORM = 100_000
"""Bytes of a form, but for those that a page says `takes` more."""
_OF_SYSTEMS = ("/v1/", "/cxml")
"""Addresses that systems ask at; the others are typed by people."""
_View = TypeVar("_View", bound=Callable[..., Any])

logger = logging.getLogger(__name__)
console = Blueprint(
    "console", __name__, template_folder="templates", static_folder="static", static_url_path="/console-static"
)
_csrf = CSRFProtect()
_BUNDLE = Path(str(console.static_folder)) / "built" / "live.js"
"""Built at set-up; pages do without where it isn't."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    endpoint: str
    title: str
    role: Role = "viewer"
    ours_alone: bool = False
    """Nothing for people of an account."""
    is_seldom: bool = False
    """It stands behind “More”, beside the name of whoever is signed in."""


PLACES: Sequence[Place] = (
    Place("console.home", "Overview"),
    Place("console.problem_list", "Problems"),
    Place("console.message_list", "Messages"),
    Place("console.replay_list", "Replays", ours_alone=True),
    Place("console.account_list", "Accounts"),
    Place("console.correction_list", "Corrections", ours_alone=True, is_seldom=True),
    Place("console.audit", "Audit", role="support", ours_alone=True, is_seldom=True),
    Place("console.people", "People", role="admin", ours_alone=True, is_seldom=True),
    Place("console.settings", "Settings", role="admin", ours_alone=True, is_seldom=True),
)


class Denied(Exception):
    """The page is for somebody who may do more."""

    def __init__(self, role: Role) -> None:
        super().__init__(role)
        self.role = role


class Missing(Exception):
    """There is no such thing, or not for whoever asks."""


def needs(role: Role, *, ours_alone: bool = False) -> Callable[[_View], _View]:
    """Only who may do what this role may is let in; with `ours_alone` nobody who belongs to an account."""

    def mark(view: _View) -> _View:
        view.needs = (role, ours_alone)  # type: ignore[attr-defined]
        return view

    return mark


def takes(most_bytes: int) -> Callable[[_View], _View]:
    """The page's form may have so many bytes, where whoever sends it may use the page: it takes a file."""

    def mark(view: _View) -> _View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def open_to_anybody(view: _View) -> _View:
    """Nobody has to be signed in."""
    view.needs = (_NOBODY, False)  # type: ignore[attr-defined]
    return view


def mount(app: Flask, secret_key: str) -> None:
    """Put the console into the application. Raises AssertionError for a page that doesn't say who may use it."""
    app.secret_key = secret_key
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="gateway_console",
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    _csrf.init_app(app)
    app.jinja_env.filters.update(FILTERS)
    app.register_blueprint(console)
    app.register_error_handler(NotFound, _nowhere)
    app.register_error_handler(MethodNotAllowed, _nowhere)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("console.") and endpoint != "console.static" and not hasattr(view, "needs"):
            raise AssertionError(f"{endpoint} doesn't say who may use it")


class _Sessions(SecureCookieSessionInterface):
    """Cookies that go back over TLS alone where they came over TLS, here or at the proxy."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return over_tls()


# --- who is it? ---------------------------------------------------------------------------------------------------
def user() -> User:
    """Who is signed in, on a page that needs somebody."""
    found: User = g.user
    return found


def services() -> Services:
    """The services of this process."""
    return door().services


def actor() -> str:
    """Who is signed in, as the audit names them."""
    return f"user {user().name}"


def own_account(account_id: str) -> str:
    """The account's id, where whoever is signed in may see it. Raises Missing."""
    if "\0" in account_id or user().account_id not in (None, account_id):
        raise Missing
    return account_id


def sign_in_as(somebody: User) -> None:
    """From now on this browser is theirs: what stood in its session before is forgotten."""
    before = str(session.get(_SIGN_IN, ""))
    session.clear()
    session[_SIGN_IN] = services().store.users.begin(somebody, instead_of=before)


def sign_out() -> None:
    """This browser is nobody's."""
    services().store.users.end(str(session.get(_SIGN_IN, "")))
    session.clear()


@console.before_request
def _let_in() -> Response | None:
    """Forms come from our own pages; whoever may not use a page is told so."""
    if request.endpoint == "console.static" or request.url_rule is None:
        return None
    token = str(session.get(_SIGN_IN, ""))
    g.user = services().store.users.whose(token) if token else None
    view: Any = current_app.view_functions[str(request.endpoint)]
    role, ours_alone = view.needs
    is_let_in = role == _NOBODY or _may(role, ours_alone)
    if request.method == "POST":
        most = getattr(view, "most_bytes", _LARGEST_FORM) if is_let_in else _LARGEST_FORM
        request.max_content_length = request.max_form_memory_size = most
        _csrf.protect()
    if is_let_in:
        if g.user is not None and _has_nul(reads_form=request.method == "POST" and not hasattr(view, "most_bytes")):
            raise Missing
        return None
    if g.user is None:
        return _to_sign_in()
    raise Denied(role)


def _has_nul(*, reads_form: bool) -> bool:
    """Whether what is asked has a character that no text of ours has, and that PostgreSQL takes in none. What a file or
    a document comes with is judged where it is read."""
    told = [*request.args.values(), *(request.view_args or {}).values(), *(request.form.values() if reads_form else ())]
    return any("\0" in str(one) for one in told)


def _may(role: Role, ours_alone: bool) -> bool:
    return g.user is not None and g.user.may(role) and not (ours_alone and g.user.account_id is not None)


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    query = f"?next={quote(wanted)}" if wanted not in ("", "/") else ""
    return _seen(redirect(url_for("console.sign_in") + query, 303))


def _seen(response: Any) -> Response:
    found: Response = response
    return found


@console.after_request
def _guard_browser(response: Response) -> Response:
    _guard(response)
    if request.endpoint == "console.static":
        response.headers["Cache-Control"] = "no-cache"  # asked for anew, and mostly answered with 304
    return response


def _guard(response: Response) -> None:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "same-origin"  # a form over TLS tells by it where it came from


# --- pages --------------------------------------------------------------------------------------------------------
@console.app_context_processor
def _around() -> dict[str, Any]:
    somebody = g.get("user")
    if somebody is None:
        return {"user": None, "places": (), "has_bundle": _BUNDLE.is_file()}
    ours = somebody.account_id is None
    about, sections = account_sections(ours=ours)
    return {
        "user": somebody,
        "about": about,
        "sections_of_account": sections,
        "has_bundle": _BUNDLE.is_file(),
        "places": [one for one in PLACES if somebody.may(one.role) and (ours or not one.ours_alone)],
    }


def _nowhere(failure: HTTPException) -> Response:
    """For an address that there isn't, or not by this method: a page for people, a problem for systems."""
    refused = http_failure(failure)
    is_asked_for = request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"
    if request.path.startswith(_OF_SYSTEMS) or not is_asked_for:
        return refused
    shown, _ = page("trouble", title="There is nothing here", said="No page has this address.")
    refused.set_data(shown)
    refused.mimetype = "text/html"
    _guard(refused)
    return refused


def page(template: str, status: int = 200, /, **told: Any) -> tuple[str, int]:
    """The page of this template."""
    return render_template(f"console/{template}.html", **told), status


@console.errorhandler(Missing)
def _missing(_: Missing) -> tuple[str, int]:
    return page("trouble", 404, title="There is nothing here", said="It isn't there, or it isn't for you to see.")


@console.errorhandler(Denied)
def _denied(denied: Denied) -> tuple[str, int]:
    said = f"This needs somebody of the role {denied.role}. An admin of yours can say who that is."
    if g.user is not None and g.user.account_id is not None:
        said = "This is for the supplier's own people. What is of your account stands under Overview."
    return page("trouble", 403, title="You may not do this", said=said)


@console.errorhandler(CSRFError)
def _stale_form(_: CSRFError) -> tuple[str, int]:
    said = "The form was too old, or not of this site. Nothing was done: load the page anew, and try again."
    return page("trouble", 400, title="Please send that again", said=said)


@console.errorhandler(StoreUnavailable)
def _away(failure: StoreUnavailable) -> Any:
    logger.warning("the database did not take or give it: %s", failure)
    said = "The database doesn't answer now. Nothing was done; try again in a moment."
    return *page("trouble", 503, title="Not just now", said=said), SOON


@console.errorhandler(Collision)
def _overtaken(failure: Collision) -> tuple[str, int]:
    """Of two people, or two tabs, at once; the pages where that is usual say what stands there now."""
    logger.info("a page was overtaken: %s", failure)
    said = "Somebody else changed it at the same moment. Nothing was done: load the page anew, and try again."
    return page("trouble", 409, title="Somebody else was faster", said=said)


@console.errorhandler(TooMany)
def _crowded(_: TooMany) -> Any:
    said = "Too many people are signing in at once. Nothing was done; try again in a moment."
    return *page("trouble", 503, title="Not just now", said=said), SOON


@console.errorhandler(RequestEntityTooLarge)
def _too_large(_: RequestEntityTooLarge) -> tuple[str, int]:
    most = int(request.max_content_length or _LARGEST_FORM)
    said = f"More than {most / 1_000_000:,.1f} MB can't be sent here. Nothing was done."
    return page("trouble", 413, title="That is too large", said=said)


@console.errorhandler(HTTPException)
def _http(failure: HTTPException) -> tuple[str, int]:
    return page("trouble", failure.code or 400, title=failure.name or "That didn't work", said="Nothing was done.")


@console.errorhandler(Exception)
def _bug(failure: Exception) -> tuple[str, int]:
    failure_id = new_id()
    logger.error("page failed, %s: a bug", failure_id, exc_info=failure)
    said = f"The gateway failed at this page. Name {failure_id} when you ask about it."
    return page("trouble", 500, title="That is our mistake", said=said)
