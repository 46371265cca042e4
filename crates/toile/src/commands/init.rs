//! `toile init`: a study file to start from: a commented one, a built-in study, or one for data of the user's own.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use toile_data::{DataError, DataSet, DataTable, ValidationPart};
use toile_study::{DataSetting, StarterData, check, starter_for};

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::source::{absolute_data, data_shape, load, try_load};
use crate::terminal::{count, plural, safe_name};
use crate::{Completion, terminal};

/// The part of each class that becomes the test part, where the data have none and nothing else is asked for.
const TEST_FRACTION: f64 = 0.2;

/// Writes the file, unless there is one.
pub(crate) fn run(args: &InitArgs) -> Result<Completion, Failure> {
    refuse_reading_of_nothing(args)?;
    // Reading many pictures takes a while: what stands in the way is said before.
    if args.file.symlink_metadata().is_ok() {
        return Err(there_already(&args.file));
    }
    let (text, remark) = match (&args.from, &args.data) {
        (Some(name), _) => (Cow::Borrowed(built_in(name)?), String::new()),
        (None, Some(data)) => for_data(args, data)?,
        (None, None) => (Cow::Borrowed(toile_study::starter()), String::new()),
    };
    let path = args.file.display();
    match write(&args.file, &text) {
        Ok(()) => {
            let name = as_argument(&args.file);
            terminal::out(&format!(
                "{remark}wrote {path}; `toile plan {name}` shows what it will do, `toile run {name}` does it\n"
            ))?;
            Ok(Completion::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(there_already(&args.file)),
        Err(error) => Err(Failure::new(format!("cannot write `{path}`: {error}"))
            .help("name a file in a folder that exists and that you may write to: `toile init other.toml`")),
    }
}

fn there_already(path: &Path) -> Failure {
    Failure::new(format!("`{}` exists already, and is left as it is", path.display()))
        .help("name another file: `toile init other.toml`")
}

/// How data are read says nothing of a file that names none.
fn refuse_reading_of_nothing(args: &InitArgs) -> Result<(), Failure> {
    if args.data.is_some() || args.reading.table("").is_plain() {
        return Ok(());
    }
    Err(Failure::new("how data are read is said, but not which data").help("name them: `--data ./my-images`"))
}

/// A study of these data, and a line on what they are.
fn for_data(args: &InitArgs, named: &str) -> Result<(Cow<'static, str>, String), Failure> {
    let (table, data) = read(args, named)?;
    let table = DataTable { path: from_the_file(named, &args.file)?, ..table };
    let setting = if table.is_plain() { DataSetting::Name(table.path) } else { DataSetting::Table(table) };
    let warnings = toile_data::check(&data, None).warnings;
    let remarks: Vec<String> = data
        .reading
        .notes
        .iter()
        .map(|note| format!("Note: {note}."))
        .chain(warnings.iter().map(|warning| format!("To examine: {warning}.")))
        .collect();
    let shape = data_shape(&data);
    let text = starter_for(&StarterData {
        name: &study_name(named),
        data: &setting,
        shape,
        class_names: &data.class_names,
        n_test: data.test.len(),
        remarks: &remarks,
    });
    // A file that the check refuses is never handed out: data of one class, for one, have no study.
    check(&text, &args.file.display().to_string(), Some(shape))?;
    let remark = format!(
        "{}: {} training and {} test images, {}\n",
        data.title,
        count(data.train.len() as u64),
        count(data.test.len() as u64),
        plural(data.class_names.len(), "class", "classes")
    );
    let to_examine = warnings.iter().map(|warning| format!("to examine: {warning}\n")).collect::<String>();
    Ok((Cow::Owned(text), remark + &to_examine))
}

/// Reads the data as asked; with a test part if they have none, and with their validation part if they have one.
fn read(args: &InitArgs, named: &str) -> Result<(DataTable, DataSet), Failure> {
    let mut table = args.reading.table(named);
    let data = match try_load(&table, None, &args.places) {
        Err(DataError::NoTestPart { .. }) => {
            table.test_fraction = Some(TEST_FRACTION);
            load(&table, None, &args.places)?
        }
        read => read?,
    };
    if data.reading.unused_validation == 0 {
        return Ok((table, data));
    }
    table.validation = Some(ValidationPart::Own);
    let data = load(&table, None, &args.places)?;
    Ok((table, data))
}

/// The data as the study file names them: a relative path starts at the file's folder, and has a slash.
fn from_the_file(named: &str, file: &Path) -> Result<String, Failure> {
    if toile_data::entry(named).is_some() || Path::new(named).is_absolute() {
        return Ok(named.into());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some() {
        return absolute_data(Path::new(named));
    }
    Ok(if named.starts_with('.') { named.into() } else { format!("./{named}") })
}

/// The name of the folder or file, without its endings.
fn study_name(named: &str) -> String {
    let path = Path::new(named);
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = if path.is_dir() { name.as_str() } else { name.split('.').next().unwrap_or("") };
    if stem.is_empty() { "my-study".into() } else { safe_name(stem).to_string() }
}

/// The text of a built-in study.
fn built_in(name: &str) -> Result<&'static str, Failure> {
    toile_study::built_in(name).ok_or_else(|| {
        let names = toile_study::built_in_names();
        let near = toile_study::nearest(name, names.iter().copied());
        let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        Failure::new(format!("no built-in study is named `{}`", safe_name(name)))
            .help(format!("{near}built-in studies: {}", names.join(", ")))
    })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // Half a file would be in the way of the next attempt; if it cannot be removed, that attempt says so.
        let _ = std::fs::remove_file(path);
    })
}

/// The file as it must be typed: not taken for a built-in study, and one word for the shell.
fn as_argument(path: &Path) -> String {
    let name = path.display().to_string();
    let name = if toile_study::built_in(&name).is_some() { format!("./{name}") } else { name };
    if name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name }
}
