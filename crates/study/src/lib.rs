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

mod built_in;
mod check;
mod data_shape;
mod draft;
mod editor;
mod faults;
mod file;
mod ids;
mod list;
mod near;
mod plan;
mod reference;
mod rules;
mod sample;
mod schema;
mod search_plan;
mod settings;
mod space;
mod told;
mod tree;
mod walk;

pub use built_in::{built_in, built_in_names, starter};
pub use check::{DataShape, Search, Study, check};
pub use data_shape::known_shape;
pub use editor::json_schema;
pub use faults::{Fault, Faults};
pub use file::{
    Block, ChoiceRange, ClassWeight, ModelLayer, ModelTable, NumberRange, OneOrSeveral, ParameterValue,
    ParameterValues, PublishedTable, Repeat, RunSettings, RunTable, SearchTable, StudyTable, ValidationSplit,
    ValidationSplitTable,
};
pub use ids::run_ids;
pub use list::{Listed, list};
pub use near::nearest;
pub use plan::{Plan, PlanError, PlanOptions, RunPlan, plan};
pub use reference::reference_page;
pub use search_plan::{Objective, ParamsError, SearchPlan, Template, best_name};
pub use settings::{InitialWeights, Settings, SplitPlan};
pub use toile_data::{Split, SplitHow};
pub use told::told_layer;
