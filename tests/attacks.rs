//! What somebody tries who means no good: to be somebody else, to break something, to take everybody's time.

mod flood;
mod fuzzing;
mod spoofing;
mod tokens;
