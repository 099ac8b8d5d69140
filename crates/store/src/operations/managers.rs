//! Managers of buckets and consumers.

use tollgate_core::keys::Manager;
use tollgate_core::store::{Managed, NewManager, StoreError};

use super::{buckets, consumers, detail};
use crate::error::{exists, unavailable};
use crate::schema::rows::ManagerRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};

/// The bucket, and the consumer's id where one is meant; an error where there is no such thing.
async fn resolve(tx: &mut Tx, of: Managed<'_>) -> Result<(String, Option<String>), StoreError> {
    Ok(match of {
        Managed::Bucket(bucket) => (buckets::find(tx, bucket).await?.name, None),
        Managed::Consumer(bucket, name) => {
            let consumer = consumers::find(tx, bucket, name).await?;
            (bucket.to_owned(), Some(consumer.id.to_string()))
        }
    })
}

/// What an entry of the audit log is about.
fn target(bucket: &str, consumer: Option<&String>) -> (&'static str, String) {
    match consumer {
        Some(consumer) => ("consumer", consumer.clone()),
        None => ("bucket", bucket.to_owned()),
    }
}

pub(super) async fn list(tx: &mut Tx, of: Managed<'_>) -> Result<Vec<Manager>, StoreError> {
    let (bucket, consumer) = resolve(tx, of).await?;
    let rows: Vec<ManagerRow> = tx.all(sql::MANAGERS, args![bucket, consumer]).await.map_err(unavailable)?;
    Ok(rows.into_iter().map(Manager::from).collect())
}

pub(super) async fn add(tx: &mut Tx, of: Managed<'_>, new: NewManager) -> Result<Manager, StoreError> {
    let (bucket, consumer) = resolve(tx, of).await?;
    let (id, email) = (tx.ids.new_id("mgr"), new.email.trim().to_lowercase());
    let values = args![&id, &bucket, &consumer, &email, &new.subject, tx.now];
    let row: ManagerRow =
        tx.one(sql::INSERT_MANAGER, values).await.map_err(|error| exists(error, "manager", &email))?;
    let (kind, name) = target(&bucket, consumer.as_ref());
    tx.audit("manager.add", kind, &name, detail! { "manager": id, "email": email }).await?;
    Ok(row.into())
}

pub(super) async fn remove(tx: &mut Tx, of: Managed<'_>, id: &str) -> Result<(), StoreError> {
    let (bucket, consumer) = resolve(tx, of).await?;
    let gone = tx.run(sql::DELETE_MANAGER, args![&bucket, &consumer, id]).await.map_err(unavailable)?;
    if gone == 0 {
        return Err(StoreError::NotFound { kind: "manager", name: id.to_owned() });
    }
    let (kind, name) = target(&bucket, consumer.as_ref());
    tx.audit("manager.remove", kind, &name, detail! { "manager": id }).await
}
