"""The engine ``onnx:FOLDER``: a sequence classifier of your own, run locally.

The folder holds ``model.onnx`` and ``tokenizer.json`` as the Hugging Face exporters write them, and
``config.json``, whose ``id2label`` says which output is which. Texts are prepared as for the
RoBERTa models of TweetEval: handles become ``@user`` and addresses ``http`` (F. Barbieri et al.,
"TweetEval", Findings of EMNLP 2020).
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from typing import TYPE_CHECKING, Any

from sentiment.contract import Request, UnusableEngine
from sentiment.masking import ADDRESS
from signals import Judgement, Polarity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from signals import Topic

_HANDLE = re.compile(r"@(?<!\w@)\w+(?:[.-]\w+)*(?:@\w+(?:[.-]\w+)*)?")
_POLARITIES = (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE)  # what labels may say
_BATCH = 32  # texts; more gain nothing on a CPU
_LONGEST = 512  # tokens, the limit of BERT and RoBERTa; longer texts are cut


class Onnx:
    """A classifier with outputs for negative, positive and perhaps neutral.

    Args:
        folder: Where its files are.

    Raises:
        UnusableEngine: The optional packages or the files are missing, or they do not fit.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model."""
        runtime, tokenizers = _optional("onnxruntime"), _optional("tokenizers")
        try:
            folder = folder.expanduser()
            model = (folder / "model.onnx").read_bytes()
            self._session = runtime.InferenceSession(model)
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._labels = [
                _polarity(label)
                for _, label in sorted(config["id2label"].items(), key=lambda pair: int(pair[0]))
            ]
        except Exception as error:
            raise UnusableEngine(
                f"{folder} holds no usable classifier (model.onnx, tokenizer.json and config.json "
                f"with id2label): {error}"
            ) from error
        self._numpy = _optional("numpy")
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._tokenizer.enable_truncation(max_length=_LONGEST)
        self._tokenizer.enable_padding()
        self.name = f"onnx-{folder.name}-{hashlib.sha256(model).hexdigest()[:8]}"

    def score(
        self,
        text: str,
        topic: Topic | None = None,
        language: str | None = None,
        *,
        explain: bool = False,  # noqa: ARG002 - a classifier gives no reasons
    ) -> Judgement:
        """Return the judgement of ``text`` (see ``Scorer``); without reasons."""
        return self.score_batch([Request(text, topic, language)])[0]

    def score_batch(self, requests: Sequence[Request]) -> list[Judgement]:
        """Return a judgement for each of ``requests`` (see ``BatchScorer``)."""
        judged: list[Judgement] = []
        for start in range(0, len(requests), _BATCH):
            texts = [_prepared(request.text) for request in requests[start : start + _BATCH]]
            judged += map(self._judgement, self._probabilities(texts))
        return judged

    def _probabilities(self, texts: list[str]) -> Any:  # noqa: ANN401 - an array, texts by labels
        encoded = self._tokenizer.encode_batch(texts)
        features = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        feed = {name: self._numpy.array(features[name], self._numpy.int64) for name in self._inputs}
        logits = self._session.run(None, feed)[0]
        powers = self._numpy.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def _judgement(self, probabilities: Sequence[float]) -> Judgement:
        shares = dict.fromkeys(_POLARITIES, 0.0)
        for polarity, share in zip(self._labels, probabilities, strict=True):
            shares[polarity] += float(share)
        return Judgement(
            polarity=max(shares, key=lambda polarity: shares[polarity]),
            compound=round(shares[Polarity.POSITIVE] - shares[Polarity.NEGATIVE], 4),
            negative=round(shares[Polarity.NEGATIVE], 3),
            neutral=round(shares[Polarity.NEUTRAL], 3),
            positive=round(shares[Polarity.POSITIVE], 3),
            scorer=self.name,
        )


def _prepared(text: str) -> str:
    return _HANDLE.sub("@user", ADDRESS.sub("http", text))


def _polarity(label: str) -> Polarity:
    """Return which polarity a label of the classifier means.

    Raises:
        ValueError: It is none of negative, neutral and positive, in any case.
    """
    for polarity in _POLARITIES:
        if label.lower() == polarity:
            return polarity
    raise ValueError(f"the label {label!r} in id2label is none of negative, neutral and positive")


def _optional(package: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(package)
    except ImportError:
        raise UnusableEngine(
            f"the engine onnx needs the package {package}: install hubbub[onnx]"
        ) from None
