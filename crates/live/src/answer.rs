//! What the report says so far: its sentences and its ranking, computed by the report itself.

use std::borrow::Cow;

use toile_record::{Records, State};
use toile_report::view;
use toile_report::view::{Estimate, Share, TEST_ACCURACY, VAL_ACCURACY};

/// What the report says so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveAnswer {
    /// Its sentences on what came out, the most important first.
    pub sentences: Vec<String>,
    /// Runs by validation accuracy, all seeds of a name together.
    pub ranking: Vec<RankedRun>,
    /// What is known of each pair of runs that is compared.
    pub verdicts: Vec<PairSentence>,
    /// What each parameter of a search had to do with its best trials, of searches of which that is known.
    pub importances: Vec<SearchImportance>,
}

impl LiveAnswer {
    /// The run of the ranking to which the run of this id belongs.
    pub fn ranked(&self, id: &str) -> Option<&RankedRun> {
        self.ranking.iter().find(|run| run.ids.iter().any(|own| own == id))
    }

    /// What is known of two runs, by their names in the ranking.
    pub fn verdict(&self, names: [&str; 2]) -> Option<&PairSentence> {
        let is_of =
            |verdict: &&PairSentence| names.iter().all(|name| verdict.names.iter().any(|own| own == name));
        self.verdicts.iter().find(is_of).filter(|_| names[0] != names[1])
    }
}

/// What is known of two runs, all seeds together.
#[derive(Clone, Debug, PartialEq)]
pub struct PairSentence {
    /// Their names in the ranking.
    pub names: [String; 2],
    /// The report's sentence.
    pub sentence: String,
}

/// What the parameters of a search had to do with its best trials.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchImportance {
    /// The name of the search.
    pub search: String,
    /// The parameters, the largest share first.
    pub shares: Vec<Share>,
}

/// A line of the ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedRun {
    /// The name.
    pub name: String,
    /// Ids of its runs, in the order of their seeds.
    pub ids: Vec<String>,
    /// Its settings on a line.
    pub settings: String,
    /// Validation accuracy as the report writes it; a dash if there is none yet.
    pub value: String,
    /// The number behind it.
    pub mean: Option<f64>,
    /// Whether nothing sets it apart from the best.
    pub is_tied: bool,
    /// Test accuracy, where it was opened and asked for.
    pub test: Option<String>,
    /// Mean time of its runs.
    pub seconds: Option<f64>,
    /// What is not complete of it.
    pub unfinished: Option<String>,
}

/// Computes it. Without `with_test`, as if the test part had not been opened.
pub fn answer(records: &Records, with_test: bool) -> LiveAnswer {
    let records = if with_test { Cow::Borrowed(records) } else { Cow::Owned(sealed(records)) };
    let view = view(&records);
    // The first sentence counts the runs, unless all are complete; views have numbers for that.
    let counts = records.runs.iter().any(|run| run.state != State::Complete) || records.runs.is_empty();
    let leading = view.reasoning.judgement.groups.groups.first().filter(|group| group.len() > 1);
    let ids = |name: &str| {
        let own = records.runs.iter().filter(|run| toile_report::shown_name(&run.name) == name);
        own.map(|run| run.id.clone()).collect()
    };
    let ranked = view.ranking.rows.iter().map(|rank| {
        let group = &view.groups[rank.group];
        let value = group.metric(VAL_ACCURACY);
        RankedRun {
            name: group.name.clone(),
            ids: ids(&group.name),
            settings: group.settings_line.clone(),
            value: Estimate::text_or_none(value),
            mean: value.map(|value| value.mean),
            is_tied: leading.is_some_and(|leading| leading.contains(&rank.group)),
            test: group.metric(TEST_ACCURACY).filter(|_| with_test).map(|test| test.text()),
            seconds: group.cost.wall_seconds.as_ref().map(|seconds| seconds.mean),
            unfinished: group.unfinished.clone(),
        }
    });
    let name = |place: usize| view.groups[place].name.clone();
    let verdicts = view.reasoning.ranked_sentences().into_iter();
    let verdicts = verdicts.map(|(a, b, sentence)| PairSentence { names: [name(a), name(b)], sentence });
    let known = view.searches.sections.iter().filter(|search| !search.importance.shares.is_empty());
    let importances = known.map(|search| SearchImportance {
        search: search.name.clone(),
        shares: search.importance.shares.clone(),
    });
    LiveAnswer {
        verdicts: verdicts.collect(),
        importances: importances.collect(),
        ranking: ranked.collect(),
        sentences: view.summary.sentences.iter().skip(usize::from(counts)).cloned().collect(),
    }
}

/// The records without what the test part says.
fn sealed(records: &Records) -> Records {
    let mut records = records.clone();
    records.runs.iter_mut().for_each(|run| run.test = None);
    records.images.clear();
    records.test_openings.clear();
    records
}
