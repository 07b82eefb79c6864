//! `sendMessage`: a message to up to a hundred players.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Rejection, Request, Route, limits};

/// A message and whom it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// 1 to 100 players; a player named twice gets the message once. Naming oneself is allowed.
    pub player_ids: Vec<String>,
    /// 1 to 4,096 bytes of text.
    pub message: String,
}

impl SendMessage {
    /// The players to send to: each once, in the order in which they were first named.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.player_ids.iter().map(String::as_str).filter(move |player| seen.insert(*player))
    }
}

/// What became of a message: every recipient is in one of the two fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SentMessages {
    /// The id of the message in each recipient's inbox, by player. What is here is stored, whether its player is online or not.
    pub message_ids: BTreeMap<String, String>,
    /// Players whose inbox could not be written to in time. Sending to them again is safe.
    pub unsent: Vec<String>,
}

impl Request for SendMessage {
    const ROUTE: Route = Route::SendMessage;
    type Reply = SentMessages;

    fn check(&self) -> Result<(), Rejection> {
        let recipients = self.recipients().count();
        if recipients == 0 || recipients > limits::RECIPIENTS {
            return Err(Rejection::field("body.playerIds", format_args!("1 to {} players, not {recipients}", limits::RECIPIENTS)));
        }
        for (index, player) in self.player_ids.iter().enumerate() {
            let characters = player.chars().count();
            if characters == 0 || characters > limits::PLAYER_ID_CHARACTERS {
                let field = format!("body.playerIds[{index}]");
                return Err(Rejection::field(&field, format_args!("1 to {} characters, not {characters}", limits::PLAYER_ID_CHARACTERS)));
            }
            // The authorizer lets no such player in, so nobody would ever read that inbox.
            if player.chars().any(char::is_control) {
                return Err(Rejection::field(&format!("body.playerIds[{index}]"), "no control characters"));
            }
        }
        let bytes = self.message.len();
        if bytes == 0 || bytes > limits::MESSAGE_BYTES {
            return Err(Rejection::field("body.message", format_args!("1 to {} bytes, not {bytes}", limits::MESSAGE_BYTES)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to(players: impl IntoIterator<Item = String>, message: &str) -> SendMessage {
        SendMessage { player_ids: players.into_iter().collect(), message: message.to_owned() }
    }

    fn problem(request: &SendMessage) -> String {
        request.check().unwrap_err().message
    }

    #[test]
    fn limits_are_inclusive_and_named() {
        let hundred = (0..100).map(|n| n.to_string());
        assert_eq!(to(hundred.clone(), &"x".repeat(4_096)).check(), Ok(()));
        assert_eq!(problem(&to(hundred.chain(["100".into()]), "hi")), "body.playerIds: 1 to 100 players, not 101");
        assert_eq!(problem(&to([], "hi")), "body.playerIds: 1 to 100 players, not 0");
        assert_eq!(problem(&to(["a".into()], &"x".repeat(4_097))), "body.message: 1 to 4096 bytes, not 4097");
        assert_eq!(problem(&to(["a".into()], "")), "body.message: 1 to 4096 bytes, not 0");
        assert_eq!(problem(&to(["a".into(), String::new()], "hi")), "body.playerIds[1]: 1 to 128 characters, not 0");
        assert_eq!(problem(&to(["a\n".into()], "hi")), "body.playerIds[0]: no control characters");
    }

    #[test]
    fn the_message_limit_counts_bytes_not_characters() {
        assert_eq!(problem(&to(["a".into()], &"é".repeat(2_049))), "body.message: 1 to 4096 bytes, not 4098");
    }

    proptest! {
        #[test]
        fn recipients_are_the_named_players_once_each(players in prop::collection::vec("[a-c]{1,2}", 0..40)) {
            let request = to(players.clone(), "hi");
            let recipients: Vec<&str> = request.recipients().collect();
            let distinct: BTreeSet<&str> = recipients.iter().copied().collect();
            prop_assert_eq!(distinct.len(), recipients.len());
            prop_assert_eq!(distinct, players.iter().map(String::as_str).collect());
        }
    }
}
