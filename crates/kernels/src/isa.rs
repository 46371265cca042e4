//! Which instruction set the kernels use: found out once, the same results from each.

use std::sync::OnceLock;

/// An instruction set that the kernels are built for. All give the same bits; they differ in speed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// 16 lanes, 32 registers (x86-64 with AVX-512 F, VL, BW, DQ).
    Avx512,
    /// 8 lanes, 16 registers (x86-64 with AVX2 and FMA).
    Avx2,
    /// 8 lanes in two of 32 registers (every aarch64).
    Neon,
    /// Plain Rust with fused multiply-add; slow where the processor has none.
    Portable,
}

impl Isa {
    /// Every instruction set, fastest first.
    pub const ALL: [Isa; 4] = [Isa::Avx512, Isa::Avx2, Isa::Neon, Isa::Portable];

    /// `avx512`, `avx2`, `neon` or `portable`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Avx512 => "avx512",
            Isa::Avx2 => "avx2",
            Isa::Neon => "neon",
            Isa::Portable => "portable",
        }
    }

    /// The instruction set of this name.
    pub fn from_name(name: &str) -> Option<Isa> {
        Isa::ALL.into_iter().find(|isa| isa.name() == name)
    }

    /// Whether this processor has it.
    pub fn available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && Isa::Avx2.available()
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx512 | Isa::Avx2 => false,
            Isa::Neon => cfg!(target_arch = "aarch64"),
            Isa::Portable => true,
        }
    }
}

static CHOSEN: OnceLock<Isa> = OnceLock::new();

#[cfg(test)]
thread_local! {
    /// The instruction set that a test puts one thread on.
    static FORCED: std::cell::Cell<Option<Isa>> = const { std::cell::Cell::new(None) };
}

/// Runs `f` once per instruction set that this processor has (unit tests of this crate only).
#[cfg(test)]
pub(crate) fn on_each_isa(mut f: impl FnMut(Isa)) {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        FORCED.with(|forced| forced.set(Some(isa)));
        f(isa);
    }
    FORCED.with(|forced| forced.set(None));
}

/// The instruction set in use: the one selected, or the fastest that the processor has.
#[inline]
pub fn isa() -> Isa {
    #[cfg(test)]
    if let Some(forced) = FORCED.with(|forced| forced.get()) {
        return forced;
    }
    *CHOSEN.get_or_init(|| Isa::ALL.into_iter().find(|isa| isa.available()).unwrap_or(Isa::Portable))
}

/// Chooses the instruction set, before any kernel has run.
///
/// # Errors
/// If the processor does not have it, or if another one is already in use; the message says which.
pub fn select(wanted: Isa) -> Result<(), String> {
    if !wanted.available() {
        return Err(format!("this processor does not have the instruction set `{}`", wanted.name()));
    }
    let chosen = *CHOSEN.get_or_init(|| wanted);
    if chosen == wanted { Ok(()) } else { Err(format!("`{}` is already in use", chosen.name())) }
}
