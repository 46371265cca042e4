//! Files: written whole or not at all, and the forms of weights and checkpoints.

pub(crate) mod atomic;
pub(crate) mod checkpoint;
pub(crate) mod identity;
pub(crate) mod leftovers;
pub(crate) mod lock;
pub(crate) mod weights;
