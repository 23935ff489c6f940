import pytest

from ltd.pool.p3_names import DATA_SETS, split_name


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("super_glue_rte_GPT_3_style", ("super_glue_rte", "GPT_3_style")),
        ("super_glue_wsc.fixed_p_is_are_r", ("super_glue_wsc_fixed", "p_is_are_r")),
        ("super_glue_wsc_fixed_p_is_are_r", ("super_glue_wsc_fixed", "p_is_are_r")),
        ("cos_e_v1.11_i_think", ("cos_e_v1_11", "i_think")),
        ("cnn_dailymail_3.0.0_news_summary", ("cnn_dailymail_3_0_0", "news_summary")),
        ("paws_labeled_final_Meaning_no_label", ("paws_labeled_final", "Meaning_no_label")),
        ("tweet_eval_hate_hate_exam", ("tweet_eval_hate", "hate_exam")),
        ("dbpedia_14_given_a_choice_of_categories_", ("dbpedia_14", "given_a_choice_of_categories_")),
        ("anli_can_we_infer_r2", ("anli_r2", "can_we_infer")),
        ("anli_can_we_infer", ("anli", "can_we_infer")),
        ("super_glue_", None),
        ("rte_GPT_3_style", None),
    ],
)
def test_a_name_is_a_data_set_and_a_template(configuration, expected):
    assert split_name(configuration) == expected


def test_the_longest_data_set_wins():
    assert split_name("a_b_c_d", ["a", "a_b_c", "a_b"]) == ("a_b_c", "d")


def test_each_data_set_is_listed_once():
    assert len(set(DATA_SETS)) == len(DATA_SETS)


def test_every_configuration_of_the_real_mirror_belongs_to_a_data_set(real_data):
    names = [folder.name for folder in (real_data / "P3").iterdir()]
    parts = [split_name(name) for name in names]
    assert None not in parts
    assert ["_".join(part) for part in parts] == names
