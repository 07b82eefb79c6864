//! What is behind Muster fails, is slow or comes too late, and nothing is lost.
//!
//! `management_api` is about pushes that are refused, `handshakes` about sockets that open slowly and close late, `tables` about a
//! database that has no time, and `dead_letters` about rows that cannot be delivered.

mod dead_letters;
mod handshakes;
mod management_api;
mod tables;
