"""Drives a headless Chromium by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

import asyncio
import base64
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile

import websockets

# How long anything on a page may take, in seconds. The machine may be compiling meanwhile.
PATIENCE = 20

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]

# The keys that are pressed, with their code and the text that they type.
KEYS = {"Tab": (9, None), "Enter": (13, "\r"), "Escape": (27, None), " ": (32, " "), **{str(n): (48 + n, str(n)) for n in range(10)}}
KEYS |= {"ArrowDown": (40, None), "/": (191, "/"), "p": (80, "p")}


class Chromium:
    """A browser of its own, with an empty profile."""

    async def __aenter__(self):
        program = shutil.which("chromium")
        if program is None:
            raise SystemExit("there is no chromium")
        self.profile = tempfile.TemporaryDirectory(prefix="muster-chromium-", ignore_cleanup_errors=True)
        command = [program, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = pathlib.Path(self.profile.name) / "DevToolsActivePort"
        async with asyncio.timeout(60):
            while not port_file.exists() or len(port_file.read_text().splitlines()) < 2:
                await asyncio.sleep(0.1)
        port, path = port_file.read_text().splitlines()[:2]
        self.socket = await websockets.connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        self.ids, self.answers, self.pages = itertools.count(1), {}, {}
        self.reader = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *_):
        self.reader.cancel()
        await self.socket.close()
        self.process.terminate()
        self.process.wait(30)
        self.profile.cleanup()

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if answer := self.answers.pop(message.get("id"), None):
                if "error" in message:
                    answer.set_exception(RuntimeError(message["error"]["message"]))
                else:
                    answer.set_result(message["result"])
            elif page := self.pages.get(message.get("sessionId")):
                page.heard(message["method"], message["params"])

    async def call(self, method, session=None, **params):
        number, answer = next(self.ids), asyncio.get_running_loop().create_future()
        self.answers[number] = answer
        where = {"sessionId": session} if session else {}
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params, **where}))
        return await asyncio.wait_for(answer, PATIENCE)

    async def open(self, url, width=1280, height=800, beside=None, **media):
        """A page in a context of its own, which shares nothing with the others: another player. Or else a tab beside another page."""
        context = beside.context if beside else (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = Page(self, session, context)
        self.pages[session] = page
        for domain in ["Page", "Runtime", "Log", "Network"]:
            await page.call(f"{domain}.enable")
        await page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await page.look(width, height, **media)
        await page.go(url)
        return page


class Page:
    """A page and what went wrong on it."""

    def __init__(self, browser, session, context):
        self.browser, self.session, self.context, self.problems = browser, session, context, []

    def heard(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error" and params["entry"]["source"] != "network":
            self.problems.append(params["entry"]["text"])

    async def call(self, method, **params):
        return await self.browser.call(method, self.session, **params)

    async def go(self, url):
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def look(self, width, height, scheme="light", motion="no-preference"):
        """The size of the window, and what its user prefers."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        await self.call("Emulation.setTouchEmulationEnabled", enabled=width < 600)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        await self.call("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in features.items()])

    async def value(self, expression):
        """The value of an expression, which may be a promise."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, expression, patience=PATIENCE):
        """Waits until an expression is true."""
        deadline = asyncio.get_running_loop().time() + patience
        while not await self.value(f"(() => {{ try {{ return !!({expression}) }} catch {{ return false }} }})()"):
            if asyncio.get_running_loop().time() > deadline:
                text = await self.value("document.body.innerText")
                raise AssertionError(f"in {patience} s it did not come true that {expression}; the page says:\n{text}")
            await asyncio.sleep(0.05)

    async def until_text(self, selector, text, patience=PATIENCE):
        """Waits until a visible element says this among other things."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].some((e) => e.checkVisibility() && e.textContent.includes({json.dumps(text)}))"
        await self.until(found, patience)

    async def text(self, selector):
        return await self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    async def press(self, key, shift=False):
        """Presses and releases a key."""
        code, text = KEYS[key]
        modifiers = 8 if shift else 0
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        typed = {"text": text} if text and not shift else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown" if typed else "rawKeyDown", **common, **typed)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, text):
        await self.call("Input.insertText", text=text)

    async def tab_to(self, selector, most=40):
        """Walks there with the Tab key, as somebody without a mouse does, and checks that the way is visible."""
        await self.until(f"document.querySelector({json.dumps(selector)}).checkVisibility()")
        for _ in range(most):
            if await self.value(f"document.activeElement?.matches({json.dumps(selector)})"):
                visible = "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))"
                assert await self.value(visible), f"the focus cannot be seen on {selector}"
                return
            await self.press("Tab")
        raise AssertionError(f"Tab does not lead to {selector}")

    async def activate(self, selector):
        """Tabs to a control and presses Enter."""
        await self.tab_to(selector)
        await self.press("Enter")

    async def offline(self, is_offline):
        await self.call("Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    async def screenshot(self, file):
        """What is in the window; nothing may be beside it."""
        overflow = await self.value("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{file.name}: the page is {overflow} px wider than the window"
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    async def unnamed(self):
        """The controls that a screen reader could not name."""
        tree = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        controls = {"button", "textbox", "link", "checkbox", "radio", "combobox", "region", "log", "dialog"}
        role = lambda node: node.get("role", {}).get("value")
        return [role(node) for node in tree if not node.get("ignored") and role(node) in controls and not node.get("name", {}).get("value")]
