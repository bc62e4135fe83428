"""Forms for an account's terms: read off the models where those say it.

fields     what of account.yaml one input is about, and how it is written
read_off   the fields of a model
ways       how a kind of document leaves: the fields of each transport
places     where orders are picked up from
sections   which fields stand on which page
pages      the pages, and the terms as text
"""
