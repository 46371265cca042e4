//! Which toile this is.

/// Version, commit (where it is known) and instruction set: `0.2.0 (commit 1a2b3c4d5, instruction set avx2)`.
pub(crate) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let isa = toile_kernels::isa().name();
    match option_env!("TOILE_COMMIT") {
        Some(commit) => format!("{version} (commit {commit}, instruction set {isa})"),
        None => format!("{version} (instruction set {isa})"),
    }
}
