//! What trusted programs publish over SNS: GameLift and game servers tell of placements, services announce.

mod announcement;
mod placement_event;

pub use announcement::Announcement;
pub use placement_event::{PlacedPlayer, PlacementDetail, PlacementEvent, PlacementFulfilled, placement_of_session};

use crate::reading::Complaint;

/// What a trusted program publishes.
pub trait Event: Sized {
    /// Reads the message of a notification, as liberally as [`reading`](crate::reading) says. Empty text in an optional field means that it
    /// is absent, too.
    ///
    /// # Errors
    /// A [`Complaint`] that names the field.
    fn read(text: &str) -> Result<Self, Complaint>;
}

/// Whether `text` is of 1 to `most` characters, none of which is a control character.
fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
