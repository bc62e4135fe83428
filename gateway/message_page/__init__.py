"""What people see of one message: its document in parts with every fault's place lit, what was read of it, its lines.

readable      the bytes as text, by the encoding that they declare
places        where in it a fault stands
read_again    the order as it was read, in canonical terms
lines         its lines in our terms, with their arithmetic, what was answered of each, and what is missing
relatives     the body that it came in, the orders of its body, what it repeats, what repeats it
moves         what somebody can do about it, and why not
sharing       the whole of it without what is nobody else's business

Nothing here shows a secret: documents come through `gateway.masking` first.
"""
