"""The commands, one file a subject: thin, and importing what they need only when they run, because start-up counts."""
