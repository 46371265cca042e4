//! The elements of a chart: reads back the SVG that `chart/svg.rs` writes, and no other.

/// An element, with the text inside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChartElement {
    pub tag: String,
    attributes: Vec<(String, String)>,
    /// The text of a `text`.
    pub text: String,
}

impl ChartElement {
    /// An attribute; empty where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.attributes.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// All elements in their order. Words for tooltips and for those who cannot see the chart are left out.
pub(super) fn elements(svg: &str) -> Vec<ChartElement> {
    let mut found: Vec<ChartElement> = Vec::new();
    let mut rest = svg;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        let tag = &rest[open + 1..open + close];
        rest = &rest[open + close + 1..];
        let is_of_words = matches!(tag, "title" | "desc");
        if tag.starts_with('/') || is_of_words {
            continue;
        }
        let mut element = element(tag.trim_end_matches('/'));
        if element.tag == "text" {
            element.text = unescaped(&rest[..rest.find('<').unwrap_or(rest.len())]);
        }
        found.push(element);
    }
    found
}

/// `rect class="bar" x="1"`
fn element(tag: &str) -> ChartElement {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        attributes.push((name.trim().to_owned(), unescaped(value)));
        rest = after;
    }
    ChartElement { tag: name.trim().to_owned(), attributes, text: String::new() }
}

fn unescaped(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (escaped, sign)| text.replace(escaped, sign))
}

/// A path as lines: each a list of places, and whether it is closed. `M`, `L`, `Z`, `m`, `l`, `h`, `v`, `z` are known.
pub(super) fn lines(data: &str) -> Vec<(Vec<(f64, f64)>, bool)> {
    let mut lines: Vec<(Vec<(f64, f64)>, bool)> = Vec::new();
    let mut at = (0.0, 0.0);
    for (command, numbers) in commands(data) {
        if matches!(command, 'Z' | 'z') {
            if let Some(line) = lines.last_mut() {
                line.1 = true;
                at = line.0.first().copied().unwrap_or(at);
            }
            continue;
        }
        let steps: Vec<(f64, f64)> = match command {
            'h' => numbers.iter().map(|x| (*x, 0.0)).collect(),
            'v' => numbers.iter().map(|y| (0.0, *y)).collect(),
            _ => numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
        };
        for (i, (x, y)) in steps.into_iter().enumerate() {
            at = if command.is_lowercase() { (at.0 + x, at.1 + y) } else { (x, y) };
            match lines.last_mut().filter(|_| i > 0 || !matches!(command, 'M' | 'm')) {
                Some(line) => line.0.push(at),
                None => lines.push((vec![at], false)),
            }
        }
    }
    lines
}

fn commands(data: &str) -> Vec<(char, Vec<f64>)> {
    let mut found: Vec<(char, Vec<f64>)> = Vec::new();
    let mut number = String::new();
    let flush = |number: &mut String, found: &mut Vec<(char, Vec<f64>)>| {
        if let (Ok(value), Some(last)) = (number.parse(), found.last_mut()) {
            last.1.push(value);
        }
        number.clear();
    };
    for c in data.chars() {
        match c {
            '0'..='9' | '.' => number.push(c),
            '-' => {
                flush(&mut number, &mut found);
                number.push(c);
            }
            c => {
                flush(&mut number, &mut found);
                if c.is_ascii_alphabetic() {
                    found.push((c, Vec::new()));
                }
            }
        }
    }
    flush(&mut number, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back_as_they_were_written() {
        let svg = "<svg class=\"c\" viewBox=\"0 0 10 20\">\n<title>no</title>\n<desc>no</desc>\n<text x=\"1\" y=\"2\">&lt;a &amp;amp; b</text>\n\
                   <circle class=\"dot val\" cx=\"1.5\"><title>no</title></circle>\n</svg>";
        let found = elements(svg);
        assert_eq!(found.iter().map(|one| one.tag.as_str()).collect::<Vec<_>>(), ["svg", "text", "circle"]);
        assert_eq!(found[1].text, "<a &amp; b");
        assert_eq!((found[2].get("class"), found[2].get("cx"), found[2].get("r")), ("dot val", "1.5", ""));
    }

    /// By hand, of the forms that marks have.
    #[test]
    fn paths_are_lists_of_places() {
        assert_eq!(lines("M0 1L2.5 3Z"), [(vec![(0.0, 1.0), (2.5, 3.0)], true)]);
        assert_eq!(lines("M1 2h4l-2 3.5z"), [(vec![(1.0, 2.0), (5.0, 2.0), (3.0, 5.5)], true)]);
        assert_eq!(
            lines("M1 1l2 2m-2 0l2 -2"),
            [(vec![(1.0, 1.0), (3.0, 3.0)], false), (vec![(1.0, 3.0), (3.0, 1.0)], false),]
        );
        assert_eq!(lines("M1.0 2.0h0M-3 4h0").len(), 2);
    }
}
