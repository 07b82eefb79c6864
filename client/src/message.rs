//! A message as a program gets it.

use std::ops::Deref;

use muster_protocol::MessagePush;

/// A message for this player, handed out once. It reads like the [`MessagePush`] in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What was sent, by whom and when.
    pub push: MessagePush,
    /// It was not pushed but found in the inbox. It was sent while there was no connection, or its push was given up.
    pub missed: bool,
}

impl Deref for Message {
    type Target = MessagePush;

    fn deref(&self) -> &MessagePush {
        &self.push
    }
}

impl From<Message> for MessagePush {
    fn from(message: Message) -> Self {
        message.push
    }
}
