//! A player at a terminal, or behind a pipe.

mod arguments;
mod command;
mod issuer;
mod offers;
mod requests;
mod run;
mod screen;
mod words;

pub use arguments::Arguments;
pub use run::run;
