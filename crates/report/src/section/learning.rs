//! How the runs learnt: all of them in one picture, so that they can be compared at a glance.

use std::collections::BTreeSet;

use toile_record::Metric;

use super::{FigureSeries, Section, SectionContext, SectionFigure};
use crate::chart::{self, EpochCost, Overlay, OverlayLine, OverlayPicture, RUN_COLOURS};
use crate::facts::epoch_updates;
use crate::format;
use crate::text::sentence_case;
use crate::view::{RunGroup, TEST_ACCURACY, VAL_ACCURACY};

/// Runs in colour where no seeds tell which belong to the leading group.
const BEST: usize = 5;

/// What is drawn: on the validation images, or on those of training where there are none.
const METRICS: [[Metric; 2]; 2] = [[Metric::ValAccuracy, Metric::Accuracy], [Metric::ValLoss, Metric::Loss]];

/// Which of the drawn runs are in colour, in the order of [`SectionContext::drawn`], and why these.
pub(super) struct RunColours {
    /// Of each drawn run its colour.
    pub colours: Vec<Option<usize>>,
    /// What the runs in colour are; `None` if all are.
    which: Option<String>,
}

/// The section; `None` for fewer than two runs with epochs.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let drawn = context.drawn();
    let colours = colours(context);
    let figures: Vec<SectionFigure> =
        METRICS.iter().filter_map(|of| figure(context, &drawn, &colours, *of)).collect();
    let notes = [seeds_note(&drawn, &colours), context.not_drawn()].into_iter().flatten();
    (!figures.is_empty()).then(|| Section {
        figures,
        choices: super::grouped::choices(context, &METRICS),
        notes: notes.collect(),
        ..Section::new("learning", "How the runs learnt")
    })
}

/// All runs in colour, or the leading group and the published best of many.
pub(super) fn colours(context: &SectionContext) -> RunColours {
    let drawn = context.drawn();
    if drawn.len() <= RUN_COLOURS {
        return RunColours { colours: (0..drawn.len()).map(Some).collect(), which: None };
    }
    let published = published_best(&drawn);
    let (leading, what) = leading(context);
    let room = RUN_COLOURS - usize::from(published.is_some());
    let in_lead = leading.iter().take(room).map(|group| context.groups[*group].anchor.as_str());
    let chosen: BTreeSet<&str> = in_lead.chain(published.map(|group| group.anchor.as_str())).collect();
    let some = match leading.len() > room {
        true => format!("{room} of the {} in ", leading.len()),
        false => String::new(),
    };
    let and = published.map_or_else(String::new, |group| {
        format!(", and “{}”, whose published accuracy is the highest", group.name)
    });
    let mut next = 0..;
    let colour = |group: &&RunGroup| if chosen.contains(group.anchor.as_str()) { next.next() } else { None };
    RunColours {
        colours: drawn.iter().map(colour).collect(),
        which: Some(format!("In colour: {some}{what}{and}; the other runs are grey.")),
    }
}

/// The runs that lead, best first by validation accuracy, and what they are.
fn leading(context: &SectionContext) -> (Vec<usize>, String) {
    let ranked = context.ranking.rows.iter().map(|row| row.group);
    let groups = &context.reasoning.judgement.groups.groups;
    match groups.first().filter(|_| context.reasoning.has_groups()) {
        Some(group) => (
            ranked.filter(|place| group.contains(place)).collect(),
            "the leading group of the ranking".to_owned(),
        ),
        None if context.ranking.has_ranks() => {
            (ranked.take(BEST).collect(), format!("the {BEST} runs highest by validation accuracy"))
        }
        None => (ranked.take(BEST).collect(), format!("the first {BEST} runs")),
    }
}

/// The run of the highest published accuracy: on the validation images, or on those of the test where the others have
/// none.
fn published_best<'a>(drawn: &[&'a RunGroup]) -> Option<&'a RunGroup> {
    let best = |metric: usize| {
        let of = |group: &RunGroup| group.comparison.columns[metric].published;
        let published = drawn.iter().copied().filter_map(|group| Some((group, of(group)?)));
        // The first of equals.
        published.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(group, _)| group)
    };
    best(VAL_ACCURACY).or_else(|| best(TEST_ACCURACY))
}

fn figure(
    context: &SectionContext,
    drawn: &[&RunGroup],
    colours: &RunColours,
    of: [Metric; 2],
) -> Option<SectionFigure> {
    let metric = metric_of(drawn, of)?;
    let lines = drawn.iter().zip(&colours.colours).map(|(group, colour)| OverlayLine {
        name: &group.name,
        anchor: &group.anchor,
        points: group.curves.of(metric),
        seeds: group.curves.seeds,
        colour: *colour,
        cost: epoch_cost(context, group),
    });
    let lines: Vec<OverlayLine> = lines.filter(|line| !line.points.is_empty()).collect();
    if lines.len() < 2 {
        return None;
    }
    let what = sentence_case(metric.label());
    let higher_is_better = of[0] == Metric::ValAccuracy;
    let series = lines.iter().filter(|line| line.colour.is_some()).filter_map(|line| {
        let means: Vec<f64> = line.points.iter().map(|point| point.mean).collect();
        FigureSeries::new(format!("{what} of {}", line.name), &means, format::metric)
    });
    let series = series.collect();
    let is_log = is_log(&lines);
    let title = format!("{what} of all runs");
    let overlay =
        Overlay { title: &title, higher_is_better, is_log, procedural: context.is_procedural(), lines };
    let OverlayPicture { svg, cut_at } = chart::overlay(&overlay)?;
    let better = if higher_is_better { "higher" } else { "lower" };
    let axis = if is_log { " The axis of epochs is logarithmic." } else { "" };
    let cut = cut_at.map_or_else(String::new, |at| cut_note(at, higher_is_better));
    let unlike = if higher_is_better { "" } else { unlike_losses(drawn) };
    Some(SectionFigure {
        series,
        ..SectionFigure::half(svg, format!("{what} by epoch: {better} is better.{axis}{cut}{unlike}"))
    })
}

/// The first of the metrics of which there are curves.
pub(super) fn metric_of(drawn: &[&RunGroup], of: [Metric; 2]) -> Option<Metric> {
    of.into_iter().find(|metric| drawn.iter().any(|group| group.curves.of(*metric).len() > 1))
}

/// What one epoch of a run takes.
pub(super) fn epoch_cost(context: &SectionContext, group: &RunGroup) -> EpochCost {
    let updates = epoch_updates(&context.records.study.data, group.plan.get("batch_size"));
    EpochCost {
        updates: updates.map(|updates| updates as f64),
        seconds: group.cost.epoch_seconds.as_ref().map(|seconds| seconds.mean),
        operations: Some(group.cost.epoch_flops as f64),
    }
}

/// What to say where the losses of runs are not the same quantity.
fn unlike_losses(drawn: &[&RunGroup]) -> &'static str {
    let of = |group: &RunGroup| ["loss", "label_smoothing"].map(|name| group.plan.get(name).cloned());
    match drawn.windows(2).all(|pair| of(pair[0]) == of(pair[1])) {
        true => "",
        false => " Runs differ in their loss or its label smoothing: their losses are not the same quantity.",
    }
}

/// Whether the runs differ so much in their epochs that the short ones would be lost at the left.
pub(super) fn is_log(lines: &[OverlayLine]) -> bool {
    let epochs = || lines.iter().filter_map(|line| line.points.last()).map(|point| point.epoch);
    epochs().max() > epochs().min().map(|shortest| 3 * shortest)
}

fn cut_note(at: f64, higher_is_better: bool) -> String {
    let beyond = if higher_is_better { "below" } else { "above" };
    format!(" First epochs {beyond} {} are not shown, so that the ends lie apart.", format::significant(at))
}

/// What a line and its band are.
fn seeds_note(drawn: &[&RunGroup], colours: &RunColours) -> Option<String> {
    let of_one = drawn.iter().filter(|group| group.curves.seeds == 1).count();
    let of_more = drawn.iter().filter(|group| group.curves.seeds > 1).count();
    let lines = match (of_one, of_more) {
        (0, 0) => return None,
        (0, _) => "Each line is the mean over the seeds of a run, its band from the smallest to the largest.",
        (_, 0) => {
            "Each line is thin and dashed, without a band, since it is of one seed: how far chance moves it is not known."
        }
        _ => {
            "Each line is the mean over the seeds of a run, its band from the smallest to the largest. A line that is thin and \
             dashed, without a band, is of one seed: how far chance moves it is not known."
        }
    };
    let which = colours.which.as_ref().map_or_else(String::new, |which| format!(" {which}"));
    Some(format!("{lines}{which}"))
}
