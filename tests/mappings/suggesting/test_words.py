"""Names of fields in many languages and writings, and the words that are found in them."""

from __future__ import annotations

import pytest

from mappings.suggesting.words import words_of, words_of_qualifier

_ORDER_NUMBERS = (
    "PONumber purchase_order_no bestellNr BESTELLNUMMER numéroCommande numero_pedido NumeroOrdine bestelnummer "
    "Ordernummer ordrenummer TilausNumero order-id"
)
_DELIVERY_DATES = (
    "Lieferdatum deliveryDate dateLivraison fecha_entrega leverdatum Leveransdatum leveringsdato Toimituspvm"
)
_PLACES_OF_DELIVERY = (
    "shipTo ship_to SHIPTO deliveryAddress Lieferadresse afleveradres Leveransadress Toimitusosoite adresseLivraison"
)


@pytest.mark.parametrize(
    ("names", "concepts"),
    [
        (_ORDER_NUMBERS, ["ORDER", "NUMBER"]),
        ("qty Menge quantité cantidad Quantita aantal antal Antall Määrä QTY", ["QUANTITY"]),
        ("UOM Mengeneinheit unité unidad unita eenheid Enhet enhed Yksikkö MEINS", ["UNIT"]),
        ("price Preis prix precio Prezzo prijs pris hinta NETPR", ["PRICE"]),
        ("itemCode artikelnr refArticle codigo_articulo artikelcode Artikelnummer Tuotekoodi", ["ITEM", "NUMBER"]),
        (_DELIVERY_DATES, ["DELIVERY", "DATE"]),
        ("currency Währung Waehrung devise moneda divisa valuta Valuutta WAERS", ["CURRENCY"]),
        ("linjenr Rivinro numLigne ZeilenNr regelnummer", ["LINE", "NUMBER"]),
        (_PLACES_OF_DELIVERY, ["SHIPTO"]),
        ("purcahseOrder bestelung bestllung", ["ORDER"]),
    ],
)
def test_the_words_of_a_name(names: str, concepts: list[str]) -> None:
    for name in names.split():
        found = {concept for word in words_of(name) for concept in word}
        assert set(concepts) <= found, name


@pytest.mark.parametrize("name", ["", "_", "xqzt", "Kzrwq", "1", "€", "?" * 10_000])
def test_what_says_nothing(name: str) -> None:
    assert not any(words_of(name))


def test_a_qualifier_may_be_a_code() -> None:
    assert words_of_qualifier("BY") == (frozenset(("BUYER",)),)
    assert words_of_qualifier("DP") == (frozenset(("SHIPTO",)),)
    assert "SHIPTO" in words_of_qualifier("ship-to")[0]
