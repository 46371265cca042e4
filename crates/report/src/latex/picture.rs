//! Charts as TikZ: the same drawing as on the page, with the styles of its style sheet.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::elements::{ChartElement, elements, lines};
use super::escape::escape;
use super::style::{Declarations, StyleSheet, Styled, hex};
use crate::chart::coordinate;

/// Points of a line that are nearer than this to the one before, in both directions, are not drawn on paper.
const NEAR: f64 = 0.6;
/// TikZ is slow with paths of many parts: they are drawn in so many at a time.
const MOST_PARTS: usize = 50;

/// A picture under construction.
struct TikzPicture<'a> {
    sheet: &'a StyleSheet,
    chart: Styled<'a>,
    /// The variables that its elements have from the chart.
    variables: Declarations<'a>,
    /// The options of each class that occurs, by the name of its style.
    styles: BTreeMap<String, String>,
    body: String,
}

/// A chart as a `toilepicture`. `shared` is what stands where it refers to all pictures' drawing.
pub(super) fn picture(sheet: &StyleSheet, svg: &str, shared: &[ChartElement]) -> String {
    let all = elements(svg);
    let Some((root, rest)) = all.split_first() else { return String::new() };
    let chart = Styled { tag: "svg", classes: root.get("class") };
    let mut variables = sheet.of(Styled { tag: "", classes: "" }, chart);
    variables.retain(|name, _| name.starts_with("--"));
    let mut picture = TikzPicture { sheet, chart, variables, styles: BTreeMap::new(), body: String::new() };
    for element in rest {
        match element.tag.as_str() {
            // The only group is what all pictures share.
            "use" => shared.iter().for_each(|element| picture.add(element)),
            _ => picture.add(element),
        }
    }
    let styles: String =
        picture.styles.iter().map(|(name, options)| format!("  {name}/.style={{{options}}},\n")).collect();
    let mut frame = root.get("viewBox").split(' ').skip(1);
    let [top, width, height] = std::array::from_fn(|_| frame.next().unwrap_or_default());
    let body = match top.strip_prefix('-') {
        // A drawing with room above the place 0 begins there.
        Some(above) => format!("\\begin{{scope}}[shift={{(0,{above})}}]\n{}\\end{{scope}}\n", picture.body),
        None => picture.body,
    };
    format!(
        "\\begin{{toilepicture}}{{{width}}}{{{height}}}\n\\tikzset{{\n{styles}}}\n{body}\\end{{toilepicture}}%\n"
    )
}

impl<'a> TikzPicture<'a> {
    fn add(&mut self, element: &ChartElement) {
        match element.tag.as_str() {
            "text" => self.text(element),
            "path" => self.path(element),
            "line" => {
                let [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map(|name| element.get(name));
                self.shape(element, &format!("({x1},{y1}) -- ({x2},{y2})"));
            }
            "rect" => {
                let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| element.get(name));
                self.shape(element, &format!("({x},{y}) rectangle ++({width},{height})"));
            }
            "circle" => {
                let [x, y, r] = ["cx", "cy", "r"].map(|name| element.get(name));
                self.shape(element, &format!("({x},{y}) circle[radius={r}\\toileunit]"));
            }
            // `svg`, `defs` and `g` draw nothing themselves.
            _ => {}
        }
    }

    fn path(&mut self, element: &ChartElement) {
        let parts: Vec<String> = lines(element.get("d"))
            .into_iter()
            .map(|(places, is_closed)| {
                let places: Vec<String> = thinned(&places)
                    .iter()
                    .map(|(x, y)| format!("({},{})", coordinate(*x), coordinate(*y)))
                    .collect();
                format!("{}{}", places.join("--"), if is_closed { "--cycle" } else { "" })
            })
            .collect();
        parts.chunks(MOST_PARTS).for_each(|parts| self.shape(element, &parts.join(" ")));
    }

    /// What is neither filled nor drawn is there for the pointer only, and left out.
    fn shape(&mut self, element: &ChartElement, path: &str) {
        let found = self.declarations(element);
        let mut options = Vec::new();
        // A line has nothing to fill.
        if element.tag != "line" {
            let fill = found.get("fill").copied().unwrap_or("#000");
            options.extend(self.colour(fill, &found).map(|c| format!("fill={c}")));
        }
        if let Some(stroke) = found.get("stroke").and_then(|stroke| self.colour(stroke, &found)) {
            options.push(format!("draw={stroke}"));
            let width = found.get("stroke-width").copied().unwrap_or("1");
            options.push(format!("line width={}\\toileunit", width.trim_end_matches("px")));
            options.extend(dashes(found.get("stroke-dasharray").copied()));
        }
        if options.is_empty() {
            return;
        }
        for (name, key) in [
            ("opacity", "opacity"),
            ("fill-opacity", "fill opacity"),
            ("stroke-opacity", "draw opacity"),
            ("stroke-linecap", "line cap"),
            ("stroke-linejoin", "line join"),
        ] {
            options.extend(found.get(name).map(|value| format!("{key}={value}")));
        }
        let style = self.style(element, options.join(","));
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "\\path[{style}] {path};");
    }

    fn text(&mut self, element: &ChartElement) {
        let found = self.declarations(element);
        let get = |name: &str| found.get(name).copied();
        let size = get("font-size").unwrap_or("12px").trim_end_matches("px");
        let is_bold =
            get("font-weight").and_then(|weight| weight.parse().ok()).is_some_and(|w: f64| w >= 600.0);
        let italic = get("font-style").filter(|style| *style == "italic").map_or("", |_| "\\itshape");
        let bold = if is_bold { "\\bfseries" } else { "" };
        let mut options = vec![format!("toile label,font=\\toilefont{{{size}}}{bold}{italic}")];
        options.extend(get("fill").and_then(|fill| self.colour(fill, &found)).map(|c| format!("text={c}")));
        // What has a halo stands on lines.
        options
            .extend(get("paint-order").map(|_| "fill=toilepaper,fill opacity=.8,text opacity=1".to_owned()));
        let style = self.style(element, options.join(","));
        let anchor = match (element.get("text-anchor"), get("text-anchor")) {
            ("middle", _) | ("", Some("middle")) => "base",
            ("end", _) => "base east",
            _ => "base west",
        };
        let (place, turn) = place(element);
        let text = escape(&element.text);
        let _ = writeln!(self.body, "\\node[{style},anchor={anchor}{turn}] at ({place}) {{{text}}};");
    }

    /// What the rules say of an element, and the variables that it has from its chart.
    fn declarations(&self, element: &ChartElement) -> Declarations<'a> {
        let mut all = self.variables.clone();
        all.extend(self.sheet.of(self.chart, Styled { tag: &element.tag, classes: element.get("class") }));
        all
    }

    /// A colour by its name in the preamble, or by its digits; `None` for none. A variable that neither the element nor
    /// its chart nor the whole sheet has leaves it to what is named as its substitute.
    fn colour(&self, value: &str, found: &Declarations) -> Option<String> {
        let Some(variable) = value.strip_prefix("var(").and_then(|rest| rest.strip_suffix(')')) else {
            return digits(value);
        };
        let (name, substitute) =
            variable.split_once(',').map_or((variable, None), |(name, s)| (name, Some(s)));
        if let Some(own) = found.get(name) {
            return self.colour(own, &Declarations::new());
        }
        let named = self.sheet.colour(name.trim_start_matches("--"));
        named.or_else(|| self.colour(substitute?, found))
    }

    /// The name of a style with these options.
    fn style(&mut self, element: &ChartElement, options: String) -> String {
        let kind = if element.tag == "text" { "text" } else { "shape" };
        let kind = if element.tag == "line" { "line" } else { kind };
        let name = format!("toile {kind} {}", element.get("class")).trim_end().to_owned();
        self.styles.insert(name.clone(), options);
        name
    }
}

/// Where a text stands, and how it is turned.
fn place(element: &ChartElement) -> (String, String) {
    let transform = element.get("transform");
    let Some(moved) = transform.strip_prefix("translate(") else {
        return (format!("{},{}", element.get("x"), element.get("y")), String::new());
    };
    let (place, rest) = moved.split_once(')').unwrap_or((moved, ""));
    let degrees = rest.trim().trim_start_matches("rotate(").trim_end_matches(')');
    let degrees: f64 = degrees.parse().unwrap_or(0.0);
    // On the page an angle goes clockwise.
    (place.replace(' ', ","), format!(",rotate={}", coordinate(-degrees)))
}

/// A colour by its digits.
fn digits(value: &str) -> Option<String> {
    let digits = hex(value)?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or(0);
    Some(format!("{{rgb,255:red,{};green,{};blue,{}}}", channel(0), channel(2), channel(4)))
}

/// `5 3.5` as dashes.
fn dashes(value: Option<&str>) -> Option<String> {
    let lengths: Vec<&str> = value?.split_whitespace().collect();
    let pairs =
        lengths.chunks_exact(2).map(|pair| format!("on {}\\toileunit off {}\\toileunit", pair[0], pair[1]));
    Some(format!("dash pattern={}", pairs.collect::<Vec<_>>().join(" ")))
}

/// The places of a line that can be told apart on paper; the ends stay.
fn thinned(places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (i, place) in places.iter().enumerate() {
        let is_near = |last: &(f64, f64)| (last.0 - place.0).abs() < NEAR && (last.1 - place.1).abs() < NEAR;
        if i == 0 || i + 1 == places.len() || !kept.last().is_some_and(is_near) {
            kept.push(*place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of runs may take several lines above a panel; they stand inside the picture, as on the page.
    #[test]
    fn what_stands_above_the_place_0_is_moved_into_the_picture() {
        let drawn = |viewbox: &str| {
            let svg = format!(
                "<svg class=\"panel\" viewBox=\"{viewbox}\" width=\"40\" height=\"32\"><text x=\"1\" y=\"2\">a</text></svg>"
            );
            picture(&StyleSheet::default(), &svg, &[])
        };
        let node = "\\node[toile text,anchor=base west] at (1,2) {a};\n";
        assert!(drawn("0 0 40 32").ends_with(&format!("\n}}\n{node}\\end{{toilepicture}}%\n")));
        let shifted =
            format!("\\begin{{scope}}[shift={{(0,12.0)}}]\n{node}\\end{{scope}}\n\\end{{toilepicture}}%\n");
        assert!(drawn("0 -12.0 40 32").ends_with(&shifted), "{}", drawn("0 -12.0 40 32"));
    }
}
