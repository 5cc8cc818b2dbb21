//! A server that always says the same: what HTTP itself costs on this machine.

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::any;

/// Serves a body of so many bytes on a port of this machine, for ever.
pub(crate) fn serve(port: u16, size: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let body = Bytes::from(vec![b'x'; size]);
        let answer = move || {
            let body = body.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], body) }
        };
        let app = Router::new().fallback(any(answer));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        axum::serve(listener, app).await?;
        Ok(())
    })
}
