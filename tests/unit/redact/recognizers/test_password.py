"""Secrets that are named: in prose, assignments, forms, and in several languages."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.password import PASSWORD, is_secret_of, names_secret


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my password is hunter2!", "hunter2"),
        ("password hunter2", "hunter2"),
        ('password="correct-horse"', "correct-horse"),
        ("api_key=abcd1234", "abcd1234"),
        ("'client_secret': 'q8w7e6r5'", "q8w7e6r5"),
        ("the PIN is 4821.", "4821"),
        ("pwd: P@ssw0rd", "P@ssw0rd"),
        ("The passcode was changed to blue42fish", "blue42fish"),
        ("the password for the admin account is Tiger#99, ok?", "Tiger#99"),
        ("use Tiger#99 as the admin password", "Tiger#99"),
        ("Password: letmein\n", "letmein"),
        ("DB_PASSWORD=letmein", "letmein"),
        ("<password>s3cretX</password>", "s3cretX"),
        ("**Password:** hunter22", "hunter22"),
        ("| Password | hunter22 |", "hunter22"),
        ("os.environ['API_KEY'] = 'abcd1234efgh'", "abcd1234efgh"),
        ("Server=db;Password=x9Y8z7;Encrypt=True", "x9Y8z7"),
        ("Server=db;Password=CeHkGKCjP;Encrypt=True", "CeHkGKCjP"),
        ("?password=x9Y8z7&next=1", "x9Y8z7"),
        ("password is “blue42”", "blue42"),
        ("verification code is 482-913", "482-913"),
        ("OTP 482913", "482913"),
        ("use 4821 as the PIN", "4821"),
        ("Mein Passwort ist blau42", "blau42"),
        ("mot de passe : bleu42", "bleu42"),
        ("пароль: синий42", "синий42"),
        ("the password you asked for: Tiger#99", "Tiger#99"),
        ("here's my password - Tiger#99", "Tiger#99"),
        ("it's Tiger#99 (my password)", "Tiger#99"),
        ("Password\nTiger#99", "Tiger#99"),
        ("new pw Tiger#99", "Tiger#99"),
        ('{\\"password\\": \\"Tiger#99\\"}', "Tiger#99"),
        ("password%3DTiger#99", "Tiger#99"),
        ("the key k3Jd92mXz81LqPw0 stopped working", "k3Jd92mXz81LqPw0"),
        ("--api-key k3Jd92mXz81LqPw0", "k3Jd92mXz81LqPw0"),
        ("STAGING_KEY=aB3dE5gH7jK9mN1p", "aB3dE5gH7jK9mN1p"),
    ],
)
def test_finds(taken, text, value):
    assert taken(PASSWORD, text) == [value]


@pytest.mark.parametrize("around", ['api_key="{}"', "API_KEY={}"])
def test_finds_long_values_whole(taken, around):
    value = "aB3/" * 200
    assert taken(PASSWORD, around.format(value)) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "password: string",
        'api_key=os.environ["KEY"]',
        "token: str",
        "max_tokens: 1024",
        "prompt tokens 12345678",
        '"token": "Hello", "logprob": -0.1',
        "password reset for everyone",
        "the secret is out",
        "api_key=YOUR_API_KEY(1)",
        "password: ********",
        "password is required",
        "pin the version",
        "token_type: bearer",
        "tests pass: 100%",
        "status code: 404",
        "the key is to keep calm",
        "password=password, token=token",
        "password: ${DB_PASSWORD}",
        "if password == confirm1: pass",
        "GPIO pin 13",
        'currentPassword:"",newPassword:""',
        "tests pass v2.1",
        '"ChangeToken": "abcd12f2-46da-4fdb-b8d5-fbd4c466928f"',
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyDatabase-a1b2c3",
        "password policy - 12 characters",
        "password \ufffc",
    ],
)
def test_leaves(taken, text):
    assert taken(PASSWORD, text) == []


@pytest.mark.parametrize(("key", "named"), [("DEPLOY_TOKEN", True), ("sessionSecret", True), ("token_type", False)])
def test_a_key_names_a_secret_at_its_end(key, named):
    assert names_secret(key) is named


def test_the_value_of_a_key_must_look_like_a_secret():
    assert is_secret_of("deploy_token", "9f8K" + "aX72" + "mQ1z" + "Lp40")
    assert not is_secret_of("deploy_token", "created by the pipeline")
    assert not is_secret_of("sort_key", "9f8K" + "aX72" + "mQ1z" + "Lp40")
