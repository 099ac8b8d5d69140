//! Servers that people really run, behind the gateway, under the same hostile bytes. None of them may
//! log a request that the gateway did not make: neither more of them, nor another one.
//!
//! Which of them there are depends on the machine. `make test` installs them where it can and names
//! them in `TOLLGATE_TEST_ORIGINS`; one that is named must start. Without the variable, what is found
//! is used, and what is not is said.

mod python;
mod server;
mod web_servers;

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tollgate_core::units::Interval;

use crate::corpus::mutated;
use crate::support::{Client, Setup, soon};
use server::Server;

/// Mutations beside the cases themselves.
const MUTATIONS: usize = 300;

const METHODS: [&str; 7] = ["GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS "];

/// Plays the whole corpus through a gateway in front of `server`.
async fn logs_no_more_than_was_forwarded(server: Option<Server>) {
    let Some(server) = server else { return };
    let mut setup = Setup::to(format!("http://{}", server.address));
    setup.settings.server.timeouts.head = Interval(Duration::from_millis(300));
    setup.settings.server.timeouts.keep_alive = Interval(Duration::from_millis(100));
    setup.settings.server.timeouts.body = Interval(Duration::from_millis(300));
    setup.timeouts.first_byte = Some(Duration::from_secs(5));
    let gate = setup.start().await;
    let streams = mutated(MUTATIONS);
    let address = gate.address;
    stream::iter(&streams)
        .for_each_concurrent(24, |bytes| async move {
            let mut client = Client::connect(address).await;
            let _ = client.try_send(bytes).await;
            client.rest_bytes().await;
        })
        .await;
    // The last request of all is well-formed; once it is in the log, so is all that came before.
    let mut client = gate.client().await;
    client.send("GET /the-last-of-all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    client.rest_bytes().await;
    let logged = soon("the log of the origin", server.log_with("/the-last-of-all")).await;

    let sent = gate.sent();
    let attempts = sent.len() + gate.retries();
    println!("{}: {} streams, {attempts} requests forwarded, {} logged", server.name, streams.len(), logged.len());
    assert!(attempts > streams.len() / 10, "only {attempts} requests were forwarded: nothing is tested");
    assert!(logged.len() * 2 > attempts, "only {} of {attempts} were logged: the log tests nothing", logged.len());
    assert!(logged.len() <= attempts, "{} logged {} requests of {attempts}", server.name, logged.len());
    // A method that a server does not know may stand in its log without a name.
    let unknown = sent.iter().filter(|line| !METHODS.iter().any(|method| line.starts_with(method))).count();
    let (nameless, named): (Vec<_>, Vec<_>) =
        logged.iter().partition(|line| line.starts_with([' ', '-']) || line.starts_with("BAD"));
    assert!(
        nameless.len() <= unknown,
        "{} could not read {nameless:?}, but {unknown} had an unknown method",
        server.name
    );
    let strangers: Vec<_> = named.into_iter().filter(|line| !sent.contains(*line)).collect();
    assert!(strangers.is_empty(), "{} saw requests that the gateway never made: {strangers:#?}", server.name);
}
