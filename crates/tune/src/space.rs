//! Spaces: parameters in the order in which they are asked for, some of them only under conditions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use toile_record::ParamRecord;

use crate::Distribution;
use crate::points::SpacePoints;

/// The values of a trial's parameters, internally (see [`Distribution`]), by name. Parameters that the others rule out
/// are absent.
pub type Params = BTreeMap<String, f64>;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name, different from all others of the space.
    pub name: String,
    /// Its range.
    pub distribution: Distribution,
    /// All must hold, or the trial does not have the parameter.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// What another parameter must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The other parameter; it stands before in the space.
    pub parent: String,
    /// What it must be.
    pub is: Is,
}

/// A demand on a parent's internal value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// The choice of this index.
    Choice(usize),
    /// This number or a larger one.
    AtLeast(f64),
}

/// All parameters of a search, in the order in which they are asked for: parents before children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// The parameters.
    pub params: Vec<Param>,
}

impl Condition {
    /// Whether it holds for these values. It never holds if the parent is absent.
    pub fn holds(&self, params: &Params) -> bool {
        params.get(&self.parent).is_some_and(|&value| match self.is {
            Is::Choice(index) => value == index as f64,
            Is::AtLeast(least) => value >= least,
        })
    }
}

impl Param {
    /// Whether a trial with these values (of its parents at least) has the parameter.
    pub fn is_active(&self, params: &Params) -> bool {
        self.when.iter().all(|condition| condition.holds(params))
    }
}

impl Space {
    /// The parameter of a name.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// A whole assignment, parameter by parameter: `pick` gives the value of one, from what is decided so far.
    pub fn assign(&self, mut pick: impl FnMut(&Param, &Params) -> f64) -> Params {
        let mut params = Params::new();
        for param in &self.params {
            if param.is_active(&params) {
                let value = pick(param, &params);
                params.insert(param.name.clone(), value);
            }
        }
        params
    }

    /// Whether an assignment has exactly the parameters that it should, each within its range.
    pub fn contains(&self, params: &Params) -> bool {
        let fits = |param: &Param| match params.get(&param.name) {
            Some(&value) => param.is_active(params) && param.distribution.contains(value),
            None => !param.is_active(params),
        };
        self.params.iter().all(fits) && params.keys().all(|name| self.get(name).is_some())
    }

    /// The point of this space that a trial is, which may have been proposed for an earlier form of it: each of its
    /// values (internal, with the range that it was proposed in) must lie in today's range of its name, none may be too
    /// many or missing, and those of `fixed` must have the values given there.
    ///
    /// `None`: the trial does not belong to a search with this space. Whoever counts, names the best, chooses or
    /// reports asks this one function.
    pub fn point<'t>(
        &self,
        params: impl IntoIterator<Item = (&'t str, f64, &'t Distribution)>,
        fixed: &Params,
    ) -> Option<Params> {
        let today = |(name, value, then): (&str, f64, &Distribution)| {
            let now = &self.get(name)?.distribution;
            let value = now.internal(&then.contains(value).then(|| then.external(value))?)?;
            Some((name.to_owned(), value))
        };
        let point = params.into_iter().map(today).collect::<Option<Params>>()?;
        let as_fixed = fixed.iter().all(|(name, value)| point.get(name).is_none_or(|found| found == value));
        (as_fixed && !point.is_empty() && self.contains(&point)).then_some(point)
    }

    /// The point that a recorded trial is; see [`Space::point`]. `None` as well: a range is none that this version
    /// knows.
    pub fn recorded_point(&self, params: &[ParamRecord], fixed: &Params) -> Option<Params> {
        let ranges = params.iter().map(|param| Distribution::try_from(param.distribution.clone()).ok());
        let ranges: Vec<Distribution> = ranges.collect::<Option<_>>()?;
        let params = params.iter().zip(&ranges);
        self.point(params.map(|(param, range)| (param.name.as_str(), param.value, range)), fixed)
    }

    /// Whether some parameter exists only under conditions.
    pub fn is_conditional(&self) -> bool {
        self.params.iter().any(|param| !param.when.is_empty())
    }

    /// How many different assignments there are if the parameters of `fixed` have the values given there.
    ///
    /// Conditions are respected: a parameter that the others rule out does not count. `None` if there are infinitely
    /// many, since some parameter that a trial can have is a range without steps. `u128::MAX` stands for itself and
    /// for all larger numbers.
    pub fn count_points(&self, fixed: &Params) -> Option<u128> {
        Some(SpacePoints::new(self, fixed)?.len())
    }
}
