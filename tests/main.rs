//! Muster from outside: sockets and AWS APIs only, each test on a stack of its own.
//!
//! | module | promise |
//! |---|---|
//! | `connecting` | who may open a socket, and who may not |
//! | `messaging` | a message reaches whom it is for, wherever they are |
//! | `resuming` | what a player missed is in its inbox, and it gets it all |
//! | `placements` | a player who asks for a game server gets one, or hears why not, whatever fails |
//! | `matches` | players are matched, each once, and every match of theirs goes on to its end, whoever is away |
//! | `frames` | whatever a client sends, it is answered, and nothing breaks |
//! | `failures` | what is behind Muster fails, is slow or comes too late, and nothing is lost |
//! | `game_servers` | game servers tell of their players and games, whoever started them, and the players hear of it |
//! | `announcing` | what a service announces reaches its players, and nobody else can announce |
//! | `crashes` | functions are killed in the middle of their work, and nothing is lost |
//! | `attacks` | what somebody tries who means no good |
//! | `players` | the client library and the terminal player keep their promises against the real thing |
//! | `operating` | operators see what happened, and replay what failed |
//! | `billing` | what the stack counts is what an operation causes |
//! | `prices` | a match of a mode costs no more than the mode declares |
//! | `local_stack` | the program itself: its options, its end, what ordinary AWS clients see |
//! | `house` | template, functions and protocol are in step |
//!
//! The tests build the local stack and the functions, once, and start a stack each. With `MUSTER_TEST_URL` set, those that need nothing but
//! a socket talk to that deployed stack instead: see [`harness::Stack`]. The others, which look into tables, kill processes or bring
//! an issuer of their own, go on using this machine.
//!
//! Local stacks write down which statements of the template's policies were used. The test `permissions`, which runs after these, fails on
//! those that none of them used; so it needs the whole suite before it.

#![allow(missing_docs, reason = "the tests' names are sentences")]
#![allow(clippy::unwrap_used, reason = "a test that finds what it does not expect has failed")]
#![allow(clippy::disallowed_methods, reason = "a test run has no configuration but its environment")]

mod announcing;
mod attacks;
mod billing;
mod connecting;
mod crashes;
mod failures;
mod frames;
mod game_servers;
mod harness;
mod house;
mod local_stack;
mod matches;
mod messaging;
mod operating;
mod placements;
mod players;
mod prices;
mod resuming;
