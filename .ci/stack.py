"""A local stack to play on."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).parent.parent
TARGET = ROOT / "target" / "browser"

# How long the stack may take to be up, in seconds: it may have to be built.
BUILD_PATIENCE = 1_800

# The local stack wants requests to look signed, and knows no secrets with which it could check them.
SIGNED = {
    "X-Amz-Date": "20250101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20250101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local",
}


class Stack:
    """The local stack, as `cargo run` starts it, on a port of its own."""

    def __enter__(self):
        TARGET.mkdir(parents=True, exist_ok=True)
        self.fleet = TARGET / "fleet.json"
        self.serve("fulfil")
        ready = TARGET / "ready.json"
        ready.unlink(missing_ok=True)
        command = ["cargo", "run", "--locked", "--quiet", "--", "--port", "0", "--quiet", "--ready", ready, "--fleet", self.fleet]
        # In a session of its own, so that all of it can be ended whatever cargo does.
        self.log = (TARGET / "stack.log").open("w")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + BUILD_PATIENCE
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the stack does not start:\n{(TARGET / 'stack.log').read_text()[-3_000:]}")
            time.sleep(0.2)
        addresses = json.loads(ready.read_text())
        self.endpoint, self.page, self.stage = addresses["endpoint"], addresses["page"], addresses["url"].rsplit("/", 1)[1]
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)
        self.log.close()

    def serve(self, outcome, milliseconds=300):
        """What becomes of placements from now on."""
        self.fleet.write_text(json.dumps({"muster-dev": {"outcome": outcome, "delayMilliseconds": milliseconds}}))

    def get(self, path):
        with urllib.request.urlopen(self.endpoint + path) as answer:
            return answer.read().decode()

    def operate(self, **request):
        """What the task of operators answers, as the console asks it."""
        body, headers = json.dumps(request).encode(), {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/api/tasks/operate", body, headers)) as answer:
            return json.loads(answer.read())

    def put(self, table, row):
        """Writes a row, as DynamoDB's JSON, into a table."""
        self.dynamodb("PutItem", TableName=f"muster-{self.stage}-{table}", Item=row)

    def dynamodb(self, operation, **request):
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        with urllib.request.urlopen(urllib.request.Request(self.endpoint, json.dumps(request).encode(), headers | SIGNED)) as answer:
            return json.loads(answer.read())

    def close_sockets(self, player):
        """Ends every connection of a player, as a service would that throws somebody out."""
        rows = self.dynamodb("Scan", TableName=f"muster-{self.stage}-players")["Items"]
        closed = 0
        for row in rows:
            texts = [value["S"] for value in row.values() if "S" in value]
            connection = next((text.removeprefix("connection#") for text in texts if text.startswith("connection#")), None)
            if connection and player in texts:
                request = urllib.request.Request(f"{self.endpoint}/{self.stage}/@connections/{connection}", method="DELETE")
                with contextlib.suppress(urllib.error.HTTPError):
                    urllib.request.urlopen(request)
                    closed += 1
        assert closed, f"{player} has no connection among {rows}"
