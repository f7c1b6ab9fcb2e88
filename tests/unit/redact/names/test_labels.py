"""The model's labels."""

from __future__ import annotations

import json

from transom.redact.names.labels import ENTITIES, ENTITY
from transom.redact.names.vetted import vetted


def test_every_label_of_the_model_has_an_entity_or_is_left_to_patterns():
    labels = {label[2:] for label in json.loads(vetted("labels.json")) if label != "O"}
    assert labels - set(ENTITY) == {"EMAIL", "URL"}
    assert set(ENTITY) <= labels
    assert ENTITIES == ("ID_NUMBER", "LOCATION", "PERSON", "PHONE_NUMBER", "STREET_ADDRESS")
