"""Connections that are lost or replaced, and pages that are loaded anew, in the middle of something."""

import asyncio
import json

from .players import against_the_clock, arrive, fresh_round, lose_the_network, match, play_round, playing, sign_in


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
    assert await fay.value("[...document.querySelectorAll('#chat-log li')].map((line) => line.textContent).join()") == "You play against gus."
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


@against_the_clock
async def an_end_that_was_missed_is_shown(browser, stack):
    """One loses the network in the last round, and the other wins meanwhile; and once more over a reload, which forgets what was shown."""
    hal, ida = await arrive(browser, stack, "hal"), await arrive(browser, stack, "ida")
    await match(hal, ida)
    for number in (1, 2):
        await play_round(number, ida, hal)
    await hal.until_text("#round", "Round 3")
    await lose_the_network(hal, stack, "hal")
    await ida.press("1")
    await ida.until_text("#over-title", "You win!")
    assert await playing(hal), "the end is told to nobody who is away"
    await hal.offline(False)
    await hal.until_text("#over-text", "ida wins by 3 to 0.", patience=40)
    assert await hal.value("document.activeElement.id") == "over-title"

    for page in (hal, ida):
        await page.activate("#done")
    await match(hal, ida)
    await lose_the_network(hal, stack, "hal")
    await ida.activate("#match-leave")
    await ida.activate("#leave-dialog [value=leave]")
    await ida.until_text("#over-title", "You left")
    await hal.offline(False)
    await hal.call("Page.reload")
    await hal.until_text("#over-text", "ida has left the match.", patience=40)
    # That the end is shown again does not keep anybody from the lobby.
    await hal.call("Page.reload")
    await hal.until_text("#over-text", "ida has left the match.")
    await hal.activate("#done")
    await hal.until_text("#lobby-title", "Who do you want to play?")
    await hal.call("Page.reload")
    await hal.until_text("#lobby-title", "Who do you want to play?")


@against_the_clock
async def an_invitation_that_was_taken_and_is_over_is_shown(browser, stack):
    """Whoever sends a link leaves the page for that, and may come back too late for the match."""
    pat, quin = await arrive(browser, stack, "pat"), await arrive(browser, stack, "quin")
    await pat.activate("#play-friend")
    await pat.until("document.querySelector('#invite-code').textContent.length === 6")
    await lose_the_network(pat, stack, "pat")
    await quin.tab_to("#code")
    await quin.type(await pat.text("#invite-code"))
    await quin.press("Enter")
    await quin.until_text("#round", "Round 1")
    await quin.activate("#match-leave")
    await quin.activate("#leave-dialog [value=leave]")
    await quin.until_text("#over-title", "You left")
    await pat.offline(False)
    await pat.until_text("#over-text", "quin has left the match.", patience=40)


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
        await rae.until_text("#round", f"Round {number + 1}")
        await rae.until_text("#summary", "Nobody scores.")
        if await rae.value("opened") >= begun + 2:
            break
    states = await rae.value("states")
    assert set(states) <= {"online"}, f"the page showed itself as {states}"
    assert await rae.value("opened") >= begun + 2, "no connection was replaced"
    assert [await rae.text("#your-score"), await rae.text("#their-score")] == ["0", "0"], "a play was lost"


async def a_rematch_outlives_a_reload(browser, stack):
    """On the page of whoever offers it, and on the page of whoever is offered it; and it may have been withdrawn by then."""
    val, wim = await arrive(browser, stack, "val"), await arrive(browser, stack, "wim")
    await match(val, wim)
    await val.activate("#match-leave")
    await val.activate("#leave-dialog [value=leave]")
    await wim.until_text("#over-text", "val has left the match.")
    await wim.activate("#rematch")
    await val.until_text("#rematch-status", "wim wants a rematch.")
    await wim.until_text("#rematch-status", "Waiting for val to accept")
    # What the server tells comes late, so that it is older than what is pressed meanwhile.
    late = (
        "globalThis.WebSocket = class extends WebSocket {"
        "set onmessage(hear) { super.onmessage = hear && ((event) => setTimeout(() => hear(event), 1000)) } }"
    )
    await wim.call("Page.addScriptToEvaluateOnNewDocument", source=late)
    for page in (val, wim):
        await page.call("Page.reload")
    await wim.until_text("#connection", "Connected")
    await wim.until_text("#rematch-status", "Waiting for val to accept")
    await wim.until_text("#over-text", "val has left the match.")
    await asyncio.sleep(0.2)
    await wim.activate("#rematch-cancel")
    await val.until_text("#rematch-status", "wim wants a rematch.")
    await wim.until("!document.querySelector('#rematch').hidden")
    await asyncio.sleep(1)
    await val.activate("#rematch")
    await val.until_text("#rematch-status", "wim no longer waits. You can offer one yourself.")
    await val.activate("#rematch")
    await wim.until_text("#rematch-status", "val wants a rematch.")
    for page in (val, wim):
        await page.call("Page.reload")
    await wim.until_text("#rematch", "Accept the rematch")
    await wim.activate("#rematch")
    for page in (val, wim):
        await page.until_text("#round", "Round 1")
