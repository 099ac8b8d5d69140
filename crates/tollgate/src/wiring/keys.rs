//! The store, and the rooms that live by it: keys and signing keys. Where a shared store is away,
//! a node starts with what it kept on its disk.

use std::sync::Arc;

use anyhow::Context;
use tollgate_core::settings::SecretSettings;
use tollgate_core::store::{Store, StoreError};
use tollgate_core::time::Clock;
use tollgate_identity::{
    Issuer, IssuerError, Keyring, KeyringOptions, MasterKey, MasterKeyError, Reserve, ReserveFile, master_key,
};

use super::Plan;
use crate::data_dir::DataDir;

type Opened = (Arc<dyn Store>, Arc<Keyring>, Arc<Issuer>, MasterKey);

type Loaded = (Arc<Keyring>, Arc<Issuer>, MasterKey);

/// Opens the store and loads keys and signing keys; from the reserve where it is shared and away.
pub(super) async fn open(plan: &Plan<'_>) -> anyhow::Result<Opened> {
    let store = tollgate_store::open_later(&plan.store_url, Arc::clone(&plan.clock)).await?;
    let error = match load(plan, &store).await {
        Ok((keyring, issuer, master_key)) => return Ok((store, keyring, issuer, master_key)),
        Err(error) => error,
    };
    if !store.is_shared() || !is_outage(&error) {
        return Err(error);
    }
    let reserve = ReserveFile::new(plan.data.path()).read().context("the store is away, and so are the kept keys")?;
    let Some(reserve) = reserve else {
        return Err(
            error.context("this node has never served from this data folder, so that it has no keys of its own")
        );
    };
    tracing::error!(
        error = %format!("{error:#}"),
        synced_on = %reserve.synced_on.rfc3339(),
        keys = reserve.keys.grants.len(),
        "the store is away; starting with the keys that this node knew, for `keys.maxStale` since then"
    );
    let (keyring, issuer, master_key) = restore(plan, &store, reserve)?;
    Ok((store, keyring, issuer, master_key))
}

async fn load(plan: &Plan<'_>, store: &Arc<dyn Store>) -> anyhow::Result<Loaded> {
    store.ping().await?;
    let settings = plan.settings;
    let master_key = master_key(&settings.secrets, Some(plan.data), &**store).await?;
    if store.is_shared() && !master_key::is_configured(&settings.secrets) {
        tracing::warn!(
            "the key that seals the signing keys is kept in the store, so that a dump of the database contains it; \
             `secrets.masterKey` keeps it apart"
        );
    }
    let clock = || Arc::<dyn Clock>::clone(&plan.clock);
    let url = plan.issuer_url.clone();
    let issuer = Issuer::load(Arc::clone(store) as _, clock(), master_key.clone(), &settings.issuer, url).await?;
    let keyring = Keyring::load(Arc::clone(store) as _, clock(), options(plan)).await?;
    keyring.look_up_in(Arc::clone(store) as _);
    Ok((keyring, issuer, master_key))
}

fn restore(plan: &Plan<'_>, store: &Arc<dyn Store>, reserve: Reserve) -> anyhow::Result<Loaded> {
    let settings = plan.settings;
    let master_key = MasterKey::shared_copy(&settings.secrets, plan.data.path())?;
    let clock = || Arc::<dyn Clock>::clone(&plan.clock);
    let url = plan.issuer_url.clone();
    let Reserve { keys, signing_keys, synced_on } = reserve;
    let issuer =
        Issuer::restore(Arc::clone(store) as _, clock(), master_key.clone(), &settings.issuer, url, signing_keys)?;
    let keyring = Keyring::restore(Arc::clone(store) as _, clock(), options(plan), keys, synced_on);
    keyring.look_up_in(Arc::clone(store) as _);
    Ok((keyring, issuer, master_key))
}

fn options(plan: &Plan<'_>) -> KeyringOptions {
    let keys = &plan.settings.keys;
    KeyringOptions { prefix: keys.prefix.clone(), max_stale: keys.max_stale.0, dev: plan.dev }
}

/// The key that seals the signing keys of a store.
pub(super) async fn master_key(
    secrets: &SecretSettings,
    data: Option<&DataDir>,
    store: &dyn Store,
) -> anyhow::Result<MasterKey> {
    let data_dir = data.map(DataDir::path);
    Ok(match data_dir {
        data_dir if store.is_shared() => MasterKey::shared(secrets, data_dir, store).await?,
        Some(data_dir) => MasterKey::from_settings(secrets, data_dir)?,
        None if master_key::is_configured(secrets) => MasterKey::from_settings(secrets, "".as_ref())?,
        None => anyhow::bail!(
            "the signing keys in this store are sealed with a master key that is not known here\n  help: give --data-dir DIR (the folder that `run` was given), or --project DIR"
        ),
    })
}

/// Whether the store is away, wherever that was met.
fn is_outage(error: &anyhow::Error) -> bool {
    let of_store = |error: &StoreError| error.is_outage();
    error.downcast_ref::<StoreError>().is_some_and(of_store)
        || matches!(error.downcast_ref::<IssuerError>(), Some(IssuerError::Store(error)) if of_store(error))
        || matches!(error.downcast_ref::<MasterKeyError>(), Some(MasterKeyError::Store(error)) if of_store(error))
}
