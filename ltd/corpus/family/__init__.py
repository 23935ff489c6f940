"""The task families of the pool that are not inference: what an instruction pool mostly consists of."""

CITIES = (
    *(
        "Lisbon",
        "Oslo",
        "Vienna",
        "Dublin",
        "Prague",
        "Athens",
        "Madrid",
        "Rome",
        "Paris",
        "London",
        "Berlin",
        "Zurich",
    ),
    *("Geneva", "Warsaw", "Helsinki", "Brussels", "Budapest", "Cairo", "Nairobi", "Lagos", "Tunis", "Delhi", "Mumbai"),
    *("Tokyo", "Osaka", "Seoul", "Hanoi", "Manila", "Jakarta", "Sydney", "Auckland", "Toronto", "Montreal", "Boston"),
    *("Chicago", "Denver", "Seattle", "Houston", "Dallas", "Havana", "Lima", "Bogota", "Santiago"),
)
