//! The page that grows with its study: the report, a strip that says how the study stands, and one more script.

use askama::Template;
use serde::Serialize;

use super::parts::PageParts;
use super::{CANNOT_FAIL, SCRIPT, policy_hash, style};

/// Brings what changed into the page.
const LIVE_SCRIPT: &str = include_str!("../../templates/live.js");

/// The rules of the strip.
const LIVE_STYLE: &str = include_str!("../../templates/live.css");

/// How a study stands, above its report. Every word of it is made here and before, none in the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LiveStrip {
    /// A word for programs and for the colour: `running`, `stopped`, `finished`, …
    pub state: &'static str,
    /// The sentence that says it.
    pub text: String,
    /// How far it is: `9 of 13 runs, 2 failed`.
    pub progress: String,
    /// What is under way, with its last numbers: `CNN, epoch 4 of 10, val_accuracy 0.8921`.
    pub running: String,
    /// What part of the study has ended, from 0 to 1, where that is known.
    pub part: Option<f64>,
    /// What is not well with what is shown, and what to do.
    pub trouble: Option<String>,
    /// When the store was last read: `13:04:10`.
    pub as_of: String,
}

/// What the template of the page needs in addition.
pub(super) struct LivePage<'a> {
    pub(super) state: &'a str,
    pub(super) strip: String,
    pub(super) script: &'static str,
}

#[derive(Template)]
#[template(path = "strip.html")]
struct LiveStripPart<'a> {
    strip: &'a LiveStrip,
}

/// A page, and the content security policy that is to be sent with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedPage {
    /// The page.
    pub html: String,
    /// The value of the header `Content-Security-Policy`.
    pub policy: String,
}

impl PageParts {
    /// The page to be served: at first what [`PageParts::file`] says, word for word. `state` is for its script.
    pub fn served(&self, strip: &LiveStrip, state: &str) -> ServedPage {
        let style = format!("{}{LIVE_STYLE}", style());
        let strip = LiveStripPart { strip }.render().expect(CANNOT_FAIL);
        let mut page = self.page(&style);
        page.live = Some(LivePage { state, strip, script: LIVE_SCRIPT });
        ServedPage { html: page.render().expect(CANNOT_FAIL), policy: policy(&style) }
    }
}

/// Two scripts run, one style counts, data come from the server itself, and no other page may frame it.
fn policy(style: &str) -> String {
    let (explore, live) = (policy_hash(SCRIPT), policy_hash(LIVE_SCRIPT));
    // The template puts a line's end before the style.
    let style = policy_hash(&format!("\n{style}"));
    format!(
        "default-src 'none'; script-src '{explore}' '{live}'; style-src '{style}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
