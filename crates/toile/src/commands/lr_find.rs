//! `toile lr-find`: the learning-rate range test of a run.

use std::path::{Path, PathBuf};

use toile_data::{DataSet, Split};
use toile_lab::{LoneTraining, SWEEP_BATCHES, SWEEP_RANGE};
use toile_record::{RangeTestRecord, Seeds, SweepRecord};
use toile_report::format::setting;
use toile_report::{LossSmoother, RangeTestView, range_test, range_test_html, range_test_svg};
use toile_study::{CheckedStudy, RunPlan};

use crate::args::LrFindArgs;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{Align, Table, Waiting, count, note, range_chart, safe_name, safe_names, suggestion};
use crate::{Completion, interrupt, machine, terminal};

/// Measures, and prints what was found.
pub(crate) fn run(args: &LrFindArgs) -> Result<Completion, Failure> {
    let out = args.out.as_deref().map(OutFile::of).transpose()?;
    let source = StudySource::find(&args.study)?;
    let (study, data) = source.check(&args.data)?;
    let name = run_name(&study, args.run.as_deref())?;
    let plan = source.plan_of(&study, std::slice::from_ref(&name), Some(Seeds::Fixed(args.seeds.into())))?;
    let data = data.map_or_else(|| source.load(&plan.data, &args.data), Ok)?;
    let threads = args.threads.map_or_else(machine::cores, usize::from);
    let (split, only) = (toile_lab::split(&plan, &data)?, [name]);
    let runs: Vec<&RunPlan> = toile_lab::wanted_runs(&plan, &only).collect();
    let read = |file: &str| source.read_next_to(file);
    let sweeps = Sweeps { runs: &runs, data: &data, split: &split, read: &read, threads };
    let waiting = Waiting::new();
    let record = sweeps.record(&plan.study, &waiting)?;
    waiting.end();
    let Some(record) = record else {
        note("interrupted: nothing was kept, the same command begins again");
        return Ok(Completion::Interrupted);
    };
    let view = range_test(&record);
    if let Some(out) = &out {
        out.write(&view)?;
    }
    match args.json {
        true => terminal::out_json(&view),
        false => terminal::out(&told(&view)),
    }?;
    if let Some(out) = &out {
        note(&format!("written: {}", out.path().display()));
    }
    Ok(Completion::Done)
}

/// The run that was asked for, or the only one.
fn run_name(study: &CheckedStudy, asked: Option<&str>) -> Result<String, Failure> {
    let names: Vec<&str> = study.runs.iter().map(|run| run.name.as_str()).collect();
    let known = safe_names(names.iter().copied());
    let Some(asked) = asked else {
        return match names[..] {
            [only] => Ok(only.to_owned()),
            [] => Err(Failure::new("the study has no runs, and a range test takes the settings of one")
                .help("add a `[[runs]]` with the settings that are in question")),
            _ => Err(Failure::new("the study has several runs: which one?")
                .help(format!("name one with `--run NAME` (known: {known})"))),
        };
    };
    if names.contains(&asked) {
        return Ok(asked.to_owned());
    }
    let shown = safe_name(asked);
    if study.searches.iter().any(|search| search.table.name == asked) {
        return Err(Failure::new(format!(
            "`{shown}` is a search, and a range test takes the settings of one run"
        ))
        .help(format!("name a run with `--run NAME` (known: {known})")));
    }
    Err(Failure::new(format!("no run is named `{shown}`")).help(suggestion(asked, names.iter().copied())))
}

/// What is swept, and on what.
pub(crate) struct Sweeps<'a> {
    /// The run, once for each seed.
    pub runs: &'a [&'a RunPlan],
    pub data: &'a DataSet,
    pub split: &'a Split,
    /// Reads a file in the study file's folder.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    pub threads: usize,
}

impl Sweeps<'_> {
    /// Sweeps once for each seed, and shows what is done; `None` if the user stopped it.
    pub(crate) fn record(&self, study: &str, waiting: &Waiting) -> Result<Option<RangeTestRecord>, Failure> {
        let Some(first) = self.runs.first() else { return Err(Failure::new("the run has no seeds")) };
        let mut sweeps = Vec::new();
        for run in self.runs {
            let Some(sweep) = self.sweep(run, waiting)? else { return Ok(None) };
            sweeps.push(sweep);
        }
        let settings = &first.settings;
        let schedule = serde_json::to_value(&settings.schedule).unwrap_or_default();
        let schedule = schedule.as_object().and_then(|named| named.keys().next().cloned());
        Ok(Some(RangeTestRecord {
            study: study.to_owned(),
            run: first.name.clone(),
            model: settings.model.clone(),
            optimizer: settings.optimizer.name().to_owned(),
            learning_rate: settings.optimizer.learning_rate(),
            schedule,
            batch_size: settings.batch_size,
            batches: SWEEP_BATCHES,
            procedural: self.data.procedural,
            sweeps,
        }))
    }

    fn sweep(&self, run: &RunPlan, waiting: &Waiting) -> Result<Option<SweepRecord>, Failure> {
        let Sweeps { data, split, read, threads, .. } = *self;
        let test = LoneTraining { run, data, split, read, threads, stop: interrupt::listen() };
        let (mut smoother, mut batch) = (LossSmoother::default(), 0);
        let (model, seed) = (safe_name(&run.settings.model), run.settings.seed);
        Ok(test.sweep(&mut |loss| {
            batch += 1;
            waiting
                .show(&format!("learning rates of {model}, seed {seed}: batch {batch} of {SWEEP_BATCHES}"));
            smoother.push(loss);
            smoother.is_over()
        })?)
    }
}

fn told(view: &RangeTestView) -> String {
    let [low, high] = SWEEP_RANGE;
    let mut text = format!(
        "{}, {}: model {}, {}, learning_rate = {}, batches of {}\n",
        safe_name(&view.study),
        safe_name(&view.run),
        safe_name(&view.model),
        view.optimizer,
        setting(view.learning_rate),
        count(view.batch_size as u64)
    );
    text += &format!("{SWEEP_BATCHES} batches from the initial weights, learning rates {low:e} to {high}\n");
    let chart = range_chart(view);
    text += &if chart.is_empty() { chart } else { format!("\n{chart}") };
    text += &format!("\n{}\n", table(view).render());
    text + &view.sentences.iter().map(|sentence| format!("{sentence}\n")).collect::<String>()
}

fn table(view: &RangeTestView) -> Table {
    use Align::Right;
    let mut table = Table::new(&[
        ("seed", Right),
        ("from", Right),
        ("to", Right),
        ("steepest", Right),
        ("least loss / 10", Right),
        ("valley", Right),
    ]);
    for sweep in &view.sweeps {
        let numbers = sweep.suggests.map(|found| found.numbers().map(toile_report::rate));
        let numbers = numbers.unwrap_or_else(|| std::array::from_fn(|_| "no valley".into()));
        table.row(std::iter::once(sweep.seed.to_string()).chain(numbers));
    }
    table
}

/// Where a page or a picture goes.
enum OutFile {
    Html(PathBuf),
    Svg(PathBuf),
}

impl OutFile {
    /// Known by its ending, before anything is measured.
    fn of(path: &Path) -> Result<OutFile, Failure> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::new(format!("there is no folder `{}` for `--out`", folder.display()))
                .help("make it, or name a file in a folder that is there"));
        }
        match ending.as_deref() {
            _ if path.is_dir() => Err(Failure::new(format!("`{}` is a folder", path.display()))
                .help("name a file with `--out FILE.html` or `--out FILE.svg`")),
            Some("html" | "htm") => Ok(OutFile::Html(path.into())),
            Some("svg") => Ok(OutFile::Svg(path.into())),
            _ => Err(Failure::new(format!("`{}` ends neither in .html nor in .svg", path.display()))
                .help("`--out FILE.html` writes a page, `--out FILE.svg` the chart alone")),
        }
    }

    fn path(&self) -> &Path {
        match self {
            OutFile::Html(path) | OutFile::Svg(path) => path,
        }
    }

    fn write(&self, view: &RangeTestView) -> Result<(), Failure> {
        let text = match self {
            OutFile::Html(_) => range_test_html(view, env!("CARGO_PKG_VERSION")),
            OutFile::Svg(_) => range_test_svg(view),
        };
        toile_store::write_atomic(self.path(), text.as_bytes()).map_err(|error| {
            Failure::new(format!("cannot write `{}`: {error}", self.path().display()))
                .help("name another file with `--out FILE.html`")
        })
    }
}
