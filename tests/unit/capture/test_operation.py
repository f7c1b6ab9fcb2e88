import pytest

from transom.capture.operation import classify
from transom.types import Operation

CASES = [
    ("POST", "/v1/chat/completions", Operation.CHAT, "chat"),
    ("POST", "/chat/completions/", Operation.CHAT, "chat"),
    ("POST", "/groq/openai/v1/chat/completions", Operation.CHAT, "chat"),
    ("POST", "/v1/completions", Operation.TEXT_COMPLETION, "completions"),
    ("POST", "/v1/fim/completions", Operation.TEXT_COMPLETION, "completions"),
    ("POST", "/v1/embeddings", Operation.EMBEDDINGS, "embeddings"),
    ("POST", "/v2/embed", Operation.EMBEDDINGS, "embeddings"),
    ("POST", "/v1/responses", Operation.RESPONSES, "responses"),
    ("POST", "/anthropic/v1/messages", Operation.MESSAGES, "messages"),
    ("POST", "/v1/messages/count_tokens", Operation.OTHER, None),
    ("POST", "/v1/rerank", Operation.RERANK, "rerank"),
    ("POST", "/v1/chat", Operation.CHAT, "cohere_v1"),
    ("POST", "/cohere/v2/chat", Operation.CHAT, "cohere_v2"),
    ("POST", "/api/chat", Operation.CHAT, "ollama_chat"),
    ("POST", "/api/generate", Operation.TEXT_COMPLETION, "ollama_generate"),
    ("POST", "/v1/images/generations", Operation.IMAGES, "images"),
    ("GET", "/v1/models", Operation.MODELS, "models"),
    ("POST", "/v1/threads/thread_1/messages", Operation.ASSISTANTS, "assistants"),
    ("DELETE", "/v1/assistants/asst_1", Operation.ASSISTANTS, "assistants"),
    ("GET", "/v1/chat/completions", Operation.OTHER, None),
    ("POST", "/v1/audio/transcriptions", Operation.OTHER, None),
    ("POST", "/", Operation.OTHER, None),
]


@pytest.mark.parametrize(("method", "path", "operation", "wire"), CASES)
def test_operation(method, path, operation, wire):
    endpoint = classify(method, path)
    assert (endpoint.operation, endpoint.wire) == (operation, wire)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/threads/thread_abc/runs/run_x", "/v1/threads/{id}/runs/{id}"),
        ("/v1/responses/resp_1?include=x", "/v1/responses/{id}"),
        ("/openai/deployments/marys-model/chat/completions", "/openai/deployments/{id}/chat/completions"),
        ("/v1/customers/mary.smith@example.org", "/v1/{id}/{id}"),
        ("/v1/mary-smith/Chat", "/v1/{id}/{id}"),
        ("//v1//models/", "/v1/models"),
        ("/", "/"),
    ],
)
def test_templates_keep_only_words_of_the_protocol(path, template):
    assert classify("GET", path).path == template


def test_the_provider_may_stand_first():
    assert classify("POST", "/my-vllm/v1/chat/completions", "my-vllm").path == "/my-vllm/v1/chat/completions"
    assert classify("POST", "/my-vllm/v1/chat/completions").path == "/{id}/v1/chat/completions"


def test_templates_are_bounded():
    assert len(classify("GET", "/x" * 10_000).path) < 100


def test_azure_deployment_is_the_model():
    assert classify("POST", "/azure/openai/deployments/gpt%204o/chat/completions").model == "gpt 4o"
    assert classify("POST", "/openai/deployments").model is None


def test_polls_of_responses_and_models():
    assert classify("GET", "/v1/responses/resp_1").operation is Operation.RESPONSES
    assert classify("GET", "/v1/models/gpt-4o").operation is Operation.MODELS
