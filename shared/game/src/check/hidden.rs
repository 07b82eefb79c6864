//! That what is secret stays hidden.

use muster_protocol::MatchPush;
use serde_json::Value;

use super::{Kit, Law, laws::Wrong, locked};
use crate::{Match, Millis, Occasion, Wish};

/// Most values that are kept of one secret.
const VALUES: usize = 6;

/// Whoever looks: each seat, and a watcher.
pub(super) fn viewers(row: &Match) -> impl Iterator<Item = Option<usize>> + use<> {
    (0..row.seats.len()).map(Some).chain([None])
}

/// The row as `viewer` sees it.
pub(super) fn seen(row: &Match, viewer: Option<usize>, occasion: Occasion, now: Millis) -> Result<MatchPush, Wrong> {
    row.seen_by(viewer, occasion, now).map_err(|broken| (Law::NoStepBreaks, format!("it cannot be shown to {viewer:?}: {broken}")))
}

impl Kit {
    /// Exchanges what each viewer does not own for what was come across in the same place elsewhere: that must not show.
    pub(super) fn keeps_secrets(&self, row: &Match) -> Result<(), Wrong> {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let known = Value::Array(vec![parsed(&row.state), parsed(&row.events)]);
        if !self.collect(&known, "") {
            return Ok(());
        }
        for viewer in viewers(row) {
            let before = seen(row, viewer, Occasion::Push, row.changed_at)?;
            for pick in 0..VALUES {
                let mut other = known.clone();
                if !self.exchange(&mut other, "", viewer, pick) {
                    break;
                }
                let events = if row.events.is_empty() { String::new() } else { other[1].to_string() };
                let after = seen(&Match { state: other[0].to_string(), events, ..row.clone() }, viewer, Occasion::Push, row.changed_at)?;
                if after != before {
                    let (before, after) = (shown(&before), shown(&after));
                    return Err((Law::SecretsAreHidden, format!("to {viewer:?}, another's secret makes {after} of {before}")));
                }
            }
        }
        Ok(())
    }

    /// Remembers all secrets of a state. Whether there was one.
    fn collect(&self, value: &Value, path: &str) -> bool {
        if let Some((owners, secret)) = secret(value) {
            let mut all = locked(&self.secrets);
            let values = all.entry((path.to_owned(), owners)).or_default();
            if values.len() < VALUES && !values.contains(secret) {
                values.push(secret.clone());
            }
            return true;
        }
        match value {
            Value::Array(values) => {
                (values.iter().enumerate()).fold(false, |any, (at, value)| self.collect(value, &format!("{path}/{at}")) | any)
            }
            Value::Object(values) => values.iter().fold(false, |any, (name, value)| self.collect(value, &format!("{path}/{name}")) | any),
            _ => false,
        }
    }

    /// Whether there was anything to exchange.
    fn exchange(&self, value: &mut Value, path: &str, viewer: Option<usize>, pick: usize) -> bool {
        if let Some((owners, secret)) = secret(value) {
            if viewer.is_some_and(|seat| owners & (1 << seat) != 0) {
                return false;
            }
            let all = locked(&self.secrets);
            let alike = |other: &&Value| *other != secret && is_alike(other, secret);
            let other = all.get(&(path.to_owned(), owners)).and_then(|values| values.iter().filter(alike).nth(pick).cloned());
            drop(all);
            return other.is_some_and(|other| {
                value["secret"] = other;
                true
            });
        }
        // Every part of it, and not only the first.
        match value {
            Value::Array(values) => (values.iter_mut().enumerate())
                .fold(false, |any, (at, value)| self.exchange(value, &format!("{path}/{at}"), viewer, pick) | any),
            Value::Object(values) => {
                (values.iter_mut()).fold(false, |any, (name, value)| self.exchange(value, &format!("{path}/{name}"), viewer, pick) | any)
            }
            _ => false,
        }
    }
}

/// The owners and the value of a [`Secret`](crate::Secret).
fn secret(value: &Value) -> Option<(u64, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    Some((fields.get("of")?.as_u64()?, fields.get("secret")?))
}

/// Whether two values are of one shape: how many cards a hand has may be known to all.
fn is_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|((name, one), (named, other))| name == named && is_alike(one, other))
        }
        (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) | (Value::String(_), Value::String(_)) => true,
        (one, other) => one.is_null() && other.is_null(),
    }
}

/// A step that told nobody, by the player in `actor` if it was one, shows nobody else that there was one: neither at once, nor by what
/// follows.
pub(super) fn keeps_quiet(before: &Match, after: &Match, actor: Option<usize>, now: Millis) -> Result<(), Wrong> {
    let others = || viewers(after).filter(|viewer| viewer.is_none_or(|seat| *viewer != actor && !after.seats[seat].bot));
    for viewer in others() {
        same(viewer, &seen(before, viewer, Occasion::Reply, now)?, &seen(after, viewer, Occasion::Reply, now)?)?;
    }
    if before.wakes_at().is_some_and(|at| at <= now) {
        return Ok(());
    }
    // Everybody is told of what has nothing to do with it.
    for player in after.seats.iter().enumerate().filter(|(seat, player)| !player.bot && !player.left && Some(*seat) != actor) {
        let id = player.1.player_id.as_str();
        let wish = if player.1.away { Wish::Return(id) } else { Wish::GoAway(id) };
        let later = |row: &Match| row.change(wish, crate::Circumstances { now, by: "later" }).row;
        if let (Some(without), Some(with)) = (later(before), later(after)) {
            for viewer in others() {
                same(viewer, &seen(&without, viewer, Occasion::Push, now)?, &seen(&with, viewer, Occasion::Push, now)?)?;
            }
        }
    }
    Ok(())
}

fn same(viewer: Option<usize>, before: &MatchPush, after: &MatchPush) -> Result<(), Wrong> {
    let words = || format!("to {viewer:?}, it makes {} of {}", shown(after), shown(before));
    if before == after { Ok(()) } else { Err((Law::QuietStepsAreHidden, words())) }
}

fn shown(push: &MatchPush) -> String {
    serde_json::to_string(push).unwrap_or_default()
}
