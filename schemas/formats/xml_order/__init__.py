"""What the codecs of XML orders share, whichever standard they read: what is kept aside and remembered of a document,
where its values stand, and how what was read is judged. A codec's own tables, names and loop stay with it."""
