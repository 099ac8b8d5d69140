//! What is signed about keys that leaked: GitHub's alerts that come in, and the webhooks that go out.

mod github;
mod webhook;

pub use github::{AlertError, GithubKeys};
pub use webhook::{WebhookSecret, WebhookSecretError};
