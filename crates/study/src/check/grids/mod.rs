//! Grids: each becomes runs, as if they were written in the file one by one. Their values keep their places in the
//! text, so that what is wrong with a run is shown where the grid says it.

mod names;
pub(crate) mod schema;
mod settings;

use super::tree::{Entry, Node, Value};
use super::walk::{FieldName, Walk};
use super::{LARGEST_FILE, rules};
use crate::check::schema as whole;
use crate::file::MAX_GRID_RUNS;
use settings::GridSetting;

/// The most that the runs of all grids have when they are written out, in bytes: eight files of the largest size.
const MOST_WRITTEN: usize = 8 * LARGEST_FILE as usize;

/// The runs of all grids.
pub(crate) struct Grids {
    pub runs: Vec<GridRun>,
    /// Whether no grid has a fault of its own; one that has is not made into runs.
    pub is_valid: bool,
}

/// A run of a grid, as a table of `[[runs]]`.
pub(crate) struct GridRun {
    pub node: Node,
    /// Which grid, and which of its runs, from 0.
    pub place: (usize, usize),
}

/// Makes the grids into runs.
pub(crate) fn read(grids: &[Node], defaults: Option<&Node>, walk: &mut Walk) -> Grids {
    let mut all = Grids { runs: Vec::new(), is_valid: true };
    let mut room = MOST_WRITTEN;
    for (index, grid) in grids.iter().enumerate() {
        match expanded(grid, defaults, all.runs.len(), &mut room, walk) {
            Some(runs) => {
                let runs = runs.into_iter().enumerate();
                all.runs.extend(runs.map(|(number, node)| GridRun { node, place: (index, number) }));
            }
            None => all.is_valid = false,
        }
    }
    all
}

/// The runs of one grid. `None` if it has a fault; their number is checked before anything is made.
fn expanded(
    grid: &Node,
    defaults: Option<&Node>,
    earlier: usize,
    room: &mut usize,
    walk: &mut Walk,
) -> Option<Vec<Node>> {
    let before = walk.faults.len();
    let table = whole::definition("GridTable");
    let Value::Table(entries) = &grid.value else {
        walk.wrong_type(grid, "a table", FieldName("[[grid]]"));
        return None;
    };
    for entry in entries {
        match whole::properties(table).get(&entry.key) {
            None => walk.unknown_key(entry, table, FieldName("[[grid]]")),
            Some(property) if !schema::is_setting(property) => {
                walk.value(&entry.node, property, FieldName(&entry.key));
            }
            Some(_) => {}
        }
    }
    let settings = settings::of(grid);
    count(grid, &settings, earlier, room, walk)?;
    settings.iter().for_each(|setting| setting.check(walk));
    settings::one_learning_rate(grid, defaults, &settings, walk);
    if walk.faults.len() > before {
        return None;
    }
    let runs = combinations(&settings);
    let names = names::of(grid, &settings, &runs, walk)?;
    let run = |(run, name): (&Vec<usize>, String)| run_table(grid, defaults, &settings, run, name);
    Some(runs.iter().zip(names).map(run).collect())
}

/// Refuses empty lists, and more runs than are possible, by the lengths of the lists alone.
fn count(
    grid: &Node,
    settings: &[GridSetting],
    earlier: usize,
    room: &mut usize,
    walk: &mut Walk,
) -> Option<()> {
    let before = walk.faults.len();
    for setting in settings.iter().filter(|setting| setting.values.is_empty()) {
        let message = format!("`{}` lists no values", setting.key());
        walk.fault(
            &setting.entry.node.span,
            message,
            format!("list at least one, or leave `{}` out", setting.key()),
        );
    }
    if walk.faults.len() > before {
        return None;
    }
    let runs = settings.iter().fold(1usize, |runs, setting| runs.saturating_mul(setting.values.len()));
    let in_each = grid.get("note").map_or(0, written);
    let of_setting = |setting: &GridSetting| {
        let all = setting.values.iter().map(written).fold(0, usize::saturating_add);
        all.saturating_mul(runs / setting.values.len())
    };
    let size = settings.iter().map(of_setting).fold(in_each.saturating_mul(runs), usize::saturating_add);
    let (message, help) = if runs > MAX_GRID_RUNS {
        let lengths = settings.iter().filter(|setting| setting.varies());
        let lengths: Vec<String> = lengths.map(|setting| setting.values.len().to_string()).collect();
        let found = lengths.join(" × ");
        let found = if lengths.len() > 1 && runs < usize::MAX { format!("{found} = {runs}") } else { found };
        (
            format!("a grid has at most {MAX_GRID_RUNS} runs, this one has {found}"),
            "shorten its lists, or search them",
        )
    } else if earlier + runs > rules::MAX_RUNS {
        let most = rules::MAX_RUNS;
        (format!("the grids of a study have at most {most} runs together"), "make several studies of them")
    } else if size > *room {
        let most = MOST_WRITTEN >> 20;
        (format!("the runs of the grids, written out, have more than {most} MiB"), "shorten their values")
    } else {
        *room -= size;
        return Some(());
    };
    walk.fault(&grid.span, message, help);
    None
}

/// About how many bytes a value has in a file.
fn written(node: &Node) -> usize {
    match &node.value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(written).sum::<usize>() + 2,
        Value::Table(entries) => {
            entries.iter().map(|entry| entry.key.len() + written(&entry.node)).sum::<usize>() + 2
        }
        _ => 8,
    }
}

/// Every combination, as the place of each setting's value; the last setting changes fastest.
fn combinations(settings: &[GridSetting]) -> Vec<Vec<usize>> {
    settings.iter().fold(vec![Vec::new()], |runs, setting| {
        let longer = |run: &Vec<usize>, at| run.iter().copied().chain([at]).collect();
        runs.iter().flat_map(|run| (0..setting.values.len()).map(move |at| longer(run, at))).collect()
    })
}

/// The table of one run, as it would be written in `[[runs]]`.
fn run_table(
    grid: &Node,
    defaults: Option<&Node>,
    settings: &[GridSetting],
    run: &[usize],
    name: String,
) -> Node {
    let span = grid.get("name").map_or(&grid.span, |name| &name.span).clone();
    let name = Node { span: span.clone(), value: Value::String(name) };
    let mut entries = vec![Entry { key: "name".to_string(), key_span: span, node: name }];
    entries.extend(grid.entry("note").cloned());
    let mut rate = None;
    for (setting, &at) in settings.iter().zip(run) {
        let value = &setting.values[at];
        match setting.key() {
            "learning_rate" => rate = Some((setting.entry, value)),
            _ => entries.push(Entry { node: value.clone(), ..setting.entry.clone() }),
        }
    }
    if let Some((rate, value)) = rate {
        let shared = || defaults.and_then(|defaults| defaults.entry("optimizer")).cloned();
        let own = entries.iter().position(|entry| entry.key == "optimizer").map(|at| entries.remove(at));
        entries.extend(own.or_else(shared).map(|optimizer| {
            let node = settings::with_rate(&optimizer.node, rate, value);
            Entry { node, ..optimizer }
        }));
    }
    Node { span: grid.span.clone(), value: Value::Table(entries) }
}

impl GridRun {
    /// What messages call it.
    pub(crate) fn described(&self) -> String {
        let (grid, number) = self.place;
        format!("run {} of grid {}", number + 1, grid + 1)
    }
}
