"""`python -m transom`."""

from transom.cli import processes, stored, trying
from transom.cli.app import app

__all__ = ["app", "processes", "stored", "trying"]

if __name__ == "__main__":
    app()
