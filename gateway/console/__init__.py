"""The console: pages for our people, and for an account's, in their browser. Server-rendered; works without scripts."""
