"""Every state that people meet: by keyboard, by screen reader, by colour scheme and device."""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.delivery.receivers import Receiver
from tests.embed.embedded import DESKTOP, PHONE, QUESTION, embedded, faults
from tests.embed.pages import Site
from tests.stack import Stack


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_serious_accessibility_fault_and_pictures(
    open_stack: Stack, browser: Browser, partner_site: Site, receiver: Receiver, scheme: str
) -> None:
    """Each state that people meet, by the computer's scheme and, on the phone, by the partner's."""
    for device, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        partners = scheme if device == "phone" else "auto"
        async with embedded(
            open_stack,
            browser,
            partner_site,
            viewport=viewport,
            scheme=scheme if device == "desktop" else "light",
            data={"theme": partners},
            result_delivery_url=f"http://127.0.0.1:{receiver.port}/prospects",
            result_delivery_cta="Add to Northwind",
            csv_export_enabled=True,
            credit_enforcement_mode="enforced",
            limits={"monthly_credit_units": 100},
        ) as at:
            found = await faults(at.page)
            await at.picture(f"start-{device}-{scheme}")
            await at.search("CMOs of SaaS companies with 50+ employees")
            people = at.frame.locator(".person").get_by_role("checkbox")
            await people.nth(1).check()
            await at.frame.locator("[data-action=push_endpoint]").click()
            found += await faults(at.page)
            await at.picture(f"confirm-{device}-{scheme}")
            await at.frame.locator("#confirm-go").click()
            await expect(at.frame.locator(".toast")).to_be_visible()
            await at.frame.get_by_role("button", name="Dismiss").click()
            for index in (0, 2):
                await people.nth(index).check()
            found += await faults(at.page)
            await at.picture(f"results-{device}-{scheme}")
            assert found == []
            wide = "document.documentElement.scrollWidth - innerWidth"
            assert await at.frame.locator("body").evaluate(f"() => {wide}") <= 0


async def test_what_refuses_is_said_before_it_is_tried(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    async with embedded(
        open_stack,
        browser,
        partner_site,
        csv_export_enabled=True,
        credit_enforcement_mode="enforced",
        limits={"monthly_credit_units": 0},
    ) as at:
        notice = at.frame.locator(".notice")
        await expect(notice).to_contain_text("This month's credits are used up")
        await at.search()
        await at.frame.locator(".person").get_by_role("checkbox").first.check()
        await expect(at.frame.locator("[data-action=csv_export]")).to_be_disabled()
        assert await faults(at.page) == []
        listed = at.asker.rest("/v1/partner-customers").json()["data"]
        (customer,) = [each["partner_customer_id"] for each in listed]
        path = f"/v1/partner-customers/{customer}"
        assert at.asker.http.patch(path, json={"status": "suspended"}).status_code == 200
        await at.page.reload()
        await expect(notice).to_contain_text("paused")
        await expect(at.frame.get_by_role("button", name="Search", exact=True)).to_be_disabled()
        assert await faults(at.page) == []


async def test_failures_say_what_to_do(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    async with embedded(open_stack, browser, partner_site) as at:
        seen = asyncio.Event()

        async def lost(route: Route) -> None:
            await seen.wait()
            await route.abort()

        await at.page.route("**/graphql", lost)
        await at.frame.get_by_role("searchbox").fill(QUESTION)
        await at.page.keyboard.press("Enter")
        await expect(at.frame.locator("#results .bone").first).to_be_visible()
        seen.set()
        again = at.frame.get_by_role("button", name="Try again")
        await expect(again).to_be_visible(timeout=10_000)
        assert await faults(at.page) == []
        await at.page.unroute("**/graphql")
        await again.click()
        await expect(at.frame.locator(".person").first).to_be_visible()
        await at.frame.get_by_role("searchbox").fill("CEOs named Xyzzyq in Wyoming of law firms")
        await at.page.keyboard.press("Enter")
        await expect(at.frame.locator(".blank h2")).to_be_visible()


async def test_by_keyboard_alone(open_stack: Stack, browser: Browser, partner_site: Site) -> None:
    async with embedded(open_stack, browser, partner_site, csv_export_enabled=True) as at:
        await at.frame.get_by_role("searchbox").focus()
        await at.page.keyboard.type(QUESTION)
        await at.page.keyboard.press("Enter")
        person = at.frame.locator(".person").get_by_role("checkbox").first
        await expect(person).to_be_visible()
        await at.settled()
        reached = False
        for _ in range(60):
            await at.page.keyboard.press("Tab")
            if await person.evaluate("each => each === document.activeElement"):
                reached = True
                break
        assert reached
        await at.page.keyboard.press("Space")
        await expect(person).to_be_checked()
        await expect(person).to_be_focused()
        export = at.frame.locator("[data-action=csv_export]")
        await export.focus()
        await at.page.keyboard.press("Enter")
        dialog = at.frame.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        await at.page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(export).to_be_focused()
