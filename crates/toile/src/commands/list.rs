//! `toile list`: the built-in studies, and every name that a study file may use.

use console::Style;
use toile_study::{Listed, built_in_names, list};

use crate::failure::Failure;
use crate::terminal::{Align, Table};
use crate::{Completion, terminal};

/// Prints them, group by group.
pub(crate) fn run() -> Result<Completion, Failure> {
    let mut text = format!("{}\n", heading("Built-in studies"));
    built_in_names().iter().for_each(|name| text += &format!("  {name}\n"));
    let listed = list();
    let mut rest = &listed[..];
    while let Some(first) = rest.first() {
        let n = rest.iter().take_while(|item| item.group == first.group).count();
        text += &group(&rest[..n]);
        rest = &rest[n..];
    }
    text += "\nData sets: `toile data list`. All settings with their defaults: `toile schema --markdown`.\n";
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn group(items: &[Listed]) -> String {
    let mut table =
        Table::new(&[("name", Align::Left), ("in a study file", Align::Left), ("what it is", Align::Left)]);
    for item in items {
        let first_line = item.description.lines().next().unwrap_or_default();
        table.row([item.name.to_owned(), item.example.clone(), first_line.trim_end_matches('.').to_owned()]);
    }
    let rows = table.render_unfolded();
    let indented: String = rows.lines().skip(1).map(|line| format!("  {line}\n")).collect();
    format!("\n{}\n{indented}", heading(items[0].group))
}

fn heading(text: &str) -> String {
    Style::new().bold().apply_to(text).to_string()
}
