//! What is counted of an exchange, and settled once its answer is known.
//!
//! A policy that counts (a quota, say) takes on the way in what it expects the request to cost, so that nobody
//! gets more than his due however many requests are under way. What it cost in the end depends on the answer,
//! and on what the project's code says of it: that is settled when the answer's status is known, once for the
//! request, however often the upstream was tried. Nobody waits for it. A request that ends without an answer,
//! because its client has gone, stays counted as it was taken.

use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value};

/// Something that waits for the answer.
pub trait Settlement: Send + Sync + fmt::Debug {
    /// Settles it. `notes` is what the project's code has told policies, as [`Ledger::notes`].
    fn settle(self: Box<Self>, status: StatusCode, notes: &Map<String, Value>);
}

/// What is counted of one exchange.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What the project's code has told policies of the request, by the export of the policy and what it is
    /// about: `QuotaInboundPolicy.meters`.
    pub notes: Map<String, Value>,
    /// What policies have counted so far, by their names, for code that asks.
    pub usage: Map<String, Value>,
    open: Vec<Box<dyn Settlement>>,
}

impl Ledger {
    /// Something to be settled when the answer is known.
    pub fn open(&mut self, settlement: Box<dyn Settlement>) {
        self.open.push(settlement);
    }

    /// Settles what is open, by the status of the answer.
    pub fn settle(&mut self, status: StatusCode) {
        for settlement in self.open.drain(..) {
            settlement.settle(status, &self.notes);
        }
    }

    /// The numbers that code has noted for a policy, by the names of what is measured; none below zero.
    pub fn numbers(notes: &Map<String, Value>, policy: &str, about: &str) -> Vec<(String, f64)> {
        let noted = notes.get(&format!("{policy}.{about}")).and_then(Value::as_object);
        let number = |(name, value): (&String, &Value)| {
            let number = value.as_f64().filter(|number| *number >= 0.0)?;
            Some((name.clone(), number))
        };
        noted.into_iter().flatten().filter_map(number).collect()
    }
}
