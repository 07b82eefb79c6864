//! Every Lambda of Muster, in one program: each function is a file, and `Handler` in template.yaml names it, such as `routes/send_message`.
//!
//! One program is linked once and uploaded once. A function builds only what its own file asks for, so that the others cost it nothing but
//! pages of the program that are never read.

use std::pin::Pin;

use lambda_runtime::Error;
use muster_aws::Config;

mod routes {
    pub mod authorize;
    pub mod cancel_placement;
    pub mod connect;
    pub mod default;
    pub mod disconnect;
    pub mod join_match;
    pub mod join_pool;
    pub mod leave_match;
    pub mod leave_pool;
    pub mod new_match;
    pub mod ping;
    pub mod play;
    pub mod resume;
    pub mod send_message;
    pub mod session_placement_request;
    pub mod start_match;
}

mod streams {
    pub mod matches_announce;
    pub mod messages_deliver;
    pub mod placements_forward;
    pub mod player_sessions_announce;
    pub mod tickets_match;
}

mod tasks {
    pub mod operate;
    pub mod replay_dead_letters;
}

mod timers {
    pub mod look_again;
}

mod topics {
    pub mod announcements;
    pub mod placement_events;
}

/// What answers events for as long as the environment lives.
type Function = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// The function whose file `handler` names.
fn function(handler: &str) -> Option<Function> {
    Some(match handler {
        "routes/authorize" => Box::pin(routes::authorize::run()),
        "routes/cancel_placement" => Box::pin(routes::cancel_placement::run()),
        "routes/connect" => Box::pin(routes::connect::run()),
        "routes/default" => Box::pin(routes::default::run()),
        "routes/disconnect" => Box::pin(routes::disconnect::run()),
        "routes/join_match" => Box::pin(routes::join_match::run()),
        "routes/join_pool" => Box::pin(routes::join_pool::run()),
        "routes/leave_match" => Box::pin(routes::leave_match::run()),
        "routes/leave_pool" => Box::pin(routes::leave_pool::run()),
        "routes/new_match" => Box::pin(routes::new_match::run()),
        "routes/ping" => Box::pin(routes::ping::run()),
        "routes/play" => Box::pin(routes::play::run()),
        "routes/resume" => Box::pin(routes::resume::run()),
        "routes/send_message" => Box::pin(routes::send_message::run()),
        "routes/session_placement_request" => Box::pin(routes::session_placement_request::run()),
        "routes/start_match" => Box::pin(routes::start_match::run()),
        "streams/matches_announce" => Box::pin(streams::matches_announce::run()),
        "streams/messages_deliver" => Box::pin(streams::messages_deliver::run()),
        "streams/placements_forward" => Box::pin(streams::placements_forward::run()),
        "streams/player_sessions_announce" => Box::pin(streams::player_sessions_announce::run()),
        "streams/tickets_match" => Box::pin(streams::tickets_match::run()),
        "tasks/operate" => Box::pin(tasks::operate::run()),
        "tasks/replay_dead_letters" => Box::pin(tasks::replay_dead_letters::run()),
        "timers/look_again" => Box::pin(timers::look_again::run()),
        "topics/announcements" => Box::pin(topics::announcements::run()),
        "topics/placement_events" => Box::pin(topics::placement_events::run()),
        _ => return None,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment();
    let handler = config.optional("_HANDLER").unwrap_or_default();
    let unknown = || format!("there is no function '{handler}': Handler in template.yaml names its file, such as routes/ping");
    function(handler).ok_or_else(unknown)?.await
}
