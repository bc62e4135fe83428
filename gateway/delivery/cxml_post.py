"""cXML documents posted to the partner's endpoint, which answers each with a Response: the User's Guide's
request-response transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.delivery.http import Reply
from gateway.delivery.over_http import attempt, failed, redirected, shown
from gateway.delivery.transport import Means, Parcel, Result
from mappings.transports import BadTerms, cxml_secret, endpoint_of, url_of
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.envelope import Secret
from schemas.formats.cxml_1_2.responses import read_response, with_secret

_TEMPORARY = frozenset((401, 403, 404, 408, 429))
"""4xx that say something of the door and nothing of the document."""


class CxmlPost:
    """`transport: {cxml_post: https://acme.example/cxml, secret: NAME}`; the secret is our Sender's SharedSecret."""

    name = "cxml_post"

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return endpoint_of(url_of(terms, self.name))

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        url, named = url_of(terms, self.name), cxml_secret(terms)
        body, secrets = parcel.body, []
        if named is not None:
            secrets.append(means.secret(named))
            try:
                body = with_secret(body, Secret(secrets[0]))
            except ValueError:
                raise BadTerms(
                    f"cxml_post sends cXML, and the account's {parcel.type} is agreed as another format"
                ) from None
        headers = {"Content-Type": "text/xml; charset=UTF-8"}
        return attempt(lambda: means.http.post(url, headers, body, seconds=means.seconds), _judged, secrets)


def _judged(reply: Reply) -> Result:
    """The Response's Status counts, whatever HTTP says beside it: 2xx is delivered, 4xx rejected, 5xx tried again."""
    try:
        status = read_response(reply.body)
    except DocumentRejected:
        if reply.status == 200 and not reply.is_whole:
            detail = "the answer broke off before its Status, or is too long for one"
            return Result(outcome="unknown", detail=detail, answer=shown(reply), is_outage=True)
        if reply.status == 200:
            return failed(reply, "HTTP 200 without a cXML Response")
        return redirected(reply) or failed(reply)
    said = " ".join(filter(None, (f"cXML {status.code}", status.text, status.said)))
    if 200 <= status.code < 300:
        return Result(outcome="delivered", detail=said, answer=shown(reply))
    if 400 <= status.code < 500 and status.code not in _TEMPORARY:
        return Result(outcome="rejected", detail=said, answer=shown(reply))
    return Result(
        outcome="failed", detail=said, answer=shown(reply), is_outage=status.code >= 500 or status.code == 429
    )
