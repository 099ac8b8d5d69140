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
use axum::routing::{delete, get, post};

use crate::server::Admin;

/// Everything under `/v1/accounts`.
pub(crate) fn routes() -> Router<Admin> {
    const BUCKETS: &str = "/v1/accounts/{account}/key-buckets";
    const CONSUMERS: &str = "/v1/accounts/{account}/key-buckets/{bucket}/consumers";
    let of_account = |rest: &str| format!("{BUCKETS}{rest}");
    let of_bucket = |rest: &str| format!("{CONSUMERS}{rest}");
    let consumers = || get(consumers::list).post(consumers::create);
    Router::new()
        .route(BUCKETS, get(buckets::list).post(buckets::create))
        .route(&of_account("/{bucket}"), get(buckets::show).patch(buckets::update).delete(buckets::delete))
        // Public examples write it both ways.
        .route(CONSUMERS, consumers())
        .route(&of_bucket("/"), consumers())
        .route(&of_bucket("/$bulk"), post(consumers::create_many))
        .route(&of_bucket("/{consumer}"), get(consumers::show).patch(consumers::update).delete(consumers::delete))
        .route(&of_bucket("/{consumer}/roll-key"), post(consumers::roll))
        .route(&of_bucket("/{consumer}/keys"), get(keys::list).post(keys::create))
        .route(&of_bucket("/{consumer}/keys/$bulk"), post(keys::create_many))
        .route(&of_bucket("/{consumer}/keys/{key}"), get(keys::show).patch(keys::update).delete(keys::delete))
        .route(&of_bucket("/{consumer}/managers"), get(managers::list).post(managers::add))
        .route(&of_bucket("/{consumer}/managers/{manager}"), delete(managers::remove))
}
