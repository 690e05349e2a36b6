"""A page in a real browser: headless Chromium through playwright, and what is tested of every page."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest

HOSTILE = '<b>bold</b><img src=x onerror="window.sprung=1"></script><script>window.sprung=1</script>'
PHONE, DESK = (390, 844), (1280, 900)
PATIENCE = 120_000
"""Milliseconds that a page may take on a busy machine."""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CONTRASTS = """() => {
  const channels = (text) => text.match(/[0-9.]+/g).map(Number);
  const linear = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("details").forEach((each) => (each.open = true));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let seen = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest("script, option")) continue;
    const style = getComputedStyle(element);
    const ink = channels(element.closest("svg") ? style.fill : style.color);
    const [most, least] = [light(ink), light(behind(element))].sort((one, other) => other - one);
    seen += 1;
    if ((most + 0.05) / (least + 0.05) < 4.5) poor.push(`${text}: ${ink} on ${behind(element)}`);
  }
  return [seen, poor];
}"""
"""The number of visible texts, and those whose contrast with their background is below the 4.5 of WCAG."""


@contextmanager
def chromium():
    """A headless Chromium; skips the test where there is none."""
    programs = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no Chromium; install the package chromium to test pages in a browser")
    with programs.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()


class Opened:
    """A page with the messages of its console and its requests."""

    def __init__(self, browser, path, size=DESK, scheme="light"):
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        self.page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfailed", lambda request: self.said.append(request.url))
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
