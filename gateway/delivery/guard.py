"""Which addresses we call: an account's terms name the host, so it must not lead back into our own network.

A name is resolved once, every address it has is looked at, and the connection goes to one of those that were looked
at: a name that resolves to something else a moment later leads nowhere. Public addresses only, and what the setting
`delivery_networks` opens besides; never link-local ones, where cloud machines have their credentials.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime

from gateway.delivery.threads import CallingThreads

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Iterable[str]]
"""A host's addresses, as text. Raises OSError where it has none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NOBODYS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23", "3fff::/20", "5f00::/16")
)
"""Special-purpose networks (IANA's registries) that not every Python says to be none of the public."""
_RESOLVERS = 64
"""Names that are looked up at once: each only once, so that one that hangs holds one of these."""


class AddressRefused(Exception):
    """The host leads to an address that isn't called."""


class HostUnknown(Exception):
    """The name has no address, or none in time."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of the host, in the order that the system prefers; also of one written as a number."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))


class AddressGuard:
    """Looks at every address before anything is connected. Safe between threads."""

    def __init__(self, networks: Iterable[str] = (), resolve: Resolve = resolve) -> None:
        """`networks` are opened besides the public ones, in CIDR. Raises ValueError for what is none."""
        self._open: tuple[Network, ...] = tuple(ipaddress.ip_network(one) for one in networks)
        self._resolve = resolve
        self._resolving = CallingThreads(_RESOLVERS, "resolver")
        self._asked: dict[tuple[str, int], Future[list[str]]] = {}
        self._asking = threading.Lock()

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses to connect to, as text. Raises AddressRefused where any of them isn't called, HostUnknown where
        there is none within so many seconds."""
        found = self.resolved(host, port, seconds)
        for text in found:
            self._check(host, text)
        return found

    def resolved(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of a host that isn't an account's word, whatever they are. Raises HostUnknown where there is
        none within so many seconds: the system's resolver knows no deadline of its own."""
        try:
            found = self._look_up(host, port).result(timeout=max(0.0, seconds))
        except NotInTime:
            raise HostUnknown(f"{host} could not be resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise HostUnknown(f"{host} has no address ({error})") from None
        if not found:
            raise HostUnknown(f"{host} has no address")
        return found

    def _look_up(self, host: str, port: int) -> Future[list[str]]:
        """What is being looked up already is waited for; what was found is not remembered."""
        key = (host, port)
        with self._asking:
            asked = self._asked.get(key)
            if asked is None:
                asked = self._asked[key] = self._resolving.submit(lambda: list(self._resolve(host, port)))
                asked.add_done_callback(lambda _: self._asked.pop(key, None))
        return asked

    def _check(self, host: str, text: str) -> None:
        address = ipaddress.ip_address(text)
        for one in _meant(address):
            if one.is_link_local or one.is_multicast or not (_is_public(one) or self._opens(one)):
                shown = text if text == host else f"{host} ({text})"
                never = one.is_link_local or one.is_multicast
                others = "" if never else " but for those that GATEWAY_DELIVERY_NETWORKS names"
                raise AddressRefused(f"{shown} is {_kind(one)}: only public addresses are called{others}")

    def _opens(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._open)


def _meant(address: Address) -> Iterator[Address]:
    """The address, or of one that stands for an IPv4 address inside IPv6 that one, and the one around it where it is a
    tunnel's (RFC 4291, 6052, 3056, 4380)."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _is_public(address: Address) -> bool:
    return address.is_global and not any(
        address.version == network.version and address in network for network in _NOBODYS
    )


def _kind(address: Address) -> str:
    """What is said of an address that isn't called."""
    kinds = (
        ("the address of this machine", address.is_loopback),
        ("a link-local address", address.is_link_local),
        ("no address of a machine", address.is_unspecified or address.is_multicast),
        ("an address of a private network", address.is_private),
    )
    return next((kind for kind, is_so in kinds if is_so), "a reserved address")
