//! Queues of GameLift's.

use std::time::Duration;

use super::{output, problems, read};

const QUEUE: &str = "
Conditions: { HasFleet: !Equals [a, a] }
Resources:
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: placements } }
  Placements:
    Type: AWS::GameLift::GameSessionQueue
    Condition: HasFleet
    Properties:
      Name: muster-dev
      TimeoutInSeconds: 60
      Destinations:
        - DestinationArn: arn:aws:gamelift:eu-central-1:123456789012:alias/alias-1
        - DestinationArn: arn:aws:gamelift:eu-central-1::fleet/fleet-2
      CustomEventData: dev
      NotificationTarget: !Ref Topic
      PlayerLatencyPolicies: [{ MaximumIndividualPlayerLatencyMilliseconds: 100 }]
      PriorityConfiguration: { PriorityOrder: [COST] }
      FilterConfiguration: { AllowedLocations: [eu-central-1] }
      Tags: [{ Key: game, Value: muster }]
";

#[test]
fn a_game_session_queue_is_read() {
    let manifest = read(QUEUE).unwrap();
    let [queue] = manifest.game_session_queues.as_slice() else { panic!("{:?}", manifest.game_session_queues) };
    assert_eq!((queue.logical_id.as_str(), queue.name.as_str()), ("Placements", "muster-dev"));
    assert_eq!(queue.timeout, Duration::from_secs(60));
    let destinations = ["arn:aws:gamelift:eu-central-1:123456789012:alias/alias-1", "arn:aws:gamelift:eu-central-1::fleet/fleet-2"];
    assert_eq!(queue.destinations, destinations);
    assert_eq!((&queue.notification_topic_arn, queue.custom_event_data.as_deref()), (&Some(manifest.topics[0].arn.clone()), Some("dev")));
    let place = "the local fleet has one place";
    let noted: Vec<_> =
        manifest.notes.iter().filter(|note| note.reason == place).map(|note| note.path.rsplit('.').next().unwrap()).collect();
    assert_eq!(noted, ["PlayerLatencyPolicies", "PriorityConfiguration", "FilterConfiguration"]);
    for (expression, value) in [
        ("!Ref Placements", "muster-dev"),
        ("!GetAtt Placements.Name", "muster-dev"),
        ("!GetAtt Placements.Arn", "arn:aws:gamelift:eu-central-1:123456789012:gamesessionqueue/muster-dev"),
    ] {
        assert_eq!(output(QUEUE, expression).unwrap(), value);
    }
    assert_eq!(queue.arn, output(QUEUE, "!GetAtt Placements.Arn").unwrap());
}

#[test]
fn a_game_session_queue_alone_waits_as_long_as_one_may() {
    let manifest = read("Resources:\n  Queue: { Type: 'AWS::GameLift::GameSessionQueue', Properties: { Name: q } }\n").unwrap();
    let queue = &manifest.game_session_queues[0];
    assert_eq!(queue.timeout, Duration::from_secs(600));
    assert!(queue.destinations.is_empty() && queue.notification_topic_arn.is_none() && queue.custom_event_data.is_none());
}

#[test]
fn a_game_session_queue_whose_condition_is_false_is_not_there() {
    assert!(read(&QUEUE.replace("!Equals [a, a]", "!Equals [a, b]")).unwrap().game_session_queues.is_empty());
}

#[test]
fn what_a_game_session_queue_says_wrong_is_named() {
    let long = format!("CustomEventData: {}", "x".repeat(257));
    for (from, to, expected) in [
        ("      Name: muster-dev\n", "", "Name is missing"),
        ("Name: muster-dev", "Name: muster_dev", "`muster_dev` is not a game session queue's name"),
        ("TimeoutInSeconds: 60", "TimeoutInSeconds: 9", "9 is not between 10 and 600"),
        ("TimeoutInSeconds: 60", "TimeoutInSeconds: 601", "601 is not between 10 and 600"),
        ("!Ref Topic", "!GetAtt Topic.TopicName", "placements is not a topic of this template"),
        ("- DestinationArn: arn:aws:gamelift:eu-central-1::fleet/fleet-2", "- Fleet: x", "DestinationArn is missing"),
        ("CustomEventData: dev", &long, "this has to have 1 to 256 characters"),
        ("CustomEventData: dev", "CustomEventData: ''", "this has to have 1 to 256 characters"),
        ("CustomEventData: dev", "Region: here", "Region: the local stack does not understand this"),
    ] {
        let text = QUEUE.replace(from, to);
        assert_ne!(text, QUEUE, "{from}");
        let problem = problems(&text);
        assert!(problem.contains(expected), "{to} gave {problem}");
    }
}
