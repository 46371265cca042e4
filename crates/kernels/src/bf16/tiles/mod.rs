//! AMX: permission, configuration, and one loop. What a tile holds does not outlive an `asm!` block.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod linux;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use linux::{Tiles, permitted, plates};

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod absent {
    use crate::bf16::plates::Step;

    /// Nothing permits AMX here.
    pub(in crate::bf16) fn permitted() -> bool {
        false
    }

    /// There is none.
    pub(in crate::bf16) struct Tiles;

    impl Tiles {
        /// # Safety
        /// `permitted` was true, which it never is.
        pub(in crate::bf16) unsafe fn configure() -> Tiles {
            unreachable!("there are no tiles")
        }
    }

    /// # Safety
    /// A `Tiles` is alive on this thread, and none is ever made.
    pub(in crate::bf16) unsafe fn plates(_: *mut f32, _: bool, _: &[Step]) {
        unreachable!("there are no tiles")
    }
}
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use absent::{Tiles, permitted, plates};
