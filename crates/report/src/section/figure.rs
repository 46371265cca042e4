//! Figures of sections: a picture, and what stands for it where nothing can be drawn.

use serde::Serialize;

use super::SectionTable;

/// A figure of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionFigure {
    /// What it shows and how to read it; empty where the picture says so itself.
    pub caption: String,
    /// The picture.
    pub picture: FigurePicture,
    /// How much room it takes.
    pub layout: FigureLayout,
    /// The id of a part of the page that it leads to.
    pub link: Option<String>,
    /// Its lines, for faces that cannot draw.
    pub series: Vec<FigureSeries>,
    /// Its numbers, for faces that cannot draw.
    pub table: Option<SectionTable>,
}

/// Figures in the place of others.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureChoice {
    /// By what their lines are grouped.
    pub name: String,
    /// The figures.
    pub figures: Vec<SectionFigure>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FigurePicture {
    /// SVG.
    Svg(String),
    /// A PNG as `data:` address, and what it shows.
    Png {
        /// The address.
        address: String,
        /// What it shows.
        description: String,
    },
}

/// How much room a figure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureLayout {
    /// Two in a row.
    Half,
    /// As many in a row as fit.
    Panel,
    /// The same, a little larger.
    Slice,
    /// Two or three in a row.
    Third,
    /// A row of its own.
    Wide,
}

/// A line of a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureSeries {
    /// What it is of.
    pub label: String,
    /// The number at its beginning, as text.
    pub first: String,
    /// The number at its end, as text.
    pub last: String,
    /// Numbers along it, evenly.
    pub values: Vec<f64>,
}

impl SectionFigure {
    /// A figure of SVG.
    pub fn svg(svg: String, caption: impl Into<String>, layout: FigureLayout) -> Self {
        Self::of(FigurePicture::Svg(svg), caption, layout)
    }

    /// A PNG as `data:` address, two in a row.
    pub fn png(address: String, description: String, caption: impl Into<String>) -> Self {
        Self::of(FigurePicture::Png { address, description }, caption, FigureLayout::Half)
    }

    fn of(picture: FigurePicture, caption: impl Into<String>, layout: FigureLayout) -> Self {
        Self { caption: caption.into(), picture, layout, link: None, series: Vec::new(), table: None }
    }

    /// The same, two in a row.
    pub fn half(svg: String, caption: impl Into<String>) -> Self {
        Self::svg(svg, caption, FigureLayout::Half)
    }
}

impl FigureLayout {
    /// Under which name the style sheet knows a row of such figures.
    pub fn row(self) -> &'static str {
        match self {
            Self::Half => "pair",
            Self::Panel => "panels",
            Self::Slice => "panels slices",
            Self::Third => "pair contours",
            Self::Wide => "",
        }
    }
}

impl FigureSeries {
    /// The line through `points`, thinned to what a row of blocks can show. `None` if there are none.
    pub fn new(label: impl Into<String>, points: &[f64], write: impl Fn(f64) -> String) -> Option<Self> {
        const LENGTH: usize = 50;
        let shown = points.len().min(LENGTH);
        Some(Self {
            label: label.into(),
            first: write(*points.first()?),
            last: write(*points.last()?),
            values: (0..shown).map(|i| points[i * points.len() / shown]).collect(),
        })
    }
}
