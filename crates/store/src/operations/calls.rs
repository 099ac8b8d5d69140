//! Calls that may come again.

use tollgate_core::keys::KeyDigest;
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{Claim, Idempotency, KeptAnswer, StoreError};

use crate::error::unavailable;
use crate::schema::rows::CallRow;
use crate::schema::statements as sql;
use crate::sql::{Tx, args};
use crate::sql_store::SqlStore;

/// For how long a claim holds whose holder never says what became of it, in milliseconds.
const CLAIM: i64 = 60_000;
/// For how long an answer is kept.
const ANSWER: i64 = 86_400_000;

async fn claim(tx: &mut Tx, scope: String, key: String, fingerprint: KeyDigest) -> Result<Claim, StoreError> {
    let values = args![&scope, &key, fingerprint, tx.now.0 + CLAIM, tx.now];
    if tx.run(sql::CLAIM_CALL, values).await.map_err(unavailable)? > 0 {
        return Ok(Claim::Yours);
    }
    let row: Option<CallRow> = tx.first(sql::CALL, args![&scope, &key]).await.map_err(unavailable)?;
    Ok(match row {
        Some(row) if row.fingerprint != fingerprint.0 => Claim::Mismatch,
        Some(CallRow { status: Some(status), body, ends_on, .. }) if ends_on > tx.now.0 => {
            Claim::Answered(KeptAnswer { status: u16::try_from(status).unwrap_or(500), body: body.unwrap_or_default() })
        }
        // Given up in between, or under way: whoever asks again will see.
        _ => Claim::UnderWay,
    })
}

async fn answer(tx: &mut Tx, scope: String, key: String, answer: KeptAnswer) -> Result<(), StoreError> {
    let values = args![scope, key, i64::from(answer.status), answer.body, tx.now.0 + ANSWER];
    tx.run(sql::ANSWER_CALL, values).await.map_err(unavailable)?;
    Ok(())
}

async fn give_up(tx: &mut Tx, scope: String, key: String) -> Result<(), StoreError> {
    tx.run(sql::GIVE_UP_CALL, args![scope, key]).await.map_err(unavailable)?;
    Ok(())
}

impl Idempotency for SqlStore {
    fn claim_call(&self, scope: &str, key: &str, fingerprint: KeyDigest) -> BoxFuture<'_, Result<Claim, StoreError>> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        Box::pin(self.add(move |tx| Box::pin(claim(tx, scope, key, fingerprint))))
    }

    fn answer_call(&self, scope: &str, key: &str, kept: KeptAnswer) -> BoxFuture<'_, Result<(), StoreError>> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        Box::pin(self.add(move |tx| Box::pin(answer(tx, scope, key, kept))))
    }

    fn give_up_call(&self, scope: &str, key: &str) -> BoxFuture<'_, Result<(), StoreError>> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        Box::pin(self.add(move |tx| Box::pin(give_up(tx, scope, key))))
    }
}
