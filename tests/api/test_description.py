"""The API described: the OpenAPI document is right and complete, and what is answered keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS as KNOWN
from schemathesis.checks import load_all_checks

from gateway.api.answers import ANSWERS
from schemas.fault_codes import FAULTS
from schemas.json_schema import SCHEMAS
from tests.api.builders import Gateway, Sender, order, services_at

EXAMPLES = 40
CHECK_NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
load_all_checks()
CHECKS = [KNOWN.get_one(name) for name in CHECK_NAMES]


@pytest.fixture(scope="module")
def described() -> Iterator[tuple[Gateway, Sender, Any]]:
    """One application for all generated requests, with something in it to find."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="described ") as folder:
        database = f"sqlite:///{Path(folder) / 'gateway.db'}"
        gateway = Gateway(services_at(database, f"unix://{folder}/nobody.sock"))
        sender = gateway.account("acme", inbound={"formats": ["json-1", "ubl-2.1"]})
        gateway.send(sender, order("PO-1"))
        gateway.work()
        yield gateway, sender, schemathesis.openapi.from_wsgi("/v1/openapi.json", gateway.app)
        gateway.close()


OPERATIONS = [
    ("POST", "/v1/orders"),
    ("POST", "/v1/orders/validate"),
    ("POST", "/v1/cxml"),
    ("GET", "/v1/orders/{order_number}"),
    ("GET", "/v1/messages/{message_id}"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents/{document_id}"),
    ("POST", "/v1/documents/{document_id}/receipt"),
    ("GET", "/v1/inventory"),
    ("POST", "/v1/backoffice/shipments"),
    ("POST", "/v1/backoffice/deliveries"),
    ("POST", "/v1/backoffice/invoices"),
    ("POST", "/v1/backoffice/credit_notes"),
    ("PUT", "/v1/backoffice/products"),
    ("PUT", "/v1/backoffice/packs"),
    ("PUT", "/v1/backoffice/taxes"),
    ("PUT", "/v1/backoffice/stock"),
    ("PUT", "/v1/backoffice/prices"),
    ("GET", "/v1/backoffice/orders"),
    ("POST", "/v1/backoffice/orders/{order_id}/decision"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/docs"),
    ("GET", "/v1/docs/faults"),
    ("GET", "/v1/docs/faults/{code}"),
    ("GET", "/v1/schemas"),
    ("GET", "/v1/schemas/{document_type}.json"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]
FRONT = [("GET", "/v1"), ("GET", "/v1/")]
"""Addresses that lead to the page for people; no program needs them."""


def headers_for(path: str, gateway: Gateway, sender: Sender) -> dict[str, str]:
    """The key that opens this path: the account's, or one of the back office."""
    if not path.startswith("/v1/backoffice/"):
        return sender.headers
    return Sender("", gateway.services.store.keys.create(None, actor="test")[1]).headers


def test_a_parameter_that_is_not_described_is_refused_with_those_that_are(described: Any) -> None:
    """Of every operation that has some, so that a misspelt filter doesn't give the whole mailbox."""
    gateway, sender, _ = described
    paths = gateway.client.get("/v1/openapi.json").json["paths"]
    asked = 0
    for path, methods in paths.items():
        for method, operation in methods.items():
            names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            if not names:
                continue
            asked += 1
            address = re.sub(r"\{[^}]+\}", "x", path)
            headers = headers_for(path, gateway, sender)
            answer = gateway.client.open(f"{address}?ordre=N-14", method=method, headers=headers)
            assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter"), (method, path)
            assert answer.json["detail"] == f"There is no parameter 'ordre' here, only {', '.join(names)}."
            assert gateway.client.open(f"{address}?ordre=N-14", method=method).status_code == 401
    assert asked == 5
    assert gateway.client.head("/v1/documents?ordre=x", headers=sender.headers).status_code == 400


def test_every_route_is_described(described: Any) -> None:
    gateway, _, _ = described
    paths = gateway.client.get("/v1/openapi.json").json["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(OPERATIONS)
    served = {
        (method, re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule))
        for rule in gateway.app.url_map.iter_rules()
        if not rule.endpoint.startswith("console.")
        for method in rule.methods - {"HEAD"}
    }
    assert served == {*OPERATIONS, *FRONT}


@pytest.mark.parametrize("address", [address for _, address in FRONT])
def test_whoever_has_a_look_is_led_to_the_page(described: Any, address: str) -> None:
    answer = described[0].client.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/v1/docs")


def test_the_description_names_the_address_it_was_asked_at(described: Any) -> None:
    gateway, _, _ = described
    asked = {"base_url": "https://orders.example:8443"}
    servers = gateway.client.get("/v1/openapi.json", **asked).json["servers"]
    assert servers == [{"url": "https://orders.example:8443"}]
    page = gateway.client.get("/v1/docs", **asked).text
    assert '"https://orders.example:8443/v1/orders?wait=10"' in page


@pytest.mark.parametrize(("told", "scheme"), [("https", "https"), ("http", "http"), ("javascript", "http")])
def test_behind_a_proxy_that_ends_tls_the_description_names_the_proxys_address(
    described: Any, told: str, scheme: str
) -> None:
    answer = described[0].client.get(
        "/v1/openapi.json", base_url="http://orders.example", headers={"X-Url-Scheme": told}
    )
    assert answer.json["servers"] == [{"url": f"{scheme}://orders.example"}]


def test_limits_are_whole_numbers_and_every_answer_has_its_words(described: Any) -> None:
    gateway, _, _ = described
    text = gateway.client.get("/v1/openapi.json").text
    assert re.findall(r'"(?:minimum|maximum|m\w+Length)": [0-9]+\.[0-9]+', text) == []
    page = gateway.client.get("/v1/docs").text
    for words in ("number, 0 to 30", "integer, 1 to 1000", "integer, 400 to 599", "404 Not Found", "202 Accepted"):
        assert words in page
    for methods in gateway.client.get("/v1/openapi.json").json["paths"].values():
        for operation in methods.values():
            assert all(len(response["description"]) > 3 for response in operation["responses"].values())
    for header in ("Gateway-Message-Id", "Gateway-Duplicate"):
        assert re.search(rf"<code>{header}</code>: \S.*\.|<code>{header}</code>: .* otherwise", page)


MISUSED = [
    ("POST", "/v1/orders"),
    ("PUT", "/v1/backoffice/stock"),
    ("GET", "/v1/backoffice/orders"),
    ("POST", "/v1/backoffice/orders/{order_id}/decision"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents/{document_id}"),
]
"""Calls with parameters or a body that can be wrong."""
GENERATED = [pytest.param(*call, GenerationMode.POSITIVE, id=" ".join(call)) for call in OPERATIONS]
GENERATED += [pytest.param(*call, GenerationMode.NEGATIVE, id=" ".join((*call, "misused"))) for call in MISUSED]


@pytest.mark.parametrize(("method", "path", "mode"), GENERATED)
def test_generated_requests_are_answered_as_described(
    described: Any, method: str, path: str, mode: GenerationMode
) -> None:
    gateway, sender, schema = described
    generated, headers = schema[path][method], headers_for(path, gateway, sender)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=generated.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if _is_long((case.query or {}).get("wait")):
            case.query["wait"] = 0.01
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
    gateway.work()


def _is_long(wait: Any) -> bool:
    """Whether the request would really wait."""
    try:
        return 0 < float(wait) <= 30
    except (TypeError, ValueError):
        return False


def test_every_reference_leads_somewhere_and_every_answer_is_there(described: Any) -> None:
    gateway, _, _ = described
    text = gateway.client.get("/v1/openapi.json").text
    document = gateway.client.get("/v1/openapi.json").json
    names = set(document["components"]["schemas"])
    assert {answer.__name__ for answer in ANSWERS} <= names
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= names
    assert "$defs" not in text
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            bodies = [body for response in operation["responses"].values() for body in response.get("content", {})]
            problems = {s for s, response in operation["responses"].items() if int(s) >= 400}
            assert bodies.count("application/problem+json") == len(problems)
            assert bool(operation.get("security")) == ("401" in problems), path


class Addresses(HTMLParser):
    """Everything on a page that would load or lead somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids.add(str(named.get("id")))
        if tag == "a":
            self.links.append(str(named["href"]))
        elif tag in ("script", "link", "img", "iframe") or "src" in named or "style" in named:
            self.loaded.append(tag)


@pytest.mark.parametrize("page", ["/v1/docs", "/v1/docs/faults", "/v1/docs/faults/unknown_item"])
def test_pages_stand_alone_and_their_links_lead_somewhere(described: Any, page: str) -> None:
    gateway, _, _ = described
    answer = gateway.client.get(page)
    assert answer.mimetype == "text/html"
    found = Addresses()
    found.feed(answer.text)
    assert found.loaded == []
    assert not re.search(r"url\(|@import|https?://", answer.text.replace('"http://localhost/', ""))
    policy = answer.headers["Content-Security-Policy"]
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
    for link in found.links:
        if link.startswith("#"):
            assert link[1:] in found.ids, link
        else:
            assert gateway.client.get(link).status_code == 200, link


def test_the_page_names_every_call(described: Any) -> None:
    gateway, _, _ = described
    text = gateway.client.get("/v1/docs").text
    for method, path in OPERATIONS:
        assert f">{method}</span> <code>{path}</code>" in text


def test_every_code_has_its_page(described: Any) -> None:
    gateway, _, _ = described
    everything = gateway.client.get("/v1/docs/faults").text
    for code, known in FAULTS.items():
        page = gateway.client.get(f"/v1/docs/faults/{code}")
        assert page.status_code == 200
        assert f"<code>{code}</code>" in page.text
        assert f"<code>{code}</code>" in everything
        assert known.title
    assert gateway.client.get("/v1/docs/faults/nothing").status_code == 404


def test_schemas_of_our_documents_are_served_and_fit_what_is_answered(described: Any) -> None:
    gateway, sender, _ = described
    listed = gateway.client.get("/v1/schemas").json["schemas"]
    assert listed == [{"type": name, "href": f"/v1/schemas/{name}.json"} for name in SCHEMAS]
    for document_type in SCHEMAS:
        served = gateway.client.get(f"/v1/schemas/{document_type}.json")
        assert (served.status_code, served.mimetype) == (200, "application/schema+json")
        jsonschema_rs.validator_for(served.json)
    assert gateway.client.get("/v1/schemas/nothing.json").status_code == 404
    (document,) = gateway.client.get("/v1/documents?order_number=PO-1", headers=sender.headers).json["documents"]
    schema = gateway.client.get("/v1/schemas/order_response.json").json
    answered = gateway.client.get(document["href"], headers=sender.headers).json
    assert jsonschema_rs.is_valid(schema, answered)
    judged = gateway.client.post("/v1/orders/validate", json=order(), headers=sender.headers).json["order"]
    assert jsonschema_rs.is_valid(gateway.client.get("/v1/schemas/order.json").json, judged)
