"""cXML 1.2: OrderRequest in and out, ConfirmationRequest out and in, and what answers a request."""

from schemas.formats.cxml_1_2.codec import CXML_1_2

__all__ = ["CXML_1_2"]
