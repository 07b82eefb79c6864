"""Plays on the page in a headless Chromium, against a whole stack: `.ci/run` calls this as its stage `browser`.

Players use the keyboard alone. Pictures of every screen are left in target/browser/, on a phone and on a desktop, in light and in dark.
"""

import asyncio
import contextlib
import json
import re
import sys
import time
import traceback

from chromium import Chromium
from stack import ROOT, TARGET, Stack

PHONE, DESKTOP = (360, 740), (1280, 800)


async def arrive(browser, stack, name, path="", **look):
    """A new player, in the lobby."""
    page = await browser.open(stack.page + path, **look)
    await sign_in(page, name)
    return page


async def sign_in(page, name):
    await page.until("document.activeElement.id === 'name'")
    await page.value("document.activeElement.select()")
    await page.type(name)
    await page.press("Enter")
    await page.until_text("#connection", "Connected")


async def match(*players):
    """Both look for a stranger, and find each other."""
    for page in players:
        await page.until_text("#lobby-title", "Who do you want to play?")
        await page.activate("#play-stranger")
    for page in players:
        await page.until_text("#round", "Round 1")


def against_the_clock(scenario):
    """A round lasts five seconds. A machine that is busy with something else may not keep up, and then it is tried again."""
    scenario.attempts = 3
    return scenario


async def fresh_round(page):
    """Waits until there is time enough in the round that is open."""
    await page.until("Number(document.querySelector('#clock-text').textContent) >= 4")


async def playing(page):
    return await page.value("document.querySelector('#playing').checkVisibility()")


async def play_to_the_end(winner, loser):
    """One plays rock in every round and the other scissors."""
    for _ in range(10):
        number = await winner.text("#round")
        await winner.press("1")
        await loser.press("3")
        await winner.until(f"document.querySelector('#round').textContent !== {json.dumps(number)}")
        if number != "Over" and await winner.text("#round") == "Over":
            break
    await winner.until_text("#over-title", "You win!")
    await loser.until_text("#over-title", "You lose")


async def the_client_library(browser, stack):
    """The library's own tests, in the engine that runs it."""
    page = await browser.open(f"{stack.page}tests/")
    await page.until("globalThis.finished", patience=60)
    results = await page.value("globalThis.finished")
    failed = [f"{result['name']}: {result['problem']}" for result in results if result["problem"]]
    assert not failed, "\n".join(failed)
    assert len(results) > 30, f"only {len(results)} tests were found"


@against_the_clock
async def two_strangers_play_to_the_end(browser, stack):
    """By keyboard alone, with a rematch and a chat."""
    alice, bob = await arrive(browser, stack, "alice"), await arrive(browser, stack, "bob")
    # What is said to those who do not see the page.
    for page in (alice, bob):
        await page.value(
            "globalThis.said = []; new MutationObserver(() => announcer.textContent && said.push(announcer.textContent))"
            ".observe(announcer, { childList: true })"
        )
    await match(alice, bob)
    assert await alice.text("#their-name") == "bob"
    await alice.press("1")
    await alice.until_text("#prompt", "You play Rock. Waiting")
    assert await alice.value("document.querySelector('[data-play=rock]').ariaPressed") == "true"
    await bob.press("3")
    await alice.until_text("#summary", "Rock crushes scissors. You win the round.")
    await bob.until_text("#summary", "Rock crushes scissors. alice wins the round.")
    # Both hands are shown, on both pages.
    assert [await alice.text("#your-hand"), await alice.text("#their-hand")] == ["✊", "✌️"]
    assert [await bob.text("#your-hand"), await bob.text("#their-hand")] == ["✌️", "✊"]
    assert [await alice.text("#your-score"), await alice.text("#their-score")] == ["1", "0"]
    await play_to_the_end(alice, bob)
    await alice.until_text("#over-text", "You beat bob by 3 to 0.")
    said = await alice.value("said")
    assert any("Rock crushes scissors. You win the round. 1 to 0. Round 2." in words for words in said), said
    assert len(said) <= 12, f"too much is said: {said}"

    await bob.tab_to("#chat-text")
    await bob.type("well played <b>indeed</b>")
    await bob.press("Enter")
    await alice.until_text("#chat-log li.theirs", "well played <b>indeed</b>")
    await bob.press("1")  # This is text now, and no hand.
    assert await bob.value("document.querySelector('#chat-text').value") == "1"
    await bob.value("document.querySelector('#chat-text').value = ''")

    await bob.activate("#rematch")
    await bob.until_text("#rematch-status", "Waiting for alice")
    await alice.until_text("#rematch-status", "bob wants a rematch.")
    await alice.activate("#rematch")
    for page in (alice, bob):
        await page.until_text("#round", "Round 1")
    await alice.activate("#match-leave")
    await alice.until("document.querySelector('#leave-dialog').open")
    await alice.press("Escape")
    await alice.until("!document.querySelector('#leave-dialog').open")
    await alice.activate("#match-leave")
    await alice.activate("#leave-dialog [value=leave]")
    await bob.until_text("#over-text", "alice has left the match.")
    await alice.until_text("#over-title", "You left")
    await alice.activate("#done")
    await alice.until_text("#lobby-title", "Who do you want to play?")


@against_the_clock
async def both_want_a_rematch_at_once(browser, stack):
    ann, ben = await arrive(browser, stack, "ann"), await arrive(browser, stack, "ben")
    await match(ann, ben)
    await play_to_the_end(ann, ben)
    await asyncio.gather(ann.tab_to("#rematch"), ben.tab_to("#rematch"))
    await asyncio.gather(ann.press("Enter"), ben.press("Enter"))
    for page in (ann, ben):
        await page.until_text("#round", "Round 1")


async def a_friend_comes_by_a_link(browser, stack):
    """A reload keeps the invitation; a third player is told that there is no room; so is one who has a wrong code."""
    carol = await arrive(browser, stack, "carol")
    await carol.activate("#play-friend")
    await carol.until("document.querySelector('#invite-code').textContent.length === 6")
    code = await carol.text("#invite-code")
    link = await carol.value("document.querySelector('#invite-link').value")
    assert link == f"{stack.page}#{code}", link
    await carol.call("Page.reload")
    await carol.until_text("#invite-code", code)

    dave = await browser.open(link)
    await dave.until_text("#name-lead", f"You are invited to the match {code}.")
    await sign_in(dave, "dave")
    for page in (carol, dave):
        await page.until_text("#round", "Round 1")

    erin = await arrive(browser, stack, "erin", f"#{code.lower()}", width=PHONE[0], height=PHONE[1])
    await erin.until_text("#notice", "That match has its two players already.")
    assert await erin.value("location.hash") == ""
    await erin.tab_to("#code")
    await erin.type("zzzzzz")
    await erin.press("Enter")
    await erin.until_text("#notice", "There is no such match or placement, or it is not yours.")
    await erin.screenshot(TARGET / "rejection-phone-light.png")


@against_the_clock
async def who_loses_the_network_comes_back(browser, stack):
    """Once by a socket that the server closes, once by a network that is gone, and once by a reload, each in the middle of a round."""
    fay, gus = await arrive(browser, stack, "fay"), await arrive(browser, stack, "gus")
    await match(fay, gus)
    stack.close_sockets("fay")
    await fay.until("document.querySelector('#connection').dataset.state !== 'online'")
    await fay.until_text("#connection", "Connected")
    await fresh_round(fay)
    await fay.press("1")
    await gus.press("3")
    await fay.until_text("#summary", "Rock crushes scissors. You win the round.")

    # What was played before a reload is known after it.
    await fresh_round(fay)
    await fay.press("2")
    await fay.until_text("#prompt", "You play Paper.")
    await fay.call("Page.reload")
    await fay.until_text("#prompt", "You play Paper. Waiting")
    await gus.press("1")
    await fay.until_text("#summary", "Paper covers rock. You win the round.")

    await fay.offline(True)
    await fay.press("1")
    await gus.press("2")
    await fay.until("document.querySelector('#connection').dataset.state !== 'online'", patience=30)
    await fay.offline(False)
    await fay.until_text("#connection", "Connected", patience=30)
    # The rounds went on without fay: whatever the score is, both see the same match again.
    await fay.until("document.querySelector('#summary').textContent !== 'Paper covers rock. You win the round.'", patience=30)
    for _ in range(12):
        if not await playing(fay):
            break
        await fay.press("1")
        await gus.press("3")
        await asyncio.sleep(0.5)
    await fay.until("document.querySelector('#over').checkVisibility()", patience=30)
    await gus.until("document.querySelector('#over').checkVisibility()", patience=30)
    assert await fay.text("#your-score") == await gus.text("#their-score")


async def an_end_that_was_missed_is_shown(browser, stack):
    hal, ida = await arrive(browser, stack, "hal"), await arrive(browser, stack, "ida")
    await match(hal, ida)
    await hal.offline(True)
    stack.close_sockets("hal")
    await ida.activate("#match-leave")
    await ida.activate("#leave-dialog [value=leave]")
    await ida.until_text("#over-title", "You left")
    await asyncio.sleep(1)
    await hal.offline(False)
    await hal.until_text("#over-text", "ida has left the match.", patience=40)


async def a_game_server_is_found_or_given_up(browser, stack):
    kim = await arrive(browser, stack, "kim")
    await kim.activate("#server summary")
    stack.serve("never")
    await kim.activate("#server-request")
    await kim.until_text("#server-waiting", "Looking for a game server")
    await kim.until("document.querySelector('#server-cancel').ariaDisabled === 'false'")
    # While waiting for one thing a player cannot wait for another, and is told so in words.
    await kim.activate("#play-stranger")
    await kim.until_text("#notice", "You are in something else already.")
    await kim.call("Page.reload")
    await kim.until_text("#server-waiting", "Looking for a game server")
    await kim.activate("#server-cancel")
    await kim.until_text("#server-status", "You no longer wait for a game server.", patience=30)
    stack.serve("fulfil")
    await kim.activate("#server-request")
    await kim.until_text("#server-found", "127.0.0.1:")
    await kim.until_text("#server-session", "psess-")
    await kim.screenshot(TARGET / "game-server-desktop-light.png")


async def looking_is_given_up(browser, stack):
    lee = await arrive(browser, stack, "lee")
    await lee.activate("#play-stranger")
    await lee.until_text("#pool-title", "Looking for an opponent")
    await lee.call("Page.reload")
    await lee.until_text("#pool-title", "Looking for an opponent")
    await lee.activate("#pool-leave")
    await lee.until_text("#lobby-title", "Who do you want to play?")


@against_the_clock
async def every_screen_can_be_looked_at(browser, stack):
    """On a phone and a desktop, in light and dark: nothing is cut off, and every control has a name."""
    for size, (width, height) in {"phone": PHONE, "desktop": DESKTOP}.items():
        for scheme in ("light", "dark"):

            async def picture(page, name):
                await asyncio.sleep(0.6)
                await page.screenshot(TARGET / f"{name}-{size}-{scheme}.png")
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


async def the_text_page_names_this_one(browser, stack):
    assert stack.page in stack.get("/")


SCENARIOS = [
    the_client_library,
    the_text_page_names_this_one,
    every_code_has_its_words,
    nothing_is_ever_parsed_as_html,
    colours_can_be_read,
    two_strangers_play_to_the_end,
    both_want_a_rematch_at_once,
    a_friend_comes_by_a_link,
    who_loses_the_network_comes_back,
    an_end_that_was_missed_is_shown,
    a_game_server_is_found_or_given_up,
    looking_is_given_up,
    nothing_moves_for_those_who_do_not_like_it,
    every_screen_can_be_looked_at,
]


async def main(wanted):
    failed = 0
    with Stack() as stack:
        for scenario in SCENARIOS:
            if wanted and scenario.__name__ not in wanted:
                continue
            failed += not await attempt(scenario, stack)
    return failed


async def attempt(scenario, stack):
    """Runs a scenario, if need be more than once; whether it was well in the end."""
    for left in reversed(range(getattr(scenario, "attempts", 1))):
        begun = time.monotonic()
        # A browser each, so that no player of one scenario meets those of another.
        async with Chromium() as browser:
            try:
                await scenario(browser, stack)
                problems = [problem for page in browser.pages.values() for problem in page.problems]
                assert not problems, f"errors on the page: {problems}"
                outcome = "ok"
            except Exception:
                outcome = f"{'not yet' if left else 'FAILED'}\n{traceback.format_exc()}"
        print(f"{scenario.__name__.replace('_', ' ')} … {outcome} ({time.monotonic() - begun:.1f} s)", flush=True)
        if outcome == "ok":
            return True
        if left:
            # Until the match of two players who are gone is over, and they can begin another.
            await asyncio.sleep(15)
    return False


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])) > 0)
