"""Texts that try every rule of vaderSentiment, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

STOCK = SentimentIntensityAnalyzer()

_LEXICON = sorted(STOCK.lexicon)
_EMOJI = sorted(STOCK.emojis)
_RULES = sorted(
    {*NEGATE, *BOOSTER_DICT, *SPECIAL_CASES}
    | {"but", "least", "at least", "very least", "no", "or", "nor", "never so", "never this"}
    | {"without doubt", "without a doubt", "so", "this", "kind of", "sort of", "just enough", "of"}
    | {
        "good",
        "great",
        "bad",
        "kind",
        "doubt",
        "the",
        "shit",
        "bomb",
        "yeah",
        "right",
        "mustn't've",
    }
)
_PLAIN = ["the", "server", "is", "today", "and", "ΟΔΟΣ", "İstanbul", "x", "42", "naïve", "服务"]

_case = st.sampled_from([str, str.upper, str.title, str.lower])
_word = st.builds(
    lambda word, case: case(word),
    st.one_of(st.sampled_from(_RULES), st.sampled_from(_LEXICON), st.sampled_from(_PLAIN)),
    _case,
)
_edge = st.sampled_from(["", "", "", "", "!", "?", "...", '"', "'", ",", "(", "!?", ":)", "_", "@"])
_token = st.one_of(
    st.builds("{}{}{}".format, _edge, _word, _edge),
    st.sampled_from(_EMOJI),
    st.text(max_size=6),
)
_gap = st.sampled_from([" ", " ", " ", " ", "", "  ", "\n", "\t", "\u00a0", "\x1f"])


texts = st.lists(st.tuples(_token, _gap), max_size=30).map(
    lambda pairs: "".join(token + gap for token, gap in pairs)
)
