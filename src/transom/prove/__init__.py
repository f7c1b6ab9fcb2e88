"""The standing proof: synthetic personal data goes through the running system, and is then searched for everywhere."""
