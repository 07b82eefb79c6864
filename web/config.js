/**
 * Where this page plays. Empty values mean: on the stack that serves it, which is what `cargo run` wants.
 *
 * - `socketUrl`: the stage's WebSocket, such as `wss://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev`.
 * - `tokenUrl`: who gives out tokens. It is asked for `tokenUrl?player=NAME` and answers `{"access_token": …}`, as an OAuth 2.0 token
 *   endpoint does. An identity provider that works otherwise is a function here: `token: async (name) => "…"`.
 */
export default {
  socketUrl: "",
  tokenUrl: "",
};
