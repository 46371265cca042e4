//! The machine that toile runs on: its instruction set, processor, cores, clocks and folders.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use toile_kernels::Isa;
use toile_lab::Clock;

use crate::failure::Failure;

/// Takes the instruction set from `TOILE_ISA`, if that is set.
pub(crate) fn choose_instruction_set() -> Result<(), Failure> {
    let Some(name) = std::env::var_os("TOILE_ISA").filter(|name| !name.is_empty()) else { return Ok(()) };
    let name = name.to_string_lossy();
    let known = || Isa::ALL.map(Isa::name).join(", ");
    let isa = Isa::from_name(&name).ok_or_else(|| {
        Failure::new(format!("TOILE_ISA names no instruction set: `{name}`"))
            .help(format!("known: {}", known()))
    })?;
    let available: Vec<&str> = Isa::ALL.into_iter().filter(|isa| isa.available()).map(Isa::name).collect();
    toile_kernels::select(isa).map_err(|why| {
        Failure::new(why).help(format!("here: {}; all give the same results", available.join(", ")))
    })
}

/// Threads to use when the user does not say: one per core that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// Processor and operating system, for the record.
pub(crate) fn description() -> String {
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    match processor() {
        Some(processor) => format!("{processor}, {} cores, {system}", cores()),
        None => format!("{} cores, {system}", cores()),
    }
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name") || line.starts_with("Model"))?;
    let name = line.split_once(':')?.1.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

/// Where toile keeps what it fetches: `$XDG_CACHE_HOME/toile`, else `~/.cache/toile`.
pub(crate) fn cache_dir() -> PathBuf {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = given.or_else(|| home().map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("toile")
}

/// The user's home.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME")
        .or_else(|| std::env::var_os("USERPROFILE"))
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
}

/// What this machine is called by others.
pub(crate) fn host_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "host".into());
    host.trim().to_owned()
}

/// A name that no other worker has: host, process, and where host names repeat, the moment of its birth.
pub(crate) fn worker_name() -> String {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let host = host_name();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let born = since.unwrap_or_else(|before| before.duration()).as_micros() as u64 & 0xff_ffff;
        format!("{host}:{}:{born:06x}", std::process::id())
    });
    NAME.clone()
}

/// Bytes that this process may still take: what the system, its container and its own limits leave; on Linux only.
pub(crate) fn available_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let of_system = bytes_in("/proc/meminfo", "MemAvailable:");
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let of_container = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    [of_system, of_container, left_of_address_space()].into_iter().flatten().min()
}

/// `ulimit -v`. Of an address space not all is memory: stacks and the allocator's arenas take some.
fn left_of_address_space() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    let used = bytes_in("/proc/self/status", "VmSize:")?;
    Some(most.saturating_sub(used) / 10 * 9)
}

/// The most memory that this process had at once since [`forget_peak_memory`], in bytes; on Linux only.
pub(crate) fn peak_memory() -> Option<u64> {
    bytes_in("/proc/self/status", "VmHWM:")
}

/// What a file of the system says after a key, in kilobytes there.
fn bytes_in(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Starts [`peak_memory`] from the beginning; false where the system cannot.
pub(crate) fn forget_peak_memory() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The machine's clocks.
pub(crate) struct MachineClock {
    start: Instant,
}

impl MachineClock {
    /// A clock that starts now.
    pub(crate) fn start() -> MachineClock {
        MachineClock { start: Instant::now() }
    }
}

/// The time of day, in UTC: `13:04:10 UTC`.
pub(crate) fn time_of_day() -> String {
    format!("{} UTC", toile_live::clock(seconds_since_1970()))
}

/// Now, for views.
pub(crate) fn seconds_since_1970() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A moment in RFC 3339 and UTC; `unknown` where the clock is set out of all years that can be written.
///
/// To the millisecond, so that what happened one after the other is read in that order, and never later than it was:
/// who looks at once would find a moment that is still to come.
fn written(moment: SystemTime) -> String {
    let down = jiff::TimestampRound::new().smallest(jiff::Unit::Millisecond).mode(jiff::RoundMode::Floor);
    let moment = jiff::Timestamp::try_from(moment);
    let moment = moment.and_then(|moment| moment.round(down).or(Ok(moment)));
    moment.map_or_else(|_| "unknown".into(), |moment| moment.to_string())
}

impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Linux: nanoseconds on a processor, the first number of `schedstat`.
    fn thread_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }

    /// Linux: user and system time, the 14th and 15th word of `stat`, in hundredths of a second.
    fn process_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The second word is the program's name in parentheses, and may hold spaces.
        let mut words = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks: u64 = words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?;
        Some(Duration::from_millis(ticks * 10))
    }

    fn timestamp(&self) -> String {
        written(SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was rounded to the nearest second: a view that looked at once put half a second of things in another order.
    #[test]
    fn a_moment_is_never_later_than_it_was_and_keeps_the_order() {
        let at = |nanoseconds: u64| written(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds));
        assert_eq!(at(1_780_000_000_999_999_999), "2026-05-28T20:26:40.999Z");
        assert_eq!(at(1_780_000_000_500_000_000), "2026-05-28T20:26:40.5Z");
        assert_eq!(at(1_780_000_000_000_999_999), "2026-05-28T20:26:40Z");
    }

    /// The runtime's own clock broke with a panic.
    #[test]
    fn a_clock_that_is_out_of_range_is_unknown() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(written(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(written(at(1_780_000_000)), "2026-05-28T20:26:40Z");
        // jiff's last moment leaves room for the offset of any zone: 9999-12-30T22:00:00Z.
        for seconds in [253_402_207_200 + 86_400, 253_402_300_800, 1 << 40, i64::MAX as u64 / 2] {
            assert_eq!(written(at(seconds)), "unknown", "{seconds}");
        }
        let before = |seconds: u64| SystemTime::UNIX_EPOCH - Duration::from_secs(seconds);
        assert_eq!(written(before(62_135_596_800)), "0001-01-01T00:00:00Z");
        assert_eq!(written(before(1 << 40)), "unknown");
    }
}
