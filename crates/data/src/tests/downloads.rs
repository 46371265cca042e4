//! Downloads, against a small server on this machine that behaves well or badly.

use super::{gzip, tiny, tiny_entry};
use crate::catalogue::CatalogueEntry;
use crate::error::DataError;
use crate::find::find;
use crate::folder::FILES;
use crate::locations::{LoadProgress, Locations};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How the server answers.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ServerBehaviour {
    Good,
    /// Answers every request with the whole file.
    IgnoresRanges,
    /// Closes the connection after this many bytes of a file's body.
    BreaksAfter(usize),
    /// Sends a page instead of the file.
    Page,
    Missing,
}

/// File name and `Range` of each request.
type Requests = Arc<Mutex<Vec<(String, Option<u64>)>>>;

/// A server for the tiny set or other files; it ends with the test process.
pub(super) struct MirrorServer {
    pub url: String,
    requests: Requests,
}

impl MirrorServer {
    fn start(behaviour: ServerBehaviour) -> MirrorServer {
        let files = FILES.iter().zip(tiny()).map(|(name, file)| (format!("{name}.gz"), gzip(&file)));
        MirrorServer::of(files.collect(), behaviour)
    }

    /// A server for these files.
    pub(super) fn of(files: Vec<(String, Vec<u8>)>, behaviour: ServerBehaviour) -> MirrorServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &files, behaviour, &log);
            }
        });
        MirrorServer { url, requests }
    }

    /// The tiny set, with this server as its only mirror.
    fn entry(&self) -> &'static CatalogueEntry {
        tiny_entry(std::slice::from_ref(&self.url))
    }

    pub(super) fn requests(&self) -> Vec<(String, Option<u64>)> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, files: &[(String, Vec<u8>)], behaviour: ServerBehaviour, log: &Requests) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let name = first.split([' ', '/']).nth(2).unwrap().to_string();
    let headers: Vec<String> =
        lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
    let range =
        headers.iter().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    log.lock().unwrap().push((name.clone(), range));
    let (_, file) = files.iter().find(|(other, _)| *other == name).unwrap();
    let page = b"<html>Please log in</html>".to_vec();
    let file = if behaviour == ServerBehaviour::Page { &page } else { file };
    let from = if behaviour == ServerBehaviour::IgnoresRanges { 0 } else { range.unwrap_or(0) as usize };
    let body = file.get(from..).unwrap_or_default();
    let status = match (behaviour, from) {
        (ServerBehaviour::Missing, _) => "404 Not Found",
        (_, 0) => "200 OK",
        (_, from) if from >= file.len() => "416 Range Not Satisfiable",
        _ => "206 Partial Content",
    };
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if from > 0 {
        head += &format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len());
    }
    let sent =
        if let ServerBehaviour::BreaksAfter(n) = behaviour { &body[..body.len().min(n)] } else { body };
    // The client may have gone; that is its own affair.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(sent));
}

fn locations(root: &Path) -> Locations {
    Locations { system_dirs: Vec::new(), ..Locations::new(root.to_path_buf()) }
}

fn part(root: &Path, i: usize) -> std::path::PathBuf {
    root.join("tiny").join(format!("{}.gz.part", FILES[i]))
}

/// Puts bytes where an earlier attempt would have left them.
fn leave_part(root: &Path, i: usize, bytes: &[u8]) {
    std::fs::create_dir_all(root.join("tiny")).unwrap();
    std::fs::write(part(root, i), bytes).unwrap();
}

fn assert_nothing_left_over(root: &Path) {
    let mut names: Vec<_> = std::fs::read_dir(root.join("tiny"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected = FILES.map(|file| format!("{file}.gz"));
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn a_set_that_is_nowhere_is_downloaded_into_the_cache_and_found_there_next_time() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    let entry = server.entry();
    let mut bytes_seen = 0;
    let data = find(entry, &locations(root.path()), &mut |progress| {
        if let LoadProgress::Download { bytes, total, .. } = progress {
            assert!(bytes <= total.unwrap());
            bytes_seen += bytes;
        }
    })
    .unwrap();
    assert_eq!(data.train.labels, [0, 1, 0]);
    assert_eq!(Path::new(&data.source), root.path().join("tiny"));
    assert!(bytes_seen > 0);
    assert_eq!(server.requests().len(), 4);
    assert_nothing_left_over(root.path());
    find(entry, &locations(root.path()), &mut |_| {}).unwrap();
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    leave_part(root.path(), 0, &gzip(&tiny()[0])[..20]);
    find(server.entry(), &locations(root.path()), &mut |_| {}).unwrap();
    assert_eq!(server.requests()[0], (format!("{}.gz", FILES[0]), Some(20)));
    assert_nothing_left_over(root.path());
}

#[test]
fn a_complete_part_only_needs_its_name() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    leave_part(root.path(), 0, &gzip(&tiny()[0]));
    find(server.entry(), &locations(root.path()), &mut |_| {}).unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_server_that_breaks_off_is_asked_for_the_rest() {
    let (root, server) =
        (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::BreaksAfter(15)));
    find(server.entry(), &locations(root.path()), &mut |_| {}).unwrap();
    let ranges: Vec<_> =
        server.requests().into_iter().filter(|request| request.0.starts_with(FILES[0])).collect();
    assert!(ranges.len() > 1 && ranges.iter().skip(1).all(|(_, range)| range.is_some()), "{ranges:?}");
    assert_nothing_left_over(root.path());
}

#[test]
fn a_server_without_ranges_sends_the_whole_again() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::IgnoresRanges));
    leave_part(root.path(), 0, &gzip(&tiny()[0])[..20]);
    find(server.entry(), &locations(root.path()), &mut |_| {}).unwrap();
    assert_nothing_left_over(root.path());
}

#[test]
fn an_old_part_of_other_bytes_is_thrown_away_once_it_proves_wrong() {
    for old in [&[0x55; 20][..], &[0x55; 4000][..]] {
        let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
        leave_part(root.path(), 2, old);
        let found = find(server.entry(), &locations(root.path()), &mut |_| {});
        assert_eq!(found.unwrap().test.labels, [1, 0]);
        assert_nothing_left_over(root.path());
    }
}

#[test]
fn a_wrong_file_in_the_cache_is_replaced_and_right_ones_are_kept() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    super::write_files(&root.path().join("tiny"), &tiny());
    std::fs::remove_file(root.path().join("tiny").join(format!("{}.gz", FILES[1]))).unwrap();
    std::fs::write(root.path().join("tiny").join(FILES[1]), "damaged").unwrap();
    find(server.entry(), &locations(root.path()), &mut |_| {}).unwrap();
    assert_eq!(server.requests(), [(format!("{}.gz", FILES[1]), None)]);
    assert_nothing_left_over(root.path());
}

#[test]
fn a_mirror_that_sends_pages_or_nothing_leaves_no_file_and_the_next_mirror_is_asked() {
    let (root, good) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    let (page, missing) =
        (MirrorServer::start(ServerBehaviour::Page), MirrorServer::start(ServerBehaviour::Missing));
    let bad = tiny_entry(&[page.url.clone(), missing.url.clone()]);
    let error = find(bad, &locations(root.path()), &mut |_| {}).unwrap_err();
    let DataError::NotFound { tried, .. } = error else { panic!("{error}") };
    assert!(tried[1].reason.contains("found a web page"), "{}", tried[1].reason);
    assert_eq!(tried[2].reason, "the server answered 404 Not Found");
    assert_eq!(std::fs::read_dir(root.path().join("tiny")).unwrap().count(), 0);
    let three = tiny_entry(&[page.url, missing.url, good.url]);
    assert!(find(three, &locations(root.path()), &mut |_| {}).is_ok());
}

#[test]
fn two_fetches_at_once_download_each_file_once() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    let entry = server.entry();
    std::thread::scope(|scope| {
        let fetch = || find(entry, &locations(root.path()), &mut |_| {}).unwrap().fingerprint;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(fetch)).collect();
        let prints: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(prints.iter().all(|print| *print == prints[0]));
    });
    assert_eq!(server.requests().len(), 4);
    assert_nothing_left_over(root.path());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let (root, server) = (tempfile::tempdir().unwrap(), MirrorServer::start(ServerBehaviour::Good));
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = find(server.entry(), &locations(&file), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("cannot be created"), "{error}");
    assert!(server.requests().is_empty());
}
