"""The words of orders' field names in ten languages, each under what it names.

English, German, French, Spanish, Italian, Dutch, Swedish, Danish, Norwegian and Finnish, and the short names of a
widespread ERP's tables. Words are written without accents (ü is u, ø is o, å is a, ß is ss); a word may stand under
several names, as `item` does, which is an article or a line. These are words for places in a document, never for what
a unit, a product or a price means.
"""

from __future__ import annotations

from collections.abc import Mapping

CONCEPTS: Mapping[str, str] = {
    "ORDER": (
        "order orders po ordr bestellung bestellungen bestell best auftrag auftrage auftraege auftrags commande "
        "commandes cde cmd pedido pedidos orden ordine ordini ord bestelling bestellingen bestel bestallning "
        "bestallningar bestillling bestilling bestillinger ordre ordrer tilaus tilauksen tilaukset purchase einkauf "
        "einkaufs achat compra acquisto inkoop inkop innkjop indkob ebeln bstnk bstkd bstnr"
    ),
    "NUMBER": (
        "cd number num no nr nbr nummer numero numer numeros numeri nro nmb id code key kennung kenn nummern "
        "identifier ident codice codigo kode kod koodi tunnus identifiant ref reference referenz referencia "
        "riferimento referentie referens referanse viite cod belnr"
    ),
    "REFERENCE": "ref reference referenz referencia riferimento referentie referens referanse viite zeichen",
    "DOCUMENT": "data document doc beleg dokument documento message msg nachricht interchange bericht belnr",
    "HEADER": (
        "header head kopf kopfdaten entete tete cabecera encabezado cabezal testata intestazione kop koptekst huvud "
        "hode hoved otsikko general allgemein"
    ),
    "LINE": (
        "line lines lineitem pos position positionen positions posten zeile zeilen ligne lignes linea lineas riga "
        "righe renglon regel regels orderregel rad rader rivi rivit linje linjer row rows item items seq sequence "
        "sequenz lfd ln lnr posnr posex ebelp detail details poste postes partida partidas posizione posizioni"
    ),
    "ITEM": (
        "stock variant item items itm article articles artikel artikels art product products produkt produkte prod "
        "produit produits sku material materiale mat matnr articolo articoli prodotto prodotti articulo articulos "
        "producto productos artikkel vare varer vara varor tuote tuotteen nimike goods ware teil teile part parts "
        "idtnr kdmat"
    ),
    "BUYER": (
        "debitor buyer buying customer cust client kunde kunden kaufer kaeufer besteller auftraggeber acheteur "
        "comprador cliente acquirente koper klant afnemer kund kopare kober kjoper ostaja asiakas asiakkaan purchaser "
        "orderer soldto soldtoparty kunnr kdmat sender absender"
    ),
    "SELLER": (
        "vend seller selling supplier vendor lieferant lieferanten kreditor verkaufer verkaeufer fournisseur vendeur "
        "proveedor vendedor fornitore venditore leverancier verkoper leverantor leverantoren leverandor leverandoren "
        "toimittaja myyja lifnr creditor our ihre"
    ),
    "SHIPTO": (
        "shipto deliverto consignee warenempfanger warenempfaenger lieferadresse lieferanschrift lieferstelle "
        "lieferort livraisona destinataire destinatario destination bestemming afleveradres leveringsadresse "
        "leveransadress leveringssted leveransplats toimitusosoite recipient empfanger empfaenger vastaanottaja "
        "afleverpunt anlieferstelle anlieferung entrega destino"
    ),
    "BILLTO": (
        "billto billing bill invoicee invoiceto rechnungsempfanger rechnungsempfaenger rechnungsadresse "
        "rechnungsanschrift factuuradres fakturaadress fakturaadresse laskutusosoite payer zahler regulierer "
        "facturation facturacion fatturazione facturar"
    ),
    "DELIVERY": (
        "termin livr dlvy del delivery deliver delivered deliveries liefer lieferung lieferungs lief anliefer "
        "wunschliefer livraison liv livrer entrega consegna levering leverings lever leverans levera toimitus "
        "toimituksen shipping shipment ship versand expedition envio spedizione arrival dispatch despatch lfdat eindt "
        "delv dlv"
    ),
    "DELIVERED": (
        "delivered geliefert livre entregado consegnato geleverd levererad levert shipped dispatched received open "
        "offen rest backorder cancelled storniert confirmed bestatigt bestaetigt"
    ),
    "INVOICE": "invoice inv rechnung rechnungs facture factura fattura factuur faktura lasku fact",
    "PLACE": (
        "lieu luogo lugar warehouse store stores shop site plant depot dc location loc filiale filial markt market "
        "magasin tienda almacen almacenes magazzino negozio winkel filiaal butik butikk butikken lager varasto "
        "myymala werk werks lagerort entrepot outlet branch standort ort"
    ),
    "PARTY": "party partner parties partners partie partij parter part adresse",
    "ADDRESS": "address addr adr adresse anschrift direccion indirizzo adres adress osoite adressen addresses postal",
    "NAME": (
        "raison ragione razon sociale social name name1 names nom nombre nome naam namn navn nimi bezeichner firma "
        "company societe empresa azienda bedrijf foretag firmanavn yritys"
    ),
    "STREET": (
        "street strasse str stras rue calle via straat gata gate gatuadress vej veg katu katuosoite address1 "
        "addressline1 line1 strasse1 voie domicilio adresse1 streetname"
    ),
    "HOUSE": "house hausnummer hausnr housenumber huisnummer husnummer civico building gebaude",
    "CITY": (
        "city town stadt ville ciudad citta poblacion localidad localita plaats stad woonplaats by poststed kaupunki "
        "postitoimipaikka locality ort ort01 wohnort gemeinde commune comune municipio postort"
    ),
    "POSTCODE": (
        "postcd zip zipcode plz postleitzahl postcode postalcode codepostal cp codigopostal cap postnr postnummer "
        "postinumero pstlz postal zipcd"
    ),
    "COUNTRY": "lkz country land pays pais paese nazione staat maa ctry laender landkode landkod isoland land1",
    "VAT": (
        "cvr cvrnr vat vatid vatin ustid ustidnr uid uidnr ust tva nif cif iva piva partitaiva btw momsnr moms mva "
        "alv ytunnus taxid steuernummer stceg taxregistration orgnr"
    ),
    "TAX": "tax taxes steuer mwst taxe impuesto imposta belasting skatt moms vero iva tva btw vat",
    "GLN": "gln iln locationnumber lokasjonsnummer gln13",
    "EAN": (
        "gencod ean gtin upc ean13 ean11 gtin13 gtin14 ean14 barcode strichcode codebarre ean8 dun14 codigobarras "
        "streckkod strekkode stregkode viivakoodi"
    ),
    "QUANTITY": (
        "anz quantity qty quant menge mengen bestellmenge anzahl stuckzahl stueckzahl quantite qte qt cantidad cant "
        "quantita qta aantal hoeveelheid antal kvantitet mangd antall mengde mengd maara kpl volume kappale wmeng "
        "pieces nombre amountordered stk"
    ),
    "COUNT": "count anzahl zahl pcs",
    "AMOUNT": (
        "amount value wert betrag montant valeur importe valor importo valore bedrag waarde belopp belop vardi verdi "
        "summa sum arvo val content"
    ),
    "ORDERED": "ordered bestellte bestellt commande pedida ordinata besteld bestalld bestilt tilattu ordrd",
    "UNIT": (
        "bme unit units stuck stueck unitaire unitario unitaria uom unitofmeasure unitcode me einheit einheiten "
        "mengeneinheit meins menee vrkme unite unidad unita eenheid enhet enhed enheder yksikko measure mass ud um "
        "udm uma medida misura mesure maat"
    ),
    "PRICE": (
        "stkpris stkpreis stukprijs styckpris prc price prices preis preise einzelpreis prix pu precio prezzo prijs "
        "pris priser hinta cost unitprice einkaufspreis ek netpr tarif stykpris"
    ),
    "CENT": "cent cents pence penny minor",
    "NET": "net netto nett nette neto ht exkl excl",
    "GROSS": "gross brutto brut bruto lordo ttc incl inkl",
    "LIST": "list liste retail rrp msrp uvp sales verkauf vk recommended catalog katalog old",
    "TOTAL": (
        "total totals totaal totale gesamt summe zeilensumme subtotal sum sous netwr yhteensa linetotal extended "
        "zeilenwert positionswert"
    ),
    "BASE": "pe base basis basismenge je per pro par por pour peinh peh preiseinheit preisbasis priceunit pricebasis",
    "PACK": (
        "pack package packaging packung packing size verpackung inhalt content colis gebinde kolli ve per pakke "
        "pakning inner outer case layer pallet palette min minimum max weight gewicht poids peso vikt vekt length "
        "width height volume"
    ),
    "DISCOUNT": (
        "discount rabatt remise descuento sconto korting allowance alennus charge charges surcharge fracht freight "
        "zuschlag fee"
    ),
    "DESCRIPTION": (
        "description desc descr designation bezeichnung bez beschreibung artikelbezeichnung beschrijving omschrijving "
        "descripcion descrizione libelle benamning beskrivelse benevnelse betegnelse kuvaus nimitys text title titel "
        "txz01 arktx ktext maktx kurztext varetekst"
    ),
    "TEXT": "text texte texto testo tekst teksti memo txt",
    "NOTE": (
        "note notes remark remarks comment comments bemerkung bemerkungen hinweis kommentar anmerkung info "
        "commentaire commentaires remarque observacion observaciones nota notas notitie opmerking opmerkingen "
        "anmarkning merknad merknader bemaerkning bemerkning huomautus instructions instruction zusatztext tekst"
    ),
    "DATE": (
        "dte date dates termine dat datum data day tag jour fecha dato paiva pvm paivays dt time zeit moment "
        "timestamp zeitpunkt termin window fenster zeitfenster slot am daterequired audat bedat aedat le giorno"
    ),
    "TIME": "time zeit uhrzeit heure hora ora tijd tid klokkeslett aika",
    "ISSUE": (
        "vom issue issued created creation create erstellt erfasst emission emis emitted emissione opgemaakt placed "
        "skapad opprettet oprettet laadittu ausstellung angelegt bedat audat"
    ),
    "CREATED": "createdat issuedat orderedat placedat bedat audat aedat",
    "REQUESTED": (
        "req requested required request wunsch gewunscht gewuenscht wish soll souhaitee demandee solicitada richiesta "
        "gewenst gewenste onskad onsket toivottu need needed desired expected due bis"
    ),
    "START": (
        "dal start from begin earliest ab von first erste fruhestens fruehestens desde da vanaf fra fran alkaen debut "
        "notbefore min"
    ),
    "END": "end to until latest bis last spatestens spaetestens hasta fino tot til till asti fin notafter max",
    "PAYMENT": (
        "payment zahlung zahlungs zahlungsziel paiement pago pagamento betaling betalning maksu terms bank iban bic "
        "valuta skonto"
    ),
    "VALIDITY": (
        "valid validity gultig gueltig expiry expires cancel cancelafter print printed druck sent export changed "
        "modified updated geandert geaendert transmission"
    ),
    "CURRENCY": (
        "currency curr cur ccy wahrung waehrung whg wkz devise monnaie moneda divisa valuta munt muntsoort valuutta "
        "waers curcy hwaer"
    ),
    "CONTRACT": (
        "contract agreement rahmenvertrag rahmen vertrag kontrakt contrat contrato contratto raamcontract avtal "
        "avtale aftale sopimus blanket framework konnr"
    ),
    "QUOTE": "quote quotation offer offerte angebot devis oferta offerta anbud tilbud tilbod tarjous",
    "PROJECT": "project projekt projet proyecto progetto costcenter center kostenstelle kst abteilung department",
    "VERSION": "version versjon versie versionsnr ausgabe",
    "REVISION": "revision rev",
    "FUNCTION": "function state status action purpose transaktion vorgang actionflag changetype kennzeichen aktion",
    "TYPE": (
        "scheme schemeid schemeagencyid schemename agencyid listid type typ art function funktion kind role rolle "
        "qualifier qual parvw qualf usage tipo tyyppi soort slag klasse class category kategorie gruppe group agency "
        "iddat"
    ),
    "EARLIER": "original previous prev prior former parent related vorherige ursprung precedente anterior origine",
    "REGION": "region subentity province provincia kanton bundesland county departement",
    "CONTACT": (
        "contact kontakt ansprechpartner phone telefon tel telephone fax email mail bearbeiter sachbearbeiter "
        "interlocuteur contacto contatto contactpersoon yhteyshenkilo person user"
    ),
    "MAKER": (
        "manufacturer maker brand marke marque hersteller fabricant fabricante produttore fabrikant tillverkare "
        "produsent valmistaja mpn"
    ),
    "LANGUAGE": "language sprache langue idioma lingua taal sprak sprog kieli spras",
    "FREE": "free gratis bonus nr2 naturalrabatt",
    "BATCH": "batch charge lot lote lotto partij serial serie serien",
}

QUALIFIED: Mapping[str, str] = {
    "BUYER": "by ag bco buy sold sp",
    "SHIPTO": "dp we st del cn shp uc wa",
    "BILLTO": "iv re bt inv py",
    "SELLER": "su se lf vn sup ven",
}
"""What stands for a party in a type or role beside it: the codes of EDIFACT's NAD, X12's N1 and an ERP's partner
functions. They are looked up as a whole, before the words: `by` is also a town."""

PAIRS: Mapping[tuple[str, str], str] = {
    ("DELIVERY", "START"): "SHIPFROM",
    ("DELIVERY", "END"): "SHIPTO",
    ("DELIVERY", "ADDRESS"): "SHIPTO",
    ("ADDRESS", "DELIVERY"): "SHIPTO",
    ("DELIVERY", "PARTY"): "SHIPTO",
    ("INVOICE", "ADDRESS"): "BILLTO",
    ("ADDRESS", "INVOICE"): "BILLTO",
    ("INVOICE", "PARTY"): "BILLTO",
    ("INVOICE", "END"): "BILLTO",
    ("BILLTO", "END"): "BILLTO",
}
"""Two concepts side by side that are one (END is also the word `to`)."""
LINKS = frozenset(
    (
        "s",
        "es",
        "en",
        "er",
        "e",
        "n",
        "d",
        "de",
        "du",
        "des",
        "la",
        "le",
        "of",
        "di",
        "del",
        "av",
        "van",
        "von",
        "der",
        "the",
    )
)
"""What stands between words and names nothing."""
