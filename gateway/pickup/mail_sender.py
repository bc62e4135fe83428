"""Who sent an e-mail: its From against the addresses that are agreed, and what our own mail server found out about it.

Anybody can write any From. What a mail server has found (RFC 8601) is believed only where the terms name that server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.pickup.mime import Part

_ADDRESS = r"[^\s<>@\"(),:;\\\[\]]+@[^\s<>@\"(),:;\\\[\]]+"
_BARE = re.compile(rf"\s*({_ADDRESS})\s*(?:\([^()]*\)\s*)?")
_NAMED = re.compile(rf"\s*(?P<name>\"(?:[^\"\\]|\\.)*\"|[^\"<>]*?)\s*<\s*(?P<address>{_ADDRESS})\s*>\s*", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FINDING = re.compile(r"\s*([a-z-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAIN_SAID = {
    "dmarc": re.compile(r"\bheader\.from\s*=\s*(\S+)", re.IGNORECASE),
    "dkim": re.compile(r"\bheader\.[di]\s*=\s*(\S+)", re.IGNORECASE),
    "spf": re.compile(r"\bsmtp\.mailfrom\s*=\s*(\S+)", re.IGNORECASE),
}
_LONGEST_FROM = 1_000
_LONGEST_RESULTS = 4_000
"""Characters of a header that are looked at."""
_MOST_RESULTS = 20


def sender_of(mail: Part) -> str | None:
    """The one address in From, in small letters; None where there is none or more than one, or where readers may differ
    on which it is."""
    headers = mail.headers.get_all("From", [])
    if len(headers) != 1:
        return None
    text = " ".join(str(headers[0]).split())
    if len(text) > _LONGEST_FROM:
        return None
    if (bare := _BARE.fullmatch(text)) is not None:
        return bare[1].lower()
    named = _NAMED.fullmatch(text)
    if named is None:
        return None
    name, address = named["name"], named["address"].lower()
    if "@" in name and not name.startswith('"') and name.strip().lower() != address:
        return None
    return address


def is_agreed(sender: str, agreed: Sequence[str]) -> bool:
    """Whether the address is one of those that are agreed, upper and lower case alike."""
    return sender.lower() in {one.lower() for one in agreed}


def is_authenticated(mail: Part, sender: str, server: str) -> bool:
    """Whether this mail server of ours found that the mail comes from the sender's domain: by DMARC, or by a DKIM
    signature or an SPF sender of that domain or one above it. Only its topmost word counts: what stands below may have
    been there when the mail came."""
    domain = sender.rpartition("@")[2]
    topmost = next((found for found in _results(mail) if found[0].lower() == server.lower()), None)
    return topmost is not None and any(_proves(finding, domain) for finding in topmost[1])


def _results(mail: Part) -> Iterator[tuple[str, list[str]]]:
    """(the server's name, what it found) of each Authentication-Results, from the top."""
    for value in mail.headers.get_all("Authentication-Results", [])[:_MOST_RESULTS]:
        server, *findings = _without_comments(str(value)[:_LONGEST_RESULTS]).split(";")
        named = server.split()
        if named:
            yield named[0], findings


def _without_comments(text: str) -> str:
    """Quoted text is a value and no finding: of it what can't be mistaken for one is kept."""
    text = _QUOTED.sub(lambda found: re.sub(r"[;=()\s\"\\]", "_", found[1]), text)
    for _ in range(10):
        text, found = _COMMENT.subn(" ", text)
        if not found:
            break
    return text


def _proves(finding: str, domain: str) -> bool:
    found = _FINDING.match(finding)
    if found is None or found[2].lower() != "pass" or found[1].lower() not in _DOMAIN_SAID:
        return False
    said = [one.rpartition("@")[2].strip("<>.").lower() for one in _DOMAIN_SAID[found[1].lower()].findall(finding)]
    if found[1].lower() == "dmarc":
        return bool(said) and all(one == domain for one in said)
    return bool(said) and all("." in one and (domain == one or domain.endswith(f".{one}")) for one in said)
