//! `toile data`: the named data sets, and a look at one.

use console::Style;
use toile_data::{CheckReport, DataSet, PartReport, SplitHow, catalogue};
use toile_rng::Seed;

use crate::args::{CheckArgs, ConvertArgs, DataCommand, FetchArgs};
use crate::failure::Failure;
use crate::source::{load, locations};
use crate::terminal::{Align, Fetching, Table, bytes, count};
use crate::{Completion, terminal};

/// The part that is held back if nothing else is asked for.
const DEFAULT_SPLIT: f64 = 0.1;

/// Runs one of the commands of `data`.
pub(crate) fn run(command: &DataCommand) -> Result<Completion, Failure> {
    match command {
        DataCommand::List => list(),
        DataCommand::Fetch(args) => fetch(args),
        DataCommand::Check(args) => check(args),
        DataCommand::Convert(args) => convert(args),
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
    let more = "\nA folder of pictures is a data set too, and so are other forms, also in archives: `data = \"./my-images\"`.\n";
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
    let data = load(&args.reading.table(&args.name), None, &args.data)?;
    // The seed plays no part in a split that takes the last images.
    let (classes, seed) = (data.class_names.len(), Seed::new(0));
    let (fraction, how) = match data.own_validation {
        0 => (args.validation_split.unwrap_or(DEFAULT_SPLIT), SplitHow::Last),
        own => (own as f64 / data.train.len() as f64, SplitHow::Own),
    };
    let split = toile_data::split(&data.train.labels, classes, fraction, how, seed)?;
    let report = toile_data::check(&data, (!split.validation.is_empty()).then_some(&split));
    let validation = match how {
        _ if fraction == 0.0 => None,
        SplitHow::Own => Some("the validation part of the data".to_owned()),
        _ => Some(format!("the last {} % of the training images", 100.0 * fraction)),
    };
    terminal::out(&rendered(&data, &report, validation))?;
    Ok(Completion::Done)
}

fn convert(args: &ConvertArgs) -> Result<Completion, Failure> {
    let data = load(&args.reading.table(&args.name), None, &args.data)?;
    let written = toile_data::convert(&data, args.to, &args.out)?;
    let n = |images: usize| count(images as u64);
    let mut text = format!(
        "wrote {}: {} training and {} test images, read again\nfingerprint  {}\n",
        args.out.display(),
        n(data.train.len()),
        n(data.test.len()),
        written.fingerprint
    );
    for note in &written.notes {
        text += &format!("note  {note}\n");
    }
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn rendered(data: &DataSet, report: &CheckReport, validation: Option<String>) -> String {
    let bold = Style::new().bold();
    let [height, width, channels] = report.shape;
    let size = (data.train.images.len() + data.test.images.len()) as u64;
    let mut text = format!("{}\n", bold.apply_to(&report.title));
    text += &format!("source       {}\n", report.source);
    text += &format!("fingerprint  {}\n", report.fingerprint);
    text += &format!("images       {height}x{width}x{channels}, {} in memory\n", bytes(size));
    if let Some(validation) = validation {
        text += &format!("validation   {validation}\n");
    }
    text += &format!("read as      {}\n", read_as(data));
    text += &data.reading.notes.iter().map(|note| format!("note         {note}\n")).collect::<String>();
    text += &format!("\n{}\n{}", classes(report), properties(report));
    let yellow = Style::new().yellow();
    for warning in &report.warnings {
        text += &format!("\n{} {warning}", yellow.apply_to("warning:"));
    }
    text + if report.warnings.is_empty() { "\nnothing to warn of\n" } else { "\n" }
}

/// Whether it is a set of the catalogue, of which nobody wonders how it is read.
pub(super) fn is_named(data: &DataSet) -> bool {
    toile_data::entry(&data.name).is_some()
}

/// The form, and the decoders of pictures.
pub(super) fn read_as(data: &DataSet) -> String {
    let reading = &data.reading;
    match reading.decoders.is_empty() {
        true => reading.format.clone(),
        false => format!("{}, by {}", reading.format, reading.decoders.join(" and ")),
    }
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
