//! Charts as inline SVG: one file per kind, and the parts they share.
//!
//! Colours come from the page's style sheet by class name, so that a chart follows light and dark. Coordinates have at
//! most two decimals. Nothing is shown by colour alone: lines differ by dashes and carry their names, marks by shape.

mod bars;
mod contour;
mod curves;
mod dots;
mod frame;
mod heat_map;
mod history;
mod importance;
mod lines;
mod marks;
mod measure;
mod palette;
mod panels;
mod parallel;
mod pareto;
mod scale;
mod slices;
mod sparkline;
mod svg;
mod timeline;
mod trial_curves;

pub use bars::{Bar, bars};
pub use contour::contour;
pub use curves::{CurveChart, CurveLine, LineStyle, curves};
pub use dots::{Dot, DotChart, dots};
pub use heat_map::{heat_map, heat_map_png};
pub use history::history;
pub use importance::importance;
pub use lines::{LineChart, lines};
pub use palette::css as palette_css;
pub use panels::{CurvePanel, panels};
pub use parallel::parallel;
pub use pareto::pareto;
pub use scale::round_ends;
pub use slices::slices;
pub use sparkline::sparkline;
pub use timeline::timeline;
pub use trial_curves::trial_curves;

#[cfg(test)]
mod snapshots;
