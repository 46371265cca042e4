//! toile-kernels
