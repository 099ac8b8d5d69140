//! The binary as a library, so that its command line and catalogue can be described by others.
