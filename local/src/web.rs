//! The page to play at: the files of one directory, below `/play/`.
//!
//! They are read anew for each request and never kept by a browser without asking, so that whoever works on them sees each change at once.

use std::{
    io,
    path::{Path, PathBuf},
};

use axum::{
    Router,
    extract::{self, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::task::spawn_blocking;

/// Where the page is.
pub const ROOT: &str = "/play/";

/// What may be served, by the ending of its name. A browser does not run a module of another type, and guesses nothing.
const TYPES: [(&str, &str); 4] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
];

/// The page of a directory.
#[derive(Clone, Debug)]
pub struct Web {
    /// Canonical, so that what is read can be compared with it.
    directory: PathBuf,
}

impl Web {
    /// The page whose files are in `directory`.
    ///
    /// # Errors
    /// There is no such directory, or no page in it.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let directory = directory.canonicalize()?;
        directory.join("index.html").metadata()?;
        Ok(Self { directory })
    }

    /// The routes below [`ROOT`].
    pub fn router(self) -> Router {
        let page = async |State(web): State<Self>| web.answer(String::new()).await;
        let file = async |State(web): State<Self>, extract::Path(path): extract::Path<String>| web.answer(path).await;
        Router::new()
            .route(ROOT.trim_end_matches('/'), get(async || Redirect::temporary(ROOT)))
            .route(ROOT, get(page))
            .route(&format!("{ROOT}{{*path}}"), get(file))
            .with_state(self)
    }

    async fn answer(self, path: String) -> Response {
        let read = spawn_blocking(move || self.read(&path)).await;
        match read.ok().flatten() {
            Some((kind, bytes)) => {
                let headers: [(HeaderName, &str); 3] =
                    [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
                (headers, bytes).into_response()
            }
            None => (StatusCode::NOT_FOUND, "The page has no such file.\n").into_response(),
        }
    }

    /// The type and the bytes of the file at `path`, which comes from outside.
    fn read(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let name = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        let (_, ending) = name.rsplit_once('.')?;
        let (_, kind) = TYPES.iter().find(|(known, _)| *known == ending)?;
        if !name.split('/').all(is_plain) {
            return None;
        }
        // A link could still lead elsewhere.
        let file = self.directory.join(name).canonicalize().ok().filter(|file| file.starts_with(&self.directory))?;
        Some((kind, std::fs::read(file).ok()?))
    }
}

/// Whether this names a file or directory, and nothing but one that is meant to be seen: no `..`, no hidden one, no drive.
fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A page of two files, beside which lies a secret.
    fn page() -> (tempfile::TempDir, Web) {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("web");
        fs::create_dir_all(directory.join("parts")).unwrap();
        for (name, text) in [("web/index.html", "page"), ("web/parts/a.js", "code"), ("web/.hidden.js", "secret"), ("secret.js", "secret")]
        {
            fs::write(root.path().join(name), text).unwrap();
        }
        let web = Web::new(&directory).unwrap();
        (root, web)
    }

    #[test]
    fn files_are_served_with_their_types() {
        let (_root, web) = page();
        assert_eq!(web.read(""), Some(("text/html; charset=utf-8", b"page".to_vec())));
        assert_eq!(web.read("index.html"), web.read(""));
        assert_eq!(web.read("parts/a.js"), Some(("text/javascript; charset=utf-8", b"code".to_vec())));
    }

    #[test]
    fn nothing_outside_the_directory_and_nothing_hidden_is_served() {
        let (root, web) = page();
        let outside = root.path().join("secret.js");
        for path in
            ["../secret.js", "parts/../../secret.js", "..\\secret.js", ".hidden.js", "./index.html", "//secret.js", "parts", "parts/"]
        {
            assert_eq!(web.read(path), None, "{path}");
        }
        assert_eq!(web.read(outside.to_str().unwrap()), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&outside, web.directory.join("link.js")).unwrap();
            assert_eq!(web.read("link.js"), None);
        }
    }

    #[tokio::test]
    async fn an_encoded_way_out_is_none() {
        let (_root, web) = page();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, web.router()).await });
        let get = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.unwrap();
        for path in ["/play/%2e%2e/secret.js", "/play/..%2fsecret.js", "/play/%2e%2e%2fsecret.js", "/play/%00.js", "/play/nothing.js"] {
            assert_eq!(get(path).await.status(), 404, "{path}");
        }
        let page = get("/play").await;
        assert_eq!((page.url().path(), page.headers()["cache-control"].to_str().unwrap()), ("/play/", "no-cache"));
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        assert_eq!(page.text().await.unwrap(), "page");
    }

    #[test]
    fn a_directory_without_a_page_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(Web::new(root.path()).is_err() && Web::new(&root.path().join("nothing")).is_err());
    }
}
