//! The dynamodb room.
