"""Words of English and German that decide whether two sentences can contradict each other."""


def _read(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _number(words: str, numbers: list[int]) -> dict[str, int]:
    return dict(zip(words.split(), numbers, strict=True))


_SOME = [*range(13), 14, 15, 20, 30, 60, 90, 100]
NUMBERS = _number(
    "zero one two three four five six seven eight nine ten eleven twelve fourteen fifteen twenty thirty sixty ninety "
    "hundred",
    _SOME,
) | _number(
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf vierzehn fünfzehn zwanzig dreißig sechzig "
    "neunzig hundert",
    _SOME,
)
AMBIGUOUS = _read("zero one null ein")  # "this one", "ein Konto"

CURRENCIES = (
    dict.fromkeys(_read("€ eur euro euros"), "EUR")
    | dict.fromkeys(_read("$ usd dollar dollars"), "USD")
    | dict.fromkeys(_read("£ gbp pound pounds"), "GBP")
    | {"chf": "CHF"}
)
# Unit → what it measures, and how many of it. Hours and days are one measure, months another: a month is no 30 days.
UNITS: dict[str, tuple[str, float]] = {
    unit: measure
    for units, measure in (
        ("% percent prozent", ("%", 1.0)),
        ("minute minutes min mins minuten", ("hour", 1 / 60)),
        ("hour hours hr hrs stunde stunden", ("hour", 1.0)),
        ("day days tag tage tagen", ("hour", 24.0)),
        ("week weeks woche wochen", ("hour", 168.0)),
        ("month months monat monate monaten", ("month", 1.0)),
        ("year years jahr jahre jahren", ("month", 12.0)),
    )
    for unit in units.split()
}
# Days that are fewer than days.
WORKING = _read("business working werktag werktage werktagen arbeitstag arbeitstage arbeitstagen")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("january jan januar", "february feb februar", "march mar märz", "april apr", "may mai", "june jun juni"),
            *("july jul juli", "august aug", "september sep sept", "october oct oktober okt", "november nov"),
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
NEGATIONS = _read(
    "not no never cannot can't don't doesn't won't isn't aren't didn't wasn't without neither nor unable none "
    "nicht kein keine keinen keinem keiner nie niemals ohne weder"
)
# What limits a statement to a case, or a number to one side.
CONDITIONS = _read(
    "if unless until except only before after once when while during least most minimum maximum up over under more "
    "less than above below from between starting first second next last other another with outside inside "
    "wenn falls bis außer nur vor nach sobald während mindestens höchstens maximal minimal über unter mehr weniger ab "
    "zwischen zuerst andere anderen mit außerhalb"
)
# Words of headings that name no case.
GENERIC = _read(
    "how what when where which who why faq help guide overview policy policies question questions information about "
    "general details your our everything know need wie was wann wo welche warum hilfe überblick fragen allgemeines"
)
