//! toile-stats
