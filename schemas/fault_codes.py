"""Every fault code, with its story. A code is permanent: it is never reused, never renamed, never taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Actor = Literal["sender", "us", "world", "policy"]


@dataclass(frozen=True, slots=True)
class FaultCode:
    """A permanent code: who must act on it, the HTTP status where it is answered at once, and its story.

    `remedy` says to our people what to do; `told_sender` says it to the sender, without our files and commands.
    """

    code: str
    actor: Actor
    title: str
    meaning: str
    remedy: str
    told_sender: str
    status: int | None = None


_OURS_TO_MEND = "You need do nothing: our people see to it, and judge the document again."
FAULTS: dict[str, FaultCode] = {}


def _declare(
    code: str,
    actor: Actor,
    title: str,
    meaning: str,
    remedy: str,
    status: int | None = None,
    *,
    told_sender: str | None = None,
) -> None:
    if code in FAULTS:
        raise ValueError(f"fault code {code} is declared twice")
    to_sender = told_sender or (_OURS_TO_MEND if actor == "us" else remedy)
    FAULTS[code] = FaultCode(code, actor, title, meaning, remedy, to_sender, status)


# --- reading: can the bytes be read as what they claim to be? -------------------------------------------------
_declare(
    "empty_body",
    "sender",
    "Empty document",
    "The request or file has no content.",
    "Send the document's bytes.",
    400,
)
_declare(
    "unknown_format",
    "sender",
    "Format not recognised",
    "No format that the account may send fits these bytes.",
    "Send one of the account's agreed formats, with its media type.",
    415,
)
_declare(
    "format_not_agreed",
    "sender",
    "Format not agreed",
    "The format is known, but not agreed for this account.",
    "Send an agreed format, or have it added to the account's inbound formats.",
    415,
)
_declare(
    "unknown_encoding",
    "sender",
    "Text encoding not readable",
    "The bytes are not text in their declared encoding.",
    "Declare the encoding that the document is written in; UTF-8 is best.",
    400,
)
_declare(
    "xml_not_well_formed",
    "sender",
    "XML not well-formed",
    "The XML parser stops at the place given.",
    "Send well-formed XML 1.0.",
    400,
)
_declare(
    "xml_doctype_refused",
    "sender",
    "DOCTYPE refused",
    "The document has a DOCTYPE that its format doesn't have, or an internal subset; entities are never expanded.",
    "Leave the DOCTYPE out.",
    400,
)
_declare(
    "xml_limit",
    "sender",
    "XML beyond a limit",
    "Nesting deeper than 256, more than 10,000,000 characters in one node, more than 2,000,000 signs < and = in all, "
    "or thousands of elements without a place or in one group. The fault says which.",
    "Send attachments beside the document rather than inside it, and the documented elements only; split large orders.",
    400,
)
_declare(
    "json_not_valid",
    "sender",
    "JSON not valid",
    "The JSON reader stops at the place given.",
    "Send RFC 8259 JSON.",
    400,
)
_declare(
    "json_duplicate_key",
    "sender",
    "JSON key twice",
    "One object has the same key twice.",
    "Send each key once.",
    400,
)
_declare(
    "json_number",
    "sender",
    "JSON number refused",
    "NaN, Infinity, or a number with more digits than any quantity or amount has.",
    "Send finite decimals of at most 20 digits before and 10 after the point, best as strings.",
    400,
)
_declare(
    "json_too_deep",
    "sender",
    "JSON too deep",
    "Objects and arrays are nested deeper than 64.",
    "Send the documented layout.",
    400,
)
_declare(
    "json_limit",
    "sender",
    "JSON beyond a limit",
    "More than 1,000,000 members, 600,000 objects and lists, 500,000 numbers or 4,000,000 commas in one document; "
    "colons, brackets and commas in texts count as well.",
    "Split the document.",
    413,
)
_declare(
    "bad_character",
    "sender",
    "Character refused",
    "A text has a control character or half of a surrogate pair, which no answer could repeat.",
    "Leave the character out.",
    400,
)
_declare(
    "wrong_document",
    "sender",
    "Not a document taken here",
    "The bytes can be read, but they are not an order, or not what else the address takes.",
    "Send an order to this address; to the back office's, what it describes.",
    400,
)
# --- decoding: the document as its format defines it ----------------------------------------------------------
_declare(
    "missing_field",
    "sender",
    "Required value missing",
    "A value that every order needs is not there, or empty.",
    "Send the value.",
)
_declare(
    "unknown_field",
    "sender",
    "Field not known",
    "The format has no such field here.",
    "Leave it out or correct its name.",
)
_declare(
    "not_a_number",
    "sender",
    "Not a decimal number",
    "A quantity or amount is not a plain decimal number.",
    "Send digits with a point as decimal separator.",
)
_declare(
    "not_a_date",
    "sender",
    "Not a date",
    "A date or time is not written as ISO 8601.",
    "Send YYYY-MM-DD; times with an offset.",
)
_declare(
    "bad_value",
    "sender",
    "Value not allowed",
    "The value is not one of those, or not of the kind, the field takes.",
    "Send an allowed value.",
)
_declare("too_long", "sender", "Value too long", "A text is longer than the field's limit.", "Shorten the text.")
_declare(
    "too_many_lines",
    "sender",
    "Too many lines",
    "The order has more lines than the gateway takes in one document.",
    "Split the order.",
)
_declare(
    "too_many_orders",
    "sender",
    "Too many orders in one body",
    "The body has more orders than the gateway takes at once. Nothing of it was taken.",
    "Send the orders in several bodies.",
)
_declare("no_lines", "sender", "Order without lines", "Only a cancellation may have no lines.", "Send the lines.")
_declare(
    "duplicate_line",
    "sender",
    "Line number twice",
    "Two lines have the same number, so an answer could not name one.",
    "Number the lines uniquely.",
)
_declare(
    "quantity_not_positive",
    "sender",
    "Quantity not above zero",
    "An ordered quantity must be more than zero.",
    "Send the quantity, or leave the line out.",
)
_declare(
    "check_digit",
    "sender",
    "Check digit wrong",
    "A GTIN or GLN doesn't end in its GS1 check digit. The order is read all the same.",
    "Correct the number; published test documents often carry such numbers.",
)
_declare(
    "repeated_element",
    "sender",
    "Element more than once",
    "What the format has once stands there again, and which of them is meant is not guessed.",
    "Send it once.",
)
_declare(
    "unknown_element",
    "sender",
    "Element not known",
    "The document has an element that the gateway doesn't know there. It is kept aside and has no effect.",
    "Correct its name, or leave it out.",
)
_declare(
    "unread_value",
    "sender",
    "Value that the map doesn't read",
    "The account's field map has no rule for this value, and says that such values are named rather than kept aside. "
    "For example: a new element Remark in an order whose order_map.yaml has `unread: warn`.",
    "Nothing, where it means nothing; else have a rule added to the account's map.",
)
_declare(
    "other_currency",
    "sender",
    "Amount in another currency",
    "An amount isn't in the order's currency, so it is kept aside rather than taken for one that is.",
    "Send every amount in the order's currency.",
)
_declare(
    "unsupported_document",
    "us",
    "Kind of order not handled",
    "This kind of order or document function, or something that the order asks for, isn't handled automatically.",
    "Handle it by hand and dismiss the message, or agree another kind with the account.",
    told_sender="You need do nothing: our people handle it by hand.",
)
# --- mapping: the account's terms into ours --------------------------------------------------------------------
_declare(
    "wrong_buyer",
    "sender",
    "Not the key's buyer",
    "The buyer named in the document isn't the account that sent it.",
    "Send the order with the buyer's own key.",
)
_declare(
    "wrong_recipient",
    "sender",
    "Not our order",
    "The seller named in the document isn't us.",
    "Send it to the supplier it names.",
)
_declare(
    "unknown_item",
    "us",
    "Unknown item",
    "No agreed item number, and no item number or GTIN of ours, fits the line's item.",
    "Add the item to the account's items.csv (and its price to prices.csv, where it has prices), then replay.",
)
_declare(
    "item_conflict",
    "us",
    "Item numbers disagree",
    "The line's item numbers lead to different products.",
    "Find out which is right, correct items.csv or have the account correct the order.",
    told_sender="Our people ask you which of the numbers is right.",
)
_declare(
    "unknown_unit",
    "us",
    "Unknown unit",
    "Nobody has said what this unit of the account is in our units.",
    "Add the unit to the item's row in items.csv or to units.csv, or the missing pack to packs.csv, then replay.",
)
_declare(
    "pack_contradiction",
    "us",
    "Pack sizes disagree",
    "The GTIN's pack level, the pack size in the document, or the code beside its unit contradicts the factor of the "
    "mapping.",
    "Find out how many are in the pack, correct items.csv, units.csv or packs.csv (a row in items.csv with this GTIN "
    "allows it), then replay.",
)
_declare(
    "fractional_unit",
    "policy",
    "Not whole in our unit of sale",
    "The quantity is not a whole number of the unit we sell.",
    "Order a multiple of the unit of sale.",
)
_declare(
    "unknown_ship_to",
    "us",
    "Unknown delivery site",
    "No known place of the account fits the place of delivery.",
    "Add the site to the account's sites.csv, then replay.",
)
_declare(
    "unknown_supply_site",
    "us",
    "Supply site without stock",
    "The place of delivery is supplied from a site of ours for which no stock was ever told, of any product.",
    "Correct supply_site in the account's sites.csv, or import the site's stock, then replay.",
)
_declare(
    "unknown_revision",
    "us",
    "No mapping published",
    "The account has no published mapping revision.",
    "Import or publish the account's mapping, then replay.",
)
_declare(
    "map_limit",
    "us",
    "Field map beyond its limit",
    "What the account's field map asks for takes more steps, or gives longer texts, than any order needs, so it was "
    "cut off; the fault names the rule and its line. For example: a JMESPath that makes a list of every pair of "
    "lines, or more than 5,000 values of one order that no rule reads.",
    "Make the rule that the fault names simpler, or name what needn't be kept in `lost`; publish the map, then replay.",
)
_declare(
    "unwritable_answer",
    "us",
    "Answer that the map can't write",
    "The account's own layout can't hold the order response: a value that the map requires isn't there, a code is in "
    "no table, or the map can't be used. The fault names the rule and its line. Nothing was decided. For example: an "
    "order_response_map.yaml whose table of states has no `rejected`; or one of CSV with `rows` and no `otherwise`, "
    "for a refusal without lines.",
    "Mend the rule that the fault names (`unknown: keep`, a default, one more entry); publish the map, then replay.",
)
# --- checking: against contract and catalogue ------------------------------------------------------------------
_declare(
    "price_mismatch",
    "policy",
    "Price differs from contract",
    "The ordered price is outside the account's tolerance of the contract price.",
    "The sender: order at the contract price that the fault names. We: where that one is wrong, correct prices.csv; "
    "where the account is to be served all the same, its policies price_tolerance_percent and price_mismatch "
    "(accept_contract_price) say so. Then replay what is held.",
    told_sender="Order at the contract price that the fault names; where that one is wrong, ask your account manager.",
)
_declare(
    "no_contract_price",
    "us",
    "No contract price",
    "The account has contract prices, but none for this product, unit, currency and date.",
    "Add the price to the account's prices.csv, then replay.",
)
_declare(
    "currency_mismatch",
    "policy",
    "Currency not agreed",
    "The order's currency isn't the contract's.",
    "Order in the agreed currency, or add prices in this one to prices.csv.",
    told_sender="Order in the agreed currency.",
)
_declare(
    "inactive_product",
    "sender",
    "Product not sold",
    "The product is no longer, or not yet, sold.",
    "Order its replacement where one is named.",
)
_declare(
    "below_minimum",
    "sender",
    "Below the minimum quantity",
    "The quantity is less than the product's order minimum.",
    "Order at least the minimum.",
)
_declare(
    "not_a_multiple",
    "sender",
    "Not a multiple",
    "The quantity isn't a multiple of the product's order multiple.",
    "Order a multiple.",
)
_declare(
    "past_date",
    "policy",
    "Delivery requested in the past",
    "The requested delivery was over when the order was received.",
    "Request a date to come.",
)
_declare(
    "dates_contradict",
    "sender",
    "Dates contradict",
    "A window ends before it starts, an order is cancelled before its requested delivery, or goods arrive before they "
    "left.",
    "Correct the dates.",
)
_declare(
    "schedule_mismatch",
    "us",
    "Deliveries don't sum to the line",
    "The quantities of a line's deliveries (its schedule) don't sum to the line's, and which counts is not guessed.",
    "Ask the account which is right. Where it sends the order again, dismiss this message; else handle it by hand.",
    told_sender="Our people ask you which is right.",
)
_declare(
    "release_without_contract",
    "sender",
    "Release without contract",
    "A release order must name the contract it draws on.",
    "Name the contract.",
)
_declare(
    "unknown_contract",
    "us",
    "Contract not known",
    "A release names a contract that is no blanket order on the account's books, and not in the account's terms.",
    "Where the blanket order is on its way, replay once it is there; a contract without ceilings goes into `contracts` "
    "of the account's account.yaml. Else ask the account which it means, and dismiss this message.",
    told_sender="Our people look for the contract; send the blanket order, if it was not sent yet.",
)
_declare(
    "not_in_contract",
    "sender",
    "Not in the blanket order",
    "A release orders an item of which its blanket order agrees nothing.",
    "Change the blanket order first, or order the item by an order of its own.",
)
_declare(
    "contract_exceeded",
    "sender",
    "More than the blanket order agrees",
    "With this line more would be released of a blanket order than its lines, or its total, allow.",
    "Release what is left, or raise the blanket order first.",
)
_declare(
    "less_than_released",
    "sender",
    "Less than is released",
    "A blanket order can't be changed to less than what is released of it, nor cancelled while anything is.",
    "Agree at least what is released; or cancel the releases first.",
)
_declare(
    "order_number_reused",
    "policy",
    "Order number used for other content",
    "An order of this number is live, with other content.",
    "The sender: send a new order under a new number, or the first content again for its answer. We: ask which of them "
    "counts, and dismiss a message that is held for this once it is settled; the first order stands meanwhile.",
    told_sender="Send a new order under a new number, or the first content again for its answer; the first order "
    "stands.",
)
_declare(
    "order_unclear",
    "us",
    "Order that may be one that stands",
    "An order's number is live, and one of the two leaves out a party by which the account's `order_key` tells orders "
    "apart, or names its buyer by some of the same numbers and by others: it may be the same order, or another one. "
    "Or a change does so, and may be of several orders, or of another buyer's.",
    "Ask the sender whether it is the order that stands; if so, dismiss this message. If not, have it sent again with "
    "every party, or under a number of its own. A change: ask of which order it is, and have it sent again with every "
    "party.",
    told_sender="Our people ask you which order it is.",
)
_declare(
    "unknown_order",
    "sender",
    "Change of an order that there isn't",
    "A change or cancellation names an order that never came; it waited 24 hours for it, and no order of its number is "
    "held or being judged.",
    "Send the order itself, or the change with the number of an order that was sent.",
)
_declare(
    "change_missing",
    "us",
    "A change before this one is missing",
    "A change that is made line by line has a number that isn't the next one, and what comes between did not come.",
    "Ask the sender for the missing change, or for the order as it is meant to be; then replay or dismiss this one.",
)
_declare(
    "version_reused",
    "us",
    "Version used for other content",
    "A change has the version of one that was applied, and says something else.",
    "Ask the sender which of them counts; then have that sent under the next version, and dismiss this one.",
)
_declare(
    "stale_change",
    "sender",
    "Change that came too late",
    "A later version of the order was applied before this one came or, where it says none, what was received after it; "
    "also where it was held until then. It is kept, and changes nothing.",
    "Nothing, if the later one says what is meant; else send a change with a higher version.",
)
_declare(
    "change_overtaken",
    "us",
    "Change that a later one came before",
    "A change without a number was to be applied when one that was received after it had been, which says some lines "
    "only; or a cancellation was held while its sender went on changing the order.",
    "Ask the sender how the order is meant to be, and have what is missing sent anew with a higher version; then "
    "dismiss this one. The order stands meanwhile.",
    told_sender="Our people ask you how the order is meant to be; it stands meanwhile.",
)
_declare(
    "order_cancelled",
    "sender",
    "Change of a cancelled order",
    "The order was cancelled, and a cancelled order can't be changed.",
    "Send a new order under a new number.",
)
_declare(
    "change_refused",
    "sender",
    "Change or cancellation refused",
    "What a change or cancellation wants of a line can't be done (any more): it has shipped, or there is no stock for "
    "it; or nothing of the order is left to be cancelled. The order stands as it was.",
    "Send a change that leaves what has shipped; what isn't wanted of that goes back as a return.",
)
_declare(
    "unknown_line",
    "sender",
    "Change of a line that there isn't",
    "A change is made to a line, or deletes one, that the order doesn't have.",
    "Name lines by the numbers that they have on the order.",
)
_declare(
    "line_exists",
    "sender",
    "Added line that is there already",
    "A change adds a line under a number that a line of the order has.",
    "Give an added line a number of its own, or send it as a change of the line.",
)
_declare(
    "line_not_named",
    "policy",
    "Line that a change says nothing of",
    "A change leaves out a line of the order, and neither says that it is deleted nor names each line's action.",
    "Ask the sender whether such lines are cancelled or stand, and set the account's policy `unnamed_lines` to what it "
    "always means; then replay. The order stands meanwhile.",
    told_sender="Send the change with each line's status: delete for a line that goes, nothing for one that stands. "
    "The order stands meanwhile.",
)
_declare(
    "change_unclear",
    "us",
    "Change that doesn't go with what stands",
    "A change line by line says a part of what belongs together on a line, and the rest, which stands, doesn't go with "
    "it: a price without what it is for, a day for a line whose deliveries have their own. Or any change has its "
    "prices in another currency than the order.",
    "Ask the account what it means and have the change sent again with all that belongs together; then dismiss this "
    "message. The order stands meanwhile.",
    told_sender="Send the change with all that belongs together: a price with its quantity and unit, a line's "
    "deliveries with their days, and all of it in the order's currency. The order stands meanwhile.",
)
_declare(
    "envelope_id_reused",
    "us",
    "Envelope id used for other content",
    "The envelope's InstanceIdentifier (SBDH) or payloadID (cXML) came with another document before, and that one "
    "stands.",
    "Ask the sender which of them counts. Where both do, have this one sent again under an identifier of its own; then "
    "dismiss the message.",
    told_sender="Our people ask you which of them counts. Where both do, send this one again under an identifier of "
    "its own.",
)
# --- account folders, catalogue and stock files --------------------------------------------------------------------
_declare(
    "file_not_readable",
    "us",
    "File not readable",
    "A file of an account folder or of the catalogue is missing, or isn't the UTF-8 CSV, XLSX or YAML it must be.",
    "Correct the file and import again.",
)
_declare(
    "duplicate_row",
    "us",
    "Row twice",
    "Two rows say something about the same thing from the same day on, or two folders are the same account's.",
    "Keep one of them, or give them different valid_from, or ids.",
)
# --- running: a bug or an outage ---------------------------------------------------------------------------------
_declare(
    "internal_error",
    "us",
    "Error in the gateway",
    "The gateway itself failed at this document; it is kept.",
    "See the log under the message's id; replay after the cause is mended.",
)
_declare(
    "quarantined",
    "us",
    "Quarantined",
    "Processing this document ended its worker several times, so it is kept apart.",
    "See why the worker died; replay after the cause is mended.",
)
# --- shipments: what the warehouse says has left ------------------------------------------------------------------
_declare(
    "not_shippable",
    "us",
    "Nothing can be shipped of it",
    "The order was cancelled or refused, isn't decided yet, waits for its buyer, or is a blanket order; or its line "
    "was never put into our terms. Nothing of the shipment is kept.",
    "Look at the order (`gateway orders show`), and send the shipment again without it, or once the order is open.",
)
_declare(
    "wrong_product",
    "us",
    "Another product than ordered",
    "The order line is of another product than the one that left. Nothing of the shipment is kept.",
    "Correct product or line number, and send the shipment again.",
)
_declare(
    "wrong_unit",
    "us",
    "Not the base unit",
    "Shipments are counted in the product's base unit, and this one says another unit. Nothing of it is kept.",
    "Count in base units: `gateway products` has them.",
)
_declare(
    "more_than_confirmed",
    "us",
    "More than was confirmed",
    "More left of an order line than was confirmed of it and had not left before. Nothing of the shipment is kept.",
    "Correct the quantity; or, where it left on purpose, send the shipment with an `override_reason`, which raises "
    "what is confirmed first and stands in the audit trail.",
)
_declare(
    "serials_mismatch",
    "us",
    "Serial numbers don't count up",
    "A product that is tracked by serial number left with more or fewer serial numbers than pieces, or with one twice, "
    "in one line or in two of the shipment.",
    "Send one serial number for each piece.",
)
_declare(
    "sscc_reused",
    "us",
    "SSCC is on another package",
    "An SSCC is on two packages: of this shipment, or on one of another shipment less than a year ago "
    "(GS1 General Specifications 2.2.1).",
    "Give each package an SSCC of its own, or none: then one is generated.",
)
_declare(
    "no_sscc_left",
    "us",
    "All SSCCs of our company prefix are in use",
    "A package came without an SSCC, and every one that our GS1 company prefix has is on a package that left less than "
    "a year ago. Nothing of the shipment is kept.",
    "Give the packages SSCCs of your own. For good: get another company prefix from GS1, and put it into "
    "supplier.yaml as `gs1_company_prefix`.",
    told_sender="Give the packages SSCCs of your own, or ask our people for another company prefix.",
)
# --- HTTP: answered before a document is kept ----------------------------------------------------------------------
_declare(
    "key_missing",
    "sender",
    "No key",
    "The request carries no Authorization: Bearer key.",
    "Send the account's key.",
    401,
)
_declare(
    "key_unknown",
    "sender",
    "Key not valid",
    "The key is unknown, revoked or expired.",
    "Send a live key.",
    401,
)
_declare(
    "key_not_allowed",
    "sender",
    "Key not allowed here",
    "The key is live but of a kind that may not do this.",
    "Use a key of the right kind.",
    403,
)
_declare(
    "not_found",
    "sender",
    "Not found",
    "There is no such thing, or not for this key.",
    "Check the address.",
    404,
)
_declare(
    "method_not_allowed",
    "sender",
    "Method not allowed",
    "The address takes other methods.",
    "See Allow.",
    405,
)
_declare(
    "not_acceptable",
    "sender",
    "Format not available",
    "The document can't be had in the format asked for.",
    "Ask for one of the formats named.",
    406,
)
_declare(
    "conflict",
    "sender",
    "Conflict",
    "The request contradicts what is stored.",
    "Read the present state first.",
    409,
)
_declare(
    "body_too_large",
    "sender",
    "Body too large",
    "The body is larger than the limit named.",
    "Split the document, or send attachments apart.",
    413,
)
_declare(
    "media_type_unsupported",
    "sender",
    "Media type not taken",
    "The Content-Type is not one that is taken here.",
    "Send a type named in the answer.",
    415,
)
_declare(
    "encoding_refused",
    "sender",
    "Content-Encoding refused",
    "The encoding isn't gzip or identity, is broken, or expands beyond the limit.",
    "Send plain or honest gzip.",
    413,
)
_declare(
    "idempotency_key_reused",
    "sender",
    "Idempotency-Key used for other content",
    "The key came with another document before.",
    "Use a new key for new content.",
    422,
)
_declare(
    "bad_parameter",
    "sender",
    "Parameter not valid",
    "A query parameter, a header or the request line is not of the kind it must be.",
    "Correct it.",
    400,
)
_declare(
    "rate_limited",
    "sender",
    "Too many requests",
    "More orders per minute than agreed.",
    "Wait as Retry-After says.",
    429,
)
_declare(
    "cannot_store",
    "world",
    "Can't store now",
    "The document could not be stored durably, so it was not taken.",
    "Send the same request again after Retry-After; it is safe.",
    503,
)
# --- invoicing: what we bill -------------------------------------------------------------------------------------
_declare(
    "no_tax_rule",
    "us",
    "No tax rule fits",
    "No row of taxes.csv fits the goods' tax class, the countries, the buyer's VAT standing and the tax point.",
    "Add the row to taxes.csv, or correct the product's tax_class or the site's country.",
)
_declare(
    "tax_rule_ambiguous",
    "us",
    "Several tax rules fit",
    "Several rows of taxes.csv fit, and none of them says all that the others say and more, so that which is meant "
    "would be a guess.",
    "End one of them (valid_to), or add a row that says all of it.",
)
_declare(
    "taxes_not_together",
    "us",
    "Taxes that can't stand on one invoice",
    "What is not subject to VAT stands on an invoice of its own (BR-O-11), and a category has one reason on each.",
    "Invoice these lines apart from the others.",
)
_declare(
    "invoice_incomplete",
    "us",
    "Something an invoice must say is not known",
    "The law (EN 16931) wants it on every invoice of this kind: a country, a VAT number, a name, the day of delivery.",
    "Complete supplier.yaml, or the account's `legal` part or sites.csv; the fault says what and by which rule.",
)
_declare(
    "amount_too_long",
    "us",
    "An amount that no document has room for",
    "A sum of the invoice, or a price in base units, has more than 20 digits before the point or 10 behind it: whoever "
    "reads it, we too, couldn't. It waits, and is tried again.",
    "An order has such a price or charge by mistake: agree on the right one, and have the order changed.",
)
_declare(
    "not_on_invoice",
    "us",
    "Line that the invoice doesn't have",
    "What is to be credited names a line that the invoice doesn't have.",
    "Credit the line of the invoice that billed the goods.",
)
_declare(
    "more_than_invoiced",
    "us",
    "More than was invoiced",
    "More is to be credited of a line than was invoiced of it.",
    "Credit at most what was invoiced and not credited yet.",
)
_declare(
    "no_agreed_price",
    "us",
    "No price was agreed",
    "Nothing says at which price, or in which currency, what is to be invoiced was ordered: neither our order "
    "response, nor the order, nor the contract. It waits, and is tried again.",
    "Add the price to the account's prices.csv; then `gateway invoices make`, or wait.",
)
_declare(
    "invoice_failed",
    "us",
    "The invoice could not be made",
    "The gateway itself failed at an invoice that was due. What shipped stays to be invoiced, and it is tried again.",
    "See the log; mend the cause, then `gateway invoices make`.",
)
_declare(
    "number_in_use",
    "us",
    "Next number is on another document",
    "The number that an invoice or credit note is to have stands on another one: the prefix in supplier.yaml is that "
    "of numbers which the ERP has given, or which were ours before. Nothing of this series is made until that is "
    "mended; what is due waits, and is tried again.",
    "Give `numbering` in supplier.yaml another `prefix`, start the gateway again, then `gateway invoices make`. In a "
    "request, give the number yourself.",
)
_declare(
    "unknown_shipment",
    "us",
    "No such shipment",
    "What is to be invoiced, or was delivered, names a shipment that nobody told of, or that had nothing for the "
    "account. Nothing is invoiced.",
    "Send the shipment first (`POST /v1/backoffice/shipments`), or correct its number or the account.",
)
_declare(
    "more_than_shipped",
    "us",
    "More than was shipped",
    "More is to be invoiced of an order line than the shipment had of it. Nothing is invoiced.",
    "Correct the quantity, in base units; or name the other shipment as well.",
)
_declare(
    "already_invoiced",
    "us",
    "Invoiced before",
    "What is to be invoiced was invoiced, or the invoice's number stands on another document. Nothing is invoiced "
    "twice.",
    "Look at the order (`gateway orders show`) or at `gateway invoices list`; leave out what was invoiced, or give "
    "another number.",
)
_declare(
    "several_invoices",
    "us",
    "One number for several invoices",
    "What is to be invoiced has several invoicees, currencies or places of delivery, each of which needs an invoice, "
    "and the request gives one number. Nothing is invoiced.",
    "Make a request for each, or leave the numbers to the gateway.",
)
_declare(
    "unknown_invoice",
    "us",
    "No such invoice",
    "What is to be credited names an invoice that was not made for the account. Nothing is credited.",
    "Correct the number or the account; `gateway invoices list` has them.",
)
# --- delivery: what goes out, on its way to the account's system ---------------------------------------------------
_declare(
    "delivery_terms",
    "us",
    "Transport that can't be used",
    "The account's terms say how the document is sent, and that can't be done: a secret isn't set, an address is none, "
    "a key can't be read. It is held, and looked at again each minute. For example: a webhook whose `secret` names one "
    "that nobody has set here.",
    "Set the secret (`gateway secrets set NAME`; or GATEWAY_SECRET_NAME in the environment, which needs a restart), or "
    "correct the transport in account.yaml and import the folder: it goes by itself then; at once with "
    "`gateway deliveries retry`.",
    told_sender="You need do nothing: our people see to it, and send the document then.",
)
_declare(
    "delivery_rejected",
    "us",
    "Document refused by its receiver",
    "The account's system answered that it will not take the document, and the same again would be refused again. "
    "For example: a cXML Response with Status 406, or HTTP 422.",
    "Read its answer (`gateway deliveries show`), and ask the account what is wrong with it. Once it would be taken, "
    "`gateway deliveries retry`.",
    told_sender="Tell our people what is wrong with the document; once you would take it, they send it again.",
)
_declare(
    "delivery_failed",
    "us",
    "Document not delivered",
    "Every attempt that the account's `delivery_waits` allow was made, and none arrived; nothing more is tried. The "
    "last one's answer stands beside it.",
    "See what was answered (`gateway deliveries show`), mend the cause with the account, then `gateway deliveries "
    "retry`.",
    told_sender="Mend your receiving system, and tell our people: they send the document again.",
)
_declare(
    "endpoint_gone",
    "us",
    "Endpoint that wants nothing more",
    "The account's endpoint answered 410: nothing is sent there any more. What is to go there waits.",
    "Ask the account where its documents go now, and put that into `outbound` of its account.yaml. Where the same "
    "address takes them again: `gateway deliveries retry --endpoint URL`.",
    told_sender="Tell our people where your documents go now, or that the same address takes them again.",
)
_declare(
    "document_rejected",
    "us",
    "Document refused once it was read",
    "The account had the document, and its system says that it does not take it: by a UBL ApplicationResponse (RE), a "
    "cXML StatusUpdateRequest, or at the document's receipt. For example: an invoice whose price is not the order's.",
    "Read its reasons (`gateway deliveries show`), and settle it with the account: by a credit note and another "
    "invoice, or by the document sent again (`gateway deliveries retry`). A later answer that takes it closes this, "
    "and so does `gateway deliveries dismiss`.",
    told_sender="Our people see your refusal with its reasons, and come back to you.",
)
_declare(
    "document_queried",
    "us",
    "Document that is asked about",
    "The account's system does not go on with the document before somebody answers a question (UBL's UQ), or refuses "
    "some of its lines.",
    "Read what is asked (`gateway deliveries show`), and answer the account. A later answer that takes the document "
    "closes this, and so does `gateway deliveries dismiss`.",
    told_sender="Our people see your question, and come back to you.",
)
_declare(
    "answer_overdue",
    "us",
    "Answer that didn't come",
    "By the account's terms (`answer_within`) its system says that it has each document, or what became of it, and of "
    "this one it has said nothing in that time.",
    "See whether the document arrived (`gateway deliveries show`), and ask the account. Any answer closes this, and so "
    "does `gateway deliveries dismiss`.",
    told_sender="Say that you have the document (POST /v1/documents/{id}/receipt), or tell our people.",
)
_declare(
    "answer_unclear",
    "us",
    "Answer that can't be understood",
    "An ApplicationResponse or a StatusUpdateRequest says something of a document of ours, and nobody can tell what, "
    "or of which: its code is none that is known, a part is missing, or its parts contradict one another.",
    "It may be a refusal, so read what it says (`gateway messages show ID --view raw`), and ask the account. What it "
    "meant can be said at the document's receipt by its system; then dismiss the message.",
    told_sender="Say of each document, by its number, what became of it: AB, IP, UQ, CA, AP, RE or PD (UNCL4343), or a "
    "Status of three digits.",
)
_declare(
    "unknown_document",
    "us",
    "Answer about a document that there isn't",
    "An ApplicationResponse or a StatusUpdateRequest speaks of a document that this account was not sent, or that "
    "several documents may be.",
    "It may be a refusal, so read what it says, and ask the account which document it means. Once that is there, "
    "replay it; else dismiss it.",
    told_sender="Name the document by its own number, or by the payloadID that it came with.",
)
_declare(
    "pickup_failed",
    "us",
    "Place that orders can't be picked up from",
    "For a quarter of an hour or longer every look at the place failed, or files that were taken could not be moved. "
    "What lies there is taken as soon as it works again.",
    "The detail says why: set the secret, have the account or the server's people mend it, or put the server's new key "
    "or address into `inbound.pickup` of the account.yaml. Then `gateway pickups look --account ID`.",
    told_sender="Tell our people when your server is well again, or that it has another address or key.",
)
_declare(
    "pickup_refused",
    "us",
    "File or mail that could not be taken",
    "A file at the place that orders are picked up from can't be read (then it is a message, too), is larger than a "
    "document may be, or is no gzip though it is called so; or a mail has no order in it, or isn't from one whose "
    "orders are taken there. It was moved to the folder of what is refused. Whoever put it there mostly hears nothing "
    "of us.",
    "Tell the account what is wrong with it, as the detail or the message says, and ask for the order again; or put it "
    "there anew once the limit is raised (GATEWAY_MAX_BODY_BYTES) or the sender agreed (`from`). Then `gateway pickups "
    "dismiss ACCOUNT --reason TEXT`.",
    told_sender="Send the order again in a file that isn't larger than agreed, and whole, from the address that is "
    "agreed.",
)
