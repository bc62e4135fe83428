"""cXML: the partner reads the Sender's SharedSecret, and its Response's Status says what it did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from gateway.delivery.transport import Parcel
from tests.delivery.conformance.adapter import Taken, Unusable
from tests.delivery.conformance.days import Day
from tests.delivery.conformance.over_http import OverHttp
from tests.delivery.partner import Request, response

_SECRET = "sésame <ouvre> & toi"
_SHARED = f"<SharedSecret>{escape(_SECRET)}</SharedSecret>".encode()
_DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">'
_REQUEST = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n'
    '<cXML payloadID="%s" timestamp="2026-11-26T08:00:00+00:00"><Header>'
    '<From><Credential domain="GLN"><Identity>1</Identity></Credential></From>'
    '<To><Credential domain="GLN"><Identity>2</Identity></Credential></To>'
    '<Sender><Credential domain="GLN"><Identity>1</Identity></Credential><UserAgent>x</UserAgent></Sender></Header>'
    "<Request><ConfirmationRequest>%s</ConfirmationRequest></Request></cXML>"
)


class CxmlAdapter(OverHttp):
    name = way = "cxml_post"
    inapplicable: ClassVar[Mapping[str, str]] = {
        **OverHttp.inapplicable,
        "an empty document": "cXML is never empty: what has no Sender is none of our requests",
    }
    outcomes: ClassVar[Mapping[Day, str]] = {
        **OverHttp.outcomes,
        # the Status counts and is not known: HTTP's alone says nothing
        Day.FLOODS_ANSWER: "unknown",
        Day.HALF_ANSWER: "unknown",
    }

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": _SECRET}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": "sésame <reste> fermé"}

    @property
    def unusable(self) -> Sequence[Unusable]:
        return [Unusable(one, "canary") for one in ("canary\x01", "canary\udcff", "canary\0", "canary\ufffe")]

    def further_terms(self) -> dict[str, Any]:
        return {"secret": "KEY"}

    def parcel(self, **changed: Any) -> Parcel:
        plain = super().parcel(**changed)
        number = plain.number.encode("ascii", "xmlcharrefreplace").decode().replace("\r\n", "&#13;&#10;")
        body = (_REQUEST % (f"{number}@halden.example", "é")).encode()
        return super().parcel(**{"body": body, **changed})

    def large(self, size: int) -> Parcel:
        return self.parcel(body=(_REQUEST % ("OR-00000001@halden.example", "x" * size)).encode())

    def identity(self, parcel: Parcel) -> str:
        return _payload_id(parcel.body)

    def taken_of(self, request: Request) -> Taken:
        return Taken(_payload_id(request.body), request.body)

    def body(self, parcel: Parcel) -> bytes:
        """With the secret of its Sender."""
        before, identity, behind = parcel.body.rpartition(b"</Identity>")
        return before + identity + _SHARED + behind

    def lets_in(self, request: Request) -> bool:
        return _SHARED in request.body

    def told(self, request: Request) -> bytes:
        return request.body

    def says(self, day: Day, said: bytes = b"") -> tuple[int, bytes]:
        code = {Day.REJECTS: 406, Day.BUSY: 503, Day.SHUT: 401, Day.ECHOES: 500}.get(day, 200)
        if day is Day.ODD:
            return 500, said
        return 200, response(code, said=said.decode())


def _payload_id(body: bytes) -> str:
    found = re.search(rb'payloadID="([^"]*)"', body)
    return found[1].decode() if found else ""
