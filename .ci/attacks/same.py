"""What "same" is: the results without times, and the SHA-256 of each file of weights."""

import hashlib
import json

TIMES = ("started", "completed", "time", "threads", "worker", "attempt", "machine", "instruction_set")


def without_times(value):
    """What must be the same for everyone, whenever and wherever it was trained."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if "seconds" not in key and key not in TIMES}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def results(folder):
    document = without_times(json.loads((folder / "results.json").read_text()))
    # Runs side by side end in any order.
    document["test_openings"].sort(key=lambda opening: json.dumps(opening))
    return document


def outcome(folder):
    """The results without times, and the SHA-256 of each file of weights."""
    try:
        document = results(folder)
    except (OSError, ValueError, KeyError) as error:
        return {"results": f"none: {error}", "weights": {}}
    files = sorted(folder.glob("runs/*/weights.safetensors"))
    return {
        "results": document,
        "weights": {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()},
    }


def difference(one, other, where=""):
    """The first place in which two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if one.get(key) != other.get(key):
                return difference(one.get(key), other.get(key), f"{where}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            if a != b:
                return difference(a, b, f"{where}[{place}]")
    return f"{where}: {str(one)[:80]} became {str(other)[:80]}"
