"""Database, secret and admin token in one file, and back.

`backup`      backup: writes the file while everything runs
`restore`     restore: fills an empty data folder and database, or leaves nothing
`file`        what the file is: a tar with a manifest and checksums
`postgresql`  pg_dump and pg_restore
"""
