//! Usage, added up.

use std::collections::BTreeMap;

use tollgate_core::later::BoxFuture;
use tollgate_core::store::{Period, StoreError, UsageBatch, UsageKey, UsageLog, UsageQuery, UsageRow};
use tollgate_core::time::Timestamp;

use crate::error::unavailable;
use crate::schema::rows::UsageSumRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, Value, args};
use crate::sql_store::SqlStore;

/// For how long a batch is remembered, so that it counts once: longer than anybody tries again.
const BATCHES_KEPT: i64 = 86_400_000;

/// Rows of one statement.
const CHUNK: usize = 500;

async fn add(tx: &mut Tx, batch: UsageBatch) -> Result<(), StoreError> {
    if tx.run(sql::CLAIM_BATCH, args![&batch.id, tx.now]).await.map_err(unavailable)? == 0 {
        return Ok(());
    }
    // All nodes touch rows in one order, so that none waits for another in a circle; and no
    // statement touches a row twice.
    let mut sums: BTreeMap<(&str, i64, &UsageKey), (u64, Timestamp)> = BTreeMap::new();
    for sample in &batch.samples {
        for period in Period::ALL {
            let place = (period.as_str(), period.start(sample.last_seen).0, &sample.of);
            let (count, last_seen) = sums.entry(place).or_insert((0, sample.last_seen));
            *count = count.saturating_add(sample.count);
            *last_seen = (*last_seen).max(sample.last_seen);
        }
    }
    let rows: Vec<Vec<Value>> = sums
        .into_iter()
        .map(|((period, start, of), (count, last_seen))| {
            let class = i64::from(of.status_class);
            args![period, start, &of.consumer, &of.key, &of.route, class, count, last_seen]
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        let values = chunk.iter().flatten().cloned().collect();
        tx.run_made(sql::add_usage(chunk.len(), tx.places()), values).await.map_err(unavailable)?;
    }
    let mut uses = batch.key_uses;
    uses.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, used) in uses {
        tx.run(sql::NOTE_KEY_USE, args![key, used.on, used.from]).await.map_err(unavailable)?;
    }
    Ok(())
}

async fn list(tx: &mut Tx, query: UsageQuery) -> Result<Vec<UsageRow>, StoreError> {
    let values = args![
        query.period.as_str(),
        query.since,
        query.until,
        query.consumer,
        query.key,
        query.route,
        i64::try_from(query.limit).unwrap_or(i64::MAX),
    ];
    let rows: Vec<UsageSumRow> = tx.all(sql::USAGE, values).await.map_err(unavailable)?;
    Ok(rows.into_iter().map(UsageRow::from).collect())
}

async fn prune(tx: &mut Tx) -> Result<(), StoreError> {
    for period in Period::ALL {
        let values = args![period.as_str(), tx.now.0 - period.kept_for()];
        tx.run(sql::PRUNE_USAGE, values).await.map_err(unavailable)?;
    }
    tx.run(sql::PRUNE_BATCHES, args![tx.now.0 - BATCHES_KEPT]).await.map_err(unavailable)?;
    tx.run(sql::PRUNE_CALLS, args![tx.now]).await.map_err(unavailable)?;
    Ok(())
}

impl UsageLog for SqlStore {
    fn add_usage(&self, batch: UsageBatch) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.add_much(move |tx| Box::pin(add(tx, batch))))
    }

    fn usage(&self, query: UsageQuery) -> BoxFuture<'_, Result<Vec<UsageRow>, StoreError>> {
        Box::pin(self.read_much(move |tx| Box::pin(list(tx, query))))
    }

    fn prune_usage(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.add_much(move |tx| Box::pin(prune(tx))))
    }
}
