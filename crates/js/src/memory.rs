//! The memory of the process: its allocator, what that keeps of memory that was freed, and pages of the program itself.
//!
//! It is here because this is the crate that speaks to the allocator itself: the engines have their
//! memory from it.

use std::alloc::{GlobalAlloc, Layout};
use std::fs;
use std::ptr::{NonNull, with_exposed_provenance_mut};

use libmimalloc_sys::{mi_collect, mi_malloc};
use mimalloc::MiMalloc;
use nix::sys::mman::{MmapAdvise, madvise};

/// The allocator of the program: mimalloc, asked in the shortest way.
///
/// `mimalloc` asks for every piece with its alignment. What has more than a kilobyte then takes the way of rare
/// alignments, through a larger piece; a request needs several of that size.
#[derive(Debug, Clone, Copy)]
pub struct Allocator;

/// What every piece of memory is aligned to that is as long: mimalloc's blocks are whole words.
const WORD: usize = size_of::<usize>();

#[expect(unsafe_code, reason = "an allocator is made of nothing else")]
// SAFETY: all of it is mimalloc's; memory of `mi_malloc` may be freed and resized as that of `mi_malloc_aligned` may.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= WORD && layout.align() <= layout.size() {
            // SAFETY: it may be called with any size by any thread.
            let piece = unsafe { mi_malloc(layout.size()) }.cast::<u8>();
            debug_assert!(piece.addr().is_multiple_of(layout.align()));
            return piece;
        }
        // SAFETY: whoever calls keeps to what `GlobalAlloc` asks for, here as below.
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(piece, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { MiMalloc.realloc(piece, layout, size) }
    }
}

/// Gives back to the system what all threads have freed, and what this one has at hand. It takes some
/// milliseconds where there is much of it.
///
/// The allocator would do so a second later, but only once it is asked for further memory of a size
/// that it has none of; a process that was busy for a moment and is idle then may not ask for hours.
#[expect(unsafe_code, reason = "it is the allocator's own function")]
pub fn give_back() {
    // SAFETY: it may be called by any thread at any time, whatever allocator the process has.
    unsafe { mi_collect(true) }
}

/// Lets go of the pages of the program that are in memory. Those that are needed again are there at once, from the
/// file or the system's cache of it; what only a start needs is most of them, and stays away.
///
/// Whoever runs meanwhile waits for the pages that it needs, some milliseconds in all: not for a time of traffic.
/// Where the system does not tell of the mappings of a process, nothing happens.
#[expect(unsafe_code, reason = "the system is told addresses")]
pub fn let_program_go() {
    let (Ok(mappings), Ok(program)) = (fs::read_to_string("/proc/self/smaps"), fs::read_link("/proc/self/exe")) else {
        return;
    };
    for (begin, end) in unwritten(&mappings, &program.to_string_lossy()) {
        let Some(at) = NonNull::new(with_exposed_provenance_mut(begin)) else { continue };
        // SAFETY: the range is a mapping of this program's file that cannot be written to and of which no page differs
        // from the file (`unwritten`), so that every byte reads as before. A locked mapping refuses, and stays.
        let _ = unsafe { madvise(at, end - begin, MmapAdvise::MADV_DONTNEED) };
    }
}

/// The mappings of a file that cannot be written to, and of which every page is as in the file: begin and end of each.
/// Not among them is what the loader has changed before it was protected (relocated constants), or a debugger.
fn unwritten(smaps: &str, file: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut candidate = None;
    let mut own_pages = [false; 2];
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        match first {
            "Anonymous:" => own_pages[0] = words.next() == Some("0"),
            "Swap:" => own_pages[1] = words.next() == Some("0"),
            // The last line of each.
            "VmFlags:" => found.extend(candidate.take().filter(|_| own_pages == [true; 2])),
            _ => {
                let Some((begin, end)) = first.split_once('-') else { continue };
                let address = |text| usize::from_str_radix(text, 16).ok();
                let is_read_only = words.next().is_some_and(|rights| matches!(rights, "r--p" | "r-xp"));
                let is_of_file = line.splitn(6, ' ').nth(5).is_some_and(|path| path.trim_start() == file);
                candidate = address(begin).zip(address(end)).filter(|_| is_read_only && is_of_file);
                own_pages = [false; 2];
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
55bbb000-55bbc000 r--p 00000000 fe:00 247282                     /opt/a b/tollgate
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
55bbc000-55bbe000 r-xp 00001000 fe:00 247282                     /opt/a b/tollgate
Private_Clean:         8 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
55bbe000-55bbf000 r--p 00003000 fe:00 247282                     /opt/a b/tollgate
Anonymous:             4 kB
Swap:                  0 kB
VmFlags: rd mr mw me
55bbf000-55bc0000 r--p 00004000 fe:00 247282                     /opt/a b/tollgate
Anonymous:             0 kB
Swap:                  4 kB
VmFlags: rd mr mw me
55bc0000-55bc1000 rw-p 00005000 fe:00 247282                     /opt/a b/tollgate
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd wr mr mw me
55bc1000-55bc2000 r-xp 00000000 fe:00 99                         /lib/libc.so.6
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
55bc2000-55bc3000 r--p 00006000 fe:00 247282                     /opt/a b/tollgate
Anonymous:             0 kB
VmFlags: rd mr mw me
7ffd0000-7ffd1000 r-xp 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex
";

    #[test]
    #[expect(unsafe_code, reason = "an allocator is asked")]
    fn memory_is_aligned_and_keeps_its_bytes_in_whatever_size_it_is_asked_for() {
        for align in [1, 2, 4, 8, 16, 64, 4096] {
            for size in [1, 2, 7, 8, 9, 24, 100, 1000, 1025, 3096, 70_000, 3_000_000] {
                let (before, after) = (Layout::from_size_align(size, align), Layout::from_size_align(2 * size, align));
                let (before, after) = (before.unwrap(), after.unwrap());
                // SAFETY: every piece is used within its size, and freed with its own layout.
                unsafe {
                    let piece = Allocator.alloc(before);
                    assert!(!piece.is_null() && piece.addr().is_multiple_of(align), "{before:?}");
                    piece.write_bytes(7, size);
                    let piece = Allocator.realloc(piece, before, 2 * size);
                    assert!(piece.addr().is_multiple_of(align), "{after:?}");
                    assert!(std::slice::from_raw_parts(piece, size).iter().all(|byte| *byte == 7), "{after:?}");
                    Allocator.dealloc(piece, after);
                }
            }
        }
    }

    #[test]
    fn only_what_is_as_in_the_file_and_cannot_change_is_let_go() {
        assert_eq!(unwritten(SMAPS, "/opt/a b/tollgate"), [(0x55bb_b000, 0x55bb_c000), (0x55bb_c000, 0x55bb_e000)]);
        assert!(unwritten(SMAPS, "").is_empty() && unwritten("", "/a").is_empty());
    }

    #[test]
    fn a_program_goes_on_without_its_pages() {
        let before = crate::Limits::default();
        let_program_go();
        assert_eq!(before, crate::Limits::default());
        assert_eq!(format!("{:?}", "text".repeat(2)), "\"texttext\"");
    }
}
