"""The model over whole texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transom.redact.names.names import RECOGNIZER, Names
from transom.redact.names.network import Word
from transom.redact.profiles import Profile

LOGS = Profile(model="small", gate=True, threshold=0.5)
STRICT = Profile(model="large", threshold=0.3)

Find = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module", params=[LOGS, STRICT], ids=["logs", "strict"])
def find(request) -> Find:
    names = Names(request.param)

    def found(text: str) -> dict[str, str]:
        return {text[f.start : f.end]: f.entity for f, _ in names.find_all([text])[0]}

    return found


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("Please ask Wojciech Kowalczyk about it.", "Wojciech Kowalczyk", "PERSON"),
        ("My sister Agnieszka moved to Manchester last year.", "Manchester", "LOCATION"),
        ('{"id": 17, "customer": "Eleanor Whitfield", "ok": true}', "Eleanor Whitfield", "PERSON"),
        ("my name is jonathan and i need help", "jonathan", "PERSON"),
        ("Bonjour, je m'appelle Geneviève Lefèvre.", "Geneviève Lefèvre", "PERSON"),
    ],
)
def test_names_and_places_are_found(find: Find, text: str, value: str, entity: str):
    assert find(text).get(value) == entity


def test_an_address_is_found(find: Find):
    found = find("Send it to Eleanor Whitfield, 48 Thornhill Road, Sheffield S11 8QD, please.")
    assert found["Eleanor Whitfield"] == "PERSON"
    assert any("Sheffield" in value for value in found)
    assert any("Thornhill" in value and entity == "STREET_ADDRESS" for value, entity in found.items())


@pytest.mark.parametrize(
    "text",
    [
        "The weather is nice today, isn't it?",
        "def get_user_name(self, user_id: int) -> str:\n    return self.users[user_id].name\n",
        '{"created": 1732212000, "version": "1.12.3", "sha": "3f2a9c1be77d4155", "temperature": 0.7}',
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "<PERSON:k7qx> wrote to <EMAIL_ADDRESS:abcd>.",
    ],
)
def test_what_is_no_personal_data_is_left_alone(find: Find, text: str):
    assert find(text) == {}


def test_a_name_is_found_wherever_it_stands_in_a_long_text(find: Find):
    filler = "we talked about the report and the plan for the next quarter, and "
    for before in range(1, 12):
        text = filler * before + "then Wojciech Kowalczyk asked a question, " + filler * 12
        assert "Wojciech Kowalczyk" in find(text)


def test_beside_a_placeholder_only_what_is_sure_is_taken(monkeypatch):
    names = Names(LOGS)
    monkeypatch.setattr(names._network, "words", lambda part, least: [w for w in doubtful if w.score >= least])
    alone = "Then Wojciech wrote to us."
    beside = ["Then Wojciech wrote to <PERSON:k7qx>.", "Then Wojciech wrote to <PERSON>."]
    doubtful = [Word(5, 13, "GIVEN_NAME", 0.6)]
    assert [len(found) for found in names.find_all([alone, *beside])] == [1, 0, 0]
    doubtful = [Word(5, 13, "GIVEN_NAME", 0.95)]
    assert [len(found) for found in names.find_all([alone, *beside])] == [1, 1, 1]


def test_names_in_rows_of_data_are_found(find: Find):
    rows = [f'{{"id": {7**20 + i}, "xs": [1, 2, {i}], "name": "Wojciech Kowalczyk", "ok": true}}' for i in range(20)]
    assert "Wojciech Kowalczyk" in find("\n".join(rows))


def test_each_text_has_its_own_findings():
    names = Names(LOGS)
    texts = ["Ask Wojciech Kowalczyk.", "", "nothing here", "Ask Eleanor Whitfield."]
    found = names.find_all(texts)
    assert found == [names.find_all([text])[0] for text in texts]
    assert [len(findings) for findings in found] == [1, 0, 0, 1]
    assert {name for findings in found for _, name in findings} == {RECOGNIZER}


def test_what_the_profile_does_not_take_is_left_out():
    names = Names(Profile(model="small", threshold=0.5, entities={"PERSON": "off"}))
    assert "PERSON" not in names.entities
    findings = names.find_all(["Wojciech Kowalczyk lives in Manchester."])[0]
    assert {finding.entity for finding, _ in findings} == {"LOCATION"}
