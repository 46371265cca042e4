//! toile-study
