//! Reading plain records: their form is checked, and what contradicts itself is refused with its place.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::fault::{PlainFault, fault, of_json};
use super::limits;
use super::run::PlainRun;
use crate::claim::ClaimTable;
use crate::results::{EQUIVALENCE, Recipe, Results, Run};

/// The version of the form.
const FORMAT: u64 = 1;

/// Results of any program, and the claims about them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainRecords {
    /// The results.
    pub results: Results,
    /// The claims.
    pub claims: Vec<ClaimTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `format` and `runs` was expected")]
struct PlainFile {
    format: u64,
    n_train: Option<usize>,
    n_validation: Option<usize>,
    n_test: Option<usize>,
    classes: Option<usize>,
    equivalence: Option<f64>,
    #[serde(deserialize_with = "runs")]
    runs: Vec<PlainRun>,
    #[serde(default)]
    claims: Vec<ClaimTable>,
}

/// A list of runs that ends early where it is too long.
fn runs<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<PlainRun>, D::Error> {
    struct LimitedRuns;
    impl<'de> Visitor<'de> for LimitedRuns {
        type Value = Vec<PlainRun>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "a list of runs")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<PlainRun>, A::Error> {
            let mut all = Vec::new();
            while let Some(run) = items.next_element()? {
                if all.len() == limits::MOST_RUNS {
                    return Err(A::Error::custom(format!("at most {} runs are read", limits::MOST_RUNS)));
                }
                all.push(run);
            }
            Ok(all)
        }
    }
    input.deserialize_seq(LimitedRuns)
}

/// Reads a file of plain records.
///
/// # Errors
/// What is not of the form, or contradicts itself: the first fault, with its place.
pub fn read(text: &str) -> Result<PlainRecords, PlainFault> {
    let file: PlainFile = serde_json::from_str(text).map_err(|error| of_json(text, &error))?;
    if file.format != FORMAT {
        let message = format!("{} was found, {FORMAT} is the version that is read", file.format);
        return Err(fault("format", message, format!("write `\"format\": {FORMAT}`")));
    }
    for (name, n) in [("n_train", file.n_train), ("n_validation", file.n_validation), ("n_test", file.n_test)]
    {
        if n.is_some_and(|n| n == 0 || n > limits::MOST_IMAGES) {
            let message = format!("a part has 1 to {} images", limits::MOST_IMAGES);
            return Err(fault(name, message, "leave it out where it is not known"));
        }
    }
    if file.classes.is_some_and(|classes| classes < 2) {
        return Err(fault("classes", "there are two classes or more", "leave it out where it is not known"));
    }
    if file.runs.is_empty() {
        return Err(fault("runs", "there is no run", "give at least one, with `name` and a number"));
    }
    let equivalence = file.equivalence.unwrap_or(EQUIVALENCE);
    if !(0.0..=1.0).contains(&equivalence) {
        return Err(fault("equivalence", "a share between 0 and 1 is expected", "half a point is 0.005"));
    }
    let results = Results {
        n_train: file.n_train,
        n_validation: file.n_validation,
        n_test: file.n_test,
        classes: file.classes,
        equivalence,
        ..Results::default()
    };
    let mut assembly =
        Assembly { results, places: HashMap::new(), seeds: Vec::new(), seedless: Vec::new(), per_image: 0 };
    for (i, run) in file.runs.into_iter().enumerate() {
        assembly.add(&format!("runs[{i}]"), run)?;
    }
    let results = assembly.results;
    limits::contrasts(&results)?;
    limits::claims(&results, &file.claims)?;
    Ok(PlainRecords { results, claims: file.claims })
}

/// What a run makes of the test images, as one number.
fn hash_of(run: &Run) -> u64 {
    let mut hasher = DefaultHasher::new();
    run.test.correct.hash(&mut hasher);
    hasher.finish()
}

/// Recipes as their runs come in.
struct Assembly {
    results: Results,
    /// Place by name.
    places: HashMap<String, usize>,
    /// The seeds of each recipe.
    seeds: Vec<HashSet<u64>>,
    /// What the runs of each recipe that state no seed make of the images, as hashes.
    seedless: Vec<HashSet<u64>>,
    /// Numbers per image so far.
    per_image: usize,
}

impl Assembly {
    /// Adds a run to its recipe: runs of one name differ in their seeds only.
    fn add(&mut self, place: &str, plain: PlainRun) -> Result<(), PlainFault> {
        limits::name(&format!("{place}.name"), &plain.name)?;
        limits::settings(&format!("{place}.settings"), &plain.settings)?;
        let (name, settings) = (plain.name.clone(), plain.settings.clone());
        let run = plain.checked(&self.results, place)?;
        self.per_image += [&run.validation, &run.test]
            .map(|images| images.correct.len() + 4 * images.losses.len())
            .iter()
            .sum::<usize>();
        if self.per_image > limits::MOST_PER_IMAGE {
            let message = "the runs up to this one hold more numbers per image than are read";
            return Err(fault(place, message, "split the file"));
        }
        let known = *self.places.entry(name.clone()).or_insert(self.results.recipes.len());
        if known == self.results.recipes.len() {
            if known == limits::MOST_RECIPES {
                let message = format!("at most {known} names are read: each is compared with each");
                return Err(fault(format!("{place}.name"), message, "runs of one recipe share a name"));
            }
            self.results.recipes.push(Recipe {
                name: name.clone(),
                settings: settings.clone(),
                ..Recipe::default()
            });
            self.seeds.push(HashSet::new());
            self.seedless.push(HashSet::new());
        }
        let recipe = &mut self.results.recipes[known];
        let keys: BTreeSet<&String> = recipe.settings.keys().chain(settings.keys()).collect();
        if let Some(key) = keys.into_iter().find(|key| recipe.settings.get(*key) != settings.get(*key)) {
            return Err(fault(
                format!("{place}.settings.{key}"),
                format!("another run of {name} has another value"),
                "runs of one name differ in their seeds only; give another name",
            ));
        }
        if let Some(seed) = run.seed.filter(|seed| !self.seeds[known].insert(*seed)) {
            return Err(fault(
                format!("{place}.seed"),
                format!("{name} has two runs with the seed {seed}"),
                "one run counts once; give the second its own seed",
            ));
        }
        let images = (!run.test.correct.is_empty() && run.seed.is_none()).then(|| hash_of(&run));
        if images.is_some_and(|images| !self.seedless[known].insert(images)) {
            return Err(fault(
                format!("{place}.test_correct"),
                format!("another run of {name} is right and wrong about the very same images"),
                "one run counts once; if they are two trainings, give each its `seed`",
            ));
        }
        recipe.runs.push(run);
        Ok(())
    }
}
