//! Buckets, consumers and managers, as the trait has them.

use std::collections::BTreeMap;

use tollgate_core::keys::{Bucket, Consumer, Manager};
use tollgate_core::later::BoxFuture;
use tollgate_core::store::{
    BucketChange, ConsumerChange, ConsumerQuery, Directory, Managed, Member, NewBucket, NewConsumer, NewManager,
    NewMember, Page, StoreError,
};

use super::{buckets, consumers, managers};
use crate::sql_store::SqlStore;

/// What is managed, by names of its own.
enum OwnedManaged {
    Bucket(String),
    Consumer(String, String),
}

impl From<Managed<'_>> for OwnedManaged {
    fn from(of: Managed<'_>) -> Self {
        match of {
            Managed::Bucket(bucket) => Self::Bucket(bucket.to_owned()),
            Managed::Consumer(bucket, name) => Self::Consumer(bucket.to_owned(), name.to_owned()),
        }
    }
}

impl OwnedManaged {
    fn borrow(&self) -> Managed<'_> {
        match self {
            Self::Bucket(bucket) => Managed::Bucket(bucket),
            Self::Consumer(bucket, name) => Managed::Consumer(bucket, name),
        }
    }
}

impl Directory for SqlStore {
    fn create_bucket(&self, new: NewBucket) -> BoxFuture<'_, Result<Bucket, StoreError>> {
        Box::pin(self.change(move |tx| Box::pin(buckets::create(tx, new))))
    }

    fn bucket(&self, name: &str) -> BoxFuture<'_, Result<Bucket, StoreError>> {
        let name = name.to_owned();
        Box::pin(self.read(move |tx| Box::pin(async move { buckets::find(tx, &name).await })))
    }

    fn buckets(&self) -> BoxFuture<'_, Result<Vec<Bucket>, StoreError>> {
        Box::pin(self.read(|tx| Box::pin(buckets::list(tx))))
    }

    fn update_bucket(&self, name: &str, change: BucketChange) -> BoxFuture<'_, Result<Bucket, StoreError>> {
        let name = name.to_owned();
        Box::pin(self.change(move |tx| Box::pin(buckets::update(tx, name, change))))
    }

    fn delete_bucket(&self, name: &str, if_version: Option<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        let name = name.to_owned();
        Box::pin(self.change_much(move |tx| Box::pin(buckets::delete(tx, name, if_version))))
    }

    fn create_consumer(&self, new: NewConsumer) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        Box::pin(self.change(move |tx| Box::pin(consumers::create(tx, new))))
    }

    fn create_members(&self, new: Vec<NewMember>) -> BoxFuture<'_, Result<Vec<Member>, StoreError>> {
        Box::pin(self.change_much(move |tx| Box::pin(consumers::create_members(tx, new))))
    }

    fn consumer(&self, bucket: &str, name: &str) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        Box::pin(self.read(move |tx| Box::pin(async move { consumers::find(tx, &bucket, &name).await })))
    }

    fn consumer_by_id(&self, id: &str) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.read(move |tx| Box::pin(consumers::find_by_id(tx, id))))
    }

    fn consumers(
        &self,
        bucket: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> BoxFuture<'_, Result<Vec<Consumer>, StoreError>> {
        let (bucket, tags) = (bucket.map(str::to_owned), tags.clone());
        Box::pin(self.read_much(move |tx| Box::pin(consumers::list(tx, bucket, tags))))
    }

    fn consumer_page(&self, query: ConsumerQuery) -> BoxFuture<'_, Result<Page<Consumer>, StoreError>> {
        Box::pin(self.read_much(move |tx| Box::pin(consumers::page(tx, query))))
    }

    fn update_consumer(
        &self,
        bucket: &str,
        name: &str,
        change: ConsumerChange,
    ) -> BoxFuture<'_, Result<Consumer, StoreError>> {
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        Box::pin(self.change(move |tx| Box::pin(consumers::update(tx, bucket, name, change))))
    }

    fn delete_consumer(
        &self,
        bucket: &str,
        name: &str,
        if_version: Option<u64>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        Box::pin(self.change(move |tx| Box::pin(consumers::delete(tx, bucket, name, if_version))))
    }

    fn managers(&self, of: Managed<'_>) -> BoxFuture<'_, Result<Vec<Manager>, StoreError>> {
        let of = OwnedManaged::from(of);
        Box::pin(self.read(move |tx| Box::pin(async move { managers::list(tx, of.borrow()).await })))
    }

    fn add_manager(&self, of: Managed<'_>, new: NewManager) -> BoxFuture<'_, Result<Manager, StoreError>> {
        let of = OwnedManaged::from(of);
        Box::pin(self.change(move |tx| Box::pin(async move { managers::add(tx, of.borrow(), new).await })))
    }

    fn remove_manager(&self, of: Managed<'_>, id: &str) -> BoxFuture<'_, Result<(), StoreError>> {
        let (of, id) = (OwnedManaged::from(of), id.to_owned());
        Box::pin(self.change(move |tx| Box::pin(async move { managers::remove(tx, of.borrow(), &id).await })))
    }
}
