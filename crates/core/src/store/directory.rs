//! Buckets, consumers and their managers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{NewKey, StoreError};
use crate::keys::{Bucket, BucketSettings, Consumer, Key, Manager};
use crate::later::BoxFuture;

/// A bucket to be made.
#[derive(Debug, Clone, Default)]
pub struct NewBucket {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// For finding it again.
    pub tags: BTreeMap<String, String>,
    /// What holds for its consumers.
    pub settings: BucketSettings,
}

/// What of a bucket shall change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct BucketChange {
    /// Replaces the description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Replaces the tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// Replaces the settings.
    pub settings: Option<BucketSettings>,
    /// The version that the change is meant for; any where there is none.
    pub if_version: Option<u64>,
}

/// A consumer to be made. A bucket that is not there yet is made along with it.
#[derive(Debug, Clone)]
pub struct NewConsumer {
    /// Its bucket.
    pub bucket: String,
    /// Its name.
    pub name: String,
    /// Who it is, for people.
    pub description: Option<String>,
    /// Its metadata: an object.
    pub metadata: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A consumer to be made with what it begins with.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The consumer.
    pub consumer: NewConsumer,
    /// Its keys.
    pub keys: Vec<NewKey>,
    /// Its managers.
    pub managers: Vec<NewManager>,
}

/// A consumer that was made with what it began with.
#[derive(Debug, Clone)]
pub struct Member {
    /// The consumer.
    pub consumer: Consumer,
    /// Its keys, in the order in which they were given.
    pub keys: Vec<Key>,
    /// Its managers, in the order in which they were given.
    pub managers: Vec<Manager>,
}

/// What of a consumer shall change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ConsumerChange {
    /// Replaces the description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Replaces the metadata.
    pub metadata: Option<Value>,
    /// Replaces the tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// The version that the change is meant for (`If-Match`); any where there is none.
    pub if_version: Option<u64>,
}

/// Which consumers are asked for, by bucket and name.
#[derive(Debug, Clone, Default)]
pub struct ConsumerQuery {
    /// Only those of this bucket.
    pub bucket: Option<String>,
    /// Only those that have all of these tags.
    pub tags: BTreeMap<String, String>,
    /// Only those that this person manages, by e-mail address.
    pub manager: Option<String>,
    /// Only those behind this bucket and name: the last ones of the page before.
    pub after: Option<(String, String)>,
    /// How many matching ones are left out first.
    pub offset: u64,
    /// How many at most.
    pub limit: usize,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Whether there are more behind it.
    pub more: bool,
}

/// Someone who may manage a consumer or a bucket, to be added.
#[derive(Debug, Clone)]
pub struct NewManager {
    /// Their e-mail address; compared without regard to case.
    pub email: String,
    /// Their `sub` at the identity provider, where it is known.
    pub subject: Option<String>,
}

/// Of what someone is a manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managed<'a> {
    /// A bucket.
    Bucket(&'a str),
    /// A consumer, by its bucket and name.
    Consumer(&'a str, &'a str),
}

/// Buckets, consumers, managers. Every writing method returns when the change is durable.
pub trait Directory: Send + Sync {
    /// Makes a bucket.
    fn create_bucket(&self, new: NewBucket) -> BoxFuture<'_, Result<Bucket, StoreError>>;
    /// Finds a bucket. `default` is always there.
    fn bucket(&self, name: &str) -> BoxFuture<'_, Result<Bucket, StoreError>>;
    /// Lists buckets by name.
    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>, StoreError>>;
    /// Changes a bucket.
    fn update_bucket(&self, name: &str, change: BucketChange) -> BoxFuture<'_, Result<Bucket, StoreError>>;
    /// Deletes a bucket with all of its consumers and their keys, provided that it is at this version.
    /// `default` is there again, empty.
    fn delete_bucket(&self, name: &str, if_version: Option<u64>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Makes a consumer.
    fn create_consumer(&self, new: NewConsumer) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Makes consumers with keys and managers: all, or none.
    fn create_members(&self, new: Vec<NewMember>) -> BoxFuture<'_, Result<Vec<Member>, StoreError>>;
    /// Finds a consumer by name.
    fn consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Finds a consumer by id.
    fn consumer_by_id(&self, id: &str) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Lists consumers by name; of all buckets where `bucket` is `None`. `tags` must all match.
    fn consumers(
        &self,
        bucket: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> BoxFuture<'_, Result<Vec<Consumer>, StoreError>>;
    /// Lists consumers page by page.
    fn consumer_page(&self, query: ConsumerQuery) -> BoxFuture<'_, Result<Page<Consumer>, StoreError>>;
    /// Changes a consumer.
    fn update_consumer(
        &self,
        bucket: &str,
        name: &str,
        change: ConsumerChange,
    ) -> BoxFuture<'_, Result<Consumer, StoreError>>;
    /// Deletes a consumer and all of its keys, provided that it is at this version.
    fn delete_consumer(
        &self,
        bucket: &str,
        name: &str,
        if_version: Option<u64>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The managers of something, by e-mail address.
    fn managers(&self, of: Managed<'_>) -> BoxFuture<'_, Result<Vec<Manager>, StoreError>>;
    /// Adds a manager.
    fn add_manager(&self, of: Managed<'_>, new: NewManager) -> BoxFuture<'_, Result<Manager, StoreError>>;
    /// Takes a manager away, by id.
    fn remove_manager(&self, of: Managed<'_>, id: &str) -> BoxFuture<'_, Result<(), StoreError>>;
}
