from collections import Counter

from ltd.corpus.draw import Draw


def test_the_same_seed_draws_the_same() -> None:
    one, other = Draw(0, "nli"), Draw(0, "nli")
    assert [one.integer(0, 10**9) for _ in range(5)] == [other.integer(0, 10**9) for _ in range(5)]


def test_streams_differ_by_any_part_of_their_seed() -> None:
    firsts = {Draw(*seed).integer(0, 10**9) for seed in [(0, "a"), (1, "a"), (0, "b"), (0,), ("0", "a")]}
    assert len(firsts) == 5


def test_the_stream_is_fixed() -> None:
    # These are in the bytes of every corpus ever made: if they change, VERSION must.
    draw = Draw(0, "fixed")
    assert [draw.integer(0, 999) for _ in range(4)] == [531, 424, 108, 652]


def test_integers_are_even_and_within_their_bounds() -> None:
    draw = Draw(0)
    counts = Counter(draw.integer(3, 6) for _ in range(4000))
    assert sorted(counts) == [3, 4, 5, 6]
    assert min(counts.values()) > 900


def test_samples_do_not_repeat_and_reach_everything() -> None:
    draw = Draw(0)
    seen = Counter()
    for _ in range(500):
        sample = draw.sample("abcde", 3)
        assert len(set(sample)) == 3
        seen.update(sample)
    assert sorted(seen) == list("abcde")
    assert min(seen.values()) > 250


def test_a_shuffle_keeps_the_items_and_leaves_its_argument() -> None:
    items = list(range(20))
    shuffled = Draw(0).shuffled(items)
    assert sorted(shuffled) == items == list(range(20))
    assert shuffled != items
