//! The rules of Muster, pure: no I/O, no clock, no randomness.
