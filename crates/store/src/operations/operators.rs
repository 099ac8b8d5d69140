//! Operators.

use tollgate_core::keys::KeyDigest;
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{NewOperator, Operator, Operators, StoreError};
use tollgate_core::time::Timestamp;

use super::detail;
use crate::error::{exists, unavailable};
use crate::schema::rows::OperatorRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};
use crate::sql_store::SqlStore;

async fn create(tx: &mut Tx, new: NewOperator) -> Result<Operator, StoreError> {
    let id = tx.ids.new_id("opr");
    let scopes = new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let values = args![&id, &new.name, &scopes, new.digest, &new.hint, tx.now, new.expires_on];
    let row: OperatorRow =
        tx.one(sql::INSERT_OPERATOR, values).await.map_err(|error| exists(error, "operator", &new.name))?;
    let detail = detail! {
        "name": new.name,
        "scopes": scopes,
        "hint": new.hint,
        "expiresOn": new.expires_on.map(Timestamp::rfc3339),
    };
    tx.audit("operator.create", "operator", &id, detail).await?;
    row.try_into()
}

async fn list(tx: &mut Tx) -> Result<Vec<Operator>, StoreError> {
    let rows: Vec<OperatorRow> = tx.all(sql::OPERATORS, args![]).await.map_err(unavailable)?;
    rows.into_iter().map(Operator::try_from).collect()
}

async fn by_digest(tx: &mut Tx, digest: KeyDigest) -> Result<Option<Operator>, StoreError> {
    let row: Option<OperatorRow> = tx.first(sql::OPERATOR_BY_DIGEST, args![digest]).await.map_err(unavailable)?;
    row.map(Operator::try_from).transpose()
}

async fn find(tx: &mut Tx, id_or_name: &str) -> Result<Operator, StoreError> {
    let row: Option<OperatorRow> = tx.first(sql::OPERATOR, args![id_or_name]).await.map_err(unavailable)?;
    row.ok_or_else(|| StoreError::NotFound { kind: "operator", name: id_or_name.to_owned() })?.try_into()
}

async fn revoke(tx: &mut Tx, id_or_name: String) -> Result<Operator, StoreError> {
    let operator = find(tx, &id_or_name).await?;
    if tx.run(sql::REVOKE_OPERATOR, args![&operator.id, tx.now]).await.map_err(unavailable)? > 0 {
        tx.audit("operator.revoke", "operator", &operator.id, detail! { "name": operator.name }).await?;
    }
    find(tx, &operator.id).await
}

async fn note_use(tx: &mut Tx, id: String, on: Timestamp) -> Result<(), StoreError> {
    tx.run(sql::NOTE_OPERATOR_USE, args![id, on]).await.map_err(unavailable)?;
    Ok(())
}

impl Operators for SqlStore {
    fn create_operator(&self, new: NewOperator) -> BoxFuture<'_, Result<Operator, StoreError>> {
        Box::pin(self.change(move |tx| Box::pin(create(tx, new))))
    }

    fn operators(&self) -> BoxFuture<'_, Result<Vec<Operator>, StoreError>> {
        Box::pin(self.read(|tx| Box::pin(list(tx))))
    }

    fn operator_by_digest(&self, digest: KeyDigest) -> BoxFuture<'_, Result<Option<Operator>, StoreError>> {
        Box::pin(self.read(move |tx| Box::pin(by_digest(tx, digest))))
    }

    fn revoke_operator(&self, id_or_name: &str) -> BoxFuture<'_, Result<Operator, StoreError>> {
        let id_or_name = id_or_name.to_owned();
        Box::pin(self.change(move |tx| Box::pin(revoke(tx, id_or_name))))
    }

    fn note_operator_use(&self, id: &str, on: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        let id = id.to_owned();
        Box::pin(self.add(move |tx| Box::pin(note_use(tx, id, on))))
    }
}
