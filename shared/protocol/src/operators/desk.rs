//! The task `operate`: what operators ask about players and matches, and do for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question or an order. The answer is a JSON object, which has `problem` where it cannot be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Ask {
    /// Everything about a player.
    Player {
        /// Whom.
        player_id: String,
    },
    /// Closes a player's sockets.
    Kick {
        /// Whose.
        player_id: String,
        /// Who asks.
        who: String,
    },
    /// Gives up a player's seats, whatever they are in.
    FreeSeat {
        /// Whose.
        player_id: String,
        /// Of one lane; all, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<String>,
        /// Who asks.
        who: String,
    },
    /// All rows that are a player's own.
    Export {
        /// Whose.
        player_id: String,
    },
    /// Deletes them, after closing the player's sockets.
    Erase {
        /// Whose.
        player_id: String,
        /// Who asks.
        who: String,
    },
    /// A match as it is, and as each seat is shown it.
    Match {
        /// Which.
        match_id: String,
    },
    /// Has the clock look at a placement or a match whose timer is lost. A timer that is not needed does nothing.
    LookAgain {
        /// Which placement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placement_id: Option<String>,
        /// Or which match.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        match_id: Option<String>,
    },
    /// Whether new matches, pools and placements are refused.
    Maintenance {
        /// What it shall be; absent: it is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<bool>,
        /// Who asks.
        #[serde(default)]
        who: String,
        /// Where telling the players goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Value>,
    },
    /// Rows of a table, a page of them.
    Rows {
        /// Which table.
        table: Table,
        /// One partition key's; any, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Where the page begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Value>,
    },
    /// How many messages the queues hold.
    Queues {},
    /// The latest runs of replays.
    Runs {},
}

/// A table, by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// Connections and seats.
    Players,
    /// Inboxes.
    Messages,
    /// Placements of game sessions.
    Placements,
    /// What players are told of placements.
    PlayerSessions,
    /// Who waits in pools.
    Tickets,
    /// Matches.
    Matches,
    /// Replays, letters, maintenance.
    Operations,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Players, Self::Messages, Self::Placements, Self::PlayerSessions, Self::Tickets, Self::Matches, Self::Operations];

    /// Its short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Players => "players",
            Self::Messages => "messages",
            Self::Placements => "placements",
            Self::PlayerSessions => "player-sessions",
            Self::Tickets => "tickets",
            Self::Matches => "matches",
            Self::Operations => "operations",
        }
    }

    /// The name of its partition key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Players | Self::PlayerSessions => "playerId",
            Self::Messages => "recipientId",
            Self::Placements => "placementId",
            Self::Tickets => "pool",
            Self::Matches => "matchId",
            Self::Operations => "kind",
        }
    }
}
