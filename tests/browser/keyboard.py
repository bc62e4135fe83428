"""Somebody who has a keyboard and no mouse."""

from __future__ import annotations

from playwright.sync_api import Page

_HAS_FOCUS = """() => {
  const one = document.activeElement, label = one.labels?.[0];
  return (label ? label.textContent : one.textContent).trim().replace(/\\s+/g, " ");
}"""
_FARTHEST = 150


def tab_to(page: Page, name: str) -> None:
    """Go on with the Tab key to what is called so, or begins so."""
    for _ in range(_FARTHEST):
        page.keyboard.press("Tab")
        if page.evaluate(_HAS_FOCUS).startswith(name):
            return
    raise AssertionError(f"the Tab key doesn't lead to {name}")


def type_into(page: Page, field: str, text: str) -> None:
    """Into a field, in place of what stands there; in a list of choices it is the one that begins so."""
    tab_to(page, field)
    page.keyboard.type(text)


def press(page: Page, button: str) -> None:
    """A button or link that leads to another page."""
    tab_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")
