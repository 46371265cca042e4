//! Sentences about groups and comparisons.

use toile_judge::{DataPart, Judgement, PairWord, Quantity};
use toile_stats::FEWEST_SEEDS;

use super::Reasoning;
use crate::format::plural;
use crate::text;
use crate::view::NAME_LENGTH;

/// Names of a sentence; of more runs only the number is said.
const MOST_NAMES: usize = 8;

/// Pairs inside groups that are named.
const MOST_PAIRS: usize = 12;

/// Sentences on pairs are cut to this many characters.
const PAIR_LENGTH: usize = 600;

impl Reasoning {
    /// Of each pair of recipes that was compared for the ranking, by their places, its sentence.
    pub fn ranked_sentences(&self) -> Vec<(usize, usize, String)> {
        let ranked = self.judgement.pairs.iter().filter(|pair| pair.is_ranked);
        let sentence = |pair| text::name(&Judgement::sentence(&self.ours, pair), PAIR_LENGTH);
        ranked.map(|pair| (pair.places[0], pair.places[1], sentence(pair))).collect()
    }

    fn name(&self, place: usize) -> String {
        format!("“{}”", text::name(&self.ours.recipes[place].name, NAME_LENGTH))
    }

    fn names(&self, places: &[usize]) -> String {
        let names: Vec<String> = places.iter().map(|place| self.name(*place)).collect();
        if names.len() > MOST_NAMES { plural(names.len(), "run", "runs") } else { text::listed(&names) }
    }

    /// Whether seeds could set runs apart: at least two have three runs or more.
    pub(crate) fn has_groups(&self) -> bool {
        let ranked = self.judgement.groups.groups.iter().flatten();
        ranked.filter(|place| self.ours.recipes[**place].runs.len() >= FEWEST_SEEDS).count() >= 2
    }

    /// How seeds were added until the comparisons were decided.
    pub(crate) fn race_sentence(&self) -> Option<String> {
        let race = self.judgement.race.as_ref()?;
        let listed = |of: &mut dyn Iterator<Item = String>| text::listed(&of.collect::<Vec<_>>());
        let looks = listed(&mut race.looks.iter().map(ToString::to_string));
        let rule = format!(
            "Seeds are added until the comparisons are decided on the validation images, looked at with {looks} seeds"
        );
        if race.taken == 0 {
            return Some(format!("{rule}; the first look is still to come."));
        }
        let mut at = race.looks.iter().zip(&race.decided).map(|(look, n)| format!("{n} with {look} seeds"));
        let decided = listed(&mut at);
        let rest = match (race.undecided, race.looks.get(race.taken)) {
            (0, _) => "none is left".to_owned(),
            (n, None) => format!("{n} {} undecided, and no more seeds are added", are(n)),
            (n, Some(next)) => format!("{n} {} undecided, and {next} seeds are next", are(n)),
        };
        let all = plural(race.decided.iter().sum::<usize>() + race.undecided, "comparison", "comparisons");
        let mut levels = race
            .alphas
            .iter()
            .zip(&race.looks)
            .map(|(alpha, look)| format!("{} % with {look}", trimmed(100.0 * alpha)));
        let levels = listed(&mut levels);
        Some(format!(
            "{rule}. Of {all} {decided} were decided; {rest}. Each is judged with the seeds of its look, at the level of its look \
             ({levels}: 5 % together), and its interval is as wide."
        ))
    }

    /// What the groups say: which may be called best, and what is not decided.
    ///
    /// `remedy` says how to get more seeds, where there are too few.
    pub(crate) fn groups_sentences(&self, remedy: &str) -> Vec<String> {
        let groups = &self.judgement.groups;
        let Some(quantity) = groups.quantity.filter(|_| self.has_groups()) else {
            return self.without_groups(remedy);
        };
        let mut said: Vec<String> = self.race_sentence().into_iter().collect();
        if let Some(leading) = groups.groups.first() {
            let names = self.names(leading);
            said.push(match (leading.len(), groups.groups.len()) {
                (_, 1) => format!(
                    "By {}, over seeds and images, no line can be drawn between the runs: the order of {names} is not established.",
                    quantity.label()
                ),
                (1, _) => format!(
                    "By {}, over seeds and images, {names} is better than every other run that has three seeds or more.",
                    quantity.label()
                ),
                _ => format!(
                    "By {}, over seeds and images, the leading group is {names}: better than all below, their own order not established.",
                    quantity.label()
                ),
            });
        }
        let ranked = self.judgement.pairs.iter().filter(|pair| pair.is_ranked && pair.has_seeds());
        let words: Vec<PairWord> = ranked.map(|pair| pair.word()).collect();
        let count = |of: &[PairWord]| words.iter().filter(|word| of.contains(word)).count();
        let found = [
            (count(&[PairWord::Better, PairWord::Worse]), "decided as better".to_owned()),
            (
                count(&[PairWord::Equivalent]),
                format!("equivalent within {} points", trimmed(100.0 * self.ours.equivalence)),
            ),
            (count(&[PairWord::Undecided]), "undecided".to_owned()),
        ];
        let parts = found.into_iter().filter(|(n, _)| *n > 0);
        let parts: Vec<String> = parts.map(|(n, word)| format!("{n} {} {word}", are(n))).collect();
        let comparisons = plural(words.len(), "comparison", "comparisons");
        said.push(format!("Of {comparisons}, {}.", text::listed(&parts)));
        said.extend(self.too_few(quantity));
        said
    }

    /// Whether what validation chose is in the leading group of the test; nothing if it has too few seeds for a group.
    pub(crate) fn choice_sentence(&self, chosen: &[usize]) -> Option<String> {
        let groups = &self.judgement.groups;
        let is_test = groups.quantity.and_then(Quantity::part) == Some(DataPart::Test);
        let [place] = chosen else { return None };
        let group = groups.groups.iter().position(|group| group.contains(place)).filter(|_| is_test)?;
        let name = self.name(*place);
        Some(match group {
            0 => {
                format!("{name}, which validation chose, is in the leading group on the test images as well.")
            }
            _ => format!(
                "{name}, which validation chose, is not in the leading group on the test images. The test set was not used for \
                 the choice."
            ),
        })
    }

    /// Where nothing can be set apart by seeds.
    fn without_groups(&self, remedy: &str) -> Vec<String> {
        let known = self.ours.recipes.iter().filter(|recipe| !recipe.runs.is_empty());
        let runs: Vec<usize> = known.map(|recipe| recipe.runs.len()).collect();
        let most = runs.iter().copied().max().unwrap_or(0);
        if runs.len() < 2 || most >= FEWEST_SEEDS {
            return Vec::new();
        }
        let each = if most == 1 { "one run each" } else { "two runs each at most" };
        vec![format!(
            "Which settings are better is not established: {each} cannot tell what the settings do from what the seeds do. \
             {remedy}"
        )]
    }

    /// The runs that have too few seeds to be ranked.
    fn too_few(&self, quantity: Quantity) -> Option<String> {
        let unranked = &self.judgement.groups.unranked;
        let few: Vec<usize> = unranked
            .iter()
            .copied()
            .filter(|place| self.ours.recipes[*place].mean(quantity).is_some())
            .collect();
        (!few.is_empty()).then(|| {
            let have = if few.len() == 1 { "has" } else { "have" };
            format!("{} {have} fewer than three seeds, and no group: undecided.", self.names(&few))
        })
    }

    /// Pairs of which one is better although no line separates them.
    pub(crate) fn within_groups(&self) -> Option<String> {
        let within = &self.judgement.groups.within;
        let pairs = within.iter().take(MOST_PAIRS);
        let pairs: Vec<String> =
            pairs.map(|(a, b)| format!("{} over {}", self.name(*a), self.name(*b))).collect();
        let more = match within.len().saturating_sub(MOST_PAIRS) {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        (!pairs.is_empty()).then(|| format!("Better inside their group: {}{more}.", pairs.join(", ")))
    }
}

/// The verb of so many.
fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// 0.5 and not 0.50.
fn trimmed(value: f64) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}
