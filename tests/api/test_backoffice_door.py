"""Who gets in at the back office: a live key of its own, and no account's, whatever is asked for."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from gateway.api.backoffice.blueprint import back_office
from gateway.api.door import back_office_author
from gateway.api.problems import answer_with_problems
from gateway.store.ids import now_us
from tests.api.builders import Gateway, Sender


@pytest.fixture
def behind(gateway: Gateway) -> Flask:
    """An application with nothing but a back-office route, on the gateway's services."""
    group = back_office("probe", __name__)

    @group.get("/v1/backoffice/probe")
    def probe() -> Response:
        return Response(back_office_author())

    app = Flask("behind")
    app.extensions = gateway.app.extensions
    answer_with_problems(app)
    app.register_blueprint(group)
    return app


def _ask(behind: Flask, key: str | None) -> tuple[int, str]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    answer = behind.test_client().get("/v1/backoffice/probe", headers=headers)
    return answer.status_code, answer.text if answer.status_code == 200 else answer.json["code"]


def test_a_live_back_office_key_gets_in_and_is_named(gateway: Gateway, behind: Flask) -> None:
    key, text = gateway.services.store.keys.create(None, actor="test")
    assert _ask(behind, text) == (200, f"back office, key {key.id}")


def test_nobody_else_gets_in(gateway: Gateway, behind: Flask, acme: Sender) -> None:
    keys = gateway.services.store.keys
    revoked, revoked_text = keys.create(None, actor="test")
    keys.revoke(revoked.id, actor="test")
    assert _ask(behind, None) == (401, "key_missing")
    assert _ask(behind, acme.key) == (403, "key_not_allowed")
    assert _ask(behind, keys.create("acme", actor="test", test=True)[1]) == (403, "key_not_allowed")
    assert _ask(behind, revoked_text) == (401, "key_unknown")
    assert _ask(behind, keys.create(None, actor="test", expires_at=now_us() - 1)[1]) == (401, "key_unknown")
    assert _ask(behind, "gw_office_0000000000_x") == (401, "key_unknown")
