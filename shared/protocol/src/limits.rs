//! Every limit that a rejection may name, in one place.

/// Longest `requestId`, in characters.
pub const REQUEST_ID_CHARACTERS: usize = 64;

/// Longest player id, in characters: the longest `sub` that the authorizer accepts.
pub const PLAYER_ID_CHARACTERS: usize = 128;

/// Most recipients of one `sendMessage`.
pub const RECIPIENTS: usize = 100;

/// Longest message, in bytes of UTF-8. Escaped as JSON it still fits one 32 KB WebSocket frame.
pub const MESSAGE_BYTES: usize = 4_096;

/// Most messages of one page of `resume`.
pub const PAGE_MESSAGES: u32 = 100;

/// Longest frame that can reach a client, in bytes: the longest message that API Gateway posts or answers with.
pub const FRAME_BYTES: usize = 128 * 1024;

/// Most bytes of a reply of `resume` for the player's seat and sessions, as JSON.
pub const STATE_BYTES: usize = 26 * 1024;

/// Longest message as JSON, in bytes: what a page of `resume` has room for beside the player's state and its envelope, with a `requestId`
/// of which every character is escaped. A push may not be longer either, so that whatever can be pushed can be resumed.
pub const PUSH_BYTES: usize = FRAME_BYTES - STATE_BYTES - 2 * 1024;

/// Most regions of which a placement request tells the latency.
pub const LATENCIES: usize = 20;

/// Longest latency, in milliseconds.
pub const LATENCY_MILLISECONDS: u32 = 10_000;

/// Longest name of a region, in characters: GameLift's own limit of a location.
/// <https://docs.aws.amazon.com/gameliftservers/latest/apireference/API_LocationConfiguration.html>
pub const REGION_CHARACTERS: usize = 64;

/// Longest id of a placement, in characters: GameLift's own limit.
/// <https://docs.aws.amazon.com/gameliftservers/latest/apireference/API_StartGameSessionPlacement.html>
pub const PLACEMENT_ID_CHARACTERS: usize = 48;

/// Most players of one placement: GameLift's own limit of a game session.
pub const PLACED_PLAYERS: usize = 200;

/// Longest ARN of a game session, in characters.
pub const GAME_SESSION_ARN_CHARACTERS: usize = 512;

/// Longest address, name of a host, region or player session of a game server, in characters.
pub const ADDRESS_CHARACTERS: usize = 256;

/// Largest results of a game session, in bytes of JSON.
pub const RESULTS_BYTES: usize = 4_096;

/// Most players of one announcement.
pub const ANNOUNCEMENT_RECIPIENTS: usize = 1_000;

/// Longest `type` of an announcement, in characters.
pub const ANNOUNCEMENT_TYPE_CHARACTERS: usize = 64;

/// Longest body of an announcement, in bytes. Escaped as JSON it still fits a push.
pub const ANNOUNCEMENT_BYTES: usize = 16_384;

/// Highest skill of a player.
pub const SKILL: u16 = 5_000;

/// Longest id of a match, in characters: that of a UUID.
pub const MATCH_ID_CHARACTERS: usize = 36;

/// Longest action of a match, in bytes of JSON.
pub const ACTION_BYTES: usize = 16_384;

/// Largest options of a match, in bytes of JSON.
pub const OPTIONS_BYTES: usize = 1_024;

/// Most seats of a match.
pub const SEATS: usize = 16;

/// The version of the protocol that is spoken here.
pub const PROTOCOL: u32 = 1;

/// The oldest version of the protocol that is still understood.
pub const OLDEST_PROTOCOL: u32 = 1;

/// Whether GameLift would take this as the id of a placement.
#[must_use]
pub fn is_placement_id(id: &str) -> bool {
    (1..=PLACEMENT_ID_CHARACTERS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
