"""Connections that are lost or replaced, and pages that are loaded anew, in the middle of something."""

import asyncio

from stack import TARGET

from .players import LOBBY, OVER, against_the_clock, arrive, fresh_round, invite, leave, lose_the_network, match, play_round, playing, score, sign_in


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
    await asyncio.sleep(0.3)
    await fay.call("Page.reload")
    await fay.until_text("#prompt", "You play Paper. Waiting")
    assert await fay.text("#chat-log") == "You play against gus."
    await gus.press("1")
    await fay.until_text("#summary", "Paper covers rock. You win the round.")

    # What is played without a network is sent once there is one: in time, or it is said that it was too late.
    await fresh_round(fay)
    await lose_the_network(fay)
    await fay.press("1")
    await fay.until_text("#prompt", "You play Rock. It is sent as soon as there is a connection.")
    await gus.press("2")
    await gus.until_text("#summary", "Paper against nothing. You win the round.")
    await fay.offline(False)
    await fay.until_text("#connection", "Connected", patience=30)
    await fay.until_text("#summary", "Your time was up. Paper against nothing. Gus wins the round. 2 to 1.")
    await fay.until_text("#notice", "Too late: that round was over.")
    # Both see the same match again.
    for _ in range(12):
        if not await playing(fay):
            break
        await fay.press("1")
        await gus.press("3")
        await asyncio.sleep(0.5)
    for page in (fay, gus):
        await page.until(OVER, patience=30)
    assert await score(fay) == (await score(gus))[::-1]


@against_the_clock
async def who_is_away_is_seen_to_be(browser, stack):
    """By the other, at once, and until a sign of life."""
    ivy, joe = await arrive(browser, stack, "ivy"), await arrive(browser, stack, "joe")
    await match(ivy, joe, mode="tic-tac-toe")
    await lose_the_network(joe)
    await ivy.until_text(".seat.them", "away")
    await ivy.screenshot(TARGET / "away-desktop-light.png")
    await joe.offline(False)
    await joe.until_text("#connection", "Connected", patience=30)
    await ivy.until("!document.querySelector('.seat.them').textContent.includes('away')")
    # That somebody came or went makes nothing stale that is played meanwhile.
    first, second = (ivy, joe) if "Your turn" in await ivy.text("#prompt") else (joe, ivy)
    await first.press("5")
    await second.until_text("#prompt", "Your turn")
    await leave(ivy)


@against_the_clock
async def an_end_that_was_missed_is_shown(browser, stack):
    """One loses the network in the last round, and the other wins meanwhile; and once more over a reload, which forgets what was shown."""
    hal, ida = await arrive(browser, stack, "hal"), await arrive(browser, stack, "ida")
    await match(hal, ida)
    for number in (1, 2):
        await play_round(number, ida, hal)
    await hal.until_text(".round", "Round 3")
    await lose_the_network(hal)
    await ida.press("1")
    await ida.until_text("#over-title", "You win!")
    assert await playing(hal), "the end is told to nobody who is away"
    await hal.offline(False)
    await hal.until_text("#over-text", "Ida wins by 3 to 0.", patience=40)
    assert await hal.value("document.activeElement.id") == "over-title"

    for page in (hal, ida):
        await page.activate("#done")
    await match(hal, ida)
    await lose_the_network(hal)
    await leave(ida)
    await ida.until_text("#over-title", "You left")
    await hal.offline(False)
    await hal.call("Page.reload")
    await hal.until_text("#over-text", "Ida has left the match.", patience=40)
    # That the end is shown again does not keep anybody from the lobby.
    await hal.call("Page.reload")
    await hal.until_text("#over-text", "Ida has left the match.")
    await hal.activate("#done")
    await hal.until_text("#lobby-title", LOBBY)
    await hal.call("Page.reload")
    await hal.until_text("#lobby-title", LOBBY)


@against_the_clock
async def an_invitation_that_was_taken_and_is_over_is_shown(browser, stack):
    """Whoever sends a link leaves the page for that, and may come back too late for the match."""
    pat, quin = await arrive(browser, stack, "pat"), await arrive(browser, stack, "quin")
    code = await invite(pat)
    await lose_the_network(pat)
    await quin.tab_to("#code")
    await quin.type(code)
    await quin.press("Enter")
    await quin.until_text(".round", "Round 1")
    await leave(quin)
    await quin.until_text("#over-title", "You left")
    await pat.offline(False)
    await pat.until_text("#over-text", "Quin has left the match.", patience=40)


@against_the_clock
async def a_connection_is_replaced_in_the_middle_of_a_match(browser, stack):
    """A token of a few seconds has the page open one connection after another, and no round nor anybody's peace is lost by that."""
    briefly = (
        "const real = fetch; globalThis.fetch = (url, how) => real(String(url).includes('/issuer/token') ? `${url}&expiresIn=12` : url, how);"
        "globalThis.opened = 0; globalThis.WebSocket = class extends WebSocket { constructor(...of) { super(...of); opened += 1 } }"
    )
    rae = await browser.open("about:blank")
    await rae.call("Page.addScriptToEvaluateOnNewDocument", source=briefly)
    await rae.go(stack.page)
    await sign_in(rae, "rae")
    sid = await arrive(browser, stack, "sid")
    await rae.value(
        "globalThis.states = []; new MutationObserver(() => states.push(connection.dataset.state))"
        ".observe(connection, { attributes: true, attributeFilter: ['data-state'] })"
    )
    begun = await rae.value("opened")
    await match(rae, sid)
    for number in range(1, 15):
        # Both play the same, so that the match goes on.
        await fresh_round(rae)
        await rae.press("4")
        await rae.until_text("#prompt", "You play Lizard.")
        # The other takes its time, so that connections are replaced also while a play is open.
        await asyncio.sleep(1.5)
        await sid.press("4")
        await rae.until_text(".round", f"Round {number + 1}")
        await rae.until_text("#summary", "Lizard meets lizard. Nobody scores.")
        if await rae.value("opened") >= begun + 2:
            break
    states = await rae.value("states")
    assert set(states) <= {"online"}, f"the page showed itself as {states}"
    assert await rae.value("opened") >= begun + 2, "no connection was replaced"
    assert await score(rae) == [0, 0], "a play was lost"


@against_the_clock
async def a_rematch_outlives_a_reload(browser, stack):
    """On the page of whoever waits in it, and on the page of whoever is asked; and who is elsewhere by then can come, too."""
    val, wim = await arrive(browser, stack, "val"), await arrive(browser, stack, "wim")
    await match(val, wim)
    await leave(val)
    await wim.until_text("#over-text", "Val has left the match.")
    await wim.activate("#rematch")
    await val.until_text("#rematch-status", "wim wants a rematch.")
    for page in (val, wim):
        await page.call("Page.reload")
    await wim.until_text("#invite-lead", "The match begins")
    await val.until_text("#over-title", "You left")
    await val.activate("#rematch")
    for page in (val, wim):
        await page.until_text(".round", "Round 1")

    await leave(wim)
    await wim.activate("#done")
    await wim.until_text("#lobby-title", LOBBY)
    await val.activate("#rematch")
    await val.until_text("#waiting-title", "Waiting for wim")
    await wim.until_text("#notice", "val: Rematch?")
    await wim.value(f"location.href = {await val.value('JSON.stringify(location.href)')}")
    for page in (val, wim):
        await page.until_text(".round", "Round 1")
    await leave(val)


async def a_name_in_two_tabs_is_one_player(browser, stack):
    """Which both tabs are told, and a tab that takes another name is another player."""
    one = await arrive(browser, stack, "una")
    other = await browser.open(stack.page, beside=one)
    await sign_in(other, "una")
    for page in (one, other):
        await page.until_text("#twin", "una plays in another tab, too: both are the same player.")
    await other.activate("#twin-change")
    await sign_in(other, "ulf")
    assert not await other.value("document.querySelector('#twin').checkVisibility()")
