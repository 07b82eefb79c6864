//! The issuer room.
