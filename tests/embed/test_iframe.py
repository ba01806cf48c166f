"""The iframe in a real browser, in a page on another origin: as a partner's customer uses it."""

import csv
import io
import json

from playwright.async_api import Browser, expect

from tests.delivery.receivers import Receiver
from tests.embed.embedded import embedded
from tests.embed.pages import Site
from tests.stack import Stack

COLUMNS = [
    "prospect_id",
    "person_id",
    "first_name",
    "last_name",
    "job_title",
    "business_email",
    "mobile_phone",
    "linkedin_url",
    "company_name",
    "company_domain",
    "company_phone",
    "company_linkedin_url",
    "company_revenue",
    "company_employee_count",
    "company_industry",
    "company_sic",
    "company_naics",
    "company_city",
    "company_state",
]


async def test_a_person_searches_refines_selects_pushes_and_exports(
    open_stack: Stack, browser: Browser, partner_site: Site, receiver: Receiver
) -> None:
    async with embedded(
        open_stack,
        browser,
        partner_site,
        data={"user_id": "user 9"},
        result_delivery_url=f"http://127.0.0.1:{receiver.port}/prospects",
        result_delivery_cta="Add to Northwind",
        csv_export_enabled=True,
    ) as at:
        await at.search()
        chips = at.frame.locator(".chip-label")
        await expect(chips).to_contain_text(["CEO", "Nevada"])
        await expect(at.frame.get_by_role("group", name="Industry")).to_be_visible()
        total = at.frame.locator(".total strong")
        before = int((await total.inner_text()).replace(",", ""))
        option = at.frame.get_by_role("group", name="Company size").get_by_role("checkbox").first
        await option.check()
        await expect(total).not_to_have_text(f"{before:,}")
        await at.settled()
        assert 0 < int((await total.inner_text()).replace(",", "")) < before
        await expect(option).to_be_checked()
        await expect(option).to_be_focused()

        masked = await at.frame.locator(".person-name").all_inner_texts()
        assert all(each.endswith(".") or " " not in each for each in masked)
        await expect(at.frame.locator(".contact.owned")).to_have_count(0)
        before_the_purchase = await at.frame.locator("html").evaluate("each => each.outerHTML")
        people = at.frame.locator(".person").get_by_role("checkbox")
        for index in range(2):
            await people.nth(index).check()
        await expect(at.frame.locator(".chosen-count strong")).to_have_text("2")
        await at.frame.get_by_role("button", name="Add to Northwind").click()
        dialog = at.frame.get_by_role("dialog")
        await expect(dialog.get_by_text("2 credits")).to_be_visible()
        await dialog.get_by_role("button", name="Add to Northwind").click()
        await expect(at.frame.locator(".toast")).to_contain_text("2 people delivered. 2 credits")
        await expect(at.frame.locator(".owned-mark")).to_have_count(2)

        (request,) = receiver.requests
        assert request.headers["user-agent"] == "stibnite-prospecting/1.0"
        body = json.loads(request.body)
        assert body["partner_user_id"] == "user 9"
        pushed = body["data"]
        assert [each["reveal_state"] for each in pushed] == ["purchased", "purchased"]
        for record in pushed:
            for sold in ("business_email", "mobile_phone", "linkedin_url", "person_id"):
                assert record.get(sold) is None or record[sold] not in before_the_purchase
        shown = await at.frame.locator(".person:has(.owned-mark) .person-name").all_inner_texts()
        assert {each.split("\n")[0].strip() for each in shown} == {
            f"{each['first_name']} {each['last_name']}" for each in pushed
        }

        for index in range(3):
            await people.nth(index).check()
        await at.frame.get_by_role("button", name="Export CSV").click()
        await expect(dialog.get_by_text("2, free")).to_be_visible()
        async with at.page.expect_download() as download:
            await dialog.get_by_role("button", name="Export CSV").click()
        file = await (await download.value).path()
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        assert list(rows[0]) == COLUMNS
        assert len(rows) == 3
        assert {each["person_id"] for each in pushed} < {each["person_id"] for each in rows}
        await expect(at.frame.locator(".toast")).to_contain_text("1 credit used, 2 yours already")
        await expect(at.frame.locator("#wallet")).to_contain_text("3 used this month")
        assert await at.page.evaluate("window.heard") == []


async def test_a_part_of_what_was_understood_is_taken_away(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    async with embedded(open_stack, browser, partner_site) as at:
        await at.search()
        total = at.frame.locator(".total strong")
        before = int((await total.inner_text()).replace(",", ""))
        await at.frame.get_by_role("button", name="Remove Place: Nevada").click()
        await expect(at.frame.get_by_role("button", name="Remove Place: Nevada")).to_have_count(0)
        await at.settled()
        assert int((await total.inner_text()).replace(",", "")) > before


async def test_pages_and_all_results(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    async with embedded(open_stack, browser, partner_site, csv_export_enabled=True) as at:
        await at.search("CEOs")
        first = await at.frame.locator(".person-name").all_inner_texts()
        await at.frame.get_by_role("checkbox", name="Select page").check()
        await at.frame.get_by_role("button", name="Select all").click()
        total = await at.frame.locator(".total strong").inner_text()
        await expect(at.frame.locator(".chosen-count strong")).to_have_text(total)
        await at.frame.get_by_role("button", name="Clear", exact=True).click()
        await at.frame.get_by_role("button", name="Next").click()
        await expect(at.frame.locator(".page-number")).to_have_text("Page 2")
        assert await at.frame.locator(".person-name").all_inner_texts() != first
        await at.frame.get_by_role("button", name="Previous").click()
        await expect(at.frame.locator(".page-number")).to_have_text("Page 1")
        assert await at.frame.locator(".person-name").all_inner_texts() == first
