"""Request in → relay → client.

Reads: HTTP from apps, control settings. Produces: the provider's bytes to the client, and a `Capture` in the spool.
Must not import: anything heavy (Presidio, tiktoken, SQLAlchemy, litellm), nor the store:
it serves while the store is away.
"""
