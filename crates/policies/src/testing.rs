//! What unit tests of policies share: an exchange to try them on, and small stand-ins for the
//! rooms behind the traits.
