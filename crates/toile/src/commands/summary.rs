//! `toile summary`: the layers of a model, in the form of Keras' `summary()`.

use toile_nn::{ImageShape, Layer, Model};
use toile_rng::Seed;
use toile_study::nearest;

use crate::args::SummaryArgs;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::{Completion, terminal};

/// Prints one model, or all models of the study.
pub(crate) fn run(args: &SummaryArgs) -> Result<Completion, Failure> {
    let source = StudySource::find(&args.study)?;
    let (study, _) = source.check(&args.data)?;
    let image = study.shape.map(|shape| shape.image).expect("the data's shape is known after the check");
    let text = match &args.model {
        Some(name) => {
            let names: Vec<&str> = study.models.keys().map(String::as_str).collect();
            let layers = study.models.get(name).ok_or_else(|| unknown(name, &names))?;
            table(name, layers, image)?
        }
        None => {
            let tables: Result<Vec<String>, Failure> = study
                .models
                .iter()
                .map(|(name, layers)| Ok(format!("{name}\n{}", table(name, layers, image)?)))
                .collect();
            tables?.join("\n")
        }
    };
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn table(name: &str, layers: &[Layer], image: ImageShape) -> Result<String, Failure> {
    let model = Model::build(layers, image, Seed::new(0))
        .map_err(|error| Failure::new(format!("model `{name}`: {error}")).help(error.error.help.clone()))?;
    Ok(model.summary().to_string())
}

fn unknown(name: &str, known: &[&str]) -> Failure {
    let failure = Failure::new(format!("the study has no model `{name}`"));
    match nearest(name, known.iter().copied()) {
        Some(near) => failure.help(format!("did you mean `{near}`? (known: {})", known.join(", "))),
        None => failure.help(format!("known: {}", known.join(", "))),
    }
}
