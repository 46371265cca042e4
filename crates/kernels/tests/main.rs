//! What needs a process of its own: the system is asked for the tiles of AMX once. So this program has one test, and
//! the tests of the kernels are in `src`.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![allow(unsafe_code)]

mod refused_tiles;
