"""Who gets into the console, by what, and for how long."""

from __future__ import annotations

import pytest

from tests.api.builders import Gateway
from tests.console.conftest import PASSWORD, Browser, csrf, person, signed_in


def test_nobody_sees_anything_before_signing_in(gateway: Gateway) -> None:
    browser = Browser(gateway)
    for path, query in (
        ("/", ""),
        ("/accounts", "?next=/accounts"),
        ("/accounts/acme?a=1", "?next=/accounts/acme%3Fa%3D1"),
    ):
        answer = browser.open(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in{query}")
    assert browser.open("/sign-in").status_code == 200
    assert "Accounts" not in browser.text


def test_a_name_and_its_password_let_in_and_lead_on(gateway: Gateway) -> None:
    person(gateway, "Kim", "viewer")
    browser = Browser(gateway)
    browser.open("/sign-in?next=/accounts")
    answer = browser.send("/sign-in", name="kim", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts")
    assert browser.open("/accounts").status_code == 200
    assert "Kim viewer" in browser.text
    assert browser.open("/sign-in").headers["Location"] == "/"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "/a\nb", "javascript:1"]
)
def test_nobody_is_led_elsewhere(gateway: Gateway, wanted: str) -> None:
    person(gateway, "Kim", "viewer")
    browser = Browser(gateway)
    browser.open("/sign-in")
    assert browser.send("/sign-in", name="Kim", password=PASSWORD, next=wanted).headers["Location"] == "/"


def test_a_wrong_password_is_told_and_many_make_a_pause(gateway: Gateway) -> None:
    person(gateway, "Kim", "viewer")
    browser = Browser(gateway)
    for _ in range(5):
        answer = browser.sign_in("Kim", "wrong password")
        assert (answer.status_code, "Name and password don't fit." in browser.text) == (403, True)
    answer = browser.sign_in("Kim")
    assert (answer.status_code, "Too many wrong passwords: try again in" in browser.text) == (429, True)
    assert browser.sign_in("Nobody", "wrong password").status_code == 403


def test_a_link_leads_to_a_password_of_ones_own(gateway: Gateway) -> None:
    users = gateway.services.store.users
    made = users.create("Kim", "support", None, actor="test")
    path = f"/sign-in/{users.link(made.id, actor='test')}"
    browser = Browser(gateway)
    for _ in range(2):
        assert browser.open(path).status_code == 200, "looking uses nothing up"
    for password, again, said in (("short", "short", "at least 10"), (PASSWORD, "another one", "not the same")):
        assert browser.send(path, password=password, again=again).status_code == 400
        assert said in browser.text
    answer = browser.send(path, password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.open("/").status_code == 200
    assert browser.open(path).status_code == 410
    assert "can't be used any more" in browser.text
    assert Browser(gateway).sign_in("Kim").status_code == 303


def test_signing_out_ends_it_here_and_for_a_copied_cookie(gateway: Gateway) -> None:
    browser = signed_in(gateway)
    copied = browser.client.get_cookie("gateway_console")
    assert copied is not None
    browser.open("/")
    assert browser.send("/sign-out").headers["Location"] == "/sign-in"
    thief = Browser(gateway)
    thief.client.set_cookie("gateway_console", copied.value)
    assert thief.open("/").status_code == 303


def test_a_session_of_before_is_nobodys_after_signing_in(gateway: Gateway) -> None:
    """Who plants a session in somebody's browser doesn't share it with them (session fixation)."""
    person(gateway, "Kim", "viewer")
    browser = Browser(gateway)
    before = csrf(browser.open("/sign-in"))
    planted = browser.client.get_cookie("gateway_console")
    assert planted is not None
    browser.send("/sign-in", name="Kim", password=PASSWORD)
    attacker = Browser(gateway)
    attacker.client.set_cookie("gateway_console", planted.value)
    assert attacker.open("/").status_code == 303
    assert browser.client.post("/sign-out", data={"csrf_token": before}).status_code == 400


def test_the_cookie_is_for_this_site_alone(gateway: Gateway) -> None:
    for base, secure in (("http://localhost", False), ("https://localhost", True)):
        cookie = Browser(gateway).open("/sign-in", base_url=base).headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure


def test_the_api_sets_no_cookie_and_takes_none_for_a_key(gateway: Gateway) -> None:
    browser = signed_in(gateway)
    answer = browser.client.get("/v1/documents")
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (401, None)


@pytest.mark.parametrize(("told", "over_tls"), [("https", True), ("http", False), ("HTTPS, http", False)])
def test_behind_a_proxy_that_ends_tls_the_cookie_goes_over_tls_alone(
    gateway: Gateway, told: str, over_tls: bool
) -> None:
    """`config/deploy/nginx.conf` says by X-Url-Scheme how the browser came."""
    answer = Browser(gateway).open("/sign-in", headers={"X-Url-Scheme": told})
    assert ("Secure" in answer.headers["Set-Cookie"]) is over_tls
    assert ("Strict-Transport-Security" in answer.headers) is over_tls


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_form_that_is_not_ours_does_nothing(gateway: Gateway, token: str | None) -> None:
    browser = signed_in(gateway)
    data = {} if token is None else {"csrf_token": token}
    answer = browser.client.post("/sign-out", data=data)
    assert answer.status_code == 400
    assert "Nothing was done" in answer.text
    assert browser.open("/").status_code == 200


def test_a_browser_runs_nothing_but_what_is_ours(gateway: Gateway) -> None:
    browser = signed_in(gateway)
    for path in ("/", "/accounts", "/style", "/people", "/console-static/console.css"):
        with browser.open(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    for path in ("/", "/accounts", "/style"):
        browser.open(path)
        assert [one for one in browser.root.iter() if any(name.startswith("on") for name in one.attrib)] == []
        assert not browser.root.xpath("//@style | //style | //script[not(@src)]")
