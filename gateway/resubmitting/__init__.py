"""A document that a person corrects: the original stays as it came, and a corrected copy is judged in its place.

document   its bytes as text that can be edited, and back to the letter
comparing  what a correction changes, what would come of it, and who else has to agree
correcting asking for it, agreeing to it, taking it back
"""
