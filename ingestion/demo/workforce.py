"""The workforce: ways to add and to terminate somebody, and the company without any planted violation."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from ingestion.demo.ids import Ids
from ingestion.demo.people import ENGINEERING, IT, OPERATIONS, SUPPORT, Contract, Person, Rescission, Spell
from ingestion.demo.timeline import GB, LONDON, NEW_YORK, PERIOD_FIRST, PERIOD_LAST, US, at, business_day, month_ends

_FIRST_NAMES = (
    "Ada Amir Ana Anders Aisha Ben Bianca Boris Carla Chen Clara Daniel Deepa Derek Elena Emeka Erin Esther Farid "
    "Felix Fiona Gabriel Grace Greta Hana Hector Helen Hugo Ines Isaac Ivy Jamal Janet Jonas Julia Kaito Karen "
    "Kofi Lars Leila Liam Lucia Luis Marek Mei Mina Nadia Naomi Nikhil Noor Olga Oscar Paula Pedro Petra Priya "
    "Quinn Rahul Rosa Ruben Sana Simon Sofia Stefan Tara Theo Tomas Uma Victor Wanda Xin Yara Yusuf Zoe"
)
_LAST_NAMES = (
    "Abbott Adeyemi Alvarez Andersen Baker Bauer Becker Bianchi Brandt Cardoso Castillo Chandra Cohen Costa Dahl "
    "Daley Diaz Dubois Eriksen Farrell Ferrari Fischer Flores Fontaine Gallagher Gupta Haddad Hansen Hayes "
    "Hoffman Ibrahim Ito Ivanov Jansen Jensen Kapoor Kaya Keller Khan Kim Kowalski Kumar Larsen Lehmann Lopez "
    "Lund Marino Mbeki Mehta Moreau Morris Murphy Nakamura Nguyen Novak Okafor Olsen Ortiz Park Patel Pereira "
    "Petrov Quigley Ramirez Reyes Rossi Sato Schmidt Shah Silva Singh Sloan Sousa Tanaka Torres Tran Turner Varga "
    "Vogel Wagner Walsh Weber Yilmaz"
)
_FIRST = _FIRST_NAMES.split()
_LAST = _LAST_NAMES.split()
DOMAIN = "harbor.example"
_SHARES = {ENGINEERING: 30, OPERATIONS: 25, SUPPORT: 16, "Finance": 8, "Sales": 9, "People": 4, IT: 8}
_TITLES = {
    ENGINEERING: "Software Engineer",
    OPERATIONS: "Payroll Specialist",
    SUPPORT: "Support Specialist",
    "Finance": "Accountant",
    "Sales": "Account Executive",
    "People": "People Partner",
    IT: "Systems Administrator",
}
_OFFICES = (
    ("New York", NEW_YORK),
    ("New York", NEW_YORK),
    ("Chicago", "America/Chicago"),
    ("San Francisco", "America/Los_Angeles"),
)
_SPAN = 8  # reports of one manager


class Company:
    """All people, and the ways to add one.

    Args:
        ids: Identifiers.
        scale: 1 is about 300 workers.
    """

    def __init__(self, ids: Ids, scale: float) -> None:
        self.ids = ids
        self.rng = ids.stream("people")
        self.people: list[Person] = []
        self._used: set[str] = set()
        self.leads: dict[str, Person] = {}
        self.bosses: dict[str, list[Person]] = {}
        self.size = max(60, round(270 * scale))

    def hire(
        self,
        department: str,
        on: date,
        *,
        title: str = "",
        boss: Person | None = None,
        uk: bool = False,
        name: tuple[str, str] | None = None,
        office: int | None = None,
    ) -> Person:
        """Add a worker, first day `on`; without a boss the department's least loaded manager is theirs."""
        rng = self.rng
        source = "hris_csv" if uk else "bamboohr"
        number = self.ids.number(source, 2000 if uk else 1000)
        location, zone = ("London", LONDON) if uk else _OFFICES[rng.randrange(4) if office is None else office]
        title = title or _TITLES[department]
        person = Person(
            f"UK{number}" if uk else str(number), source, department, title, location, zone, [self.naming(on, name)]
        )
        person.spells.append(Spell(on))
        person.jobs.append((on, department, title))
        boss = boss or self.boss_of(department, uk=uk)
        if boss is not None:
            person.managers.append((on, boss))
        self.people.append(person)
        return person

    def naming(self, on: date, name: tuple[str, str] | None = None) -> tuple[datetime, str, str, str]:
        """An unused name (or the wanted one) with its e-mail."""
        first, last = name or (self.rng.choice(_FIRST), self.rng.choice(_LAST))
        while name is None and f"{first}.{last}".lower() in self._used:
            first, last = self.rng.choice(_FIRST), self.rng.choice(_LAST)
        local, n = f"{first}.{last}".lower(), 1
        while local in self._used:
            n += 1
            local = f"{first}.{last}{n}".lower()
        self._used.add(local)
        return at(on), first, last, f"{local}@{DOMAIN}"

    def boss_of(self, department: str, *, uk: bool = False) -> Person | None:
        """The least loaded manager of a department."""
        key = f"{department}/uk" if uk else department
        bosses = self.bosses.get(key) or self.bosses.get("uk" if uk else department)
        if not bosses:
            return None
        load = {id(boss): 0 for boss in bosses}
        for person in self.people:
            if person.managers and id(person.managers[-1][1]) in load:
                load[id(person.managers[-1][1])] += 1
        return min(bosses, key=lambda boss: load[id(boss)])

    def contractor(self, start: date, end: date, sponsor: Person, *, office: int = 0) -> Person:
        """Add a contractor, in the register since a week before the start."""
        number = self.ids.number("contractor", 100)
        location, zone = _OFFICES[office]
        person = Person(
            f"C-{number:04d}", "contractor", "Contractors", "Contractor", location, zone, [self.naming(start)]
        )
        recorded = at(start - timedelta(days=7), 10)
        person.contracts.append(Contract(start, end, recorded))
        person.spells.append(Spell(start, end, recorded_at=recorded))
        person.jobs.append((start, "Contractors", "Contractor"))
        person.sponsors.append((recorded, sponsor))
        self.people.append(person)
        return person

    def terminate(
        self,
        person: Person,
        on: date,
        *,
        involuntary: bool = False,
        instant: datetime | None = None,
        recorded_at: datetime | None = None,
    ) -> Spell:
        """End the current employment; recorded two weeks before, or at once when involuntary."""
        spell = person.spells[-1]
        spell.terminated_on, spell.involuntary, spell.instant = on, involuntary, instant
        usual = (instant or at(on, 9, zone=person.zone)) if involuntary else at(on - timedelta(days=14), 11)
        spell.recorded_at = recorded_at or usual
        return spell


def build(ids: Ids, scale: float) -> Company:
    """The company without any planted violation."""
    company = Company(ids, scale)
    _organize(company)
    _hires(company)
    _leavers(company)
    _rehires(company)
    _movers(company)
    _renamed(company)
    _rescinded(company)
    _contractors(company)
    return company


def _earlier(rng: Random) -> date:
    return business_day(date(2019, 1, 7) + timedelta(days=rng.randrange(2300)), 0)


def _organize(company: Company) -> None:
    rng = company.rng
    chief = company.hire("Executive", date(2018, 1, 8), title="Chief Executive Officer", office=0)
    uk = round(company.size * 0.1)
    head = company.hire(OPERATIONS, date(2021, 3, 1), title="Head of UK", uk=True)
    company.bosses["uk"] = [head]
    head.is_manager = True
    for department, share in _SHARES.items():
        lead = company.hire(department, _earlier(rng), title=f"VP {department}", boss=chief, office=0)
        lead.is_manager = True
        company.leads[department] = lead
        people = max(3, round((company.size - uk) * share / 100) - 1)
        bosses = [
            company.hire(department, _earlier(rng), title=f"{department} Manager", boss=lead)
            for _ in range(max(2 if department == ENGINEERING else 1, round(people / (_SPAN + 1))))
        ]
        for boss in bosses:
            boss.is_manager = True
        company.bosses[department] = bosses
        for n in range(people - len(bosses)):
            company.hire(department, _earlier(rng), boss=bosses[n % len(bosses)])
    for n in range(uk - 1):
        department = (OPERATIONS, OPERATIONS, ENGINEERING, SUPPORT, OPERATIONS)[n % 5]
        company.hire(department, business_day(date(2021, 4, 5) + timedelta(days=rng.randrange(1500)), 0, GB), uk=True)


def _hires(company: Company) -> None:
    rng = company.rng
    for _ in range(max(8, round(company.size * 0.2))):
        month = rng.randrange(12)
        day = date(2025 + (9 + month) // 12, (9 + month) % 12 + 1, rng.randrange(2, 15))
        uk = rng.random() < 0.1
        department = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
        if uk:
            department = OPERATIONS
        company.hire(department, business_day(day, 0, GB if uk else US), uk=uk)


def _staff(company: Company) -> list[Person]:
    """Those to whom something may happen: not managers, nor administrators, hired well before the period."""
    return [
        p
        for p in company.people
        if not p.is_manager and p.department not in ("Executive", IT, "People") and p.stays and p.managers
    ]


def _leavers(company: Company) -> None:
    rng = company.rng
    wanted = max(6, round(company.size * 0.12))
    staff = _staff(company)
    engineers = [p for p in staff if p.is_engineer]
    others = [p for p in staff if not p.is_engineer]
    few = min(len(engineers) // 5, round(wanted * 0.3))
    ends = month_ends(PERIOD_FIRST, PERIOD_LAST)
    for person in rng.sample(engineers, few):  # nothing left by the next collection
        company.terminate(person, rng.choice(ends))
    for n, person in enumerate(rng.sample(others, wanted - few)):
        day = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(5, 355)), 0, person.calendar)
        instant = at(day, rng.randrange(10, 16), rng.randrange(60), zone=person.zone)
        company.terminate(person, day, involuntary=n % 4 == 0, instant=instant if n % 8 == 0 else None)


def _rehires(company: Company) -> None:
    for person in [p for p in _staff(company) if not p.is_engineer and p.source == "bamboohr"][:2]:
        boss = person.managers[-1][1]
        left = business_day(date(2026, 1, 15), 0)
        company.terminate(person, left)
        back = business_day(date(2026, 5, 4), 0)
        person.spells.append(Spell(back))
        person.managers.append((back, boss))
        person.jobs.append((back, person.department, person.title))


def _movers(company: Company) -> None:
    """Transfers between departments without code, and engineers who get another manager."""
    rng = company.rng
    staff = [p for p in _staff(company) if p.source == "bamboohr"]
    rng.shuffle(staff)
    wanted = max(2, round(company.size * 0.03))
    for person in [p for p in staff if not p.is_engineer][:wanted]:
        target = rng.choice([d for d in (OPERATIONS, SUPPORT, "Finance", "Sales") if d != person.department])
        day = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(40, 330)), 0)
        boss = company.boss_of(target)
        assert boss is not None
        person.jobs.append((day, target, _TITLES[target]))
        person.managers.append((day, boss))
    for person in [p for p in staff if p.is_engineer][:wanted]:
        others = [b for b in company.bosses[ENGINEERING] if b is not person.managers[-1][1]]
        if others:
            day = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(40, 330)), 0)
            person.jobs.append((day, person.department, person.title))
            person.managers.append((day, rng.choice(others)))


def _renamed(company: Company) -> None:
    """Two marriages, one of them of an engineer, and two people of one name."""
    staff = [p for p in _staff(company) if p.source == "bamboohr"]
    for person in ([p for p in staff if not p.is_engineer][:1]) + ([p for p in staff if p.is_engineer][:1]):
        when = at(business_day(date(2026, 2, 17), 0), 10)
        last = company.rng.choice(_LAST)
        person.names.append((when, person.first, last, f"{person.first}.{last}.{person.worker_id}@{DOMAIN}".lower()))
    company.hire(SUPPORT, date(2022, 6, 6), name=("Maria", "Garcia"))
    company.hire(OPERATIONS, date(2023, 9, 5), name=("Maria", "Garcia"))


def _rescinded(company: Company) -> None:
    staff = [p for p in _staff(company) if not p.is_engineer]
    for source in ("bamboohr", "hris_csv"):
        person = next((p for p in staff if p.source == source), None)
        if person is not None:
            person.rescission = Rescission(at(date(2026, 3, 23), 10), date(2026, 4, 17), at(date(2026, 4, 8), 15))


def _contractors(company: Company) -> None:
    rng = company.rng
    sponsors = list(company.leads.values())
    for n in range(max(6, round(company.size * 25 / 270))):
        sponsor = sponsors[n % len(sponsors)]
        if n % 3 == 0:  # ends within the period
            start = business_day(date(2025, 2, 3) + timedelta(days=rng.randrange(150)), 0)
            end = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(30, 350)), 0)
            company.contractor(start, end, sponsor)
        elif n % 3 == 1:  # extended
            start = business_day(date(2025, 5, 5) + timedelta(days=rng.randrange(60)), 0)
            end = business_day(date(2026, 2, 2) + timedelta(days=rng.randrange(100)), 0)
            person = company.contractor(start, end, sponsor)
            until = date(2027, 3, 31)
            person.contracts[0].extensions.append((at(business_day(end, -30), 14), until))
            person.spells[0].terminated_on = until
        else:  # begins within the period
            start = business_day(PERIOD_FIRST + timedelta(days=rng.randrange(20, 300)), 0)
            company.contractor(start, date(2027, 6, 30), sponsor)
