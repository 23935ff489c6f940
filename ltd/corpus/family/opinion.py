"""Sentiment of reviews and topics of news."""

from __future__ import annotations

from collections.abc import Iterator

from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.family import CITIES
from ltd.corpus.lexicon import Lexicon

VISITS = {
    "went to a restaurant": ("food", "dessert", "service", "atmosphere", "wine"),
    "stayed at a hotel": ("room", "bed", "breakfast", "view", "staff"),
    "watched a film": ("plot", "acting", "ending", "music", "dialogue"),
    "heard a concert": ("sound", "voice", "lighting", "band", "program"),
    "took a course": ("teaching", "material", "textbook", "schedule", "feedback"),
}
GOOD = ("excellent", "wonderful", "superb", "brilliant", "fantastic", "perfect", "great", "outstanding", "impressive")
BAD = ("terrible", "awful", "dreadful", "disappointing", "horrible", "mediocre", "bad", "dismal", "unacceptable")
GLAD = ("I would recommend it to anyone", "I am glad I was there", "it was worth every minute", "I enjoyed it")
SORRY = ("I want my money back", "I would not recommend it", "it was a waste of time", "I was bored and annoyed")


def reviews(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """Both judgements and the last words agree with the answer."""
    while True:
        answer = draw.choice(("positive", "negative"))
        adjectives, verdicts = (GOOD, GLAD) if answer == "positive" else (BAD, SORRY)
        visit = draw.choice(tuple(VISITS))
        first, second = draw.sample(VISITS[visit], 2)
        one, other = draw.sample(adjectives, 2)
        text = f"I {visit} with {draw.choice(lexicon.names)}. The {first} was {one}, the {second} was {other}, and"
        yield {"review": f"{text} {draw.choice(verdicts)}."}, answer


HEADLINES = {
    "sports": (
        "{name} scores {number} goals as {city} win the cup",
        "{city} beat {town} by {number} points in the final",
        "Goalkeeper {name} of {city} injured in match against {town}",
    ),
    "business": (
        "Shares of {city} bank rise {number} percent after {name} becomes director",
        "{city} company led by {name} buys rival for {number} million dollars",
        "Investor {name} expects profits in {city} to grow by {number} percent",
    ),
    "weather": (
        "Storm reaches {city}, {number} degrees and snow expected in {town}",
        "Sunny days ahead for {city} and {town} with up to {number} degrees",
        "{number} centimeters of rain flood {city}, more clouds near {town}",
    ),
    "science": (
        "Researcher {name} finds {number} unknown planets with telescope near {city}",
        "Laboratory in {city} measures {number} molecules, says physicist {name}",
        "Biologist {name} of {city} describes {number} kinds of bacteria",
    ),
}


def headlines(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        topic = draw.choice(tuple(HEADLINES))
        city, town = draw.sample(CITIES, 2)
        slots = {"name": draw.choice(lexicon.names), "number": draw.integer(2, 40), "city": city, "town": town}
        yield {"headline": draw.choice(HEADLINES[topic]).format_map(slots)}, topic


SENTIMENT = DataSet(
    "sentiment_reviews",
    reviews,
    (
        Template(
            "positive or negative",
            "{review}\nIs this review positive or negative?",
            {"positive": "positive", "negative": "negative"},
        ),
        Template(
            "did they like it",
            "Review: {review}\nDid the writer like it? Yes or No?",
            {"positive": "Yes", "negative": "No"},
        ),
        Template(
            "praise or criticism",
            "{review} Is this praise or criticism?",
            {"positive": "praise", "negative": "criticism"},
        ),
        Template(
            "stars",
            "Give this review one star or five stars.\n{review}\nRating:",
            {"positive": "five stars", "negative": "one star"},
        ),
    ),
)

TOPICS = {name: name for name in HEADLINES}
TOPIC = DataSet(
    "topic_headlines",
    headlines,
    (
        Template("topic", "Headline: {headline}\nTopic (sports, business, weather, or science):", TOPICS),
        Template("section", '"{headline}" In which section of a newspaper is this headline?', TOPICS),
        Template(
            "about",
            "What is this headline about?\n{headline}\nAnswer:",
            {"sports": "a game", "business": "money", "weather": "the weather", "science": "research"},
        ),
        Template("label", "Label the headline with its subject: {headline}", TOPICS),
    ),
)
