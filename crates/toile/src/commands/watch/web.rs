//! A study in the browser: what is printed about the page, and how long it is served.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::Completion;
use crate::args::{WatchArgs, WebArgs};
use crate::failure::Failure;
use crate::serve::{self, ServedStudy, StudyAddress, WebPlace};
use crate::{interrupt, machine, terminal};

/// Serves a study until the viewer leaves, also beyond its end.
pub(super) fn run(args: &WatchArgs) -> Result<Completion, Failure> {
    let (storage, study) = (args.storage.clone(), args.study.clone());
    let address = StudyAddress { storage, study, again: super::again(args) };
    let served = start(serve::check(&address)?, &args.web)?;
    let left = interrupt::listen_to_leave();
    terminal::note("Ctrl-C ends the page; the study is not touched");
    let mut told = "";
    while !left.load(Ordering::Relaxed) {
        let state = served.state();
        if state != told {
            if let Some(words) = words_of(state) {
                terminal::note(words);
            }
            told = state;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Completion::Done)
}

/// What is said in the terminal once a study stands so.
fn words_of(state: &str) -> Option<&'static str> {
    match state {
        "finished" => Some("the study has ended; the page stays"),
        "failed" => Some("the study has ended, and runs failed; the page stays, and says why"),
        "stopped" => {
            Some("nobody works on the study any more; the page stays, and follows it once it goes on")
        }
        _ => None,
    }
}

/// Begins to serve, and prints where.
pub(crate) fn start(address: StudyAddress, args: &WebArgs) -> Result<ServedStudy, Failure> {
    let served = ServedStudy::start(address, WebPlace { host: args.host, port: args.port })?;
    let at = served.server().address();
    terminal::out(&format!("{}\n", served.server().url()))?;
    if at.ip().is_loopback() {
        let (port, here) = (at.port(), machine::host_name());
        terminal::note(&format!(
            "from another machine: `ssh -N -L {port}:127.0.0.1:{port} {here}`, then the same address there"
        ));
    } else {
        terminal::note(&format!(
            "warning: whoever reaches {at} and has this address sees the study; it is not encrypted on its way. Without \
             `--host` the page is for this machine alone, and ssh brings it to others"
        ));
    }
    Ok(served)
}

/// Begins to serve a study that runs in this very process. What goes wrong with the page is told, and harms nothing.
pub(crate) fn beside(address: StudyAddress, args: &WebArgs) -> Option<ServedStudy> {
    if !args.web {
        return None;
    }
    match start(address, args) {
        Ok(served) => Some(served),
        Err(failure) => {
            terminal::note(&format!("warning: there is no page to look at: {}", failure.sentence()));
            None
        }
    }
}
