use super::{
    super::{Throttle, api::route_id},
    FUNCTION, problems, read,
};

const API: &str = "
  Socket:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.route
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt Worker.Arn, IdentitySource: [route.request.querystring.token] }
      DefaultRouteSettings: { ThrottlingRateLimit: 2.5, ThrottlingBurstLimit: 10 }
      Routes:
        $connect: { FunctionArn: !GetAtt Worker.Arn }
        $default: { FunctionArn: !GetAtt Worker.Arn, RouteResponseSelectionExpression: $default }
        sendMessage: { FunctionArn: !GetAtt Worker.Arn, RouteResponseSelectionExpression: $default }
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Socket, RouteId: !Ref SocketDefaultRoute, RouteResponseKey: $default }
  SendMessageResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Socket, RouteId: !Ref SocketSendmessageRoute, RouteResponseKey: $default }
";

fn text() -> String {
    // The function names the API in its environment and the API names the function: on AWS that is no circle.
    let function = FUNCTION.replace("Handler: bootstrap }", "Handler: bootstrap, Environment: { Variables: { API: !Ref Socket } } }");
    format!("Resources:{function}{API}")
}

#[test]
fn an_api_is_read_with_its_route_responses() {
    let manifest = read(&text()).unwrap();
    let api = &manifest.apis[0];
    let worker = "arn:aws:lambda:eu-central-1:123456789012:function:worker";
    assert_eq!((api.stage.as_str(), api.route_selection_expression.as_str()), ("dev", "$request.body.route"));
    assert_eq!(api.throttle, Throttle { rate_limit: Some(2.5), burst_limit: Some(10) });
    let authorizer = api.authorizer.as_ref().unwrap();
    assert_eq!(
        (authorizer.function_arn.as_str(), authorizer.identity_sources.as_slice()),
        (worker, &["route.request.querystring.token".to_owned()][..])
    );
    let routes: Vec<(&str, bool)> = api.routes.iter().map(|(key, route)| (key.as_str(), route.route_response)).collect();
    assert_eq!(routes, [("$connect", false), ("$default", true), ("sendMessage", true)]);
    assert!(api.routes.values().all(|route| route.function_arn == worker));
    assert_eq!(manifest.functions[0].environment["API"], api.api_id);
    assert!(api.api_id.len() == 10 && api.api_id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{}", api.api_id);
}

#[test]
fn a_route_answers_only_with_both_the_response_and_the_expression() {
    let no_expression = read(&text().replace(
        "sendMessage: { FunctionArn: !GetAtt Worker.Arn, RouteResponseSelectionExpression: $default }",
        "sendMessage: { FunctionArn: !GetAtt Worker.Arn }",
    ))
    .unwrap();
    assert!(!no_expression.apis[0].routes["sendMessage"].route_response);
    assert!(
        no_expression
            .notes
            .iter()
            .any(|note| note.path.ends_with("Routes.sendMessage") && note.reason.contains("no RouteResponseSelectionExpression"))
    );
    let no_response = read(text().split("  SendMessageResponse:").next().unwrap()).unwrap();
    assert!(!no_response.apis[0].routes["sendMessage"].route_response && no_response.apis[0].routes["$default"].route_response);
    assert!(no_response.notes.iter().any(|note| note.reason.contains("no RouteResponse belongs to this route")));
}

#[test]
fn routes_have_the_ids_that_sam_makes() {
    for (key, id) in [
        ("$connect", Some("WebSocketApiConnectRoute")),
        ("$default", Some("WebSocketApiDefaultRoute")),
        ("sendMessage", Some("WebSocketApiSendmessageRoute")),
        ("ping", Some("WebSocketApiPingRoute")),
        ("PLAY2x", Some("WebSocketApiPlay2xRoute")),
        ("send-message", None),
        ("$other", None),
        ("", None),
    ] {
        assert_eq!(route_id("WebSocketApi", key).as_deref(), id, "{key}");
    }
}

#[test]
fn what_an_api_says_wrong_is_named() {
    for (from, to, expected) in [
        (
            "SocketSendmessageRoute",
            "SocketSendMessageRoute",
            "line 24: Resources.SendMessageResponse.Properties.RouteId: there is no parameter or resource SocketSendMessageRoute that may be named here; did you mean SocketSendmessageRoute?",
        ),
        ("SocketSendmessageRoute", "SocketPongRoute", "there is no parameter or resource SocketPongRoute"),
        ("SocketSendmessageRoute", "SocketDefaultRoute", "SocketDefaultRoute has a RouteResponse already"),
        ("!Ref SocketSendmessageRoute", "abc", "this is not a route of the API"),
        (
            "ApiId: !Ref Socket, RouteId: !Ref SocketDefaultRoute",
            "ApiId: x, RouteId: !Ref SocketDefaultRoute",
            "x is not an API of this template",
        ),
        ("sendMessage:", "send-message:", "SAM takes $connect, $disconnect, $default and route keys of letters and digits"),
        ("$connect: ", "$disconnect: ", "SAM takes an authorizer only where there is a $connect route"),
        (
            "sendMessage: { FunctionArn: !GetAtt Worker.Arn",
            "sendMessage: { FunctionArn: !Ref Worker",
            "worker is not a function of this template",
        ),
        (
            "sendMessage: { FunctionArn: !GetAtt Worker.Arn",
            "sendMessage: { FunctionArn: !GetAtt Worker.Arn, IntegrationTimeout: 5",
            "Routes.sendMessage.IntegrationTimeout: the local stack does not understand this",
        ),
        ("AuthArn: !GetAtt Worker.Arn, ", "", "Auth: AuthArn is missing"),
        ("AuthType: CUSTOM", "AuthType: AWS_IAM", "`AWS_IAM` is not understood"),
        ("route.request.querystring.token", "stageVariables.x", "`stageVariables.x` is not understood"),
        ("$request.body.route", "$request.header.x", "it knows $request.body.NAME"),
        ("StageName: dev", "StageName: $default", "`$default` is not a stage's name"),
        ("StageName: dev", "Domain: {}", "Resources.Socket.Properties.Domain: the local stack does not understand this"),
        ("2.5", "fast", "`fast` is not a rate"),
    ] {
        let changed = text().replacen(from, to, 1);
        assert_ne!(changed, text(), "{from}");
        let found = problems(&changed);
        assert!(found.contains(expected), "{to} gave {found}");
    }
}

#[test]
fn two_routes_that_sam_gives_one_id_are_an_error() {
    let two = text().replace("        $connect:", "        SendMessage: { FunctionArn: !GetAtt Worker.Arn }\n        $connect:");
    assert!(problems(&two).contains("SAM makes the id SocketSendmessageRoute for this route, and something else has it already"));
}
