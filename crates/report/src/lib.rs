//! toile-report
