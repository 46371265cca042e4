//! PyTorch's files: what its modules compute with the tensors of the file is the network.

use crate::networks;

use networks::{facts, largest_difference, named, networks};
use toile_exchange::InputKind;
use toile_exchange::pytorch::{TorchFiles, to_pytorch};
use toile_nn::predict;

fn written(network: &networks::Network, input: InputKind) -> TorchFiles {
    to_pytorch(&network.model.describe(), &facts(&network.model), input, "net")
}

#[test]
fn the_modules_with_the_files_tensors_compute_what_the_engine_computes() {
    for network in networks() {
        for input in [InputKind::Float, InputKind::Uint8] {
            let files = written(&network, input);
            let graph = files.read_back(&network.model.describe(), &files.weights).expect("our own file");
            let found = graph.run(&network.images, 2).expect("a graph that fits");
            let difference = largest_difference(&found, &predict(&network.model, &network.images, 1));
            assert!(difference < 5e-6, "{}: {difference}", network.name);
        }
    }
}

#[test]
fn the_python_file_reads_well() {
    let files = written(&named("strides"), InputKind::Float);
    let expected = "    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 1, 1)),  # 0: 0.conv2d
        nn.Conv2d(3, 5, (3, 2), stride=(2, 1)),  # 1: 0.conv2d
        nn.ReLU(),  # 2: 0.conv2d
        nn.ConstantPad2d((1, 1, 0, 1), float(\"-inf\")),  # 3: 1.max_pooling2d
        nn.MaxPool2d((2, 3), stride=(1, 2)),  # 4: 1.max_pooling2d
        nn.Conv2d(5, 4, (2, 2), stride=(1, 1), bias=False),  # 5: 2.conv2d
        nn.Tanh(),  # 6: 2.conv2d
        nn.Flatten(),  # 7: 3.flatten
        nn.Linear(48, 3),  # 8: 4.dense
        nn.Softmax(dim=1),  # 9: 4.dense
    )
";
    assert!(files.script.contains(expected), "{}", files.script);
    assert!(files.script.contains("WEIGHTS = \"net.safetensors\""));
    assert!(!files.script.contains("class SameAvgPool2d") && !files.script.contains("functional"));
}

/// Names of classes and runs may hold anything: in the file they are texts, never code.
#[test]
fn names_are_never_code() {
    let network = named("one_pixel");
    let hostile = "\"\"\"\n' + __import__('os').system('x') # \\ \u{2028}";
    let facts = toile_exchange::NetworkFacts {
        run: hostile.into(),
        class_names: vec![hostile.into(), "b".into()],
        ..facts(&network.model)
    };
    let script = to_pytorch(&network.model.describe(), &facts, InputKind::Float, "net").script;
    let text = serde_json::to_string(hostile).unwrap();
    assert!(script.contains(&format!("CLASS_NAMES = [\n    {text},\n")), "{script}");
    assert!(script.lines().all(|line| !line.starts_with('\'')), "{script}");
}

#[test]
fn a_tensor_that_is_missing_is_named() {
    let network = named("one_pixel");
    let files = written(&network, InputKind::Float);
    let other = written(&named("dense"), InputKind::Float);
    let error = files.read_back(&network.model.describe(), &other.weights).unwrap_err().to_string();
    assert!(error.contains("the tensor `0.weight` of shape [5, 4, 1, 1] is not in the file"), "{error}");
    assert!(files.read_back(&network.model.describe(), &files.weights[..50]).is_err());
}
