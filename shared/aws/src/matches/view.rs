//! A match as each of its players sees it. Nothing that is played in the open round is in it.

use muster_protocol::{MatchEnding, MatchPush, MatchState, ServerFrame, Who};

use super::MatchRow;
use crate::Deliverable;

impl MatchRow {
    /// The match as `player` sees it.
    #[must_use]
    pub fn view(&self, player: &str) -> MatchPush {
        let who = |other: &String| if other == player { Who::You } else { Who::Them };
        let opponent = self.players.iter().find(|other| *other != player);
        let is_first = self.players.first().is_none_or(|first| first == player);
        let [your_score, their_score] = if is_first { self.scores } else { [self.scores[1], self.scores[0]] };
        let winner = match self.ending {
            Some(MatchEnding::Won) => self.decided.as_ref().map(who),
            // Whoever left has lost.
            Some(MatchEnding::Forfeited) => self.decided.as_ref().map(|left| if left == player { Who::Them } else { Who::You }),
            _ => None,
        };
        let last = self.last.as_ref();
        MatchPush {
            match_id: self.match_id.clone(),
            mode: self.mode.clone(),
            version: self.version,
            state: self.state,
            opponent_id: opponent.cloned(),
            round: self.round,
            due_at: (self.state == MatchState::Playing).then_some(self.due_at),
            your_score,
            their_score,
            winner,
            ending: self.ending,
            your_play: last.and_then(|last| last.plays.get(player).cloned()),
            their_play: last.and_then(|last| last.plays.get(opponent?).cloned()),
            round_winner: last.and_then(|last| last.winner.as_ref().map(who)),
            round_summary: last.map(|last| last.summary.clone()),
        }
    }
}

impl Deliverable for MatchRow {
    fn frames(&self) -> Vec<(&str, ServerFrame)> {
        self.players.iter().map(|player| (player.as_str(), ServerFrame::Match(self.view(player)))).collect()
    }

    fn expires_at(&self) -> u64 {
        self.expires_at
    }

    fn since(&self) -> u64 {
        self.changed_at
    }

    fn match_id(&self) -> Option<&str> {
        Some(&self.match_id)
    }
}
