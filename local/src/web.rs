//! The page to play at, and the console: the files of one directory, below `/play/`, and those of its part `console`, below `/console/`.

use std::{
    io,
    path::{Path, PathBuf},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tower_http::services::ServeDir;

/// Where the page is.
pub const ROOT: &str = "/play/";

/// Where the files of the console are, and in which part of the directory.
const CONSOLE: &str = "console";

/// The file of the console's page in `directory`, which is at `/`.
pub fn console_page(directory: &Path) -> PathBuf {
    directory.join(CONSOLE).join("index.html")
}

/// The routes below [`ROOT`] and `/console/`, for the files in `directory`. Fails if there is no such directory, or no page in it.
pub fn router(directory: &Path) -> io::Result<Router> {
    directory.join("index.html").metadata()?;
    let files = Router::new()
        .nest_service(ROOT, ServeDir::new(directory))
        .nest_service(&format!("/{CONSOLE}/"), ServeDir::new(directory.join(CONSOLE)))
        .layer(middleware::from_fn(fresh_and_plain));
    Ok(files.route(ROOT.trim_end_matches('/'), get(async || Redirect::temporary(ROOT))))
}

/// Serves each file as it is now, so that whoever works on it sees each change at once: a browser has to ask, and has no time of a file to
/// ask by, which tells no two changes of one second apart. What is hidden stays so, and no file of a page needs a name that is encoded.
async fn fresh_and_plain(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.contains("/.") || path.contains('%') {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.remove(header::LAST_MODIFIED);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The address of a page, beside which lies a secret.
    async fn page() -> (tempfile::TempDir, String) {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("web");
        fs::create_dir_all(directory.join("parts")).unwrap();
        for name in ["index.html", "parts/a.js", "parts/b.mjs", "c.css", "d.svg", "e.json", ".hidden.js", "../secret.js"] {
            fs::write(directory.join(name), name).unwrap();
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = router(&directory).unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        (root, address)
    }

    #[tokio::test]
    async fn files_are_served_with_their_types_and_never_kept() {
        let (_root, address) = page().await;
        for (path, name, kind) in [
            ("/play/", "index.html", "text/html"),
            ("/play/index.html", "index.html", "text/html"),
            ("/play?mode=pig", "index.html", "text/html"),
            ("/play/parts/a.js", "parts/a.js", "text/javascript"),
            ("/play/parts/b.mjs", "parts/b.mjs", "application/javascript"),
            ("/play/c.css", "c.css", "text/css"),
            ("/play/d.svg", "d.svg", "image/svg+xml"),
            ("/play/e.json", "e.json", "application/json"),
        ] {
            let response = reqwest::get(format!("{address}{path}")).await.unwrap();
            assert!(response.url().path().starts_with(ROOT), "{path}");
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(header("content-type").as_deref(), Some(kind), "{path}");
            assert_eq!((header("cache-control").as_deref(), header("last-modified")), (Some("no-cache"), None), "{path}");
            assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
            assert_eq!(response.text().await.unwrap(), name);
        }
    }

    #[tokio::test]
    async fn nothing_outside_the_directory_and_nothing_hidden_is_served() {
        let (_root, address) = page().await;
        for path in [
            "/play/nothing.js",
            "/play/parts/",
            "/play/.hidden.js",
            "/play/%2ehidden.js",
            "/play/%2e%2e/secret.js",
            "/play/..%2fsecret.js",
            "/play/%00.js",
            "/play//secret.js",
            "/play/..\\secret.js",
        ] {
            assert_eq!(reqwest::get(format!("{address}{path}")).await.unwrap().status(), 404, "{path}");
        }
    }

    #[test]
    fn a_directory_without_a_page_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(router(root.path()).is_err() && router(&root.path().join("nothing")).is_err());
    }
}
