//! From what was typed to a study, its data and its plan.

mod study_text;

use std::path::{Path, PathBuf};

use toile_data::{DataError, DataSet, DataTable, Locations};
use toile_record::Seeds;
use toile_study::{
    CheckedStudy, DataSetting, DataShape, Plan, PlanOptions, built_in, check, known_shape, plan,
};

use crate::args::{DataArgs, StudyArgs};
use crate::failure::Failure;
use crate::machine;
use crate::terminal::Fetching;

/// A study file: its text, and where it lies.
pub(crate) struct StudySource {
    /// As it is named in messages.
    name: String,
    text: String,
    /// The folder of the files that it names; none for a built-in study.
    folder: Option<PathBuf>,
}

impl StudySource {
    /// Finds the study: a built-in one by its name, everything else is a file.
    pub(crate) fn find(study: &str) -> Result<StudySource, Failure> {
        match built_in(study) {
            Some(text) => {
                Ok(StudySource { name: format!("{study} (built in)"), text: text.into(), folder: None })
            }
            None => StudySource::read(Path::new(study)),
        }
    }

    fn read(path: &Path) -> Result<StudySource, Failure> {
        let text = study_text::read(path)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(""));
        Ok(StudySource { name: path.display().to_string(), text, folder: Some(folder.into()) })
    }

    /// Checks the study; for data of the user's own, the data is loaded to know its shape.
    pub(crate) fn check(&self, data: &DataArgs) -> Result<(CheckedStudy, Option<DataSet>), Failure> {
        let study = check(&self.text, &self.name, None)?;
        if study.shape.is_some() {
            return Ok((study, None));
        }
        let found = load_from(&study.study.data.table(), self.folder.as_deref(), &locations(data));
        let data = found.map_err(|error| study.fault_of_data(error.to_string(), error.help()))?;
        Ok((check(&self.text, &self.name, Some(data_shape(&data)))?, Some(data)))
    }

    /// A study file that lies in a database.
    pub(crate) fn from_text(name: String, text: String) -> StudySource {
        StudySource { name, text, folder: None }
    }

    /// The file, byte for byte.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// As it is named in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Spells out the runs and searches: all of them.
    pub(crate) fn plan(&self, study: &CheckedStudy, args: &StudyArgs) -> Result<Plan, Failure> {
        self.plan_of(study, &args.only, args.seeds())
    }

    /// The same, for names that are asked for.
    pub(crate) fn plan_of(
        &self,
        study: &CheckedStudy,
        only: &[String],
        seeds: Option<Seeds>,
    ) -> Result<Plan, Failure> {
        let read = |file: &str| self.read_next_to(file);
        let only = (!only.is_empty()).then(|| only.to_vec());
        // Asked for first, so that a misspelt name is refused; the plan that is recorded is the whole one.
        plan(study, &PlanOptions { seeds, only }, &read)?;
        Ok(plan(study, &PlanOptions { seeds, only: None }, &read)?)
    }

    /// The study's data, as a file in another folder names them: a relative folder becomes an absolute one.
    pub(crate) fn data_from_elsewhere(&self, data: &DataSetting) -> Result<DataSetting, Failure> {
        let name = data.path();
        if known_shape(name).is_some() {
            return Ok(data.clone());
        }
        absolute_data(&self.folder.as_deref().unwrap_or(Path::new("")).join(name)).map(|path| data.at(path))
    }

    /// Loads the study's data.
    pub(crate) fn load(&self, data: &DataSetting, args: &DataArgs) -> Result<DataSet, Failure> {
        load(&data.table(), self.folder.as_deref(), args)
    }

    /// The study's data if they are on this machine; nothing is fetched.
    pub(crate) fn load_at_hand(
        &self,
        data: &DataSetting,
        args: &DataArgs,
    ) -> Result<Option<DataSet>, Failure> {
        let here = Locations { offline: true, ..locations(args) };
        match load_from(&data.table(), self.folder.as_deref(), &here) {
            Err(DataError::NotFound { .. }) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// The bytes of a file next to the study file.
    pub(crate) fn read_next_to(&self, file: &str) -> std::io::Result<Vec<u8>> {
        match &self.folder {
            Some(folder) => toile_store::read_file(&folder.join(file), LARGEST_WEIGHTS),
            None => Err(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "a built-in study has no files next to it",
            )),
        }
    }
}

/// No network of half a billion numbers is trained here; a larger file is not read into memory.
pub(crate) const LARGEST_WEIGHTS: u64 = 2 << 30;

/// The whole path of data, for a study file in another folder.
pub(crate) fn absolute_data(path: &Path) -> Result<String, Failure> {
    let absolute = std::fs::canonicalize(path)
        .map_err(|error| Failure::new(format!("cannot find the data `{}`: {error}", path.display())))?;
    absolute.into_os_string().into_string().map_err(|path| {
        Failure::new(format!("the path of the data, {}, is not UTF-8", path.display()))
            .help("a study file is text: move the data to a folder whose name is")
    })
}

/// Loads a data set from wherever it is, and shows how.
///
/// A relative folder starts at `base`, the study file's, or else where toile was started.
pub(crate) fn load(data: &DataTable, base: Option<&Path>, args: &DataArgs) -> Result<DataSet, Failure> {
    Ok(try_load(data, base, args)?)
}

/// The same, for who knows what to do about a fault.
pub(crate) fn try_load(data: &DataTable, base: Option<&Path>, args: &DataArgs) -> Result<DataSet, DataError> {
    load_from(data, base, &locations(args))
}

fn load_from(table: &DataTable, base: Option<&Path>, locations: &Locations) -> Result<DataSet, DataError> {
    let mut fetching = Fetching::new(&table.path);
    let data = toile_data::load_table(table, base, locations, &mut |progress| fetching.show(progress));
    fetching.end();
    data
}

/// Where data is looked for.
pub(crate) fn locations(args: &DataArgs) -> Locations {
    Locations {
        // An empty variable is an unset one.
        data_dir: args.data_dir.clone().filter(|dir| !dir.is_empty()).map(PathBuf::from),
        home: machine::home(),
        ..Locations::new(machine::cache_dir())
    }
}

/// What the checker must know of a data set.
pub(crate) fn data_shape(data: &DataSet) -> DataShape {
    let image = data.shape.into();
    let labels = data.train.labels.iter().chain(&data.test.labels);
    let first_label = labels.min().copied().unwrap_or(0).into();
    let (classes, images) = (data.class_names.len(), data.train.len());
    DataShape { image, classes, images, first_label, own_validation: data.own_validation }
}

/// The study's folder, if the user does not name one.
pub(crate) fn default_folder(study: &str) -> PathBuf {
    Path::new("results").join(toile_lab::slug(study))
}
