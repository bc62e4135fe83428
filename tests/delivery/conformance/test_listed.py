"""Every way out has its adapter, and what an adapter leaves out it leaves out by a name that there is."""

from __future__ import annotations

from gateway.delivery import TRANSPORTS
from mappings.transports import ADMISSIONS, WAYS
from tests.delivery.conformance import test_arrival, test_bad_days, test_terms_and_secrets  # noqa: F401  # name cases
from tests.delivery.conformance.adapters import ADAPTERS
from tests.delivery.conformance.cases import CASES
from tests.delivery.conformance.days import OUTCOMES, Day


def test_every_transport_has_an_adapter() -> None:
    assert {one.way for one in ADAPTERS} == {*TRANSPORTS, "mailbox"}
    assert set(TRANSPORTS) == set(WAYS)


def test_every_way_of_being_let_in_has_an_adapter() -> None:
    names = [one.name for one in ADAPTERS]
    assert len(set(names)) == len(names)
    assert {f"https, {one.replace('_', ' ')}" for one in ADMISSIONS} <= set(names)
    assert {"sftp, key", "sftp, password"} <= set(names)


def test_what_does_not_apply_is_a_case_and_has_a_reason() -> None:
    for adapter in ADAPTERS:
        for name, reason in adapter.inapplicable.items():
            assert name in {*Day, *CASES}, (adapter.name, name)
            assert len(reason) > 20, (adapter.name, name)
        assert not set(adapter.outcomes) & set(adapter.inapplicable), adapter.name


def test_every_day_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(Day)


def test_no_adapter_leaves_out_what_the_promise_is() -> None:
    for adapter in ADAPTERS:
        if adapter.way not in TRANSPORTS:
            continue  # nobody is called
        assert not {Day.WELL, Day.BUSY, Day.SHUT, Day.AWAY, Day.SILENT, Day.CLOSES} & set(adapter.inapplicable)
