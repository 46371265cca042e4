//! Which parameters are proposed together.

use std::collections::BTreeSet;

use super::history::usable;
use crate::samplers::TpeSampler;
use crate::{SamplingContext, Trial};

/// What the finished trials that were added have in common.
pub(super) struct Subspaces<'a> {
    context: &'a SamplingContext<'a>,
    grouping: Grouping,
}

enum Grouping {
    /// Each parameter by itself.
    Alone,
    /// Those that every trial has; none before the first trial.
    Common(Option<BTreeSet<String>>),
    /// A partition: two parameters are in one group if every trial has both or neither.
    Groups(Vec<BTreeSet<String>>),
}

impl<'a> Subspaces<'a> {
    pub(super) fn new(settings: &TpeSampler, context: &'a SamplingContext<'a>) -> Self {
        let grouping = match (settings.multivariate, settings.group) {
            (false, _) => Grouping::Alone,
            (true, false) => Grouping::Common(None),
            (true, true) => Grouping::Groups(Vec::new()),
        };
        Subspaces { context, grouping }
    }

    /// Adds a finished trial; the order of trials decides the order of groups.
    pub(super) fn add(&mut self, trial: &Trial) {
        let has =
            |name: &String| self.context.space.get(name).is_some_and(|param| usable(trial, param).is_some());
        match &mut self.grouping {
            Grouping::Alone => {}
            Grouping::Common(Some(names)) => names.retain(has),
            Grouping::Common(names) => {
                *names = Some(trial.params.keys().filter(|name| has(name)).cloned().collect())
            }
            Grouping::Groups(groups) => {
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

    /// The subspaces to be searched, each in the order of names: without parameters that are fixed or have one value
    /// only.
    pub(super) fn searched(&self) -> Vec<Vec<String>> {
        let open = |name: &&String| {
            let single = self.context.space.get(name).is_none_or(|param| param.distribution.is_single());
            !single && !self.context.fixed.contains_key(*name)
        };
        let searched = |names: &BTreeSet<String>| names.iter().filter(open).cloned().collect::<Vec<_>>();
        let all: Vec<Vec<String>> = match &self.grouping {
            Grouping::Alone | Grouping::Common(None) => Vec::new(),
            Grouping::Common(Some(names)) => vec![searched(names)],
            Grouping::Groups(groups) => groups.iter().map(searched).collect(),
        };
        all.into_iter().filter(|names| !names.is_empty()).collect()
    }
}
