"""How the page looks and reads, for everybody."""

import asyncio
import contextlib
import re

from stack import ROOT, TARGET

from .players import DESKTOP, LOBBY, PHONE, SIDEWAYS, against_the_clock, arrive, choose, invite, leave, play_to_the_end, sign_in


@against_the_clock
async def every_screen_can_be_looked_at(browser, stack):
    """On a phone and a desktop, in light and dark: nothing is cut off, every control has a name, and no list pretends to be something else."""
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
                assert await page.value("document.querySelectorAll(':is(ol, ul, li)[role]').length") == 0
                assert await page.value("[...document.querySelectorAll('h1')].filter((h) => h.checkVisibility()).length") == 1

            look = {"width": width, "height": height, "scheme": scheme}
            page = await browser.open(stack.page, **look)
            await picture(page, "name")
            await sign_in(page, f"Mia {size} {scheme}")
            await page.until_text("#lobby-title", LOBBY)
            await picture(page, "lobby")
            await invite(page)
            await picture(page, "invite")
            await page.activate("#call-off")
            await page.until_text("#lobby-title", LOBBY)
            await page.activate("#play-stranger")
            await page.until_text("#pool-title", "Looking for an opponent")
            await picture(page, "pool")

            other = await arrive(browser, stack, f"Nils {size} {scheme}", **look)
            await other.activate("#play-stranger")
            await page.until_text(".round", "Round 1")
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
            await page.until_text("#connection", "Offline")
            await picture(page, "lost")
            await page.offline(False)
            await page.until_text("#connection", "Connected")
            await page.activate("#done")
            await choose(page, "tic-tac-toe")
            await page.activate("#play-computer")
            await page.until_text("#prompt", "Your turn")
            await picture(page, "cells")
            await leave(page)


@against_the_clock
async def a_phone_on_its_side_shows_the_hands(browser, stack):
    """And the cells, and what is told, without scrolling."""
    width, height = SIDEWAYS
    pia = await arrive(browser, stack, "pia", width=width, height=height)
    for mode, what in {"rpsls": ".choice, .hand", "tic-tac-toe": ".cell"}.items():
        await choose(pia, mode)
        await pia.activate("#play-computer")
        await pia.until("document.querySelector('#board button[aria-disabled=false]')")
        await pia.screenshot(TARGET / f"{mode}-sideways-light.png")
        boxes = f"[...document.querySelectorAll('{what}, .seat, #clock, #prompt')].map((e) => e.getBoundingClientRect())"
        hidden = await pia.value(f"{boxes}.filter(({{ top, bottom, right }}) => top < 0 || bottom > {height} || right > {width}).length")
        assert hidden == 0, f"{mode}: {hidden} things cannot be seen"
        small = await pia.value(f"[...document.querySelectorAll('#board button')].filter((e) => e.offsetWidth < 44 || e.offsetHeight < 44).length")
        assert small == 0, f"{mode}: {small} things are too small for a thumb"
        await leave(pia)
        await pia.activate("#done")


async def nothing_moves_for_those_who_do_not_like_it(browser, stack):
    page = await browser.open(stack.page, motion="reduce")
    await sign_in(page, "oda")
    await page.activate("#play-stranger")
    await page.until_text("#pool-title", "Looking for an opponent")
    assert await page.value("document.getAnimations().length") == 0
    await page.activate("#pool-leave")
    await page.until_text("#lobby-title", LOBBY)


async def colours_can_be_read(browser, stack):
    """Every text's colour on every ground that it has: 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    pairs = [(ink, ground) for ink in ("ink", "quiet") for ground in ("ground", "card", "you-soft", "them-soft")]
    pairs += [("you", "you-soft"), ("them", "them-soft"), ("alarm", "alarm-soft"), ("you", "ground"), ("them", "ground"), ("on-accent", "accent"), ("ink", "card")]
    await check_colours(browser, stack.page, pairs)


async def check_colours(browser, url, pairs):
    """The contrast of each ink on its ground, both of which are names of a page's variables, in light and dark."""
    for scheme in ("light", "dark"):
        page = await browser.open(url, scheme=scheme)
        for ink, ground in pairs:
            values = [await page.value(COLOUR.replace("NAME", name)) for name in (ink, ground)]
            lighter, darker = sorted((luminance(value) for value in values), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"--{ink} on --{ground} in {scheme}: {(lighter + 0.05) / (darker + 0.05):.2f}"


# What a variable comes to, such as "rgb(1, 2, 3)".
COLOUR = "((s) => (s.color = 'var(--NAME)', getComputedStyle(document.body).color))(document.body.style)"


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)]
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
