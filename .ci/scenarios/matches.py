"""Matches from the search for an opponent to the rematch, by keyboard alone."""

import asyncio
import json

from stack import TARGET

from .players import LOBBY, OVER, PHONE, against_the_clock, arrive, choose, hands, invite, leave, match, play_to_the_end, score, sign_in


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
    assert await alice.text(".seat.them .name") == "Bob"
    await alice.until_text("#summary", "First to 3.")
    # Nobody has chosen, and no card looks as if somebody had.
    assert await hands(alice) == ["empty", "down"]
    await alice.press("1")
    await alice.until_text("#prompt", "You play Rock. Waiting for bob")
    assert await alice.value("document.querySelector('[data-play=rock]').ariaPressed") == "true"
    assert [await hands(alice), await hands(bob)] == [["✊", "down"], ["empty", "down"]]
    await bob.press("3")
    await alice.until_text("#summary", "Rock crushes scissors. You win the round.")
    await bob.until_text("#summary", "Rock crushes scissors. Alice wins the round.")
    # Both hands are shown, on both pages.
    assert [await hands(alice), await hands(bob)] == [["✊", "✌️"], ["✌️", "✊"]]
    assert [await score(alice), await score(bob)] == [[1, 0], [0, 1]]
    await play_to_the_end(alice, bob)
    await alice.until_text("#over-text", "You beat bob by 3 to 0.")
    said = await alice.value("said")
    assert any("Rock crushes scissors. You win the round. 1 to 0. Choose your hand." in words for words in said), said
    assert len(said) <= 12, f"too much is said: {said}"

    await bob.tab_to("#chat-text")
    await bob.type("well played <b>indeed</b>")
    await bob.press("Enter")
    await alice.until_text("#chat-log .theirs", "well played <b>indeed</b>")
    await bob.press("1")  # This is text now, and no hand.
    assert await bob.value("document.querySelector('#chat-text').value") == "1"
    await bob.value("document.querySelector('#chat-text').value = ''")

    await bob.activate("#rematch")
    await bob.until_text("#waiting-title", "Waiting for alice")
    await alice.until_text("#rematch-status", "bob wants a rematch.")
    await alice.activate("#rematch")
    for page, opponent in ((alice, "bob"), (bob, "alice")):
        await page.until_text(".round", "Round 1")
        # The button that was pressed is gone, and the focus is not.
        assert await page.value("document.activeElement.id") == "match-title"
        assert await page.value("document.title") == f"Match against {opponent} · Muster"
    await alice.activate("#leave")
    await alice.until("document.querySelector('#leave-dialog').open")
    await alice.press("Escape")
    await alice.until("!document.querySelector('#leave-dialog').open")
    await leave(alice)
    await bob.until_text("#over-text", "Alice has left the match.")
    # Nothing was played, and nobody needs luck any more.
    assert [await bob.text("#summary"), await hands(bob)] == ["", ["empty", "down"]]
    await alice.until_text("#over-title", "You left")
    await alice.activate("#done")
    await alice.until_text("#lobby-title", LOBBY)


@against_the_clock
async def both_want_a_rematch_at_once(browser, stack):
    ann, ben = await arrive(browser, stack, "ann"), await arrive(browser, stack, "ben")
    await match(ann, ben)
    await play_to_the_end(ann, ben)
    await asyncio.gather(ann.tab_to("#rematch"), ben.tab_to("#rematch"))
    await asyncio.gather(ann.press("Enter"), ben.press("Enter"))
    for page in (ann, ben):
        await page.until_text(".round", "Round 1")


@against_the_clock
async def what_is_played_too_late_does_not_count(browser, stack):
    """What leaves the page behind the end of its round is refused, in words, and counts for no other round."""
    slow = (
        "globalThis.WebSocket = class extends WebSocket { send(text) {"
        "setTimeout(() => super.send(text), text.includes('\"route\":\"play\"') ? 5500 : 0) } }"
    )
    ike = await browser.open("about:blank")
    await ike.call("Page.addScriptToEvaluateOnNewDocument", source=slow)
    await ike.go(stack.page)
    await sign_in(ike, "ike")
    jan = await arrive(browser, stack, "jan")
    await match(ike, jan)
    await ike.press("1")
    await jan.press("3")
    await jan.until_text("#summary", "Scissors against nothing. You win the round.")
    await ike.until_text("#notice", "Too late: that round was over.")
    await ike.until_text("#prompt", "Choose your hand.")
    await leave(jan)


@against_the_clock
async def tic_tac_toe_is_played_by_two(browser, stack):
    """Each has a mark of its own, plays in turn, and sees whose turn it is."""
    both = await arrive(browser, stack, "kai"), await arrive(browser, stack, "lou", width=PHONE[0], height=PHONE[1])
    await match(*both, mode="tic-tac-toe")
    # Seats are drawn.
    first, second = both if "Your turn" in await both[0].text("#prompt") else reversed(both)
    await first.until_text("#prompt", "Your turn: you are ✕.")
    await second.until_text("#prompt", "Waiting for")
    await second.press("1")  # It is not its turn.
    for page, other, cell in ((first, second, 1), (second, first, 5), (first, second, 2), (second, first, 9), (first, second, 3)):
        await page.until_text("#prompt", "Your turn")
        await page.press(str(cell))
        await other.until(f"document.querySelectorAll('.cell')[{cell - 1}].textContent !== ''")
    await first.until_text("#over-title", "You win!")
    await second.until_text("#over-title", "You lose")
    assert await second.value("[...document.querySelectorAll('.cell')].map((cell) => cell.textContent || '-').join('')") == "✕✕✕-◯---◯"
    assert await second.value("document.querySelectorAll('.cell.line').length") == 3
    await second.screenshot(TARGET / "tic-tac-toe-phone-light.png")


async def the_computer_plays_at_once(browser, stack):
    """From the lobby, and instead of a stranger who does not come; it answers in the same breath, and is there for a rematch, too."""
    max_ = await arrive(browser, stack, "max")
    await choose(max_, "tic-tac-toe")
    await max_.activate("#play-computer")
    await max_.until_text(".seat.them .name", "The computer")
    assert not await max_.value("document.querySelector('#chat').checkVisibility()"), "there is nobody to chat with"
    for _ in range(5):
        await max_.until(f"{OVER} || document.querySelector('.cell[aria-disabled=false]')")
        if await max_.value(OVER):
            break
        marks = await max_.value("document.querySelectorAll('.mine, .theirs').length")
        await max_.activate(".cell[aria-disabled=false]")
        await max_.until(f"{OVER} || document.querySelectorAll('.mine, .theirs').length === {marks + 2}")
    await max_.until(OVER)
    assert await max_.text("#over-title") != "You win!", "it is said never to lose"
    await max_.activate("#rematch")
    await max_.until("document.querySelectorAll('.mine, .theirs').length < 2")
    await leave(max_)
    await max_.activate("#done")

    await choose(max_, "rps")
    await max_.activate("#play-stranger")
    await max_.until_text("#pool-lead", "Nobody has come yet.")
    await max_.activate("#pool-computer")
    await max_.until_text(".round", "Round 1")
    await max_.press("1")
    await max_.until_text(".round", "Round 2")
    await leave(max_)


async def a_game_without_a_file_is_played(browser, stack):
    """The frame knows no game: one that the page has no file for is shown as what the server tells, and played in JSON."""
    renamed = (
        "globalThis.WebSocket = class extends WebSocket {"
        "send(text) { super.send(text.replaceAll('unheard-of', 'tic-tac-toe')) }"
        "set onmessage(hear) { super.onmessage = hear && (({ data }) => hear({ data: data.replaceAll('tic-tac-toe', 'unheard-of') })) } }"
    )
    nia = await browser.open("about:blank")
    await nia.call("Page.addScriptToEvaluateOnNewDocument", source=renamed)
    await nia.go(f"{stack.page}?mode=unheard-of")
    await sign_in(nia, "nia")
    await nia.activate("#play-computer")
    await nia.until_text("#prompt", "It is your turn.")
    free = await nia.value("JSON.parse(document.querySelector('.view').textContent).cells.indexOf(null)")
    await nia.tab_to("#action")
    await nia.type(str(free))
    await nia.press("Enter")
    await nia.until(f"JSON.parse(document.querySelector('.view').textContent).cells[{free}] !== null")
    assert not await nia.unnamed()
    await nia.tab_to("#action")
    await nia.press("Enter")
    await nia.until_text("#notice", "That cannot be done here.")
    await nia.screenshot(TARGET / "unheard-of-desktop-light.png")
    await leave(nia)


async def a_friend_comes_by_a_link(browser, stack):
    """A reload keeps the invitation; a third player is told that there is no room; so is one who has a wrong code."""
    carol = await arrive(browser, stack, "carol")
    code = await invite(carol)
    link = await carol.value("document.querySelector('#invite-link').value")
    assert link == f"{stack.page}#{code}", link
    await carol.call("Page.reload")
    await carol.until_text("#invite-code", code)

    dave = await browser.open(link)
    await dave.until_text("#name-lead", "You are invited to a match.")
    await sign_in(dave, "dave")
    for page in (carol, dave):
        await page.until_text(".round", "Round 1")

    erin = await arrive(browser, stack, "erin", f"#{code.lower()}", width=PHONE[0], height=PHONE[1])
    await erin.until_text("#notice", "That match has all its players already.")
    assert await erin.value("location.hash") == ""
    # A link that is opened in the same tab counts also beside the end of a match.
    await leave(carol)
    await carol.until_text("#over-title", "You left")
    await carol.value(f"location.hash = {json.dumps(await invite(erin))}")
    for page in (carol, erin):
        await page.until_text(".round", "Round 1")
    await leave(erin)
    await erin.activate("#done")
    await erin.tab_to("#code")
    await erin.type("zzzzzz")
    await erin.press("Enter")
    await erin.until_text("#notice", "There is no such match, or it is not yours.")
    await erin.screenshot(TARGET / "rejection-phone-light.png")
    # An invitation can be called off, and leads nowhere then.
    code = await invite(erin)
    await erin.activate("#call-off")
    await erin.until_text("#lobby-title", LOBBY)
    assert await erin.text("#notice-text") == ""
    await carol.activate("#done")
    await carol.tab_to("#code")
    await carol.type(code)
    await carol.press("Enter")
    await carol.until_text("#notice", "That match is over.")


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
    await lee.until_text("#lobby-title", LOBBY)
