//! The form of a claim, read from its table, and what is wrong with a table that has none.

use super::{ClaimTable, FactTable, Names, ProcedureTable, SettingValue};
use crate::findings;
use crate::quantity::Quantity;

/// The form of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// One run against others.
    Order {
        /// The run.
        run: String,
        /// The others.
        than: Vec<String>,
        /// In which way it differs.
        way: Way,
    },
    /// The metrics of one run against each other.
    PartsOfARun {
        /// The run.
        of: String,
        /// The metric.
        quantity: Quantity,
        /// The others.
        than: Vec<Quantity>,
        /// Higher or lower.
        way: Way,
    },
    /// Runs that are said to be alike.
    Alike(Vec<String>),
    /// The best of several.
    Best {
        /// The run.
        run: String,
        /// Those that it is one of; empty for all.
        among: Vec<String>,
        /// Among the first so many.
        rank: usize,
    },
    /// Better on training images than on validation images.
    Gap {
        /// The run.
        run: String,
        /// From epoch to epoch.
        grows: bool,
    },
    /// A finding about a run.
    Shows {
        /// The name of the finding.
        finding: String,
        /// The run.
        run: String,
    },
    /// That a model has reached what it can.
    Capacity(String),
    /// That published numbers come out again.
    Reproduces(String),
    /// A value of a setting against its other values.
    ExtremeValue {
        /// The setting.
        setting: String,
        /// The value.
        value: SettingValue,
        /// `Better` for the best, `Lower` for the worst.
        is_best: bool,
    },
    /// What data and models are.
    Fact(FactTable),
    /// How the study was made.
    Procedure(ProcedureTable),
    /// What no number can test.
    RestsOn(Vec<String>),
}

/// In which way one number is said to differ from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Accuracies higher, losses lower.
    Better,
    /// Larger.
    Higher,
    /// Smaller.
    Lower,
}

impl Way {
    /// Whether the claim says that a quantity is larger.
    pub fn says_larger(self, quantity: Quantity) -> bool {
        match self {
            Way::Better => quantity.larger_is_better(),
            Way::Higher => true,
            Way::Lower => false,
        }
    }
}

/// Why a table is no claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimFault {
    /// The key that it is about, if it is about one.
    pub key: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

const FORMS: &str = "better, higher, lower, equivalent, similar, best, gap, overfits, shows, capacity, reproduces, \
                     worst_value, best_value, fact, procedure, rests_on";

fn fault(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> ClaimFault {
    ClaimFault { key: Some(key), message: message.into(), help: help.into() }
}

impl ClaimTable {
    /// The form.
    ///
    /// # Errors
    /// If it has none or several, or lacks what its form needs.
    pub fn form(&self) -> Result<Form, ClaimFault> {
        if self.within.is_some_and(|within| !(within > 0.0 && within.is_finite())) {
            let help = "half a point of accuracy is `within = 0.005`";
            return Err(fault("within", "a margin is a number above 0", help));
        }
        if self.rank == Some(0) {
            return Err(fault("rank", "ranks are counted from 1", "`rank = 2`: one of the best two"));
        }
        let mut given = self.given();
        match given.len() {
            1 => given.remove(0).1,
            0 => Err(ClaimFault {
                key: None,
                message: "a claim has a form, this one has none".into(),
                help: format!("give one of: {FORMS}"),
            }),
            _ => {
                let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
                Err(fault(
                    given[1].0,
                    format!("a claim has one form, this one has {}: {}", names.len(), names.join(", ")),
                    "make a claim of each",
                ))
            }
        }
    }

    /// Every form that is given.
    fn given(&self) -> Vec<(&'static str, Result<Form, ClaimFault>)> {
        let mut forms: Vec<(&'static str, Result<Form, ClaimFault>)> = Vec::new();
        let orders = [("better", &self.better, Way::Better), ("higher", &self.higher, Way::Higher)];
        for (key, subject, way) in orders.into_iter().chain([("lower", &self.lower, Way::Lower)]) {
            forms.extend(subject.as_ref().map(|subject| (key, self.order(key, subject, way))));
        }
        for (key, runs) in [("equivalent", &self.equivalent), ("similar", &self.similar)] {
            forms.extend((!runs.is_empty()).then(|| (key, alike(key, runs))));
        }
        let shown = |run: &String, finding: &str| Form::Shows { finding: finding.into(), run: run.clone() };
        forms.extend(self.best.as_ref().map(|run| {
            let rank = self.rank.unwrap_or(1);
            ("best", Ok(Form::Best { run: run.clone(), among: self.among.clone(), rank }))
        }));
        let gap = |run: &String| ("gap", Ok(Form::Gap { run: run.clone(), grows: self.grows }));
        forms.extend(self.gap.as_ref().map(gap));
        let overfits = |run| ("overfits", Ok(shown(run, findings::VAL_LOSS_RISING)));
        forms.extend(self.overfits.as_ref().map(overfits));
        forms.extend(self.shows.as_ref().map(|finding| ("shows", self.shows_finding(finding))));
        forms.extend(self.capacity.as_ref().map(|model| ("capacity", Ok(Form::Capacity(model.clone())))));
        let reproduces = |run: &String| ("reproduces", Ok(Form::Reproduces(run.clone())));
        forms.extend(self.reproduces.as_ref().map(reproduces));
        for (key, value, is_best) in
            [("worst_value", &self.worst_value, false), ("best_value", &self.best_value, true)]
        {
            forms.extend(value.as_ref().map(|value| (key, self.extreme(key, value, is_best))));
        }
        forms.extend(self.fact.as_ref().map(|fact| ("fact", Ok(Form::Fact(fact.clone())))));
        forms.extend(self.procedure.as_ref().map(|procedure| ("procedure", made(procedure))));
        let rests = || ("rests_on", Ok(Form::RestsOn(self.rests_on.clone())));
        forms.extend((!self.rests_on.is_empty()).then(rests));
        forms
    }

    fn order(&self, key: &'static str, subject: &str, way: Way) -> Result<Form, ClaimFault> {
        let than = self.than.all().to_vec();
        if than.is_empty() {
            return Err(fault(
                key,
                format!("`{key}` lacks `than`"),
                "for example `than = \"Model 2\"`, or a list",
            ));
        }
        let Some(of) = self.of.clone() else {
            return Ok(Form::Order { run: subject.to_string(), than, way });
        };
        let quantity = |name: &String| {
            let known: Vec<&str> = Quantity::all().map(Quantity::name).collect();
            let help = format!("with `of`, metrics of that run are compared: {}", known.join(", "));
            Quantity::from_name(name).ok_or_else(|| fault(key, format!("no metric is named `{name}`"), help))
        };
        let than: Result<Vec<Quantity>, ClaimFault> = than.iter().map(quantity).collect();
        let (own, than) = (quantity(&subject.to_string())?, than?);
        let is_alike =
            |other: &&Quantity| (other.is_accuracy(), other.is_loss()) == (own.is_accuracy(), own.is_loss());
        if let Some(other) = than.iter().find(|other| !is_alike(other)) {
            let message = format!("{} and {} are not measured in the same unit", own.label(), other.label());
            return Err(fault(key, message, "compare accuracies with accuracies, losses with losses"));
        }
        if than.contains(&own) {
            let message = format!("the {} is compared with itself", own.label());
            return Err(fault(key, message, "name another metric of the run in `than`"));
        }
        Ok(Form::PartsOfARun { of, quantity: own, than, way })
    }

    fn shows_finding(&self, finding: &str) -> Result<Form, ClaimFault> {
        if !findings::NAMES.contains(&finding) {
            let help = format!("one of: {}", findings::NAMES.join(", "));
            return Err(fault("shows", format!("no finding is named `{finding}`"), help));
        }
        let lacks = || fault("shows", "`shows` lacks `of`", "for example `of = \"Model 7\"`");
        let run = self.of.clone().ok_or_else(lacks)?;
        Ok(Form::Shows { finding: finding.to_string(), run })
    }

    fn extreme(&self, key: &'static str, value: &SettingValue, is_best: bool) -> Result<Form, ClaimFault> {
        let help = "the setting whose value it is, for example `because = \"learning_rate\"`";
        let setting =
            self.because.clone().ok_or_else(|| fault(key, format!("`{key}` lacks `because`"), help))?;
        Ok(Form::ExtremeValue { setting, value: value.clone(), is_best })
    }

    /// Every run or search that it names.
    pub fn named(&self) -> Vec<String> {
        let mut claim = self.clone();
        let keys = self.fact.iter().flat_map(|fact| fact.parameters.keys().cloned());
        claim.names().into_iter().map(|name| name.clone()).chain(keys).collect()
    }

    /// The same claim about runs that have other names elsewhere.
    pub fn renamed(&self, other: impl Fn(&str) -> Option<String>) -> ClaimTable {
        let mut claim = self.clone();
        for name in claim.names() {
            if let Some(other) = other(name) {
                *name = other;
            }
        }
        if let Some(fact) = &mut claim.fact {
            let parameters = std::mem::take(&mut fact.parameters).into_iter();
            fact.parameters = parameters.map(|(name, n)| (other(&name).unwrap_or(name), n)).collect();
        }
        claim
    }

    /// The places of all names of runs and searches, but those that are keys.
    fn names(&mut self) -> Vec<&mut String> {
        let compares_parts = self.of.is_some();
        let mut names: Vec<&mut String> = Vec::new();
        let one = [&mut self.best, &mut self.gap, &mut self.overfits, &mut self.reproduces];
        names.extend(one.into_iter().chain([&mut self.of]).flatten());
        if !compares_parts {
            names.extend([&mut self.better, &mut self.higher, &mut self.lower].into_iter().flatten());
            names.extend(match &mut self.than {
                Names::One(name) => vec![name],
                Names::Several(names) => names.iter_mut().collect(),
            });
        }
        names.extend(self.equivalent.iter_mut().chain(&mut self.similar).chain(&mut self.among));
        names.extend(self.fact.iter_mut().flat_map(|fact| &mut fact.losses_agree));
        names.extend(self.procedure.iter_mut().flat_map(|procedure| &mut procedure.settings_of_the_best));
        names
    }
}

fn alike(key: &'static str, runs: &[String]) -> Result<Form, ClaimFault> {
    match runs {
        [_, _, ..] => Ok(Form::Alike(runs.to_vec())),
        _ => Err(fault(key, format!("`{key}` compares two runs or more"), "name at least two")),
    }
}

fn made(procedure: &ProcedureTable) -> Result<Form, ClaimFault> {
    let given = usize::from(procedure.compares.is_some())
        + usize::from(!procedure.searches_together.is_empty())
        + usize::from(procedure.settings_of_the_best.is_some())
        + usize::from(procedure.chooses_by.is_some());
    match given {
        1 => Ok(Form::Procedure(procedure.clone())),
        _ => Err(fault(
            "procedure",
            format!("`procedure` says one thing, this one says {given}"),
            "give one of: compares, searches_together, settings_of_the_best, chooses_by",
        )),
    }
}
