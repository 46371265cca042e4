"""Chromium, for what is measured in a browser."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, or a word on what is not installed."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("playwright: not installed: left out") from None
    if path is None:
        raise SystemExit("Chromium: not installed: left out")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def within(times: list[float], part: float = 0.95) -> float:
    """The time that this part of them is within."""
    return sorted(times)[int(part * (len(times) - 1))]
