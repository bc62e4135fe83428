"""The mapping editor: what stands in it is shown with what comes of it, saved into the draft, and always text."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from gateway import previewing
from gateway.drafting.drafts import draft_of
from tests.api.builders import Gateway
from tests.console.conftest import Browser, csrf, signed_in
from tests.harness.mapped_account import ANSWERS, ORDERS, SAMPLE, publish_mapped

PATH = "/accounts/acme/mapping"


@pytest.fixture
def browser(gateway: Gateway) -> Browser:
    publish_mapped(gateway.services)
    return signed_in(gateway, "integration")


def post(browser: Browser, path: str = PATH, **fields: Any) -> Any:
    """The form of the editor as the browser sends it, with other fields."""
    page = browser.open(PATH + (f"?map={fields['map']}" if "map" in fields else ""))
    told = {name: browser.root.xpath(f"//input[@name='{name}']/@value")[0] for name in ("map", "seen")}
    sent = {"csrf_token": csrf(page), "text": ORDERS, "sample": "samples/1.json", **told, **fields}
    browser.answer = browser.client.post(path, data=sent, content_type="multipart/form-data")
    return browser.answer


def ids(browser: Browser) -> set[str]:
    return set(browser.root.xpath("//@id"))


def test_the_editor_shows_sample_map_and_what_comes_of_it(browser: Browser) -> None:
    assert browser.open(PATH).status_code == 200
    (text,) = browser.root.xpath("//textarea[@name='text']")
    assert text.text.lstrip("\n") == ORDERS
    assert (text.get("data-language"), text.get("data-faults")) == ("yaml", "[]")
    for said in (
        "✓ No mistakes in the map",
        "1 value of the sample that no rule uses",
        "1 placeholder to be replaced",
        "1 constant that the sample has no part in",
        "0 required fields without a rule",
        "1 OAT-1L 2 EA 2 EA none none",
        "✓ answered PO-1",
        '"answerTo":"PO-1"',
    ):
        assert said in browser.text, said


def test_a_value_its_rule_and_its_source_name_one_another(browser: Browser) -> None:
    browser.open(PATH)
    (value,) = browser.root.xpath("//a[@data-canonical='/lines/0/quantity'][contains(@class, 'value')]")
    (piece,) = browser.root.xpath("//a[@data-canonical='/lines/0/quantity'][contains(@class, 'piece')]")
    assert (value.get("data-line"), piece.get("data-line"), piece.text) == ("10", "10", "2")
    assert value.get("href") == f"#{piece.get('id')}"
    assert piece.get("href") == f"#{value.getparent().get('id')}"
    assert browser.root.xpath("//li[@id='m-10']")[0].text_content() == "    quantity: q"


def test_every_jump_leads_somewhere(browser: Browser) -> None:
    for text in (ORDERS, ORDERS.replace("  order_number: nr\n", ""), ORDERS.replace("unit: u", "unti: u")):
        post(browser, text=text)
        assert browser.answer.status_code == 200
        wanted = {one[1:] for one in browser.root.xpath("//main//a/@href") if one.startswith("#")}
        assert wanted
        assert wanted <= ids(browser)


def test_every_jump_of_a_map_that_writes_leads_somewhere(gateway: Gateway) -> None:
    stock = {"number": "IR-1", "issue_date": "2026-11-24", "issued_at": "2026-11-24T06:00:00Z", "is_full": True}
    line = {"buyer_item": "PL-1", "seller_item": "OAT-1L", "status": "out_of_stock", "quantity": "0", "unit": "EA"}
    sample = {**stock, "lines": [{**line, "unit_code": "EA", "as_of": "2026-11-24T06:00:00Z"}]}
    publish_mapped(gateway.services, samples={"9.inventory_report.json": json.dumps(sample).encode()})
    browser = signed_in(gateway, "integration")
    told = {"map": "inventory_report_map.yaml", "sample": "samples/9.inventory_report.json"}
    post(browser, text="writes: json\ntemplate: {object: {n: number}}\n", **told)
    assert [one.get("id") for one in browser.root.xpath("//section[@id='results']//section")] == ["answer"]
    assert "Nothing was read" not in browser.text
    wanted = {one[1:] for one in browser.root.xpath("//ul[@class='strip']//a/@href")}
    assert wanted
    assert wanted <= ids(browser)


def test_an_account_whose_format_needs_no_map_is_told_so(gateway: Gateway) -> None:
    terms = {"id": "plain", "name": "Plain", "inbound": {"formats": ["json-1", "ubl-2.1"]}}
    terms["outbound"] = {"order_response": {"format": "cxml-1.2"}}
    gateway.services.store.revisions.publish_account(terms, [], author="test", reason="test")
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/plain/mapping")
    assert "Their orders come in as json-1, ubl-2.1, which need no map." in browser.text
    assert browser.root.xpath("//main//a/@href").count("/accounts/plain/terms/formats") == 1
    browser.open("/accounts/plain/mapping?map=order_response_map.yaml")
    assert "Their order responses go out as cxml-1.2, which needs no map." in browser.text
    browser.open("/accounts/plain/mapping?map=invoice_map.yaml")
    assert "No invoices are agreed with them." in browser.text


def test_what_is_only_drafted_leads_to_the_draft(browser: Browser) -> None:
    browser.open(PATH)
    assert "The draft has" not in browser.text
    answer = post(browser, f"{PATH}/save", text=ORDERS.replace("EUR", "USD"))
    for page in (answer.headers["Location"], PATH):
        browser.open(page)
        assert browser.root.xpath("//main//a/@href").count("/accounts/acme/draft") == 1
    assert "The draft has 1 edit; nothing of it counts before it is published." in browser.text


def test_what_was_written_comes_back_with_its_results(browser: Browser) -> None:
    post(browser, text=ORDERS.replace("quantity: q", "quantity: {from: q, number: {implied: 1}}"))
    assert "OAT-1L 0.2 EA" in browser.text
    assert "Not saved yet." in browser.text
    post(browser, text=ORDERS.replace("unit: u", "unti: u"))
    assert "▲ 1 mistake in the map" in browser.text
    (said,) = browser.root.xpath("//ol[@class='mistakes']/li")
    assert said.text_content() == "Line 11: order.lines.0.unti: is no key here; did you mean unit?"
    (faults,) = browser.root.xpath("//textarea/@data-faults")
    assert json.loads(faults)[0]["line"] == 11


def test_the_script_gets_the_results_alone(browser: Browser) -> None:
    answer = post(browser, f"{PATH}/preview", text=ORDERS.replace("unit: u", "unti: u"))
    assert answer.status_code == 200
    assert browser.root.xpath("//@data-part") == ["strip", "source", "mistakes", "result"]
    assert "<html" not in answer.text


def test_a_dropped_file_is_the_sample_and_is_kept(browser: Browser) -> None:
    dropped = json.dumps({**SAMPLE, "nr": "PO-77"}).encode()
    post(browser, sample_file=(io.BytesIO(dropped), "../theirs.json"))
    assert "answered PO-77" in browser.text
    assert "theirs.json, your file" in browser.text
    kept = {name: browser.root.xpath(f"//input[@name='{name}']/@value")[0] for name in ("kept_name", "kept_sample")}
    post(browser, sample="kept", **kept)
    assert "answered PO-77" in browser.text


def test_a_message_that_came_is_a_sample(gateway: Gateway, browser: Browser) -> None:
    key = gateway.services.store.keys.create("acme", actor="test")[1]
    sent = gateway.client.post(
        "/v1/orders",
        data=json.dumps({**SAMPLE, "nr": "PO-9"}),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    message_id = sent.get_json()["message_id"]
    browser.open(f"{PATH}?sample=message:{message_id}")
    assert "answered PO-9" in browser.text


def test_another_accounts_message_is_no_sample(gateway: Gateway, browser: Browser) -> None:
    delta = gateway.account("delta")
    sent = gateway.send(delta, {"order_number": "SECRET-1", "lines": []})
    message_id = sent.get_json()["message_id"]
    page = browser.open(f"{PATH}?sample=message:{message_id}")
    assert "SECRET-1" not in page.text


def test_saving_goes_into_the_draft_and_nothing_else(gateway: Gateway, browser: Browser) -> None:
    text = ORDERS.replace("EUR", "USD")
    answer = post(browser, f"{PATH}/save", text=text.replace("\n", "\r\n"))
    assert answer.status_code == 303
    (edit,) = draft_of(gateway.services, "acme").edits
    assert (edit.kind, edit.natural_key, edit.author) == ("file", "order_map.yaml", "user integration of ours")
    assert json.loads(edit.body or "") == {"text": text}
    assert gateway.services.terms.current(["acme"])["acme"].number == 1
    browser.open(answer.headers["Location"])
    assert "Saved into the draft" in browser.text
    assert "currency USD" in browser.text
    post(browser, f"{PATH}/save", text=ORDERS)
    assert draft_of(gateway.services, "acme").edits == ()


def test_nothing_is_saved_over_what_somebody_else_saved(gateway: Gateway, browser: Browser) -> None:
    page = browser.open(PATH)
    (seen,) = browser.root.xpath("//input[@name='seen']/@value")
    theirs = {"csrf_token": csrf(page), "map": "order_map.yaml", "seen": seen, "text": ORDERS.replace("EUR", "USD")}
    assert browser.client.post(f"{PATH}/save", data=theirs).status_code == 303
    answer = post(browser, f"{PATH}/save", text=ORDERS.replace("EUR", "CHF"), seen=seen)
    assert answer.status_code == 409
    assert "Somebody else saved this map" in browser.text
    assert "− currency: {value: USD} + currency: {value: CHF}" in browser.text
    assert browser.root.xpath("//a[.='Leave yours, and take theirs']/@href") == [f"{PATH}?map=order_map.yaml"]
    assert "Save again, and yours replaces it." in browser.text
    assert "CHF" in browser.root.xpath("//textarea")[0].text
    assert "USD" in (draft_of(gateway.services, "acme").body("file", "order_map.yaml") or "")
    (now,) = browser.root.xpath("//input[@name='seen']/@value")
    assert post(browser, f"{PATH}/save", text=ORDERS.replace("EUR", "CHF"), seen=now).status_code == 303


def test_a_map_that_writes_is_edited_beside_what_it_writes(browser: Browser) -> None:
    text = ANSWERS.replace("remark: note", "remark: {value: thanks}")
    post(browser, map="order_response_map.yaml", text=text)
    assert '"remark":"thanks"' in browser.text
    assert browser.root.xpath("//section[@id='answer']//a[@data-line='6']/text()") == ['"thanks"']


def test_scripts_in_maps_samples_and_names_are_text(gateway: Gateway) -> None:
    nasty = "<script>alert(1)</script>"
    sample = json.dumps({**SAMPLE, "nr": nasty, nasty: nasty, "items": [{**SAMPLE["items"][0], "sku": nasty}]})
    publish_mapped(gateway.services, samples={f"{nasty.replace('/', '')}.json": sample.encode()})
    browser = signed_in(gateway, "integration")
    for answer in (
        browser.open(PATH),
        post(browser, text=f"{ORDERS}# {nasty}\n", sample=""),
        post(browser, f"{PATH}/preview", text=ORDERS.replace("nr\n", f"{nasty}\n"), sample=""),
        post(browser, sample_file=(io.BytesIO(sample.encode()), f"{nasty}.json")),
    ):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert not re.search(r"<[^>]*\son\w+=", answer.text)


def dropped(browser: Browser, path: str, size: int) -> Any:
    """A file of so many bytes, sent as a browser does."""
    fields = {"csrf_token": csrf(browser.open(PATH)), "map": "order_map.yaml", "text": ORDERS}
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append('Content-Disposition: form-data; name="sample_file"; filename="large.json"\r\n\r\n' + " " * size)
    body = "".join(f"--x\r\n{one}\r\n" for one in parts) + "--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    browser.answer = browser.client.post(
        path, input_stream=io.BytesIO(body.encode()), content_length=len(body), content_type=kind
    )
    return browser.answer


def test_a_sample_too_large_is_refused_in_words(browser: Browser) -> None:
    assert dropped(browser, PATH, 20_000_100).status_code == 413
    assert "The sample has 20,000,100 bytes; a sample may have 20,000,000." in browser.text
    assert dropped(browser, f"{PATH}/preview", 22_000_000).status_code == 413
    assert "Nothing was done" in browser.text


def test_a_third_preview_at_once_is_told_to_wait(browser: Browser) -> None:
    with previewing._turn(), previewing._turn():
        answer = post(browser, f"{PATH}/preview")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert "Others are previewing just now" in answer.text


@pytest.mark.parametrize(
    ("name", "title"),
    [("order_map.yaml", "order"), ("order_response_map.yaml", "template"), ("invoice_map.yaml", "writes")],
)
def test_the_schema_of_a_map_is_told(browser: Browser, name: str, title: str) -> None:
    answer = browser.open(f"{PATH}/schema.json?map={name}")
    assert title in answer.get_json()["properties"]


@pytest.mark.parametrize("query", ["map=account.yaml", "map=../x", "map=a%00b", "map=order_map.yaml&writes=pdf"])
def test_what_is_no_map_is_not_there(browser: Browser, query: str) -> None:
    assert browser.open(f"{PATH}/schema.json?map=items.csv").status_code == 404
    known = query.endswith("pdf")
    assert browser.open(f"{PATH}?{query}").status_code == (200 if known else 404)


def test_odd_requests_are_answered(browser: Browser) -> None:
    for sample in ("samples/none", "message:x", "kept", "what", "samples/"):
        assert browser.open(f"{PATH}?sample={sample}").status_code == 200
    assert post(browser, sample="kept", kept_sample="%%%").status_code == 200
    assert post(browser, text="").status_code == 200
    assert post(browser, text="x" * 200_001).status_code == 200
    assert post(browser, f"{PATH}/save", text="x" * 200_001).status_code == 400
    assert browser.open("/accounts/nobody/mapping").status_code == 404
    assert browser.open(f"{PATH}?sample=message:a%00b").status_code == 404


def test_a_viewer_previews_and_saves_nothing(gateway: Gateway) -> None:
    publish_mapped(gateway.services)
    browser = signed_in(gateway, "viewer")
    assert post(browser, text=ORDERS.replace("EUR", "USD")).status_code == 200
    assert "Saving it takes somebody of the role integration." in browser.text
    assert post(browser, f"{PATH}/save").status_code == 403
