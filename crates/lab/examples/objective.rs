//! A search's objective for other programs: reads a line of JSON with parameters as the study file spells them, trains,
//! and writes a line with the value. `benches/search.py` lets Optuna search with it.
//!
//! `objective STUDY.toml SEARCH`, lines `{"params": {"batch_size": 64}, "seed": 3}`; data in `TOILE_DATA_DIR`.

use std::io::{BufRead, Write};
use std::sync::atomic::AtomicUsize;

use toile_lab::engine_parts;
use toile_study::{PlanOptions, check, plan};
use toile_tune::{Choice, Params};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&arguments[1])?;
    let study = check(&text, &arguments[1], None)?;
    let plan = plan(&study, &PlanOptions::default(), &|file| std::fs::read(file))?;
    let search = plan.searches.iter().find(|search| search.name == arguments[2]).ok_or("no such search")?;
    let locations = toile_data::Locations {
        data_dir: std::env::var_os("TOILE_DATA_DIR").map(Into::into),
        offline: true,
        ..toile_data::Locations::new(std::env::temp_dir().join("toile-objective"))
    };
    let data = toile_data::load(plan.data.path(), None, &locations, &mut |_| {})?;
    let split = toile_lab::split(&plan, &data)?;
    for line in std::io::stdin().lock().lines() {
        let asked: serde_json::Value = serde_json::from_str(&line?)?;
        let mut params = Params::new();
        for (name, value) in asked["params"].as_object().ok_or("no params")? {
            let choice: Choice = serde_json::from_value(value.clone())?;
            let param = search.space.get(name).ok_or("no such parameter")?;
            params.insert(name.clone(), param.distribution.internal(&choice).ok_or("out of range")?);
        }
        let settings = search.settings(&params, asked["seed"].as_u64().unwrap_or(0))?;
        let value = train(&settings, &data, &split);
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::json!({ "value": value }))?;
        out.flush()?;
    }
    Ok(())
}

/// Validation accuracy after the last epoch.
fn train(settings: &toile_study::Settings, data: &toile_data::DataSet, split: &toile_data::Split) -> f64 {
    let (mut model, config) = engine_parts(settings, data);
    let train = toile_lab::examples(data, &data.train, &split.train);
    let validation = toile_lab::examples(data, &data.train, &split.validation);
    let mut last = f64::NAN;
    toile_nn::fit(&mut model, &train, Some(&validation), &config, &AtomicUsize::new(1), &mut |event| {
        if let toile_nn::FitEvent::EpochEnd(row, _) = event {
            last = row.val_accuracy.unwrap_or(f64::NAN);
        }
        toile_nn::Flow::Continue
    });
    last
}
