//! Charts as inline SVG: one file per kind, and the parts they share.
//!
//! Colours come from the page's style sheet by class name, so that a chart follows light and dark. Coordinates have at
//! most two decimals. Nothing is told by colour alone: lines differ by dashes and carry their names, marks by shape.

mod bars;
mod curves;
mod dots;
mod heat_map;
mod measure;
mod palette;
mod panels;
mod scale;
mod svg;

pub use bars::{Bar, bars};
pub use curves::{CurveChart, Line, LineStyle, curves};
pub use dots::{Dot, DotChart, dots};
pub use heat_map::{heat_map, heat_map_png};
pub use palette::css as palette_css;
pub use panels::{Panel, panels};

#[cfg(test)]
mod snapshots;
