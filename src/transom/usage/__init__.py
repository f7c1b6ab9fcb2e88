"""`Exchange` → `Usage` and `Cost`.

`tokens.count` takes the provider's own numbers and estimates only where there are none; `pricing.PriceBook` turns
them into money; `prices_update` makes the price file. What is unknown is None, never 0.
Must not import: litellm (a second and 190 MB for each process; its files are found without it), or tiktoken before
it is needed.
"""
