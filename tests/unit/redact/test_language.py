from __future__ import annotations

import pytest

from transom.redact.language import language_of

SAID = {
    "en": "What is the weather like in the north of the country?",
    "de": "Bitte schreibe mir eine Antwort, die nicht zu lang ist.",
    "fr": "Pourriez-vous m'aider avec les documents que je dois envoyer?",
    "es": "El pedido no ha llegado y quiero saber por qué está en el almacén.",
    "it": "Non so che cosa fare con il mio ordine, è una settimana che aspetto.",
    "nl": "Kun je mij helpen met het schrijven van een brief aan de gemeente?",
    "pl": "Proszę o pomoc, nie wiem, jak to się robi i co mam zrobić.",
    "pt": "Não consigo entrar na minha conta e preciso de uma ajuda para isso.",
    "bn": "আমার অর্ডার এখনো আসেনি কেন? Thanks",
    "hi": "मेरा ऑर्डर अभी तक नहीं आया है।",
    "ar": "أين طلبي؟ لم يصل بعد.",
    "ru": "Где мой заказ? Он ещё не пришёл.",
    "zh": "我的订单在哪里？",
    "ja": "私の注文はどこですか。",
    "ko": "제 주문은 어디에 있나요?",
    "und": "42 1f3a xq",
}


@pytest.mark.parametrize("language", SAID)
def test_the_language_of_a_sentence(language: str) -> None:
    assert language_of(SAID[language]) == language


def test_placeholders_and_names_in_another_script_change_nothing() -> None:
    assert language_of(f"<PERSON:k7qx> {SAID['de']} <EMAIL_ADDRESS> রহিম") == "de"
    assert language_of("<THE_AND_OF:k7qx>") == "und"


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert language_of("x " * 10_000 + SAID["en"]) == "und"
