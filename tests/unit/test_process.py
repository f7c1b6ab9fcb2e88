"""What a process of ours logs, and what it never does."""

import json
import logging
import resource
import socket
import subprocess
import sys

import pytest

from transom.process import where


def run(program: str) -> list[dict[str, str]]:
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in child.stderr.splitlines()]


def test_events_are_json_lines_that_name_their_process():
    (line,) = run(
        "from transom.process import configure_logging; import structlog\n"
        "configure_logging('info', 'recorder')\n"
        "structlog.get_logger().debug('hidden'); structlog.get_logger().info('shown', records=3)"
    )
    assert (line["process"], line["event"], line["records"]) == ("recorder", "shown", 3)


def test_a_line_is_one_write_because_processes_share_their_stderr():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = (
        "from transom.process import configure_logging; import structlog, logging\n"
        "configure_logging('info', 'gateway')\n"
        "structlog.get_logger().info('short'); structlog.get_logger().info('long', text='x' * 20_000)\n"
        "logging.getLogger('library').error('broke')\n"
    )
    with ours, theirs:
        subprocess.run([sys.executable, "-c", program], stderr=theirs, check=True)
        writes = [ours.recv(2**16) for _ in range(3)]
    assert [json.loads(write)["event"] for write in writes] == ["short", "long", "broke"]
    assert all(write.endswith(b"\n") for write in writes)


def test_exceptions_are_told_by_type_and_place_only():
    ours, theirs, fixed = run(
        "from transom.process import configure_logging; import structlog, logging\n"
        "configure_logging('info', 'gateway')\n"
        "def fail(): raise ValueError('the customer is Ada')\n"
        "try: fail()\n"
        "except ValueError as error:\n"
        "    structlog.get_logger().error('failed', error=error)\n"
        "    logging.getLogger('library').error('broke on %s', 'Ada', exc_info=True)\n"
        "    logging.getLogger('library').error('broke: Ada')\n"
    )
    assert ours["error"] == "ValueError at <string>:3"
    assert theirs["event"] == "broke on %s"
    assert fixed["event"] == "broke"
    assert "Ada" not in json.dumps([ours, theirs, fixed])


def test_a_hardened_process_dumps_no_core():
    assert (
        run("from transom.process import harden; import resource; harden(); assert resource.getrlimit(4) == (0, 0)")
        == []
    )
    assert resource.RLIMIT_CORE == 4


def test_the_place_of_an_error_without_a_traceback_is_its_type():
    assert where(ValueError("secret")) == "ValueError"


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers


def test_an_uncaught_error_is_told_without_its_message():
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "from transom.process import configure_logging; configure_logging('info', 'worker')\n"
            "raise ValueError('the customer is Ada')",
        ],
        capture_output=True,
        text=True,
    )
    assert child.returncode == 1
    assert json.loads(child.stderr)["error"] == "ValueError at <string>:2"
