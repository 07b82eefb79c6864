//! The sqs room.
