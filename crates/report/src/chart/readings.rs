//! The numbers behind the lines of a chart, for whoever asks on the page: invisible, as the texts that the page would
//! show, with the two scales, so that the page's script places them and computes nothing.

use std::fmt::Write;

use super::scale::Scale;
use super::svg::Svg;
use crate::format;
use crate::text::escape_xml;
use crate::view::CurvePoint;

/// A line of which the numbers can be read.
pub(super) struct ReadableLine<'a> {
    /// Its whole name, however much of it the chart shows.
    pub name: &'a str,
    /// The attributes that say whose it is and what its epochs take, or nothing.
    pub about: String,
    /// The classes that give it its colour.
    pub class: String,
    /// Its points.
    pub points: &'a [CurvePoint],
}

/// `<g class="readings" data-x="linear 1 50 52 340" data-y="linear 0.5 1 214 12" data-at="1-50">` and in it of each
/// line its name and the text of its mean at each of these epochs, `–` where it has none.
pub(super) fn readings(svg: &mut Svg, lines: &[ReadableLine], x: &Scale, y: &Scale) {
    let mut epochs: Vec<usize> = lines.iter().flat_map(|line| line.points).map(|point| point.epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let mut group = format!(
        "<g class=\"readings\" data-x=\"{}\" data-y=\"{}\" data-at=\"{}\">",
        x.words(),
        y.words(),
        stretches(&epochs)
    );
    for line in lines.iter().filter(|line| !line.points.is_empty()) {
        let text = |epoch: &usize| {
            let found = line.points.binary_search_by_key(epoch, |point| point.epoch);
            found.map_or_else(|_| format::NONE.to_owned(), |place| format::metric(line.points[place].mean))
        };
        let values: Vec<String> = epochs.iter().map(text).collect();
        let class = line.class.trim();
        // Writing to a String cannot fail.
        let _ = write!(
            group,
            "\n<g class=\"{class}\"{} data-name=\"{}\" data-v=\"{}\"/>",
            line.about,
            escape_xml(line.name),
            values.join(" ")
        );
    }
    svg.markup(&format!("{group}</g>"));
}

/// `1-50 52 54`
fn stretches(numbers: &[usize]) -> String {
    let stretches = numbers.chunk_by(|one, next| one + 1 == *next);
    let words: Vec<String> = stretches
        .map(|stretch| match stretch {
            [one] => one.to_string(),
            _ => format!("{}-{}", stretch[0], stretch[stretch.len() - 1]),
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::stretches;

    #[test]
    fn epochs_that_follow_each_other_are_written_by_their_ends() {
        assert_eq!(stretches(&[1, 2, 3, 5, 7, 8]), "1-3 5 7-8");
        assert_eq!(stretches(&[4]), "4");
        assert_eq!(stretches(&[]), "");
    }
}
