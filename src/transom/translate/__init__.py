"""Chat completions for providers that don't speak OpenAI's API: a process of its own, the translator.

Reads: OpenAI chat completions from the gateway, over a Unix socket. Produces: OpenAI's answers, streams and errors,
made of the provider's. litellm knows the providers' APIs; only this process imports it, since it takes seconds to load
and 170 MB to hold. The gateway imports `place` and `providers`, which are light.
Must not import: gateway, record, store.
"""
