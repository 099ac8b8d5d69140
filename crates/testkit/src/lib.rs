//! What tests need besides the thing they test. Never part of the product.
//!
//! - [`bench`](mod@bench): runs policies on a pipeline without a port: a clock that stands still, an upstream
//!   that remembers what it saw.
//! - [`transcript`]: reads the transcripts of a reference page (`docs.md`) and runs them on the
//!   bench.
//! - [`upstream`]: a real HTTP/1.1 server that remembers what it saw and answers by a closure.
//! - [`client`]: a plain HTTP client.
//! - [`servers`]: databases of a test's own, and a proxy that makes faults.
//! - [`redis`]: a real Redis server or cluster; [`slow_line`]: a line to a server that can be slow, or cut.
//! - [`process`]: child processes that end with the test, free ports, waiting with a deadline.

pub mod bench;
pub mod client;
pub mod process;
pub mod redis;
mod rooms;
pub mod slow_line;
pub mod transcript;
pub mod upstream;

pub use bench::{Answer, PolicyBench};
pub use process::{Child, free_port, temp_dir};
pub use tollgate_servers as servers;
pub use upstream::{CapturingUpstream, Seen};
