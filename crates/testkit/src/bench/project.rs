//! What stands around the policies of a bench.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::project::Compatibility;
use tollgate_core::settings::{NamedPolicy, Settings};

/// What stands around the policies of a bench: the `yaml project` block of a transcript.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BenchProject {
    /// The document whose operations are served.
    pub document: Value,
    /// Named policies.
    pub policies: BTreeMap<String, NamedPolicy>,
    /// The consumers that have a key.
    pub consumers: BTreeMap<String, BenchConsumer>,
    /// The settings.
    pub settings: Settings,
    /// Which switches are on.
    pub form: BenchForm,
    /// What the upstream answers; it echoes the request where nothing is said.
    pub upstream: Option<BenchUpstream>,
    /// Tokens of foreign issuers (HS256).
    pub tokens: BTreeMap<String, BenchToken>,
}

impl Default for BenchProject {
    fn default() -> Self {
        Self {
            document: default_document(),
            policies: BTreeMap::new(),
            consumers: ["alice", "bob"].map(|name| (name.to_owned(), BenchConsumer::default())).into(),
            settings: Settings::default(),
            form: BenchForm::Native,
            upstream: None,
            tokens: BTreeMap::new(),
        }
    }
}

/// The form whose switches are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BenchForm {
    /// The native one.
    Native,
    /// The Zuplo form, newest date.
    Zuplo,
}

/// A consumer with one key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BenchConsumer {
    /// Its metadata.
    pub metadata: Value,
    /// Its bucket.
    pub bucket: String,
    /// What has become of its key.
    pub key: KeyState,
}

impl Default for BenchConsumer {
    fn default() -> Self {
        Self { metadata: json!({}), bucket: tollgate_core::keys::DEFAULT_BUCKET.to_owned(), key: KeyState::Good }
    }
}

/// What has become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It is good.
    Good,
    /// It was revoked.
    Revoked,
    /// It has expired.
    Expired,
}

/// A fixed answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BenchUpstream {
    /// Its status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Its header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body: a text, or JSON.
    #[serde(default)]
    pub body: Value,
}

const fn ok() -> u16 {
    200
}

/// A token that a foreign issuer signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BenchToken {
    /// The secret that it is signed with.
    pub secret: String,
    /// Its claims, without the moments.
    #[serde(default)]
    pub claims: serde_json::Map<String, Value>,
    /// In how many seconds it expires; negative for an expired one.
    #[serde(default = "five_minutes")]
    pub expires_in: i64,
}

const fn five_minutes() -> i64 {
    300
}

/// What a transcript sees where its page declares no document: a list of pets.
pub fn default_document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Pets", "version": "1.0.0" },
        "paths": {
            "/pets": {
                "get": { "operationId": "listPets", "responses": { "200": { "description": "ok" } } },
                "post": { "operationId": "createPet", "responses": { "200": { "description": "ok" } } },
            },
            "/pets/{petId}": {
                "get": { "operationId": "getPet", "responses": { "200": { "description": "ok" } } },
                "put": { "operationId": "replacePet", "responses": { "200": { "description": "ok" } } },
                "delete": { "operationId": "deletePet", "responses": { "204": { "description": "gone" } } },
            },
        },
    })
}

/// The switches of a form.
pub(super) fn compatibility(form: BenchForm) -> Compatibility {
    let native = Compatibility::native();
    match form {
        BenchForm::Native => native,
        BenchForm::Zuplo => Compatibility {
            document_order: true,
            method_mismatch_is_404: true,
            follow_redirects: false,
            zuplo_problems: true,
            strip_get_body: true,
            rate_limit_fields: false,
            ..native
        },
    }
}
