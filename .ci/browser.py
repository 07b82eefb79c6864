"""Plays on the page in a headless Chromium, against a whole stack: `.ci/run` calls this as its stage `browser`.

Players use the keyboard alone. Pictures of every screen are left in target/browser/, on a phone and on a desktop, in light and in dark.
The names of scenarios as arguments run those alone.
"""

import asyncio
import sys
import time
import traceback

from chromium import Chromium
from scenarios import away, console, library, looks, matches
from stack import Stack

SCENARIOS = [
    library.the_client_library,
    library.the_text_page_names_this_one,
    looks.every_code_has_its_words,
    looks.nothing_is_ever_parsed_as_html,
    looks.colours_can_be_read,
    matches.two_strangers_play_to_the_end,
    matches.both_want_a_rematch_at_once,
    matches.what_is_played_too_late_does_not_count,
    matches.tic_tac_toe_is_played_by_two,
    matches.the_computer_plays_at_once,
    matches.a_game_without_a_file_is_played,
    matches.a_friend_comes_by_a_link,
    away.who_loses_the_network_comes_back,
    away.who_is_away_is_seen_to_be,
    away.an_end_that_was_missed_is_shown,
    away.an_invitation_that_was_taken_and_is_over_is_shown,
    away.a_connection_is_replaced_in_the_middle_of_a_match,
    library.a_long_inbox_is_read_to_its_end,
    away.a_rematch_outlives_a_reload,
    away.a_name_in_two_tabs_is_one_player,
    matches.a_game_server_is_found_or_given_up,
    matches.looking_is_given_up,
    looks.nothing_moves_for_those_who_do_not_like_it,
    looks.a_phone_on_its_side_shows_the_hands,
    looks.every_screen_can_be_looked_at,
    console.what_happens_is_seen_live,
    console.a_match_is_followed_everywhere,
    console.a_player_is_helped,
    console.dead_letters_are_worked_off,
    console.maintenance_is_switched_from_the_header,
    console.the_console_is_used_by_keys,
    console.the_consoles_colours_can_be_read,
    console.the_console_can_be_looked_at,
]


async def main(wanted):
    failed = 0
    with Stack() as stack:
        for scenario in SCENARIOS:
            if wanted and scenario.__name__ not in wanted:
                continue
            failed += not await attempt(scenario, stack)
    return failed


async def attempt(scenario, stack):
    """Runs a scenario, if need be more than once; whether it was well in the end."""
    for left in reversed(range(getattr(scenario, "attempts", 1))):
        begun = time.monotonic()
        # A browser each, so that no player of one scenario meets those of another.
        async with Chromium() as browser:
            try:
                await scenario(browser, stack)
                problems = [problem for page in browser.pages.values() for problem in page.problems]
                assert not problems, f"errors on the page: {problems}"
                outcome = "ok"
            except Exception:
                outcome = f"{'not yet' if left else 'FAILED'}\n{traceback.format_exc()}"
        print(f"{scenario.__name__.replace('_', ' ')} … {outcome} ({time.monotonic() - begun:.1f} s)", flush=True)
        if outcome == "ok":
            return True
        if left:
            # Until the match of two players who are gone is over, and they can begin another.
            await asyncio.sleep(15)
    return False


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])) > 0)
