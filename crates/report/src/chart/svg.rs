//! A small SVG writer: escaped text, fixed decimals, nothing that is not used.

use std::fmt::Write;

use crate::text::escape_xml;

/// Where a text is anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG under construction.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    /// A picture of `width` × `height` units with a title and a description for those who cannot see it.
    pub(super) fn new(class: &str, width: f64, height: f64, title: &str, description: &str) -> Self {
        Self::below(class, (width, height), 0.0, title, description)
    }

    /// The same with so much room above the place 0.
    pub(super) fn below(
        class: &str,
        (width, height): (f64, f64),
        above: f64,
        title: &str,
        description: &str,
    ) -> Self {
        let (w, h, top) = (number(width), number(height + above), number(-above));
        // As wide as it is drawn on a wide page, which does not blow a small chart up.
        let [most, tall] = [width, height + above].map(|length| number(length * 1.08));
        let (title, description) = (escape_xml(title), escape_xml(description));
        let text = format!(
            "<svg class=\"{class}\" viewBox=\"0 {top} {w} {h}\" width=\"{most}\" height=\"{tall}\" \
             role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n"
        );
        Self { text }
    }

    /// Text at a place.
    pub(super) fn label(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, content: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, content) = (number(x), number(y), escape_xml(content));
        self.push(&format!("<text{} x=\"{x}\" y=\"{y}\"{anchor}>{content}</text>", of(class)));
    }

    /// Text on several lines, the first of them at this place, each so far below the one before.
    pub(super) fn label_lines(
        &mut self,
        class: &str,
        (x, first): (f64, f64),
        height: f64,
        anchor: Anchor,
        lines: &[String],
    ) {
        for (i, words) in lines.iter().enumerate() {
            self.label(class, x, first + height * i as f64, anchor, words);
        }
    }

    /// Text turned around its place, upwards to the right.
    pub(super) fn label_turned(&mut self, class: &str, x: f64, y: f64, degrees: f64, content: &str) {
        let (x, y, degrees, content) = (number(x), number(y), number(degrees), escape_xml(content));
        self.push(&format!(
            "<text{} transform=\"translate({x} {y}) rotate({degrees})\">{content}</text>",
            of(class)
        ));
    }

    /// A straight line.
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (number(from.0), number(from.1), number(to.0), number(to.1));
        self.push(&format!("<line{} x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>", of(class)));
    }

    /// A line through `points`, or an area within them if its class has a fill.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        self.push(&format!("<path{} d=\"{}\"/>", of(class), path_data(points, closed)));
    }

    /// A rectangle, with a tooltip if `title` is not empty.
    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, title: &str) {
        let (x, y, w, h) = (number(x), number(y), number(width.max(0.0)), number(height.max(0.0)));
        let head = format!("<rect{} x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"", of(class));
        self.with_title("rect", &head, title);
    }

    /// A disc, with a tooltip if `title` is not empty.
    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64, title: &str) {
        let (x, y, r) = (number(at.0), number(at.1), number(radius));
        self.with_title("circle", &format!("<circle{} cx=\"{x}\" cy=\"{y}\" r=\"{r}\"", of(class)), title);
    }

    /// A square on its corner, with a tooltip if `title` is not empty.
    pub(super) fn diamond(&mut self, class: &str, at: (f64, f64), radius: f64, title: &str) {
        let (x, y) = at;
        let corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
        let head = format!("<path{} d=\"{}\"", of(class), path_data(&corners, true));
        self.with_title("path", &head, title);
    }

    /// A path of ready-made data, with a tooltip if `title` is not empty.
    pub(super) fn shape(&mut self, class: &str, data: &str, title: &str) {
        self.with_title("path", &format!("<path{} d=\"{data}\"", of(class)), title);
    }

    /// Finished markup, such as a `use`.
    pub(super) fn markup(&mut self, markup: &str) {
        self.push(markup);
    }

    /// The words that stand on every figure of procedural data.
    pub(super) fn notice(&mut self, procedural: bool, x: f64, y: f64) {
        if procedural {
            self.label("notice", x, y, Anchor::End, crate::PROCEDURAL_NOTICE);
        }
    }

    /// The picture.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn with_title(&mut self, element: &str, head: &str, title: &str) {
        if title.is_empty() {
            self.push(&format!("{head}/>"));
        } else {
            self.push(&format!("{head}><title>{}</title></{element}>", escape_xml(title)));
        }
    }
}

fn of(class: &str) -> String {
    if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") }
}

/// `M0 0L10 5.5Z`
pub(super) fn path_data(points: &[(f64, f64)], closed: bool) -> String {
    let mut data = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(data, "{command}{} {}", number(*x), number(*y));
    }
    if closed {
        data.push('Z');
    }
    data
}

/// At most two decimals, no needless zeros, no negative zero.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_never_a_negative_zero() {
        for (value, text) in [(1.0, "1"), (1.005, "1"), (-0.001, "0"), (12.346, "12.35"), (100.0, "100")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(path_data(&[(0.0, 1.0), (2.5, 3.0)], true), "M0 1L2.5 3Z");
    }

    #[test]
    fn text_and_titles_are_escaped() {
        let mut svg = Svg::new("c", 10.0, 20.0, "<b>", "a & b");
        svg.label("", 1.0, 2.0, Anchor::End, "<script>");
        svg.circle("dot", (1.0, 2.0), 3.0, "\"");
        assert_eq!(
            svg.finish(),
            "<svg class=\"c\" viewBox=\"0 0 10 20\" width=\"10.8\" height=\"21.6\" \
             role=\"img\">\n<title>&lt;b&gt;</title>\n<desc>a &amp; b</desc>\n\
             <text x=\"1\" y=\"2\" text-anchor=\"end\">&lt;script&gt;</text>\n\
             <circle class=\"dot\" cx=\"1\" cy=\"2\" r=\"3\"><title>&quot;</title></circle>\n</svg>"
        );
    }
}
