//! Which way the products of bfloat16 plates are computed: found out once, the same bits from each.

use std::sync::OnceLock;

use super::tiles;
use crate::{Isa, isa};

/// A way to multiply plates. All give the same bits; they differ in speed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductWay {
    /// Tiles of AMX with TDPBF16PS (x86-64, Linux 5.16 or later, where the system permits it).
    Amx,
    /// VDPBF16PS of AVX512_BF16.
    Dot,
    /// Fused multiply-adds of AVX-512 on widened numbers.
    Avx512,
    /// Those of AVX2 and FMA.
    Avx2,
    /// Those of NEON.
    Neon,
    /// Plain Rust.
    Portable,
}

impl ProductWay {
    /// Every way, fastest first where a processor has several; but see [`product_way`].
    pub const ALL: [ProductWay; 6] = [
        ProductWay::Amx,
        ProductWay::Dot,
        ProductWay::Avx512,
        ProductWay::Avx2,
        ProductWay::Neon,
        ProductWay::Portable,
    ];

    /// `amx`, `avx512_bf16`, `avx512`, `avx2`, `neon` or `portable`.
    pub fn name(self) -> &'static str {
        match self {
            ProductWay::Amx => "amx",
            ProductWay::Dot => "avx512_bf16",
            ProductWay::Avx512 => "avx512",
            ProductWay::Avx2 => "avx2",
            ProductWay::Neon => "neon",
            ProductWay::Portable => "portable",
        }
    }

    /// The way of this name.
    pub fn from_name(name: &str) -> Option<ProductWay> {
        ProductWay::ALL.into_iter().find(|way| way.name() == name)
    }

    /// Whether this processor has it, and the system lets this process use it.
    pub fn available(self) -> bool {
        match self {
            ProductWay::Amx => Isa::Avx512.available() && tiles::permitted(),
            ProductWay::Dot => Isa::Avx512.available() && has_dot() && dot_agrees(),
            ProductWay::Avx512 => Isa::Avx512.available(),
            ProductWay::Avx2 => Isa::Avx2.available(),
            ProductWay::Neon => Isa::Neon.available(),
            ProductWay::Portable => true,
        }
    }

    /// The instruction set of what is computed around the products.
    pub fn isa(self) -> Isa {
        match self {
            ProductWay::Amx | ProductWay::Dot | ProductWay::Avx512 => Isa::Avx512,
            ProductWay::Avx2 => Isa::Avx2,
            ProductWay::Neon => Isa::Neon,
            ProductWay::Portable => Isa::Portable,
        }
    }

    /// The fastest way that goes with an instruction set.
    fn with(isa: Isa) -> ProductWay {
        match isa {
            Isa::Avx512 if ProductWay::Amx.available() => ProductWay::Amx,
            Isa::Avx512 if dot_is_fast() && ProductWay::Dot.available() => ProductWay::Dot,
            Isa::Avx512 => ProductWay::Avx512,
            Isa::Avx2 => ProductWay::Avx2,
            Isa::Neon => ProductWay::Neon,
            Isa::Portable => ProductWay::Portable,
        }
    }
}

fn has_dot() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// VDPBF16PS has twice the rate of fused multiply-adds on AMD's processors, and half of it on Intel's: the feature
/// alone says nothing.
fn dot_is_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        #[allow(unused_unsafe)] // an unsafe function in older versions of Rust
        // SAFETY: every processor of this target has CPUID.
        let vendor = unsafe { std::arch::x86_64::__cpuid(0) };
        [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == *b"AuthenticAMD"
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether VDPBF16PS rounds as Intel's does, each of its two products by itself: that is written down for Intel's
/// processors only.
fn dot_agrees() -> bool {
    static AGREES: OnceLock<bool> = OnceLock::new();
    *AGREES.get_or_init(|| super::plates::agrees(ProductWay::Dot))
}

static CHOSEN: OnceLock<ProductWay> = OnceLock::new();

#[cfg(test)]
thread_local! {
    /// The way that a test puts one thread on.
    static FORCED: std::cell::Cell<Option<ProductWay>> = const { std::cell::Cell::new(None) };
}

/// Runs `f` once per way that this processor has, with the instruction set that goes with it (unit tests of this crate
/// only).
#[cfg(test)]
pub(crate) fn on_each_way(mut f: impl FnMut(ProductWay)) {
    crate::isa::on_each_isa(|isa| {
        for way in ProductWay::ALL.into_iter().filter(|way| way.isa() == isa && way.available()) {
            FORCED.with(|forced| forced.set(Some(way)));
            f(way);
        }
    });
    FORCED.with(|forced| forced.set(None));
}

/// The way in use: the one selected, or the fastest that goes with the instruction set in use ([`isa`]).
#[inline]
pub fn product_way() -> ProductWay {
    #[cfg(test)]
    if let Some(forced) = FORCED.with(|forced| forced.get()) {
        return forced;
    }
    *CHOSEN.get_or_init(|| ProductWay::with(isa()))
}

/// Chooses the way, before any product has run.
///
/// # Errors
/// If there is no such way here, or if another one is already in use; the message says which.
pub fn select_product_way(wanted: ProductWay) -> Result<(), String> {
    if !wanted.available() {
        return Err(format!("products of bfloat16 cannot go by `{}` on this machine", wanted.name()));
    }
    let chosen = *CHOSEN.get_or_init(|| wanted);
    if chosen == wanted { Ok(()) } else { Err(format!("`{}` is already in use", chosen.name())) }
}
