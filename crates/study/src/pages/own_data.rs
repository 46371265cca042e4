//! A study file for data of the user's own: a dense network and a convolutional one that fit the images.

use serde::Serialize;
use toile_data::SplitHow;
use toile_judge::count;

use crate::{DataSetting, DataShape, inline_toml};

/// The data that a study is written for.
#[derive(Clone, Debug)]
pub struct StarterData<'a> {
    /// The study's name.
    pub name: &'a str,
    /// As the study file names the data.
    pub data: &'a DataSetting,
    /// The shape of the images, the classes, and the images of the training part.
    pub shape: DataShape,
    /// Names of the classes, in label order.
    pub class_names: &'a [String],
    /// Images of the test part.
    pub n_test: usize,
    /// What is to be known of the data; a line of the file each.
    pub remarks: &'a [String],
}

/// A study of these data, to begin with: what is held back, two models that fit the images, three seeds, and a line for
/// each thing that is usually tried next. The epochs are so many that each run makes some thousand updates.
pub fn starter_for(data: &StarterData) -> String {
    let StarterData { name, data: setting, shape, n_test, .. } = data;
    let n_train = shape.images - shape.own_validation;
    let (batch_size, epochs) = effort(n_train);
    let [images, tests] = [n_train, *n_test].map(grouped);
    let validation = match shape.own_validation {
        0 => format!(
            "validation_split = {{ fraction = {HELD_BACK}, how = \"stratified\" }}   # a tenth of each class, to choose by"
        ),
        own => format!("# {} images of the data's own validation part are there to choose by.", grouped(own)),
    };
    let remarks: String = data.remarks.iter().map(|remark| format!("# {}\n", plain(remark))).collect();
    format!(
        r#"# A study of {about}.
# Classes: {classes}.
{remarks}# Change it, then `toile run THIS-FILE`. Every setting is described in docs/study-file.md, own data in docs/data.md.

[study]
name = {name}
question = "Does a convolutional network tell these pictures apart better than a dense one?"
data = {setting}
{validation}
seed = 7
seeds = 3                                         # three trainings of each run: then differences mean something

[models.dense]
layers = [
{dense}]

[models.cnn]
layers = [
{cnn}]

# {images} training images make {updates} updates in an epoch; the {tests} test images are looked at once, at the end.
[defaults]
optimizer = "adam"
batch_size = {batch_size}
epochs = {epochs}
callbacks = [{{ early_stopping = {{ monitor = "val_loss", patience = {patience}, restore_best_weights = true }} }}]

[[runs]]
name = "Dense"
model = "dense"

[[runs]]
name = "CNN"
model = "cnn"

# A run for each combination of some settings:
# [[grid]]
# model = "cnn"
# optimizer = ["adam", "rmsprop"]
# learning_rate = [0.003, 0.001, 0.0003]

# A search tries values from ranges, and tests what was best on the validation images:
# [[searches]]
# name = "Better settings"
# model = "cnn"
# batch_size = {{ choices = [16, 32, 64, 128] }}
# optimizer = {{ adam = {{ learning_rate = {{ low = 1e-4, high = 1e-2, log = true }} }} }}
# n_trials = 20
# pruner = "median"                               # stops trials that fall behind the others
"#,
        about = about(data),
        classes = listed(data.class_names),
        name = in_toml(name),
        setting = in_toml(setting),
        dense = lines(&dense(shape)),
        cnn = lines(&cnn(shape)),
        updates = grouped(n_trained(n_train, shape.own_validation).div_ceil(batch_size)),
        patience = (epochs / 5).max(3),
    )
}

/// The part of each class that is held back, where the data have no validation part.
const HELD_BACK: f64 = 0.1;

/// The images that train.
fn n_trained(n_train: usize, own_validation: usize) -> usize {
    if own_validation > 0 { n_train } else { toile_data::n_train(n_train, HELD_BACK, SplitHow::Stratified) }
}

/// Images in an update, and epochs: small sets are seen more often.
fn effort(n_train: usize) -> (usize, usize) {
    let batch_size = if n_train < 20_000 { 32 } else { 128 };
    let updates = n_train.div_ceil(batch_size).max(1);
    (batch_size, (4000 / updates).clamp(10, 40))
}

/// ``2,000 images of 28 x 28 in `./pictures`, gray, in 10 classes``
fn about(data: &StarterData) -> String {
    let shape = &data.shape;
    let image = &shape.image;
    let kind = match image.channels {
        1 => "gray".to_owned(),
        3 => "in colour".to_owned(),
        n => format!("of {n} channels"),
    };
    format!(
        "{}: {} training and {} test images of {} x {}, {kind}, in {} classes",
        plain(data.data.path()),
        grouped(shape.images - shape.own_validation),
        grouped(data.n_test),
        image.height,
        image.width,
        shape.classes
    )
}

/// One hidden layer, smaller where the images are large.
fn dense(shape: &DataShape) -> Vec<String> {
    let values = shape.image.height * shape.image.width * shape.image.channels;
    let units = if values > 20_000 { 32 } else { 64 };
    vec![
        format!("{{ dense = {{ units = {units}, activation = \"relu\" }} }}"),
        format!("{{ dense = {{ units = {}, activation = \"softmax\" }} }}", shape.classes),
    ]
}

/// Convolutions with pooling between them, until the maps have a side below 8.
fn cnn(shape: &DataShape) -> Vec<String> {
    let mut side = shape.image.height.min(shape.image.width);
    let mut layers = Vec::new();
    for filters in [16, 32, 64, 64, 64] {
        layers.push(format!(
            "{{ conv2d = {{ filters = {filters}, kernel_size = [3, 3], padding = \"same\", activation = \"relu\" }} }}"
        ));
        if side < 4 {
            break;
        }
        layers.push("\"max_pooling2d\"".into());
        side /= 2;
        if side < 8 {
            break;
        }
    }
    layers.extend([
        "\"flatten\"".into(),
        "{ dropout = { rate = 0.3 } }".into(),
        "{ dense = { units = 64, activation = \"relu\" } }".into(),
        format!("{{ dense = {{ units = {}, activation = \"softmax\" }} }}", shape.classes),
    ]);
    layers
}

fn lines(layers: &[String]) -> String {
    layers.iter().map(|layer| format!("  {layer},\n")).collect()
}

/// The first names, and how many there are more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

/// One line of a comment, whatever stands in it.
fn plain(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// As TOML in one line: the data are a name, or a table.
fn in_toml(value: &impl Serialize) -> String {
    inline_toml(&serde_json::to_value(value).unwrap_or_default())
}

/// `60,000`
fn grouped(n: usize) -> String {
    count(n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, PlanOptions, check, plan};
    use toile_data::{DataTable, ValidationPart};

    fn shape(height: usize, width: usize, channels: usize, images: usize) -> DataShape {
        let image = [height, width, channels].into();
        DataShape { image, classes: 3, images, first_label: 0, own_validation: 0 }
    }

    fn written(data: &DataSetting, shape: DataShape, names: &[&str]) -> String {
        let class_names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let remarks = ["training: the smallest class has 1 image\nthe largest 90".to_owned()];
        starter_for(&StarterData {
            name: "my \"pictures\"",
            data,
            shape,
            class_names: &class_names,
            n_test: 10,
            remarks: &remarks,
        })
    }

    fn planned(text: &str, shape: DataShape) -> Plan {
        let study =
            check(text, "study.toml", Some(shape)).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
        assert!(study.warnings.is_empty(), "{:?}", study.warnings);
        plan(&study, &PlanOptions::default(), &|_| unreachable!("no file is read")).unwrap()
    }

    #[test]
    fn the_study_of_any_data_passes_the_check() {
        let name = DataSetting::Name("./a \"b\"\\c".into());
        for (height, width) in [(1, 1), (3, 3), (5, 40), (8, 8), (28, 28), (64, 48), (500, 333)] {
            for channels in [1, 3] {
                for images in [30, 2000, 60_000, 1_000_000] {
                    let shape = shape(height, width, channels, images);
                    let plan = planned(&written(&name, shape, &["a", "b\nc", "\u{1b}[31m"]), shape);
                    assert_eq!((plan.runs.len(), plan.study.as_str()), (6, "my \"pictures\""));
                    assert_eq!(plan.data, name);
                }
            }
        }
    }

    #[test]
    fn every_suggestion_that_is_commented_out_passes_too() {
        let shape = shape(28, 28, 1, 2000);
        let text = written(&DataSetting::Name("./a".into()), shape, &["a", "b", "c"]);
        let (head, tail) = text.split_once("# A run for each").unwrap();
        let is_setting =
            |line: &str| line.starts_with("# [[") || line.starts_with("# ") && line.contains(" = ");
        let tail: Vec<&str> =
            tail.lines().skip(1).map(|line| if is_setting(line) { &line[2..] } else { line }).collect();
        let plan = planned(&format!("{head}\n{}", tail.join("\n")), shape);
        assert_eq!((plan.runs.len(), plan.searches.len()), (24, 1));
    }

    #[test]
    fn the_way_in_which_data_are_read_stands_in_the_file() {
        let table = DataTable {
            size: Some([20, 30]),
            validation: Some(ValidationPart::Own),
            ..DataTable::at("./pictures")
        };
        let own = DataShape { own_validation: 300, ..shape(20, 30, 3, 1300) };
        let text = written(&DataSetting::Table(table.clone()), own, &["a", "b", "c"]);
        assert_eq!(planned(&text, own).data, DataSetting::Table(table));
        assert!(!text.contains("validation_split"), "{text}");
        assert!(text.starts_with(
            "# A study of ./pictures: 1,000 training and 10 test images of 20 x 30, in colour, in 3 classes.\n"
        ));
    }
}
