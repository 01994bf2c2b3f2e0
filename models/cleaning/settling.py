"""CLN-2, CLN-3 What follows from the facts of a visit: the counts of its year, what holds of what was told, who else is told."""

from models import shelf
from models.calendar import rfc3339
from models.case import Case
from models.cleaning.state import Over, Visit, Year
from models.follow import ProductBack
from models.outputs.base import Fact


def settle(case: Case, visit: Visit, before: Over | None) -> str:
    """Bring all of it in line with how the visit ended, if that is not as `before`. Returns what others have to say to it."""
    section, over = case.member.cleanings, visit.over
    shelf.keep(case, section.visits, visit)
    if over is None or over == before:
        return ""
    year = section.years.get(visit.year or "") or Year()  # of a year long past nothing is counted any more
    year.count(visit, before, -1)
    year.count(visit, over, 1)
    if over.how == "done":
        _tell_done(case, visit)
    else:
        for notice in visit.notices:
            case.retract("pro", notice, f"visit {visit.id} is cancelled", "CLN-2")
        visit.notices = []
    return case.follow(ProductBack(over.at, "cleaning", visit.id))


def _tell_done(case: Case, visit: Visit) -> None:
    """CLN-3 By the event that tells of the visit: of several the earliest, whichever is told first (GEN-2)."""
    done = visit.done
    if done is None:
        raise TypeError(f"visit {visit.id} ended as one that took place, without having done so")
    told: dict[str, Fact] = {"cleaning_id": visit.id, "done_at": rfc3339(done.at), "remarks": done.remarks}
    notice = case.notify("pro", "cleaning.done", visit.id, "CLN-3", told, cause=done.cause, replaces=visit.notices)
    visit.notices = [notice]
