//! `toile judge`: what the results of any program say, and what they do not.

use std::io::Read;
use std::path::Path;

use toile_judge::plain::{PlainFault, PlainRecords, answer, read};
use toile_judge::{Judgement, PairWord, Results, judge, ranked_quantity};
use toile_nn::Model;
use toile_report::JudgedReport;
use toile_rng::Seed;
use toile_study::{CheckedStudy, RunTable};

use super::judged_report;
use crate::args::JudgeArgs;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::{Completion, terminal};

/// The most bytes of a file of plain records.
const LARGEST_FILE: u64 = 1 << 30;

/// Judges a file, and prints what is to be said.
pub(crate) fn run(args: &JudgeArgs) -> Result<Completion, Failure> {
    let out = args.report.as_deref().map(judged_report::place).transpose()?;
    let text = text(&args.file)?;
    let refused = |fault: PlainFault| {
        let failure = Failure::new(format!("{}: {}: {}", args.file.display(), fault.place, fault.message));
        if fault.help.is_empty() { failure } else { failure.help(fault.help) }
    };
    let PlainRecords { mut results, mut claims } = read(&text).map_err(refused)?;
    if let Some(study) = &args.claims {
        let (study, _) = StudySource::find(study)?.check(&args.data)?;
        add_facts(&mut results, &study);
        let names = published_names(&study);
        let other = |name: &str| names.iter().find(|(own, _)| own == name).map(|(_, other)| other.clone());
        let known = claims.len();
        claims.extend(study.claims.iter().map(|claim| claim.renamed(other)));
        if let Some(claim) =
            claims[known..].iter().find(|new| claims[..known].iter().any(|old| old.id == new.id))
        {
            let id = &claim.id;
            return Err(Failure::new(format!("both the file and the study have a claim `{id}`"))
                .help("rename one of them"));
        }
    }
    let judgement = judge(&results, &claims, ranked_quantity(&results));
    say(args, &results, &judgement)?;
    if let Some(out) = out {
        let title = match args.file.file_name() {
            Some(name) if args.file != Path::new("-") => name.to_string_lossy().into_owned(),
            _ => "Results".to_owned(),
        };
        let report = JudgedReport::new(&title, env!("CARGO_PKG_VERSION"), results, judgement);
        judged_report::write(&out, &report)?;
    }
    Ok(Completion::Done)
}

/// Prints the answer, to be read or as JSON.
fn say(args: &JudgeArgs, results: &Results, judgement: &Judgement) -> Result<(), Failure> {
    if args.json {
        terminal::out_json(&answer(results, judgement).to_json())
    } else {
        terminal::out(&told(results, judgement))
    }
}

fn text(file: &Path) -> Result<String, Failure> {
    let unread = |error: std::io::Error| Failure::new(format!("{} cannot be read: {error}", file.display()));
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().take(LARGEST_FILE).read_to_end(&mut bytes).map_err(unread)?;
        bytes
    } else if file.is_dir() {
        let folder = file.display();
        return Err(Failure::new(format!("{folder} is a folder; a file of results was expected"))
            .help(format!("`toile findings {folder}` lists what the results of a study's folder show")));
    } else {
        toile_store::read_file(file, LARGEST_FILE).map_err(unread)?
    };
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{} is not UTF-8 text", file.display())))
}

/// What runs and searches of the study are called in the publication.
fn published_names(study: &CheckedStudy) -> Vec<(String, String)> {
    let runs = study.runs.iter().map(|run| (&run.name, &run.published_as));
    let searches = study.searches.iter().map(|search| (&search.table.name, &search.table.published_as));
    runs.chain(searches).filter_map(|(own, other)| Some((own.clone(), other.clone()?))).collect()
}

/// What the study knows and the file does not say: the shape of the images, and the parameters of each run's model.
fn add_facts(results: &mut Results, study: &CheckedStudy) {
    let Some(shape) = study.shape else { return };
    let image = [shape.image.height, shape.image.width, shape.image.channels];
    results.image_shape = results.image_shape.or(Some(image));
    results.classes = results.classes.or(Some(shape.classes));
    for run in &study.runs {
        let name = run.published_as.as_ref().unwrap_or(&run.name);
        if let Some(recipe) = results.recipes.iter_mut().find(|recipe| recipe.name == *name) {
            recipe.parameters = parameters(study, run, shape.image).unwrap_or_default();
        }
    }
}

/// Parameters of a run's model, by layer.
fn parameters(study: &CheckedStudy, run: &RunTable, image: toile_nn::ImageShape) -> Option<Vec<usize>> {
    let model = run.settings.model.as_ref().or(study.defaults.model.as_ref())?;
    let model = Model::build(study.models.get(model)?, image, Seed::new(0)).ok()?;
    Some(model.summary().rows.iter().map(|row| row.parameters).collect())
}

/// What is to be said, to be read.
fn told(results: &Results, judgement: &Judgement) -> String {
    let name = |place: &usize| results.recipes[*place].name.as_str();
    let mut lines = Vec::new();
    if let Some(quantity) = judgement.groups.quantity {
        lines.push(format!("Ranking by {}; inside a group no order is established.", quantity.label()));
        for (i, group) in judgement.groups.groups.iter().enumerate() {
            let with_mean = |place: &usize| match results.recipes[*place].mean(quantity) {
                Some(mean) => format!("{} {mean:.4}", name(place)),
                None => name(place).to_string(),
            };
            let all: Vec<String> = group.iter().map(with_mean).collect();
            lines.push(format!("  {}. {}", i + 1, all.join(", ")));
        }
        for (above, below) in &judgement.groups.within {
            lines.push(format!("  within: {} over {}", name(above), name(below)));
        }
    }
    let decided = judgement.pairs.iter().filter(|pair| pair.word() != PairWord::Undecided);
    let decided: Vec<String> =
        decided.map(|pair| format!("  {}", Judgement::sentence(results, pair))).collect();
    let open = judgement.pairs.len() - decided.len();
    lines.push(format!("\nComparisons: {} decided, {open} undecided.", decided.len()));
    lines.extend(decided);
    if !judgement.claims.is_empty() {
        lines.push("\nClaims:".into());
    }
    for claim in &judgement.claims {
        lines.push(format!("  {}: {}", claim.id, claim.verdict.name()));
        lines.extend(claim.says.iter().map(|says| format!("    “{says}”")));
        lines.push(format!("    {}", claim.why));
    }
    if !judgement.findings.is_empty() {
        lines.push("\nFindings:".into());
    }
    for finding in &judgement.findings {
        let run = finding.run.as_ref().map(|run| format!("{run}: ")).unwrap_or_default();
        lines.push(format!("  {run}{} [{}]", finding.statement, finding.finding));
        lines.push(format!("    {}", finding.advice));
    }
    lines.join("\n") + "\n"
}
