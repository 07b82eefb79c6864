"""Checks template.yaml as the SAM transform leaves it, where cfn-lint looks only at what is written.

cfn-lint accepts any reference that begins with WebSocketApi, so a route response that names no route passes there and fails on AWS. Prints
each fault with the resource it is in, and exits with 1 if there is any.
"""

import copy
import json
import logging
import re
import sys
from pathlib import Path

import operations
from cfnlint.api import ManualArgs, lint
from operations import of_type, target
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

PARAMETERS = {"Stage": "dev", "Game": "muster", "Issuer": "https://issuer.example", "Audience": "client", "FleetArn": "arn:aws:gamelift:us-east-1:1:fleet/f"}

# What SAM attaches by itself: writing logs, and reading the stream or the queue of a function that has one.
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
STREAMS = "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole"
QUEUES = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"

# IAM takes no resource for these: GameLift's page of the service authorization reference.
WITHOUT_RESOURCE = {"gamelift:DescribeGameSessionPlacement", "gamelift:StopGameSessionPlacement"}

# Nobody awaits an answer on these, or it is posted to the socket.
UNANSWERED = {"$connect", "$disconnect", "play"}


def transform(template):
    """The CloudFormation template that SAM makes. It takes no local paths, so the code is said to be in a bucket, as after packaging."""
    template = copy.deepcopy(template)
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    for machine in of_type(template["Resources"], "AWS::Serverless::StateMachine").values():
        machine["DefinitionUri"] = "s3://bucket/key"
    return Translator({}, Parser()).translate(template, dict(PARAMETERS))


def references(value):
    """The logical ids that a value refers to, by Ref, Fn::GetAtt, Fn::Sub or DependsOn."""
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Ref":
            yield inner
        elif key == "Fn::GetAtt":
            yield inner.split(".")[0] if isinstance(inner, str) else inner[0]
        elif key == "Fn::Sub":
            text, names = (inner, {}) if isinstance(inner, str) else inner
            yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text) if name not in names)
            yield from references(names)
        elif key == "DependsOn":
            yield from [inner] if isinstance(inner, str) else inner
        else:
            yield from references(inner)


def as_list(value):
    """IAM takes one thing or a list of them."""
    return value if isinstance(value, list) else [value]


def check_references(template):
    """Every reference leads somewhere, and none in a circle."""
    resources = template["Resources"]
    known = set(resources) | set(template["Parameters"])
    edges = {}
    for name, resource in resources.items():
        targets = {target for target in references(resource) if not target.startswith("AWS::")}
        edges[name] = targets & set(resources)
        yield from (f"{name}: refers to {target}, which is not in the transformed template" for target in sorted(targets - known))
    for name, output in template["Outputs"].items():
        targets = {target for target in references(output) if not target.startswith("AWS::")}
        yield from (f"output {name}: refers to {target}, which is not in the transformed template" for target in sorted(targets - known))

    # What can be created is taken away, again and again; what remains waits for itself.
    while free := {name for name, targets in edges.items() if not targets & set(edges)}:
        edges = {name: targets for name, targets in edges.items() if name not in free}
    if edges:
        yield f"{', '.join(sorted(edges))}: depend on each other in a circle"


def check_routes(template):
    """A route answers only if it has a selection expression and a response; those that nobody awaits an answer on have neither."""
    resources = template["Resources"]
    responses = [response["RouteId"].get("Ref") for response in of_type(resources, "AWS::ApiGatewayV2::RouteResponse").values()]
    routes = of_type(resources, "AWS::ApiGatewayV2::Route")
    if not routes:
        yield "there are no routes"
    for name, route in routes.items():
        wanted = route["RouteKey"] not in UNANSWERED
        if responses.count(name) != int(wanted):
            yield f"{name}: has {responses.count(name)} route responses, and route {route['RouteKey']} needs {int(wanted)}"
        if ("RouteResponseSelectionExpression" in route) != wanted:
            yield f"{name}: RouteResponseSelectionExpression belongs to routes that answer, all but {sorted(UNANSWERED)}"
    yield from (f"a route response: {route} is not a route" for route in responses if route not in routes)


def check_permissions(template):
    """A role names what it may touch; the only wildcards are AWS's own policies and the ids of connections."""
    resources = template["Resources"]
    readers = {target(mapping["FunctionName"]): STREAMS for mapping in operations.stream_mappings(resources).values()}
    pollers = {target(mapping["FunctionName"]): QUEUES for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values()} | readers
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        allowed = {LOGS, pollers.get(name.removesuffix("Role"))}
        yield from (f"{name}: {policy} is not needed" for policy in sorted(set(role.get("ManagedPolicyArns", [])) - allowed))
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                for resource in as_list(statement["Resource"]):
                    if resource == "*" and set(as_list(statement["Action"])) <= WITHOUT_RESOURCE:
                        continue
                    text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
                    if "*" in str(text).removesuffix("/@connections/*"):
                        yield f"{name}: {statement['Action']} on {text} is too much"
                yield from (f"{name}: action {action} is too much" for action in as_list(statement["Action"]) if "*" in action)
    for name, permission in of_type(resources, "AWS::Lambda::Permission").items():
        if "SourceArn" not in permission:
            yield f"{name}: anyone's API could invoke this function, for want of a SourceArn"


def check_mappings(template):
    """Nothing is lost and nothing is stuck: each consumer has limits, answers per item, and a dead-letter queue with an alarm."""
    resources = template["Resources"]
    alarms = list(references(list(of_type(resources, "AWS::CloudWatch::Alarm").values())))
    for name, mapping in operations.stream_mappings(resources).items():
        for wanted in ("FilterCriteria", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig"):
            if not mapping.get(wanted):
                yield f"{name}: {wanted} is missing"
        yield from (f"{name}: no alarm watches {queue}" for queue in references(mapping.get("DestinationConfig", {})) if queue not in alarms)
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: FunctionResponseTypes must be [ReportBatchItemFailures]"
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        for queue in set(references(mapping["EventSourceArn"])) & set(of_type(resources, "AWS::SQS::Queue")):
            if not {"deadLetterTargetArn", "maxReceiveCount"} <= set(resources[queue]["Properties"].get("RedrivePolicy", {})):
                yield f"{queue}: feeds a function and has no dead-letter queue"
    configs = {target(config["FunctionName"]): config for config in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()}
    for name, subscription in of_type(resources, "AWS::SNS::Subscription").items():
        if subscription["Protocol"] != "lambda":
            continue
        config = configs.get(target(subscription["Endpoint"]), {})
        for wanted in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"):
            if not config.get(wanted):
                yield f"{name}: its function has no {wanted} for events that fail"
        if not subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn"):
            yield f"{name}: what SNS cannot hand over is lost, for want of a RedrivePolicy"


def check_resources(template):
    """Rows expire; production is protected; functions log to the one group; and no policy of deletion needs more than CloudFormation itself."""
    resources = template["Resources"]
    for name, table in of_type(resources, "AWS::DynamoDB::Table").items():
        if table.get("TimeToLiveSpecification") != {"AttributeName": "expiresAt", "Enabled": True}:
            yield f"{name}: rows do not expire by expiresAt"
        if table.get("DeletionProtectionEnabled") != {"Fn::If": ["IsProduction", True, False]}:
            yield f"{name}: DeletionProtectionEnabled must hold in production and nowhere else"
    for name, resource in resources.items():
        # An intrinsic here takes AWS::LanguageExtensions, which refuses it on a resource whose condition is false: the change set fails.
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if not isinstance(resource.get(policy, ""), str):
                yield f"{name}: {policy} must be written out; a plain property protects what has to be protected"
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        if function.get("LoggingConfig", {}) != {"LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": {"Ref": "LogGroup"}}:
            yield f"{name}: its LoggingConfig is not that of Globals"
    if "RetentionInDays" not in resources.get("LogGroup", {}).get("Properties", {}):
        yield "LogGroup: keeps its lines for ever"


def check_state_machines(source):
    """What a definition says is Amazon States Language, by the schema that cfn-lint has, and names exactly what it is given."""
    for name, machine in of_type(source["Resources"], "AWS::Serverless::StateMachine").items():
        text = Path(machine["DefinitionUri"]).read_text(encoding="utf-8")
        given, named = set(machine["DefinitionSubstitutions"]), set(re.findall(r"\$\{(\w+)\}", text))
        yield from (f"{name}: {missing} is given or named, and not both" for missing in sorted(given ^ named))
        properties = {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": json.loads(text)}
        properties["DefinitionSubstitutions"] = dict.fromkeys(given, "arn:aws:lambda:eu-central-1:123456789012:function:f")
        alone = {"Resources": {name: {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
        for fault in lint(json.dumps(alone), config=ManualArgs(regions=["eu-central-1"])):
            yield f"{name}: {fault.rule.id} {fault.message}"


def check_source(source):
    """What only the template as it is written shows: it needs no transform but SAM's, and every function is invoked by its alias."""
    if source["Transform"] != "AWS::Serverless-2016-10-31":
        yield "Transform: another one than SAM's has to be agreed to and changes what may be written"
    routes = source["Resources"]["WebSocketApi"]["Properties"]["Routes"]
    invoked = [source["Resources"]["WebSocketApi"]["Properties"]["Auth"]["AuthArn"], *(route["FunctionArn"] for route in routes.values())]
    yield from (f"WebSocketApi: invokes {arn}, not an alias" for arn in invoked if not str(arn.get("Ref", "")).endswith(".Alias"))


def main():
    """Runs all checks and prints each fault once."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    with open("template.yaml", encoding="utf-8") as file:
        source = yaml_parse(file.read())
    template = transform(source)
    faults = dict.fromkeys([*check_source(source), *check_state_machines(source)])
    for check in (check_references, check_routes, check_permissions, check_mappings, check_resources, *operations.CHECKS):
        faults.update(dict.fromkeys(check(template)))
    for fault in faults:
        print(f"template.yaml: {fault}")
    if faults:
        return 1
    print(f"{len(template['Resources'])} resources after the transform: every reference and every route response leads to one of them,")
    print("state machines are what Step Functions takes, and alarms, dashboard and queries leave nothing out and name only what is sent and logged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
