//! `toile findings`: what is to be said of the runs of a study, and of the study; for scripts, an exit code.

use toile_judge::{NAMES, NamedFinding, STUDY_NAMES, Severity};
use toile_report::{OWN_FINDINGS, view};

use crate::Completion;
use crate::args::FindingsArgs;
use crate::commands::studied;
use crate::failure::Failure;
use crate::terminal::{self, plural, safe_name};

/// Prints the findings.
pub(crate) fn run(args: &FindingsArgs) -> Result<Completion, Failure> {
    let fails: Vec<FailOn> = args.fail_on.iter().map(|word| fail_on(word)).collect::<Result<_, _>>()?;
    let records = studied::records(&args.storage, args.study.as_deref(), "findings")?;
    let findings = view(&records).reasoning.judgement.findings;
    if args.json {
        terminal::out_json(&findings)?;
    } else {
        terminal::out(&told(&findings))?;
    }
    let hits = findings.iter().filter(|finding| fails.iter().any(|fail| fail.is_hit(finding))).count();
    if hits > 0 {
        terminal::note(&format!(
            "{} of the kind that `--fail-on` names",
            plural(hits, "finding", "findings")
        ));
    }
    Ok(if hits > 0 { Completion::Found } else { Completion::Done })
}

/// What makes the command fail.
enum FailOn {
    Severity(Severity),
    Name(String),
}

impl FailOn {
    fn is_hit(&self, finding: &NamedFinding) -> bool {
        match self {
            FailOn::Severity(least) => finding.severity >= *least,
            FailOn::Name(name) => finding.finding == name,
        }
    }
}

/// The names of all findings.
fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(STUDY_NAMES).chain(OWN_FINDINGS)
}

fn fail_on(word: &str) -> Result<FailOn, Failure> {
    match word {
        "note" => Ok(FailOn::Severity(Severity::Note)),
        "warning" => Ok(FailOn::Severity(Severity::Warning)),
        "alarm" => Ok(FailOn::Severity(Severity::Alarm)),
        name if names().any(|known| known == name) => Ok(FailOn::Name(name.into())),
        other => {
            let names: Vec<&str> = names().collect();
            let near = toile_study::nearest(other, names.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            Err(Failure::new(format!("no finding or severity is named `{}`", safe_name(other)))
                .help(format!("{near}(severities: note, warning, alarm; findings: {})", names.join(", "))))
        }
    }
}

fn told(findings: &[NamedFinding]) -> String {
    let mut sorted: Vec<&NamedFinding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut text = String::new();
    for finding in sorted {
        let seed = finding.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        let about =
            finding.run.as_deref().map_or("the study".into(), |run| format!("{}{seed}", safe_name(run)));
        text += &format!("{about}: {}\n  {}\n  {}\n", finding.finding, finding.statement, finding.advice);
    }
    text + &format!("{}\n", plural(findings.len(), "finding", "findings"))
}
