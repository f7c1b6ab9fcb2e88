"""Which languages' names the model can't find."""

from __future__ import annotations

import pytest

from transom.redact.names import unread_scripts


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Hello Zoë Müller", set()),
        ("আমার নাম রহিম", {"bn"}),
        ("मेरा नाम राम है, and আমার নাম", {"hi", "bn"}),
        ("اسمي أحمد", {"ar"}),
        ("我叫王伟", {"zh"}),
        ("私の名前は田中です", {"ja"}),
        ("Меня зовут Иван", {"ru"}),
        ("제 이름은 김철수", {"ko"}),
        ("α + β = π", set()),
    ],
)
def test_a_script_is_named_by_the_language_that_most_uses_it(text: str, languages: set[str]):
    assert unread_scripts(text) == languages
