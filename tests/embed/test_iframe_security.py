"""What pages on other origins, and what is in the data, can do to the iframe: nothing."""

from playwright.async_api import Browser, Route, expect

from tests.embed.embedded import embedded
from tests.embed.keys import created, managed
from tests.embed.pages import Site, site
from tests.stack import Asker, Stack

# What a page can keep where other pages, or a later visit, would find it.
EVERYTHING_KEPT = """(page) => {
  const kept = [page.outerHTML, location.href, document.cookie];
  for (const name of ["localStorage", "sessionStorage"]) {
    try { kept.push(JSON.stringify({...window[name]})); } catch { /* closed to frames */ }
  }
  return kept.join();
}"""


async def test_a_hostile_page_gets_nothing(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    """With a good key: no frame, no session, no message."""
    with open_stack.client(managed(open_stack)) as client:
        key = created(Asker(client), allowed_origins=[partner_site.origin])["public_key"]
    async with site() as hostile:
        address = hostile.loads(open_stack, key)
        context = await browser.new_context()
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            await page.goto(address)
        (inner,) = page.frames[1:]
        assert not inner.url.startswith(open_stack.base_url)
        async with page.expect_event(
            "requestfailed", lambda request: "embed-sessions" in request.url
        ):
            await page.reload()
        answered = await page.evaluate(
            """async (url) => {
              for (const mode of ["cors", "no-cors"]) {
                try {
                  const answer = await fetch(url, {method: "POST", mode, body: "{}"});
                  if (answer.type !== "opaque") return "read";
                } catch { /* refused */ }
              }
              return "nothing";
            }""",
            f"{open_stack.base_url}/v1/prospecting/embed-sessions",
        )
        assert answered == "nothing"
        assert await page.evaluate("window.heard") == []
        assert any("frame-ancestors" in each for each in said)
        await context.close()


async def test_only_the_page_around_it_is_listened_to(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    """Another frame in the same page, and the page itself by another origin, say what they like."""
    async with site() as hostile, embedded(open_stack, browser, partner_site) as at:
        hostile.pages["/"] = """<script>
          parent.frames[0].postMessage({type: "stibnite:theme", theme: "dark"}, "*");
          parent.frames[0].postMessage({type: "stibnite:token", token: "stolen"}, "*");
          parent.postMessage({type: "stibnite:renew"}, "*");
          parent.postMessage("said", "*");
        </script>"""
        renewed: list[str] = []
        at.page.on("request", lambda request: renewed.append(request.url))
        await at.page.evaluate(
            """(url) => { const frame = document.createElement("iframe"); frame.src = url;
              document.body.append(frame); }""",
            hostile.origin,
        )
        await at.page.wait_for_function("window.heard.includes('said')")
        await at.search()
        await expect(at.frame.locator("html")).not_to_have_attribute("data-theme", "dark")
        assert not [each for each in renewed if "embed-sessions" in each]


async def test_a_token_that_is_refused_is_renewed_by_the_page(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    async with embedded(open_stack, browser, partner_site) as at:
        refused: list[str] = []

        async def expire(route: Route) -> None:
            sent = route.request.headers["authorization"]
            if not refused or sent in refused:
                refused.append(sent)
                sent = "Bearer expired"
            await route.continue_(headers={**route.request.headers, "authorization": sent})

        await at.page.route("**/graphql", expire)
        async with at.page.expect_request("**/embed-sessions"):
            await at.search()
        assert len(refused) == 1
        kept = await at.frame.locator("html").evaluate(EVERYTHING_KEPT)
        assert "app" in kept
        assert not [each for each in refused if each.removeprefix("Bearer ") in kept]


async def test_markup_in_names_is_text(
    open_stack: Stack, browser: Browser, partner_site: Site
) -> None:
    markup = "<img src=x onerror=\"document.title='run'\"><b>Jo</b>"
    async with embedded(open_stack, browser, partner_site) as at:

        async def marked(route: Route) -> None:
            answer = await route.fetch()
            body = await answer.json()
            for found in (body.get("data") or {}).values():
                for each in found.get("nodes", []):
                    each["firstName"] = each["jobTitle"] = each["company"]["name"] = markup
                for each in found.get("interpretation", {}).get("roles", []):
                    each["label"] = markup
            await route.fulfill(response=answer, json=body)

        await at.page.route("**/graphql", marked)
        await at.search()
        await expect(at.frame.locator(".person-title").first).to_have_text(markup)
        await expect(at.frame.locator(".chip-label").first).to_have_text(markup)
        assert await at.frame.locator("#app img, #app b").count() == 0
        assert await at.frame.locator("html").evaluate("() => document.title") == "Prospecting"
