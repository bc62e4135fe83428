"""What columns are called: by us on pages, by others in their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_LABELS: Mapping[str, str] = {
    "account_sku": "Their number",
    "gtin": "GTIN",
    "product": "Our product",
    "account_unit": "Their unit",
    "unit": "Our unit",
    "factor": "How many of ours",
    "description": "Description",
    "valid_from": "Valid from",
    "valid_to": "Valid until",
    "account_site": "Their place",
    "scheme": "Scheme of its number",
    "role": "Role",
    "name": "Name",
    "street": "Street",
    "city": "City",
    "postal_code": "Postal code",
    "country": "Country",
    "supply_site": "Supplied from",
    "transit_days": "Days on the way",
    "receiving_days": "Days to receive",
    "currency": "Currency",
    "price": "Price",
    "base_quantity": "For how many",
    "min_quantity": "From quantity",
}
_WORDS: Mapping[str, Sequence[str]] = {
    "account_sku": (
        *("sku", "item", "item number", "customer item", "customer sku", "buyer item", "part number", "art", "artikel"),
        *("kundenartikel", "bestellnummer", "material", "article", "code article", "référence", "réf", "articulo"),
        *("código de artículo", "referencia", "vare", "varenr", "varunummer", "kundens artikelnummer", "tuotenumero"),
    ),
    "gtin": (
        *("ean", "ean13", "ean code", "gtin13", "gtin14", "barcode", "upc", "strichcode", "code barres", "codebarre"),
        *("código de barras", "stregkode", "strekkode", "streckkod", "viivakoodi"),
    ),
    "product": (
        *("our number", "our item", "supplier item", "vendor item", "seller item", "supplier sku", "produkt"),
        *("produktnummer", "lieferantenartikel", "unser artikel", "produit", "code produit", "référence fournisseur"),
        *("producto", "código de producto", "referencia proveedor", "leverandørvarenummer", "leverantörsartikel"),
        *("tuote", "toimittajan tuotenumero"),
    ),
    "account_unit": (
        *("unit of measure", "uom", "order unit", "customer unit", "einheit", "mengeneinheit", "me", "bestelleinheit"),
        *("unité", "unité de commande", "unité de mesure", "unidad", "unidad de medida", "unidad de pedido", "enhet"),
        *("enhed", "bestillingsenhed", "beställningsenhet", "yksikkö"),
    ),
    "unit": (
        *("base unit", "supplier unit", "basiseinheit", "unsere einheit", "lieferanteneinheit", "unité de base"),
        *("notre unité", "unidad base", "nuestra unidad", "basisenhed", "basenhet", "vår enhet", "perusyksikkö"),
    ),
    "factor": (
        *("pack size", "conversion", "conversion factor", "pieces per unit", "quantity per unit", "contents", "faktor"),
        *("umrechnung", "umrechnungsfaktor", "inhalt", "stück je einheit", "verpackungseinheit", "vpe", "facteur"),
        *("coefficient", "quantité par unité", "colisage", "factor de conversión", "contenido", "unidades por caja"),
        *("omregningsfaktor", "omräkningsfaktor", "innhold", "innehåll", "kerroin"),
    ),
    "description": (
        *("text", "item name", "item text", "bezeichnung", "artikelbezeichnung", "artikeltext", "beschreibung"),
        *("désignation", "libellé", "descripción", "denominación", "beskrivelse", "benämning", "betegnelse"),
        *("beskrivning", "kuvaus", "nimike"),
    ),
    "valid_from": (
        *("from", "starts", "start date", "gültig ab", "ab", "gültig von", "valable à partir du", "date début"),
        *("válido desde", "desde", "gyldig fra", "gäller från", "giltig från", "voimassa alkaen"),
    ),
    "valid_to": (
        *("to", "until", "ends", "end date", "gültig bis", "bis", "valable jusqu'au", "date fin", "válido hasta"),
        *("hasta", "gyldig til", "gäller till", "giltig till", "voimassa asti"),
    ),
    "account_site": (
        *("site", "location", "location code", "gln", "store", "store number", "ship to", "filiale", "filialnummer"),
        *("standort", "lager", "lieferstelle", "lieferadresse", "site de livraison", "magasin", "code magasin"),
        *("centro", "tienda", "almacén", "lokation", "butik", "butikk", "leveringssted", "leveransplats"),
        "toimipaikka",
    ),
    "scheme": ("number scheme", "id type", "schema", "schéma", "esquema", "skema"),
    "role": ("type", "rolle", "typ", "rôle", "rol", "roll", "rooli"),
    "name": ("site name", "store name", "bezeichnung", "nom", "nombre", "navn", "namn", "nimi"),
    "street": ("address", "address line", "straße", "strasse", "adresse", "rue", "calle", "dirección", "gade", "gate"),
    "city": ("town", "ort", "stadt", "ville", "ciudad", "población", "by", "poststed", "stad", "kaupunki"),
    "postal_code": (
        *("zip", "zip code", "postcode", "post code", "plz", "postleitzahl", "code postal", "cp", "código postal"),
        *("postnummer", "postnr", "postinumero"),
    ),
    "country": ("country code", "land", "länderkürzel", "pays", "código país", "país", "maa"),
    "supply_site": (
        *("warehouse", "supplied by", "ship from", "lieferlager", "versandlager", "entrepôt", "depot", "dépôt"),
        *("almacén de suministro", "lagersted", "varelager", "varasto"),
    ),
    "transit_days": (
        *("transit", "transit time", "transport days", "laufzeit", "transporttage", "délai de transport"),
        *("días de tránsito", "transportdage", "transportdagar", "kuljetuspäivät"),
    ),
    "receiving_days": (
        *("receiving", "handling days", "wareneingangstage", "délai de réception", "días de recepción"),
        *("modtagedage", "mottagningsdagar"),
    ),
    "currency": ("cur", "ccy", "währung", "devise", "monnaie", "moneda", "divisa", "valuta", "valuutta"),
    "price": (
        *("unit price", "net price", "preis", "einzelpreis", "nettopreis", "prix", "prix unitaire", "prix net"),
        *("precio", "precio neto", "precio unitario", "pris", "nettopris", "enhetspris", "hinta"),
    ),
    "base_quantity": (
        *("price per", "per", "price unit", "preiseinheit", "je", "pro", "base de prix", "cantidad base"),
        *("prisenhed", "prisenhet"),
    ),
    "min_quantity": (
        *("minimum", "from quantity", "minimum quantity", "moq", "scale", "staffel", "ab menge", "mindestmenge"),
        *("quantité minimum", "à partir de", "cantidad mínima", "minimumsmængde", "minsta antal", "fra antall"),
    ),
}
_ANY_UNIT = ("price",)
"""Tables that have one unit, whose ever it is."""


def label(kind: str, column: str) -> str:
    """What the column is called on pages."""
    return "Unit" if column == "unit" and kind in _ANY_UNIT else _LABELS[column]


def words(kind: str, column: str) -> Sequence[str]:
    """What others call it, in English, German, French, Spanish and the languages of the North."""
    said = (label(kind, column), *_WORDS[column])
    return (*said, *_WORDS["account_unit"]) if column == "unit" and kind in _ANY_UNIT else said
