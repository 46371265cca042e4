//! A study that is served: read as it grows, rendered when something changed, and never more often than it can be
//! borne.

mod reading;
mod rendering;
mod strip;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use toile_report::{LiveStrip, PageParts};
use toile_store::{Store, StoreError};

use self::reading::StudyReader;
pub(crate) use self::reading::check;
use self::rendering::{PageRenderer, renderer};
use super::{LiveFeed, WebLimits, WebPlace, WebServer, random};
use crate::failure::Failure;
use crate::{machine, places};

/// How often it is asked whether something changed, and how long ticks are joined.
const LOOK: Duration = Duration::from_millis(250);

/// Words that only tell the time change this often at most.
const TELL: Duration = Duration::from_secs(1);

/// At the end the pages that are open have this long to take the last news.
const LAST_NEWS: Duration = Duration::from_secs(2);

/// Where a study is read.
#[derive(Clone, Debug)]
pub(crate) struct StudyAddress {
    /// A folder, or a server's URL.
    pub(crate) storage: String,
    /// The study, where it must be named.
    pub(crate) study: Option<String>,
    /// What is typed to go on with it.
    pub(crate) again: String,
}

impl StudyAddress {
    /// The store there, only to be looked at.
    pub(crate) fn open(&self) -> Result<Store, StoreError> {
        match places::is_address(&self.storage) {
            true => Store::postgres_to_look(&self.storage, places::patience()),
            false => Store::open_read_only(Path::new(&self.storage)),
        }
    }
}

/// A study that is served. It is read in a thread of its own, whose failures are words on the page.
pub(crate) struct ServedStudy {
    server: WebServer,
    feed: Arc<LiveFeed>,
    ending: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl ServedStudy {
    /// Begins to serve a study, which may not have begun.
    ///
    /// # Errors
    /// If there is no place for the server.
    pub(crate) fn start(address: StudyAddress, place: WebPlace) -> Result<Self, Failure> {
        let strip = LiveStrip { as_of: machine::time_of_day(), ..strip::not_begun() };
        let begin = PageParts::before_the_report(env!("CARGO_PKG_VERSION"));
        let feed = Arc::new(LiveFeed::new(random(6)?, begin, strip));
        let server = WebServer::start(place, WebLimits::default(), feed.clone())?;
        let ending = Arc::new(AtomicBool::new(false));
        let renderer =
            renderer().map_err(|error| Failure::new(format!("the page cannot be made: {error}")))?;
        let reader = std::thread::Builder::new().name("web reader".into()).spawn({
            let (feed, ending) = (feed.clone(), ending.clone());
            move || follow(StudyFollowing::new(address, renderer), &feed, &ending)
        });
        let reader = reader.map_err(|error| Failure::new(format!("the page cannot be read: {error}")))?;
        Ok(Self { server, feed, ending, reader: Some(reader) })
    }

    /// The server.
    pub(crate) fn server(&self) -> &WebServer {
        &self.server
    }

    /// Reads once more, as nobody works on the study any more, and gives open pages a moment to take it.
    pub(crate) fn end(mut self) {
        self.ending.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.feed.close();
        let begun = Instant::now();
        while self.server.streams() > 0 && begun.elapsed() < LAST_NEWS {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How the study stands, in one word.
    pub(crate) fn state(&self) -> &'static str {
        self.feed.state()
    }
}

fn follow(mut following: StudyFollowing, feed: &LiveFeed, ending: &AtomicBool) {
    loop {
        let is_over = ending.load(Ordering::SeqCst);
        following.look(feed, is_over);
        if is_over {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

/// What the thread that reads remembers from look to look.
struct StudyFollowing {
    reading: StudyReader,
    renderer: PageRenderer,
    /// Whether something was read that is not rendered yet.
    is_due: bool,
    /// Whether a report was rendered.
    is_begun: bool,
    told: Instant,
    /// When the store was last read without a fault.
    as_of: String,
    strip: LiveStrip,
}

impl StudyFollowing {
    fn new(address: StudyAddress, renderer: PageRenderer) -> Self {
        let reading = StudyReader::new(address);
        let (as_of, strip, told) = (machine::time_of_day(), LiveStrip::default(), Instant::now());
        Self { reading, renderer, is_due: false, is_begun: false, told, as_of, strip }
    }

    /// Reads what changed, renders it if that is due, and says how the study stands.
    fn look(&mut self, feed: &LiveFeed, is_over: bool) {
        let read = self.reading.look(is_over);
        let trouble = read.as_ref().err().map(Failure::sentence);
        if read.is_ok() {
            self.as_of = machine::time_of_day();
        }
        self.is_due |= read.is_ok_and(|is_new| is_new);
        let strip = LiveStrip { trouble, as_of: self.as_of.clone(), ..self.reading.strip() };
        // What is called the report at the end is the report at the end.
        let is_pressing = is_over || strip.part == Some(1.0);
        let parts = self.rendered(is_pressing);
        self.tell(feed, parts, strip);
    }

    /// A report that was made meanwhile, where that `is_pressing` the newest; a new one is begun if that is due.
    fn rendered(&mut self, is_pressing: bool) -> Option<PageParts> {
        if self.reading.take_another() {
            self.is_begun = false;
            self.renderer.forget();
        }
        let mut parts = self.renderer.take(is_pressing);
        if self.is_due && self.renderer.is_free(is_pressing) {
            if let Some(job) = self.reading.job() {
                self.is_due = false;
                self.renderer.begin(job);
            }
            if is_pressing {
                parts = self.renderer.take(is_pressing).or(parts);
            }
        }
        parts
    }

    fn tell(&mut self, feed: &LiveFeed, parts: Option<PageParts>, strip: LiveStrip) {
        let is_other = told(&strip) != told(&self.strip);
        let is_time_only = !is_other && self.told.elapsed() < TELL;
        match parts {
            Some(parts) if self.is_begun => feed.publish(parts, strip.clone()),
            Some(parts) => {
                self.is_begun = true;
                feed.restart(parts, strip.clone());
            }
            None if is_time_only => return feed.touch(strip.as_of),
            None => feed.publish_strip(strip.clone()),
        }
        self.told = Instant::now();
        self.strip = strip;
    }
}

/// The words of a strip that are told as soon as they are others.
fn told(strip: &LiveStrip) -> [&str; 4] {
    [strip.state, &strip.progress, &strip.running, strip.trouble.as_deref().unwrap_or_default()]
}
