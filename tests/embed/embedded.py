"""A partner's page with the iframe in it, opened in the browser of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.embed.keys import created, managed
from tests.embed.pages import ARTEFACTS, Site
from tests.stack import Asker, Stack

QUESTION = "CEOs in Nevada"
DESKTOP = {"width": 1240, "height": 820}
PHONE = {"width": 390, "height": 844}


@dataclass
class Embedded:
    """A partner's page with the iframe in it."""

    stack: Stack
    asker: Asker
    key: dict[str, Any]
    page: Page
    frame: FrameLocator

    async def search(self, q: str = QUESTION) -> None:
        """Asks, and waits for people."""
        await self.frame.get_by_role("searchbox").fill(q)
        await self.frame.get_by_role("button", name="Search", exact=True).click()
        await expect(self.frame.locator(".person").first).to_be_visible()
        await self.settled()

    async def settled(self) -> None:
        """Waits until nothing is being asked."""
        await expect(self.frame.locator("#results")).to_have_attribute("aria-busy", "false")

    async def picture(self, name: str) -> None:
        """Keeps what is seen."""
        ARTEFACTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")


@asynccontextmanager
async def embedded(
    stack: Stack,
    browser: Browser,
    served: Site,
    *,
    viewport: dict[str, int] = DESKTOP,
    scheme: str = "light",
    data: dict[str, str] | None = None,
    **key: Any,
) -> AsyncIterator[Embedded]:
    """A new partner's page, opened."""
    with stack.client(managed(stack)) as client:
        asker = Asker(client)
        made = created(asker, allowed_origins=[served.origin], **key)
        address = served.loads(
            stack,
            made["public_key"],
            f"/{uuid4()}",
            height=f"{viewport['height']}px",
            **(data or {}),
        )
        context = await browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=scheme,  # type: ignore[arg-type]
            accept_downloads=True,
            reduced_motion="reduce",
        )
        try:
            page = await context.new_page()
            await page.goto(address)
            frame = page.frame_locator("iframe[title=Prospecting]")
            await expect(frame.locator("#wallet .wallet-text")).to_be_visible()
            yield Embedded(stack, asker, made, page, frame)
        finally:
            await context.close()


async def faults(page: Page) -> list[str]:
    """What axe-core finds in the iframe that is serious or worse."""
    (inner,) = [each for each in page.frames if "/embed/frame" in each.url]
    results = await Axe().run(inner)
    return [
        f"{each['id']}: {each['nodes'][0]['html']}"
        for each in results.response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
