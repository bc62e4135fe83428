"""Which addresses are called. No packet leaves: the resolver is the test's, and the attempt is noted in place of the
socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpcore
import pytest

from gateway.delivery.guard import AddressGuard, AddressRefused, HostUnknown, resolve
from gateway.delivery.http import HttpCaller, NotSent

REFUSED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "2001:0:a9fe:a9fe::",
]
TAKEN = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]


def guard_of(*addresses: str, opened: tuple[str, ...] = ()) -> AddressGuard:
    return AddressGuard(opened, lambda host, port: addresses)


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match=r"acme\.example"):
        guard_of(address).addresses("acme.example", 443, 1)


@pytest.mark.parametrize("address", TAKEN)
def test_a_public_one_is_taken(address: str) -> None:
    assert guard_of(address).addresses("acme.example", 443, 1) == [address]


@pytest.mark.parametrize("address", REFUSED)
def test_one_that_is_not_public_among_others_spoils_them_all(address: str) -> None:
    with pytest.raises(AddressRefused):
        guard_of("93.184.216.34", address).addresses("acme.example", 443, 1)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "017700000001", "localhost", "[::1]"[1:-1]]
)
def test_whatever_the_system_resolves_to_this_machine_is_refused(host: str) -> None:
    assert set(resolve(host, 80)) <= {"127.0.0.1", "::1"}
    with pytest.raises(AddressRefused):
        AddressGuard().addresses(host, 80, 5)


def test_loopback_is_opened_by_the_setting_and_link_local_never_is() -> None:
    opened = ("127.0.0.0/8", "169.254.0.0/16", "10.0.0.0/8")
    assert guard_of("127.0.0.1", opened=opened).addresses("localhost", 80, 1) == ["127.0.0.1"]
    assert guard_of("::ffff:10.1.1.1", opened=opened).addresses("erp", 80, 1) == ["::ffff:10.1.1.1"]
    with pytest.raises(AddressRefused, match="link-local"):
        guard_of("169.254.169.254", opened=opened).addresses("metadata", 80, 1)


def test_a_network_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1/8 has host bits set"):
        AddressGuard(["127.0.0.1/8"])


def test_a_name_without_an_address_is_unknown() -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(HostUnknown, match=r"acme\.example has no address"):
        AddressGuard((), nothing).addresses("acme.example", 443, 1)


class Noted:
    """Notes which addresses would be connected to."""

    def __init__(self) -> None:
        self.addresses: list[tuple[str, int]] = []

    def __call__(self, address: str, port: int, **_: Any) -> httpcore.NetworkStream:
        self.addresses.append((address, port))
        raise httpcore.ConnectError("noted")


def test_a_resolver_that_flips_is_asked_once_and_its_first_word_is_connected_to() -> None:
    words: Iterator[list[str]] = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    noted = Noted()
    caller = HttpCaller(AddressGuard((), lambda host, port: next(words)), noted)
    with pytest.raises(NotSent, match="noted"):
        caller.post("http://flip.example/edi", {}, b"x", seconds=2)
    assert noted.addresses == [("93.184.216.34", 80)]
    with pytest.raises(NotSent, match=r"flip.example \(127.0.0.1\) is the address of this machine"):
        caller.post("http://flip.example/edi", {}, b"x", seconds=2)
    assert noted.addresses == [("93.184.216.34", 80)]


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "169.254.169.254", "[::ffff:7f00:1]", "[::1]"])
def test_a_url_by_its_number_is_refused_and_nothing_is_connected(host: str) -> None:
    noted = Noted()
    with pytest.raises(NotSent, match="only public addresses are called"):
        HttpCaller(AddressGuard(), noted).post(f"http://{host}/edi", {}, b"x", seconds=2)
    assert noted.addresses == []


def test_every_address_that_was_looked_at_is_tried_in_turn() -> None:
    noted = Noted()
    caller = HttpCaller(guard_of("93.184.216.34", "2606:4700::1111"), noted)
    with pytest.raises(NotSent):
        caller.post("https://acme.example/edi", {}, b"x", seconds=2)
    assert noted.addresses == [("93.184.216.34", 443), ("2606:4700::1111", 443)]
