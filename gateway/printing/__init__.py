"""Documents on paper, made from canonical documents alone: logistic labels as PDF and ZPL, and the packing list.

Nothing here is looked up: what the paper says is what the account was sent, so that a label's SSCC is the document's.
"""
