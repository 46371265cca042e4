//! Charts as inline SVG: one file per kind, and the parts they share.
//!
//! Colours come from the page's style sheet by class name, so that a chart follows light and dark. Coordinates have at
//! most two decimals. Nothing is shown by colour alone: lines differ by dashes and carry their names, marks by shape.

mod bars;
mod choices;
mod contour;
mod curves;
mod dots;
mod epochs;
mod frame;
mod heat_map;
mod history;
mod importance;
mod lines;
mod marks;
mod measure;
mod network;
mod overlay;
mod overlay_frame;
mod palette;
mod panels;
mod parallel;
mod pareto;
mod range_test;
mod readings;
mod reliability;
mod row_names;
mod scale;
mod slices;
mod sparkline;
mod svg;
mod timeline;
mod trial_curves;

pub(crate) use bars::{Bar, bars};
pub(crate) use choices::EpochCost;
pub(crate) use contour::contour;
pub(crate) use curves::{CurveChart, CurveLine, LineStyle, curves};
pub(crate) use dots::{Dot, DotChart, dots};
pub(crate) use heat_map::{heat_map, heat_map_png};
pub(crate) use history::history;
pub(crate) use importance::importance;
pub(crate) use lines::{LineChart, lines};
pub(crate) use measure::width as text_width;
pub(crate) use network::{filter_sheet, mapped_image};
pub(crate) use overlay::{Overlay, OverlayLine, OverlayPicture, overlay};
pub(crate) use palette::{RUN_COLOURS, css as palette_css};
pub(crate) use panels::{CurvePanel, panels};
pub(crate) use parallel::parallel;
pub(crate) use pareto::pareto;
pub(crate) use range_test::range_test;
pub(crate) use reliability::{ReliabilityChart, reliability};
pub(crate) use scale::round_ends;
pub(crate) use slices::slices;
pub(crate) use sparkline::sparkline;
pub(crate) use svg::number as coordinate;
pub(crate) use timeline::timeline;
pub(crate) use trial_curves::trial_curves;

#[cfg(test)]
mod snapshots;
