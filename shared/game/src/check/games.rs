//! Whole matches at random.

use super::{
    Kit, Law, locked,
    world::{Deed, World},
};
use crate::{Chance, Millis};

/// What was played.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Whole {
    /// Most writes of a match.
    pub(super) longest: u64,
    /// Most write units of one by code that was only played.
    pub(super) most_units: u32,
}

/// Most that a player thinks, in milliseconds, before anything happens.
const THINKING: usize = 4_000;

/// Plays as many matches to their end, as long as all is well.
pub(super) fn play(kit: &Kit, games: usize) -> Whole {
    let (mut whole, openings) = (Whole::default(), World::openings(kit));
    for game in 0..games {
        if locked(&kit.found).is_some() {
            break;
        }
        let mut chance = Chance::new("whole games", game as u64, 0);
        // Every other match is only played. In the others, whatever can happen does.
        let (plain, opening) = (game % 2 == 0, game / 2 % openings.len());
        let Some(opened) = World::opened(kit, openings[opening], game) else { continue };
        let Some(world) = to_its_end(kit, opened, plain, &mut chance) else { break };
        whole.longest = whole.longest.max(world.row.revision);
        if plain && opening == 0 {
            whole.most_units = whole.most_units.max(world.units);
        }
    }
    whole
}

/// The match at its end; none, if a law was broken.
fn to_its_end(kit: &Kit, mut world: World, plain: bool, chance: &mut Chance) -> Option<World> {
    let most = 40 * (kit.played.limits.steps as usize + 10);
    for _ in 0..most {
        if world.is_wrong() {
            return None;
        }
        if world.row.is_over() {
            return costs_little(kit, world, plain);
        }
        let deed = chosen(kit, &world, plain, chance);
        if let Some(at) = world.row.wakes_at().filter(|at| *at > world.now) {
            world.now += (chance.below(THINKING) as Millis).min(at - world.now - 1);
        }
        if let Some(next) = world.after(kit, deed) {
            world = next;
        }
    }
    world.goes_wrong(kit, (Law::MatchesEnd, format!("it is not over after {most} things that have happened")));
    None
}

/// What happens next: mostly somebody plays, sometimes nobody does until the time is up, and sometimes anything happens.
fn chosen(kit: &Kit, world: &World, plain: bool, chance: &mut Chance) -> Deed {
    let deeds = world.deeds(kit, usize::MAX);
    let die = chance.roll(60);
    // Who leaves ends most games, so few do.
    let any = |deed: &&Deed| die == 1 || !matches!(deed, Deed::Leave(_));
    let play = |deed: &&Deed| die > 2 && world.is_play(deed);
    let wild = !plain && die <= 20;
    let among: Vec<&Deed> = if wild { deeds.iter().filter(any).collect() } else { deeds.iter().filter(play).collect() };
    let clock = if deeds.contains(&Deed::Wait) { Deed::Wait } else { Deed::Tick };
    chance.pick(&among).copied().cloned().unwrap_or(clock)
}

/// What is only played, behind a code, costs what it may.
fn costs_little(kit: &Kit, mut world: World, plain: bool) -> Option<World> {
    let most = kit.played.limits.write_units;
    if plain && world.units > most {
        let words = format!("it costs {} write units of at most {most}", world.units);
        world.goes_wrong(kit, (Law::MatchesAreCheap, words));
        return None;
    }
    Some(world)
}
