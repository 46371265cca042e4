//! What is served, and how it changes: one side brings the report of the moment, the other waits for what is new.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use toile_report::{LiveStrip, PagePart, PageParts, ServedPage};

use super::ring::{LiveTick, TickRing};

/// Ticks that are kept.
pub(crate) const MOST_TICKS: usize = 4096;

/// Bytes of ticks that are kept.
pub(crate) const MOST_TICK_BYTES: usize = 4 << 20;

/// What is served, shared by the thread that reads the store and the threads of the connections.
pub(crate) struct LiveFeed {
    state: Mutex<FeedState>,
    news: Condvar,
}

struct FeedState {
    generation: String,
    /// How often the generation changed since the start.
    restarts: u64,
    ring: TickRing,
    parts: Arc<PageParts>,
    strip: LiveStrip,
    is_closed: bool,
}

/// What a client has that has waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TickNews {
    /// These ticks come next; none if nothing happened for as long as it waited.
    Ticks(Vec<Arc<LiveTick>>),
    /// What it has cannot be continued: it must take the whole.
    Reset,
    /// Nothing will come any more.
    Over,
}

/// What changed, as it is sent.
#[derive(Serialize)]
struct TickDocument<'a> {
    order: Vec<&'a str>,
    parts: Vec<PartDocument<'a>>,
    strip: &'a LiveStrip,
}

#[derive(Serialize)]
struct PartDocument<'a> {
    id: &'a str,
    version: &'a str,
    html: &'a str,
}

impl LiveFeed {
    /// Serves this from now on. The generation's name is new at each start.
    pub(crate) fn new(generation: String, parts: PageParts, strip: LiveStrip) -> Self {
        Self::with_ring(generation, parts, strip, TickRing::new(MOST_TICKS, MOST_TICK_BYTES))
    }

    /// The same with another ring.
    pub(crate) fn with_ring(generation: String, parts: PageParts, strip: LiveStrip, ring: TickRing) -> Self {
        let parts = Arc::new(parts);
        let state = FeedState { generation, restarts: 0, ring, parts, strip, is_closed: false };
        Self { state: Mutex::new(state), news: Condvar::new() }
    }

    /// Takes what the study is now, and tells everybody what is different. Nothing is told where nothing is.
    pub(crate) fn publish(&self, parts: PageParts, strip: LiveStrip) {
        self.put(Some(Arc::new(parts)), strip);
    }

    /// The same for the strip alone.
    pub(crate) fn publish_strip(&self, strip: LiveStrip) {
        self.put(None, strip);
    }

    /// Without parts those that are there stay.
    fn put(&self, parts: Option<Arc<PageParts>>, strip: LiveStrip) {
        let mut state = self.lock();
        let parts = parts.unwrap_or_else(|| state.parts.clone());
        if let Some(json) = state.change(&parts, &strip) {
            state.ring.push(json);
        }
        (state.parts, state.strip) = (parts, strip);
        drop(state);
        self.news.notify_all();
    }

    /// Another study stands in the place of the one before: nobody can go on from what they have.
    pub(crate) fn restart(&self, parts: PageParts, strip: LiveStrip) {
        let mut state = self.lock();
        state.restarts += 1;
        let begun = state.generation.split('.').next().unwrap_or_default();
        state.generation = format!("{begun}.{}", state.restarts);
        state.ring.restart();
        (state.parts, state.strip) = (Arc::new(parts), strip);
        drop(state);
        self.news.notify_all();
    }

    /// Nothing will come any more: who waits is let go.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.news.notify_all();
    }

    /// What comes after the tick of this name, waiting for it if there is none yet, but not longer than this.
    pub(crate) fn after(&self, id: &str, time: Duration) -> TickNews {
        let mut state = self.lock();
        if let (TickNews::Ticks(ticks), false) = (state.after(id), state.is_closed) {
            if !ticks.is_empty() {
                return TickNews::Ticks(ticks);
            }
            let waited = self.news.wait_timeout(state, time);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match state.after(id) {
            TickNews::Ticks(ticks) if ticks.is_empty() && state.is_closed => TickNews::Over,
            news => news,
        }
    }

    /// The name of the tick after which nothing is new.
    pub(crate) fn id(&self) -> String {
        self.lock().id()
    }

    /// How the study stands, in one word.
    pub(crate) fn state(&self) -> &'static str {
        self.lock().strip.state
    }

    /// When the store was last read.
    pub(crate) fn as_of(&self) -> String {
        self.lock().strip.as_of.clone()
    }

    /// Notes that the store was read again, and nothing was new. It is no tick.
    pub(crate) fn touch(&self, as_of: String) {
        self.lock().strip.as_of = as_of;
    }

    /// The page of this moment.
    pub(crate) fn page(&self) -> ServedPage {
        let state = self.lock();
        let begin = json!({ "id": state.id(), "versions": versions(&state.parts) }).to_string();
        let (parts, strip) = (state.parts.clone(), state.strip.clone());
        drop(state);
        parts.served(&strip, &begin)
    }

    /// The report of this moment as a file, and what it is called.
    pub(crate) fn file(&self) -> String {
        let parts = self.lock().parts.clone();
        parts.file()
    }

    /// Everything, as a client takes it that cannot go on: its name, and JSON.
    pub(crate) fn snapshot(&self) -> (String, String) {
        let state = self.lock();
        let (id, parts, strip) = (state.id(), state.parts.clone(), state.strip.clone());
        drop(state);
        let all = parts.parts().iter().collect();
        let document = tick_document(&parts, all, &strip);
        let rest = serde_json::to_string(&document).expect("strings and numbers are JSON");
        let json = format!("{{\"id\":{},{}", json!(id), &rest[1..]);
        (id, json)
    }

    /// What comes after the tick of this name, as far as there is anything, as JSON.
    pub(crate) fn delta(&self, id: &str) -> String {
        let state = self.lock();
        let as_of = json!(state.strip.as_of);
        let TickNews::Ticks(ticks) = state.after(id) else {
            return format!("{{\"reset\":true,\"as_of\":{as_of}}}");
        };
        let one = |tick: &Arc<LiveTick>| {
            let id = json!(tick_id(&state.generation, tick.sequence));
            format!("{{\"id\":{id},\"tick\":{}}}", tick.json)
        };
        let ticks: Vec<String> = ticks.iter().map(one).collect();
        format!("{{\"reset\":false,\"as_of\":{as_of},\"ticks\":[{}]}}", ticks.join(","))
    }

    fn lock(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedState {
    fn id(&self) -> String {
        tick_id(&self.generation, self.ring.last())
    }

    fn after(&self, id: &str) -> TickNews {
        let sequence = id.rsplit_once('-').filter(|(generation, _)| *generation == self.generation);
        let sequence = sequence.and_then(|(_, sequence)| plain_number(sequence));
        sequence.and_then(|sequence| self.ring.after(sequence)).map_or(TickNews::Reset, TickNews::Ticks)
    }

    /// The tick that leads from what is served to this; `None` where nothing that is seen differs.
    fn change(&self, parts: &PageParts, strip: &LiveStrip) -> Option<String> {
        let known = versions(&self.parts);
        let is_new = |part: &&PagePart| known.get(part.id.as_str()) != Some(&part.version.as_str());
        let changed: Vec<&PagePart> = parts.parts().iter().filter(is_new).collect();
        let is_same = LiveStrip { as_of: self.strip.as_of.clone(), ..strip.clone() } == self.strip;
        let has_same_ids = known.len() == parts.parts().len();
        if changed.is_empty() && is_same && has_same_ids {
            return None;
        }
        let document = tick_document(parts, changed, strip);
        Some(serde_json::to_string(&document).expect("strings and numbers are JSON"))
    }
}

/// The version of each part, by its id.
fn versions(parts: &PageParts) -> BTreeMap<&str, &str> {
    parts.parts().iter().map(|part| (part.id.as_str(), part.version.as_str())).collect()
}

fn tick_document<'a>(
    parts: &'a PageParts,
    changed: Vec<&'a PagePart>,
    strip: &'a LiveStrip,
) -> TickDocument<'a> {
    let outer = parts.parts().iter().filter(|part| !part.is_inner);
    let part = |part: &'a PagePart| PartDocument { id: &part.id, version: &part.version, html: &part.html };
    TickDocument {
        order: outer.map(|part| part.id.as_str()).collect(),
        parts: changed.into_iter().map(part).collect(),
        strip,
    }
}

/// What a tick is called: `k3x9-12`.
pub(crate) fn tick_id(generation: &str, sequence: u64) -> String {
    format!("{generation}-{sequence}")
}

/// A number as we write it, so that each tick has one name.
fn plain_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
