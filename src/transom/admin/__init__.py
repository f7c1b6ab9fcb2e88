"""The pages and the REST over the store, on a port of their own. Nothing here can name a raw exchange."""
