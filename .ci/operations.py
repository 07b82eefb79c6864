"""What the operators of a stack look at, checked by transform.py: alarms, the dashboard, saved queries.

Nothing tells on AWS that an alarm watches a metric which nobody sends or that a query asks for a field which no line has: they stay silent.
"""

import json
import re
from pathlib import Path

# What AWS sends, with its dimensions: the guides of API Gateway (WebSocket APIs), DynamoDB, Lambda and SQS.
AWS_METRICS = {
    "AWS/ApiGateway": ({"ConnectCount", "MessageCount", "ClientError", "ExecutionError", "IntegrationError", "IntegrationLatency"}, {"ApiId", "Stage"}),
    "AWS/DynamoDB": ({"ReadThrottleEvents", "WriteThrottleEvents"}, {"TableName"}),
    "AWS/Lambda": ({"Errors", "Invocations", "IteratorAge", "Throttles"}, {"FunctionName"}),
    "AWS/SQS": ({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}, {"QueueName"}),
}

# Ten of them CloudWatch gives an account for nothing, and the one more that warns of letters which expire is worth ten cents a month. Each
# metric of an alarm on several counts.
METRICS_OF_ALL_ALARMS = 11

# Lambda's metrics of all functions of the account together have no dimension.
OF_THE_ACCOUNT = {"Errors", "Throttles"}

# What Logs Insights has by itself, in the queries here.
WORDS = set("and as asc by coalesce count count_distinct desc display fields filter in like limit max min or sort stats".split())
SYSTEM_FIELDS = {"@logStream", "@message", "@timestamp"}

# What every line of tracing's JSON has.
LINE_FIELDS = {"level", "message"}


def of_type(resources, kind):
    """Properties of the resources of one type, by logical id."""
    return {name: resource.get("Properties", {}) for name, resource in resources.items() if resource["Type"] == kind}


def stream_mappings(resources):
    """The mappings from tables' streams; those from queues have none of their limits."""
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping")
    return {name: mapping for name, mapping in mappings.items() if "StreamArn" in str(mapping["EventSourceArn"])}


def target(value):
    """The logical id that a Ref or a Fn::GetAtt leads to, else the value. An alias leads to its function."""
    if isinstance(value, dict):
        inner = value.get("Ref") or value.get("Fn::GetAtt")
        return (inner if isinstance(inner, str) else inner[0]).removesuffix("Aliaslive")
    return value


def our_metrics():
    """The metrics of the functions, and those of them that are kept for all functions together."""
    source = Path("shared/aws/src/telemetry/metrics.rs").read_text(encoding="utf-8")
    names = dict(re.findall(r'Self::(\w+) => "(\w+)"', re.search(r"fn name\(.*?\n    }\n", source, re.DOTALL).group()))
    totals = re.search(r"fn has_total\(.*?\n    }\n", source, re.DOTALL).group()
    return set(names.values()), {names[variant] for variant in re.findall(r"Self::(\w+)", totals)}


def problem_of(namespace, name, dimensions):
    """Why there is no such metric, or nothing."""
    if namespace == "Muster":
        ours, totals = our_metrics()
        if name not in ours:
            return f"no function sends {name}"
        if dimensions == {"game", "stage"}:
            return None if name in totals else f"{name} is not kept for all functions together"
        return None if dimensions == {"function", "game", "stage"} else f"Muster {name} has no dimensions {sorted(dimensions)}"
    if namespace == "AWS/Lambda" and not dimensions:
        return None if name in OF_THE_ACCOUNT else f"Lambda sends no {name} of all functions together"
    names, known = AWS_METRICS.get(namespace, (set(), set()))
    if name not in names:
        return f"{namespace} {name} is not in AWS_METRICS of .ci/operations.py: see whether AWS sends it"
    return None if dimensions == known else f"{namespace} {name} has the dimensions {sorted(known)}, not {sorted(dimensions)}"


def watched(alarm):
    """The metrics of an alarm: namespace, name, and dimensions with what they lead to."""
    metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query] or [alarm]
    for metric in metrics:
        yield metric["Namespace"], metric["MetricName"], {entry["Name"]: target(entry["Value"]) for entry in metric.get("Dimensions", [])}


def check_alarms(template):
    """Alarms tell somebody, are calm without data, name metrics that exist, cost nothing, and leave out no queue of dead letters."""
    resources = template["Resources"]
    covered, count = set(), 0
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        if [target(action) for action in alarm.get("AlarmActions", [])] != ["AlarmTopic"] or not alarm.get("AlarmDescription"):
            yield f"{name}: has no description, or does not tell AlarmTopic"
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name}: TreatMissingData must be notBreaching, because nothing is sent where nothing happens"
        for namespace, metric, dimensions in watched(alarm):
            count += 1
            covered.add((metric, *dimensions.values()))
            if problem := problem_of(namespace, metric, set(dimensions)):
                yield f"{name}: {problem}"
    if count > METRICS_OF_ALL_ALARMS:
        yield f"alarms: they watch {count} metrics, and {METRICS_OF_ALL_ALARMS} are the most"
    wanted = {("ApproximateNumberOfMessagesVisible", queue) for queue in of_type(resources, "AWS::SQS::Queue") if queue.endswith("DeadLetters")}
    yield from (f"{target}: no alarm watches its {metric}" for metric, target in sorted(wanted - covered))


def metrics_of(row):
    """The metrics that one row of a widget names, by itself or in a search. What repeats the row above (`.`) is not understood here."""
    texts = [entry for entry in row if isinstance(entry, str)]
    for expression in (entry["expression"] for entry in row if isinstance(entry, dict) and "expression" in entry):
        for namespace, dimensions, name in re.findall(r"SEARCH\('\{([^,}]+),([^}]*)\} MetricName=\"(\w+)\"", expression):
            yield namespace, name, dict.fromkeys(dimensions.split(","))
    if texts:
        yield texts[0], texts[1], dict(zip(texts[2::2], texts[3::2]))


def check_dashboards(template):
    """A dashboard is JSON, shows metrics that exist, every alarm and every dead-letter queue, and names in its sums what is there."""
    resources = template["Resources"]
    for name, dashboard in of_type(resources, "AWS::CloudWatch::Dashboard").items():
        source = dashboard["DashboardBody"]["Fn::Sub"]
        try:
            body = json.loads(re.sub(r"\$\{([^!}]+)\}", r"<\1>", source))
        except json.JSONDecodeError as error:
            yield f"{name}: the body is not JSON: {error}"
            continue
        shown = set(re.findall(r"<(\w+)\.Arn>", json.dumps(body)))
        yield from (f"{name}: does not show {alarm}" for alarm in sorted(set(of_type(resources, "AWS::CloudWatch::Alarm")) - shown))
        queues = {queue for queue in of_type(resources, "AWS::SQS::Queue") if queue.endswith("DeadLetters")}
        yield from (f"{name}: does not show {queue}" for queue in sorted(queues) if f"<{queue}.QueueName>" not in json.dumps(body))
        for widget in body["widgets"]:
            rows = widget["properties"].get("metrics", [])
            ids = {options["id"] for row in rows for options in row if isinstance(options, dict) and "id" in options}
            for row in rows:
                for namespace, metric, dimensions in metrics_of(row):
                    if problem := problem_of(namespace, metric, set(dimensions)):
                        yield f"{name}: {problem}"
                for expression in (options["expression"] for options in row if isinstance(options, dict) and "expression" in options):
                    named = set(re.findall(r"\b[a-z]\w*\b", re.sub(r"SEARCH\('[^']*', '\w+'", "", expression)))
                    yield from (f"{name}: no metric of '{widget['properties']['title']}' has the id {unknown}" for unknown in sorted(named - ids))


def logged():
    """The fields and the messages of the log lines that the sources write; those of a span are below `span.`."""
    fields, messages = set(LINE_FIELDS), set()
    for path in [*Path("functions").rglob("*.rs"), *Path("shared/aws/src").rglob("*.rs")]:
        for span, arguments in re.findall(r"tracing::\w+?(_span)?!\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", path.read_text(encoding="utf-8")):
            texts = re.findall(r'"([^"]*)"', arguments)
            outside = re.sub(r'"[^"]*"', "", arguments)
            while "(" in outside:
                outside = re.sub(r"\([^()]*\)", "", outside)
            names = (part.split("=")[0].strip(" \n?%") for part in outside.split(","))
            fields |= {("span." if span else "") + name for name in names if re.fullmatch(r"\w+", name)}
            messages |= {texts[-1]} if texts else set()
    return fields, messages


def check_queries(template):
    """A saved query asks for fields and messages that the functions write."""
    resources = template["Resources"]
    fields, messages = logged()
    queries = of_type(resources, "AWS::Logs::QueryDefinition")
    for name, query in queries.items():
        text = re.sub(r"#.*", "", query["QueryString"])
        text = re.sub(r"/.*/", "", text)
        for group in re.findall(r"message in \[(.*?)\]", text):
            yield from (f"{name}: no function writes '{message}'" for message in re.findall(r'"(.*?)"', group) if message not in messages)
        text = re.sub(r'"[^"]*"', "", text)
        aliases = set(re.findall(r"\bas (\w+)", text))
        asked = set(re.findall(r"@?[A-Za-z_][\w.]*", text)) - WORDS - SYSTEM_FIELDS - aliases
        yield from (f"{name}: no function writes the field {field}" for field in sorted(asked - fields))


CHECKS = (check_alarms, check_dashboards, check_queries)
