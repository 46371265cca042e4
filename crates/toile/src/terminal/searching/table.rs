//! The table of a search: its columns, and a row for each trial.

use toile_report::format::terminal::parameter;
use toile_study::SearchPlan;
use toile_tune::{Choice, Condition, Distribution, Is, Param, Space};

use crate::terminal::safe;

/// The columns of a search's table.
pub(super) struct TrialTable {
    pub(super) name: String,
    pub(super) metrics: Vec<String>,
    pub(super) columns: Vec<ParamColumn>,
    pub(super) n_trials: usize,
}

/// One parameter's column, or that of several of which a trial has only one, such as each optimizer's learning rate.
pub(super) struct ParamColumn {
    pub(super) title: String,
    pub(super) params: Vec<String>,
    pub(super) width: usize,
}

impl ParamColumn {
    pub(super) fn of(space: &Space) -> Vec<ParamColumn> {
        let mut columns: Vec<(Vec<&Param>, String)> = Vec::new();
        for param in &space.params {
            let last = param.name.rsplit('.').next().unwrap_or(&param.name);
            let fits = |(params, title): &&mut (Vec<&Param>, String)| {
                title == last && params.iter().all(|other| exclude_each_other(other, param))
            };
            match columns.iter_mut().find(fits) {
                Some((params, _)) => params.push(param),
                None => {
                    let title = if param.when.is_empty() { param.name.clone() } else { last.to_string() };
                    columns.push((vec![param], title));
                }
            }
        }
        let column = |(params, title): (Vec<&Param>, String)| {
            // A short name must not stand for several things.
            let title = if params.len() == 1 { params[0].name.clone() } else { title };
            let widest = params.iter().map(|param| widest(&param.distribution)).max().unwrap_or(0);
            let width = widest.max(title.chars().count()).min(36);
            ParamColumn { title, params: params.iter().map(|param| param.name.clone()).collect(), width }
        };
        columns.into_iter().map(column).collect()
    }

    pub(super) fn value(&self, params: &[(String, Choice)]) -> String {
        let mine = |(name, _): &&(String, Choice)| self.params.contains(name);
        params.iter().find(mine).map_or("–".into(), |(_, value)| parameter(value))
    }
}

/// Whether two parameters belong to different choices of the same one.
fn exclude_each_other(a: &Param, b: &Param) -> bool {
    let differ = |a: &Condition, b: &Condition| match (a.is, b.is) {
        (Is::Choice(x), Is::Choice(y)) => a.parent == b.parent && x != y,
        _ => false,
    };
    a.when.iter().any(|a| b.when.iter().any(|b| differ(a, b)))
}

fn widest(distribution: &Distribution) -> usize {
    match distribution {
        Distribution::Categorical { choices } => {
            choices.iter().map(|choice| parameter(choice).chars().count()).max().unwrap_or(0)
        }
        _ => 9,
    }
}

impl TrialTable {
    pub(super) fn new(plan: &SearchPlan) -> TrialTable {
        TrialTable {
            name: safe::name(&plan.name),
            metrics: plan.objectives.iter().map(|objective| objective.metric.name().to_string()).collect(),
            columns: ParamColumn::of(&plan.space),
            n_trials: plan.n_trials,
        }
    }

    pub(super) fn header(&self) -> String {
        let mut line = format!("{:>5}  {:<9}", "trial", "state");
        for metric in &self.metrics {
            line += &format!("  {:>12}", metric);
        }
        line += &format!("  {:>16}  {:>7}", "best so far", "time");
        for ParamColumn { title, width, .. } in &self.columns {
            line += &format!("  {:>width$}", console::truncate_str(title, *width, "…"));
        }
        line
    }

    pub(super) fn row(
        &self,
        number: usize,
        state: &str,
        values: &[String],
        best: &str,
        time: &str,
        params: &[(String, Choice)],
    ) -> String {
        let mut line = format!("{number:>5}  {state:<9}");
        for place in 0..self.metrics.len() {
            line += &format!("  {:>12}", values.get(place).map_or("", String::as_str));
        }
        line += &format!("  {best:>16}  {time:>7}");
        for column in &self.columns {
            let width = column.width;
            line += &format!("  {:>width$}", console::truncate_str(&column.value(params), width, "…"));
        }
        line
    }
}
