//! A foreign server, without a wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tollgate_core::egress::EgressRules;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse};
use tollgate_core::time::{Clock, ManualClock, Timestamp};
use tollgate_core::{Body, Request, Response, Services};

use super::Room;

/// What the server does with a request.
pub(crate) enum Reply {
    /// Answers with JSON.
    Json(u16, Value),
    /// Answers with a text that may be anything.
    Text(u16, &'static str),
    /// Takes no connection.
    Refuse,
    /// Never answers.
    Silence,
}

/// A request that it got.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

type Answers = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// See the module.
pub(crate) struct FakeServer {
    answers: Answers,
    asked: Mutex<Vec<Asked>>,
}

impl FakeServer {
    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl std::fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeServer")
    }
}

impl HttpClient for FakeServer {
    fn get<'a>(&'a self, _: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError("not here".to_owned())) })
    }

    fn send<'a>(
        &'a self,
        request: Request,
        _: Duration,
        _: &'a Arc<EgressRules>,
    ) -> BoxFuture<'a, Result<Response, HttpError>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = String::from_utf8(body.bytes().unwrap().to_vec()).unwrap();
            let asked = Asked { url: parts.uri.to_string(), headers: parts.headers, body };
            let reply = (self.answers)(&asked);
            self.asked.lock().unwrap().push(asked);
            tokio::task::yield_now().await;
            let (status, body) = match reply {
                Reply::Json(status, body) => (status, body.to_string()),
                Reply::Text(status, body) => (status, body.to_owned()),
                Reply::Refuse => return Err(HttpError("connection refused".to_owned())),
                Reply::Silence => std::future::pending().await,
            };
            let mut response = Response::new(Body::full(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        })
    }
}

/// A clock on which nobody waits for long.
#[derive(Debug)]
struct Hurried(Arc<ManualClock>);

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn wait(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        })
    }
}

impl Room {
    /// Puts a server behind every URL. Waiting takes no time from now on.
    pub(crate) fn serve(&mut self, answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Arc<FakeServer> {
        let server = Arc::new(FakeServer { answers: Box::new(answers), asked: Mutex::default() });
        let old = &*self.services;
        self.services = Arc::new(Services {
            clock: Arc::new(Hurried(Arc::clone(&self.clock))),
            keyring: Arc::clone(&old.keyring),
            limiter: Arc::clone(&old.limiter),
            quotas: Arc::clone(&old.quotas),
            cache: Arc::clone(&old.cache),
            issuer: Arc::clone(&old.issuer),
            verifiers: Arc::clone(&old.verifiers),
            outgoing: Arc::clone(&old.outgoing),
            http: Arc::clone(&server) as _,
            explain: false,
        });
        server
    }
}
