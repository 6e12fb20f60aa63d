"""The engine ``onnx:FOLDER`` with a tiny classifier made here."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

import sentiment
from signals import Polarity

numpy = pytest.importorskip("numpy", reason="the optional packages of hubbub[onnx] are missing")
onnx = pytest.importorskip("onnx", reason="it makes the classifier, and is a package for tests")
tokenizers = pytest.importorskip("tokenizers", reason="the packages of hubbub[onnx] are missing")
pytest.importorskip("onnxruntime", reason="the optional packages of hubbub[onnx] are missing")

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("[PAD]", "[UNK]", "bad", "good", "@user", "http")
LABELS = {"0": "negative", "1": "neutral", "2": "Positive"}


def build(folder: Path, labels: dict[str, str] = LABELS, strength: int = 5) -> Path:
    """Write a classifier that adds up what its words say: negative, neutral, positive."""
    helper, kinds = onnx.helper, onnx.TensorProto
    table = numpy.zeros((len(WORDS), 3), dtype=numpy.float32)
    table[WORDS.index("bad"), 0] = table[WORDS.index("good"), 2] = strength
    table[WORDS.index("[UNK]"), 1] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
            helper.make_node("Cast", ["attention_mask"], ["kept"], to=kinds.FLOAT),
            helper.make_node("Unsqueeze", ["kept", "axis"], ["weights"]),
            helper.make_node("Mul", ["rows", "weights"], ["words"]),
            helper.make_node("ReduceSum", ["words", "along"], ["logits"], keepdims=0),
        ],
        "bag of words",
        [
            helper.make_tensor_value_info(name, kinds.INT64, ["texts", "words"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", kinds.FLOAT, ["texts", 3])],
        [
            onnx.numpy_helper.from_array(table, "table"),
            onnx.numpy_helper.from_array(numpy.array([2], dtype=numpy.int64), "axis"),
            onnx.numpy_helper.from_array(numpy.array([1], dtype=numpy.int64), "along"),
        ],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]")  # noqa: S106 - no password
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"id2label": labels}), encoding="utf-8")
    return folder


def test_it_judges_by_the_probabilities_of_the_classifier(tmp_path: Path) -> None:
    """Shares are the softmax of the outputs, compound is positive less negative."""
    scorer = sentiment.create(f"onnx:{build(tmp_path / 'tiny')}")

    judgement = scorer.score("@united bad", language="de")
    assert judgement.polarity is Polarity.NEGATIVE
    assert (judgement.negative, judgement.neutral, judgement.positive) == (0.987, 0.007, 0.007)
    assert judgement.compound == pytest.approx(-0.98, abs=0.001)
    assert judgement.scorer == scorer.name
    assert scorer.name.startswith("onnx-tiny-")
    assert scorer.score("so what").polarity is Polarity.NEUTRAL


def test_a_batch_gives_what_single_texts_give(tmp_path: Path) -> None:
    """In their order, over several batches, whatever their lengths."""
    scorer = sentiment.create(f"onnx:{build(tmp_path)}")
    posts = ["good " * (n % 5) + "bad " * (n % 3) + "https://x.example" for n in range(100)]

    assert isinstance(scorer, sentiment.BatchScorer)
    batch = sentiment.score_all(scorer, [sentiment.Request(post) for post in posts])
    for post, judgement in zip(posts, batch, strict=True):
        assert judgement.compound == pytest.approx(scorer.score(post).compound, abs=1e-4)
        assert judgement.polarity is scorer.score(post).polarity


def test_no_texts_make_no_judgements(tmp_path: Path) -> None:
    """An empty batch is not an error."""
    assert sentiment.score_all(sentiment.create(f"onnx:{build(tmp_path)}"), []) == []


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    """Classifiers of this kind read 512 tokens."""
    scorer = sentiment.create(f"onnx:{build(tmp_path)}")

    assert scorer.score("what " * 512 + "bad " * 1_000).polarity is Polarity.NEUTRAL


def test_the_name_changes_with_the_model(tmp_path: Path) -> None:
    """Scores of different models can be told apart."""
    names = {
        sentiment.create(f"onnx:{build(tmp_path, strength=strength)}").name
        for strength in (5, 4, 5)
    }

    assert len(names) == 2


def test_a_folder_without_a_classifier_is_refused(tmp_path: Path) -> None:
    """The error names the folder and the files that it should hold."""
    with pytest.raises(sentiment.UnusableEngine, match=rf"{tmp_path.name}.*model\.onnx"):
        sentiment.create(f"onnx:{tmp_path}")


def test_a_label_that_is_no_polarity_is_refused(tmp_path: Path) -> None:
    """Guessing which output is which would turn complaints into praise."""
    build(tmp_path, {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"})

    with pytest.raises(sentiment.UnusableEngine, match=r"LABEL_0.*negative, neutral and positive"):
        sentiment.create(f"onnx:{tmp_path}")


def test_no_classifier_can_leave_a_text_unscored(tmp_path: Path) -> None:
    """What hubbub calls unscored is no verdict, and so no label."""
    build(tmp_path, {**LABELS, "1": "unscored"})

    with pytest.raises(sentiment.UnusableEngine, match="unscored"):
        sentiment.create(f"onnx:{tmp_path}")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says what to install."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(sentiment.UnusableEngine, match=r"onnxruntime.*hubbub\[onnx\]"):
        sentiment.create(f"onnx:{build(tmp_path)}")
