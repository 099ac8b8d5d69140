//! Decoding brotli (RFC 7932), in steps that are bounded whatever the bytes expand to.

use std::io;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes};

/// What one step gives at most.
const STEP: usize = 64 << 10;

/// What a stream is decoded by. Its window is that of the standard: at most 16 MiB.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    /// There is output that the last step had no room for.
    pub(super) has_more: bool,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self { state: BrotliState::new_strict(alloc(), alloc(), alloc()), has_more: false, ended: false }
    }

    /// Reads some of the input, and gives what came of it.
    pub(super) fn step(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        if self.ended {
            // What comes behind the end of the data is nobody's.
            input.clear();
            return Ok(Vec::new());
        }
        let mut output = vec![0; STEP];
        let (mut available_in, mut read, mut available_out, mut written, mut total) =
            (input.len(), 0, output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut read,
            input,
            &mut available_out,
            &mut written,
            &mut output,
            &mut total,
            &mut self.state,
        );
        self.has_more = matches!(result, BrotliResult::NeedsMoreOutput);
        self.ended = matches!(result, BrotliResult::ResultSuccess);
        if matches!(result, BrotliResult::ResultFailure) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no brotli"));
        }
        input.advance(read.min(input.len()));
        output.truncate(written);
        Ok(output)
    }

    /// Checks that the end has been there.
    pub(super) fn finish(&self) -> io::Result<()> {
        if self.ended { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
