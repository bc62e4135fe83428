"""JSON read safely: decimals stay decimals, and what RFC 8259 leaves open is refused with its place.

`reader.read_json` is one pass of the C scanner. Only where something is wrong does a second pass find every offence and
its JSON Pointer; in a large document, where that pass could take seconds, the first offence alone is said. How much
there is to read is counted before any of it is built. Nothing here knows an order; a format of an account's own JSON
reads through it as well.
"""
