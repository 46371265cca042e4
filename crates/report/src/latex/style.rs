//! The page's style sheet, read for charts: how a chart looks is said there and nowhere else.

use std::collections::BTreeMap;

/// What is said of an element: values by the names of their properties.
pub(super) type Declarations<'a> = BTreeMap<&'a str, &'a str>;

/// The rules of a style sheet that stand outside of `@media`, which is what paper shows.
#[derive(Debug, Default)]
pub(super) struct StyleSheet {
    variables: BTreeMap<String, String>,
    rules: Vec<StyleRule>,
}

#[derive(Debug)]
struct StyleRule {
    selector: Vec<SimpleSelector>,
    declarations: Vec<(String, String)>,
}

/// `svg.panel` or `.tick`: an element, classes, or both.
#[derive(Debug)]
struct SimpleSelector {
    tag: String,
    classes: Vec<String>,
}

/// An element of a chart: its name and its classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Styled<'a> {
    pub tag: &'a str,
    pub classes: &'a str,
}

impl StyleSheet {
    /// Reads a style sheet of the form that ours has.
    pub(super) fn new(css: &str) -> Self {
        let mut sheet = Self::default();
        let mut rest = css;
        while let Some(open) = rest.find('{') {
            let head = rest[..open].trim();
            let length = block(&rest[open..]);
            let body = &rest[open + 1..open + length - 1];
            rest = &rest[open + length..];
            if head == ":root" {
                let variables = declarations(body)
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.strip_prefix("--")?.to_owned(), value)));
                sheet.variables.extend(variables);
            } else if !head.starts_with('@') {
                let rule = |one: &str| {
                    Some(StyleRule { selector: selector(one)?, declarations: declarations(body) })
                };
                sheet.rules.extend(head.split(',').filter_map(rule));
            }
        }
        sheet
    }

    /// The colours that have names: what TeX calls them, and their six digits.
    pub(super) fn colours(&self) -> impl Iterator<Item = (String, String)> {
        self.variables.iter().filter_map(|(name, value)| Some((tex_name(name), hex(value)?)))
    }

    /// What TeX calls a colour; `None` if it is none of these.
    pub(super) fn colour(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| hex(value).is_some()).map(|_| tex_name(name))
    }

    /// What the rules say of an element of a chart: of two rules the one with more classes, else the later.
    pub(super) fn of<'a>(&'a self, chart: Styled<'_>, element: Styled<'_>) -> Declarations<'a> {
        let mut matching: Vec<(usize, usize, &StyleRule)> = Vec::new();
        for (place, rule) in self.rules.iter().enumerate() {
            if rule.matches(chart, element) {
                matching.push((rule.weight(), place, rule));
            }
        }
        matching.sort_by_key(|(weight, place, _)| (*weight, *place));
        let all = matching.iter().flat_map(|(_, _, rule)| &rule.declarations);
        all.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl StyleRule {
    fn matches(&self, chart: Styled<'_>, element: Styled<'_>) -> bool {
        match self.selector.as_slice() {
            [one] => one.matches(element),
            [outer, one] => outer.matches(chart) && one.matches(element),
            _ => false,
        }
    }

    fn weight(&self) -> usize {
        let classes: usize = self.selector.iter().map(|one| one.classes.len()).sum();
        let tags = self.selector.iter().filter(|one| !one.tag.is_empty()).count();
        16 * classes + tags
    }
}

impl SimpleSelector {
    fn matches(&self, element: Styled<'_>) -> bool {
        let has = |class: &String| element.classes.split(' ').any(|own| own == class);
        (self.tag.is_empty() || self.tag == element.tag) && self.classes.iter().all(has)
    }
}

/// `panel-value` is `toilepanelvalue`: in the name of a colour TeX wants letters and digits.
fn tex_name(variable: &str) -> String {
    format!("toile{}", variable.replace('-', ""))
}

/// How long a block in braces is, with what is nested in it.
fn block(text: &str) -> usize {
    let mut depth = 0usize;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return i + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn declarations(body: &str) -> Vec<(String, String)> {
    let pairs = body.split(';').filter_map(|one| one.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// `None` for what never speaks of a chart on paper: `:hover`, `#id`, `>` and the like.
fn selector(text: &str) -> Option<Vec<SimpleSelector>> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '\n');
    let text = text.trim();
    if text.is_empty() || !text.chars().all(is_plain) {
        return None;
    }
    let simple = |one: &str| {
        let mut parts = one.split('.');
        let tag = parts.next().unwrap_or_default().to_owned();
        SimpleSelector { tag, classes: parts.map(str::to_owned).collect() }
    };
    Some(text.split_whitespace().map(simple).collect())
}

/// `#fff` or `#0072b2` as six digits.
pub(super) fn hex(value: &str) -> Option<String> {
    let digits = value.strip_prefix('#')?;
    match digits.len() {
        _ if !digits.chars().all(|c| c.is_ascii_hexdigit()) => None,
        3 => Some(digits.chars().flat_map(|c| [c, c]).collect::<String>().to_uppercase()),
        6 => Some(digits.to_uppercase()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_classes_win_and_of_as_many_the_later_rule() {
        let sheet = StyleSheet::new(
            ":root{--ink:#1a1e24;--shade:rgba(0,0,0,.2)}@media print{svg .line{stroke:none}a{b:c}}\
             svg .line.val{stroke:var(--val)}svg .line{stroke:red;fill:none}svg.panel .line{stroke-width:2}\
             svg .line:hover{fill:red}.a,.b{fill:#fff}",
        );
        let panel = Styled { tag: "svg", classes: "panel slice" };
        let line = sheet.of(panel, Styled { tag: "path", classes: "line val" });
        assert_eq!(line, BTreeMap::from([("fill", "none"), ("stroke", "var(--val)"), ("stroke-width", "2")]));
        let other = Styled { tag: "svg", classes: "curves" };
        assert_eq!(sheet.of(other, Styled { tag: "rect", classes: "b" }), BTreeMap::from([("fill", "#fff")]));
        assert_eq!(sheet.colours().collect::<Vec<_>>(), [("toileink".to_owned(), "1A1E24".to_owned())]);
        assert_eq!(hex("#fff").as_deref(), Some("FFFFFF"));
    }

    /// The panel of a run that is grey in the picture of all runs is in ink; sparklines were, too.
    #[test]
    fn a_sparkline_has_the_colour_of_validation() {
        let sheet = StyleSheet::new(&crate::html::style());
        let line = Styled { tag: "path", classes: "line val" };
        let stroke = |chart| sheet.of(Styled { tag: "svg", classes: chart }, line)["stroke"];
        assert_eq!([stroke("sparkline"), stroke("panel")], ["var(--val)", "var(--c,var(--ink))"]);
    }
}
