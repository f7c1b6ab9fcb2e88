"""The command line. Commands import what they need when they run: `transom gateway` loads no more than that."""
