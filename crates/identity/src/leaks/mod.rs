//! What is signed between the gateway and others: GitHub's alerts of leaked keys and messages about commits that
//! come in, and the webhooks that go out.

mod github;
mod hook;
mod webhook;

pub use github::{AlertError, GithubKeys};
pub use hook::HookSecret;
pub use webhook::{WebhookSecret, WebhookSecretError};
