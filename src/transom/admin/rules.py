"""What reviewers teach redaction, over REST: a value that it missed, or a finding that is none."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from transom.admin.api import documented
from transom.admin.context import Admin, AdminParts
from transom.admin.filters import Text
from transom.admin.login import bearer
from transom.admin.schema import RuleAdded, RuleList, TaughtRule
from transom.redact.bounded import LONGEST_PATTERN, PatternRefused, check_pattern
from transom.redact.placeholders import Placeholders
from transom.redact.scrub import Mentions, Scrubber
from transom.redact.taught import NoValue, digest_of_value
from transom.store import audit
from transom.store.dialect import writing
from transom.store.rescrub import job
from transom.store.rescrub.count import Touched, count_touched
from transom.store.rules import MOST_RULES, TooManyRules, add_rule, end_rule, get_rule, list_rules
from transom.types import DEFAULT_PROJECT, uuid7
from transom.types import TaughtRule as Rule

ACTOR = "admin token"
COUNT_S = 10.0
"""As long, what a rule would touch is counted before it is answered."""

router = APIRouter(prefix="/api/v1/redaction/rules", dependencies=[Depends(bearer), Depends(documented)])

Entity = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,40}$")]


class NewRule(BaseModel):
    """What redaction missed or got wrong: a text, or of what it missed a pattern. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: Literal["missed", "wrong"]
    entity: Entity = Field(description="What it is (PERSON, ID_NUMBER, a name of your own), or was taken for.")
    text: Annotated[Text, StringConstraints(min_length=1)] | None = Field(
        None, description="The value itself. Of a missed one only a keyed hash is kept."
    )
    pattern: Annotated[str, StringConstraints(max_length=LONGEST_PATTERN, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="A regular expression (Python's `re`) whose repeats are bounded, such as EMP-[0-9]{6}."
    )
    project_id: Text = DEFAULT_PROJECT
    dry_run: bool = Field(False, description="Only say what it would touch.")

    @model_validator(mode="after")
    def _one_of_two(self) -> NewRule:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("give either `text` or `pattern`")
        if self.kind == "wrong" and self.text is None:
            raise ValueError("a wrong finding is named by its `text`")
        return self


@router.post("", response_model=RuleAdded)
async def teach(admin: AdminParts, new: NewRule) -> dict[str, Any]:
    """Teach redaction what it missed, or leave alone what is no personal data.

    It holds for new traffic within seconds. What is stored already and holds a missed value is redacted again in the
    background; a wrong placeholder stays where it stands. The counts are at least so many where not `complete`.
    """
    rule = _rule(admin, new)
    placeholders = _placeholders(admin, new.project_id)
    mentions = new.kind == "wrong"
    scrubber = Mentions(placeholders.make(new.entity, new.text or "")) if mentions else Scrubber(rule, placeholders)
    touched = await count_touched(admin.engine, new.project_id, scrubber, COUNT_S)
    if new.dry_run:
        return _answer(None, touched)
    shown = await _add(admin, rule)
    return _answer(shown, touched)


@router.get("", response_model=RuleList)
async def rules(admin: AdminParts, project_id: Text = DEFAULT_PROJECT) -> dict[str, Any]:
    """The rules in force, the newest first, and how far what is stored has been redacted again by each."""
    async with admin.engine.connect() as conn:
        return {"data": await list_rules(conn, project_id)}


@router.get("/{rule_id}", response_model=TaughtRule)
async def rule(
    admin: AdminParts, rule_id: Annotated[Text, Path()], project_id: Text = DEFAULT_PROJECT
) -> dict[str, Any]:
    """One rule in force."""
    async with admin.engine.connect() as conn:
        found = await get_rule(conn, project_id, rule_id)
    if found is None:
        raise _MISSING
    return found


@router.delete("/{rule_id}", status_code=204)
async def end(admin: AdminParts, rule_id: Annotated[Text, Path()], project_id: Text = DEFAULT_PROJECT) -> Response:
    """End a rule. What it redacted stays redacted."""
    async with writing(admin.engine) as conn:
        if not await end_rule(conn, project_id, rule_id):
            raise _MISSING
        entry = audit.Entry(actor=ACTOR, action="end_rule", project_id=project_id, detail={"rule": rule_id})
        await audit.note(conn, entry)
    return Response(status_code=204)


_MISSING = HTTPException(404, "There is no such rule in force.")


def _placeholders(admin: Admin, project_id: str) -> Placeholders:
    plain = admin.settings.redaction.placeholders == "plain"
    return Placeholders(admin.secret.placeholders(project_id), plain=plain)


def _rule(admin: Admin, new: NewRule) -> Rule:
    """The rule as it is kept. Raises HTTPException 422 for what can't be one."""
    named: dict[str, Any] = {"id": uuid7(), "project_id": new.project_id, "entity": new.entity}
    try:
        if new.kind == "wrong":
            return Rule(**named, kind="wrong", text=new.text)
        if new.pattern is not None:
            check_pattern(new.pattern)
            return Rule(**named, kind="pattern", text=new.pattern)
        digest, words = digest_of_value(admin.secret.placeholders(new.project_id), new.text or "")
        return Rule(**named, kind="missed", digest=digest, words=words)
    except (PatternRefused, NoValue) as refused:
        raise HTTPException(422, f"{str(refused)[:1].upper()}{str(refused)[1:]}.") from None


async def _add(admin: Admin, rule: Rule) -> dict[str, Any] | None:
    """Add the rule with a line in the audit log, and have what is stored redacted again by what was missed."""
    entry = audit.Entry(actor=ACTOR, action="teach", project_id=rule.project_id, detail={"rule": rule.id})
    try:
        async with writing(admin.engine) as conn:
            kept = await add_rule(conn, rule, ACTOR)
            if kept.id == rule.id and rule.kind == "wrong":
                await audit.note(conn, entry)
            elif kept.id == rule.id:
                await job.begin(conn, rule, ACTOR)
            return await get_rule(conn, rule.project_id, kept.id)
    except TooManyRules:
        raise HTTPException(409, f"The project has {MOST_RULES} rules in force: end some, or use a pattern.") from None


async def teach_missed(admin: Admin, project_id: str, entity: str, text: str) -> None:
    """Add a rule for a value that was missed, as `teach` does. Raises HTTPException 422 or 409 where it can't be."""
    await _add(admin, _rule(admin, NewRule(kind="missed", entity=entity, text=text, project_id=project_id)))


def _answer(rule: dict[str, Any] | None, touched: Touched) -> dict[str, Any]:
    return {
        "rule": rule,
        "messages": touched.messages,
        "traces": touched.traces,
        "feedback": touched.feedback,
        "complete": touched.complete,
    }
