"""The client library without the page."""


async def the_client_library(browser, stack):
    """The library's own tests, in the engine that runs it."""
    page = await browser.open(f"{stack.page}tests/")
    await page.until("globalThis.finished", patience=60)
    results = await page.value("globalThis.finished")
    failed = [f"{result['name']}: {result['problem']}" for result in results if result["problem"]]
    assert not failed, "\n".join(failed)
    assert len(results) > 50, f"only {len(results)} tests were found"


async def a_long_inbox_is_read_to_its_end(browser, stack):
    """More messages than one page of an inbox holds, missed by a client that comes back with its cursor."""
    page = await browser.open(stack.page)
    script = """(async () => {
      const { connect } = await import("./muster.js");
      const { addresses } = await (await fetch("/status")).json();
      const token = (name) => async () => (await (await fetch(`/issuer/token?player=${name}`)).json()).access_token;
      let kept = null;
      const store = { read: () => kept, write: (value) => (kept = value) };
      const open = (name, more) => connect({ url: addresses.url, token: token(name), ...more });
      const resumed = (muster) => new Promise((done) => muster.on("resumed", done));
      const before = open("tia", { store });
      await resumed(before);
      before.close();
      const uma = open("uma");
      for (let number = 0; number < 250; number += 1) {
        await uma.request("sendMessage", { playerIds: ["tia"], message: String(number) });
      }
      const after = open("tia", { store });
      const heard = [];
      after.on("message", ({ message }) => heard.push(message));
      await resumed(after);
      uma.close();
      after.close();
      return heard;
    })()"""
    assert await page.value(script) == [str(number) for number in range(250)]


async def the_text_page_names_this_one(browser, stack):
    assert stack.page in stack.get("/")
