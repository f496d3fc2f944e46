"""`--update` writes the golden files anew from what the backends say today."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--update", action="store_true", help="rewrite the contract's golden files")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are written instead of compared."""
    # pytest knows the option only if this folder is named on its command line.
    return bool(request.config.getoption("--update", default=False))
