//! A web server of files on this machine, which can change, fail, lead elsewhere and count.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{StatusCode, Uri};

#[derive(Clone, Default)]
pub(crate) struct Files {
    files: Arc<Mutex<HashMap<String, File>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
enum File {
    Text(Vec<u8>),
    Status(u16),
    Leads(String),
}

impl Files {
    /// All files of a folder.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        let files = Self::default();
        files.add(folder, "");
        files
    }

    fn add(&self, folder: &Path, above: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{above}/{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() {
                self.add(&entry.path(), &path);
            } else {
                self.put(&path, fs::read(entry.path()).unwrap());
            }
        }
    }

    pub(crate) fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        self.set(path, File::Text(text.as_ref().to_vec()));
    }

    /// Answers with this status from now on.
    pub(crate) fn fail(&self, path: &str, status: u16) {
        self.set(path, File::Status(status));
    }

    /// Sends whoever asks to another address.
    pub(crate) fn lead(&self, path: &str, to: &str) {
        self.set(path, File::Leads(to.to_owned()));
    }

    fn set(&self, path: &str, file: File) {
        self.files.lock().unwrap().insert(path.to_owned(), file);
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Its address.
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

async fn answer(State(files): State<Files>, uri: Uri) -> Response {
    files.asked.lock().unwrap().push(uri.path().to_owned());
    let file = files.files.lock().unwrap().get(uri.path()).cloned();
    match file {
        Some(File::Text(text)) => text.into_response(),
        Some(File::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(File::Leads(to)) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
