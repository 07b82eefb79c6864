//! What is said of placements.

use muster_client::protocol::{
    Outcome, PlacementPush, SessionPush,
    routes::{PlacementCancelled, PlacementRequested},
};

use super::visible;

/// The line for a game server.
pub(super) fn session(push: &SessionPush) -> String {
    // The colons of an IPv6 address are not to run into that of the port.
    let ip = if push.ip.contains(':') { format!("[{}]", visible(&push.ip)) } else { visible(&push.ip) };
    let name = push.dns.as_deref().map(|name| format!(" ({})", visible(name))).unwrap_or_default();
    let (session, placement) = (visible(&push.player_session_id), visible(&push.placement_id));
    format!("a game server: {ip}:{}{name}, your player session {session} (placement {placement})", push.port)
}

/// The line for the end of a placement, or of its game session.
pub(super) fn end(push: &PlacementPush) -> String {
    let mut line = match push.outcome {
        Outcome::Ended => "the game session is over".to_owned(),
        other => format!("the placement has ended: {}", outcome(other)),
    };
    because(&mut line, push.reason.as_deref());
    if let Some(results) = &push.results {
        line.push_str("; its results: ");
        line.push_str(&visible(&results.to_string()));
    }
    format!("{line} (placement {})", visible(&push.placement_id))
}

/// The line for a placement that was asked for.
pub(in super::super) fn requested(requested: &PlacementRequested) -> String {
    format!("looking for a game server (placement {})", visible(&requested.placement_id))
}

/// The line for a placement that is not wanted any more.
pub(in super::super) fn cancelled(cancelled: &PlacementCancelled) -> String {
    let mut line = match cancelled.outcome {
        None => "the placement is being cancelled".to_owned(),
        Some(Outcome::Ended) => "the game session was over before".to_owned(),
        Some(other) => format!("the placement had ended before: {}", outcome(other)),
    };
    because(&mut line, cancelled.reason.as_deref());
    line
}

fn because(line: &mut String, reason: Option<&str>) {
    if let Some(reason) = reason {
        line.push_str(": ");
        line.push_str(&visible(reason));
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fulfilled => "there is a game server",
        Outcome::TimedOut => "timed out",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::Ended => "its game session is over",
        Outcome::Unknown => "in a way that this client does not know",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn game_server(ip: &str, dns: Option<&str>) -> SessionPush {
        SessionPush {
            placement_id: "p1".into(),
            ip: ip.into(),
            dns: dns.map(str::to_owned),
            port: 40_123,
            player_session_id: "psess-1".into(),
            game_session_arn: "arn".into(),
            region: None,
        }
    }

    fn ended(outcome: Outcome, reason: Option<&str>) -> PlacementPush {
        PlacementPush { placement_id: "p1".into(), outcome, reason: reason.map(str::to_owned), results: None }
    }

    #[test]
    fn a_game_server_is_told_with_all_that_is_needed_to_enter_it() {
        let told = session(&game_server("127.0.0.1", None));
        assert_eq!(told, "a game server: 127.0.0.1:40123, your player session psess-1 (placement p1)");
        let told = session(&game_server("::1", Some("eu\u{1b}.example")));
        assert_eq!(told, r"a game server: [::1]:40123 (eu\u{1b}.example), your player session psess-1 (placement p1)");
    }

    #[test]
    fn an_end_says_how_and_why() {
        let told = end(&ended(Outcome::TimedOut, Some("no game server was free in time")));
        assert_eq!(told, "the placement has ended: timed out: no game server was free in time (placement p1)");
        assert_eq!(end(&ended(Outcome::Cancelled, None)), "the placement has ended: cancelled (placement p1)");
        let over = PlacementPush { results: Some(json!({"won\u{202e}": "p1"})), ..ended(Outcome::Ended, Some("all\nleft")) };
        assert_eq!(end(&over), r#"the game session is over: all\nleft; its results: {"won\u{202e}":"p1"} (placement p1)"#);
    }

    #[test]
    fn what_a_player_gives_up_is_told() {
        let told = |outcome, reason: Option<&str>| {
            cancelled(&PlacementCancelled { placement_id: "p1".into(), outcome, reason: reason.map(Into::into) })
        };
        assert_eq!(told(None, None), "the placement is being cancelled");
        assert_eq!(told(Some(Outcome::Fulfilled), None), "the placement had ended before: there is a game server");
        assert_eq!(told(Some(Outcome::Failed), Some("no\rhost")), r"the placement had ended before: failed: no\rhost");
    }
}
