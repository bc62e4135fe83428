"""Tables as people bring them: files of any spreadsheet program, read, judged against what stands, and written."""
