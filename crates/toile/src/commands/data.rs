//! `toile data`: the named data sets, and a look at one.

use console::Style;
use toile_data::{CheckReport, DataSet, PartReport, SplitHow, catalogue};
use toile_rng::Seed;

use crate::args::{CheckArgs, DataCommand, FetchArgs};
use crate::failure::Failure;
use crate::source::{load, locations};
use crate::terminal::{Align, Fetching, Table, bytes, count};
use crate::{Completion, terminal};

/// Runs one of the commands of `data`.
pub(crate) fn run(command: &DataCommand) -> Result<Completion, Failure> {
    match command {
        DataCommand::List => list(),
        DataCommand::Fetch(args) => fetch(args),
        DataCommand::Check(args) => check(args),
    }
}

fn list() -> Result<Completion, Failure> {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("name", Left),
        ("training", Right),
        ("test", Right),
        ("image", Left),
        ("what it shows", Left),
        ("licence", Left),
    ]);
    for entry in catalogue() {
        let [height, width, channels] = entry.shape;
        let [train, test] = entry.counts.map(|n| count(n as u64));
        let image = format!("{height}x{width}x{channels}");
        table.row([entry.name.into(), train, test, image, entry.description.into(), entry.licence.into()]);
    }
    let more = "\nA folder with four IDX files is a data set too: `data = \"./my-folder\"`.\n";
    terminal::out(&(table.render() + more))?;
    Ok(Completion::Done)
}

fn fetch(args: &FetchArgs) -> Result<Completion, Failure> {
    let mut fetching = Fetching::new(&args.name);
    let folder =
        toile_data::fetch(&args.name, &locations(&args.data), &mut |progress| fetching.show(progress));
    fetching.end();
    terminal::out(&format!("{} is in {}\n", args.name, folder?.display()))?;
    Ok(Completion::Done)
}

fn check(args: &CheckArgs) -> Result<Completion, Failure> {
    let data = load(&args.name, None, &args.data)?;
    // The seed plays no part in a split that takes the last images.
    let (classes, seed) = (data.class_names.len(), Seed::new(0));
    let split = toile_data::split(&data.train.labels, classes, args.validation_split, SplitHow::Last, seed)?;
    let report = toile_data::check(&data, (!split.validation.is_empty()).then_some(&split));
    terminal::out(&rendered(&data, &report, args.validation_split))?;
    Ok(Completion::Done)
}

fn rendered(data: &DataSet, report: &CheckReport, fraction: f64) -> String {
    let bold = Style::new().bold();
    let [height, width, channels] = report.shape;
    let size = (data.train.images.len() + data.test.images.len()) as u64;
    let mut text = format!("{}\n", bold.apply_to(&report.title));
    text += &format!("source       {}\n", report.source);
    text += &format!("fingerprint  {}\n", report.fingerprint);
    text += &format!("images       {height}x{width}x{channels}, {} in memory\n", bytes(size));
    if fraction > 0.0 {
        text += &format!("validation   the last {} % of the training images\n", 100.0 * fraction);
    }
    text += &format!("\n{}\n{}", classes(report), properties(report));
    let yellow = Style::new().yellow();
    for warning in &report.warnings {
        text += &format!("\n{} {warning}", yellow.apply_to("warning:"));
    }
    text + if report.warnings.is_empty() { "\nnothing to warn of\n" } else { "\n" }
}

fn classes(report: &CheckReport) -> String {
    let mut columns = vec![("class", Align::Left)];
    columns.extend(report.parts.iter().map(|part| (part.name, Align::Right)));
    let mut table = Table::new(&columns);
    for (class, name) in report.class_names.iter().enumerate() {
        let counts = report.parts.iter().map(|part| count(part.class_counts[class] as u64));
        table.row(std::iter::once(format!("{class} {name}")).chain(counts));
    }
    table.render()
}

fn properties(report: &CheckReport) -> String {
    let mut columns = vec![("part", Align::Left)];
    columns.extend(report.parts.iter().map(|part| (part.name, Align::Right)));
    let mut table = Table::new(&columns);
    let mut row = |name: &str, of: &dyn Fn(&PartReport) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(report.parts.iter().map(of)));
    };
    row("images", &|part| count(part.images as u64));
    row("duplicates", &|part| count(part.duplicates as u64));
    for (place, with) in report.parts.iter().enumerate().take(report.parts.len().saturating_sub(1)) {
        let later = &report.parts[place + 1..];
        row(
            &format!("also in {}", with.name),
            &|part| match later.iter().any(|other| other.name == part.name) {
                true => count(shared(report, part.name, with.name) as u64),
                false => String::new(),
            },
        );
    }
    row("constant", &|part| count(part.constant as u64));
    row("same label as before", &|part| format!("{:.3}", part.same_as_before));
    row("  in random order", &|part| format!("{:.3}", part.same_by_chance));
    row("mean of pixels", &|part| format!("{:.4}", part.mean));
    row("sd of pixels", &|part| format!("{:.4}", part.sd));
    table.render()
}

/// Images of a part that stand in an earlier one, too.
fn shared(report: &CheckReport, part: &str, with: &str) -> usize {
    let pairs = report.shared.iter().filter(|shared| (shared.part, shared.with) == (part, with));
    pairs.map(|shared| shared.images).sum()
}
