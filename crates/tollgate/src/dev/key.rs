//! The development key: made once, kept in a file that only its owner reads, refused by `run`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use tollgate_core::keys::DEFAULT_BUCKET;
use tollgate_core::services::{KeyVerdict, Keyring};
use tollgate_core::store::{NewConsumer, StoreError};

use crate::minting;
use crate::serving::Serving;

/// Whose key it is.
const CONSUMER: &str = "developer";

/// The key: the one in the file where it still works, else a new one.
pub(crate) async fn development_key(serving: &Serving) -> anyhow::Result<String> {
    if let Some(key) = serving.data.development_key()? {
        let verdict = serving.rooms.keyring.find(&key, None, IpAddr::V4(Ipv4Addr::LOCALHOST)).get().await;
        if matches!(&verdict, KeyVerdict::Good(grant) if grant.key.development) {
            return Ok(key);
        }
    }
    let store = &serving.rooms.store;
    if let Err(StoreError::NotFound { .. }) = store.consumer(DEFAULT_BUCKET, CONSUMER).await {
        let new = NewConsumer {
            description: None,
            bucket: DEFAULT_BUCKET.to_owned(),
            name: CONSUMER.to_owned(),
            metadata: json!({}),
            tags: BTreeMap::new(),
        };
        store.create_consumer(new).await?;
    }
    let prefix = &serving.project().settings.keys.prefix;
    let mut minted = minting::mint(prefix, Some("development key, made by `tollgate dev`".to_owned()), None)?;
    minted.stored.development = true;
    store.create_key(DEFAULT_BUCKET, CONSUMER, minted.stored).await?;
    serving.data.keep_development_key(&minted.key)?;
    serving.rooms.keyring.catch_up().await?;
    Ok(minted.key)
}
