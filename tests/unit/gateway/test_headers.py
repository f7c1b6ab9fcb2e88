"""Which headers travel."""

from transom.gateway import headers
from transom.gateway.routes import Target
from transom.gateway.upstream import RawHeaders, parse_origin

TARGET = Target("openai", parse_origin("https://api.openai.com"), b"/v1/chat/completions")
SENT = [
    (b"host", b"localhost:4000"),
    (b"authorization", b"Bearer client"),
    (b"connection", b"keep-alive, x-private"),
    (b"x-private", b"1"),
    (b"te", b"trailers"),
    (b"transfer-encoding", b"chunked"),
    (b"x-transom-user", b"ada"),
    (b"helicone-auth", b"Bearer helicone"),
    (b"openai-beta", b"assistants=v2"),
    (b"accept-encoding", b"gzip"),
    (b"openai-beta", b"twice"),
]


def to_provider(sent: RawHeaders, target: Target, length: int | None) -> RawHeaders:
    return headers.to_provider(sent, dict(sent), target, length)


def test_hop_by_hop_ours_and_helicones_stay_the_rest_goes_in_order():
    assert to_provider(SENT, TARGET, 12) == [
        (b"authorization", b"Bearer client"),
        (b"openai-beta", b"assistants=v2"),
        (b"accept-encoding", b"gzip"),
        (b"openai-beta", b"twice"),
        (b"content-length", b"12"),
    ]


def test_a_held_key_takes_the_place_of_every_credential_of_the_client():
    held = Target("anthropic", TARGET.origin, b"/v1/messages", api_key="held")
    sent = [*SENT, (b"x-api-key", b"client"), (b"api-key", b"client")]
    forwarded = to_provider(sent, held, None)
    assert (b"x-api-key", b"held") in forwarded
    assert not any(b"client" in value for _, value in forwarded)


def test_the_provider_headers_reach_the_client_with_their_case_and_order():
    answer = [
        (b"X-Request-Id", b"r"),
        (b"Connection", b"close, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
    ]
    by_name = {name.lower(): value for name, value in answer}
    assert headers.to_client(answer, by_name) == [(b"X-Request-Id", b"r"), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b")]


def test_no_credential_is_recorded():
    recorded = headers.recorded_request(
        [*SENT, (b"x-request-id", b"r"), (b"cookie", b"c"), (b"helicone-property-a", b"b")]
    )
    assert recorded == [("x-transom-user", "ada"), ("x-request-id", "r"), ("helicone-property-a", "b")]


def test_the_credential_is_the_same_with_and_without_its_scheme():
    assert headers.credential({b"authorization": b"Bearer abc"}) == b"abc"
    assert headers.credential({b"x-api-key": b"abc"}) == b"abc"
    assert headers.credential({b"authorization": b"Bearer "}) is None
    assert headers.credential({}) is None


def test_the_admin_pages_cookies_stay_here():
    both = [(b"cookie", b"a=1; transom_session=secret; b=2")]
    assert to_provider(both, TARGET, None) == [(b"cookie", b"a=1; b=2")]
    assert to_provider([(b"cookie", b"transom_login=x")], TARGET, None) == []


def test_a_provider_that_a_route_chose_never_sees_the_caller_s_credentials():
    chosen = Target("local", TARGET.origin, b"/v1/chat/completions", route="fast", addressed=False)
    sent = [*SENT, (b"x-api-key", b"client"), (b"cookie", b"session=client")]
    forwarded = to_provider(sent, chosen, None)
    assert not any(b"client" in value for _, value in forwarded)
    assert (b"openai-beta", b"twice") in forwarded


def test_a_chosen_provider_gets_no_key_in_the_query_either():
    chosen = Target("groq", parse_origin("http://x"), b"/v1", addressed=False)
    query = b"alt=sse&key=client&API_KEY=client&a%70i-key=client&access_token=client"
    assert headers.query_to_provider(query, chosen) == b"alt=sse"
    assert headers.query_to_provider(query, TARGET) == query


def test_the_translator_gets_the_caller_s_key_as_a_bearer():
    target = Target("claude", parse_origin("http://x"), b"/v1", wire="anthropic", translated=True)
    assert to_provider([(b"x-api-key", b"client")], target, None) == [(b"authorization", b"Bearer client")]
    aws = Target("aws", parse_origin("http://x"), b"/v1", wire="bedrock", translated=True)
    assert to_provider([(b"x-api-key", b"client")], aws, None) == []


def test_what_is_recorded_of_an_answer_is_on_a_list():
    named = {b"content-type": b"text/plain", b"set-cookie": b"a", b"x-request-id": b"r"}
    assert headers.recorded_response(named) == [("content-type", "text/plain"), ("x-request-id", "r")]
