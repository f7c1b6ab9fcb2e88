"""The composition: spool → assemble → count → redact → store, one outcome each. Read `recorder.py` first.

Reads: spool files. Produces: stored traces and feedback, in one transaction with the spool position.
Runs apart from the gateway, at low priority; no raw content leaves this process but to its redaction children.
"""
