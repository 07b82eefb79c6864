//! The streams room.
