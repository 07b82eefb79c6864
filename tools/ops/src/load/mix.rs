//! What players do, and how often.

use std::str::FromStr;

/// Something that a player does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Joins a pool, and plays the match to its end.
    Play,
    /// Writes to another player.
    Chat,
    /// Asks for a place on a game server.
    Place,
}

/// How often each is done, beside the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mix(Vec<(Activity, u32)>);

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').ok_or_else(|| format!("{part:?}: write it as play=8,chat=1,place=1"))?;
            let activity = match name {
                "play" => Activity::Play,
                "chat" => Activity::Chat,
                "place" => Activity::Place,
                _ => return Err(format!("{name:?} is nothing that players do: there are play, chat and place")),
            };
            mix.push((activity, weight.parse().map_err(|_| format!("{weight:?} is no whole number"))?));
        }
        let sum = mix.iter().try_fold(0_u32, |sum, (_, weight)| sum.checked_add(*weight));
        if sum.is_some_and(|sum| sum > 0) { Ok(Self(mix)) } else { Err("the numbers add up to nothing, or to too much".to_owned()) }
    }
}

impl Mix {
    /// All weights together.
    fn sum(&self) -> u32 {
        self.0.iter().map(|(_, weight)| weight).sum()
    }

    /// One of them, at random.
    pub(super) fn pick(&self) -> Activity {
        self.at(fastrand::u32(..self.sum()))
    }

    fn at(&self, mut drawn: u32) -> Activity {
        for (activity, weight) in &self.0 {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return *activity,
            }
        }
        Activity::Play
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_activity_is_drawn_as_often_as_its_weight_says() {
        let mix: Mix = "chat=2,place=0,play=3".parse().unwrap();
        let drawn: Vec<Activity> = (0..mix.sum()).map(|drawn| mix.at(drawn)).collect();
        assert_eq!(drawn, [Activity::Chat, Activity::Chat, Activity::Play, Activity::Play, Activity::Play]);
        assert!((0..100).all(|_| mix.pick() != Activity::Place));
    }

    #[test]
    fn what_is_wrong_with_a_mix_is_said() {
        for (wrong, problem) in [
            ("", "play=8"),
            ("play", "play=8"),
            ("sleep=1", "\"sleep\""),
            ("play=-1", "\"-1\""),
            ("play=0,chat=0", "add up"),
            ("play=4294967295,chat=1", "add up"),
        ] {
            assert!(wrong.parse::<Mix>().unwrap_err().contains(problem), "{wrong}");
        }
    }
}
