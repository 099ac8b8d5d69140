//! `consumer`, `key` and `token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ScanArgs, StoreArgs};

/// `consumer …`
#[derive(Debug, Subcommand)]
pub enum ConsumerCommand {
    /// Make a consumer
    #[command(after_help = "\
Examples:
  tollgate consumer create acme
  tollgate consumer create acme --metadata '{\"plan\":\"gold\"}' --tag team=payments")]
    Create(CreateConsumerArgs),
    /// List consumers
    List(ListConsumersArgs),
    /// Show a consumer and its keys
    Show(NamedConsumerArgs),
    /// Replace the metadata or the tags of a consumer; a running gateway uses them at once
    Update(UpdateConsumerArgs),
    /// Delete a consumer and all of its keys
    Delete(NamedConsumerArgs),
}

/// `consumer create`
#[derive(Debug, Args)]
pub struct CreateConsumerArgs {
    /// Its name: the `sub` of its requests and tokens
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Who it is, for people
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// What the backend should know of it: a JSON object
    #[arg(long, value_name = "JSON")]
    pub metadata: Option<String>,
    /// For finding it again (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub tag: Vec<String>,
    /// The set it belongs to
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `consumer list`
#[derive(Debug, Args)]
pub struct ListConsumersArgs {
    /// Only those with this tag (repeatable: all must match)
    #[arg(long, value_name = "NAME=VALUE")]
    pub tag: Vec<String>,
    /// Only those of this set
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `consumer show`, `consumer delete`
#[derive(Debug, Args)]
pub struct NamedConsumerArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The set it belongs to
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `consumer update`
#[derive(Debug, Args)]
pub struct UpdateConsumerArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Replaces its description; an empty one takes it away
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Replaces its metadata: a JSON object
    #[arg(long, value_name = "JSON", required_unless_present_any = ["tag", "description"])]
    pub metadata: Option<String>,
    /// Replaces its tags (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub tag: Vec<String>,
    /// The set it belongs to
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; it is shown once, and only its hash is kept
    #[command(after_help = "\
Examples:
  tollgate key create acme
  tollgate key create acme --expires 30d --description \"CI of the web shop\"
  KEY=$(tollgate key create acme --output json | jq -r .key)")]
    Create(CreateKeyArgs),
    /// List keys: their ids, consumers and state
    List(ListKeysArgs),
    /// Refuse a key from now on, for good; or all keys of a consumer or a bucket
    #[command(after_help = "\
Examples:
  tollgate key revoke key_0192f3
  tollgate key revoke --consumer acme
  tollgate key revoke --bucket partners --yes")]
    Revoke(RevokeKeyArgs),
    /// Refuse a key until it is released: one that may have leaked
    Quarantine(KeyIdArgs),
    /// Accept a quarantined key again
    Release(KeyIdArgs),
    /// Make a new key for the same consumer and let the old one live on for a while
    #[command(after_help = "\
Examples:
  tollgate key roll key_0192f3 --overlap 24h
  tollgate key roll --consumer acme --overlap 24h     All of its keys end, one new key begins")]
    Roll(RollKeyArgs),
    /// Take over keys from another system; only their hashes are kept
    ///
    /// A CSV file names its columns in the first line, a JSON file is an array or has one object a line:
    /// consumer, key (or hash: the SHA-256 in hexadecimal), and if you like bucket, description, expiresOn.
    /// Consumers that are not there are made. An entry that is wrong is reported and does not hold up the
    /// others; exit code 1 where there was one.
    #[command(after_help = "\
Examples:
  tollgate key import keys.csv --dry-run
  tollgate key import keys.csv --report refused.csv
  tollgate key import hashes.json --hashed --bucket partners")]
    Import(ImportKeysArgs),
    /// Print the hash of a key on standard input, for `consumers` in tollgate.yaml
    #[command(after_help = "\
Example:
  tollgate key hash < key.txt")]
    Hash,
    /// Find keys in files or in the history of a git repository
    ///
    /// Finds every string that has the form of a key and the right checksum, and keys of the form
    /// zpka_…, whose checksum nobody can verify. With a store it says whose they are. What is printed is
    /// never the whole key. Exits with 0 where nothing is found (or only what is refused anyway:
    /// revoked, expired), with 1 where keys are, with 2 where not everything could be looked at.
    #[command(after_help = "\
Examples:
  tollgate key scan .
  tollgate key scan --history --range origin/main..HEAD
  tollgate key scan --data-dir /var/lib/tollgate --report path/to/checkout
  docker logs web | tollgate key scan -")]
    Scan(Box<ScanArgs>),
}

/// `key create`
#[derive(Debug, Args)]
pub struct CreateKeyArgs {
    /// The name of its consumer
    #[arg(value_name = "CONSUMER")]
    pub consumer: String,
    /// When it ends: 30d from now, or a moment such as 2030-01-31T00:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// The consumer's set
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `key list`
#[derive(Debug, Args)]
pub struct ListKeysArgs {
    /// Only those of this consumer
    #[arg(value_name = "CONSUMER")]
    pub consumer: Option<String>,
    /// The consumer's set
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `key quarantine`, `key release`
#[derive(Debug, Args)]
pub struct RevokeKeyArgs {
    /// Its id: `tollgate key list` shows it
    #[arg(value_name = "ID", required_unless_present_any = ["consumer", "bucket"], conflicts_with_all = ["consumer", "bucket"])]
    pub id: Option<String>,
    /// All keys of this consumer
    #[arg(long, value_name = "NAME")]
    pub consumer: Option<String>,
    /// The consumer's set (`default` unless given); without --consumer, all keys of this set
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Really all keys of a set
    #[arg(long)]
    pub yes: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// What a file of keys holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// With a line of names
    Csv,
    /// An array, or one object a line
    Json,
}

/// `key import`
#[derive(Debug, Args)]
pub struct ImportKeysArgs {
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What it holds; as its name ends, unless given
    #[arg(long, value_enum)]
    pub format: Option<ImportFormat>,
    /// What stands under `key` are hashes: the SHA-256 of each key in hexadecimal
    #[arg(long)]
    pub hashed: bool,
    /// The set of those that name none
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Check everything and keep nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write a line for every refused entry into this file (CSV: place, consumer, problem)
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `key roll`
#[derive(Debug, Args)]
pub struct RollKeyArgs {
    /// The id of the old key
    #[arg(value_name = "ID", required_unless_present = "consumer", conflicts_with = "consumer")]
    pub id: Option<String>,
    /// All keys of this consumer
    #[arg(long, value_name = "NAME")]
    pub consumer: Option<String>,
    /// The consumer's set
    #[arg(long, value_name = "BUCKET", default_value = "default", requires = "consumer")]
    pub bucket: String,
    /// How long the old key lives on
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub overlap: tollgate_core::units::Interval,
    /// When the new key ends: 30d from now, or a moment
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Replace the key that signs tokens
    ///
    /// The new key is announced first, so that backends know it before it signs. `--now` is for a
    /// key that leaked: the old ones are withdrawn and the new one signs at once.
    #[command(after_help = "\
Examples:
  tollgate token rotate
  tollgate token rotate --now")]
    Rotate(RotateArgs),
    /// List the keys that sign tokens
    List(ListTokensArgs),
}

/// `token rotate`
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Withdraw the old keys at once
    #[arg(long)]
    pub now: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `token list`
#[derive(Debug, Args)]
pub struct ListTokensArgs {
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `key quarantine`, `key release`
#[derive(Debug, Args)]
pub struct KeyIdArgs {
    /// Its id: `tollgate key list` shows it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}
