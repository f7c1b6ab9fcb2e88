"""Spool writer, recorder and store in one process, over a file system, a clock and a database that fail under a seed.

After the way of FoundationDB ("Testing Distributed Systems w/ Deterministic Simulation", 2014) and TigerBeetle's VOPR.
`python -m tests.simulation --seed N` plays one seed again and tells what happened.
"""
