import numpy as np
import pytest

from gradlens import kit


@pytest.fixture(autouse=True)
def elements(monkeypatch):
    """The elements' script, which only the built package has."""
    script = "globalThis.gradlensElements = {}"
    monkeypatch.setattr("gradlens.report.read_elements", lambda: script)
    kit.read_adapter.cache_clear()
    return script


@pytest.fixture
def rng():
    return np.random.default_rng(3)
