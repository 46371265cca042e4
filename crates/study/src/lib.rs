//! From a study file to its plan: what the file may contain, what is wrong with it, and every run spelled out.
//!
//! - `file`: the tables of the study file as types;
//! - `check`: from its text to a [`CheckedStudy`], or to all its [`Faults`];
//! - `space`: ranges become parameters, settings with ranges become templates;
//! - `plan`: from the checked study to every run and search, nothing left to a default;
//! - `widths`: the study file that asks what limits a model;
//! - `pages`: the reference page, the list of choices, the JSON Schema for editors, the built-in studies.
//!
//! ```
//! use toile_study::{PlanOptions, check, plan};
//! let text = r#"
//!     [study]
//!     name = "one"
//!     data = "fashion-mnist"
//!     [models.dense]
//!     layers = ["flatten", { dense = { units = 10, activation = "softmax" } }]
//!     [[runs]]
//!     name = "Model 1"
//!     model = "dense"
//!     optimizer = "adam"
//!     epochs = 5
//! "#;
//! let study = check(text, "one.toml", None)?;
//! let plan = plan(&study, &PlanOptions::default(), &|file| std::fs::read(file))?;
//! assert_eq!(plan.runs[0].settings.batch_size, 32);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

mod check;
mod file;
mod pages;
mod plan;
mod space;
mod warnings;
mod widths;

pub use check::data_shape::known_shape;
pub use check::faults::{Fault, Faults};
pub use check::sample::setting;
pub use check::suggest::nearest;
pub use check::{CheckedSearch, CheckedStudy, DataShape, LARGEST_FILE, check};
pub use file::{
    ChoiceRange, ClassWeight, DataSetting, LayerBlock, ModelLayer, ModelTable, NumberRange, OneOrSeveral,
    ParameterValue, ParameterValues, PublishedTable, RaceTable, Repeat, RunSettings, RunTable, SearchTable,
    SeedsSetting, StudyTable, Until, ValidationSplit, ValidationSplitTable,
};
pub use pages::built_in::{built_in, built_in_names, starter};
pub use pages::json_schema::json_schema;
pub use pages::list::{Listed, list};
pub use pages::own_data::{StarterData, starter_for};
pub use pages::reference::reference_page;
pub use plan::ids::run_ids;
pub use plan::non_default::non_default_layer;
pub use plan::race::{further_runs, race};
pub use plan::search_plan::{Objective, ParamsError, SearchPlan, Template, best_name};
pub use plan::settings::{InitialWeights, Settings, SplitPlan};
pub use plan::{Plan, PlanError, PlanOptions, RunPlan, plan};
pub use toile_data::{Split, SplitHow};
pub use toile_nn::ImageShape;
pub use warnings::{PlacedWarning, StudyWarning};
pub use widths::{WidthStudy, inline_toml, rates_around, toml_key, widened, width_request};
