"""Exchange → RedactedExchange: the only way from raw content to what may be stored.

`pool` is what the recorder uses; `child` is the process that does the work; `redactor` is the work.
"""
