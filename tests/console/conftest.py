"""The console over the real application, with people of every role."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree, html

from gateway.store.users import ROLES, User
from tests.api.builders import Gateway, services_at
from tests.store.cheap_passwords import keep_password

PASSWORD = "correct horse battery"


class Browser:
    """One browser: follows forms as they stand on pages, and keeps its cookies."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.client: FlaskClient = gateway.app.test_client()
        self.answer: Any = None

    def open(self, path: str, **more: Any) -> Any:
        """The answer to a look at this page."""
        self.answer = self.client.get(path, **more)
        return self.answer

    @property
    def root(self) -> Any:
        return html.fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        body = self.root.find("body")
        etree.strip_elements(body, "script", "style", with_tail=False)
        return " ".join(unescape(body.text_content()).split())

    def send(self, action: str, button: tuple[str, str] | None = None, **fields: str) -> Any:
        """Fill in the form of the present page that goes there, with what is hidden in it, and send it."""
        return self.fill(action, fields, button)

    def fill(
        self,
        action: str,
        fields: Mapping[str, Any],
        button: tuple[str, str] | None = None,
        untick: Collection[str] = (),
    ) -> Any:
        """The same with fields of any name; a file is (its bytes, its name)."""
        posts = self.root.xpath("//form[@method='post']")
        forms = [one for one in posts if (one.get("action") or self.path) == action]
        assert len(forms) == 1, f"{len(forms)} forms go to {action}"
        told, known = _as_it_stands(forms[0])
        assert known >= fields.keys(), f"fields that aren't there: {fields.keys() - known}"
        sent = {name: value for name, value in told.items() if name not in untick}
        sent |= {**fields, **({} if button is None else {button[0]: button[1]})}
        files = {name: (io.BytesIO(one[0]), one[1]) for name, one in sent.items() if isinstance(one, tuple)}
        self.answer = self.client.post(action, data={**sent, **files})
        self.answer.request.environ["wsgi.input"].close()  # a large body is a file, which the test's client leaves open
        return self.answer

    @property
    def path(self) -> str:
        return str(self.answer.request.path)

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        self.open("/sign-in")
        return self.send("/sign-in", name=name, password=password)


def _as_it_stands(form: Any) -> tuple[dict[str, Any], set[str]]:
    """What a form would send untouched, and the names of all its fields."""
    told: dict[str, Any] = {}
    fields = [one for one in form.iter("input", "select", "textarea") if one.get("name")]
    for one in fields:
        name, kind = one.get("name"), one.get("type")
        if one.tag == "select":
            options = list(one.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            told[name] = chosen[-1].get("value", chosen[-1].text) if chosen else ""
        elif one.tag == "textarea":
            told[name] = one.text or ""
        elif kind in ("checkbox", "radio"):
            told |= {name: one.get("value", "on")} if one.get("checked") is not None else {}
        elif kind != "file":
            told[name] = one.get("value", "")
    return told, {one.get("name") for one in fields}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    opened = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


def person(gateway: Gateway, name: str, role: Any, account: str | None = None) -> User:
    """Somebody with the usual password."""
    store = gateway.services.store
    made = store.users.create(name, role, account, actor="test")
    keep_password(store, made.id, PASSWORD)
    return made


def signed_in(gateway: Gateway, role: Any = "admin", account: str | None = None) -> Browser:
    """The browser of somebody of this role."""
    browser, name = Browser(gateway), f"{role} of {account or 'ours'}"
    person(gateway, name, role, account)
    answer = browser.sign_in(name)
    assert answer.status_code == 303, browser.text
    return browser


def csrf(page: Any) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


EVERY_ROLE = ROLES
