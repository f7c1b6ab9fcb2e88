"""Secrets in the forms that their issuers document, and what looks like them and is none.

Every value is made of random characters at run time, from a fixed seed: none is or was anybody's. Prefixes stand in
pieces, so that no scanner of source code takes this file for a leak. `secrets` gives texts with one secret each,
`harmless` texts with none.
"""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HARMLESS = Path(__file__).with_name("harmless.txt")

DIGITS, LOWER, UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
ALNUM = string.ascii_letters + DIGITS
HEX = DIGITS + "abcdef"
URL64 = ALNUM + "-_"
BASE64 = ALNUM + "+/"
BASE36 = LOWER + DIGITS

Make = Callable[[random.Random], str]


class Planted(NamedTuple):
    """A text in which `text[start:end]` is a secret of the form named `form`, told in the manner named `manner`."""

    text: str
    start: int
    end: int
    form: str
    manner: str


def some(alphabet: str, count: int) -> Make:
    """So many characters of an alphabet."""
    return lambda chance: "".join(chance.choices(alphabet, k=count))


def form(*pieces: str | Make) -> Make:
    """Pieces one after the other: what is fixed, and what is made."""
    return lambda chance: "".join(piece if isinstance(piece, str) else piece(chance) for piece in pieces)


def _jwt(chance: random.Random) -> str:
    parts: list[dict[str, str | int]] = [
        {"alg": "HS256", "typ": "JWT"},
        {"sub": some(DIGITS, 10)(chance), "iat": 1700000000},
    ]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, some(URL64, 43)(chance)])


def _pem(kind: str) -> Make:
    def make(chance: random.Random) -> str:
        lines = [some(BASE64, 64)(chance) for _ in range(chance.randint(3, 24))]
        return "\n".join([f"-----BEGIN {kind}-----", *lines, some(BASE64, 20)(chance) + "==", f"-----END {kind}-----"])

    return make


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


TOKENS: dict[str, Make] = {
    "openai": form("sk", "-", some(ALNUM, 20), "T3Blbk", "FJ", some(ALNUM, 20)),
    "openai_project": form("sk", "-proj-", some(URL64, 74), "T3Blbk", "FJ", some(URL64, 74)),
    "openai_service": form("sk", "-svcacct-", some(URL64, 58), "T3Blbk", "FJ", some(URL64, 58)),
    "anthropic": form("sk", "-ant-api03-", some(URL64, 93), "AA"),
    "anthropic_admin": form("sk", "-ant-admin01-", some(URL64, 93), "AA"),
    "openrouter": form("sk", "-or-v1-", some(HEX, 64)),
    "deepseek": form("sk", "-", some(HEX, 32)),
    "groq": form("gs", "k_", some(ALNUM, 52)),
    "xai": form("xa", "i-", some(ALNUM, 80)),
    "replicate": form("r", "8_", some(ALNUM, 37)),
    "perplexity": form("pp", "lx-", some(ALNUM, 48)),
    "huggingface": form("h", "f_", some(string.ascii_letters, 34)),
    "nvidia": form("nv", "api-", some(URL64, 64)),
    "elevenlabs": form("s", "k_", some(HEX, 48)),
    "langsmith": form("ls", "v2_pt_", some(HEX, 32), "_", some(HEX, 10)),
    "pinecone": form("pc", "sk_", some(ALNUM, 6), "_", some(ALNUM, 62)),
    "tavily": form("tv", "ly-", some(ALNUM, 32)),
    "aws_access_key": form("AK", "IA", some(UPPER + "234567", 16)),
    "aws_temporary_key": form("AS", "IA", some(UPPER + "234567", 16)),
    "aws_bedrock": form("AB", "SK", some(BASE64, 128)),
    "azure_entra": form(some(ALNUM, 3), "8", "Q~", some(ALNUM + "~.-_", 34)),
    "azure_annotated": form(some(ALNUM, 52), "JQQJ", "99", some(ALNUM, 26)),
    "azure_devops": form(some(ALNUM, 76), "AZ", "DO", some(ALNUM, 4)),
    "google_api": form("AI", "za", some(URL64, 35)),
    "google_oauth": form("ya", "29.", some(URL64, 120)),
    "google_client": form("GOC", "SPX-", some(URL64, 28)),
    "google_refresh": form("1", "//0", some(URL64, 60)),
    "github": form("gh", "p_", some(ALNUM, 36)),
    "github_actions": form("gh", "s_", some(ALNUM, 36)),
    "github_fine": form("github", "_pat_", some(ALNUM, 22), "_", some(ALNUM, 59)),
    "gitlab": form("gl", "pat-", some(URL64, 20)),
    "gitlab_routable": form("gl", "pat-", some(URL64, 27), ".01.", some(BASE36, 9)),
    "gitlab_runner": form("gl", "rt-", some(URL64, 20)),
    "gitlab_deploy": form("gl", "dt-", some(URL64, 20)),
    "slack_bot": form("xo", "xb-", some(DIGITS, 12), "-", some(DIGITS, 12), "-", some(ALNUM, 24)),
    "slack_user": form("xo", "xp-", some(DIGITS, 12), "-", some(DIGITS, 12), "-", some(DIGITS, 12), "-", some(HEX, 32)),
    "slack_app": form("xa", "pp-1-A", some(UPPER + DIGITS, 10), "-", some(DIGITS, 13), "-", some(HEX, 64)),
    "stripe": form("sk", "_live_", some(ALNUM, 24)),
    "stripe_restricted": form("rk", "_live_", some(ALNUM, 99)),
    "stripe_webhook": form("wh", "sec_", some(ALNUM, 32)),
    "razorpay": form("rzp", "_live_", some(ALNUM, 14)),
    "twilio": form("S", "K", some(HEX, 32)),
    "sendgrid": form("S", "G.", some(URL64, 22), ".", some(URL64, 43)),
    "brevo": form("xkey", "sib-", some(HEX, 64), "-", some(ALNUM, 16)),
    "mailchimp": form(some(HEX, 32), "-us", "21"),
    "npm": form("np", "m_", some(ALNUM, 36)),
    "pypi": form("py", "pi-AgEI", "cHlwaS5vcmc", some(URL64, 150)),
    "rubygems": form("ruby", "gems_", some(HEX, 48)),
    "docker": form("dckr", "_pat_", some(URL64, 27)),
    "telegram": form(some(DIGITS, 10), ":", "AA", some(URL64, 33)),
    "discord": form("M", some(ALNUM, 25), ".", some(ALNUM, 6), ".", some(URL64, 38)),
    "digitalocean": form("do", "p_v1_", some(HEX, 64)),
    "databricks": form("da", "pi", some(HEX, 32)),
    "supabase": form("sb", "p_", some(HEX, 40)),
    "vault": form("hv", "s.", some(URL64, 95)),
    "terraform": form(some(ALNUM, 14), ".atlas", "v1.", some(URL64, 67)),
    "grafana": form("gl", "sa_", some(ALNUM, 32), "_", some(HEX, 8)),
    "new_relic": form("NR", "AK-", some(UPPER + DIGITS, 27)),
    "sentry": form("sn", "tryu_", some(HEX, 64)),
    "shopify": form("sh", "pat_", some(HEX, 32)),
    "square": form("sq", "0atp-", some(URL64, 22)),
    "notion": form("nt", "n_", some(DIGITS, 11), some(ALNUM, 35)),
    "linear": form("lin", "_api_", some(ALNUM, 40)),
    "figma": form("fig", "d_", some(URL64, 40)),
    "airtable": form("pa", "t", some(ALNUM, 14), ".", some(HEX, 64)),
    "hubspot": form("pa", "t-na1-", _uuid),
    "atlassian": form("AT", "ATT3xFfGF0", some(URL64, 170), "=", some(UPPER + DIGITS, 8)),
    "postman": form("PM", "AK-", some(HEX, 24), "-", some(HEX, 34)),
    "tailscale": form("ts", "key-auth-", some(ALNUM, 12), "-", some(ALNUM, 32)),
    "jwt": _jwt,
}
"""Told by themselves, wherever they stand."""

NAMED: dict[str, tuple[tuple[str, ...], Make]] = {
    "aws_secret": (("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "SecretAccessKey"), some(BASE64, 40)),
    "azure_storage": (("AZURE_STORAGE_KEY", "AccountKey", "account_key"), form(some(BASE64, 86), "==")),
    "azure_openai": (("AZURE_OPENAI_API_KEY", "api-key", "Ocp-Apim-Subscription-Key"), some(HEX, 32)),
    "twilio_auth": (("TWILIO_AUTH_TOKEN", "auth_token", "authToken"), some(HEX, 32)),
    "datadog": (("DD_API_KEY", "DATADOG_API_KEY", "x-api-key"), some(HEX, 32)),
    "cloudflare": (("CLOUDFLARE_API_TOKEN", "CF_API_KEY"), some(URL64, 40)),
    "heroku": (("HEROKU_API_KEY", "heroku_api_key"), _uuid),
    "cohere": (("COHERE_API_KEY", "cohereApiKey"), some(ALNUM, 40)),
    "django": (("SECRET_KEY", "DJANGO_SECRET_KEY"), some(BASE36 + "!@#%^&*-_=+", 50)),
    "signing": (("JWT_SECRET", "SLACK_SIGNING_SECRET", "session_secret", "cookieSecret"), some(HEX, 32)),
    "client_secret": (("OAUTH_CLIENT_SECRET", "client_secret", "clientSecret"), some(URL64, 32)),
    "encryption": (("ENCRYPTION_KEY", "FERNET_KEY", "MASTER_KEY", "vault_key"), form(some(URL64, 43), "=")),
    "generic": (("ACME_API_KEY", "PARTNER_TOKEN", "internalApiKey", "bot_token", "STAGING_KEY"), some(ALNUM, 24)),
    "short": (("SMS_API_KEY", "apiKey", "access_token"), some(BASE36, 12)),
}
"""Told by the name before them."""

_WORDS = ["tiger", "maple", "falcon", "winter", "copper", "orchid", "rocket", "monsoon", "velvet", "harbor"]


def _password(chance: random.Random) -> str:
    word = chance.choice(_WORDS)
    return chance.choice([
        word.title() + chance.choice("!@#$%*?") + some(DIGITS, chance.randint(2, 4))(chance),
        word + some(DIGITS, chance.randint(2, 4))(chance),
        some(ALNUM, 4)(chance) + chance.choice("!@#$%^*") + some(ALNUM, 5)(chance) + chance.choice(DIGITS),
        word.replace("e", "3").replace("a", "@").title() + chance.choice(DIGITS),
        some(DIGITS, 8)(chance),
    ])  # fmt: skip


def _pin(chance: random.Random) -> str:
    return some(DIGITS, chance.choice([4, 6]))(chance)


PROSE = [
    "my password is {}", "The password for the staging server is {} and it expires on Friday.", "Password: {}",
    "password = {}", "log in as admin with the password {}", "Use {} as the password, please.", "pw: {}",
    "I changed my password to {} yesterday", "the wifi password's {}", "My Netflix password was {}, change it",
    "User: bob\nPass: {}\n", "username alice, password {}", "**Password:** `{}`", "| password | {} |",
    "It says wrong password, but {} is my password!", "passphrase: {}", "The passcode has been reset to {}.",
    "set the root password to {}", "Mein Passwort ist {}", "mot de passe : {}", "La contraseña es {}",
    "A senha é {}", "আমার পাসওয়ার্ড {}", "मेरा पासवर्ड है {}", "the db password should be {}", "password -> {}",
    "sshpass -p '{}' ssh deploy@web1", "mysql -u root -p{} shop", "--password={} --user=root", "PGPASSWORD={} psql",
    "<password>{}</password>", '<add key="DbPassword" value="{}" />', "Server=db1;User Id=sa;Password={};Encrypt=True",
    "net user bob {} /add  # password: {}", "machine api.example.com login bob password {}",
]  # fmt: skip
PINS = [
    "my PIN is {}", "The verification code is {}.", "OTP: {}", "Your one-time code is {}", "security code {}",
    "the alarm code is {}", "CVV {}", "your login code: {}", "use {} as the PIN", "2FA code {}", "ওটিপি {}",
]  # fmt: skip
AROUND = {
    "alone": "{}",
    "prose": "hi, I think our key {} was leaked in the ticket yesterday, can you rotate it?",
    "sentence end": "The token we used is {}.",
    "code": 'client = Client(api_key="{}", timeout=30)',
    "javascript": "const client = new Client({{ token: '{}' }});",
    "comment": "# old: {}\n",
    "log": "2026-03-01T10:22:31Z WARN auth rejected credential {} for 12 requests",
    "json": '{{"id": 7, "value": "{}"}}',
    "compact json": '{{"a":1,"b":["{}"],"c":null}}',
    "env": "FOO=1\nTHE_THING={}\nBAR=2",
    "yaml": "service:\n  value: {}\n  replicas: 2",
    "bearer": "Authorization: Bearer {}",
    "curl": "curl https://api.example.com/v1/x -H 'Authorization: Bearer {}' -d '{{}}'",
    "url": "https://api.example.com/v1/items?limit=10&token={}&page=2",
    "traceback": '  File "app.py", line 31, in call\n    raise AuthError(f"bad key {}")\nAuthError: 401',
    "markdown": "Run it with `{}` and see.",
    "diff": "-old\n+  auth: {}\n",
}
"""`{{` and `}}` are braces."""
ASSIGNED = {
    "env": "{name}={value}\n",
    "export": 'export {name}="{value}"',
    "dotenv quoted": "{name}='{value}'",
    "python": '{name} = "{value}"',
    "environ": 'os.environ["{name}"] = "{value}"',
    "json": '{{"{name}": "{value}", "retries": 3}}',
    "yaml": "  {name}: {value}\n",
    "keyword": "connect(host, {name}='{value}')",
    "javascript": "{name}: '{value}',",
    "header": "{name}: {value}",
    "prose": "our {name} is {value}, keep it safe",
    "toml": '{name} = "{value}"\nregion = "eu"',
    "docker": "docker run -e {name}={value} -p 80:80 web",
    "log": "config loaded {name}={value} debug=false",
}
CONNECTIONS = {
    "postgres": "postgresql://app:{}@db.internal:5432/shop",
    "mysql": "mysql+pymysql://root:{}@10.2.3.4/shop?charset=utf8",
    "mongodb": "mongodb+srv://app:{}@cluster0.abcde.example.net/?retryWrites=true",
    "redis": "redis://:{}@cache:6379/0",
    "amqp": "amqp://guest:{}@rabbit:5672//",
    "https": "https://bob:{}@git.example.com/team/repo.git",
    "sqlserver": "Server=tcp:db.example.net,1433;Initial Catalog=shop;User ID=sa;Password={};Encrypt=True;",
    "odbc": "DRIVER={{ODBC Driver 18}};SERVER=db;UID=sa;PWD={};",
    "service bus": "Endpoint=sb://x.example.net/;SharedAccessKeyName=Root;SharedAccessKey={};EntityPath=q",
    "curl": "curl -u bob:{} https://api.example.com/v1/me",
    "jdbc": "jdbc:postgresql://db:5432/shop?user=app&password={}",
}
KEYS = (
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
)


def secrets(seed: int = 0) -> Iterator[Planted]:
    """About 2,400 texts, the same for the same seed."""
    chance = random.Random(seed)
    for name, make in TOKENS.items():
        for manner, template in AROUND.items():
            yield _planted(template, make(chance), name, manner)
    for name, (labels, make) in NAMED.items():
        for manner, template in ASSIGNED.items():
            yield _planted(
                template.replace("{name}", chance.choice(labels)).replace("{value}", "{}"), make(chance), name, manner
            )
    for manner in PROSE * 5:
        yield _planted(manner, _password(chance), "password", manner)
    for manner in PINS * 3:
        yield _planted(manner, _pin(chance), "pin", manner)
    for manner, template in CONNECTIONS.items():
        for _ in range(5):
            yield _planted(template, some(ALNUM, chance.randint(8, 24))(chance), "connection", manner)
    for kind in KEYS:
        for template in ("{}", "the key:\n{}\nthanks", "KEY = '''{}'''"):
            yield _planted(template, _pem(kind)(chance), "private_key", template)
            yield _planted(template, _pem(kind)(chance).replace("\n", "\\n"), "private_key", template + " on one line")
    for _ in range(10):
        basic = base64.b64encode(f"bob:{_password(chance)}".encode()).decode()
        yield _planted("GET / HTTP/1.1\r\nAuthorization: Basic {}\r\nHost: x\r\n", basic, "basic", "header")
        yield _planted("Set-Cookie: sid={}; Path=/; HttpOnly", some(ALNUM, 32)(chance), "cookie", "header")


def _planted(template: str, value: str, name: str, manner: str) -> Planted:
    """The value at the last `{}`, and something like it at the others."""
    head, tail = template.replace("{{", "\x01").replace("}}", "\x02").rsplit("{}", 1)
    head, tail = (part.replace("\x01", "{").replace("\x02", "}").replace("{}", "X") for part in (head, tail))
    return Planted(head + value + tail, len(head), len(head) + len(value), name, manner)


def harmless(seed: int = 0) -> Iterator[str]:
    """Texts that hold identifiers, digests, versions and stand-ins, and nothing to redact."""
    chance = random.Random(seed)
    sha, md5, commit = some(HEX, 64), some(HEX, 32), some(HEX, 40)
    for _ in range(10):
        yield f"request_id={_uuid(chance)} trace={md5(chance)} span={some(HEX, 16)(chance)}"
        yield f"commit {commit(chance)}\nMerge: {some(HEX, 7)(chance)} {some(HEX, 7)(chance)}"
        yield f'"integrity": "sha512-{some(BASE64, 86)(chance)}=="'
        yield f"sha256:{sha(chance)}  dist/app-1.4.{chance.randint(0, 99)}-py3-none-any.whl"
        yield f'etag: W/"{md5(chance)}"\ncontent-length: {chance.randint(100, 99999)}'
        yield f"![logo](img/{md5(chance)}.png) and app.{some(HEX, 8)(chance)}.chunk.js"
        yield json.dumps(
            {"id": "chatcmpl-" + some(ALNUM, 29)(chance), "system_fingerprint": "fp_" + some(HEX, 10)(chance)}
        )
        yield json.dumps(
            {"id": "msg_01" + some(ALNUM, 22)(chance), "tool_use_id": "toolu_01" + some(ALNUM, 22)(chance)}
        )
        yield json.dumps({"id": "call_" + some(ALNUM, 24)(chance), "run": "run_" + some(ALNUM, 24)(chance)})
        yield json.dumps(
            {"next_page_token": some(URL64, 24)(chance), "cache_key": md5(chance), "primary_key": _uuid(chance)}
        )
        yield f"model=gpt-4o-2024-08-06 prompt_tokens={chance.randint(10, 9999)} completion_tokens=77 total_tokens=1024"
        yield f"img = 'iVBORw0KGgo{some(BASE64, 300)(chance)}'"
    yield from HARMLESS.read_text().splitlines()
