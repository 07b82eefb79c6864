"""What most scenarios begin with: players, their matches, and their bad luck."""

import json

PHONE, SIDEWAYS, DESKTOP = (360, 740), (640, 360), (1280, 800)

LOBBY, OVER = "Who do you want to play?", "!document.querySelector('#over').hidden"


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


async def choose(page, mode):
    """Chooses what is played, with a click: the arrow keys of radio buttons are the browser's own business."""
    await page.until_text("#lobby-title", LOBBY)
    await page.value(f"document.querySelector('[value={mode}]').click()")


async def match(*players, mode="rpsls"):
    """Both look for a stranger, and find each other."""
    for page in players:
        await choose(page, mode)
        await page.activate("#play-stranger")
    for page in players:
        await page.until_text("#summary", "Good luck!")


async def leave(page):
    await page.activate("#leave")
    await page.activate("#leave-dialog [value=leave]")


async def invite(page):
    """Opens a match for a friend; its code."""
    await page.activate("#play-friend")
    await page.until("document.querySelector('#invite-code').checkVisibility()")
    return await page.text("#invite-code")


def against_the_clock(scenario):
    """A round lasts five seconds. A machine that is busy with something else may not keep up, and then it is tried again."""
    scenario.attempts = 3
    return scenario


async def fresh_round(page):
    """Waits until there is time enough in the round that is open."""
    await page.until("Number(document.querySelector('#clock-text').textContent) >= 4")


async def playing(page):
    return await page.value("document.querySelector('#playing').checkVisibility()")


async def hands(page):
    """Both cards: a sign, or how they lie."""
    card = "(card) => card.textContent || card.className.replace('hand ', '')"
    return await page.value(f"['you', 'them'].map((who) => document.querySelector(`.side.${{who}} .hand`)).map({card})")


async def score(page):
    return await page.value("['you', 'them'].map((who) => document.querySelector(`.side.${who} .score`).textContent.replaceAll('○', '').length)")


async def play_round(number, winner, loser):
    for page in (winner, loser):
        await page.until_text(".round", f"Round {number}")
    await winner.press("1")
    await loser.press("3")


async def play_to_the_end(winner, loser):
    """One plays rock in every round and the other scissors."""
    for _ in range(10):
        number = await winner.text(".round")
        await winner.press("1")
        await loser.press("3")
        await winner.until(f"document.querySelector('.round').textContent !== {json.dumps(number)}")
        if await winner.value(OVER):
            break
    await winner.until_text("#over-title", "You win!")
    await loser.until_text("#over-title", "You lose")


async def lose_the_network(page):
    await page.offline(True)
    await page.until_text("#connection", "Offline")
