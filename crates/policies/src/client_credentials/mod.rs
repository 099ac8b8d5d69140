//! Tokens that an OAuth server gives to the gateway (client credentials, RFC 6749 §4.4): what the policies share
//! that send one to somebody.

mod token;
mod wire;

pub(crate) use token::Tokens;
pub(crate) use wire::{Grant, Place, parameters, token_url};
