"""The proof in a process of its own, as `transom.prove.apart` starts it.

Settings and secret come by standard input, as the redaction processes' do.
"""

from __future__ import annotations

import asyncio
import pickle
import sys

import structlog

from transom.config import ConfigError
from transom.process import configure_logging, end_with_parent, harden
from transom.prove.run import prove
from transom.prove.traffic import Unfinished


def main() -> int:
    """0 if the proof was made, whatever it found."""
    harden()
    end_with_parent()
    settings, secret = pickle.load(sys.stdin.buffer)  # noqa: S301 (it is from the process that started this one)
    configure_logging(settings.log_level, "proof")
    try:
        asyncio.run(prove(settings, secret))
    except (ConfigError, Unfinished) as error:
        structlog.get_logger().error("no proof could be made", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
