//! toile-data
