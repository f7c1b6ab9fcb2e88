"""The archive: expired traces as Parquet files, one folder an hour, whole and for ever.

`FOLDER/project=P/date=YYYY-MM-DD/hour=HH/part-<first trace's id>.parquet`, compressed with zstd. A row has the columns
of `trace` (times in Unix nanoseconds, the cost as the decimal `cost_usd`), and as JSON text its `input_messages`,
`output_messages`, `tools`, `remarks` and `feedback`. A file appears whole or not at all, and no trace is in two.
"""
