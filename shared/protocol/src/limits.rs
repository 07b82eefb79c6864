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

/// Longest message as JSON, in bytes: what a page of `resume` has room for beside its envelope, with a `requestId` of which every character is
/// escaped. A push may not be longer either, so that whatever can be pushed can be resumed.
pub const PUSH_BYTES: usize = FRAME_BYTES - 2 * 1024;
