"""OASIS UBL 2.0 to 2.3, and Peppol BIS 3's use of it: Order, OrderChange and OrderCancellation in and out,
OrderResponse and DespatchAdvice out and in."""

from schemas.formats.ubl_2_1.codec import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1

__all__ = ["PEPPOL_ADVANCED_3", "PEPPOL_BIS_3", "UBL_2_1"]
