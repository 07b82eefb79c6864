"""How the page looks and reads, for everybody."""

import asyncio
import contextlib
import re

from stack import ROOT, TARGET

from .players import DESKTOP, PHONE, against_the_clock, arrive, play_to_the_end, sign_in


@against_the_clock
async def every_screen_can_be_looked_at(browser, stack):
    """On a phone and a desktop, in light and dark: nothing is cut off, and every control has a name."""
    for size, (width, height) in {"phone": PHONE, "desktop": DESKTOP}.items():
        for scheme in ("light", "dark"):

            async def picture(page, name):
                await asyncio.sleep(0.6)
                await page.screenshot(TARGET / f"{name}-{size}-{scheme}.png")
                if size == "phone":
                    # Who needs everything four times as large has 320 px left of 1280 (WCAG 2.2, 1.4.10).
                    await page.look(320, height, scheme)
                    await page.screenshot(TARGET / f"{name}-narrow-{scheme}.png")
                    await page.look(width, height, scheme)
                unnamed = await page.unnamed()
                assert not unnamed, f"{name}: controls without a name: {unnamed}"

            look = {"width": width, "height": height, "scheme": scheme}
            page = await browser.open(stack.page, **look)
            await picture(page, "name")
            await sign_in(page, f"Mia {size} {scheme}")
            await page.until_text("#lobby-title", "Who do you want to play?")
            await picture(page, "lobby")
            await page.activate("#play-friend")
            await page.until("document.querySelector('#invite-code').textContent.length === 6")
            await picture(page, "invite")
            await page.activate("#invite-leave")
            await page.until_text("#lobby-title", "Who do you want to play?")
            await page.activate("#play-stranger")
            await page.until_text("#pool-title", "Looking for an opponent")
            await picture(page, "pool")

            other = await arrive(browser, stack, f"Nils {size} {scheme}", **look)
            await other.activate("#play-stranger")
            await page.until_text("#round", "Round 1")
            await picture(page, "choose")
            await page.press("5")
            await page.until_text("#prompt", "You play Spock.")
            await picture(page, "chosen")
            await other.press("2")
            await page.until_text("#summary", "Paper disproves Spock")
            await picture(page, "reveal")
            await other.tab_to("#chat-text")
            await other.type("Live long and prosper")
            await other.press("Enter")
            await other.press("Tab")  # Out of the text, in which a digit would be one.
            await play_to_the_end(page, other)
            await picture(page, "over")
            await page.offline(True)
            stack.close_sockets(f"Mia {size} {scheme}")
            await page.until_text("#connection", "Reconnecting")
            await picture(page, "lost")
            await page.offline(False)


async def nothing_moves_for_those_who_do_not_like_it(browser, stack):
    page = await browser.open(stack.page, motion="reduce")
    await sign_in(page, "oda")
    await page.activate("#play-stranger")
    await page.until_text("#pool-title", "Looking for an opponent")
    assert await page.value("document.getAnimations().length") == 0
    await page.activate("#pool-leave")
    await page.until_text("#lobby-title", "Who do you want to play?")


async def colours_can_be_read(browser, stack):
    """Every text's colour on every ground that it has: 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    pairs = [(ink, ground) for ink in ("ink", "quiet") for ground in ("ground", "card", "you-soft", "them-soft")]
    pairs += [("you", "you-soft"), ("them", "them-soft"), ("alarm", "alarm-soft"), ("you", "ground"), ("them", "ground"), ("on-accent", "accent"), ("ink", "card")]
    for scheme in ("light", "dark"):
        page = await browser.open(stack.page, scheme=scheme)
        for ink, ground in pairs:
            values = [await page.value(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')") for name in (ink, ground)]
            lighter, darker = sorted((luminance(value) for value in values), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"--{ink} on --{ground} in {scheme}: {(lighter + 0.05) / (darker + 0.05):.2f}"


def luminance(colour):
    parts = [int(colour.strip()[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def nothing_is_ever_parsed_as_html(browser, stack):
    """The page's own policy forbids it, so that a slip cannot become a hole; and what it forbids counts as an error here."""
    page = await browser.open(stack.page)
    attempt = "(() => { try { document.body.innerHTML = '<b>bold</b>'; return 'done' } catch { return 'refused' } })()"
    assert await page.value(attempt) == "refused"
    script = "(() => { const s = document.createElement('script'); s.src = 'https://example.com/x.js'; document.body.append(s); return s.src })()"
    with contextlib.suppress(AssertionError):
        await page.value(script)
    await asyncio.sleep(0.5)
    assert page.problems, "a breach of the policy is not noticed"
    page.problems.clear()


async def every_code_has_its_words(browser, stack):
    """A code that the protocol gains must gain its sentence on the page."""
    rejection = (ROOT / "shared/protocol/src/rejection.rs").read_text()
    variants = re.findall(r"^    ([A-Z]\w+),$", rejection.split("pub enum Code {")[1].split("\n}")[0], re.M)
    codes = {re.sub(r"(?<!^)(?=[A-Z])", "_", variant).lower() for variant in variants} - {"unknown"}
    known = set(re.findall(r"^  (\w+): \"", (ROOT / "web/play/words.js").read_text(), re.M))
    assert len(codes) > 10 and codes <= known, f"web/play/words.js has no words for {codes - known}"
