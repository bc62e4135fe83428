"""The same order fifty times at once, to two web processes: one order, one answer, and everyone is told the same."""

from __future__ import annotations

import http.client
import json
import threading
from urllib.parse import urlsplit

from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import Processes, answers, ended, environment, free_port, running
from tests.harness.site import Site
from tests.harness.waiting import until

_AT_ONCE = 50


def one_order_however_often(site: Site, keys: int) -> None:
    """`keys` orders, each fifty times at once; then each once more in other bytes: it is known by its content."""
    figures = Figures(f"the same order {_AT_ONCE} times at once on {site.kind}")
    orders = orders_of_all(keys, figures.chance, "S")
    with running(site.gateway(workers=1)) as gateway:
        env = environment(gateway.data, database_url=site.url, redis_url=gateway.redis.url, log_level="WARNING")
        second = site.folder / "second"
        second.mkdir()
        with ended(Processes(second, env)) as other:
            addresses = [gateway.address, _second_web(other)]
            named = [_all_at_once(site, order, addresses) for order in orders]
            until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
            figures.note(**site.books.check(orders, site.ledger.all()))
            for order, answered in zip(orders, named, strict=True):
                _one_answer(site, order, answered)
            _known_by_content(site, orders, addresses[0], figures)
        bugs = gateway.bugs()
    figures.note(posts=keys * _AT_ONCE)
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def _second_web(processes: Processes) -> str:
    processes.start("web", "--port", str(port := free_port()))
    address = f"http://127.0.0.1:{port}"
    until(lambda: answers(address), 30, "the second web process is ready")
    return address


def _all_at_once(site: Site, order: SentOrder, addresses: list[str]) -> list[dict[str, object]]:
    """Fifty connections, opened beforehand, that post in the same instant; the answers."""
    gate = threading.Barrier(_AT_ONCE)
    taken: list[dict[str, object]] = []
    failures: list[object] = []

    def post(address: str) -> None:
        place = urlsplit(address)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
        try:
            connection.connect()
            gate.wait(30)
            headers = {"Authorization": f"Bearer {site.keys[order.account_id]}", "Content-Type": order.media_type}
            connection.request("POST", "/v1/orders", order.body, headers)
            response = connection.getresponse()
            told = json.loads(response.read())
            (taken if response.status == 202 else failures).append(told)
            if response.status == 202:
                site.ledger.note(order, told)
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=(addresses[n % len(addresses)],)) for n in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError(f"{order.number}: {failures[:3]}")
    return taken


def _one_answer(site: Site, order: SentOrder, told: list[dict[str, object]]) -> None:
    named = {answer["message_id"] for answer in told}
    first = [answer for answer in told if not answer.get("duplicate")]
    if len(named) != 1 or len(first) != 1:
        raise AssertionError(f"{order.number}: {len(named)} messages were named, {len(first)} as the first")
    answered = site.books.rows("SELECT message_id FROM documents WHERE order_number = ?", [order.number])
    if [row[0] for row in answered] != list(named):
        raise AssertionError(f"{order.number}: the response came of {answered}, the answers named {named}")


def _known_by_content(site: Site, orders: list[SentOrder], address: str, figures: Figures) -> None:
    """The same content in other bytes is a duplicate of the first message, and nothing more."""
    client = site.client(address)
    before = site.books.count("documents")
    for order in orders:
        client.deliver(SentOrder(order.account_id, order.number, order.body + b"\n ", order.media_type, order.ordered))
    until(lambda: site.books.waiting() == 0, 60, "the resends are settled", pause=0.02)
    resent = site.books.rows(
        "SELECT count(*) FROM messages m JOIN orders o ON o.message_id = m.duplicate_of "
        "WHERE m.status = 'duplicate' AND m.order_number = o.order_number"
    )[0][0]
    if resent != len(orders) or site.books.count("documents") != before:
        raise AssertionError(f"{resent} of {len(orders)} resends were recognised by their content")
    figures.note(recognised_by_content=resent)
