//! The weather of a whole run, from the variable `MUSTER_TEST_WEATHER`, such as `rough:42`.

use std::{env, thread};

/// Why some tests have calm weather in every run, and the beginnings of their names.
const CALM: &[(&str, &[&str])] = &[
    ("What is billed is counted to the unit.", &["billing::", "prices::"]),
    (
        "They break a service or kill a function themselves, at a certain call, and count what follows.",
        &[
            "crashes::a_",
            "crashes::announcing",
            "crashes::each_function",
            "crashes::matching::",
            "crashes::placing::",
            "failures::",
            "matches::healing",
            "matches::lost",
            "matches::timers",
            "players::missing::a_client",
            "announcing::failing",
            "game_servers::failing",
            "placements::refusals",
        ],
    ),
    (
        "Each push, letter or row comes once, and another one would be a mistake. In bad weather a record comes twice, which clients drop.",
        &[
            "announcing::a_thousand",
            "announcing::an_announcement_that_nobody_can",
            "game_servers::events",
            "game_servers::example",
            "game_servers::guide",
            "game_servers::malformed",
            "attacks::flood",
            "matches::invoking",
            "matches::void",
            "matches::tic_tac_toe::the_computer",
            "matches::quiet",
            "placements::away",
            "placements::cancelling",
            "placements::ending",
            "placements::requesting",
            "placements::events",
            "placements::rows",
            "placements::sessions",
            "matches::late",
            "matches::permitted",
            "messaging::each_of_many",
        ],
    ),
    (
        "They change a row by hand and look at once, so that a read of a moment ago shows it as it was.",
        &["matches::leaving::a_seat_in_a_match_that_is_forgotten"],
    ),
    (
        "A player is away from the moment its socket closes. In bad weather the gateway does not always tell.",
        &[
            "matches::presence",
            "matches::pools::a_ghost",
            "matches::pools::whoever_is_there",
            "matches::coming_back",
            "messaging::a_d",
            "messaging::a_player_whose",
            "messaging::a_socket_that",
            "messaging::an_offline",
            "players::dropping",
            "attacks::spoofing::a_second",
        ],
    ),
];

/// The stack's option for this test, whose arguments say nothing of it themselves.
pub fn option(arguments: &[&str]) -> Option<String> {
    let weather = env::var("MUSTER_TEST_WEATHER").ok().filter(|_| !arguments.contains(&"--weather"))?;
    // The test harness of Rust names the thread of a test after it.
    let test = thread::current().name().unwrap_or_default().to_owned();
    let is_calm = CALM.iter().flat_map(|(_, tests)| *tests).any(|tests| test.starts_with(tests));
    (!is_calm).then(|| format!("--weather={weather}"))
}
