//! Messages that go into an engine and come out again, and `fetch` with a host that answers.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod sending;
mod speed;
mod streaming;

use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::sync::mpsc;
use tollgate_core::{Body, BoxError};
use tollgate_js::Limits;
use tollgate_js::rquickjs::{self, Ctx, Function, Module};

fn limits() -> Limits {
    Limits { cpu: Duration::from_secs(10), ..Limits::default() }
}

/// The default export of a module with this text.
fn function<'js>(ctx: &Ctx<'js>, code: &str) -> rquickjs::Result<Function<'js>> {
    let (module, done) = Module::declare(ctx.clone(), "test.js", code)?.eval()?;
    done.finish::<()>()?;
    module.namespace()?.get("default")
}

type Frames = mpsc::Sender<Result<Frame<Bytes>, BoxError>>;

/// A body, and its other end: closed as soon as nobody reads the body any more.
fn channel() -> (Frames, Body) {
    let (sender, mut frames) = mpsc::channel(64);
    let frames = futures_util::stream::poll_fn(move |cx| frames.poll_recv(cx));
    (sender, Body::stream(http_body_util::StreamBody::new(frames)))
}

fn data(text: &str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::copy_from_slice(text.as_bytes())))
}

async fn text(body: Body) -> Result<String, String> {
    let bytes = body.collect_up_to(usize::MAX).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
