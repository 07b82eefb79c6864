/**
 * When a connection is to be replaced. Nothing of a token is verified here: that is the server's business.
 */

/** How long before its token expires a connection is replaced; sooner for a token that lives for less than four times this. */
const TOKEN_MARGIN = 60_000;

/** A token that expires sooner is left to expire: whoever gives out such tokens has no better one. */
const SHORTEST_TOKEN = 5_000;

/**
 * When a JSON Web Token expires, in epoch milliseconds; `null` if it does not say.
 *
 * @param {string} token
 * @returns {number | null}
 */
export function expiryOf(token) {
  try {
    const [, payload, , more] = token.split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return more === undefined && claims.exp > 0 ? claims.exp * 1_000 : null;
  } catch {
    return null;
  }
}

/**
 * After how many milliseconds a connection is replaced: at this `age` at the latest and some time before its token expires, and up to a
 * tenth earlier, so that clients which began together do not all connect again at once.
 *
 * @param {number} age
 * @param {number | null} expiresIn
 * @param {number} jitter From 0 to 1.
 */
export function rollOverIn(age, expiresIn, jitter) {
  const renewed = expiresIn !== null && expiresIn >= SHORTEST_TOKEN ? expiresIn - Math.min(TOKEN_MARGIN, expiresIn / 4) : Infinity;
  return Math.min(age, renewed) * (1 - jitter / 10);
}
