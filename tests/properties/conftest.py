import pytest

from tests.properties import counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if counts:
        each = ", ".join(f"{topic} {count:,}" for topic, count in sorted(counts.items()))
        terminalreporter.write_line(f"{counts.total():,} generated cases: {each}")
