"""The console of the local stack: what it shows of players who play, and what it does for them. Operators use the keyboard alone, too."""

import asyncio
import json

from stack import TARGET

from .looks import check_colours
from .players import LOBBY, arrive, choose, leave

VIEWS = ["live", "timeline", "tables", "queues", "players", "matches", "template"]


async def visit(browser, stack, *parts, **look):
    """A console that shows a view."""
    page = await browser.open(f"{stack.endpoint}/", **look)
    await show(page, *parts)
    return page


async def show(page, *parts):
    await page.value(f"location.hash = '#/' + {json.dumps(parts)}.map(encodeURIComponent).join('/')")
    await page.until(f"document.querySelector('[data-shown={parts[0]}]')")


async def play_the_computer(browser, stack, name):
    """A player with a match in which it has made one move, and the match's id."""
    page = await arrive(browser, stack, name)
    await choose(page, "tic-tac-toe")
    await page.activate("#play-computer")
    await page.activate(".cell[aria-disabled=false]")
    await page.until("document.querySelectorAll('.mine').length === 1")
    return page, stack.operate(ask="player", playerId=name)["matches"][0]["matchId"]


async def what_happens_is_seen_live(browser, stack):
    """Sockets, frames, invocations and rows, as they come; what is behind one; filters and a pause."""
    ops = await visit(browser, stack, "live")
    await ops.until_text("#stream", "Live")
    await play_the_computer(browser, stack, "una")
    for kind, text in {"socket": "una", "frame": "newMatch", "invocation": "new-match", "row": "matches INSERT"}.items():
        await ops.until_text(f".events [data-kind={kind}]", text)
    for counter in ("frame", "invocation", "row"):
        await ops.until(f"parseInt(document.querySelector('[data-counter={counter}] .quiet').textContent) > 0")
    await ops.until("/^\\$\\d/.test(document.querySelector('[data-counter=bill] dd').textContent)")

    # What a function was given, what it answered and what it said.
    await ops.value("(s => (s.value = [...s.options].find((o) => o.text === 'new-match').value, s.dispatchEvent(new Event('change'))))(document.querySelector('select'))")
    await ops.until("[...document.querySelectorAll('.events button')].every((e) => e.textContent.includes('new-match'))")
    await ops.activate(".events button")
    await ops.until_text(".detail pre", '"routeKey": "newMatch"')
    await ops.until_text(".detail .log", "opened a match")
    await ops.screenshot(TARGET / "console-invocation-desktop-light.png")
    await ops.press("Escape")
    await ops.until("!document.querySelector('.detail').checkVisibility()")

    # Who looks for somebody sees what is of that one, and a pause holds.
    await ops.value("(s => (s.value = '', s.dispatchEvent(new Event('change'))))(document.querySelector('select'))")
    await ops.press("/")
    await ops.type("vic")
    await ops.until("document.querySelectorAll('.events li').length === 0")
    await arrive(browser, stack, "vic")
    await ops.until_text(".events [data-kind=socket]", "vic")
    assert not await ops.value("[...document.querySelectorAll('.events .player')].some((e) => e.textContent === 'una')")
    await ops.press("Escape")
    await ops.press("p")
    shown = await ops.value("document.querySelector('.events').textContent")
    await (await arrive(browser, stack, "vic")).until_text("#lobby-title", LOBBY)
    await ops.until_text(".filters", "more since")
    assert await ops.value("document.querySelector('.events').textContent") == shown
    await ops.press("p")
    await ops.until(f"document.querySelector('.events').textContent !== {json.dumps(shown)}")


async def a_match_is_followed_everywhere(browser, stack):
    """Its hops, its row and how that came to be so, and what each seat is shown; a name that looks like a page stays a name."""
    name = "<b>wim</b>"
    _, match_id = await play_the_computer(browser, stack, name)
    ops = await visit(browser, stack, "timeline")
    await ops.tab_to("[data-search]")
    await ops.type(match_id)
    await ops.press("Enter")
    for function in ("new-match", "play", "matches-announce"):
        await ops.until_text(".lane .name", function)
    for words in ("opened a match", "played", "delivered"):
        await ops.until_text(".lines b", words)
    assert await ops.value("document.querySelectorAll('.bar').length") >= 3
    await ops.screenshot(TARGET / "console-timeline-desktop-light.png")
    await ops.activate(f"main a[href='#/matches/{match_id}']")

    await ops.until("document.querySelectorAll('.side').length === 2")
    await ops.until_text(".side h3", name)
    await ops.until_text(".side h3", "The computer")
    await ops.until_text(".side pre", '"cells"')
    await ops.until_text(".facts", "tic-tac-toe")
    await ops.screenshot(TARGET / "console-match-desktop-light.png")

    await ops.activate(f"main a[href='#/tables/matches/{match_id}']")
    await ops.until_text(".detail pre", f'"matchId": "{match_id}"')
    await ops.until_text(".detail pre", name)
    await ops.until_text(".version", "MODIFY")
    await ops.until_text(".version .changed .path", "revision")
    await ops.screenshot(TARGET / "console-row-desktop-light.png")

    # Whoever asks for what is not there is told so, where it was asked.
    await show(ops, "matches", "no-such-match")
    await ops.until("document.querySelector('main .problem').textContent.includes('no-such-match')")
    await show(ops, "timeline", "no-such-id")
    await ops.until_text("main", "No function has said anything about that.")


async def a_player_is_helped(browser, stack):
    """Thrown out, freed from a seat, written as, exported and erased."""
    player, match_id = await play_the_computer(browser, stack, "xia")
    ops = await visit(browser, stack, "players", "xia")
    await ops.until_text(".facts", "xia")
    await ops.until(f"document.querySelector('a[href=\"#/matches/{match_id}\"]')")
    await ops.screenshot(TARGET / "console-player-desktop-light.png")
    # The client comes back so fast that it would be luck to see it offline.
    await player.value(
        "globalThis.states = []; new MutationObserver(() => states.push(document.querySelector('#connection').dataset.state))"
        ".observe(document.querySelector('#connection'), { attributes: true })"
    )
    await ops.activate("[data-do=kick]")
    await ops.until_text("main", "1 sockets closed.")
    await player.until("states.some((state) => state !== 'online') && states.at(-1) === 'online'")

    await ops.activate("[data-do=send]")
    await ops.until_text(".frames .in", '"type": "reply"')
    await ops.until_text(".frames .in", '"route": "ping"')

    await ops.activate("[data-do='free seat']")
    await ops.until_text("main", f"Freed: main match {match_id}.")
    await ops.call("Browser.setDownloadBehavior", behavior="deny")
    await ops.activate("[data-do=export]")
    await ops.until_text("main", "rows exported.")
    await ops.activate("[data-do=erase]")
    await ops.until("document.querySelector('#question').open")
    await ops.press("Escape")
    await ops.until("!document.querySelector('#question').open")
    assert stack.operate(ask="player", playerId="xia")["connections"]
    await ops.activate("[data-do=erase]")
    await ops.activate("#question-yes")
    await ops.until_text("main", "Erased: ")


async def do(ops, name):
    """Presses the button that does this with letters, once nothing else is done with them."""
    await ops.until(f"document.querySelector('[data-do={json.dumps(name)}]').ariaDisabled !== 'true'", patience=60)
    await ops.activate(f"[data-do={json.dumps(name)}]")


async def dead_letters_are_worked_off(browser, stack):
    """A row that nobody can deliver: shown, looked at, parked, replayed in vain, and deleted after a question."""
    keys = {"recipientId": {"S": "yan"}, "messageId": {"S": "no message"}}
    stack.put("messages", keys | {"expiresAt": {"N": "9999999999"}})
    ops = await visit(browser, stack, "queues", "streams")
    await ops.until("document.querySelector('[data-letter]') || document.querySelector('[data-do=list]').click()", patience=60)
    await ops.until_text("[data-letter]", "missing field")
    await do(ops, "dry run")
    await ops.until_text(".run", "Dry run")
    await ops.activate("[data-letter] button")
    await ops.until_text(".whole pre", '"no message"')
    await ops.screenshot(TARGET / "console-letters-desktop-light.png")
    await ops.press("Escape")
    await do(ops, "park")
    await ops.until_text("[data-letter] .mark", "parked", patience=60)
    await do(ops, "unpark")
    await ops.until("!document.querySelector('[data-letter] .mark.parked')", patience=60)
    await do(ops, "replay")
    await ops.until_text("[data-letter] .mark", "failed", patience=60)
    await do(ops, "purge")
    await ops.activate("#question-yes")
    await ops.until_text("[data-letter] .mark", "purged", patience=60)
    await ops.until("document.querySelector('[aria-label=\"Past runs\"] tbody').rows.length > 0")


async def maintenance_is_switched_from_the_header(browser, stack):
    """After a question; players cannot begin anything, and can again."""
    player = await arrive(browser, stack, "zoe")
    ops = await visit(browser, stack, "live")
    try:
        await ops.activate("#maintenance")
        await ops.activate("#question-yes")
        await ops.until_text("#maintenance", "Maintenance is on")
        # Functions that have read shortly before that it is off believe it for so long.
        await asyncio.sleep(10.5)
        await player.activate("#play-computer")
        await player.until("document.querySelector('#notice-text').textContent !== ''")
        assert await player.value("document.querySelector('#lobby-title').checkVisibility()")
        await ops.activate("#maintenance")
        await ops.activate("#question-yes")
        await ops.until_text("#maintenance", "Maintenance is off")
        await asyncio.sleep(10.5)
    finally:
        stack.operate(ask="maintenance", on=False, who="a test")
    await player.activate("#play-computer")
    await player.until("document.querySelector('#leave').checkVisibility()")
    await leave(player)


async def the_console_is_used_by_keys(browser, stack):
    """Digits lead to views, a slash to what is searched, and the focus is always seen; what is typed into a text leads nowhere."""
    ops = await visit(browser, stack, "live")
    for number, view in enumerate(VIEWS, start=1):
        await ops.press(str(number))
        await ops.until(f"document.querySelector('[data-shown={view}]') && document.activeElement.tagName === 'H1'")
    await ops.press("2")
    await ops.until("document.querySelector('[data-shown=timeline]')")
    await ops.press("/")
    await ops.press("3")
    assert await ops.value("document.activeElement.value") == "3"
    assert await ops.value("location.hash") == "#/timeline"
    await ops.press("Escape")
    await ops.press("1")
    await ops.until("document.querySelector('[data-shown=live]')")
    await arrive(browser, stack, "abe")
    await ops.until("document.querySelectorAll('.events li').length > 1")
    await ops.tab_to(".events button")
    await ops.press("ArrowDown")
    await ops.press("Enter")
    await ops.until("document.querySelector('.detail').checkVisibility()")


async def the_consoles_colours_can_be_read(browser, stack):
    pairs = [(ink, ground) for ink in ("ink", "quiet", "accent", "good", "warm", "alarm") for ground in ("ground", "card")]
    pairs += [(kind, f"{kind}-soft") for kind in ("good", "warm", "alarm")] + [("on-accent", "accent"), ("quiet", "good-soft"), ("quiet", "alarm-soft")]
    await check_colours(browser, f"{stack.endpoint}/", pairs)


async def the_console_can_be_looked_at(browser, stack):
    """Every view on a phone and a desktop, in light and dark: nothing beside the window, every control has a name, one heading."""
    _, match_id = await play_the_computer(browser, stack, "bea")
    addresses = {view: (view,) for view in VIEWS} | {"timeline": ("timeline", match_id), "players": ("players", "bea"), "matches": ("matches", match_id)}
    addresses["row"] = ("tables", "matches", match_id)
    for size, (width, height) in {"phone": (360, 740), "desktop": (1280, 800)}.items():
        for scheme in ("light", "dark"):
            ops = await visit(browser, stack, "live", width=width, height=height, scheme=scheme)
            for view, parts in addresses.items():
                await show(ops, *parts)
                await asyncio.sleep(0.8)
                await ops.screenshot(TARGET / f"console-{view}-{size}-{scheme}.png")
                unnamed = await ops.unnamed()
                assert not unnamed, f"{view}: controls without a name: {unnamed}"
                assert await ops.value("document.querySelectorAll('h1').length") == 1
                assert await ops.value("[...document.querySelectorAll('.problem')].every((e) => e.hidden)"), view
