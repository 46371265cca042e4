//! The table of a search: its columns, and a row for each trial.

use toile_report::format::terminal::parameter;
use toile_study::SearchPlan;
use toile_tune::{Choice, Condition, Distribution, Is, Param, Space};

use crate::terminal::lines::FREE;
use crate::terminal::{moving_lines, safe};

/// The columns of a search's table.
pub(super) struct TrialTable {
    pub(super) name: String,
    pub(super) metrics: Vec<String>,
    pub(super) columns: Vec<ParamColumn>,
    pub(super) n_trials: usize,
    /// Columns of the terminal; files and pipes have room for everything.
    room: usize,
}

/// One parameter's column, or that of several of which a trial has only one, such as each optimizer's learning rate.
pub(super) struct ParamColumn {
    pub(super) title: String,
    pub(super) params: Vec<String>,
    pub(super) width: usize,
    /// What its values take.
    least: usize,
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
            let params = params.iter().map(|param| param.name.clone()).collect();
            ParamColumn { title, params, width, least: widest }
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

/// The last part of each name is enough where there is little room, unless two would be called alike.
fn shorten(columns: &mut [ParamColumn]) {
    let last = |title: &str| title.rsplit('.').next().unwrap_or(title).to_owned();
    let all: Vec<String> = columns.iter().map(|column| last(&column.title)).collect();
    for (column, short) in columns.iter_mut().zip(&all) {
        if all.iter().filter(|other| *other == short).count() == 1 {
            column.title.clone_from(short);
            column.width = column.least.max(short.chars().count()).min(36);
        }
    }
}

impl TrialTable {
    pub(super) fn new(plan: &SearchPlan) -> TrialTable {
        let mut table = TrialTable::whole(plan);
        if console::measure_text_width(&table.header()) > table.room || table.header().ends_with('…') {
            shorten(&mut table.columns);
        }
        table
    }

    fn whole(plan: &SearchPlan) -> TrialTable {
        TrialTable {
            name: safe::name(&plan.name),
            metrics: plan.objectives.iter().map(|objective| objective.metric.name().to_string()).collect(),
            columns: ParamColumn::of(&plan.space),
            n_trials: plan.n_trials,
            room: match moving_lines() {
                true => usize::from(console::Term::stderr().size().1).saturating_sub(FREE),
                false => usize::MAX,
            },
        }
    }

    /// Adds what the columns of the parameters hold, as far as there is room: a row takes one line, and no value is cut
    /// for it. The report has them all.
    fn with_columns(&self, mut line: String, text: impl Fn(&ParamColumn) -> String) -> String {
        let mut taken = console::measure_text_width(&line);
        let whole: usize = self.columns.iter().map(|column| 2 + column.width).sum();
        // The same columns in each row; where some are left out there is room for the mark of it.
        let room = if taken + whole > self.room { self.room.saturating_sub(2) } else { self.room };
        let mut is_whole = true;
        for column in &self.columns {
            let width = column.width;
            if taken + 2 + width > room {
                is_whole = false;
                continue;
            }
            line += &format!("  {:>width$}", console::truncate_str(&text(column), width, "…"));
            taken += 2 + width;
        }
        if is_whole { line } else { line + " …" }
    }

    pub(super) fn header(&self) -> String {
        let mut line = format!("{:>5}  {:<9}", "trial", "state");
        for metric in &self.metrics {
            line += &format!("  {:>12}", metric);
        }
        line += &format!("  {:>16}  {:>7}", "best so far", "time");
        self.with_columns(line, |column| column.title.clone())
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
        self.with_columns(line, |column| column.value(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At eighty columns each trial took two lines.
    #[test]
    fn a_row_takes_one_line_and_no_value_is_cut_for_it() {
        let column = |title: &str, width| ParamColumn {
            title: title.into(),
            params: vec![title.into()],
            width,
            least: 9,
        };
        let table = |room| TrialTable {
            name: "joint".into(),
            metrics: vec!["val_accuracy".into()],
            columns: vec![column("batch_size", 10), column("optimizer", 9), column("learning_rate", 13)],
            n_trials: 9,
            room,
        };
        let row = |room| {
            let params = [("batch_size", Choice::Int(256)), ("optimizer", Choice::Text("nadam".into()))];
            let params = params.map(|(name, value)| (name.to_owned(), value));
            table(room).row(3, "complete", &["0.8765".into()], "0.8765 (3)", "0:09.8", &params)
        };
        assert!(row(usize::MAX).ends_with("nadam              –"), "{}", row(usize::MAX));
        for room in [57, 69, 80, 82, 95] {
            assert!(row(room).chars().count() <= room.max(59), "{room}: {}", row(room));
            assert!(table(room).header().chars().count() <= room.max(59), "{room}");
        }
        assert!(row(80).ends_with("      256      nadam …") || row(80).ends_with("256 …"), "{}", row(80));
        let mut columns =
            vec![column("optimizer.learning_rate", 23), column("a.units", 9), column("b.units", 9)];
        shorten(&mut columns);
        let titles: Vec<_> = columns.iter().map(|column| (column.title.as_str(), column.width)).collect();
        assert_eq!(titles, [("learning_rate", 13), ("a.units", 9), ("b.units", 9)]);
    }
}
