"""Matches from the search for an opponent to the rematch, by keyboard alone."""

import asyncio
import json

from stack import TARGET

from .players import PHONE, against_the_clock, arrive, match, play_to_the_end, sign_in


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
    for page, opponent in ((alice, "bob"), (bob, "alice")):
        await page.until_text("#round", "Round 1")
        # The button that was pressed is gone, and the focus is not.
        assert await page.value("document.activeElement.id") == "match-title"
        assert await page.value("document.title") == f"Match against {opponent} · Muster"
    await alice.activate("#match-leave")
    await alice.until("document.querySelector('#leave-dialog').open")
    await alice.press("Escape")
    await alice.until("!document.querySelector('#leave-dialog').open")
    await alice.activate("#match-leave")
    await alice.activate("#leave-dialog [value=leave]")
    await bob.until_text("#over-text", "alice has left the match.")
    # Nothing was played, and nobody needs luck any more.
    assert [await bob.text("#summary"), await bob.text("#your-hand"), await bob.text("#their-hand-name")] == ["", "✊", ""]
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
    # A link that is opened in the same tab counts also beside the end of a match.
    await carol.activate("#match-leave")
    await carol.activate("#leave-dialog [value=leave]")
    await carol.until_text("#over-title", "You left")
    await erin.activate("#play-friend")
    await erin.until("document.querySelector('#invite-code').textContent.length === 6")
    await carol.value(f"location.hash = {json.dumps(await erin.text('#invite-code'))}")
    for page in (carol, erin):
        await page.until_text("#round", "Round 1")
    await erin.activate("#match-leave")
    await erin.activate("#leave-dialog [value=leave]")
    await erin.activate("#done")
    await erin.tab_to("#code")
    await erin.type("zzzzzz")
    await erin.press("Enter")
    await erin.until_text("#notice", "There is no such match or placement, or it is not yours.")
    await erin.screenshot(TARGET / "rejection-phone-light.png")


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
    # Whoever presses twice asks once.
    await lee.tab_to("#play-stranger")
    await lee.value("for (const time of [1, 2]) document.querySelector('#play-stranger').click()")
    await lee.until_text("#pool-title", "Looking for an opponent")
    await asyncio.sleep(0.5)
    assert await lee.text("#notice-text") == ""
    assert await lee.value("document.title") == "Looking for an opponent… · Muster"
    await lee.call("Page.reload")
    await lee.until_text("#pool-title", "Looking for an opponent")
    await lee.activate("#pool-leave")
    await lee.until_text("#lobby-title", "Who do you want to play?")
