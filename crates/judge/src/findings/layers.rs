//! What was measured of the layers: units that do nothing, gradients that vanish or explode.

use toile_record::{LayerRecord, LayersRecord};
use toile_stats::median;

use super::Severity;
use super::curve::Found;
use super::phrase::percent;
use crate::results::Run;
use crate::words::{count, some_of};

/// A layer is flagged above this share of units that do nothing, …
const FLAG: f64 = 0.1;
/// … and this share is an alarm.
const ALARM: f64 = 0.4;
/// The gradient has vanished where the first layer's is less than this part of the last one's, …
const VANISHED: f64 = 1e-3;
/// … and has exploded where it is more than so many times that.
const EXPLODED: f64 = 1e3;
/// An update moves the weights too little below this part of them.
pub(super) const LITTLE: f64 = 1e-4;

const DEAD_RULE: &str = "A ReLU unit is dead if it is zero on all of 2,048 training images, or on all that there are, at \
    every place of its channel, in inference mode. A layer of which more than 10 % are dead is flagged, more than \
    40 % are an alarm (Lu et al. 2019, arXiv 1903.06733). Measured after the last epoch that was measured.";
const SATURATED_RULE: &str = "A sigmoid or tanh unit is saturated if its derivative is below 0.01 on more than 90 % of \
    2,048 training images, or of all that there are, and of the places of its channel, in inference mode. A layer of \
    which more than 10 % are saturated is flagged, more than 40 % are an alarm, as with dead units. Measured after the \
    last epoch that was measured.";
const VANISHING_RULE: &str = "The root mean square of the gradient of the first layer with weights, over that of the \
    last, is below 1/1,000, on one batch of training images without dropout, after the last epoch that was measured. \
    The bound is a convention: with depth the gradient changes by a factor per layer (Glorot and Bengio 2010).";
const EXPLODING_RULE: &str = "The root mean square of the gradient of the first layer with weights, over that of the \
    last, is above 1,000, on one batch of training images without dropout, after the last epoch that was measured. \
    The bound is a convention: with depth the gradient changes by a factor per layer (Glorot and Bengio 2010).";

/// What the layers of a run show.
pub(super) fn of_run(run: &Run) -> Vec<Found> {
    let Some(last) = run.layers.last() else { return Vec::new() };
    [dead_units(last), saturated_units(last), gradients(last)].into_iter().flatten().collect()
}

/// The median over layers and measured epochs of RMS of the update over RMS of the weights.
pub(super) fn update_ratio(run: &Run) -> Option<f64> {
    let layers = run.layers.iter().flat_map(|measured| &measured.layers);
    let ratios: Vec<f64> = layers.filter_map(LayerRecord::update_ratio).collect();
    median(&ratios)
}

fn dead_units(measured: &LayersRecord) -> Option<Found> {
    let idle = IdleUnits::of(measured, |layer| layer.dead)?;
    Some(Found {
        name: super::DEAD_UNITS,
        severity: idle.severity(),
        statement: format!(
            "{} after epoch {}: zero on {}.",
            idle.words("dead"),
            measured.epoch,
            images(measured, "every one of")
        ),
        rule: DEAD_RULE,
        numbers: idle.numbers(measured, "dead_units"),
        advice: "They add nothing, and no gradient brings them back. Lower the learning rate or warm it up, initialise \
                 with he_normal, put batch normalisation before the activation, or take leaky_relu, elu or \
                 gelu."
            .into(),
    })
}

fn saturated_units(measured: &LayersRecord) -> Option<Found> {
    let idle = IdleUnits::of(measured, |layer| layer.saturated)?;
    Some(Found {
        name: super::SATURATED_UNITS,
        severity: idle.severity(),
        statement: format!(
            "{} after epoch {}: with a derivative below 0.01 on more than 90 % of {}.",
            idle.words("saturated"),
            measured.epoch,
            images(measured, "")
        ),
        rule: SATURATED_RULE,
        numbers: idle.numbers(measured, "saturated_units"),
        advice: "They pass hardly any gradient on. Start with smaller weights (glorot_uniform), lower the learning \
                 rate, put batch normalisation before the activation, add l2, or take relu."
            .into(),
    })
}

/// A layer and how many of its units do nothing.
#[derive(Clone, Copy)]
struct IdleLayer<'a> {
    name: &'a str,
    idle: usize,
    units: usize,
}

impl IdleLayer<'_> {
    fn share(&self) -> f64 {
        self.idle as f64 / self.units as f64
    }
}

/// The layers of which too many do nothing, and the worst of them.
struct IdleUnits<'a> {
    flagged: Vec<IdleLayer<'a>>,
    worst: IdleLayer<'a>,
}

impl<'a> IdleUnits<'a> {
    /// `None` if no layer is flagged.
    fn of(measured: &'a LayersRecord, idle: impl Fn(&LayerRecord) -> Option<usize>) -> Option<IdleUnits<'a>> {
        let layer = |layer: &'a LayerRecord| {
            Some(IdleLayer { name: &layer.layer, idle: idle(layer)?, units: layer.units })
        };
        let is_flagged = |layer: &IdleLayer<'_>| layer.units > 0 && layer.share() > FLAG;
        let flagged: Vec<_> = measured.layers.iter().filter_map(layer).filter(is_flagged).collect();
        let worse = |a: IdleLayer<'a>, b: IdleLayer<'a>| if b.share() > a.share() { b } else { a };
        let worst = flagged.iter().copied().reduce(worse)?;
        Some(IdleUnits { flagged, worst })
    }

    fn severity(&self) -> Severity {
        if self.worst.share() > ALARM { Severity::Alarm } else { Severity::Warning }
    }

    /// `12 of 32 units of dense (38 %) and 9 of 16 of conv2d (56 %) are dead`
    fn words(&self, what: &str) -> String {
        let place = |(i, layer): (usize, &IdleLayer<'_>)| {
            let units = if i == 0 { " units" } else { "" };
            let (idle, all) = (count(layer.idle as u64), count(layer.units as u64));
            format!("{idle} of {all}{units} of {} ({})", layer.name, percent(layer.share()))
        };
        let places: Vec<String> = self.flagged.iter().enumerate().map(place).collect();
        format!("{} are {what}", some_of(&places))
    }

    fn numbers(&self, measured: &LayersRecord, name: &'static str) -> Vec<(&'static str, f64)> {
        let worst = &self.worst;
        vec![
            ("epoch", measured.epoch as f64),
            ("images", measured.images as f64),
            (name, worst.idle as f64),
            ("units", worst.units as f64),
            ("share", worst.share()),
        ]
    }
}

/// `every one of 2,048 training images`; of fewer it says that there are no more.
fn images(measured: &LayersRecord, how: &str) -> String {
    let more = if measured.images < LayersRecord::MOST_IMAGES { ", all that there are" } else { "" };
    let text = format!("{how} {} training images{more}", count(measured.images as u64));
    text.trim_start().to_string()
}

/// `vanishing_gradients`, `exploding_gradients`.
fn gradients(measured: &LayersRecord) -> Option<Found> {
    let (ratio, [first, last]) = measured.gradient_ratio()?;
    let [(first_name, first), (last_name, last)] =
        [first, last].map(|layer| (&layer.layer, layer.gradient_rms.unwrap_or_default()));
    let (name, rule, advice) = match ratio {
        ratio if ratio < VANISHED => (super::VANISHING_GRADIENTS, VANISHING_RULE, VANISHING_ADVICE),
        ratio if ratio > EXPLODED => (super::EXPLODING_GRADIENTS, EXPLODING_RULE, EXPLODING_ADVICE),
        _ => return None,
    };
    Some(Found {
        name,
        severity: Severity::Warning,
        statement: format!(
            "After epoch {} the gradient has a root mean square of {} in {first_name}, the first layer with \
             weights, and of {} in {last_name}, the last: a ratio of {}.",
            measured.epoch,
            small(first),
            small(last),
            small(ratio)
        ),
        rule,
        numbers: vec![
            ("epoch", measured.epoch as f64),
            ("first", first),
            ("last", last),
            ("ratio", ratio),
            ("images", measured.gradient_images as f64),
        ],
        advice: advice.into(),
    })
}

/// A gradient: `1.2e-7`; or 0, which is what dead units leave.
fn small(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

const VANISHING_ADVICE: &str = "The first layers hardly learn. Take relu instead of sigmoid or tanh, initialise for \
    the activation (he_normal for ReLU, glorot_uniform for tanh), put batch normalisation between the layers, or \
    take fewer layers.";
const EXPLODING_ADVICE: &str = "The first layers are thrown about by every step. Start with smaller weights \
    (glorot_uniform, he_normal), bound the gradient with clipnorm, lower the learning rate, or put batch \
    normalisation between the layers.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_say_on_how_many_images_units_are_counted() {
        let images = format!("{} training images", count(LayersRecord::MOST_IMAGES as u64));
        assert!(DEAD_RULE.contains(&images) && SATURATED_RULE.contains(&images), "{images}");
    }
}
