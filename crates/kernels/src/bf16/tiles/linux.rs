//! AMX on Linux: asked for once per process, configured once per call of a kernel.

use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _xgetbv};
use std::sync::OnceLock;

use crate::bf16::plates::Step;

/// Whether this process, with all its threads, may use AMX with bfloat16. Asks the system the first time; whatever it
/// answers but yes is a no: an old kernel, a sandbox, a thread whose alternate signal stack is too small for the tiles.
pub(in crate::bf16) fn permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| has_tiles() && request())
}

/// AMX-TILE and AMX-BF16 in the processor, and their registers enabled by the system.
fn has_tiles() -> bool {
    const TILE_AND_BF16: u32 = 1 << 24 | 1 << 22;
    const OSXSAVE: u32 = 1 << 27;
    /// The registers of SSE, AVX, AVX-512 and the two parts of AMX.
    const STATES: u64 = 0x6_00e6;
    #[allow(unused_unsafe)] // an unsafe function in older versions of Rust
    let leaf = |leaf: u32| {
        // SAFETY: every processor of this target has CPUID.
        unsafe { __cpuid_count(leaf, 0) }
    };
    leaf(0).eax >= 7
        && leaf(1).ecx & OSXSAVE != 0
        && leaf(7).edx & TILE_AND_BF16 == TILE_AND_BF16
        // SAFETY: OSXSAVE is set, so that the instruction is there.
        && unsafe { enabled_states() } & STATES == STATES
}

/// # Safety
/// The system has enabled XSAVE.
#[target_feature(enable = "xsave")]
unsafe fn enabled_states() -> u64 {
    // SAFETY: the duty above.
    unsafe { _xgetbv(0) }
}

/// `arch_prctl(ARCH_REQ_XCOMP_PERM, 18)`: since Linux 5.16 the tiles' registers are there for those who ask.
fn request() -> bool {
    const ARCH_PRCTL: isize = 158;
    const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
    const XTILEDATA: usize = 18;
    let result: isize;
    // SAFETY: a system call that changes nothing but what this process may use; older kernels answer with an error. It
    // overwrites the three registers that are named, and no memory.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// Rows and bytes per row of each tile.
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

/// Eight tiles of 16 rows of 64 bytes.
static EIGHT_TILES: TileConfig = TileConfig {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tiles of this thread, configured. Released when dropped: then a context switch has no tiles to save.
pub(in crate::bf16) struct Tiles {
    /// It must end on the thread where it began.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl Tiles {
    /// # Safety
    /// `permitted` was true.
    pub(in crate::bf16) unsafe fn configure() -> Tiles {
        // SAFETY: the duty above; 64 bytes are read, and the configuration is a valid one.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const EIGHT_TILES, options(nostack, readonly)) }
        Tiles { _not_send: std::marker::PhantomData }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: AMX is permitted, as `self` is there.
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }
}

/// As [`plates`](crate::bf16::plates): C (four tiles one after the other) = or += the steps' products, in their order.
///
/// # Safety
/// A `Tiles` is alive on this thread; there is a step; C is 1024 writable floats, each step's A and B are readable
/// plates.
pub(in crate::bf16) unsafe fn plates(c: *mut f32, onward: bool, steps: &[Step]) {
    let steps = steps.as_ptr_range();
    // SAFETY: the duties above: 4 KB of C and 2 KB each of A and B are touched per step, and the steps from the first
    // to the last, of which there is one at least. The tiles are named as overwritten.
    unsafe {
        asm!(
            "test {onward:e}, {onward:e}",
            "jz 2f",
            "tileloadd tmm0, [{c} + {row}*1]",
            "tileloadd tmm1, [{c} + {row}*1 + 1024]",
            "tileloadd tmm2, [{c} + {row}*1 + 2048]",
            "tileloadd tmm3, [{c} + {row}*1 + 3072]",
            "jmp 3f",
            "2:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "3:",
            "mov {a}, qword ptr [{step}]",
            "mov {b}, qword ptr [{step} + 8]",
            "tileloadd tmm4, [{a} + {row}*1]",
            "tileloadd tmm6, [{b} + {row}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b} + {row}*1 + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a} + {row}*1 + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {step}, 16",
            "cmp {step}, {end}",
            "jne 3b",
            "tilestored [{c} + {row}*1], tmm0",
            "tilestored [{c} + {row}*1 + 1024], tmm1",
            "tilestored [{c} + {row}*1 + 2048], tmm2",
            "tilestored [{c} + {row}*1 + 3072], tmm3",
            onward = in(reg) u32::from(onward),
            c = in(reg) c,
            row = in(reg) 64usize,
            step = inout(reg) steps.start => _,
            end = in(reg) steps.end,
            a = out(reg) _,
            b = out(reg) _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
