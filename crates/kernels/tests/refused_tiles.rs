//! A process that the system lets have no tiles: the next way multiplies, and says so.

use std::ffi::{c_int, c_void};

use toile_kernels::bf16::{ProductWay, product_way, select_product_way};
use toile_kernels::{Isa, isa};

#[repr(C)]
struct SignalStack {
    start: *mut c_void,
    flags: c_int,
    size: usize,
}

unsafe extern "C" {
    fn sigaltstack(new: *const SignalStack, old: *mut SignalStack) -> c_int;
}

/// The least that Linux takes: too little for a signal's frame with tiles, so that it refuses them to the process.
const SMALLEST: usize = 2048;

/// The system's answer is asked for once, so this is a process of its own with this one test.
#[test]
fn a_small_signal_stack_is_a_refusal_and_the_next_way_multiplies() {
    let mut memory = vec![0u8; SMALLEST];
    let small = SignalStack { start: memory.as_mut_ptr().cast(), flags: 0, size: SMALLEST };
    let mut before = SignalStack { start: std::ptr::null_mut(), flags: 0, size: 0 };
    // SAFETY: the stack lives until the one before is put back, and no signal comes in between that is handled on it.
    let answer = unsafe { sigaltstack(&raw const small, &raw mut before) };
    if answer != 0 {
        // This system's vectors alone need more than that.
        return;
    }
    let expected = match isa() {
        Isa::Avx512 => [ProductWay::Avx512, ProductWay::Dot].to_vec(),
        Isa::Avx2 => vec![ProductWay::Avx2],
        Isa::Neon | Isa::Portable => vec![ProductWay::Portable],
    };
    assert!(!ProductWay::Amx.available(), "the system lets this process have tiles all the same");
    assert!(expected.contains(&product_way()), "{} multiplies", product_way().name());
    let error = select_product_way(ProductWay::Amx).expect_err("it is not there");
    assert_eq!(error, "products of bfloat16 cannot go by `amx` on this machine");
    // SAFETY: what was there before.
    unsafe { sigaltstack(&raw const before, std::ptr::null_mut()) };
}
