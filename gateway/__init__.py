"""A document comes in, is kept, is read, is put into our terms, is judged, is answered, and the answers go out."""
