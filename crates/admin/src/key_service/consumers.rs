//! `/v1/accounts/{account}/key-buckets/{bucket}/consumers`

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};
use tollgate_core::keys::Consumer;
use tollgate_core::store::{ConsumerChange, ConsumerQuery, Managed, Member, NewConsumer, NewManager, NewMember, Store};

use super::bodies::{self, AnyJson, ChangeBody, ConsumerBody, KeyBody, Many, RollBody};
use super::buckets::named;
use super::keys::{fresh, of_consumer};
use super::query::Asked;
use crate::auth::{Call, ManagingConsumers, ManagingKeys, Reading};
use crate::control::{Control, MintedKey};
use crate::error::{ApiError, Path};
use crate::operations;

/// A consumer, with its keys and managers where they are asked for.
async fn view(store: &dyn Store, consumer: &Consumer, asked: &Asked) -> Result<Value, ApiError> {
    let mut body = bodies::consumer(consumer);
    if asked.include_api_keys {
        let keys = of_consumer(store, consumer).await?;
        body["apiKeys"] = keys.iter().map(|key| bodies::key(key, asked.key_format)).collect();
    }
    if asked.include_managers {
        let managers = store.managers(Managed::Consumer(&consumer.bucket, &consumer.name)).await?;
        body["managers"] = managers.iter().map(bodies::manager).collect();
    }
    Ok(body)
}

pub(super) async fn list(
    call: Call<Reading>,
    Path((_, bucket)): Path<(String, String)>,
    asked: Asked,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let query = ConsumerQuery {
        bucket: Some(bucket),
        tags: asked.tags.clone(),
        manager: asked.manager.clone(),
        after: None,
        offset: asked.offset,
        limit: asked.limit,
    };
    let page = call.store.consumer_page(query).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for consumer in &page.items {
        items.push(view(&*call.store, consumer, &asked).await?);
    }
    // Counting all of them would mean to read all of them: the last part knows.
    let known = !page.more && (asked.offset == 0 || !items.is_empty());
    let total = usize::try_from(asked.offset).unwrap_or(usize::MAX).saturating_add(items.len());
    Ok(Json(bodies::envelope(items, &asked, known.then_some(total))))
}

/// A consumer to be made, and its new keys in clear.
fn member(
    control: &dyn Control,
    bucket: &str,
    body: ConsumerBody,
    with_key: bool,
) -> Result<(NewMember, Vec<String>), ApiError> {
    let consumer = NewConsumer {
        bucket: bucket.to_owned(),
        name: body.name,
        description: body.description,
        metadata: body.metadata.filter(|metadata| !metadata.is_null()).unwrap_or_else(|| json!({})),
        tags: bodies::tags(body.tags.unwrap_or_default())?,
    };
    operations::check_new_consumer(&consumer)?;
    let managers: Vec<NewManager> = body.managers.into_iter().map(NewManager::from).collect();
    managers.iter().try_for_each(operations::check_manager)?;
    let mut wanted = body.api_keys;
    if with_key && wanted.is_empty() {
        wanted.push(KeyBody::default());
    }
    let (mut keys, mut secrets) = (Vec::new(), Vec::new());
    for key in wanted {
        let MintedKey { key, stored } = fresh(control, key)?;
        keys.push(stored);
        secrets.push(key);
    }
    Ok((NewMember { consumer, keys, managers }, secrets))
}

/// A consumer that was made, with its keys: the only time that they are seen.
fn made(member: &Member, secrets: &[String]) -> Value {
    let mut body = bodies::consumer(&member.consumer);
    if !member.keys.is_empty() {
        let keys = member.keys.iter().zip(secrets);
        body["apiKeys"] = keys.map(|(key, secret)| bodies::made_key(key, Some(secret))).collect();
    }
    if !member.managers.is_empty() {
        body["managers"] = member.managers.iter().map(bodies::manager).collect();
    }
    body
}

async fn make(
    call: &Call<ManagingConsumers>,
    bucket: String,
    bodies: Vec<ConsumerBody>,
    with_key: bool,
) -> Result<Vec<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let (mut members, mut secrets) = (Vec::new(), Vec::new());
    for body in bodies {
        let (member, its_secrets) = member(&*call.control, &bucket, body, with_key)?;
        if !member.keys.is_empty() {
            call.must_also_be::<ManagingKeys>()?;
        }
        members.push(member);
        secrets.push(its_secrets);
    }
    let members = call.store.create_members(members).await?;
    Ok(members.iter().zip(&secrets).map(|(member, secrets)| made(member, secrets)).collect())
}

pub(super) async fn create(
    call: Call<ManagingConsumers>,
    Path((_, bucket)): Path<(String, String)>,
    asked: Asked,
    AnyJson(body): AnyJson<ConsumerBody>,
) -> Result<Json<Value>, ApiError> {
    let made = make(&call, bucket, vec![body], asked.with_api_key).await?;
    Ok(Json(made.into_iter().next().unwrap_or_default()))
}

pub(super) async fn create_many(
    call: Call<ManagingConsumers>,
    Path((_, bucket)): Path<(String, String)>,
    asked: Asked,
    AnyJson(many): AnyJson<Many<ConsumerBody>>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "data": make(&call, bucket, many.into_vec(), asked.with_api_key).await? })))
}

type OfConsumer = Path<(String, String, String)>;

pub(super) async fn show(
    call: Call<Reading>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let consumer = asked.consumer(&*call.store, &bucket, &name).await?;
    Ok(Json(view(&*call.store, &consumer, &asked).await?))
}

pub(super) async fn update(
    call: Call<ManagingConsumers>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
    AnyJson(body): AnyJson<ChangeBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let found = asked.consumer(&*call.store, &bucket, &name).await?;
    let change = ConsumerChange {
        description: body.description,
        metadata: body.metadata.filter(|metadata| !metadata.is_null()),
        tags: body.tags.map(bodies::tags).transpose()?,
        // The tags that were a condition are those of this version.
        if_version: (!asked.tags.is_empty()).then_some(found.version),
    };
    let updated = operations::update_consumer(&*call.store, &bucket, &found.name, change).await?;
    call.control.follow_keys().await;
    Ok(Json(view(&*call.store, &updated, &asked).await?))
}

pub(super) async fn delete(
    call: Call<ManagingConsumers>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
) -> Result<StatusCode, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let found = asked.consumer(&*call.store, &bucket, &name).await?;
    let version = (!asked.tags.is_empty()).then_some(found.version);
    call.store.delete_consumer(&bucket, &found.name, version).await?;
    call.control.follow_keys().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the keys that there are end, and makes a new one, which is in the answer.
pub(super) async fn roll(
    call: Call<ManagingKeys>,
    Path((_, bucket, name)): OfConsumer,
    asked: Asked,
    AnyJson(body): AnyJson<RollBody>,
) -> Result<Json<Value>, ApiError> {
    let bucket = named(&*call.store, bucket).await?;
    let found = asked.consumer(&*call.store, &bucket, &name).await?;
    let ends_on = match body.expires_on.as_deref() {
        Some(text) => bodies::moment(text)?,
        None => call.control.now().plus(call.control.default_overlap()),
    };
    let MintedKey { key: secret, stored } = fresh(&*call.control, KeyBody::default())?;
    let key = call.store.roll_keys(&bucket, &found.name, ends_on, stored).await?;
    call.control.follow_keys().await;
    Ok(Json(bodies::made_key(&key, Some(&secret))))
}
