//! The Rust interface without JSON: every layer, optimizer, schedule, callback and loss is made by `new` or `default`,
//! and means what the study file's words mean; a number of threads is a plain number.

use crate::nets;

use std::sync::atomic::AtomicUsize;

use nets::{CLASSES, Noise, SHAPE, parse};
use toile_nn::*;
use toile_rng::Seed;

#[test]
fn optimizers_made_in_rust_are_those_of_the_study_file() {
    for (words, made) in [
        (r#"{"sgd":{}}"#, Optimizer::from(Sgd::default())),
        (r#"{"adam":{"learning_rate":0.01}}"#, Adam::new(0.01).into()),
        (r#"{"adamw":{}}"#, AdamW::default().into()),
        (r#"{"nadam":{"beta_1":0.8}}"#, Nadam { beta_1: 0.8, ..Nadam::default() }.into()),
        (r#"{"rmsprop":{"clipnorm":1.0}}"#, RmsProp { clipnorm: Some(1.0), ..RmsProp::default() }.into()),
    ] {
        assert_eq!(parse::<Optimizer>(words), made, "{words}");
    }
}

#[test]
fn layers_made_in_rust_are_those_of_the_study_file() {
    for (words, made) in [
        (r#"{"dense":{"units":3}}"#, Layer::Dense(Dense::new(3))),
        (r#"{"conv2d":{"filters":3,"kernel_size":[2,4]}}"#, Layer::Conv2D(Conv2D::new(3, [2, 4]))),
        (
            r#"{"depthwise_conv2d":{"kernel_size":[2,4]}}"#,
            Layer::DepthwiseConv2D(DepthwiseConv2D::new([2, 4])),
        ),
        (
            r#"{"separable_conv2d":{"filters":3,"kernel_size":[2,4]}}"#,
            Layer::SeparableConv2D(SeparableConv2D::new(3, [2, 4])),
        ),
        (r#"{"max_pooling2d":{}}"#, Layer::MaxPooling2D(MaxPooling2D::default())),
        (r#"{"average_pooling2d":{}}"#, Layer::AveragePooling2D(AveragePooling2D::default())),
        (
            r#"{"global_average_pooling2d":{}}"#,
            Layer::GlobalAveragePooling2D(GlobalAveragePooling2D::default()),
        ),
        (r#"{"flatten":{}}"#, Layer::Flatten(Flatten::default())),
        (r#"{"dropout":{"rate":0.5}}"#, Layer::Dropout(Dropout::new(0.5))),
        (r#"{"batch_normalization":{}}"#, Layer::BatchNormalization(BatchNormalization::default())),
        (r#"{"activation":"linear"}"#, Layer::Activation(Activation::default())),
    ] {
        assert_eq!(parse::<Layer>(words), made, "{words}");
        assert!(words.starts_with(&format!("{{\"{}\"", made.name())), "{words} is called {}", made.name());
    }
}

#[test]
fn schedules_callbacks_and_losses_made_in_rust_are_those_of_the_study_file() {
    for (words, made) in [
        (r#""constant""#, Schedule::default()),
        (r#"{"cosine":{"decay_steps":9}}"#, Schedule::Cosine(Cosine::new(9))),
        (
            r#"{"exponential":{"decay_steps":9,"decay_rate":0.5}}"#,
            Schedule::Exponential(Exponential::new(9, 0.5)),
        ),
        (
            r#"{"piecewise":{"boundaries":[3],"values":[0.1,0.2]}}"#,
            Schedule::Piecewise(Piecewise::new(&[3], &[0.1, 0.2])),
        ),
        (r#"{"polynomial":{"decay_steps":9}}"#, Schedule::Polynomial(Polynomial::new(9))),
        (r#"{"one_cycle":{"steps":9}}"#, Schedule::OneCycle(OneCycle::new(9))),
    ] {
        assert_eq!(parse::<Schedule>(words), made, "{words}");
    }
    for (words, made) in [
        (r#"{"early_stopping":{}}"#, Callback::EarlyStopping(EarlyStopping::default())),
        (r#"{"reduce_lr_on_plateau":{}}"#, Callback::ReduceLrOnPlateau(ReduceLrOnPlateau::default())),
        (r#"{"best_weights":{}}"#, Callback::BestWeights(BestWeights::default())),
    ] {
        assert_eq!(parse::<Callback>(words), made, "{words}");
        assert!(words.contains(&format!("\"{}\"", made.name())), "{words} is called {}", made.name());
    }
    let focal = CategoricalFocalCrossentropy::default();
    assert_eq!(parse::<Loss>(r#""categorical_crossentropy""#), Loss::default());
    assert_eq!(
        parse::<Loss>(r#"{"categorical_focal_crossentropy":{}}"#),
        Loss::CategoricalFocalCrossentropy(focal)
    );
    assert_eq!(parse::<Initializer>(r#""glorot_uniform""#), Initializer::default());
}

/// The earlier names of Keras' settings mean the same.
#[test]
fn schedules_are_read_by_their_earlier_names_too() {
    for (earlier, now) in [
        (r#"{"cosine":{"steps":9,"alpha":0.5}}"#, Schedule::Cosine(Cosine { alpha: 0.5, ..Cosine::new(9) })),
        (r#"{"exponential":{"steps":9,"rate":0.5}}"#, Schedule::Exponential(Exponential::new(9, 0.5))),
        (
            r#"{"polynomial":{"steps":9,"end":0.5}}"#,
            Schedule::Polynomial(Polynomial { end_learning_rate: 0.5, ..Polynomial::new(9) }),
        ),
    ] {
        assert_eq!(parse::<Schedule>(earlier), now, "{earlier}");
    }
}

#[test]
fn threads_are_a_plain_number_or_one_that_changes() {
    let noise = Noise::new(40);
    let [examples, _] = noise.split(40);
    let dense = |units, activation| Layer::Dense(Dense { activation, ..Dense::new(units) });
    let layers = [dense(9, Activation::Relu), dense(CLASSES, Activation::Softmax)];
    let config = FitConfig::new(Adam::default());
    let trained = |threads: Threads| {
        let mut model = Model::build(&layers, SHAPE, Seed::new(7)).expect("the layers fit");
        fit(&mut model, &examples, None, &config, threads, &mut |_| Flow::Continue);
        let evaluation = evaluate(&model, &examples, &Loss::default(), 0.0, threads);
        (model.weights(), evaluation)
    };
    let shared = AtomicUsize::new(2);
    assert_eq!(trained(1.into()), trained((&shared).into()));
    assert_eq!(trained(1.into()), trained(Threads::Fixed(0)));
    let mut model = Model::build(&layers, SHAPE, Seed::new(7)).expect("the layers fit");
    fit(&mut model, &examples, None, &config, 1, &mut |_| Flow::Continue);
    assert_eq!(model.weights(), trained(1.into()).0, "a plain number");
}

/// Keras' loss of an epoch is the mean over its images, batches of every size included.
#[test]
fn the_losses_of_the_batches_make_up_that_of_the_epoch() {
    let noise = Noise::new(40);
    let [examples, _] = noise.split(40);
    let layers = [Layer::Dense(Dense { activation: Activation::Softmax, l2: 0.1, ..Dense::new(CLASSES) })];
    // The last batch has 8 of 40 images.
    let config = FitConfig { batch_size: 16, ..FitConfig::new(Adam::new(0.01)) };
    let mut model = Model::build(&layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let (mut sum, mut of_epoch) = (0.0, None);
    fit(&mut model, &examples, None, &config, 1, &mut |event| {
        match event {
            FitEvent::Step { batch, loss, .. } => sum += loss * if batch == 3 { 8.0 } else { 16.0 },
            FitEvent::EpochEnd(epoch, _) => of_epoch = epoch.loss,
            FitEvent::EpochBegin { .. } | FitEvent::TrainingEnd { .. } => {}
        }
        Flow::Continue
    });
    let of_epoch = of_epoch.expect("a loss");
    assert!((sum / 40.0 - of_epoch).abs() < 1e-12 * of_epoch, "{} and {of_epoch}", sum / 40.0);
}

#[test]
fn an_optimizer_takes_another_learning_rate_and_keeps_the_rest() {
    for (mut optimizer, name) in [
        (Optimizer::from(Sgd { momentum: 0.9, ..Sgd::default() }), "sgd"),
        (Adam { beta_1: 0.8, ..Adam::default() }.into(), "adam"),
        (AdamW { beta_1: 0.8, ..AdamW::default() }.into(), "adamw"),
        (Nadam { beta_1: 0.8, ..Nadam::default() }.into(), "nadam"),
        (RmsProp { rho: 0.8, ..RmsProp::default() }.into(), "rmsprop"),
    ] {
        let own = optimizer.learning_rate();
        let other = optimizer.clone().with_learning_rate(0.25);
        assert_eq!((other.learning_rate(), other.name()), (0.25, name));
        assert_ne!(other, optimizer);
        optimizer = other.with_learning_rate(own);
        assert_eq!(optimizer.learning_rate(), own);
    }
}

/// Who sets the rate when an epoch begins trains as the schedule that says the same.
#[test]
fn a_learning_rate_that_is_set_for_each_epoch_is_a_piecewise_schedule() {
    let noise = Noise::new(40);
    let [examples, _] = noise.split(40);
    let layers = [Layer::Dense(Dense { activation: Activation::Softmax, ..Dense::new(CLASSES) })];
    let rates = [0.05, 0.02, 0.02, 0.003];
    let config = |schedule| FitConfig { epochs: 4, schedule, ..FitConfig::new(Adam::new(0.7)) };
    let train = |config: FitConfig, sets: bool| {
        let mut model = Model::build(&layers, SHAPE, Seed::new(7)).expect("the layers fit");
        let (mut seen, mut rows) = (Vec::new(), Vec::new());
        fit(&mut model, &examples, None, &config, 1, &mut |event| {
            match event {
                FitEvent::EpochBegin { epoch, learning_rate } => {
                    seen.push(learning_rate.get());
                    if sets {
                        learning_rate.set(rates[epoch - 1]);
                    }
                }
                FitEvent::EpochEnd(epoch, snapshot) => {
                    rows.push((epoch.learning_rate, snapshot.take().facts.step));
                }
                FitEvent::Step { .. } | FitEvent::TrainingEnd { .. } => {}
            }
            Flow::Continue
        });
        (model.weights(), seen, rows)
    };
    // Two updates per epoch, counted from 0.
    let schedule = Schedule::Piecewise(Piecewise::new(&[1, 5], &[0.05, 0.02, 0.003]));
    let (expected, ..) = train(config(schedule), false);
    let (weights, seen, rows) = train(config(Schedule::Constant), true);
    assert_eq!(weights, expected);
    assert_eq!(seen, [0.7, 0.05, 0.02, 0.02]);
    assert_eq!(rows, [(0.05, 2), (0.02, 4), (0.02, 6), (0.003, 8)]);
}
