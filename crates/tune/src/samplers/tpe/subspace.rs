//! Which parameters are proposed together.

use std::collections::BTreeSet;

use super::past::usable;
use crate::samplers::TpeSampler;
use crate::{Ask, Trial};

/// What the finished trials that were met have in common.
pub(super) struct Subspaces<'a> {
    ask: &'a Ask<'a>,
    kind: Kind,
}

enum Kind {
    /// Each parameter by itself.
    Alone,
    /// Those that every trial has; none before the first trial.
    Common(Option<BTreeSet<String>>),
    /// A partition: two parameters are in one group if every trial has both or neither.
    Groups(Vec<BTreeSet<String>>),
}

impl<'a> Subspaces<'a> {
    pub(super) fn new(settings: &TpeSampler, ask: &'a Ask<'a>) -> Self {
        let kind = match (settings.multivariate, settings.group) {
            (false, _) => Kind::Alone,
            (true, false) => Kind::Common(None),
            (true, true) => Kind::Groups(Vec::new()),
        };
        Subspaces { ask, kind }
    }

    /// Takes a finished trial into account; the order of trials is the order of groups.
    pub(super) fn meet(&mut self, trial: &Trial) {
        let has =
            |name: &String| self.ask.space.get(name).is_some_and(|param| usable(trial, param).is_some());
        match &mut self.kind {
            Kind::Alone => {}
            Kind::Common(Some(names)) => names.retain(has),
            Kind::Common(names) => {
                *names = Some(trial.params.keys().filter(|name| has(name)).cloned().collect())
            }
            Kind::Groups(groups) => {
                let mut names: BTreeSet<String> =
                    trial.params.keys().filter(|name| has(name)).cloned().collect();
                let mut split = Vec::new();
                for group in groups.drain(..) {
                    split.push(&group & &names);
                    split.push(&group - &names);
                    names = &names - &group;
                }
                split.push(names);
                split.retain(|group| !group.is_empty());
                *groups = split;
            }
        }
    }

    /// The subspaces to be searched, each in the order of names: without parameters that are fixed or have one value only.
    pub(super) fn searched(&self) -> Vec<Vec<String>> {
        let open = |name: &&String| {
            let single = self.ask.space.get(name).is_none_or(|param| param.distribution.is_single());
            !single && !self.ask.fixed.contains_key(*name)
        };
        let searched = |names: &BTreeSet<String>| names.iter().filter(open).cloned().collect::<Vec<_>>();
        let all: Vec<Vec<String>> = match &self.kind {
            Kind::Alone | Kind::Common(None) => Vec::new(),
            Kind::Common(Some(names)) => vec![searched(names)],
            Kind::Groups(groups) => groups.iter().map(searched).collect(),
        };
        all.into_iter().filter(|names| !names.is_empty()).collect()
    }
}
