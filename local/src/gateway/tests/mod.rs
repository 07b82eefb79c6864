//! The room as a whole, over real sockets and with real function processes.

mod closing;
mod function;
mod handshake;
mod management;
mod messages;
mod metering;
mod sdk;
mod stack;
mod watched;
