//! From what was typed to the study of widths, or why there can be none.

use std::collections::BTreeSet;

use toile_record::Seeds;
use toile_study::{CheckedStudy, RunPlan, WidthStudy, rates_around, widened};

use crate::args::CapacityArgs;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{note, safe_name, safe_names, suggestion};

/// Factors that are taken.
const FACTORS: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// Fewer widths say nothing.
const FEWEST_WIDTHS: usize = 3;

/// The most widths.
const MOST_WIDTHS: usize = 12;

/// What is asked.
pub(super) fn asked(
    source: &StudySource,
    study: &CheckedStudy,
    args: &CapacityArgs,
) -> Result<WidthStudy, Failure> {
    let widths = widths(&args.widths)?;
    let run = run(source, study, args)?;
    let (shown, model) = (safe_name(&run.name), safe_name(&run.settings.model));
    if run.settings.validation_split.fraction == 0.0 {
        return Err(Failure::new(
            "the study holds back no validation images, by which learning rates are chosen",
        )
        .help("add `validation_split = 0.1` to `[study]`"));
    }
    if run.settings.initial_weights.is_some() {
        return Err(Failure::new(format!(
            "run `{shown}` starts from weights in a file, which have one width"
        ))
        .help("name a run that starts from its initialisers with `--run NAME`"));
    }
    if widened(&run.settings.layers, 1.0).is_none() {
        return Err(Failure::new(format!(
            "model `{model}` has no hidden layer with units or filters to widen"
        ))
        .help("a network without hidden layers has no width: `toile summary` shows the layers"));
    }
    let epochs = args.epochs.map_or(run.settings.epochs, |epochs| epochs as usize);
    if epochs == 0 {
        return Err(Failure::new(format!("run `{shown}` trains nothing: its `epochs` are 0"))
            .help("say how long each width trains: `--epochs 10`"));
    }
    if args.run.is_none() {
        note(&format!(
            "each width trains as run `{shown}` does, but for the learning rate (`--run` names another)"
        ));
    }
    let asked = WidthStudy {
        name: format!("{}, capacity of {}", study.study.name, run.settings.model),
        data: source.data_from_elsewhere(&study.study.data)?,
        widths,
        seeds: args.seeds.into(),
        epochs,
        equivalence: study.study.equivalence,
        run,
    };
    let layers: Vec<_> =
        asked.widths.iter().map(|width| widened(&asked.run.settings.layers, *width)).collect();
    if let Some(i) = (1..layers.len()).find(|i| layers[*i] == layers[i - 1]) {
        let [a, b] = [asked.widths[i - 1], asked.widths[i]];
        return Err(Failure::new(format!("the widths {a} and {b} give `{model}` the same sizes"))
            .help("choose `--widths` that are further apart"));
    }
    // What cannot be written down is refused now, not after the range tests.
    let text = asked.text(&vec![rates_around(1e-3); asked.widths.len()]);
    toile_study::check(&text, "the study of widths", study.shape)?;
    Ok(asked)
}

/// Each once, in rising order, with the model's own.
fn widths(typed: &[f64]) -> Result<Vec<f64>, Failure> {
    if let Some(wrong) = typed.iter().find(|factor| !FACTORS.contains(factor)) {
        return Err(Failure::new(format!("a width of {wrong} was found, expected 0.01 to 100"))
            .help("widths are multiples of the model's own, such as `--widths 0.5,1,2,4`"));
    }
    let mut widths: Vec<f64> = typed.iter().copied().chain([1.0]).collect();
    widths.sort_by(f64::total_cmp);
    widths.dedup();
    let has_wider = widths.iter().any(|width| *width > 1.0);
    if !(FEWEST_WIDTHS..=MOST_WIDTHS).contains(&widths.len()) || !has_wider {
        return Err(Failure::new(format!(
            "{} different widths were found, the model's own among them; expected {FEWEST_WIDTHS} to {MOST_WIDTHS}, one of them above 1",
            widths.len()
        ))
        .help("for example `--widths 0.5,1,2,4`"));
    }
    Ok(widths)
}

/// The run whose settings all widths share: that which was named, or the first one of the model.
fn run(source: &StudySource, study: &CheckedStudy, args: &CapacityArgs) -> Result<RunPlan, Failure> {
    let plan = source.plan_of(study, &[], Some(Seeds::Fixed(1)))?;
    let names = || plan.runs.iter().map(|run| run.name.as_str());
    if plan.runs.is_empty() {
        return Err(Failure::new("the study has no runs, and the widths train as one of them does")
            .help("add a `[[runs]]` with the model"));
    }
    let models: BTreeSet<&str> = study.models.keys().map(String::as_str).collect();
    if let Some(model) = args.model.as_deref().filter(|model| !models.contains(model)) {
        return Err(Failure::new(format!("the study has no model `{}`", safe_name(model)))
            .help(suggestion(model, models.iter().copied())));
    }
    if let Some(name) = &args.run {
        let run = plan.runs.iter().find(|run| run.name == *name).ok_or_else(|| {
            Failure::new(format!("no run is named `{}`", safe_name(name))).help(suggestion(name, names()))
        })?;
        let own = &run.settings.model;
        return match &args.model {
            Some(model) if model != own => Err(Failure::new(format!(
                "run `{}` trains model `{}`, not `{}`",
                safe_name(name),
                safe_name(own),
                safe_name(model)
            ))
            .help("name a run of the model with `--run NAME`, or leave out `--model`")),
            _ => Ok(run.clone()),
        };
    }
    let trained: BTreeSet<&str> = plan.runs.iter().map(|run| run.settings.model.as_str()).collect();
    let model = match (&args.model, trained.len()) {
        (Some(model), _) => model.as_str(),
        (None, 1) => plan.runs[0].settings.model.as_str(),
        (None, _) => {
            return Err(Failure::new("the study has several models: which one?").help(format!(
                "name one with `--model NAME` (known: {})",
                safe_names(trained.iter().copied())
            )));
        }
    };
    let first = plan.runs.iter().find(|run| run.settings.model == model).cloned();
    first.ok_or_else(|| {
        Failure::new(format!("no run trains model `{}`", safe_name(model)))
            .help("add a `[[runs]]` with the model: the widths train as it does")
    })
}
