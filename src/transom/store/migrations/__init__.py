"""The schema's history, forward only. Each file in versions/ brings it one step further."""
