"""What most scenarios begin with: players, their matches, and their bad luck."""

import json

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


async def play_round(number, winner, loser):
    for page in (winner, loser):
        await page.until_text("#round", f"Round {number}")
    await winner.press("1")
    await loser.press("3")


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


async def lose_the_network(page, stack, name):
    """A page that is offline keeps its socket until the server ends it, and finds no other one."""
    await page.offline(True)
    stack.close_sockets(name)
    await page.until("document.querySelector('#connection').dataset.state !== 'online'")
