"""How P3 names its configurations: the data set, its subset and the template, joined by ``_``.

Every character of them but letters, digits, ``_`` and ``.`` is a ``_`` too (t0/seqio_tasks/utils.py), so where the data
set ends and the template begins cannot be told from a name, and the data sets are listed here. One of these begins each
of P3's 660 configurations, as FLAN lists them (flan/v2/constants_t0.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SUBSETS: Mapping[str, tuple[str, ...]] = {
    # Of T0's mixtures (t0/datasets.csv).
    "adversarial_qa": ("dbert", "dbidaf", "droberta"),
    "ag_news": (),
    "ai2_arc": ("ARC_Challenge", "ARC_Easy"),
    "amazon_polarity": (),
    "anli": (),
    "app_reviews": (),
    "cnn_dailymail": ("3_0_0",),
    "common_gen": (),
    "cos_e": ("v1_0", "v1_11"),
    "cosmos_qa": (),
    "crows_pairs": (),
    "dbpedia_14": (),
    "dream": (),
    "duorc": ("ParaphraseRC", "SelfRC"),
    "gigaword": (),
    "glue": ("cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli"),  # T0: mrpc and qqp
    "hellaswag": (),
    "imdb": (),
    "jigsaw_toxicity_pred": (),
    "kilt_tasks": ("hotpotqa",),
    "multi_news": (),
    "openbookqa": ("main",),
    "paws": ("labeled_final",),
    "piqa": (),
    "qasc": (),
    "quail": (),
    "quarel": (),
    "quartz": (),
    "quoref": (),
    "race": ("high", "middle"),
    "ropes": (),
    "rotten_tomatoes": (),
    "samsum": (),
    "sciq": (),
    "social_i_qa": (),
    "squad_v2": (),
    "story_cloze": ("2016",),
    "super_glue": ("axb", "axg", "boolq", "cb", "copa", "multirc", "record", "rte", "wic", "wsc_fixed"),
    "trec": (),
    "trivia_qa": ("unfiltered",),
    "web_questions": (),
    "wiki_bio": (),
    "wiki_hop": ("original",),
    "wiki_qa": (),
    "wino_bias": ("type1_anti", "type1_pro", "type2_anti", "type2_pro"),
    "winogrande": ("winogrande_debiased", "winogrande_xl"),
    "wiqa": (),
    "xsum": (),
    "yelp_review_full": (),
    # Rendered with promptsource's templates in the same manner, as a mirror may add them.
    "commonsense_qa": (),
    "lingnli": (),
    "sick": (),
    "snli": (),
    "tweet_eval": ("emotion", "hate", "irony", "offensive"),
}

DATA_SETS = tuple(
    f"{name}_{subset}" if subset else name for name, subsets in SUBSETS.items() for subset in subsets or ("",)
)


def split_name(configuration: str, data_sets: Iterable[str] = DATA_SETS) -> tuple[str, str] | None:
    """The data set and the template that a configuration's name is made of, or None if no data set fits.

    The longest fitting data set wins. ANLI's rounds are data sets of their own, though P3 writes the round last.

    >>> split_name("super_glue_rte_GPT_3_style"), split_name("anli_can_we_infer_r2")
    (('super_glue_rte', 'GPT_3_style'), ('anli_r2', 'can_we_infer'))
    """
    name = _clean(configuration)
    task = max((each for each in map(_clean, data_sets) if name.startswith(f"{each}_")), key=len, default=None)
    if task is None:
        return None
    template = name[len(task) + 1 :]
    if task == "anli" and (with_round := re.fullmatch("(.+)_(r[123])", template)):
        return f"anli_{with_round[2]}", with_round[1]
    return task, template


def _clean(name: str) -> str:
    return re.sub(r"\W+", "_", name)  # the hub keeps the dots of wsc.fixed and v1.11, mirrors may not
