"""Keys and tokens that are told by what their issuer puts into them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_LONG = re.compile(r"\s[^\s\ufffc]{16,}")
_LONG_START = re.compile(r"[^\s\ufffc]{16,}")
"""No token is shorter, and most words are."""

_FORMS = (
    # Language models: OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse, LiteLLM and more begin with `sk-`; ElevenLabs,
    # Stripe, Clerk and Paystack with `sk_`; then Groq, xAI, Replicate, Perplexity, Cerebras, Hugging Face, NVIDIA,
    # Together, Fireworks, LangSmith, Tavily, Pinecone, Jina, LlamaCloud, E2B, Firecrawl, Weights & Biases.
    r"sk-[\w-]{16,}|sk_[A-Za-z0-9_]{16,}|sess-[A-Za-z0-9]{40}",
    r"gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{20,}|csk-[a-z0-9]{40,}",
    r"hf_[A-Za-z0-9]{20,}|api_org_[A-Za-z0-9]{30,}|nvapi-[\w-]{40,}|tgp_v1_[\w-]{40,}|fw_[A-Za-z0-9]{22,}",
    r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|tvly-[\w-]{28,}|pcsk_[A-Za-z0-9_]{40,}|jina_[A-Za-z0-9_-]{40,}",
    r"llx-[A-Za-z0-9]{40,}|e2b_[a-f0-9]{40}|fc-[a-f0-9]{32}|wandb_v1_[\w-]{40,}",
    # Clouds: AWS, Google, Alibaba, Tencent, Yandex, DigitalOcean, Heroku, Fly, Render, Netlify, Vercel, Supabase,
    # Databricks, PlanetScale, Cloudflare, Dynatrace.
    r"(?:A(?:KIA|SIA|BIA|CCA|GPA|IDA|ROA)|A3T[A-Z0-9])[0-9A-Z]{16}(?![0-9A-Z])",
    r"ABSK[A-Za-z0-9+/]{60,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{20,}",
    r"AIza[\w-]{30,}|ya29\.[\w.-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,}",
    r"LTAI[A-Za-z0-9]{16,}|AKID[A-Za-z0-9]{32}|AQVN[\w-]{35,}|y0_[\w-]{50,}",
    r"do[opr]_v1_[a-f0-9]{40,}|HRKU-[\w-]{36,}|fo1_[\w-]{40,}|fm[12][ar]?_[A-Za-z0-9+/=]{60,}|rnd_[A-Za-z0-9]{28,}",
    r"nf[pcou]_[A-Za-z0-9]{36,}|vc[pikr]_[A-Za-z0-9]{24,}|sbp_[a-f0-9]{40}|sb_secret_[\w-]{20,}|dapi[a-f0-9]{32}(?:-[0-9])?",
    r"pscale_(?:tkn|oauth|pw)_[\w.=-]{32,}|v1\.0-[a-f0-9]{24}-[a-f0-9]{100,}|dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}",
    # Code: GitHub, GitLab, Atlassian, npm, PyPI, RubyGems, NuGet, crates.io, Docker, Clojars, Artifactory, CircleCI,
    # Buildkite, Sonar, Sourcegraph, Postman, Pulumi, Vault, Doppler, Tailscale, OpenShift, 1Password, age.
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}",
    r"gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-[\w.-]{16,}|GR1348941[\w-]{20}",
    r"AT(?:ATT3|CTT3|BB)[\w=-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{16,}|rubygems_[a-f0-9]{48}",
    r"oy2[a-z0-9]{43}|cio[A-Za-z0-9]{32}(?![A-Za-z0-9])|dckr_[po]at_[\w-]{20,}|CLOJARS_[a-z0-9]{60}",
    r"AKCp[A-Za-z0-9]{60,}|cmVmd[A-Za-z0-9]{59}|CCIPAT_[\w-]{40,}|bkua_[a-f0-9]{40}|sq[upa]_[a-f0-9]{40}",
    r"sgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|pul-[a-f0-9]{40}",
    r"hv[sbr]\.[\w-]{24,}|dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}|tskey-[a-z]{2,12}-[\w-]{16,}",
    r"sha256~[\w-]{43}|ops_eyJ[\w+/=]{80,}|AGE-SECRET-KEY-1[A-Z0-9]{58}",
    r"A3-[A-Z0-9]{6}-[A-Z0-9]{6,11}-(?:[A-Z0-9]{5}-){2,3}[A-Z0-9]{5}",
    # Monitoring: Grafana, New Relic, Sentry, PostHog. Messages and mail: Slack, Telegram, Discord, Twilio, SendGrid,
    # Brevo, Resend, Meta, X.
    r"glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}|glc_[A-Za-z0-9+/=]{32,}|NR(?:AK|II|JS|AA|BR)-[A-Za-z0-9-]{19,}",
    r"sntry[su]_[\w+/=-]{40,}|phx_[A-Za-z0-9]{40,}",
    r"xox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|x(?:app|wfp)-[A-Za-z0-9-]{10,}",
    r"[0-9]{8,10}:AA[\w-]{32,}|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}|mfa\.[\w-]{80,}",
    r"(?:SK|AC)[a-fA-F0-9]{32}(?![A-Za-z0-9])|SG\.[\w-]{16,}\.[\w-]{16,}|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
    r"re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,}|EAA[A-Z][A-Za-z0-9]{60,}|A{20,24}[A-Za-z0-9]{5,40}%[\w%]{30,}",
    # Payments and shops: Stripe, Razorpay, Shopify, Square, Flutterwave, Plaid, EasyPost, Shippo, Duffel, Lob.
    r"rk_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|rzp_(?:live|test)_[A-Za-z0-9]{14,}",
    r"shp(?:at|ca|pa|ss|tka)_[a-fA-F0-9]{32}|sq0(?:atp|csp|idp)-[\w-]{22,}|FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,}(?:-X)?",
    r"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|EZ[AT]K[A-Za-z0-9]{54}",
    r"(?:shippo|duffel)_(?:live|test)_[\w=-]{40,}|(?:live|test)_[a-f0-9]{35}(?![a-f0-9])",
    # Work: Notion, Linear, Figma, Airtable, HubSpot, Contentful, Typeform, ReadMe, Prefect, Octopus, Dropbox.
    r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}|lin_(?:api|oauth)_[A-Za-z0-9]{40,}|figd_[\w-]{36,}",
    r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}|pat-(?:na|eu)[0-9]-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"CFPAT-[\w-]{40,}|tfp_[\w.-]{40,}|rdme_[a-z0-9]{70}|pnu_[A-Za-z0-9]{36}|API-[A-Z0-9]{26}(?![A-Z0-9])|sl\.[\w=-]{100,}",
    # Adobe, Infracost, Frame.io, Harness, Scalingo, SettleMint, 42, ClickHouse, Grafana's older keys.
    r"p8e-[A-Za-z0-9]{32}|ico-[A-Za-z0-9]{32}|fio-u-[\w=-]{64}|[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}",
    r"tk-us-[\w-]{48}|sm_[aps]at_[A-Za-z0-9]{16}|s-s4t2(?:ud|af)-[a-f0-9]{64}|4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])",
    r"eyJrIjoi[A-Za-z0-9+/]{60,}={0,3}",
    # JSON web tokens, signed (RFC 7515, three parts) or encrypted (RFC 7516, five).
    r"(?<![_-])eyJ[\w-]{8,8000}\.(?:[\w-]{4,16000}|(?=\.))(?:\.[\w-]{0,16000}){0,3}",
)
_ISSUED = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_FORMS)})")
"""What the issuers document; gitleaks, detect-secrets and TruffleHog list the same forms (read in 2026-11)."""

_MARKED = re.compile(
    r"(?<![\w.~-])[\w.~]{3}[0-9]Q~[\w.~-]{31,34}"  # Microsoft Entra client secrets
    r"|(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"  # Azure DevOps
    r"|(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}"  # Azure's common annotated keys
    r"|(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}"  # HCP Terraform
    r"|(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"  # MaxMind
    r"|(?<![A-Za-z0-9])[a-f0-9]{32}-us[0-9]{1,2}(?![0-9])"  # Mailchimp
)
_MARKS = ("Q~", "AZDO", "JQQJ99", ".atlasv1.", "_mmk", "-us")
_LOOSE = ("sk-", "sk_")
"""Begin CSS classes and names in code too."""
_RANDOM = re.compile(r"[A-Za-z0-9]{20}|(?=[A-Za-z0-9]{12})(?:[A-Za-z]{0,11}[0-9]{1,11}){3}")


def find(text: str) -> Iterator[Finding]:
    """Whole tokens, wherever they stand: in prose, code, URLs, headers."""
    start = _LONG_START.match(text)
    for word in (*([start] if start else ()), *_LONG.finditer(text)):
        for match in _ISSUED.finditer(text, *word.span()):
            if not match.group().startswith(_LOOSE) or _RANDOM.search(match.group(), 3):
                yield Finding(match.start(), match.end(), "SECRET", 1.0)
        if any(mark in word.group() for mark in _MARKS):
            for match in _MARKED.finditer(text, *word.span()):
                yield Finding(match.start(), match.end(), "SECRET", 1.0)


TOKEN = Recognizer("token", ("SECRET",), find)
