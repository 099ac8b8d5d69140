//! Usage, added up.

use tollgate_core::later::BoxFuture;
use tollgate_core::store::{Period, StoreError, UsageBatch, UsageLog, UsageQuery, UsageRow};

use crate::error::unavailable;
use crate::schema::rows::UsageSumRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};
use crate::sql_store::SqlStore;

/// For how long a batch is remembered, so that it counts once: longer than anybody tries again.
const BATCHES_KEPT: i64 = 86_400_000;

async fn add(tx: &mut Tx, mut batch: UsageBatch) -> Result<(), StoreError> {
    if tx.run(sql::CLAIM_BATCH, args![&batch.id, tx.now]).await.map_err(unavailable)? == 0 {
        return Ok(());
    }
    // All nodes touch rows in one order, so that none waits for another in a circle.
    batch.samples.sort_by(|a, b| a.of.cmp(&b.of));
    batch.key_uses.sort_by(|a, b| a.0.cmp(&b.0));
    for period in Period::ALL {
        for sample in &batch.samples {
            let values = args![
                period.as_str(),
                period.start(sample.last_seen),
                &sample.of.consumer,
                &sample.of.key,
                &sample.of.route,
                i64::from(sample.of.status_class),
                sample.count,
                sample.last_seen,
            ];
            tx.run(sql::ADD_USAGE, values).await.map_err(unavailable)?;
        }
    }
    for (key, used) in batch.key_uses {
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
