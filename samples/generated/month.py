"""Who does what in the sample's month."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from samples.generated import care, depot, oddities, professionals, saver, shoppers, spenders
from samples.script import Line, Script

SEED = 20_260_301
MONTH = date(2026, 3, 1)
DAYS = [MONTH + timedelta(days=number) for number in range(31)]
WEEKDAYS = [day for day in DAYS if day.weekday() < 5]
SHOPPERS = 200
SPENDERS = 120
LONGSTANDING = 12
APPLICANTS = 24
RENEWING = 12
OWNERS = 12
SAVER = "sample-points"
SHOWN = (SAVER, "sample-pro-renewing-01", "sample-care-02", "sample-pro-repair-late", "sample-pro-loan-never")
"""Members whose stories are worth a look: of the last two one gets the year's fee back, one has to bring a loan back."""
ASKED = (f"{SAVER}-earbuds", "points.expire")
"""Of the first of them: an order that was paid with reserved points, and an expiry, worth a closer look."""


def month(seed: int = SEED) -> Iterator[Line]:
    """All lines of the sample, ticks included, in the order in which they arrive."""
    script = Script(seed)
    _shoppers(script)
    _professionals(script)
    _oddities(script)
    _points(script)
    saver.save_and_spend(script, SAVER, MONTH)
    _care(script)
    return script.lines(_ticks())


def _ticks() -> list[datetime]:
    february = [MONTH - timedelta(days=days) for days in range(28, 0, -4)]
    april = [DAYS[-1] + timedelta(days=days) for days in (1, 2, 3)]
    return [datetime.combine(day, time(12), UTC) for day in february + DAYS + april]


def _shoppers(script: Script) -> None:
    for number in range(1, SHOPPERS + 1):
        member = f"sample-{number:03}"
        joined = MONTH - timedelta(days=script.chance.randrange(1, 20)) if number % 10 else DAYS[10]
        shoppers.join(script, member, joined)
        shoppers.shop(script, member, DAYS, script.chance.randint(6, 16))
    shoppers.refused_joins(script, DAYS[4])
    shoppers.guests(script, DAYS, 80)


def _points(script: Script) -> None:
    members = [f"sample-{number:03}" for number in range(11, 11 + SPENDERS) if number % 10]
    spenders.all_of_it(script, members, DAYS)
    for number in range(LONGSTANDING):
        member, day = f"sample-longstanding-{number:02}", DAYS[2 + number * 2]
        spenders.longstanding(script, member, day, number)


def _professionals(script: Script) -> None:
    for number in range(APPLICANTS):
        member = f"sample-pro-new-{number:02}"
        professionals.applicant(script, member, WEEKDAYS[number % 12], number, approved=number % 6 != 5)
    for number in range(3):
        professionals.not_eligible(script, f"sample-pro-territory-{number}", WEEKDAYS[number])
    for number in range(RENEWING):
        member, since = f"sample-pro-renewing-{number:02}", date(2025, 3, 5) + timedelta(days=number)
        professionals.longstanding(script, member, since)
        professionals.renewal(script, member, since.replace(year=since.year + 1), number)
    _repairs(script)


def _repairs(script: Script) -> None:
    depot.all_of_it(script, MONTH, date(2025, 9, 15))
    for number in range(6):
        member, received = f"sample-pro-new-{number:02}", depot.noon(date(2026, 3, 17) + timedelta(days=number % 3))
        steps = depot.out_of_warranty(approved=True) if number == 4 else depot.in_warranty(1 + number % 3)
        depot.repair(script, member, received, steps)


def _care(script: Script) -> None:
    for number in range(OWNERS):
        member = f"sample-care-{number:02}"
        shoppers.join(script, member, MONTH - timedelta(days=3))
        care.owner(script, member, DAYS[number % 2], number)
    for number in range(6):
        care.longstanding(script, f"sample-care-renewing-{number}", date(2025, 3, 5) + timedelta(days=number), number)
    care.too_young(script, "sample-care-young", DAYS[3])
    february, days = MONTH - timedelta(days=26), timedelta(days=1)
    care.guest(script, "sample-care-guest-opens", DAYS[2], 10 * days)
    care.guest(script, "sample-care-guest-had-one", DAYS[2], -40 * days)
    care.guest(script, "sample-care-guest-late", february, 31 * days)
    care.guest(script, "sample-care-guest-never", february, None)


def _oddities(script: Script) -> None:
    for number in range(1, 11):
        oddities.repeats(script, f"sample-{number:03}", DAYS[12])
