//! A message as a program gets it.

use std::ops::Deref;

use muster_protocol::MessagePush;

/// A message for this player, handed out once. It reads like the [`MessagePush`] in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What was sent, by whom and when.
    pub push: MessagePush,
    /// It was found in the inbox before any push of it was handed out, and its push seems not to come. After a connect this is said of
    /// whatever was sent before the inbox was read, and of all on the pages before the last. At other times it is said only of what is half
    /// a minute older than the reading or, on a page before the last, than the newest message of that page: the pushes of the others may be
    /// on their way. A push that comes all the same is dropped.
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
