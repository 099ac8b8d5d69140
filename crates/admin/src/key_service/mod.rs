//! The key API of Zuplo: the same buckets, consumers, keys and managers under the paths, with the
//! envelopes and the names of members that scripts written for it use, so that only their base URL
//! and token change. The account in a path is taken as it comes: a gateway has one.
//!
//! What differs: a key is shown by the call that makes it, and never again, because only its hash
//! is kept (`key-format=visible` gives its first and last characters, as `masked` does); therefore
//! `roll-key` answers with the new key.

mod bodies;
mod buckets;
mod consumers;
mod keys;
mod managers;
mod query;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post};

use crate::server::Admin;

/// Everything under `/v1/accounts`; `wrap` is put around the calls.
pub(crate) fn routes(wrap: impl Fn(MethodRouter<Admin>) -> MethodRouter<Admin>) -> Router<Admin> {
    const BUCKETS: &str = "/v1/accounts/{account}/key-buckets";
    const CONSUMERS: &str = "/v1/accounts/{account}/key-buckets/{bucket}/consumers";
    let of_account = |rest: &str| format!("{BUCKETS}{rest}");
    let of_bucket = |rest: &str| format!("{CONSUMERS}{rest}");
    let consumers = || get(consumers::list).post(consumers::create);
    Router::new()
        .route(BUCKETS, wrap(get(buckets::list).post(buckets::create)))
        .route(&of_account("/{bucket}"), wrap(get(buckets::show).patch(buckets::update).delete(buckets::delete)))
        // Public examples write it both ways.
        .route(CONSUMERS, wrap(consumers()))
        .route(&of_bucket("/"), wrap(consumers()))
        .route(&of_bucket("/$bulk"), wrap(post(consumers::create_many)))
        .route(&of_bucket("/{consumer}"), wrap(get(consumers::show).patch(consumers::update).delete(consumers::delete)))
        .route(&of_bucket("/{consumer}/roll-key"), wrap(post(consumers::roll)))
        .route(&of_bucket("/{consumer}/keys"), wrap(get(keys::list).post(keys::create)))
        .route(&of_bucket("/{consumer}/keys/$bulk"), wrap(post(keys::create_many)))
        .route(&of_bucket("/{consumer}/keys/{key}"), wrap(get(keys::show).patch(keys::update).delete(keys::delete)))
        .route(&of_bucket("/{consumer}/managers"), wrap(get(managers::list).post(managers::add)))
        .route(&of_bucket("/{consumer}/managers/{manager}"), wrap(delete(managers::remove)))
}
