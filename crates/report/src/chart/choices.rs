//! Other axes of a picture of all runs, which the page's script may put in the place of the ones that are drawn: kinds
//! of effort in the place of epochs, linear and logarithmic, each with the ticks that belong to it.

use super::overlay::OverlayLine;
use super::scale::{Scale, Tick};
use super::svg::{Svg, number};
use crate::text::escape_xml;

/// What one epoch of a run takes, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct EpochCost {
    /// Steps of the optimizer.
    pub updates: Option<f64>,
    /// Seconds of training, the mean of all epochs.
    pub seconds: Option<f64>,
    /// Floating-point operations of training.
    pub operations: Option<f64>,
}

/// What an axis across may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    Epochs,
    Updates,
    Seconds,
    Operations,
}

impl Effort {
    pub(super) const ALL: [Self; 4] = [Self::Epochs, Self::Updates, Self::Seconds, Self::Operations];

    /// As it stands below the axis.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Epochs => "epoch",
            Self::Updates => "updates",
            Self::Seconds => "seconds of training",
            Self::Operations => "operations",
        }
    }

    /// How many an epoch takes.
    pub(super) fn of(self, cost: &EpochCost) -> Option<f64> {
        match self {
            Self::Epochs => Some(1.0),
            Self::Updates => cost.updates,
            Self::Seconds => cost.seconds,
            Self::Operations => cost.operations,
        }
        .filter(|each| each.is_finite() && *each > 0.0)
    }

    fn ticks(self, scale: &Scale) -> Vec<Tick> {
        match self {
            Self::Epochs | Self::Updates => scale.whole_ticks(6),
            Self::Seconds | Self::Operations => scale.ticks(6),
        }
    }
}

/// `<g class="x-choice" data-name="updates" data-x="log 469 23450 52 340" data-ticks="100:1000 200:10000"/>` and the
/// like for the axis upwards. Only what is known of all lines can be chosen.
pub(super) fn choices(svg: &mut Svg, lines: &[&OverlayLine], x: &Scale, y: &Scale) {
    for effort in Effort::ALL {
        let each = |line: &&OverlayLine| Some((effort.of(&line.cost)?, line.points.last()?.epoch as f64));
        let Some(all) = lines.iter().map(each).collect::<Option<Vec<(f64, f64)>>>() else { continue };
        let low = all.iter().map(|(each, _)| *each).fold(f64::INFINITY, f64::min);
        let high = all.iter().map(|(each, epochs)| each * epochs).fold(0.0, f64::max);
        for scale in [Scale::linear(low, high, x.ends()), Scale::log(low, high, x.ends())] {
            let ticks = words(&effort.ticks(&scale), &scale);
            let name = escape_xml(effort.name());
            let scale = scale.words();
            svg.markup(&format!(
                "<g class=\"x-choice\" data-name=\"{name}\" data-x=\"{scale}\" data-ticks=\"{ticks}\"/>"
            ));
        }
    }
    for scale in [y.clone(), y.as_log()] {
        let ticks = words(&scale.ticks(5), &scale);
        svg.markup(&format!("<g class=\"y-choice\" data-y=\"{}\" data-ticks=\"{ticks}\"/>", scale.words()));
    }
}

fn words(ticks: &[Tick], scale: &Scale) -> String {
    let words: Vec<String> = ticks
        .iter()
        .map(|tick| format!("{}:{}", number(scale.at(tick.value)), escape_xml(&tick.label)))
        .collect();
    words.join(" ")
}
