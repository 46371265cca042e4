//! From a study file to its plan: what the file may say, what is wrong with it, and every run spelled out.
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

mod check;
mod file;
mod pages;
mod plan;
mod space;

pub use check::data_shape::known_shape;
pub use check::faults::{Fault, Faults};
pub use check::suggest::nearest;
pub use check::{DataShape, Search, Study, check};
pub use file::{
    Block, ChoiceRange, ClassWeight, ModelLayer, ModelTable, NumberRange, OneOrSeveral, ParameterValue,
    ParameterValues, PublishedTable, Repeat, RunSettings, RunTable, SearchTable, StudyTable, ValidationSplit,
    ValidationSplitTable,
};
pub use pages::built_in::{built_in, built_in_names, starter};
pub use pages::json_schema::json_schema;
pub use pages::list::{Listed, list};
pub use pages::reference::reference_page;
pub use plan::ids::run_ids;
pub use plan::non_default::told_layer;
pub use plan::search_plan::{Objective, ParamsError, SearchPlan, Template, best_name};
pub use plan::settings::{InitialWeights, Settings, SplitPlan};
pub use plan::{Plan, PlanError, PlanOptions, RunPlan, plan};
pub use toile_data::{Split, SplitHow};
